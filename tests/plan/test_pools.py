"""Karpenter's pools: limits, what they hold at worst, what they ask of addresses and quotas."""

from __future__ import annotations

import pytest

from plan import make_plan
from plan.instances import INSTANCE_TYPES
from plan.model import PoolPlan, RegionPlan
from settings.cluster import Role
from tests.plan.stacks import REGION, conflicts_of, plan_of, prod, region_of, warned

# prod on Graviton with a pool of workspaces and one of provisioners: 60 workspaces of 500m and 2Gi
SMALL = """
workload:
  peak: { workspaces: 60 }
  off_hours: { workspaces: 10 }
  mix: null
"""
POOLS = """
regions:
  us-east-1:
    cluster:
      schedule: null
      node_groups:
        coder-control: { instance_type: t4g.xlarge, min: 0, max: 10, root_disk: 20Gi }
        coder-prov: null
        coder-ws: null
      karpenter:
        pools:
          builds:
            role: provisioner
            instance_types: [c7g.xlarge]
            architectures: [arm64]
            capacity_types: [on-demand]
            limits: { cpu: 8, memory: 16Gi }
          desks:
            role: workspace
            instance_categories: [m]
            most_vcpus: 16
            architectures: [arm64]
            capacity_types: [spot, on-demand]
            limits: { cpu: 64, memory: 256Gi }
            root_disk: 40Gi
            consolidate_after: 30m
"""
KARPENTER = SMALL + POOLS
CATEGORY = "instance_categories: [m]\n            most_vcpus: 16"


@pytest.fixture(scope="module")
def region() -> RegionPlan:
    return region_of(KARPENTER)


@pytest.fixture(scope="module")
def desks(region: RegionPlan) -> PoolPlan:
    return next(pool for pool in region.pools if pool.name == "desks")


def test_a_pool_is_of_every_type_of_its_categories_and_architectures(desks: PoolPlan):
    """EKS-11: the plan and Karpenter know the same types; what no limit has room for is left out."""
    assert "m7g.2xlarge" in desks.instance_types
    assert {INSTANCE_TYPES[name].architecture for name in desks.instance_types} == {"arm64"}
    assert {name[0] for name in desks.instance_types} == {"m"}
    assert max(INSTANCE_TYPES[name].vcpus for name in desks.instance_types) == 16


def test_a_pool_has_the_label_and_taint_of_a_node_group(desks: PoolPlan):
    """EKS-12"""
    assert desks.labels == {"coder.com/node-group": "desks"}
    assert [(taint.key, taint.value, taint.effect) for taint in desks.taints] == [("coder.com/node-group", "desks", "NO_SCHEDULE")]


def test_a_pool_says_what_the_stack_file_says(desks: PoolPlan):
    """EKS-11, EKS-38"""
    assert (desks.capacity_types, desks.cpu_limit, desks.memory_limit) == (("on-demand", "spot"), "64", "256Gi")
    assert (desks.root_disk_gib, desks.consolidate_after_seconds, desks.disrupted_percent) == (40, 1800, 10)
    assert (desks.consolidation, desks.tier, desks.role) == ("when-empty", "workspace", "workspace")


def test_pools_of_one_role_share_the_label_of_the_first():
    """EKS-12: a workspace selects one label and may start on either pool."""
    other = """
          more:
            role: workspace
            instance_types: [r7g.2xlarge]
            architectures: [arm64]
            capacity_types: [spot]
            limits: { cpu: 16, memory: 128Gi }
"""
    plan = plan_of(KARPENTER + other)
    pools = plan.regions[REGION].pools
    assert [(pool.name, pool.group) for pool in pools] == [("builds", "builds"), ("desks", "desks"), ("more", "desks")]
    assert plan.capacity.holds > plan_of(KARPENTER).capacity.holds


def test_what_a_pool_holds_is_counted_with_the_type_that_holds_least():
    """EKS-22: nobody knows which type Karpenter takes; the largest takes fewer than small ones together."""
    capacity = plan_of(KARPENTER).capacity
    assert capacity.instance_type in INSTANCE_TYPES
    assert 60 <= capacity.holds == capacity.nodes_max * capacity.workspaces_per_node
    one = make_plan(prod(KARPENTER.replace(CATEGORY, "instance_types: [m7g.2xlarge]"))).capacity
    assert (one.nodes_max, one.workspaces_per_node, one.holds) == (8, 15, 120)
    assert (one.off_hours_nodes, one.off_hours_holds) == (1, 15)
    assert capacity.holds <= one.holds


def test_limits_that_the_peak_does_not_fit_into_are_refused_with_the_numbers():
    (problem,) = conflicts_of(KARPENTER.replace("cpu: 64, memory: 256Gi", "cpu: 16, memory: 64Gi"))
    assert problem.startswith("coder-eks:regions.us-east-1.cluster.karpenter.pools.desks.limits: the limits hold ")
    assert "the peak has 60" in problem


@pytest.mark.parametrize(
    ("types", "key", "sentence"),
    [
        ("[m7q.2xlarge]", "instance_types[0]", "m7q.2xlarge is not in the table of instance types"),
        (
            "[m7g.2xlarge, m5.2xlarge]",
            "instance_types[1]",
            "m5.2xlarge is amd64, which the pool's architectures leave out",
        ),
    ],
)
def test_a_type_that_can_not_be_is_refused(types: str, key: str, sentence: str):
    problems = conflicts_of(KARPENTER.replace(CATEGORY, f"instance_types: {types}"))
    assert any(problem.startswith(f"coder-eks:regions.us-east-1.cluster.karpenter.pools.desks.{key}: {sentence}") for problem in problems)


def test_limits_without_room_for_one_pod_are_refused():
    (problem,) = conflicts_of(KARPENTER.replace("cpu: 8, memory: 16Gi", "cpu: 2, memory: 16Gi"))
    assert "pools.builds.limits: 2 vCPU and 16Gi hold no node that takes one provisioner pod" in problem


def test_with_karpenter_nothing_follows_the_clock(region: RegionPlan):
    """EKS-22: no scheduled action, hence no autoscaler tag."""
    assert [group.scheduled for group in region.node_groups] == [()]
    assert region.schedule is None


def test_provisioners_are_as_many_as_their_pool_holds(region: RegionPlan):
    """PRV-10: 2 x c7g.xlarge with 3 each; without a schedule always."""
    assert (region.provisioners.replicas_peak, region.provisioners.replicas_floor, region.provisioners.up_cron) == (6, 6, None)


def test_with_a_schedule_provisioners_leave_their_nodes_at_night():
    """PRV-04: Karpenter takes away what they leave."""
    change = KARPENTER.replace("schedule: null", 'schedule: { up: "06:45", down: "18:15", days: [mon, tue, wed, thu, fri] }')
    provisioners = region_of(change).provisioners
    assert (provisioners.replicas_peak, provisioners.replicas_floor, provisioners.up_cron) == (6, 2, "45 6 * * 1-5")


def test_the_system_group_has_two_nodes_whatever_it_says():
    """EKS-10, T-68: t4g.xlarge, 0 to 10, floor 2."""
    plan = plan_of(KARPENTER)
    (system,) = plan.regions[REGION].node_groups
    assert (system.instance_type, system.architecture, system.min, system.max, system.root_disk_gib) == ("t4g.xlarge", "arm64", 2, 10, 20)
    (warning,) = warned(plan, "T-68")
    assert warning.startswith("coder-control: with min 0")
    assert not warned(plan_of(), "T-68")


def test_a_system_group_of_one_is_refused():
    """T-68"""
    group = "{ min: 1, max: 1, desired: 1, instance_type: m5.2xlarge }"
    change = f"regions: {{ us-east-1: {{ cluster: {{ node_groups: {{ coder-control: {group} }} }} }} }}\ncoder: {{ replicas: 1 }}"
    assert any("leaves no second node for names and controllers; write 2 at least" in problem for problem in conflicts_of(change))


def test_quotas_count_both_ways_to_buy(region: RegionPlan):
    """EKS-38: a pool of both can come to its limit in each."""
    quotas = {quota.code: quota for quota in region.quotas}
    assert quotas["L-34B43A08"].need == 64
    assert quotas["L-1216C47A"].need == 10 * 4 + 8 + 64
    assert "L-34B43A08" not in {quota.code for quota in region_of().quotas}
    assert quotas["L-6D54EA21"].need == 1


def test_addresses_hold_though_all_nodes_come_up_in_one_zone():
    """NET-10: Karpenter takes the zone where Spot is cheapest; nodes of the type that takes most."""
    tiers = "    network: { tiers: { workspace: [10.0.144.0/26, 10.0.160.0/26, 10.0.176.0/26] } }\n"
    problems = conflicts_of(KARPENTER.replace("    cluster:\n", f"{tiers}    cluster:\n", 1))
    assert len(problems) == 3
    assert all("within the limits of desks, all of them in one zone at worst" in problem for problem in problems)


def test_the_cost_of_a_pool_is_said_to_be_the_most():
    lines = [line for line in plan_of(KARPENTER).monthly_cost.lines if " desks," in line.item]
    assert "on demand, Spot costs less" in lines[0].item
    assert lines[0].monthly_usd is None or lines[0].monthly_usd > 0


def test_a_region_without_pools_has_none():
    assert region_of().pools == ()
    assert Role.WORKSPACE.value in {group.role for group in region_of().node_groups}
