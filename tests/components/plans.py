"""Plans of prod by hand: tests of components don't depend on how a plan is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from plan.model import NetworkPlan, NodeGroupPlan, PoolPlan, ScheduledAction, SubnetPlan, Taint, TierPlan
from settings.karpenter import Consolidation
from settings.network import NatMode
from settings.roles import CapacityType

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
ENDPOINTS = ("autoscaling", "ec2", "ecr.api", "ecr.dkr", "elasticloadbalancing", "logs", "secretsmanager", "sts")
CIDRS = {
    "public": ("10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"),
    "control": ("10.0.48.0/20", "10.0.64.0/20", "10.0.80.0/20"),
    "provisioner": ("10.0.96.0/20", "10.0.112.0/20", "10.0.128.0/20"),
    "workspace": ("10.0.144.0/20", "10.0.160.0/20", "10.0.176.0/20"),
    "database": ("10.0.208.0/21", "10.0.216.0/21", "10.0.224.0/21"),
}
# The reference architecture's (NET-08): one tier for all nodes
SHARED_CIDRS = {
    "public": ("10.0.0.0/20", "10.0.16.0/20"),
    "private": ("10.0.32.0/19", "10.0.64.0/19"),
    "database": ("10.0.96.0/21", "10.0.104.0/21"),
}


def network_plan(
    zones: Sequence[str] = ZONES,
    nat: NatMode = NatMode.GATEWAY_PER_AZ,
    cidrs: Mapping[str, Sequence[str]] = CIDRS,
    runner_cidrs: Sequence[str] = (),
    nat_zones: int = 1,
) -> NetworkPlan:
    tiers = tuple(
        TierPlan(
            name=tier,
            public=tier == "public",
            isolated=tier == "database",
            subnets=tuple(
                SubnetPlan(name=f"{tier}-{zone[-1]}", zone=zone, cidr=cidr) for zone, cidr in zip(zones, ranges[: len(zones)], strict=True)
            ),
        )
        for tier, ranges in cidrs.items()
    )
    return NetworkPlan(
        cidr="10.0.0.0/16",
        zones=tuple(zones),
        nat=nat,
        tiers=tiers,
        runner_cidrs=tuple(runner_cidrs),
        nat_zones=tuple(zones[:nat_zones]),
        nat_instance_type="t4g.nano",
    )


def shared_network(nat: NatMode = NatMode.SINGLE_GATEWAY) -> NetworkPlan:
    """Two zones, one tier for all nodes."""
    return network_plan(ZONES[:2], nat, SHARED_CIDRS)


def node_group(
    name: str,
    group: str,
    tier: str,
    zones: Sequence[str],
    instance_type: str,
    sizes: tuple[int, int, int],
    scheduled: tuple[ScheduledAction, ...] = (),
    architecture: str = "amd64",
    role: str | None = None,
) -> NodeGroupPlan:
    label = "coder.com/node-group"
    return NodeGroupPlan(
        name=name,
        group=group,
        tier=tier,
        role=role or tier,
        zones=tuple(zones),
        instance_type=instance_type,
        capacity_type=CapacityType.ON_DEMAND,
        architecture=architecture,
        min=sizes[0],
        max=sizes[1],
        desired=sizes[2],
        root_disk_gib=100,
        labels={label: group},
        taints=(Taint(key=label, value=group, effect="NO_SCHEDULE"),),
        scheduled=scheduled,
    )


def scheduled(up: int, down: int) -> tuple[ScheduledAction, ...]:
    zone = "America/New_York"
    return (
        ScheduledAction(name="up", recurrence="45 6 * * 1-5", time_zone=zone, min_size=up),
        ScheduledAction(name="down", recurrence="15 18 * * 1-5", time_zone=zone, min_size=down),
    )


def node_groups() -> tuple[NodeGroupPlan, ...]:
    workspaces = tuple(
        node_group(f"coder-ws-{zone[-1]}", "coder-ws", "workspace", [zone], "m5.2xlarge", (7, 67, 7), scheduled(67, 7)) for zone in ZONES
    )
    return (
        node_group("coder-control", "coder-control", "control", ZONES, "m5.large", (2, 3, 3)),
        node_group("coder-prov", "coder-prov", "provisioner", ZONES, "c5.2xlarge", (1, 20, 1), scheduled(20, 1)),
        *workspaces,
    )


def pool(name: str, role: str, group: str, instance_types: Sequence[str], cpu: str, memory: str, **changes: Any) -> PoolPlan:
    label = "coder.com/node-group"
    whole = PoolPlan(
        name=name,
        group=group,
        tier=role,
        role=role,
        zones=ZONES,
        instance_types=tuple(instance_types),
        architectures=("arm64",),
        capacity_types=("on-demand", "spot"),
        cpu_limit=cpu,
        memory_limit=memory,
        most_nodes=8,
        root_disk_gib=40,
        consolidation=Consolidation.WHEN_EMPTY,
        consolidate_after_seconds=600,
        disrupted_percent=10,
        labels={label: group},
        taints=(Taint(key=label, value=group, effect="NO_SCHEDULE"),),
    )
    return replace(whole, **changes)


def pools() -> tuple[PoolPlan, ...]:
    """Demo's kind: builds, and workspaces of two kinds that share a label."""
    return (
        pool("builds", "provisioner", "builds", ["c7g.xlarge"], "8", "16Gi", capacity_types=("on-demand",), root_disk_gib=50),
        pool("desks", "workspace", "desks", ["m7g.2xlarge", "m8g.2xlarge"], "64", "256Gi"),
        pool("large", "workspace", "desks", ["r7g.4xlarge"], "32", "256Gi", consolidation=Consolidation.WHEN_UNDERUTILIZED),
    )
