"""What follows from reference's stack file: one tier for all nodes, an RDS instance, what the nodes hold, Spot."""

from __future__ import annotations

import pytest
import yaml

from plan import Plan, PlanError, make_plan
from plan.model import QuotaDemand
from settings.load import load
from settings.stack_file import read_config
from tests.settings.cases import HERE, PREFIX, merged

REGION = "us-east-1"


def plan_of(change: str = "") -> Plan:
    parsed = yaml.safe_load(change) or {}
    config = merged(read_config(HERE / "reference.happy.yaml"), {PREFIX + key: value for key, value in parsed.items()})
    return make_plan(load(config, "Pulumi.reference.yaml"))


def quotas(plan: Plan) -> dict[str, QuotaDemand]:
    return {quota.name: quota for quota in plan.regions[REGION].quotas}


def test_all_nodes_are_in_one_tier_and_each_role_has_its_group():
    """NET-08, T-10"""
    region = plan_of().regions[REGION]
    assert [tier.name for tier in region.network.tiers] == ["public", "private", "database"]
    assert {(group.group, group.tier, group.role) for group in region.node_groups} == {
        ("coder-system", "private", "control"),
        ("coder-prov", "private", "provisioner"),
        ("coder-ws", "private", "workspace"),
    }
    assert region.network.tier_of("workspace") is region.network.tier_of("control") is region.network.tier("private")


def test_a_shared_tier_has_room_for_all_groups_together():
    """NET-10: the sum of what each takes, the cluster and its endpoints."""
    with pytest.raises(PlanError) as caught:
        plan_of("regions: { us-east-1: { network: { tiers: { private: [10.0.32.0/24, 10.0.64.0/24] } } } }")
    assert len(caught.value.problems) == 2
    problem = caught.value.problems[0]
    assert problem.startswith("coder-eks:regions.us-east-1.network.tiers.private[0]: 10.0.32.0/24 has 251 usable addresses,")
    for words in ("2 x m7i.large", "2 x c7i.2xlarge", "20 x m7i.12xlarge", "8 for the cluster and endpoints"):
        assert words in problem


def test_the_whole_mix_finds_a_place_on_the_designs_nodes():
    """T-51, requirements 4.2: 125 S, 300 M and 75 L on 20 nodes, by requests of 30 % CPU and 65 % memory; with all of it 201 would."""
    mix = plan_of().capacity.mix
    assert mix is not None
    assert (mix.workspaces, mix.placed) == (500, 500)
    with pytest.raises(PlanError) as caught:
        plan_of("workload: { requests: { cpu: 100%, memory: 100% } }")
    assert "20 x m7i.12xlarge hold 160 workspaces" in caught.value.problems[0]


def test_a_provisioner_node_has_16_gib_and_holds_7():
    """T-52, T-30: 14 at the peak on two nodes, two at least."""
    provisioners = plan_of().regions[REGION].provisioners
    assert (provisioners.replicas_peak, provisioners.replicas_floor) == (14, 2)


def test_the_clock_moves_the_minimum_of_builds_and_workspaces_and_of_nothing_else():
    """EKS-18, T-83: at 18:15 and on weekends the minimum is the declared one; no action sets the number of nodes."""
    for group in plan_of().regions[REGION].node_groups:
        actions = {action.name: action for action in group.scheduled}
        assert set(actions) == (set() if group.role == "control" else {"up", "down"})
        for action in actions.values():
            assert (action.desired, action.time_zone) == (None, "America/New_York")
        if actions:
            assert actions["down"].min_size == group.min
            assert (actions["up"].recurrence, actions["down"].recurrence) == ("45 6 * * 1-5", "15 18 * * 1-5")


def test_the_database_is_an_instance_and_is_compared_with_coders_architecture():
    """T-32: 8 vCPU and 30 GiB for up to 600 workspaces; validated takes the smallest class of the family that has them."""
    plan = plan_of()
    assert (plan.control.instance_class, plan.control.min_acu, plan.control.max_acu) == ("db.m7i.large", None, None)
    (warning,) = [warning for warning in plan.warnings if warning.startswith("T-32: ")]
    assert "db.m7i.large with 2 vCPU and 8 GiB; 600 workspaces ask for 8 vCPU and 30 GiB, db.m7i.2xlarge" in warning
    assert plan_of("system: { sizing: validated }").control.instance_class == "db.m7i.2xlarge"


def test_a_class_of_no_known_instance_type_is_refused():
    with pytest.raises(PlanError) as caught:
        plan_of("regions: { us-east-1: { database: { instance_class: db.m7x.large } } }")
    assert "coder-eks:regions.us-east-1.database.instance_class: m7x.large is not in the table" in caught.value.problems[0]


@pytest.mark.parametrize("replicas", [0, 2])
def test_a_standby_costs_as_much_again_and_counts_as_no_instance_of_its_own(replicas: int):
    """DB-02, DB-17: quotas count instances, the bill counts machines and volumes."""
    plan = plan_of(f"regions: {{ us-east-1: {{ database: {{ readers: {replicas} }} }} }}")
    assert quotas(plan)["DB instances"].need == 1 + replicas
    assert "DB clusters" not in quotas(plan)
    volumes = next(line for line in plan.monthly_cost.lines if line.item == "us-east-1: RDS, volumes")
    assert volumes.quantity == (2 + replicas) * 100
    assert any("RDS, db.m7i.large with a standby" in item for item in plan.monthly_cost.unpriced)


def test_spot_nodes_count_against_a_quota_of_their_own():
    """EKS-38"""
    on_demand, spot = "Running On-Demand Standard instances, vCPU", "All Standard Spot Instance Requests, vCPU"
    before = quotas(plan_of())
    after = quotas(plan_of("regions: { us-east-1: { cluster: { node_groups: { coder-ws: { capacity_type: spot } } } } }"))
    assert (before[on_demand].need, spot in before) == (980, False)
    assert (after[on_demand].need, after[spot].need) == (20, 960)


def test_a_third_zone_keeps_every_subnet_and_moves_no_workspace_group():
    """NET-40, T-11"""
    change = """
regions: { us-east-1: { network: { zones: 3, nat: gateway-per-az, tiers: {
    public: [10.0.0.0/20, 10.0.16.0/20, 10.0.160.0/20],
    private: [10.0.32.0/19, 10.0.64.0/19, 10.0.128.0/19],
    database: [10.0.96.0/21, 10.0.104.0/21, 10.0.112.0/21] } } } }
"""
    before, after = plan_of().regions[REGION], plan_of(change).regions[REGION]
    for one, other in zip(before.network.tiers, after.network.tiers, strict=True):
        assert other.subnets[:2] == one.subnets
    workspaces = {group.name: group.zones for group in after.node_groups if group.role == "workspace"}
    assert workspaces == {f"coder-ws-{letter}": (f"us-east-1{letter}",) for letter in "abc"}
