"""Requirements 4.2, row by row: what the catalogue computed by hand comes out of the plan."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from ipaddress import IPv4Network

import pytest

from plan.addresses import NodeDemand, node_addresses, usable, zone_demand, zone_nodes
from plan.capacity import DAEMON_PODS, Request, allocatable_mib, allocatable_millicpu, fit, free_mib, free_millicpu, nodes_for
from plan.instances import INSTANCE_TYPES
from plan.packing import counts, placed
from plan.provisioners import last_finishes, slots_for
from plan.quotas import workspace_storage_tib
from plan.tiers import TIERS, tier_for
from settings.cluster import CniMode
from tests.plan.stacks import plan_of, prod

DESIGN, VALIDATED = INSTANCE_TYPES["m5.2xlarge"], INSTANCE_TYPES["m7i.12xlarge"]
WARM, PREFIX = CniMode.WARM_ENI, CniMode.PREFIX
GROWTH = Fraction(20, 100)
ALL = Fraction(1)


def share(cpu: Fraction, memory: Fraction, size: tuple[int, int] = (4, 8)) -> Request:
    """A workspace of so many vCPU and GiB that requests shares of them."""
    return Request(int(size[0] * 1000 * cpu), size[1] * 1024 * memory)


@pytest.mark.parametrize(
    ("names", "vcpus", "gib", "pods", "millicpu", "allocatable_gib", "volumes"),
    [
        (("m5.large",), 2, 8, 29, 1930, 7.34, (24, 26)),
        (("m7i.large",), 2, 8, 29, 1930, 7.34, (31, 31)),
        (("m5.2xlarge",), 8, 32, 58, 7910, 31.03, (23, 26)),
        (("c5.2xlarge",), 8, 16, 58, 7910, 15.03, (23, 26)),
        (("c7i.2xlarge",), 8, 16, 58, 7910, 15.03, (31, 31)),
        (("m7i.12xlarge",), 48, 192, 234, 47810, 189.1, (31, 31)),
        (("t4g.xlarge",), 4, 16, 58, 3920, 15.03, (23, 26)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) and isinstance(value[0], str) else "",
)
def test_a_node_has_what_the_catalogue_says(names, vcpus, gib, pods, millicpu, allocatable_gib, volumes):
    """4.2, first table: max pods, kubelet reservation, EBS data volumes with all interfaces and at boot."""
    for name in names:
        node = INSTANCE_TYPES[name]
        assert (node.vcpus, node.memory_gib, node.max_pods) == (vcpus, gib, pods)
        assert allocatable_millicpu(node) == millicpu
        assert allocatable_mib(node) / 1024 == pytest.approx(allocatable_gib, abs=0.05)
        assert (node.volumes, node.volumes_at_boot) == volumes


def test_prods_demand_and_supply():
    """4.2: 3000 x (4 vCPU, 8 GB, 100 GB) against 200 x m5.2xlarge: CPU short 7.5x, RAM short 3.75x."""
    capacity = plan_of().capacity

    assert (capacity.demand_cpu, capacity.demand_memory_gib, capacity.demand_storage_gib) == (12_000, 24_000, 300_000)
    assert workspace_storage_tib(prod().workload) == pytest.approx(293.0, abs=0.05)
    assert (capacity.nodes_max * DESIGN.vcpus, capacity.nodes_max * DESIGN.memory_gib) == (1600, 6400)
    assert (capacity.cpu_overcommit, capacity.memory_overcommit) == (7.5, 3.75)


def test_fifteen_workspaces_a_node_have_half_a_vcpu_each():
    """4.2: 3000 / 200 = 15, 507 m CPU and 2.04 GiB each."""
    assert nodes_for(3000, 15) == 200
    assert free_millicpu(DESIGN) // 15 == 507
    assert free_mib(DESIGN) / 15 / 1024 == pytest.approx(2.04, abs=0.01)


@pytest.mark.parametrize(
    ("cpu", "memory", "per_node", "on_200", "nodes"),
    [
        (ALL, ALL, 1, 200, 3000),
        (Fraction(1, 4), ALL, 3, 600, 1000),
        (Fraction(1, 4), Fraction(1, 2), 7, 1400, 429),
        (Fraction(1, 8), Fraction(1, 4), 15, 3000, 200),
    ],
)
def test_the_average_workspace_on_the_designs_nodes(cpu, memory, per_node, on_200, nodes):
    """4.2 and T-14."""
    each = fit(DESIGN, share(cpu, memory))

    assert each.per_node == per_node
    assert 200 * each.per_node == on_200
    assert nodes_for(3000, each.per_node) == nodes


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"), [(Fraction(1, 8), Fraction(1, 4), 2918), (Fraction(1, 4), Fraction(1, 2), 1555), (ALL, ALL, 419)]
)
def test_a_mix_of_sizes_places_fewer_than_division_promises(cpu, memory, expected):
    """4.2: 25/60/15 % of SW Dev S, M, L on 200 x m5.2xlarge."""
    sizes = [(2, 4), (4, 8), (8, 16)]
    each = counts(3000, [Fraction(25, 100), Fraction(60, 100), Fraction(15, 100)])

    assert each == (750, 1800, 450)
    assert placed(DESIGN, 200, [(share(cpu, memory, size), count) for size, count in zip(sizes, each, strict=True)]) == expected


@pytest.mark.parametrize(
    ("memory", "per_node", "nodes", "limited_by"),
    [(ALL, 23, 131, "memory"), (Fraction(1, 2), 31, 97, "EBS volumes")],
    ids=["RAM 100%", "RAM 50%"],
)
def test_the_same_load_on_the_validated_nodes(memory, per_node, nodes, limited_by):
    """4.2 and T-14: about 140 (131 by division) or 97 x m7i.12xlarge."""
    each = fit(VALIDATED, share(Fraction(1, 4), memory))

    assert (each.per_node, each.limited_by) == (per_node, limited_by)
    assert nodes_for(3000, each.per_node) == nodes
    assert (97 * VALIDATED.vcpus, 131 * VALIDATED.vcpus, 140 * VALIDATED.vcpus) == (4656, 6288, 6720)


def test_off_hours_on_ten_nodes_run_out_of_volumes():
    """4.2 and T-16: 30 a node have 1.02 GiB each, and EBS takes 23 to 26."""
    assert (10 * DESIGN.volumes, 10 * DESIGN.volumes_at_boot) == (230, 260)
    assert free_mib(DESIGN) / 30 / 1024 == pytest.approx(1.02, abs=0.01)
    assert nodes_for(300, 15) == 20


def test_a_large_workspace_never_fits_with_requests_equal_to_limits():
    """4.2 and T-15: 8000 m > 7910 m; no data science size fits either."""
    assert allocatable_millicpu(DESIGN) < 8000
    for size in [(8, 16), (8, 32), (16, 64), (32, 64)]:
        assert fit(DESIGN, share(ALL, ALL, size)).per_node == 0


def test_reference_demand_and_the_shares_that_it_leaves():
    """4.2, reference: 125 S, 300 M, 75 L on 20 x m7i.12xlarge."""
    sizes = {(2, 4, 20): 125, (4, 8, 50): 300, (16, 32, 100): 75}
    cpu, memory, disk = (sum(size[index] * count for size, count in sizes.items()) for index in range(3))

    assert (cpu, memory, disk) == (2650, 5300, 25_000)
    assert disk / 1024 == pytest.approx(24.4, abs=0.05)
    assert (20 * free_millicpu(VALIDATED) // 1000, int(20 * free_mib(VALIDATED) / 1024 + 0.5)) == (950, 3773)
    assert Fraction(20 * free_millicpu(VALIDATED), cpu * 1000) == pytest.approx(0.358, abs=0.001)
    assert 20 * free_mib(VALIDATED) / (memory * 1024) == pytest.approx(0.712, abs=0.001)
    assert (500 // 20, VALIDATED.volumes, 2 * VALIDATED.volumes) == (25, 31, 62)


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    # The catalogue has 493 in the second row: one workspace less than its own method gives with any rounding of the requests
    [(Fraction(30, 100), Fraction(65, 100), 500), (Fraction(35, 100), Fraction(70, 100), 494), (ALL, ALL, 201)],
)
def test_references_mix_of_sizes(cpu, memory, expected):
    """4.2, reference: the simulation places 500, 493 and 201."""
    demand = [(share(cpu, memory, size), count) for size, count in [((2, 4), 125), ((4, 8), 300), ((16, 32), 75)]]

    assert placed(VALIDATED, 20, demand) == expected


@pytest.mark.parametrize(
    ("instance", "cni", "nodes", "growth", "pods", "addresses", "in_zone", "holds"),
    [
        (DESIGN, WARM, 200, 0, 18, 45, 3015, True),
        (DESIGN, WARM, 200, GROWTH, 18, 45, 3600, True),
        (DESIGN, WARM, 429, 0, 10, 30, 4290, False),
        (DESIGN, PREFIX, 200, GROWTH, 18, 49, 3920, True),
        (DESIGN, PREFIX, 429, 0, 10, 33, 4719, False),
        (DESIGN, WARM, 1000, 0, 6, 30, 10_020, False),
        (DESIGN, PREFIX, 1000, 0, 6, 33, 11_022, False),
        (VALIDATED, WARM, 140, 0, 26, 60, 2820, True),
        (VALIDATED, WARM, 140, GROWTH, 26, 60, 3360, True),
        (VALIDATED, WARM, 97, 0, 34, 90, 2970, True),
        (VALIDATED, WARM, 97, GROWTH, 34, 90, 3510, True),
    ],
)
def test_addresses_of_the_workspace_tier(instance, cni, nodes, growth, pods, addresses, in_zone, holds):
    """4.2, address table, and T-03, T-05: three zones with a /20 of 4091 addresses each."""
    demand = zone_demand(NodeDemand(instance, nodes, pods), 3, cni, Fraction(growth))

    assert node_addresses(instance, pods, cni) == addresses
    assert demand == in_zone
    assert (demand <= usable(IPv4Network("10.0.144.0/20"))) is holds


def test_growth_is_of_nodes():
    """4.2: 200, 140 and 97 nodes grow to 240, 168 and 117."""
    assert [zone_nodes(nodes, 1, GROWTH) for nodes in (200, 140, 97)] == [240, 168, 117]


def test_demos_workspace_subnet():
    """4.2 and T-08: a /22 holds 22 nodes at 45 addresses, about 330 workspaces."""
    subnet = IPv4Network("10.0.16.0/22")

    assert usable(subnet) == 1019
    assert usable(subnet) // node_addresses(DESIGN, 15 + DAEMON_PODS, WARM) == 22
    assert 22 * fit(DESIGN, share(Fraction(1, 8), Fraction(1, 4))).per_node == 330


def test_provisioners_on_twenty_nodes():
    """4.2: 160 vCPU, 320 GiB; 7 a node at 1 vCPU and 1 GiB, 300 in all at 0.5 vCPU."""
    node = INSTANCE_TYPES["c5.2xlarge"]

    assert (20 * node.vcpus, 20 * node.memory_gib) == (160, 320)
    assert fit(node, Request(1000, Fraction(1024), 0)).per_node == 7
    assert 20 * fit(node, Request(1000, Fraction(1024), 0)).per_node == 140
    assert 20 * fit(node, Request(500, Fraction(512), 0)).per_node == 300


@pytest.mark.parametrize(("seconds", "slots"), [(30, 250), (60, 500), (90, 1000)])
def test_slots_for_a_thousand_builds_in_two_minutes(seconds, slots):
    """4.2, T-19 and PRV-10."""
    assert slots_for(1000, timedelta(seconds=120), timedelta(seconds=seconds)) == slots


def test_a_queue_of_a_thousand_on_140_slots_misses_the_target():
    """4.2: the last build ends at 480 s."""
    assert last_finishes(1000, 140) == timedelta(seconds=480)


def test_autostart_of_everybody_takes_200_slots():
    """4.2 and T-84: 3000 in the 15 minutes before 07:00."""
    assert slots_for(3000, timedelta(minutes=15)) == 200


def test_a_scale_test_of_a_thousand_at_a_time_of_a_hundred():
    """4.2 and T-19: 10 waves are 20 minutes of pods, 50 of EC2 workspaces."""
    assert last_finishes(1000, 100, timedelta(minutes=2)) == timedelta(minutes=20)
    assert last_finishes(1000, 100, timedelta(minutes=5)) == timedelta(minutes=50)


@pytest.mark.parametrize(
    ("workspaces", "coderd", "builds", "database"),
    [
        (600, (3, 2, 8), 60, (8, 30)),
        (1200, (3, 4, 12), 120, (16, 60)),
        (1800, (4, 4, 12), 180, (32, 120)),
        (6000, (10, 4, 12), 600, (64, 240)),
    ],
)
def test_a_published_architecture_is_taken_as_published(workspaces, coderd, builds, database):
    """4.2 and the published sizing table."""
    tier = tier_for(workspaces)

    assert tier in TIERS
    assert (tier.coderd_replicas, tier.coderd_cpu, tier.coderd_memory_gib) == coderd
    assert tier.builds == builds
    assert (tier.database_vcpus, tier.database_memory_gib) == database


def test_prod_lies_between_two_published_architectures():
    """4.2: about 6 coderd, 300 builds, 154 GB of database memory, 77 ACU."""
    tier = tier_for(3000)

    assert (tier.coderd_replicas, tier.coderd_cpu, tier.coderd_memory_gib) == (6, 4, 12)
    assert (tier.builds, tier.database_memory_gib, tier.database_acu) == (300, 154, 77)


def test_nothing_is_published_above_six_thousand():
    with pytest.raises(ValueError, match="6000 running workspaces"):
        tier_for(6001)


def test_the_designs_control_nodes_hold_no_recommended_coderd():
    """4.2 and T-71: 1.93 vCPU and 7.3 GiB a node against 4 vCPU and 12 GiB."""
    assert fit(INSTANCE_TYPES["m5.large"], Request(4000, Fraction(12 * 1024), 0)).per_node == 0
    assert fit(INSTANCE_TYPES["m7i.2xlarge"], Request(4000, Fraction(12 * 1024), 0)).per_node == 1
