"""One region of a stack, with its subnets sorted into tiers and what each property of the network leads to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from policy import tokens
from policy.facts import RegionFacts
from policy.graph import Graph, Node
from policy.ingress import of_everybody
from policy.systems import SystemNeed
from policy.values import Props, Unknown, mapping, sequence, text

DEFAULT_ROUTES = ("0.0.0.0/0", "::/0")
DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")
TIER_TAG = "Tier"


@dataclass(frozen=True)
class Region:
    """A region as declared, and the part of the graph that lies in it."""

    name: str
    facts: RegionFacts
    need: SystemNeed
    graph: Graph
    alone: bool

    def all(self, *types: str) -> list[Node]:
        """The resources of those types in this region; in a stack of one region also those that don't tell theirs."""
        return [node for node in self.graph.all(*types) if node.region == self.name or (self.alone and node.region is None)]

    @property
    def zones(self) -> int:
        """How many zones it must have: what is declared, but not fewer than the system needs."""
        return max(self.facts.zones or 0, self.need.zones)

    @cached_property
    def subnets(self) -> dict[str, list[Node]]:
        """The subnets of each tier, by their tag."""
        found: dict[str, list[Node]] = {}
        for subnet in self.all(tokens.SUBNET):
            found.setdefault(tier_of(subnet) or "", []).append(subnet)
        return found

    @cached_property
    def association_of(self) -> dict[str, list[Node]]:
        """The route table associations of each subnet, by the subnet's URN."""
        found: dict[str, list[Node]] = {}
        for association in self.all(tokens.ROUTE_TABLE_ASSOCIATION):
            for subnet in self.graph.targets(association, "subnetId", tokens.SUBNET).nodes:
                found.setdefault(subnet.urn, []).append(association)
        return found

    @cached_property
    def routes_of(self) -> dict[str, list[Node]]:
        """The routes of each route table, by the table's URN: resources of their own, and those that stand inside the table."""
        found: dict[str, list[Node]] = {}
        for route in self.all(tokens.ROUTE):
            for table in self.graph.targets(route, "routeTableId", tokens.ROUTE_TABLE).nodes:
                found.setdefault(table.urn, []).append(route)
        for table in self.all(tokens.ROUTE_TABLE):
            beside = found.setdefault(table.urn, [])
            known = [_destinations(route) for route in beside]  # once deployed, a table also tells the routes that stand beside it
            inner = [_inner_route(table, item) for item in sequence(table.get("routes")) if isinstance(item, dict)]
            beside.extend(route for route in inner if _destinations(route) not in known)
        return found

    @cached_property
    def loose_routes(self) -> list[Node]:
        """The routes that may be of any route table, as theirs is unknown."""
        return [route for route in self.all(tokens.ROUTE) if self.graph.targets(route, "routeTableId", tokens.ROUTE_TABLE).undecided]


def is_default(route: Node) -> bool:
    """Whether a route takes what no other route takes."""
    return not _destinations(route).isdisjoint(DEFAULT_ROUTES)


def _destinations(route: Node) -> set[str]:
    return {place for key in DESTINATIONS if (place := text(route.get(key)))}


def takes_unknown(route: Node) -> bool:
    """Whether it can't be told which addresses a route takes."""
    return any(isinstance(route.get(key), Unknown) for key in DESTINATIONS)


def is_wide(route: Node) -> bool:
    """Whether a route takes the internet or a large part of it: two halves of the address space are as good as a default route."""
    return any(map(of_everybody, _destinations(route)))


def _inner_route(table: Node, item: Props) -> Node:
    """A route inside its table, in the form of one beside it: the engine keeps edges for all of `routes` together."""
    edges = {key: table.edges.get("routes", ()) for key, value in item.items() if value or isinstance(value, Unknown)}
    return Node(urn=table.urn, type_token=tokens.ROUTE, name=table.name, raw=dict(item), edges=edges)


def tier_of(subnet: Node) -> str | None:
    """The tier that a subnet is tagged with; letter case does not matter, as tags are for people."""
    tags = {**mapping(subnet.get("tagsAll")), **mapping(subnet.get("tags"))}
    return text(next((value for key, value in tags.items() if key.lower().rpartition("/")[2] == TIER_TAG.lower()), None))
