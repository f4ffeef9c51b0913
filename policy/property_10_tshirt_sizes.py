"""**Feature: coder-deployment-guide, Property 10: T-Shirt Sizes**

The templates together offer every size of the system, each with exactly the figures of the table, and each fits where it runs: a pod on
one node of the workspaces, a machine by its type (requirement 14.16, POL-10, TPL-28, TPL-40, T-46, T-51). Sizes are read from the root
module that is pushed, figures from the judge's own table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pulumi_policy import Severity

from composer import judging
from policy import composed, tokens
from policy.crossguard import Property
from policy.infrastructure_services import group_of
from policy.quota_demand import POOL, machine_of, vcpus
from policy.stack import Stack
from policy.systems import CONFIG, Size, SystemNeed
from policy.templates import Pushed
from policy.values import Props
from policy.verdict import Verdict

# GiB of memory for each vCPU by the family's letter (EC2 user guide, instance families, read 2026-11): compute, general, memory optimised
_MEMORY: Mapping[str, float] = {"c": 2, "m": 4, "r": 8, "g": 4, "p": 8}
_RESERVED = 0.9  # what a node has left for pods at least; kubelet, system and daemons take the rest


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
    nodes = list(_nodes(stack))
    offered: set[str] = set()

    def faults(template: Pushed) -> Iterator[str]:
        sizes = sizes_of(template)
        if not sizes:
            yield "offers no size that can be read from its root module"
            return
        offered.update(sizes)
        for name, size in sizes.items():
            yield from _figures(name, size, need)
            yield from _fits(template, name, size, nodes)

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


def _nodes(stack: Stack) -> Iterator[tuple[float, float]]:
    """vCPU and GiB of each kind of node that workspaces run on; a pool of Karpenter's takes what a pod needs."""
    for group in stack.graph.all(tokens.NODE_GROUP):
        named = group_of(group) or ""
        kind = machine_of(stack.graph, group)
        cpu = vcpus(kind) if kind else None
        if kind and cpu and (named.endswith("-ws") or "ws" in named):
            yield float(cpu), cpu * _MEMORY.get(kind[0], 4)
    if any(POOL.match(node.type) for node in stack.graph.nodes):
        yield float("inf"), float("inf")


def _fits(template: Pushed, name: str, size: Size, nodes: list[tuple[float, float]]) -> Iterator[str]:
    machines = _machines(template, name)
    if machines is not None:
        for kind in machines:
            cpu = vcpus(kind)
            if cpu is None or cpu < size.cpu or cpu * _MEMORY.get(kind[0], 4) < size.memory:
                yield f"starts {name} on {kind}, which has less than {size.cpu:g} vCPU and {size.memory:g} GiB"
        if not machines:
            yield f"offers {name} and names no machine for it"
        return
    share: Any = template.inputs.get("requests")
    cpu_share, memory_share = (_number(share, key) for key in ("cpu", "memory"))
    if not nodes:
        yield "runs in pods, and the stack has no nodes for workspaces"
    elif not any(size.cpu * cpu_share <= cpu * _RESERVED and size.memory * memory_share <= memory * _RESERVED for cpu, memory in nodes):
        yield f"offers {name}, whose pod requests more than any node for workspaces has; take larger nodes or a smaller share"


def _number(share: Any, key: str) -> float:  # noqa: ANN401 - as the root module has it
    """What a pod requests of its size; all of it where nothing is said."""
    value = cast("dict[str, Any]", share).get(key) if isinstance(share, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 1.0


def _machines(template: Pushed, size: str) -> list[str] | None:
    """The instance types of a size, from the root module; None for a template of pods."""
    found: Any = template.root.get("locals")
    table: Any = cast("dict[str, Any]", found).get("machines") if isinstance(found, dict) else None
    if not isinstance(table, dict):
        return None
    return sorted({kind for key, kinds in cast("dict[str, list[str]]", table).items() if key.split("/")[0] == size for kind in kinds})


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
