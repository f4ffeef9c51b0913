"""Property 1 between regions: whoever is declared as linked is, by an accepted peering with routes on both sides; nobody else (NET-39).

And a database lets in of other regions what is coderd's, where one there is declared to be on it (DB-23).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from policy import tokens
from policy.facts import PRIMARY, SHARED
from policy.graph import Graph, Node
from policy.ingress import open_ranges
from policy.region import Region
from policy.systems import static_groups
from policy.values import Unknown, text
from policy.verdict import Verdict

ENDS = ("vpcId", "peerVpcId")


def relations(graph: Graph, regions: Sequence[Region], verdict: Verdict) -> None:
    """Judge every peering of the stack, and every link that is declared."""
    primary = next((region for region in regions if region.facts.serves == PRIMARY), None)
    linked = {region.name: region for region in regions if region.facts.linked}
    joined: dict[str, list[Node]] = {}
    for connection in graph.all(tokens.PEERING):
        verdict.saw(connection)
        ends = [graph.targets(connection, end, tokens.VPC) for end in ENDS]
        if any(end.undecided for end in ends):
            verdict.undecided(connection, "the VPCs that it joins are unknown")
            continue
        names = {end.only.region or "" for end in ends if end.only}
        far = names - {primary.name if primary else ""}
        if any(end.only is None for end in ends) or len(names) != 2 or len(far) != 1 or not far <= linked.keys():
            verdict.wrong(
                connection, "joins VPCs that no link of the stack file joins; remove it, or declare regions.<region>.link: peering"
            )
            continue
        joined.setdefault(far.pop(), []).append(connection)
        _accepted(graph, connection, verdict)
    for name, region in sorted(linked.items()):
        found = joined.get(name, [])
        if len(found) != 1:
            verdict.wrong(None, f"{name} is declared as linked and has {len(found)} peerings with the primary region; it needs one")
        elif primary is not None:
            _routes(region, primary, found[0], verdict)
            _routes(primary, region, found[0], verdict)
    for region in regions:
        _database_clients(region, [other for other in regions if other is not region], verdict)


def _accepted(graph: Graph, connection: Node, verdict: Verdict) -> None:
    """A peering between regions carries nothing until the other side accepts it, in its own region."""
    accepters = graph.pointing(connection, "vpcPeeringConnectionId", tokens.PEERING_ACCEPTER)
    verdict.saw(*accepters)
    if not any(node.get("autoAccept") is True for node in accepters):
        verdict.wrong(connection, "is accepted by nobody; add a VpcPeeringConnectionAccepter in the other region")


def _routes(here: Region, there: Region, connection: Node, verdict: Verdict) -> None:
    """Every subnet but the public ones has a route to the other side, and the public ones have none."""
    ranges = {text(vpc.get("cidrBlock")) for vpc in there.all(tokens.VPC)}
    accepters = here.graph.pointing(connection, "vpcPeeringConnectionId", tokens.PEERING_ACCEPTER)
    ways = {node.urn for node in (connection, *accepters)}
    for tier, subnets in sorted(here.subnets.items()):
        for subnet in subnets:
            routes = _routes_of(here, subnet)
            targets = [here.graph.targets(route, "vpcPeeringConnectionId", tokens.PEERING, tokens.PEERING_ACCEPTER) for route in routes]
            led = [route for route, target in zip(routes, targets, strict=True) if target.urns & ways]
            if tier == here.need.public:
                for route in led:
                    verdict.wrong(route, f"leads from a public subnet to {there.name}; only private ones are linked")
            elif any(isinstance(route.get("destinationCidrBlock"), Unknown) for route in led):
                verdict.undecided(subnet, f"whether it has a route to {there.name} is unknown")
            elif not any(route.get("destinationCidrBlock") in ranges for route in led):
                verdict.wrong(subnet, f"has no route to {there.name} over the peering; route {', '.join(sorted(map(str, ranges)))} there")


def _database_clients(here: Region, others: Sequence[Region], verdict: Verdict) -> None:
    """Addresses of another region reach a database only where a coderd there is on it, and its nodes' addresses only (DB-23, T-38)."""
    elsewhere = [ip_network(cidr) for other in others for vpc in other.all(tokens.VPC) if (cidr := text(vpc.get("cidrBlock")))]
    tiers = {here.need.node_groups[name].tier for name in static_groups(here.need)}
    coderd = {
        text(subnet.get("cidrBlock"))
        for other in others
        if other.facts.serves == SHARED
        for tier in tiers
        for subnet in other.subnets.get(tier, ())
    }
    databases = here.all(tokens.DATABASE_CLUSTER, tokens.DATABASE_INSTANCE)
    groups = {urn for node in databases for urn in here.graph.targets(node, "vpcSecurityGroupIds", tokens.SECURITY_GROUP).urns}
    for rule in here.all(tokens.SECURITY_GROUP, tokens.SECURITY_GROUP_RULE, tokens.INGRESS_RULE):
        target = (
            {rule.urn} if rule.type == tokens.SECURITY_GROUP else here.graph.targets(rule, "securityGroupId", tokens.SECURITY_GROUP).urns
        )
        if not target & groups:
            continue
        verdict.saw(rule)
        for opened in open_ranges(rule):
            if isinstance(opened.sources, Unknown):
                verdict.undecided(rule, "who may reach the database is unknown")
                continue
            for source in opened.sources:
                if source not in coderd and any(ip_network(source, strict=False).overlaps(vpc) for vpc in elsewhere if ":" not in source):
                    verdict.wrong(rule, f"lets {source} of another region reach the database; only nodes of a coderd that is on it may")


def _routes_of(region: Region, subnet: Node) -> list[Node]:
    """The routes of the tables that a subnet is under."""
    return [
        route
        for association in region.association_of.get(subnet.urn, [])
        for table in region.graph.targets(association, "routeTableId", tokens.ROUTE_TABLE).nodes
        for route in region.routes_of.get(table.urn, [])
    ]
