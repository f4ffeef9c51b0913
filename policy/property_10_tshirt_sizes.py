"""**Feature: coder-deployment-guide, Property 10: T-Shirt Sizes**

The templates together offer every size of the system, each with exactly the figures of the table, and each fits where it runs: a pod on
one node of the workspaces, a machine by its type (requirement 14.16, POL-10, TPL-28, TPL-40, T-46, T-51). Sizes are read from the root
module that is pushed, figures from the judge's own table; what the base makes of them from its Terraform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, cast

from pulumi_policy import Severity

from composer import judging
from policy import composed, sizes_used
from policy.crossguard import Property
from policy.stack import Stack
from policy.systems import CONFIG, GROUP_KEY, Size, SystemNeed
from policy.templates import Pushed
from policy.values import Props
from policy.verdict import Verdict
from policy.workspace_nodes import NodeKind, node_kinds, size_of

_RESERVED = 0.9  # what a node has left for pods at least; kubelet, system and daemons take the rest


PROFILE = "${local.sizes[data.coder_parameter.size.value]}"  # the figures of the size that a person chose


def _handed(template: Pushed) -> Iterator[str]:
    profile = template.inputs.get("compute_profile")
    if profile != PROFILE:
        yield f"hands its base the profile {profile}, whatever size is chosen; hand over {PROFILE}"


def sizes_of(template: Pushed) -> dict[str, Size] | None:
    """The sizes that a template offers; None where it does not say so."""
    try:
        found = judging.sizes(template.files)
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    return {
        name: Size(float(cpu.cores), float(memory.gibibytes), float(storage.gibibytes)) for name, (cpu, memory, storage) in found.items()
    }


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Each template's own sizes, then what all offer together."""
    need = stack.need(settings)
    if need is None:
        verdict.wrong(None, f"the system {stack.system!r} has no table of sizes; use one of the known systems")
        return
    nodes = list(node_kinds(stack.graph))
    groups = stack.workspace_groups
    offered: set[str] = set()

    def faults(template: Pushed) -> Iterator[str]:
        sizes = sizes_of(template)
        if not sizes:
            yield "offers no size that can be read from its root module"
            return
        yield from _handed(template)
        offered.update(sizes)
        machines = _machines(template)
        taken = _nodes_of(template, nodes)
        yield from _placed(template, groups, taken) if machines is None else sizes_used.machine_faults(template)
        for name, size in sizes.items():
            yield from _figures(name, size, need)
            yield from _fits(template, name, size, taken) if machines is None else _starts(machines, name, size)
            yield from sizes_used.faults(template, name, size)

    composed.judge(stack, verdict, faults)
    if verdict.postponed:
        return
    for name in need.offered:
        if name not in offered:
            verdict.wrong(stack.templates.node if stack.templates else None, f"no template offers {name}; publish one that does")


def _figures(name: str, size: Size, need: SystemNeed) -> Iterator[str]:
    known = need.sizes.get(name)
    if known is None:
        yield f"offers {name}, which is none of the system's sizes: {', '.join(sorted(need.sizes))}"
    elif known != size:
        told, wanted = (f"{one.cpu:g} vCPU, {one.memory:g} GiB, {one.storage:g} GiB" for one in (size, known))
        yield f"offers {name} with {told}; the table has {wanted}"


def _nodes_of(template: Pushed, nodes: Sequence[NodeKind]) -> list[NodeKind]:
    """The kinds of node that the template's pods come to."""
    group = template.inputs.get("node_group")
    return [node for node in nodes if isinstance(group, str) and node.takes(group)]


def _placed(template: Pushed, groups: Set[str], taken: Sequence[NodeKind]) -> Iterator[str]:
    group = template.inputs.get("node_group")
    if group not in groups:
        yield f"runs in pods on {group}, which the stack does not declare for workspaces ({', '.join(sorted(groups)) or 'none'})"
    elif not taken:
        yield f"runs in pods, and no nodes of the stack have the label {GROUP_KEY}={group} and no other taint"


def _fits(template: Pushed, name: str, size: Size, taken: Sequence[NodeKind]) -> Iterator[str]:
    share: Any = template.inputs.get("requests")
    cpu_share, memory_share = (_number(share, key) for key in ("cpu", "memory"))
    cpu, memory = size.cpu * cpu_share, size.memory * memory_share
    if taken and not any(cpu <= node.cpu * _RESERVED and memory <= node.memory * _RESERVED for node in taken):
        yield f"offers {name}, whose pod requests more than any node for workspaces has; take larger nodes or a smaller share"


def _starts(machines: Mapping[str, list[str]], name: str, size: Size) -> Iterator[str]:
    types = sorted({kind for key, kinds in machines.items() if key.split("/")[0] == name for kind in kinds})
    for kind in types:
        cpu, memory = size_of(kind) or (0, 0)
        if cpu < size.cpu or memory < size.memory:
            yield f"starts {name} on {kind}, which has less than {size.cpu:g} vCPU and {size.memory:g} GiB"
    if not types:
        yield f"offers {name} and names no machine for it"


def _number(share: Any, key: str) -> float:  # noqa: ANN401 - as the root module has it
    """What a pod requests of its size; all of it where nothing is said."""
    value = cast("dict[str, Any]", share).get(key) if isinstance(share, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 1.0


def _machines(template: Pushed) -> Mapping[str, list[str]] | None:
    """The instance types by size and architecture, from the root module; None for a template of pods."""
    found: Any = template.root.get("locals")
    table: Any = cast("dict[str, Any]", found).get("machines") if isinstance(found, dict) else None
    return cast("dict[str, list[str]]", table) if isinstance(table, dict) else None


PROPERTY = Property(
    number=10,
    slug="tshirt-sizes",
    title="T-Shirt Sizes",
    description="The templates offer every size of the system, with the table's figures, where it fits.",
    severity=Severity.MEDIUM,
    tags=("templates", "capacity"),
    remediation="Give the size the table's figures under workload.sizes, and publish a template that offers it.",
    url="https://coder.com/docs/admin/templates/extending-templates/parameters",
    relations=relations,
    settings=CONFIG,
)
