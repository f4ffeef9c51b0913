"""What the stack declares of itself: the outputs of its one Environment component.

They say what an operator asked for. What a system must have at least stands in `policy/systems.py`: the accused does not set the law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policy import tokens
from policy.graph import Graph, Node
from policy.values import Value, integer, mapping, sequence, text

FIRST_VISIT = "first visit: what is inside Coder comes with the second, after `coder-eks bootstrap`"


@dataclass(frozen=True)
class GroupFacts:
    """A node group as declared; the figures are totals over the zones."""

    tier: str | None
    instance_type: str | None
    minimum: int | None
    maximum: int | None


PRIMARY, PROXY, SHARED = "primary", "proxy", "shared-database"
PEERING = "peering"


@dataclass(frozen=True)
class RegionFacts:
    """A region as declared.

    serves: `primary` where Coder and its database are, `shared-database` for a coderd on that database, or `proxy`. host: of this region
    alone, in a stack of several. litellm: whether a second database stands beside coderd's (DB-04). linked: whether its VPC is peered with
    the primary region's (NET-39). leaving: whether it is let go, before it is taken away. workspace_groups: the node groups and Karpenter's
    pools for workspaces.
    """

    zones: int | None
    tiers: tuple[str, ...]
    nat: str | None
    node_groups: Mapping[str, GroupFacts]
    database_engine: str | None
    readers: int | None
    retention_days: int | None
    deployed: bool = True
    serves: str = PRIMARY
    host: str | None = None
    litellm: bool = False
    linked: bool = False
    leaving: bool = False
    workspace_groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The environment as declared. visit: 1 before there is a token of coderd, 2 from then on (decision 7)."""

    node: Node
    system: str | None
    base_domain: str | None
    access_url: str | None
    regions: Mapping[str, RegionFacts]
    visit: int
    workspaces: int | None = None
    storage_gib: float | None = None

    @property
    def deployed(self) -> tuple[str, ...]:
        """The regions that are made; the others are only validated with them."""
        return tuple(name for name, region in self.regions.items() if region.deployed)

    def volumes_gib(self, region: str) -> float | None:
        """The volumes of all workspaces, in each region that may run them; None where the stack does not say."""
        del region
        return None if self.workspaces is None or self.storage_gib is None else self.workspaces * self.storage_gib


@dataclass(frozen=True)
class TemplateFacts:
    """The templates as declared. published: their names; always_on: those that may run around the clock."""

    node: Node
    published: tuple[str, ...]
    always_on: tuple[str, ...]


def declared_templates(graph: Graph) -> TemplateFacts | None:
    """What the stack's Templates component declares; none where it has no such component, or several."""
    components = graph.all(tokens.TEMPLATES)
    if len(components) != 1:
        return None
    node = components[0]
    always_on = tuple(name for item in sequence(node.get("alwaysOn")) if (name := text(item)))
    return TemplateFacts(node, tuple(sorted(mapping(node.get("templates")))), always_on)


def declared(graph: Graph) -> Facts | None:
    """The facts of the stack's Environment; none where it has no such component, or several."""
    environments = graph.all(tokens.ENVIRONMENT)
    if len(environments) != 1:
        return None
    node = environments[0]
    return Facts(
        node=node,
        system=text(node.get("system")),
        base_domain=text(node.get("baseDomain")),
        access_url=text(node.get("accessUrl")),
        regions={name: _region(value) for name, value in sorted(mapping(node.get("regions")).items())},
        visit=_visit(graph, integer(node.get("visit"))),
        workspaces=integer(node.get("workload", "workspaces")),
        storage_gib=_float(node.get("workload", "storageGib")),
    )


def _visit(graph: Graph, said: int | None) -> int:
    """The visit by what is there: a program that has coderd's resources and calls itself the first visit is on its second."""
    return 2 if any(node.type.startswith(tokens.CODERD_PACKAGE) for node in graph.nodes) else said or 1


def _region(value: Value) -> RegionFacts:
    region = mapping(value)
    database = mapping(region.get("database"))
    tiers = region.get("tiers")
    return RegionFacts(
        zones=_count(region.get("zones")),
        tiers=tuple(sorted(tiers)) if isinstance(tiers, dict) else tuple(name for item in sequence(tiers) if (name := text(item))),
        nat=text(region.get("nat")),
        node_groups={name: _group(group) for name, group in sorted(mapping(region.get("nodeGroups")).items())},
        database_engine=text(database.get("engine")),
        readers=integer(database.get("readers")),
        retention_days=integer(database.get("retentionDays")),
        deployed=region.get("deployed") is not False,
        serves=text(region.get("serves")) or PRIMARY,
        host=text(region.get("host")),
        litellm=region.get("litellm") is True,
        linked=text(region.get("link")) == PEERING,
        leaving=region.get("leaving") is True,
        workspace_groups=tuple(
            name
            for key in ("nodeGroups", "pools")
            for name, group in sorted(mapping(region.get(key)).items())
            if mapping(group).get("role") == "workspace"
        ),
    )


def _float(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(value: Value) -> int | None:
    return len(value) if isinstance(value, list) else integer(value)


def _group(value: Value) -> GroupFacts:
    group = mapping(value)
    return GroupFacts(
        tier=text(group.get("tier")),
        instance_type=text(group.get("instanceType")),
        minimum=integer(group.get("min")),
        maximum=integer(group.get("max")),
    )
