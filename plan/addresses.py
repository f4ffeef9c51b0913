"""Where every subnet lies and whether it is big enough (NET-01 to NET-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import IPv4Network
from itertools import combinations
from math import ceil

from plan.instances import InstanceType
from plan.model import NetworkPlan, SubnetPlan, TierPlan
from settings.cluster import CniMode
from settings.network import NatInstance, NatMode, Network, Tier

RESERVED_BY_AWS = 5  # the first four addresses and the last one of every subnet (Amazon VPC User Guide, read 2026-11)
PREFIX_ADDRESSES = 16  # of a delegated prefix, a /28
CLUSTER_ADDRESSES = 6  # EKS asks for at least 6 free addresses in each of its subnets (Amazon EKS User Guide, read 2026-11)
LOAD_BALANCER_ADDRESSES = 8  # a load balancer asks for 8 free addresses in each of its subnets (ELB user guides, read 2026-11)
SMALLEST, LARGEST = 28, 16  # prefix lengths that AWS takes


@dataclass(frozen=True)
class NodeDemand:
    """Nodes of one kind, over all zones. pods: with an address of their own, on each."""

    instance: InstanceType
    nodes: int
    pods: int


def node_interfaces(instance: InstanceType, pods: int, cni: CniMode) -> int:
    """Interfaces that the CNI attaches for so many pods (T-05)."""
    slots = instance.addresses - 1
    if cni is CniMode.PREFIX:
        return min(instance.interfaces, -(-_prefixes(pods) // slots))
    return min(instance.interfaces, -(-pods // slots) + 1)  # WARM_ENI_TARGET=1: one whole interface in reserve


def node_addresses(instance: InstanceType, pods: int, cni: CniMode) -> int:
    """Addresses that a node takes from its subnet for so many pods (requirements 4.2)."""
    interfaces = node_interfaces(instance, pods, cni)
    if cni is CniMode.PREFIX:
        return interfaces + PREFIX_ADDRESSES * min(_prefixes(pods), interfaces * (instance.addresses - 1))
    return interfaces * instance.addresses


def _prefixes(pods: int) -> int:
    return -(-pods // PREFIX_ADDRESSES) + 1  # WARM_PREFIX_TARGET=1: one whole prefix in reserve


def usable(subnet: IPv4Network) -> int:
    """Addresses that AWS leaves."""
    return subnet.num_addresses - RESERVED_BY_AWS


def zone_nodes(nodes: int, zones: int, growth: Fraction = Fraction(0)) -> int:
    """Nodes in the fullest zone once the total has grown."""
    return -(-ceil(nodes * (1 + growth)) // zones)


def zone_demand(demand: NodeDemand, zones: int, cni: CniMode, growth: Fraction = Fraction(0)) -> int:
    """Addresses that the nodes take from one zone's subnet (NET-10)."""
    return zone_nodes(demand.nodes, zones, growth) * node_addresses(demand.instance, demand.pods, cni)


def prefix_for(addresses: int) -> int:
    """The longest prefix with so many usable addresses; ValueError where not even a /16 has them."""
    length = 32 - (addresses + RESERVED_BY_AWS - 1).bit_length()
    if length < LARGEST:
        raise ValueError(f"{addresses} addresses do not fit into a /16")
    return min(length, SMALLEST)


@dataclass(frozen=True)
class Range:
    """A range with the key in the stack file that declares it, below `network`."""

    key: str
    network: IPv4Network


def problems(vpc: IPv4Network, subnets: Sequence[Range], reserved: Sequence[Range]) -> list[tuple[str, str]]:
    """Ranges outside the VPC and pairs that overlap, as keys and sentences; empty where the plan holds (NET-11)."""
    ranges = [*subnets, *reserved]
    found = [
        (item.key, f"{item.network} is not inside the VPC, {vpc}; {_instead(vpc, ranges, item.network.prefixlen)}")
        for item in ranges
        if not item.network.subnet_of(vpc)
    ]
    for first, second in combinations(ranges, 2):
        if first.network.overlaps(second.network):
            remedy = _instead(vpc, ranges, second.network.prefixlen)
            found.append((second.key, f"{second.network} overlaps {first.network} of {first.key}; {remedy}"))
    return found


def too_small(
    vpc: IPv4Network, subnets: Sequence[Range], reserved: Sequence[Range], needs: Mapping[str, tuple[int, str]]
) -> list[tuple[str, str]]:
    """Subnets with fewer usable addresses than needed. needs: per key, the addresses and the arithmetic behind them (NET-10, T-03)."""
    found: list[tuple[str, str]] = []
    for item in subnets:
        need, arithmetic = needs.get(item.key, (0, ""))
        if usable(item.network) >= need:
            continue
        try:
            remedy = _instead(vpc, [*subnets, *reserved], prefix_for(need))
        except ValueError:
            remedy = "no subnet is that large"
        shortfall = f"{item.network} has {usable(item.network)} usable addresses, {need} are needed: {arithmetic}"
        found.append((item.key, f"{shortfall}; {remedy}, or take fewer, larger nodes"))
    return found


def _instead(vpc: IPv4Network, taken: Sequence[Range], prefix: int) -> str:
    free = first_free(vpc, [item.network for item in taken], prefix)
    return f"use {free} instead" if free else f"the VPC has no free /{prefix} left"


def first_free(vpc: IPv4Network, taken: Iterable[IPv4Network], prefix: int) -> IPv4Network | None:
    """The lowest aligned range of that prefix length that no taken one touches."""
    if prefix < vpc.prefixlen:
        return None
    size, start, end = 2 ** (32 - prefix), int(vpc.network_address), int(vpc.broadcast_address)
    for other in sorted(taken):
        low, high = int(other.network_address), int(other.broadcast_address)
        if start + size - 1 < low or high < start:
            continue
        start = -(-(high + 1) // size) * size
    return IPv4Network((start, prefix)) if start + size - 1 <= end else None


def compute(
    vpc: IPv4Network, demands: Mapping[Tier, int], zones: int, reserved: Sequence[IPv4Network]
) -> dict[Tier, tuple[IPv4Network, ...]]:
    """Subnets for every tier, one per zone, each large enough: larger tiers first, lowest free range; ValueError where they do not fit."""
    taken = list(reserved)
    tiers: dict[Tier, tuple[IPv4Network, ...]] = {}
    for tier in sorted(demands, key=lambda tier: (prefix_for(demands[tier]), list(Tier).index(tier))):
        subnets: list[IPv4Network] = []
        for _ in range(zones):
            subnet = first_free(vpc, taken, prefix_for(demands[tier]))
            if subnet is None:
                raise ValueError(f"the {tier.value} tier needs {zones} subnets of /{prefix_for(demands[tier])}, which {vpc} has not left")
            subnets.append(subnet)
            taken.append(subnet)
        tiers[tier] = tuple(subnets)
    return {tier: tiers[tier] for tier in Tier if tier in tiers}


def zone_names(region: str, zones: int) -> tuple[str, ...]:
    """`us-east-1a` and on."""
    return tuple(f"{region}{letter}" for letter in "abcdef"[:zones])


def network_plan(region: str, network: Network, tiers: Mapping[Tier, Sequence[IPv4Network]]) -> NetworkPlan:
    """The plan's form of a network."""
    zones = network.zone_names or zone_names(region, network.zones)
    instance = network.nat_instance or NatInstance()
    everywhere = network.nat is NatMode.GATEWAY_PER_AZ or (network.nat is NatMode.INSTANCE and instance.per_zone)
    return NetworkPlan(
        cidr=str(network.cidr),
        zones=zones,
        nat=network.nat,
        nat_zones=zones if everywhere else zones[:1],
        nat_instance_type=instance.instance_type if network.nat is NatMode.INSTANCE else "",
        tiers=tuple(
            TierPlan(
                name=tier.value,
                public=tier is Tier.PUBLIC,
                isolated=tier is Tier.DATABASE,
                subnets=tuple(
                    SubnetPlan(f"{tier.value}-{zone[-1]}", zone, str(subnet)) for zone, subnet in zip(zones, tiers[tier], strict=True)
                ),
            )
            for tier in Tier
            if tier in tiers
        ),
    )
