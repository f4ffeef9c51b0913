"""The plan of prod: the design's figures, floors raised, warnings with their numbers, `validated` beside `design`."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from plan import make_plan
from plan.instances import INSTANCE_TYPES
from plan.model import QuotaVerdict
from plan.prices import ON_DEMAND, SERVICES
from settings.model import Settings
from tests.plan.stacks import REGION, conflicts_of, plan_of, prod, region_of, warned

VALIDATED = "system: { sizing: validated }"
GROUPS = "coder-eks:regions.us-east-1.cluster.node_groups"


def figures(change: str = "") -> dict[str, tuple[str, int, int, int]]:
    """Instance type, min, max and desired of every node group."""
    return {group.name: (group.instance_type, group.min, group.max, group.desired) for group in region_of(change).node_groups}


def test_prods_node_groups_are_the_designs_with_floors_raised():
    """EKS-06 to EKS-08, EKS-33; T-11, T-16, T-30."""
    assert figures() == {
        "coder-control": ("m5.large", 2, 3, 3),
        "coder-prov": ("c5.2xlarge", 1, 20, 1),
        "coder-ws-a": ("m5.2xlarge", 7, 67, 7),
        "coder-ws-b": ("m5.2xlarge", 7, 67, 7),
        "coder-ws-c": ("m5.2xlarge", 6, 66, 6),
    }


def test_totals_of_the_stack_file_are_split_over_the_zones_exactly():
    groups = [group for group in region_of().node_groups if group.group == "coder-ws"]

    assert sum(group.min for group in groups) == 20
    assert sum(group.max for group in groups) == 200
    assert [group.zones for group in groups] == [("us-east-1a",), ("us-east-1b",), ("us-east-1c",)]
    assert [sum(action.min_size for group in groups for action in group.scheduled if action.name == name) for name in ("up", "down")] == [
        200,
        20,
    ]


def test_every_node_group_has_a_taint_and_the_same_label():
    """EKS-12: what tolerates a group also selects it, and nothing else lands there."""
    for group in region_of().node_groups:
        (taint,) = group.taints
        assert group.labels == {taint.key: taint.value}
        assert (taint.key, taint.value, taint.effect) == ("coder.com/node-group", group.group, "NO_SCHEDULE")


def test_the_control_group_has_no_schedule():
    """EKS-21, Property 4."""
    scheduled = {group.group: [action.name for action in group.scheduled] for group in region_of().node_groups}

    assert scheduled == {"coder-control": [], "coder-prov": ["up", "down"], "coder-ws": ["up", "down"]}


def test_scheduled_minimums_lie_between_the_groups_own_bounds():
    for change in ("", VALIDATED):
        for group in region_of(change).node_groups:
            for action in group.scheduled:
                assert group.min <= action.min_size <= group.max


def test_prods_provisioners_follow_the_schedule():
    """PRV-04, PRV-10, T-30: 7 on each of 20 nodes."""
    plan = region_of().provisioners

    assert (plan.replicas_peak, plan.replicas_floor) == (140, 2)
    assert (plan.up_cron, plan.down_cron, plan.time_zone) == ("45 6 * * 1-5", "15 18 * * 1-5", "America/New_York")
    assert (plan.cpu, plan.memory, plan.tags) == ("1", "1Gi", {"environment": "prod"})


EXTENDED = 'regions: { us-east-1: { cluster: { kubernetes_version: "1.33" } } }'


def test_prods_warnings_in_order():
    """Each says the numbers and the register's id; the order does not change."""
    plan = plan_of()

    assert [warning.split(":")[0] for warning in plan.warnings] == [
        "T-14", "T-14", "T-15", "T-16", "T-17", "T-19", "T-30", "T-71", "T-72", "T-84",
    ]  # fmt: skip
    assert plan.warnings == plan_of().warnings


@pytest.mark.parametrize(
    ("trap", "numbers"),
    [
        (
            "T-14",
            ["3000", "12000 vCPU", "24000 GiB", "200 x m5.2xlarge", "1600 vCPU", "6400 GiB", "15 share", "500m", "2Gi", "7.5", "3.75"],
        ),
        ("T-15", ["sw-dev-large", "m5.2xlarge", "7.61 vCPU"]),
        ("T-16", ["min 10", "150", "23 EBS volumes", "300", "takes 20"]),
        ("T-17", ["293.0 TiB", "50", "L-7A658B76"]),
        ("T-19", ["140", "1000 builds", "480 s", "500", "72 x c5.2xlarge"]),
        ("T-30", ["min 0", "1 node", "7 provisioners"]),
        ("T-71", ["3 coderd of 750m vCPU and 3Gi", "6 of 4 vCPU and 12Gi"]),
        ("T-72", ["3 x m5.large", "3.75 of 6 vCPU"]),
        ("T-84", ["3000", "07:00", "200", "140", "22 minutes"]),
    ],
)
def test_a_warning_says_its_numbers(trap: str, numbers: list[str]):
    text = warned(plan_of(), trap)[0]

    assert [number for number in numbers if number not in text] == []


@pytest.mark.parametrize(
    ("change", "trap", "text"),
    [
        (
            "regions: { us-east-1: { cluster: { node_groups: { coder-control: { desired: 2 } } } } }\ncoder: { replicas: 2 }",
            "T-07",
            "2 nodes over 3",
        ),
        (
            "workload: { off_hours: { workspaces: 10 } }\nregions: { us-east-1: { cluster: { node_groups: { coder-ws: { min: 1 } } } } }",
            "T-11",
            "min 1",
        ),
        (EXTENDED, "T-57", "1.33 is in extended support since 2026-07-29, six times the price, and is upgraded by AWS after 2027-07-29"),
        ("coder: { static_ips: true }", "T-18", "6 Elastic IPs (3 NAT, 3 load balancer)"),
        (
            "regions: { us-east-1: { database: { acu: { max: 16 } } } }",
            "T-32",
            "16 ACU, about 32 GiB; 3000 workspaces ask for 154 GiB, 77 ACU",
        ),
        ("coder: { provisioner_namespace: coder-ws }", "T-53", "coder-prov keeps them apart"),
        ("regions: { us-east-1: { network: { nat: single-gateway } } }", "T-37", "one NAT gateway for 3 zones"),
    ],
    ids=lambda value: value if str(value).startswith("T-") else "",
)
def test_a_change_brings_its_warning(change: str, trap: str, text: str):
    assert not warned(plan_of(), trap)
    assert any(text in warning for warning in warned(plan_of(change), trap))


def test_prods_version_is_in_standard_support_and_an_older_one_costs_six_times_as_much():
    """T-57."""
    assert any("Kubernetes 1.35" in line.item and line.unit_price == 0.10 for line in plan_of().monthly_cost.lines)
    assert any("extended support" in line.item and line.monthly_usd == 730 * 0.60 for line in plan_of(EXTENDED).monthly_cost.lines)


def test_validated_takes_what_coder_has_tested():
    """T-14, T-71: about 140 x m7i.12xlarge at CPU 25 %, RAM 100 %; 6 coderd of 4 vCPU and 12 GiB; 300 builds."""
    plan = plan_of(VALIDATED)

    assert figures(VALIDATED) == {
        "coder-control": ("m7i.2xlarge", 6, 9, 6),
        "coder-prov": ("c5.2xlarge", 1, 72, 1),
        "coder-ws-a": ("m7i.12xlarge", 5, 47, 5),
        "coder-ws-b": ("m7i.12xlarge", 5, 47, 5),
        "coder-ws-c": ("m7i.12xlarge", 4, 47, 4),
    }
    assert (plan.control.replicas, plan.control.cpu, plan.control.memory) == (6, "4", "12Gi")
    assert (plan.control.min_acu, plan.control.max_acu) == (8, 128)
    assert plan.regions[REGION].provisioners.replicas_peak >= 500  # T-19: a thousand builds in two minutes
    assert plan.capacity.memory_overcommit < 1
    assert plan.capacity.holds >= 3000
    assert not [
        warning for warning in plan.warnings if warning.split(":")[0] in ("T-14", "T-15", "T-16", "T-19", "T-30", "T-71", "T-72", "T-84")
    ]


def test_validated_places_the_whole_mix():
    mix = plan_of(VALIDATED).capacity.mix

    assert mix is not None
    assert mix.placed == mix.workspaces == 3000


def test_design_places_a_part_of_the_mix():
    """4.2."""
    mix = plan_of().capacity.mix

    assert mix is not None
    assert (mix.placed, mix.workspaces) == (2918, 3000)


def test_validated_grows_the_database_to_its_tier():
    """T-32."""
    assert plan_of(VALIDATED + "\nregions: { us-east-1: { database: { acu: { max: 16 } } } }").control.max_acu == 77


def test_prods_capacity():
    """PRE-10, T-14: it just fits, with no slack."""
    capacity = plan_of().capacity

    assert (capacity.workspaces_per_node, capacity.limited_by) == (15, "CPU and memory")
    assert (capacity.nodes_needed, capacity.nodes_max, capacity.holds) == (200, 200, 3000)
    assert (capacity.off_hours_nodes, capacity.off_hours_holds) == (20, 300)
    assert [size.name for size in capacity.sizes if not size.whole] == [
        "sw-dev-large",
        "data-sci-standard",
        "data-sci-large",
        "data-sci-xlarge",
    ]


def test_a_peak_that_does_not_fit_is_refused_with_the_number_that_does():
    """T-14: decision 1 of the architecture: what can't work is refused."""
    (conflict,) = conflicts_of("workload: { requests: { cpu: 25%, memory: 50% } }")

    assert conflict == (
        f"{GROUPS}.coder-ws.max: 200 x m5.2xlarge hold 1400 workspaces (7 a node, by CPU and memory), the peak has 3000; "
        "write 429, lower workload.requests, or set system.sizing to validated"
    )


def test_a_coderd_that_fits_no_node_is_refused():
    """T-71."""
    (conflict,) = conflicts_of("coder: { resources: { cpu: 4, memory: 12Gi } }")

    assert conflict.startswith("coder-eks:coder.resources: 3 coderd of 4 vCPU and 12Gi, and the one more that an update starts, need more")
    assert "3 x m5.large, which hold 0" in conflict


def test_more_coderd_than_nodes_are_refused():
    """Nor as many as there is room for: an update starts a replica before it stops one."""
    assert conflicts_of("coder: { replicas: 5 }") == ()
    (conflict,) = conflicts_of("coder: { replicas: 6 }")

    assert conflict.startswith("coder-eks:coder.replicas: 6 coderd of 750m vCPU and 3Gi, and the one more that an update starts, need more")
    assert "3 x m5.large, which hold 6 (2 a node" in conflict


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.176.0/24", "10.0.96.0/24", "10.0.208.0/28"])
def test_a_runners_range_that_holds_what_users_run_is_refused(cidr: str):
    """EKS-03: the Kubernetes API is no workspace's to reach, nor a provisioner's or a database's."""
    (conflict,) = conflicts_of(f"regions: {{ us-east-1: {{ cluster: {{ runner_cidrs: [10.20.0.0/24, {cidr}] }} }} }}")

    assert conflict.startswith(f"coder-eks:regions.us-east-1.cluster.runner_cidrs[1]: {cidr} holds 10.0.")
    assert "write the range of the runners alone" in conflict


def test_runners_are_in_the_plan_in_one_order():
    """EKS-03."""
    cidrs = "[10.20.0.0/24, 10.0.192.0/24, 10.0.48.0/28]"
    assert region_of(f"regions: {{ us-east-1: {{ cluster: {{ runner_cidrs: {cidrs} }} }} }}").network.runner_cidrs == (
        "10.0.192.0/24",
        "10.0.48.0/28",
        "10.20.0.0/24",
    )


def test_zones_may_be_named():
    """NET-02: letters differ between accounts, and some zones have no EKS."""
    named = region_of("regions: { us-east-1: { network: { zone_names: [us-east-1b, us-east-1d, us-east-1f] } } }")

    assert named.network.zones == ("us-east-1b", "us-east-1d", "us-east-1f")
    assert [subnet.name for subnet in named.network.tier("public").subnets] == ["public-b", "public-d", "public-f"]


def test_all_conflicts_come_at_once():
    change = """
coder: { replicas: 9 }
workload: { requests: { cpu: 100% } }
regions:
  us-east-1:
    network: { tiers: { database: [10.0.0.0/21, 10.0.216.0/21, 10.0.224.0/21] } }
    cluster: { node_groups: { coder-prov: { instance_type: c5.3xlarge } } }
"""
    conflicts = conflicts_of(change)

    path = "coder-eks:regions.us-east-1"
    assert [conflict.split(": ")[0] for conflict in conflicts] == [
        "coder-eks:coder.replicas",
        f"{path}.cluster.node_groups.coder-prov.instance_type",
        f"{path}.cluster.node_groups.coder-ws.max",
        f"{path}.network.tiers.database[0]",
    ]
    assert conflicts[1].endswith("c5.3xlarge is not in the table of instance types (plan/instances.py); did you mean c5.xlarge?")


def test_a_group_per_zone_needs_a_node_in_each():
    """T-11."""
    change = """
workload: { peak: { workspaces: 20 }, off_hours: { workspaces: 10 } }
regions: { us-east-1: { cluster: { node_groups: { coder-ws: { min: 1, max: 2 } } } } }
"""
    (conflict,) = conflicts_of(change)

    assert conflict == f"{GROUPS}.coder-ws.max: 2 is fewer than the 3 zones, each of which needs a node; write at least 3"


def test_more_workspaces_than_anybody_has_tested_are_refused_where_tests_are_asked_for():
    change = "workload: { peak: { workspaces: 7000 }, users: { count: 7000 } }"

    assert any("Coder publishes no architecture above 6000" in conflict for conflict in conflicts_of(f"{VALIDATED}\n{change}"))


def test_prods_quotas():
    """Requirements 2.14: 1766 vCPU, 293.0 TiB and the nodes' roots, 3 Elastic IPs, 15 subnets, 5 node groups."""
    quotas = {quota.code: quota for quota in region_of().quotas}

    assert (quotas["L-1216C47A"].need, quotas["L-1216C47A"].verdict) == (1766, QuotaVerdict.INCREASE)
    assert quotas["L-1216C47A"].arithmetic.startswith("3 x 2 + 20 x 8 + 200 x 8")
    assert quotas["L-7A658B76"].arithmetic == "3000 x 100Gi = 293.0 TiB, node roots 21.6 TiB"
    assert (quotas["L-7A658B76"].need, quotas["L-7A658B76"].verdict) == (314.6, QuotaVerdict.INCREASE)
    assert (quotas["L-0263D0A3"].need, quotas["L-0263D0A3"].default, quotas["L-0263D0A3"].verdict) == (3, 5, QuotaVerdict.CHECK)
    needs = {"L-F678F1CE": 1, "L-A4707A72": 1, "L-407747CB": 15, "L-FE5A380F": 1, "L-1194D53C": 1, "L-6D54EA21": 5, "L-69A177A2": 1}
    assert {code: quotas[code].need for code in needs} == needs
    assert (quotas["L-952B80B8"].need, quotas["L-7B6409FD"].need, quotas["L-29B6F2EB"].need) == (1, 3, 8)
    assert 600 <= quotas["L-DF5E4CA3"].need <= 830
    assert quotas["L-BD136A63"].need == 67


def test_static_addresses_double_the_elastic_ips():
    """T-18: 3 NAT and 3 load balancer addresses are more than 5."""
    quotas = {quota.code: quota for quota in region_of("coder: { static_ips: true }").quotas}

    assert (quotas["L-0263D0A3"].need, quotas["L-0263D0A3"].verdict) == (6, QuotaVerdict.INCREASE)


def test_the_cost_of_a_month_is_the_sum_of_its_priced_lines():
    """T-33: what has no price is listed and left out."""
    cost = plan_of().monthly_cost

    assert cost.total_usd == pytest.approx(sum(line.monthly_usd for line in cost.lines if line.monthly_usd is not None))
    assert "Coder's licence" in cost.unpriced
    assert "Aurora storage and I/O, database backups" in cost.unpriced
    assert cost.priced_on == date(2026, 7, 20)


@pytest.mark.parametrize(
    ("item", "monthly"),
    [
        ("coder-control, m5.large", 3 * 730 * 0.096),
        ("3 NAT gateways", 3 * 730 * 0.045),
        ("Network Load Balancer", 730 * 0.0225),
        ("24 interface endpoints", 24 * 730 * 0.01),
        ("Aurora, 3 instances at their minimum of 8 ACU", 3 * 8 * 730 * 0.12),
        ("3000 home volumes", 300_000 * 0.08),
        # 57.5 of 168 hours at 200 nodes, the rest at 20
        ("coder-ws, m5.2xlarge", 730 * 0.384 * (200 * 57.5 + 20 * 110.5) / 168),
    ],
)
def test_a_cost_line_is_quantity_times_price(item: str, monthly: float):
    (line,) = [line for line in plan_of().monthly_cost.lines if item in line.item]

    assert line.monthly_usd == pytest.approx(monthly, abs=0.01)


@pytest.mark.parametrize(("acu", "monthly"), [(0.5, 43.80), (2, 175.20), (16, 1401.60)])
def test_aurora_costs_what_the_register_says(acu: float, monthly: float):
    """T-33: per instance and month."""
    (line,) = [
        line
        for line in plan_of(f"regions: {{ us-east-1: {{ database: {{ readers: 0, acu: {{ min: {acu} }} }} }} }}").monthly_cost.lines
        if "Aurora, 1 instances" in line.item
    ]

    assert line.monthly_usd == pytest.approx(monthly)


def test_a_region_without_prices_has_lines_without_prices():
    """Nothing is guessed from another region's."""
    settings = prod()
    moved = settings.model_copy(update={"regions": {"ap-south-2": settings.regions[REGION]}})

    cost = make_plan(moved).monthly_cost

    assert cost.total_usd == 0
    assert all(line.monthly_usd is None for line in cost.lines)


def test_every_instance_type_has_a_price_where_any_has():
    """A region may have prices of services only: then its nodes' lines are without one."""
    assert set(ON_DEMAND) <= set(SERVICES)
    for prices in ON_DEMAND.values():
        assert set(prices) == set(INSTANCE_TYPES)


def test_the_plan_depends_on_the_settings_alone():
    first, second = plan_of(), plan_of()

    assert first == second
    assert isinstance(prod(), Settings)


def test_hosts_and_addresses():
    """CDR-05."""
    plan = plan_of()

    assert (plan.access_url, plan.wildcard_host) == ("https://coder.example.com", "*.coder.example.com")


def test_two_regions_have_a_plan_each():
    """NET-38, T-12: another region needs a range of its own, and then has its own zones and quotas."""
    settings = prod()
    other = settings.regions[REGION]
    network = other.network.model_copy(update={"cidr": type(other.network.cidr)("10.1.0.0/16"), "tiers": None, "reserved": ()})
    both = {REGION: other, "us-east-2": other.model_copy(update={"network": network, "database": None})}

    plan = make_plan(settings.model_copy(update={"regions": both}))

    assert list(plan.regions) == [REGION, "us-east-2"]
    assert plan.regions["us-east-2"].network.zones == ("us-east-2a", "us-east-2b", "us-east-2c")
    assert all(subnet.cidr.startswith("10.1.") for tier in plan.regions["us-east-2"].network.tiers for subnet in tier.subnets)


WAITING: dict[str, Any] = {
    "deployed": False,
    "network": {"cidr": "10.1.0.0/16", "zones": 2, "nat": "single-gateway"},
    "cluster": {
        "kubernetes_version": "1.33",
        "api_access": "private",
        "identity": "irsa",
        "cni": "warm-eni",
        "node_groups": {
            "coder-control": {"tier": "control", "instance_type": "m5.large", "min": 3, "max": 3, "scaling": "static"},
            "coder-prov": {"tier": "provisioner", "instance_type": "c5.2xlarge", "min": 1, "max": 2, "scaling": "static"},
            "coder-ws": {"tier": "workspace", "instance_type": "m5.2xlarge", "min": 200, "max": 200, "scaling": "static"},
        },
    },
}


def test_a_region_that_is_not_deployed_is_not_planned():
    """DNS-12: switching it on adds to the plan, and nothing of it is there before."""
    assert plan_of(json.dumps({"regions": {"us-east-2": WAITING}})) == plan_of()


def test_a_region_that_is_not_deployed_has_no_conflict_that_can_be_known_today():
    """NET-11, NET-38."""
    group = {"coder-ws": {"tier": "workspace", "instance_type": "m5.2xlarge", "min": 2, "max": 3, "scaling": "static"}}
    small = WAITING | {"cluster": WAITING["cluster"] | {"node_groups": WAITING["cluster"]["node_groups"] | group}}

    (conflict,) = conflicts_of(json.dumps({"regions": {"us-east-2": small}}))

    assert conflict.startswith("coder-eks:regions.us-east-2.cluster.node_groups.coder-ws.max: 3 x m5.2xlarge hold 45 workspaces")
