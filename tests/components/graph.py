"""The resource graph of a program as the engine would see it: what every test of a component looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Node:
    """One registered resource: inputs in wire names (camelCase), secrets unwrapped, and everything that it names or waits for, as URNs."""

    urn: str
    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    parent: str
    provider: str
    dependencies: frozenset[str]
    property_dependencies: Mapping[str, frozenset[str]]
    secrets: frozenset[str] = field(default=frozenset())  # names of top-level inputs that are or hold a secret
    protect: bool = False
    retain_on_delete: bool = False
    custom: bool = True
    remote: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    timeouts: Mapping[str, str] = field(default_factory=dict)

    def tags(self) -> Mapping[str, str]:
        """Its AWS tags; empty where it has none."""
        return self.inputs.get("tags") or {}


@dataclass(frozen=True)
class Graph:
    """Every node in URN order, what components registered as outputs, and what the program warned of."""

    nodes: tuple[Node, ...]
    registered: Mapping[str, Mapping[str, Any]]  # URN of a component to its register_outputs
    warnings: tuple[str, ...]
    faults: tuple[str, ...]  # inputs that the SDK's schema refuses

    @cached_property
    def by_urn(self) -> Mapping[str, Node]:
        """Every node by its URN."""
        return {node.urn: node for node in self.nodes}

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """Every node by its physical id; ids are unique in a recording."""
        return {node.id: node for node in self.nodes if node.id}

    def of(self, type_: str) -> list[Node]:
        """All nodes of a type token."""
        return [node for node in self.nodes if node.type == type_]

    def one(self, type_: str, name: str | None = None, **inputs: Any) -> Node:
        """The only node of a type, with that name and those inputs where given.

        Raises AssertionError that lists the candidates when there is none, or more than one.
        """
        candidates = self.of(type_)
        found = [n for n in candidates if name in (None, n.name) and all(n.inputs.get(k) == v for k, v in inputs.items())]
        assert len(found) == 1, f"{len(found)} of {type_} match {name} {inputs}; there are {[n.name for n in candidates]}"
        return found[0]

    def children(self, node: Node) -> list[Node]:
        """The nodes directly under a component."""
        return [child for child in self.nodes if child.parent == node.urn]

    def component(self, type_: str) -> tuple[Node, Mapping[str, Any]]:
        """The only component of a type, with its registered outputs."""
        node = self.one(type_)
        return node, self.registered[node.urn]

    def waits_for(self, node: Node, other: Node) -> bool:
        """Whether `node` is made after `other`: by a dependency, directly or through others; a component counts with its children."""
        return other.urn in set(self._before(node))

    def _before(self, node: Node) -> Iterator[str]:
        seen: set[str] = set()
        ahead = [node.urn]
        while ahead:
            current = self.by_urn.get(ahead.pop())
            for urn in current.dependencies if current else ():
                if urn not in seen:
                    seen.add(urn)
                    ahead.append(urn)
                    yield urn

    def reference(self, node: Node, property_: str) -> list[Node]:
        """The nodes that a property takes its value from."""
        return [self.by_urn[urn] for urn in sorted(node.property_dependencies.get(property_, ())) if urn in self.by_urn]
