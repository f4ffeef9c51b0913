"""Property 1 on the network: every subnet in its zone, and every route to where its tier may go (NET-02 to NET-17)."""

from __future__ import annotations

from collections.abc import Mapping

from policy import tokens
from policy.graph import Node
from policy.region import Region, is_default, is_wide, takes_unknown
from policy.values import Unknown, text
from policy.verdict import Verdict

NAT_INSTANCE_TYPES = (tokens.NETWORK_INTERFACE, tokens.INSTANCE)


def relations(region: Region, verdict: Verdict) -> None:
    """Judge zones, routes, NAT and what lies in which VPC."""
    _one_subnet_a_zone(region, verdict)
    _in_the_vpc(region, verdict)
    _gateways(region, verdict)
    for tier, subnets in sorted(region.subnets.items()):
        for subnet in subnets:
            verdict.saw(subnet)
            if tier == region.need.public:
                _routes_to_the_internet(region, subnet, verdict)
            elif tier == region.need.isolated:
                _routes_nowhere(region, subnet, verdict)
            else:
                _routes_to_nat(region, subnet, verdict)


def _one_subnet_a_zone(region: Region, verdict: Verdict) -> None:
    """Each tier has exactly one subnet in each zone, and all tiers have the same zones."""
    zones: set[str] = set()
    for tier in region.need.tiers:
        subnets = region.subnets.get(tier, [])
        taken: dict[str, Node] = {}
        for subnet in subnets:
            if isinstance(subnet.get("availabilityZone"), Unknown):
                verdict.undecided(subnet, "its availability zone is unknown")
            elif (zone := text(subnet.get("availabilityZone"))) and taken.setdefault(zone, subnet) is not subnet:
                verdict.wrong(subnet, f"lies in {zone} beside {taken[zone].name} of the same tier; give each zone one")
        if len(subnets) != region.zones:
            verdict.wrong(
                None,
                f"{region.name}: tier {tier} has {len(subnets)} subnets, and needs one in each of {region.zones} zones (tag Tier={tier})",
            )
        zones.update(taken)
    for tier in sorted(set(region.subnets) - set(region.need.tiers)):
        if not tier:
            verdict.wrong(region.subnets[tier][0], "has no tag Tier; name the tier that it belongs to")
    if len(zones) > region.zones:
        verdict.wrong(None, f"{region.name}: subnets lie in {', '.join(sorted(zones))}; all tiers must share {region.zones} zones")


def _in_the_vpc(region: Region, verdict: Verdict) -> None:
    """Subnets, route tables, gateways and security groups lie in the region's VPC."""
    vpcs = {node.urn for node in region.all(tokens.VPC)}
    gateways = [node for node in region.all(tokens.INTERNET_GATEWAY) if node.get("vpcId") is not None]
    attachments = region.all(tokens.INTERNET_GATEWAY_ATTACHMENT)
    for node in [*region.all(tokens.SUBNET, tokens.ROUTE_TABLE, tokens.SECURITY_GROUP), *gateways, *attachments]:
        target = region.graph.targets(node, "vpcId", tokens.VPC)
        if target.undecided:
            verdict.undecided(node, "its VPC is unknown")
        elif target.only is None or target.only.urn not in vpcs:
            verdict.wrong(node, "does not lie in the region's VPC; set vpc_id to that of the network")
    for gateway in region.all(tokens.INTERNET_GATEWAY):
        verdict.saw(gateway)
        if gateway not in gateways and not region.graph.pointing(gateway, "internetGatewayId", tokens.INTERNET_GATEWAY_ATTACHMENT):
            verdict.wrong(gateway, "is attached to no VPC; set vpc_id to that of the network")


def _gateways(region: Region, verdict: Verdict) -> None:
    """Each NAT gateway has an address of its own and stands in a public subnet of its own; no address lies idle."""
    public = {subnet.urn for subnet in region.subnets.get(region.need.public, [])}
    addresses: dict[str, Node] = {}
    places: dict[str, Node] = {}
    left_open = False
    for gateway in region.all(tokens.NAT_GATEWAY):
        verdict.saw(gateway)
        if text(gateway.get("connectivityType")) == "private":
            verdict.wrong(gateway, "has the connectivity type private, which leads to no internet; set connectivity_type to public")
        address = region.graph.targets(gateway, "allocationId", tokens.EIP)
        if address.undecided:
            verdict.undecided(gateway, "its Elastic IP is unknown")
            left_open = True
        elif address.only is None:
            verdict.wrong(gateway, "has no Elastic IP of this stack; give it one of its own as allocation_id")
        elif addresses.setdefault(address.only.urn, gateway) is not gateway:
            verdict.wrong(gateway, f"shares {address.only.name} with {addresses[address.only.urn].name}; give it an Elastic IP of its own")
        place = region.graph.targets(gateway, "subnetId", tokens.SUBNET)
        if place.undecided:
            verdict.undecided(gateway, "its subnet is unknown")
        elif place.only is None or place.only.urn not in public:
            verdict.wrong(gateway, "stands in no public subnet; set subnet_id to the public subnet of its zone")
        elif places.setdefault(place.only.urn, gateway) is not gateway:
            verdict.wrong(gateway, f"stands in {place.only.name} beside {places[place.only.urn].name}; each zone has one of its own")
    if not left_open:
        _idle_addresses(region, addresses, verdict)


def _idle_addresses(region: Region, used_by_nat: Mapping[str, Node], verdict: Verdict) -> None:
    used = set(used_by_nat)
    for balancer in region.all(*tokens.LOAD_BALANCERS):
        used |= region.graph.targets(balancer, "subnetMappings", tokens.EIP).urns
    for address in region.all(tokens.EIP):
        verdict.saw(address)
        # an address that names its instance or interface is used by that: NAT instances have theirs so
        if address.urn not in used and address.get("instance") is None and address.get("networkInterface") is None:
            verdict.wrong(address, "is an Elastic IP that no NAT gateway and no load balancer uses; remove it or use it")


def _table_of(region: Region, subnet: Node, verdict: Verdict) -> Node | None:
    """The one route table of a subnet."""
    associations = region.association_of.get(subnet.urn, [])
    if not associations:
        if any(region.graph.targets(node, "subnetId", tokens.SUBNET).undecided for node in region.all(tokens.ROUTE_TABLE_ASSOCIATION)):
            verdict.undecided(subnet, "its route table is unknown")
        else:
            verdict.wrong(subnet, "is associated with no route table; associate it with its tier's")
        return None
    if len(associations) > 1:
        verdict.wrong(subnet, f"is associated {len(associations)} times; AWS takes one route table for a subnet")
        return None
    target = region.graph.targets(associations[0], "routeTableId", tokens.ROUTE_TABLE)
    if target.undecided:
        verdict.undecided(associations[0], "its route table is unknown")
    elif target.only is None:
        verdict.wrong(subnet, "is associated with a route table that is not in the stack; use its tier's")
    return target.only


def _routes(region: Region, subnet: Node, verdict: Verdict) -> list[Node] | None:
    """The routes of a subnet's table; none where it can't be told which they are, or what they take."""
    table = _table_of(region, subnet, verdict)
    if table is None:
        return None
    routes = region.routes_of.get(table.urn, [])
    if region.loose_routes or any(takes_unknown(route) for route in routes):
        verdict.undecided(subnet, "its routes are unknown")
        return None
    return routes


def _routes_to_the_internet(region: Region, subnet: Node, verdict: Verdict) -> None:
    """A public subnet has its default route to the internet gateway (NET-12)."""
    routes = _routes(region, subnet, verdict)
    if routes is None:
        return
    targets = [region.graph.targets(route, "gatewayId", tokens.INTERNET_GATEWAY) for route in routes if is_default(route)]
    if any(target.undecided for target in targets):
        verdict.undecided(subnet, "its default route is unknown")
    elif not targets or any(target.only is None for target in targets):
        verdict.wrong(subnet, "is public and has no default route to the internet gateway; route 0.0.0.0/0 there")


def _leads_out(region: Region, route: Node) -> bool:
    """Whether a route leads to the internet, for any range: two halves of the address space are as good as a default route."""
    internet = region.graph.targets(route, "gatewayId", tokens.INTERNET_GATEWAY)
    return bool(internet.nodes) or any(gateway.startswith("igw-") for gateway in internet.foreign)


def _routes_nowhere(region: Region, subnet: Node, verdict: Verdict) -> None:
    """A database subnet has no route to the internet at all (NET-17)."""
    for route in _routes(region, subnet, verdict) or []:
        nat = region.graph.targets(route, "natGatewayId", tokens.NAT_GATEWAY)
        if is_wide(route) or _leads_out(region, route) or nat.nodes or nat.foreign:
            verdict.wrong(subnet, f"is isolated and has a route to the internet ({route.name}); remove it")


def _routes_to_nat(region: Region, subnet: Node, verdict: Verdict) -> None:
    """A private subnet has its default route to NAT, with a gateway in each zone to that of its own (NET-13)."""
    routes = _routes(region, subnet, verdict)
    if routes is None:
        return
    for route in routes:
        if _leads_out(region, route):
            verdict.wrong(subnet, f"is private and routes to the internet gateway ({route.name}); route to NAT instead")
            return
    default = [route for route in routes if is_default(route)]
    for route in routes:
        if is_wide(route) and route not in default:
            verdict.wrong(
                subnet, f"is private and routes a part of the internet past its default route ({route.name}); route 0.0.0.0/0 only"
            )
    if len(default) != 1:
        verdict.wrong(subnet, f"is private and has {len(default)} default routes; it needs one, to NAT")
        return
    mode = region.facts.nat or region.need.nat[0]
    path, types = ("networkInterfaceId", NAT_INSTANCE_TYPES) if mode == "instance" else ("natGatewayId", (tokens.NAT_GATEWAY,))
    found = region.graph.targets(default[0], path, *types)
    if found.undecided:
        verdict.undecided(default[0], "where it leads is unknown")
    elif found.only is None:
        verdict.wrong(subnet, f"is private and its default route ({default[0].name}) leads to no NAT of this stack; route 0.0.0.0/0 to one")
    elif mode == "gateway-per-az":
        _in_the_same_zone(region, subnet, found.only, verdict)


def _in_the_same_zone(region: Region, subnet: Node, gateway: Node, verdict: Verdict) -> None:
    stands_in = region.graph.targets(gateway, "subnetId", tokens.SUBNET).only
    if stands_in is None:
        return  # said where the gateway itself is judged
    here, there = subnet.get("availabilityZone"), stands_in.get("availabilityZone")
    if isinstance(here, Unknown) or isinstance(there, Unknown):
        verdict.undecided(subnet, "whether its NAT gateway stands in its zone is unknown")
    elif here != there:
        verdict.wrong(subnet, f"lies in {here} and routes to {gateway.name} in {there}; route it to the NAT gateway of its own zone")
