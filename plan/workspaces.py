"""What the workspace nodes hold, size by size, and what that relies on (PRE-10, T-14 to T-17)."""

from __future__ import annotations

from plan.capacity import Request, fit, free_mib, free_millicpu, nodes_for
from plan.findings import Findings
from plan.groups import Group, workspace_requests
from plan.model import CapacityPlan, MixFit, SizeFit
from plan.packing import counts, placed
from plan.quotas import GP3, workspace_storage_tib
from settings.model import Settings
from settings.workload import Size


def capacity_plan(settings: Settings, group: Group, findings: Findings) -> CapacityPlan:
    """The workspaces of a system on its workspace nodes."""
    workload, shares = settings.workload, workspace_requests(settings)
    average = Request.of_size(workload.average, shares)
    each = fit(group.instance, average)
    cpu = float(workload.peak.workspaces * workload.average.cpu.cores)
    memory = float(workload.peak.workspaces * workload.average.memory.gibibytes)
    needed, least = nodes_for(workload.peak.workspaces, each.per_node), group.min
    if group.pooled:  # none without a pod that asks for it
        least = nodes_for(workload.off_hours.workspaces, each.per_node)
    plan = CapacityPlan(
        workspaces=workload.peak.workspaces,
        demand_cpu=cpu,
        demand_memory_gib=memory,
        demand_storage_gib=float(workload.peak.workspaces * workload.average.storage.gibibytes),
        instance_type=group.instance.name,
        request_cpu=average.cpu_text,
        request_memory=average.memory_text,
        workspaces_per_node=each.per_node,
        limited_by=each.limited_by,
        nodes_needed=needed,
        nodes_max=group.max,
        holds=group.max * each.per_node,
        cpu_overcommit=cpu / (group.max * group.instance.vcpus),
        memory_overcommit=memory / (group.max * group.instance.memory_gib),
        off_hours_workspaces=workload.off_hours.workspaces,
        off_hours_nodes=least,
        off_hours_holds=least * each.per_node,
        sizes=tuple(_size_fit(settings, group, name, size) for name, size in workload.sizes.items()),
        mix=_mix(settings, group),
    )
    _warn(settings, group, plan, findings)
    return plan


def _size_fit(settings: Settings, group: Group, name: str, size: Size) -> SizeFit:
    request = Request.of_size(size, workspace_requests(settings))
    each = fit(group.instance, request)
    return SizeFit(name, request.cpu_text, request.memory_text, each.per_node, each.limited_by, _whole(group, size))


def _whole(group: Group, size: Size) -> bool:
    """Whether a node could ever give a workspace all that its size says."""
    return size.cpu.millicpu <= free_millicpu(group.instance) and size.memory.mebibytes <= free_mib(group.instance)


def _mix(settings: Settings, group: Group) -> MixFit | None:
    """The declared mix of sizes, put on all nodes one by one; None where none is declared."""
    workload = settings.workload
    if not workload.mix:
        return None
    each = counts(workload.peak.workspaces, list(workload.mix.values()))
    demand = [
        (Request.of_size(workload.sizes[name], workspace_requests(settings)), count) for name, count in zip(workload.mix, each, strict=True)
    ]
    return MixFit(workload.peak.workspaces, placed(group.instance, group.max, demand))


def _warn(settings: Settings, group: Group, plan: CapacityPlan, findings: Findings) -> None:
    """What the numbers rely on, in words."""
    workload = settings.workload
    nodes = f"{group.max} x {group.instance.name}"
    if plan.memory_overcommit > 1:
        ask = f"{plan.workspaces} workspaces of {workload.average.cpu} vCPU and {workload.average.memory}"
        has = f"{group.max * group.instance.vcpus} vCPU and {group.max * group.instance.memory_gib} GiB"
        findings.warn(
            14,
            f"{ask} ask for {plan.demand_cpu:g} vCPU and {plan.demand_memory_gib:g} GiB, {nodes} have {has}: {plan.workspaces_per_node} "
            f"share a node at {plan.request_cpu} and {plan.request_memory} each, CPU is overcommitted {plan.cpu_overcommit:.3g} times and "
            f"memory {plan.memory_overcommit:.3g} times; who uses memory beyond that is killed, system.sizing validated avoids it",
        )
    if plan.mix and plan.mix.placed < plan.mix.workspaces:
        mix = ", ".join(f"{float(share):.0%} {name}" for name, share in workload.mix.items())
        findings.warn(14, f"of {plan.mix.workspaces} workspaces in a mix of {mix}, {plan.mix.placed} find a place on {nodes}")
    offered = settings.templates.pod_sizes
    if cramped := [size.name for size in plan.sizes if size.name in offered and not size.whole]:
        findings.warn(
            15,
            f"{', '.join(cramped)} can never have all of its CPU and memory as a pod: a {group.instance.name} gives at most "
            f"{free_millicpu(group.instance) / 1000:g} vCPU and {free_mib(group.instance) / 1024:.1f} GiB",
        )
    storage = workspace_storage_tib(workload)
    if GP3.default is not None and storage > GP3.default:
        findings.warn(
            17, f"home volumes take {storage:.1f} TiB of gp3, an account starts with {GP3.default:g}: ask for an increase ({GP3.code})"
        )
