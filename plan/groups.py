"""The stack file's node groups with figures that hold: floors raised, what can't work refused (EKS-06 to EKS-08)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from plan.capacity import Fit, Request, fit, nodes_for
from plan.control import tier, validated
from plan.findings import Findings
from plan.instances import INSTANCE_TYPES, InstanceType, find, unknown
from plan.model import ControlPlan
from plan.observability import prometheus
from plan.provisioners import TARGET, TARGET_BUILDS, slots_for
from settings.cluster import NodeGroup, Role, Scaling
from settings.karpenter import Pool
from settings.model import Settings
from settings.network import Tier
from settings.observability import Prometheus
from settings.quantities import CpuQuantity, MemoryQuantity
from settings.roles import CapacityType
from settings.workload import Requests

VALIDATED_WORKSPACE = INSTANCE_TYPES["m7i.12xlarge"]  # T-14
VALIDATED_CONTROL = INSTANCE_TYPES["m7i.2xlarge"]  # T-71: one coderd of 4 vCPU and 12 GiB, with room for what the cluster needs
VALIDATED_REQUESTS = Requests(cpu=Fraction(1, 4), memory=Fraction(1))  # T-14: fourfold CPU is safe, memory has no give
PACKING_SLACK = Fraction(7, 100)  # sizes leave gaps: 131 nodes by division, about 140 in practice (requirements 4.2)
CONTROL_FLOOR = 2  # T-68
CONTROL_PODS = 20  # coderd, DNS, controllers and monitoring on one node; an upper bound for addresses


@dataclass(frozen=True)
class Shape:
    """Nodes of one type. nodes: the most there can be. pods: most on a node, daemons not counted."""

    instance: InstanceType
    nodes: int
    pods: int


@dataclass(frozen=True)
class Group:
    """A node group of the stack file, or a pool of Karpenter's with the type that holds least (plan/pools.py).

    min, max, desired, peak: totals over the zones; peak is the minimum while capacity stands. pods: most on a node, daemons not counted.
    key: where the group is declared, below `coder-eks:`. shapes: of a pool, one for each type that it may be of.
    """

    name: str
    key: str
    declared: NodeGroup | Pool
    instance: InstanceType
    min: int
    max: int
    desired: int
    peak: int
    pods: int
    shapes: tuple[Shape, ...] = ()

    @property
    def tier(self) -> Tier:
        """Whose subnets it is in."""
        return self.declared.place if isinstance(self.declared, Pool) else self.declared.tier

    @property
    def role(self) -> Role:
        """What runs on it."""
        return self.declared.role if isinstance(self.declared, Pool) else self.declared.purpose

    @property
    def scheduled(self) -> bool:
        """Whether the clock changes it."""
        return isinstance(self.declared, NodeGroup) and self.declared.scaling is Scaling.SCHEDULE

    @property
    def pooled(self) -> bool:
        """Whether Karpenter makes its nodes as pods ask for them."""
        return isinstance(self.declared, Pool)

    def buys(self, bought: CapacityType) -> bool:
        """Whether its nodes may be of that capacity type; a node group's are of one."""
        return bought in (self.declared.capacity_types if isinstance(self.declared, Pool) else (self.declared.capacity_type,))

    @property
    def kinds(self) -> tuple[Shape, ...]:
        """What its nodes may be, each at its most; it is one of them at a time."""
        return self.shapes or (Shape(self.instance, self.max, self.pods),)


def workspace_requests(settings: Settings) -> Requests:
    """The share of its size that a workspace requests."""
    return VALIDATED_REQUESTS if validated(settings) else settings.workload.requests


def groups(settings: Settings, region: str, control: ControlPlan, findings: Findings) -> tuple[Group, ...]:
    """Every group of a region; conflicts are collected, and a group of an unknown type is left out."""
    found: list[Group] = []
    zones = settings.regions[region].network.zones
    for name, declared in settings.regions[region].cluster.node_groups.items():
        key = f"regions.{region}.cluster.node_groups.{name}"
        instance = find(declared.instance_type)
        if instance is None:
            findings.conflict(f"{key}.instance_type", unknown(declared.instance_type), weighs=f"{key}.instance_type")
            continue
        start = declared.desired or max(declared.min, 1)
        group = Group(name, key, declared, instance, declared.min, declared.max, start, start, CONTROL_PODS)
        found.append(_in_each_zone(_BY_ROLE[declared.purpose](settings, group, control, zones, findings), zones, findings))
    return tuple(found)


def _in_each_zone(group: Group, zones: int, findings: Findings) -> Group:
    """One group per zone has a node in each: volumes can't leave their zone (T-11)."""
    if isinstance(group.declared, Pool) or not group.declared.per_zone or group.min >= zones:
        return group
    if group.max < zones:
        findings.conflict(
            f"{group.key}.max", f"{group.max} is fewer than the {zones} zones, each of which needs a node; write at least {zones}"
        )
    findings.warn(11, f"{group.name}: min {group.min} leaves a zone with volumes but no node; the plan takes {zones}, one in each zone")
    return _from_floor(group, zones)


def _from_floor(group: Group, floor: int) -> Group:
    return replace(group, min=floor, desired=max(group.desired, floor), peak=max(group.peak, floor))


def _control(settings: Settings, group: Group, control: ControlPlan, zones: int, findings: Findings) -> Group:
    """Static. `validated`: a node for each coderd, and one more in each zone for updates."""
    if validated(settings):
        nodes = max(control.replicas, zones)
        return replace(group, instance=VALIDATED_CONTROL, min=nodes, max=nodes + zones, desired=nodes, peak=nodes)
    group = _two_at_least(group, findings)
    if group.desired < zones:
        findings.warn(7, f"{group.name}: {group.desired} nodes over {zones} zones leave a zone without coderd; set desired to {zones}")
    cpu = CpuQuantity.parse(control.cpu)
    each = fit(group.instance, Request(cpu.millicpu, MemoryQuantity.parse(control.memory).mebibytes, 0))
    if each.per_node * group.desired < control.replicas + 1:  # an update starts a replica before it stops one
        findings.conflict(
            "coder.replicas" if each.per_node else "coder.resources",
            f"{control.replicas} coderd of {control.cpu} vCPU and {control.memory}, and the one more that an update starts, need more than "
            f"{group.desired} x {group.instance.name}, which hold {each.per_node * group.desired} "
            f"({each.per_node} a node, by {each.limited_by}); ask for less, or change {group.name}",
        )
        return group
    left = float(group.instance.vcpus * group.desired - control.replicas * cpu.cores)
    if prometheus(settings) is Prometheus.CHART:
        findings.warn(
            72,
            f"{group.name}: Prometheus, Grafana and controllers share {group.desired} x {group.instance.name} with coderd, which leaves "
            f"them {left:g} of {group.instance.vcpus * group.desired} vCPU; system.sizing validated gives them room, "
            f"observability.prometheus managed takes the largest of them away",
        )
    return group


def _two_at_least(group: Group, findings: Findings) -> Group:
    """With no node neither CoreDNS nor an autoscaler runs, and none would ever come; with one, each update stops both (T-68)."""
    if group.max < CONTROL_FLOOR:
        findings.conflict(
            f"{group.key}.max", f"{group.max} leaves no second node for names and controllers; write {CONTROL_FLOOR} at least"
        )
    elif group.min < CONTROL_FLOOR:
        findings.warn(
            68,
            f"{group.name}: with min {group.min} there may be no node for CoreDNS and the controllers, or none to spare for an update; the "
            f"plan takes {CONTROL_FLOOR} at least, of {group.max} at most",
        )
        return _from_floor(group, CONTROL_FLOOR)
    return group


def _provisioner(settings: Settings, group: Group, control: ControlPlan, zones: int, findings: Findings) -> Group:
    """Never without a node, since autostop is a build too (T-30). `validated`: nodes for every build of the tier and of the acceptance."""
    del control, zones
    each = fit(group.instance, Request.whole(settings.workload.provisioner))
    if not each.per_node:
        findings.conflict(
            "workload.provisioner", f"none fits on a {group.instance.name} (by {each.limited_by}); ask for less, or change {group.name}"
        )
        return group
    if validated(settings):
        wanted = tier(settings, findings)
        builds = max(wanted.builds if wanted else 0, slots_for(TARGET_BUILDS, TARGET))
        group = replace(group, min=max(group.min, 1), max=max(group.max, nodes_for(builds, each.per_node)))
    if group.min < 1:
        findings.warn(
            30,
            f"{group.name}: with min 0 no build, stop or autostop runs outside the schedule; the plan takes 1 node, "
            f"which holds {each.per_node} provisioners",
        )
    group = _from_floor(replace(group, pods=each.per_node), max(group.min, 1))
    return replace(group, peak=group.max) if group.scheduled else group


def _workspace(settings: Settings, group: Group, control: ControlPlan, zones: int, findings: Findings) -> Group:
    """Enough for the average workspace at the peak and outside it (EKS-17, T-14, T-16)."""
    del control
    workload = settings.workload
    instance = VALIDATED_WORKSPACE if validated(settings) else group.instance
    each = fit(instance, Request.of_size(workload.average, workspace_requests(settings)))
    if not each.per_node:
        findings.conflict("workload.average", f"none fits on a {instance.name} (by {each.limited_by}); write a larger type in {group.name}")
        return group
    need, floor = nodes_for(workload.peak.workspaces, each.per_node), nodes_for(workload.off_hours.workspaces, each.per_node)
    group = replace(group, instance=instance, pods=each.per_node)
    if validated(settings):
        most = -(-ceil(need * (1 + PACKING_SLACK)) // zones) * zones
        return replace(group, min=max(floor, zones), max=most, desired=max(floor, zones), peak=most)
    _hold(settings, group, need, floor, each, findings)
    group = _from_floor(group, max(group.min, floor))
    return replace(group, peak=max(need, group.min)) if group.scheduled else group


def _hold(settings: Settings, group: Group, need: int, floor: int, each: Fit, findings: Findings) -> None:
    """Refuse a maximum that the peak does not fit into; say when the minimum is raised."""
    peak, off_hours = settings.workload.peak.workspaces, settings.workload.off_hours.workspaces
    if need > group.max:
        findings.conflict(
            f"{group.key}.max",
            f"{group.max} x {group.instance.name} hold {group.max * each.per_node} workspaces ({each.per_node} a node, "
            f"by {each.limited_by}), the peak has {peak}; write {need}, lower workload.requests, or set system.sizing to validated",
        )
    if floor > group.min:
        findings.warn(
            16,
            f"{group.name}: min {group.min} holds {group.min * each.per_node} workspaces ({each.per_node} a node by {each.limited_by}; "
            f"{group.instance.volumes} EBS volumes at most), off-hours have {off_hours}; the plan takes {floor}",
        )


_BY_ROLE: dict[Role, Callable[[Settings, Group, ControlPlan, int, Findings], Group]] = {
    Role.CONTROL: _control,
    Role.PROVISIONER: _provisioner,
    Role.WORKSPACE: _workspace,
}


def group_of(wanted: Role, found: tuple[Group, ...]) -> Group | None:
    """The group of a role; None where its instance type is unknown. Pools count as one, with nodes of the first one's type."""
    groups = [group for group in found if group.role is wanted]
    if len(groups) < 2:
        return next(iter(groups), None)
    most = sum(group.max * group.pods for group in groups) // groups[0].pods
    return replace(groups[0], max=most, peak=most)
