"""Karpenter's pools: what their limits hold at worst, and what Karpenter is told (EKS-11, EKS-22, EKS-38)."""

from __future__ import annotations

from collections.abc import Iterator

from plan.capacity import Request, fit
from plan.findings import Findings
from plan.groups import Group, Shape, workspace_requests
from plan.instances import INSTANCE_TYPES, InstanceType, find, unknown
from plan.model import PoolPlan, Taint
from plan.node_groups import NODE_GROUP_KEY
from settings.karpenter import Pool
from settings.model import Settings
from settings.quantities import GIB
from settings.roles import Role


def pools(settings: Settings, region: str, findings: Findings) -> tuple[Group, ...]:
    """Every pool of a region as a group of nodes of the type that holds least; conflicts are collected, and what can't be is left out."""
    found = (_pool(settings, region, name, pool, findings) for name, pool in settings.regions[region].cluster.pools.items())
    groups = tuple(group for group in found if group is not None)
    _hold_the_peak(settings, region, groups, findings)
    return groups


def _pool(settings: Settings, region: str, name: str, pool: Pool, findings: Findings) -> Group | None:
    """Karpenter takes the cheapest type that there is, which nobody knows beforehand: the plan counts on the one that holds least."""
    key = f"regions.{region}.cluster.karpenter.pools.{name}"
    types = tuple(_types(key, pool, findings))
    request = _request(settings, pool.role)
    shapes = tuple(Shape(kind, nodes, fit(kind, request).per_node) for kind in types if (nodes := nodes_within(pool, kind)))
    useful = [shape for shape in shapes if shape.pods]
    if not useful:
        if types:
            largest = max(types, key=lambda kind: (kind.vcpus, kind.memory_gib))
            findings.conflict(
                f"{key}.limits",
                f"{pool.limits.cpu} vCPU and {pool.limits.memory} hold no node that takes one {pool.role.value} pod of "
                f"{request.cpu_text} and {request.memory_text} beside what each node runs; write more, or larger types than {largest.name}",
            )
        return None
    least = min(useful, key=lambda shape: (shape.nodes * shape.pods, shape.instance.name))
    return Group(name, key, pool, least.instance, 0, least.nodes, 0, least.nodes, least.pods, shapes)


def _types(key: str, pool: Pool, findings: Findings) -> Iterator[InstanceType]:
    """The types of a pool that are in the table, of its architectures."""
    if pool.instance_categories:
        for kind in INSTANCE_TYPES.values():
            right = kind.name[0] in pool.instance_categories and kind.architecture in pool.architectures
            if right and (pool.most_vcpus is None or kind.vcpus <= pool.most_vcpus):
                yield kind
        return
    for index, name in enumerate(pool.instance_types):
        kind = find(name)
        if kind is None:
            findings.conflict(f"{key}.instance_types[{index}]", unknown(name), weighs=f"{key}.instance_types")
        elif kind.architecture not in pool.architectures:
            findings.conflict(
                f"{key}.instance_types[{index}]",
                f"{name} is {kind.architecture}, which the pool's architectures leave out; write one of {', '.join(pool.architectures)}",
                weighs=key,
            )
        else:
            yield kind


def _request(settings: Settings, role: Role) -> Request:
    """What one pod of a role asks for: the average workspace, or a provisioner."""
    if role is Role.PROVISIONER:
        return Request.whole(settings.workload.provisioner)
    return Request.of_size(settings.workload.average, workspace_requests(settings))


def nodes_within(pool: Pool, kind: InstanceType) -> int:
    """Nodes of one type that the limits of a pool allow; Karpenter counts what a node has, not what pods can use of it."""
    return min(int(pool.limits.cpu.cores // kind.vcpus), int(pool.limits.memory.gibibytes // kind.memory_gib))


def _hold_the_peak(settings: Settings, region: str, groups: tuple[Group, ...], findings: Findings) -> None:
    """Refuse limits that the peak's workspaces do not fit into."""
    workspaces = [group for group in groups if group.role is Role.WORKSPACE]
    holds, peak = sum(group.max * group.pods for group in workspaces), settings.workload.peak.workspaces
    if workspaces and holds < peak:
        request = _request(settings, Role.WORKSPACE)
        each = " and ".join(
            f"{group.max} x {group.instance.name} with {group.pods} each by {fit(group.instance, request).limited_by}"
            for group in workspaces
        )
        findings.conflict(
            f"{workspaces[0].key}.limits",
            f"the limits hold {holds} workspaces at worst ({each}), the peak has {peak} in {region}; write more, leave "
            "out such types by most_vcpus, or lower workload.requests",
        )


def pool_plans(groups: tuple[Group, ...], zones: tuple[str, ...]) -> tuple[PoolPlan, ...]:
    """What Karpenter is told of each pool; all pools of a role carry one label and taint, that of the first, by which pods select them."""
    first: dict[Role, str] = {}
    made: list[PoolPlan] = []
    for group in groups:
        pool = group.declared
        if not isinstance(pool, Pool):
            continue
        label = first.setdefault(pool.role, group.name)
        made.append(
            PoolPlan(
                name=group.name,
                group=label,
                tier=pool.place.value,
                role=pool.role.value,
                zones=zones,
                instance_types=tuple(sorted(shape.instance.name for shape in group.shapes)),
                architectures=tuple(sorted(pool.architectures)),
                capacity_types=tuple(sorted(pool.capacity_types)),
                cpu_limit=str(pool.limits.cpu),
                memory_limit=str(pool.limits.memory),
                most_nodes=max(shape.nodes for shape in group.shapes),
                root_disk_gib=-(-pool.root_disk.bytes // GIB),
                consolidation=pool.consolidation,
                consolidate_after_seconds=int(pool.consolidate_after.total_seconds()),
                disrupted_percent=pool.disrupted_percent,
                labels={NODE_GROUP_KEY: label},
                taints=(Taint(NODE_GROUP_KEY, label, "NO_SCHEDULE"),),
            )
        )
    return tuple(made)
