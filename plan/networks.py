"""The address plan of one region: declared and checked, or computed from the demand (NET-10, NET-11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from typing import NamedTuple

from plan.addresses import (
    CLUSTER_ADDRESSES,
    LOAD_BALANCER_ADDRESSES,
    NodeDemand,
    Range,
    compute,
    network_plan,
    node_addresses,
    problems,
    too_small,
    zone_demand,
    zone_nodes,
)
from plan.capacity import DAEMON_PODS
from plan.findings import Findings
from plan.groups import Group
from plan.model import NetworkPlan
from settings.model import Settings
from settings.network import NatMode, Tier
from settings.quantities import percent
from settings.regions import Region


class Need(NamedTuple):
    """Addresses of one subnet, and the arithmetic behind them."""

    addresses: int
    arithmetic: str


def plan_network(settings: Settings, region: str, groups: tuple[Group, ...], findings: Findings) -> NetworkPlan | None:
    """Where every subnet lies; None, with the conflicts collected, where the addresses don't hold."""
    declared = settings.regions[region].network
    needs = {tier: _need(settings, settings.regions[region], tier, groups) for tier in settings.regions[region].tiers}
    if declared.nat is NatMode.SINGLE_GATEWAY:
        findings.warn(37, f"{region}: one NAT gateway for {declared.zones} zones; when its zone fails the others lose their way out")
    if declared.nat is NatMode.INSTANCE and not (declared.nat_instance and declared.nat_instance.per_zone):
        findings.warn(
            37,
            f"{region}: one NAT instance for {declared.zones} zones; while it is replaced nothing leaves the VPC, and when its zone fails "
            "the others have no way out: nat_instance.per_zone gives each its own",
        )
    if declared.tiers is None:
        try:
            tiers = compute(declared.cidr, {tier: need.addresses for tier, need in needs.items()}, declared.zones, declared.reserved)
        except ValueError as error:
            findings.conflict(f"regions.{region}.network.cidr", f"{error}; write a larger range, or fewer reserved ones")
            return None
        return _with_runners(settings, region, network_plan(region, declared, tiers), findings)
    before = len(findings.conflicts)
    _check(f"regions.{region}.network", declared.cidr, declared.tiers, declared.reserved, needs, findings)
    if len(findings.conflicts) > before:
        return None
    return _with_runners(settings, region, network_plan(region, declared, declared.tiers), findings)


def _with_runners(settings: Settings, region: str, made: NetworkPlan, findings: Findings) -> NetworkPlan:
    """The same with the ranges that reach the Kubernetes API; none of them may hold what users run, or databases (NET-25, EKS-03)."""
    cidrs = settings.regions[region].cluster.runner_cidrs
    subnets = [subnet for tier in made.tiers if tier.name not in (Tier.PUBLIC, Tier.CONTROL) for subnet in tier.subnets]
    for index, cidr in enumerate(cidrs):
        inside = next((subnet for subnet in subnets if cidr.overlaps(IPv4Network(subnet.cidr))), None)
        if inside is not None:
            findings.conflict(
                f"regions.{region}.cluster.runner_cidrs[{index}]",
                f"{cidr} holds {inside.cidr} of {inside.name}, and all that runs there would reach the Kubernetes API; "
                "write the range of the runners alone",
            )
    return replace(made, runner_cidrs=tuple(sorted(map(str, cidrs))))


def _check(
    path: str,
    vpc: IPv4Network,
    tiers: Mapping[Tier, tuple[IPv4Network, ...]],
    reserved: tuple[IPv4Network, ...],
    needs: Mapping[Tier, Need],
    findings: Findings,
) -> None:
    """Collect what is wrong with declared subnets."""
    by_tier = {
        tier: [Range(f"tiers.{tier.value}[{index}]", subnet) for index, subnet in enumerate(subnets)] for tier, subnets in tiers.items()
    }
    subnets = [item for tier in needs for item in by_tier[tier]]
    kept_free = [Range(f"reserved[{index}]", subnet) for index, subnet in enumerate(reserved)]
    demand = {item.key: need for tier, need in needs.items() for item in by_tier[tier]}
    for key, sentence in problems(vpc, subnets, kept_free):
        findings.conflict(f"{path}.{key}", sentence, weighs=path)
    for key, sentence in too_small(vpc, subnets, kept_free, demand):
        findings.conflict(f"{path}.{key}", sentence)


def _need(settings: Settings, region: Region, tier: Tier, groups: tuple[Group, ...]) -> Need:
    """What one zone's subnet of a tier must hold."""
    if tier is Tier.PUBLIC:
        return Need(LOAD_BALANCER_ADDRESSES + 1, f"{LOAD_BALANCER_ADDRESSES} for the load balancer, 1 for NAT")
    if tier is Tier.DATABASE:
        instances = region.database_instances
        return Need(instances, f"{instances} database instances, all of them after a failover")
    inside = [_nodes_need(settings, region, group) for group in groups if group.tier is tier]
    others = CLUSTER_ADDRESSES + len(region.network.interface_endpoints) if tier in (Tier.CONTROL, Tier.PRIVATE) else 0
    if others:
        inside.append(Need(others, f"{others} for the cluster and endpoints"))
    return Need(sum(need.addresses for need in inside), ", and ".join(need.arithmetic for need in inside))


def _nodes_need(settings: Settings, region: Region, group: Group) -> Need:
    """What the nodes of a group take in the fullest zone."""
    if group.pooled:
        return _pool_need(region, group)
    growth, zones, cni = settings.workload.growth, region.network.zones, region.cluster.cni
    pods = group.pods + DAEMON_PODS
    each = node_addresses(group.instance, pods, cni)
    nodes = zone_nodes(group.max, zones, growth)
    arithmetic = (
        f"{group.max} x {group.instance.name} and {percent(growth)} growth over {zones} zones are {nodes} nodes, "
        f"each with {each} addresses for {pods} pods in {cni.value} mode"
    )
    return Need(zone_demand(NodeDemand(group.instance, group.max, pods), zones, cni, growth), arithmetic)


def _pool_need(region: Region, group: Group) -> Need:
    """What a pool takes at its limits with nodes of the type that takes most, all of them in the zone where Spot is cheapest."""
    cni = region.cluster.cni
    each = {shape: node_addresses(shape.instance, shape.pods + DAEMON_PODS, cni) for shape in group.kinds}
    most = max(each, key=lambda shape: (shape.nodes * each[shape], shape.instance.name))
    return Need(
        most.nodes * each[most],
        f"{most.nodes} x {most.instance.name} within the limits of {group.name}, all of them in one zone at worst, each with {each[most]} "
        f"addresses for {most.pods + DAEMON_PODS} pods in {cni.value} mode",
    )
