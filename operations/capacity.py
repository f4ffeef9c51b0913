"""`coder-eks capacity`: what a stack holds, what limits it, and what `sizing: validated` would be (decision 1)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from composer import faults
from operations.failure import ExitCode, Failure
from plan import Plan, PlanError, make_plan
from plan.instances import INSTANCE_TYPES
from plan.model import NodeGroupPlan, RegionPlan
from settings.model import Settings
from settings.observability import Prometheus
from settings.roles import Role
from settings.workload import Sizing


@dataclass(frozen=True)
class Comparison:
    """A stack as it is declared, and what the other sizing would make of it; refused: why there is no such plan."""

    stack: str
    sizing: Sizing
    declared: Plan
    other: Plan | None
    refused: tuple[str, ...]

    @property
    def other_sizing(self) -> Sizing:
        """The one that is compared with."""
        return Sizing.VALIDATED if self.sizing is Sizing.DESIGN else Sizing.DESIGN


def plan_of(stack: str, settings: Settings) -> Plan:
    """What follows from the settings; Failure where they cannot stand together."""
    try:
        return make_plan(settings)
    except PlanError as error:
        raise Failure(ExitCode.USAGE, faults.of_plan(error, f"Pulumi.{stack}.yaml", settings, datetime.now(UTC).date())) from None


def compare(stack: str, settings: Settings) -> Comparison:
    """Plans of both sizings; Failure where the declared one cannot stand."""
    sizing, declared = settings.system.sizing, plan_of(stack, settings)
    comparison = Comparison(stack, sizing, declared, None, ())
    system = settings.system.model_copy(update={"sizing": comparison.other_sizing})
    try:
        return Comparison(stack, sizing, declared, make_plan(settings.model_copy(update={"system": system})), ())
    except PlanError as error:
        return Comparison(stack, sizing, declared, None, error.problems)


def as_json(comparison: Comparison) -> dict[str, object]:
    """The same for programs: capacity, control plane, provisioners and cost of both, in the plan's own names."""
    plans = {comparison.sizing.value: comparison.declared, comparison.other_sizing.value: comparison.other}
    return {
        "stack": comparison.stack,
        "sizing": comparison.sizing.value,
        "warnings": list(comparison.declared.warnings),
        "refused": list(comparison.refused),
        "plans": {name: _plan_json(plan) for name, plan in plans.items() if plan is not None},
    }


def _plan_json(plan: Plan) -> dict[str, object]:
    return {
        "capacity": asdict(plan.capacity),
        "control": asdict(plan.control),
        "provisioners": {
            name: {"peak": region.provisioners.replicas_peak, "floor": region.provisioners.replicas_floor}
            for name, region in plan.regions.items()
        },
        "prometheus": plan.observability.prometheus.value,
        "monthly_usd": plan.monthly_cost.total_usd,
        "priced_on": plan.monthly_cost.priced_on.isoformat(),
    }


def show(comparison: Comparison, console: Console) -> None:
    """A table and sentences on a terminal, plain lines of the same in a pipe."""
    console.print(Group(_verdict(comparison), Text(), _figures(comparison), Text(), _nodes(comparison), Text(), _sizes(comparison)))
    for title, sentences in (("Warnings", comparison.declared.warnings), (f"No {comparison.other_sizing} plan", comparison.refused)):
        if sentences:
            console.print(Text(f"\n{title}"))
            for sentence in sentences:
                console.print(Text(f"- {sentence}"), soft_wrap=True)


def _verdict(comparison: Comparison) -> RenderableType:
    capacity = comparison.declared.capacity
    peak = f"{comparison.stack} ({comparison.sizing}) holds {capacity.holds:,} of {capacity.workspaces:,} workspaces at the peak"
    quiet = f"{capacity.off_hours_holds:,} of {capacity.off_hours_workspaces:,} outside it"
    nodes = (
        f"{capacity.nodes_max} x {capacity.instance_type}, {capacity.workspaces_per_node} workspaces each, limited by {capacity.limited_by}"
    )
    return Text(f"{peak}, {quiet}.\nWorkspace nodes: {nodes}.")


def _figures(comparison: Comparison) -> Table:
    plans = [comparison.declared, *([comparison.other] if comparison.other else [])]
    names = [f"{comparison.sizing} (declared)", *([comparison.other_sizing.value] if comparison.other else [])]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    rows = [_column(plan) for plan in plans]
    for label in rows[0]:
        table.add_row(label, *(row[label] for row in rows))
    return table


def _column(plan: Plan) -> dict[str, str]:
    capacity, control = plan.capacity, plan.control
    provisioners = sorted(plan.regions.items())
    return {
        "workspaces at the peak": f"{capacity.workspaces:,}",
        "their full size": f"{capacity.demand_cpu:,.0f} vCPU, {capacity.demand_memory_gib:,.0f} GiB",
        "their volumes": f"{capacity.demand_storage_gib:,.0f} GiB",
        "node type": capacity.instance_type,
        "a workspace requests": f"{capacity.request_cpu} CPU, {capacity.request_memory}",
        "workspaces a node": f"{capacity.workspaces_per_node}, by {capacity.limited_by}",
        "nodes needed, most": f"{capacity.nodes_needed:,}, {capacity.nodes_max:,}",
        "holds at the peak": f"{capacity.holds:,}",
        "holds outside it": f"{capacity.off_hours_holds:,} on {capacity.off_hours_nodes} nodes",
        "CPU, memory overcommitted": f"{capacity.cpu_overcommit:.1f}x, {capacity.memory_overcommit:.1f}x",
        "coderd": f"{control.replicas} x {control.cpu} CPU, {control.memory}",
        "database": control.database,
        "coderd's metrics": {
            Prometheus.CHART: "on the control nodes",
            Prometheus.MANAGED: "Managed Prometheus",
            Prometheus.NONE: "not kept",
        }[plan.observability.prometheus],
        "provisioners, floor to peak": ", ".join(
            f"{r.provisioners.replicas_floor} to {r.provisioners.replicas_peak}" for _, r in provisioners
        ),
        f"USD a month ({plan.monthly_cost.priced_on:%Y-%m})": f"{plan.monthly_cost.total_usd:,.0f}",
    }


def _nodes(comparison: Comparison) -> Table:
    """What each node type has, and what a node of it holds (T-52: a document may say more than AWS sells)."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("nodes", "type", "vCPU", "GiB", "fewest", "most", "a node holds"):
        table.add_column(name, justify="left" if name in ("nodes", "type") else "right")
    for plan in comparison.declared.regions.values():
        groups: dict[str, list[NodeGroupPlan]] = {}
        for group in plan.node_groups:
            groups.setdefault(group.group, []).append(group)
        for name, members in groups.items():
            instance, most = INSTANCE_TYPES[members[0].instance_type], sum(group.max for group in members)
            held = _held(comparison.declared, plan, members[0].role, most)
            fewest = sum(group.min for group in members)
            table.add_row(name, instance.name, str(instance.vcpus), str(instance.memory_gib), str(fewest), str(most), held)
    return table


def _held(plan: Plan, region: RegionPlan, role: str, most: int) -> str:
    if role == Role.WORKSPACE:
        return f"{plan.capacity.workspaces_per_node} workspaces"
    if role == Role.PROVISIONER:
        return f"{region.provisioners.replicas_peak // most} provisioners"
    return "coderd, controllers"


def _sizes(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("size", "requests", "limit", "a node"):  # the last column to the right: no blanks at the end of a line in a pipe
        table.add_column(name, justify="right" if name == "a node" else "left")
    for size in comparison.declared.capacity.sizes:
        held = str(size.per_node) if size.per_node else "never fits"
        table.add_row(size.name, f"{size.request_cpu} CPU, {size.request_memory}", size.limited_by, held)
    return table
