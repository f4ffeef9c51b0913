"""The nodes that take a workspace's pod, by what they are: their label, their taints, and how large they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policy import tokens
from policy.graph import Graph
from policy.quota_demand import POOL, machines_of, required, vcpus
from policy.systems import GROUP_KEY
from policy.values import Value, at, mapping, sequence, text

# GiB of memory for each vCPU by the family's letter (EC2 user guide, instance families, read 2026-11): compute, general, memory optimised,
# burstable from `large` on; a family that is not here has no size that fits
_MEMORY: Mapping[str, float] = {"c": 2, "m": 4, "r": 8, "g": 4, "p": 8, "t": 4}
# GiB of the burstable ones below: the same in T2, T3, T3a and T4g (the like lists, as in public tables of types, read 2026-11-22)
_BURSTABLE: Mapping[str, float] = {"nano": 0.5, "micro": 1, "small": 2, "medium": 4}
_INSTANCE_TYPE = "node.kubernetes.io/instance-type"  # the label by which a pool of Karpenter's names what it may start


@dataclass(frozen=True)
class NodeKind:
    """One kind of node. taints: keys and values of those that keep pods off. cpu: vCPU; memory: GiB."""

    group: str | None
    taints: frozenset[tuple[str | None, str | None]]
    cpu: float
    memory: float

    def takes(self, group: str) -> bool:
        """Whether a pod comes here that selects this group's label and puts up with its taint, and with no other."""
        return self.group == group and self.taints <= {(GROUP_KEY, group)}


def size_of(instance_type: str) -> tuple[float, float] | None:
    """vCPU and GiB of an instance type by its name; None for a name of another form.

    >>> size_of("m5.2xlarge"), size_of("r6i.large"), size_of("t3.small"), size_of("huge")
    ((8.0, 32.0), (2.0, 16.0), (2.0, 2.0), None)
    """
    cpu = vcpus(instance_type)
    family, size = instance_type[0], instance_type.rpartition(".")[2]
    if not cpu or family not in _MEMORY:
        return None
    return float(cpu), _BURSTABLE[size] if family == "t" and size in _BURSTABLE else cpu * _MEMORY[family]


def node_kinds(graph: Graph) -> Iterator[NodeKind]:
    """Every kind of node that the stack's node groups and Karpenter's pools start."""
    for group in graph.all(tokens.NODE_GROUP):
        yield from _kinds(machines_of(graph, group), group.get("labels"), group.get("taints"))
    for pool in graph.nodes:
        if POOL.match(pool.type):
            template = pool.get("spec", "template")
            yield from _kinds(required(pool, _INSTANCE_TYPE), at(template, "metadata", "labels"), at(template, "spec", "taints"))


def _kinds(types: Iterable[str], labels: Value, taints: Value) -> Iterator[NodeKind]:
    kept_off = [taint for taint in sequence(taints) if not (text(at(taint, "effect")) or "").upper().startswith("PREFER")]
    keys = frozenset((text(at(taint, "key")), text(at(taint, "value"))) for taint in kept_off)
    for kind in types:
        size = size_of(kind)
        if size:
            yield NodeKind(text(mapping(labels).get(GROUP_KEY)), keys, *size)
