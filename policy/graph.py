"""A stack's resources, read once: by type, by URN, by what they are called in AWS, and by the edges between them.

An edge has two forms. When values are known, a property holds another resource's id, ARN or name. At the first preview of an empty
stack nothing has an id yet: then the engine's `property_dependencies` tell which resources a property was made from (decision 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pulumi_policy import PolicyResource

from policy import tokens
from policy.inputs import declared_with
from policy.values import Props, Unknown, Value, at, item, leaves, properties, text

# What another resource's property may hold to mean this one. Kubernetes objects are looked up by namespace and name instead.
IDENTITIES = ("id", "arn", "name")
OWN_IDENTITIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(tokens.LOAD_BALANCERS, ("dnsName",)),
    tokens.CERTIFICATE_VALIDATION: ("certificateArn",),
    tokens.DATABASE_CLUSTER: ("clusterIdentifier",),
    tokens.DATABASE_INSTANCE: ("identifier",),
    tokens.EIP: ("allocationId",),
    tokens.RECORD: ("fqdn",),
    tokens.NODE_GROUP: ("resources",),  # the name of its Auto Scaling group stands in here
    tokens.ZONE: ("zoneId",),
}

GLOBAL = ("aws:iam/", "aws:route53/")
"""Services whose resources are of no region."""


class Node:
    """One resource."""

    def __init__(
        self,
        *,
        urn: str,
        type_token: str,
        name: str,
        raw: Mapping[str, object],
        inputs: Mapping[str, object] | None = None,
        parent: str = "",
        edges: Mapping[str, Sequence[str]] | None = None,
        region: str | None = None,
        ignored: Sequence[str] = (),
        protect: bool = False,
    ) -> None:
        self.urn = urn
        self.type = type_token
        self.name = name
        self.parent = parent
        self.edges: Mapping[str, Sequence[str]] = edges or {}
        self.ignored = tuple(ignored)  # property paths whose changes the program ignores
        self.protect = protect
        self._raw = raw
        self._inputs = inputs or {}
        self._provider_region = region

    def __repr__(self) -> str:
        return f"Node({self.type}::{self.name})"

    @cached_property
    def props(self) -> Props:
        """Its properties, read when a property first asks: outputs, and inputs for what the outputs leave out or unknown."""
        outputs = properties(self._raw)
        for key in self._inputs:
            if outputs.get(key) in (None, Unknown.UNKNOWN):
                outputs[key] = item(self._inputs, key)
        return outputs

    @property
    def region(self) -> str | None:
        """The AWS region: of the resource itself, else of its provider; none where neither says."""
        return text(self.props.get("region")) or self._provider_region

    def get(self, *path: str | int) -> Value:
        """What stands at that path of its properties."""
        return at(self.props, *path)


@dataclass(frozen=True)
class Targets:
    """What a property leads to.

    nodes: resources of the stack, in order. foreign: what it holds instead, a value or the URN of a resource of another type.
    undecided: it holds something unknown, and no edge tells where that comes from.
    """

    nodes: tuple[Node, ...]
    foreign: tuple[str, ...] = ()
    undecided: bool = False

    @property
    def only(self) -> Node | None:
        """The one resource that it leads to; none where there are more, or foreign values beside it."""
        return self.nodes[0] if len(self.nodes) == 1 and not self.foreign else None

    @property
    def urns(self) -> set[str]:
        """The URNs of the resources."""
        return {node.urn for node in self.nodes}


class Graph:
    """All resources of a stack, sorted by URN: the engine hands them over in another order each time."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = tuple(sorted(nodes, key=lambda node: node.urn))
        self._by_urn = {node.urn: node for node in self.nodes}
        self._by_type: dict[str, list[Node]] = {}
        self._children: dict[str, list[Node]] = {}
        for node in self.nodes:
            self._by_type.setdefault(node.type, []).append(node)
            self._children.setdefault(node.parent, []).append(node)
        self._identities: dict[str, dict[str, list[Node]]] = {}

    @classmethod
    def of(cls, resources: Iterable[PolicyResource]) -> Graph:
        """Read what a stack policy receives."""
        return cls(_node(resource) for resource in resources)

    def all(self, *types: str) -> list[Node]:
        """Every resource of those types, sorted by URN within each type."""
        return [node for token in types for node in self._by_type.get(token, ())]

    def find(self, urn: str) -> Node | None:
        """The resource of that URN."""
        return self._by_urn.get(urn)

    def under(self, urn: str) -> Iterator[Node]:
        """Everything below a component, at any depth."""
        for child in self._children.get(urn, ()):
            yield child
            yield from self.under(child.urn)

    def targets(self, node: Node, path: str | tuple[str | int, ...], *types: str) -> Targets:
        """The resources of those types that the property leads to, by value where it is known, else by edge.

        A string holds one or several values anywhere below the path. The engine keeps edges for the first step only.
        """
        steps = (path,) if isinstance(path, str) else path
        value = node.get(*steps)
        nodes: dict[str, Node] = {}
        unmatched: list[str] = []
        unknown = value is None
        for leaf in leaves(value):
            if isinstance(leaf, Unknown) or leaf == "":  # an id that is not known yet arrives as either
                unknown = True
            elif isinstance(leaf, str):
                found = self._meant(node, str(steps[0]), self._identified(leaf, types))
                nodes.update((target.urn, target) for target in found)
                if not found:
                    unmatched.append(leaf)
        if not unknown and not unmatched:
            return Targets(tuple(nodes.values()))
        linked, others = self._linked(node, str(steps[0]), types)
        nameless = [target for target in linked if text(target.get("id")) is None]
        if len(unmatched) <= len(nameless):
            unmatched = []  # a known value that nothing is called means a linked resource that does not tell its id
        nodes.update((target.urn, target) for target in (linked if unknown else nameless))
        if unknown and not linked:
            return Targets(tuple(nodes.values()), (*unmatched, *others), undecided=value is not None and not others)
        return Targets(tuple(nodes.values()), tuple(unmatched))

    def pointing(self, target: Node, path: str | tuple[str | int, ...], *types: str) -> list[Node]:
        """The resources of those types whose property leads to this one."""
        return [node for node in self.all(*types) if target.urn in self.targets(node, path, target.type).urns]

    def _linked(self, node: Node, property_name: str, types: Sequence[str]) -> tuple[list[Node], list[str]]:
        """The resources of those types that the property was made from, and the URNs of all others."""
        linked: list[Node] = []
        others: list[str] = []
        for urn in node.edges.get(property_name, ()):
            candidate = self.find(urn)
            if candidate is not None and candidate.type in types:
                linked.append(candidate)
                continue
            # a property made from a remote component's output names the component: look at what it made
            below = [child for child in self.under(urn) if child.type in types]
            linked.extend(below)
            if not below:
                others.append(urn)
        return linked, others

    def _identified(self, value: str, types: Sequence[str]) -> list[Node]:
        for token in types:
            if token not in self._identities:
                called: dict[str, list[Node]] = {}
                for node in self.all(token):
                    for identity in sorted(set(_called(node))):
                        called.setdefault(identity, []).append(node)
                self._identities[token] = called
            found = self._identities[token].get(value)
            if found:
                return found
        return []

    def _meant(self, node: Node, property_name: str, called: list[Node]) -> list[Node]:
        """Of several resources of one name, such as the clusters of two regions: those of the node's region, then those it is made from."""
        if len(called) > 1:
            called = [other for other in called if other.type.startswith(GLOBAL) or other.region == node.region] or called
        if len(called) > 1:
            called = [other for other in called if other.urn in node.edges.get(property_name, ())] or called
        return called


def _called(node: Node) -> list[str]:
    """Every known string that means this resource."""
    keys = (*IDENTITIES, *OWN_IDENTITIES.get(node.type, ()))
    return [leaf for key in keys for leaf in leaves(node.props.get(key)) if isinstance(leaf, str) and leaf]


def _node(resource: PolicyResource) -> Node:
    region: str | None = None
    if resource.provider is not None:
        region = text(properties(resource.provider.props).get("region"))
    return Node(
        urn=resource.urn,
        type_token=resource.resource_type,
        name=resource.name,
        raw=resource.props,
        inputs=declared_with(resource.urn),
        parent=resource.parent.urn if resource.parent is not None else "",
        edges={key: [target.urn for target in targets] for key, targets in resource.property_dependencies.items()},
        region=region,
        ignored=resource.opts.ignore_changes,
        protect=resource.opts.protect,
    )
