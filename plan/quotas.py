"""The most that the settings can ask of AWS's quotas (requirements 2.14, PRE-02)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plan.addresses import node_interfaces
from plan.capacity import DAEMON_PODS
from plan.groups import Group, Shape
from plan.model import NetworkPlan, NodeGroupPlan, QuotaDemand, QuotaVerdict
from settings.cluster import CniMode
from settings.database import DatabaseEngine
from settings.karpenter import Pool
from settings.network import NatMode
from settings.regions import Region
from settings.roles import CapacityType
from settings.templates import Templates
from settings.workload import Workload

GIB_PER_TIB = 1024
CLUSTER_INTERFACES = 4  # EKS places two to four in its subnets for the control plane (Amazon EKS User Guide, read 2026-11)
NAT_VCPUS = 2  # of a t4g.nano, the one type that a stack file takes (Karpenter's generated reference, as plan/instances.py)
MOST_RULES, MOST_GROUPS = 20, 2  # of one security group here, on one interface here; tests of the network count them


@dataclass(frozen=True)
class Quota:
    """AWS's code, name, service code, and the limit of an account that never asked; None where it is not published.

    shared: other things of the account count too and the limit is low. Requirements 2.14.
    """

    code: str
    name: str
    service: str
    default: float | None
    shared: bool = False


VCPUS = Quota("L-1216C47A", "Running On-Demand Standard instances, vCPU", "ec2", 5)
GPU = Quota("L-DB2E81BA", "Running On-Demand G and VT instances, vCPU", "ec2", 0)
SPOT_VCPUS = Quota("L-34B43A08", "All Standard Spot Instance Requests, vCPU", "ec2", None)
GP3 = Quota("L-7A658B76", "Storage for gp3 volumes, TiB", "ebs", 50)
ELASTIC_IPS = Quota("L-0263D0A3", "EC2-VPC Elastic IPs", "ec2", 5, shared=True)
VPCS = Quota("L-F678F1CE", "VPCs per region", "vpc", 5, shared=True)
INTERNET_GATEWAYS = Quota("L-A4707A72", "Internet gateways per region", "vpc", 5, shared=True)
SUBNETS = Quota("L-407747CB", "Subnets per VPC", "vpc", 200)
NAT_GATEWAYS = Quota("L-FE5A380F", "NAT gateways per zone", "vpc", 5)
INTERFACES = Quota("L-DF5E4CA3", "Network interfaces per region", "vpc", 5000)
GROUPS_PER_INTERFACE = Quota("L-2AFB9258", "Security groups per network interface", "vpc", 5)
RULES = Quota("L-0EA8095F", "Rules per security group", "vpc", 60)
ENDPOINTS = Quota("L-29B6F2EB", "Interface endpoints per VPC", "vpc", 50)
CLUSTERS = Quota("L-1194D53C", "EKS clusters", "eks", 100)
NODE_GROUPS = Quota("L-6D54EA21", "Managed node groups per cluster", "eks", 30)
NODES = Quota("L-BD136A63", "Nodes per managed node group", "eks", 450)
LOAD_BALANCERS = Quota("L-69A177A2", "Network Load Balancers per region", "elasticloadbalancing", 50)
DB_CLUSTERS = Quota("L-952B80B8", "DB clusters", "rds", 40)
DB_INSTANCES = Quota("L-7B6409FD", "DB instances", "rds", 40)


# Compositions on GPU instances, and the vCPUs of the smallest and of an extra large one: g4dn.4xlarge or g5.4xlarge, and the 8xlarge of
# either (requirements 2.14, 002 Data Sci); both are of the families G and VT.
GPU_TEMPLATES = frozenset({"ec2-datasci-gpu"})
GPU_VCPUS, GPU_VCPUS_XLARGE = 16, 32


@dataclass(frozen=True)
class Shortfall:
    """A quota that does not suffice. have: the account's limit. need: of the settings; others: of what else is in the account."""

    code: str
    name: str
    service: str
    have: float
    need: float
    others: float
    arithmetic: str

    def __str__(self) -> str:
        beside = f" beside {self.others:,g} of others in the account" if self.others else ""
        return (
            f"{self.code} {self.name} ({self.service}): has {self.have:,g}, needs {self.need:,g}{beside} ({self.arithmetic}); "
            f"ask Service Quotas for at least {self.need + self.others:,g}"
        )


def shortfalls(
    asked: Iterable[QuotaDemand], limits: Mapping[str, float], others: Mapping[str, float] | None = None
) -> tuple[Shortfall, ...]:
    """Every quota whose limit is less than what is asked of it, in the demands' order; none: all suffice (Property 2, PRE-06, PRE-08).

    limits: of the account, by code; KeyError for a demand without one, since an unknown limit is no pass. others: what the account uses
    already, by code.
    """
    used = others or {}
    found = ((quota, limits[quota.code], used.get(quota.code, 0.0)) for quota in asked)
    return tuple(
        Shortfall(quota.code, quota.name, quota.service, limit, quota.need, beside, quota.arithmetic)
        for quota, limit, beside in found
        if quota.need + beside > limit
    )


def gpu_demands(templates: Templates) -> tuple[QuotaDemand, ...]:
    """Asked for where a template on GPU instances is published, and only there (PRE-09): one workspace; each more takes as much again."""
    published = [(name, template) for name, template in templates.active.items() if name in GPU_TEMPLATES]
    if not published:
        return ()
    large = any("xlarge" in size for _, template in published for size in template.sizes)
    names = ", ".join(name for name, _ in published)
    return (_demand(GPU, GPU_VCPUS_XLARGE if large else GPU_VCPUS, f"one workspace of {names} at a time"),)


def demands(
    region: Region,
    workload: Workload,
    network: NetworkPlan,
    groups: tuple[Group, ...],
    node_groups: tuple[NodeGroupPlan, ...],
    static_ips: bool,
) -> tuple[QuotaDemand, ...]:
    """What one region asks for at most, in a stable order."""
    zones = len(network.zones)
    nat = 0 if network.nat is NatMode.INSTANCE else len(network.nat_zones)  # an instance's public address is none of the account's
    instances = len(network.nat_zones) if network.nat is NatMode.INSTANCE else 0
    return (
        _vcpus(VCPUS, groups, CapacityType.ON_DEMAND, instances),
        *([_vcpus(SPOT_VCPUS, groups, CapacityType.SPOT)] if any(group.buys(CapacityType.SPOT) for group in groups) else []),
        _storage(workload, groups),
        _demand(
            ELASTIC_IPS,
            nat + (zones if static_ips else 0),
            f"{nat} NAT" + (f", {zones} load balancer" if static_ips else ""),
        ),
        _demand(VPCS, 1, "1"),
        _demand(INTERNET_GATEWAYS, 1, "1"),
        _demand(SUBNETS, zones * len(network.tiers), f"{len(network.tiers)} tiers x {zones} zones"),
        _demand(NAT_GATEWAYS, min(nat, 1), f"{nat} over {zones} zones"),
        _interfaces(region, groups, len(network.nat_zones), zones),
        _demand(GROUPS_PER_INTERFACE, MOST_GROUPS, "the cluster's interfaces: ours and EKS' own"),
        _demand(RULES, MOST_RULES, "upper bound"),
        _demand(ENDPOINTS, len(region.network.interface_endpoints), "as declared"),
        _demand(CLUSTERS, 1, "1"),
        _demand(NODE_GROUPS, len(node_groups), ", ".join(group.name for group in node_groups)),
        _demand(NODES, max(group.max for group in node_groups), "the largest group"),
        _demand(LOAD_BALANCERS, 1, "targets are coderd pods by address, not nodes"),
        *_database(region),
    )


def _vcpus(quota: Quota, groups: tuple[Group, ...], bought: CapacityType, nat_instances: int = 0) -> QuotaDemand:
    """vCPUs of one capacity type; a pool that may be of either can come to its limit in each."""
    counted = [group for group in groups if group.buys(bought)]
    need = sum(_most_vcpus(group) for group in counted) + nat_instances * NAT_VCPUS
    parts = [
        f"{group.declared.limits.cpu} of {group.name}" if isinstance(group.declared, Pool) else f"{group.max} x {group.instance.vcpus}"
        for group in counted
    ]
    each = " + ".join([*parts, *([f"{nat_instances} x {NAT_VCPUS} of NAT instances"] if nat_instances else [])])
    return _demand(quota, need, f"{each}; EC2 workspaces and node updates come on top" if bought is CapacityType.ON_DEMAND else each)


def _most_vcpus(group: Group) -> int:
    return int(group.declared.limits.cpu.cores) if isinstance(group.declared, Pool) else group.max * group.instance.vcpus


def workspace_storage_tib(workload: Workload) -> float:
    """Home volumes of all workspaces at the peak, in TiB (T-17)."""
    return float(workload.peak.workspaces * workload.average.storage.gibibytes / GIB_PER_TIB)


def _database(region: Region) -> tuple[QuotaDemand, ...]:
    if region.database is None:
        return ()
    # a standby in another zone is part of its instance, and counts as none of its own
    clusters, whose = region.database_clusters, "coderd's and LiteLLM's: each " if region.litellm_database else ""
    instances = _demand(DB_INSTANCES, region.database_instances, f"{whose}1 writer, {region.database.readers} readers")
    return (
        (_demand(DB_CLUSTERS, clusters, f"{clusters}"), instances)
        if region.database.engine is DatabaseEngine.AURORA_POSTGRESQL
        else (instances,)
    )


def _storage(workload: Workload, groups: tuple[Group, ...]) -> QuotaDemand:
    homes = workspace_storage_tib(workload)
    most = [(max(shape.nodes for shape in group.kinds), group.declared.root_disk.gibibytes) for group in groups]
    roots = float(sum(nodes * disk for nodes, disk in most) / GIB_PER_TIB)
    arithmetic = f"{workload.peak.workspaces} x {workload.average.storage} = {homes:.1f} TiB, node roots {roots:.1f} TiB"
    return _demand(GP3, round(homes + roots, 1), arithmetic)


def _interfaces(region: Region, groups: tuple[Group, ...], nat: int, zones: int) -> QuotaDemand:
    cni = region.cluster.cni
    nodes = sum(max(shape.nodes * _interfaces_of(shape, cni) for shape in group.kinds) for group in groups)
    endpoints = len(region.network.interface_endpoints) * zones
    others = nat + zones + CLUSTER_INTERFACES + region.database_instances
    return _demand(INTERFACES, nodes + endpoints + others, f"nodes {nodes}, endpoints {endpoints}, others {others}")


def _interfaces_of(shape: Shape, cni: CniMode) -> int:
    return node_interfaces(shape.instance, shape.pods + DAEMON_PODS, cni)


def _demand(quota: Quota, need: float, arithmetic: str) -> QuotaDemand:
    if quota.default is not None and need > quota.default:
        verdict = QuotaVerdict.INCREASE
    else:
        verdict = QuotaVerdict.CHECK if quota.shared or quota.default is None else QuotaVerdict.FITS
    return QuotaDemand(quota.code, quota.name, quota.service, need, quota.default, verdict, arithmetic)
