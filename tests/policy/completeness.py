"""Property 1's oracle: a walk over the description of the world, which knows nothing of policies, values or edges.

Here a reference is a reference: whether a route leads to the right gateway is asked of the objects themselves.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.policy.graphs import GROUPS, KEY, PRIVATE, TIERS, Shape
from tests.policy.world import Ref, Resource, World

SUBNET = "aws:ec2/subnet:Subnet"


def need(shape: Shape) -> dict[str, int]:
    """How many of each type the shape asks for."""
    gateways = {"gateway-per-az": shape.zones, "single-gateway": 1, "instance": 0}[shape.nat]
    return {
        "aws:ec2/vpc:Vpc": 1,
        SUBNET: len(TIERS) * shape.zones,
        "aws:ec2/internetGateway:InternetGateway": 1,
        "aws:ec2/natGateway:NatGateway": gateways,
        "aws:rds/clusterInstance:ClusterInstance": 1 + shape.readers,
        "aws:lb/loadBalancer:LoadBalancer": 1,
        "aws:lb/listener:Listener": 1,
    }


def complete(world: World, shape: Shape) -> bool:
    """Whether nothing is missing and every reference leads where it must."""
    counts = Counter(item.type for item in world.resources)
    if any(counts[kind] != number for kind, number in need(shape).items()):
        return False
    alive = set(map(id, world.resources))
    return all(
        (
            all(_whole(item, alive) for item in world.resources),
            all(_routed(world, subnet, shape) for subnet in world.all(SUBNET)),
            _gateways(world),
            _groups(world, shape),
            _database(world),
            _balancer(world),
        )
    )


def _whole(item: Resource, alive: set[int]) -> bool:
    """A reference that counts must not lead to what is gone."""
    checked = ("vpcId", "subnetId", "routeTableId", "natGatewayId", "gatewayId", "allocationId", "clusterIdentifier", "loadBalancerArn")
    return all(id(value.resource) in alive for key in checked if isinstance(value := item.inputs.get(key), Ref))


def _tier(subnet: Resource) -> str:
    return subnet.inputs["tags"]["Tier"]


def _letter(subnet: Resource) -> str:
    return subnet.inputs["availabilityZone"][-1]


def _goal(item: Resource | dict[str, Any]) -> Resource | None:
    inputs = item.inputs if isinstance(item, Resource) else item
    ways = [inputs[key] for key in ("gatewayId", "natGatewayId", "networkInterfaceId") if key in inputs]
    return ways[0].resource if ways else None


def _routed(world: World, subnet: Resource, shape: Shape) -> bool:
    joined = [
        item for item in world.all("aws:ec2/routeTableAssociation:RouteTableAssociation") if item.inputs["subnetId"].resource is subnet
    ]
    if len(joined) != 1:
        return False
    table = joined[0].inputs["routeTableId"].resource
    routes: list[Any] = [item for item in world.all("aws:ec2/route:Route") if item.inputs["routeTableId"].resource is table]
    goals = [_goal(route) for route in routes or table.inputs.get("routes", [])]
    tier = _tier(subnet)
    if tier == "database":
        return goals == []
    if len(goals) != 1 or goals[0] is None:
        return False
    goal = goals[0]
    if tier == "public":
        return goal.type.endswith(":InternetGateway")
    if shape.nat == "instance":
        return goal.type.endswith(":NetworkInterface")
    stands_in = goal.inputs.get("subnetId")
    return goal.type.endswith(":NatGateway") and (shape.nat == "single-gateway" or _letter(stands_in.resource) == _letter(subnet))


def _gateways(world: World) -> bool:
    gateways = world.all("aws:ec2/natGateway:NatGateway")
    addresses = {id(item.inputs["allocationId"].resource) for item in gateways}
    places = {id(item.inputs["subnetId"].resource) for item in gateways}
    used = addresses | {
        id(mapping["allocationId"].resource)
        for item in world.all("aws:lb/loadBalancer:LoadBalancer")
        for mapping in item.inputs.get("subnetMappings", [])
    }
    idle = [item for item in world.all("aws:ec2/eip:Eip") if id(item) not in used and "networkInterface" not in item.inputs]
    public = all(_tier(item.inputs["subnetId"].resource) == "public" for item in gateways)
    return len(addresses) == len(places) == len(gateways) and public and not idle


def _same(refs: list[Ref], world: World, *tiers: str) -> bool:
    return {id(ref.resource) for ref in refs} == {id(item) for item in world.all(SUBNET) if _tier(item) in tiers}


def _groups(world: World, shape: Shape) -> bool:
    del shape
    for group, facts in GROUPS.items():
        members = [item for item in world.all("aws:eks/nodeGroup:NodeGroup") if item.inputs["labels"][KEY] == group]
        refs = [ref for item in members for ref in item.inputs["subnetIds"]]
        sizes = [item.inputs["scalingConfig"] for item in members]
        if not members or not _same(refs, world, facts["tier"]) or facts["tier"] not in PRIVATE:
            return False
        if any(not item.inputs["subnetIds"] for item in members) or sum(size["maxSize"] for size in sizes) != facts["max"]:
            return False
    return True


def _database(world: World) -> bool:
    groups = world.all("aws:rds/subnetGroup:SubnetGroup")
    instances = world.all("aws:rds/clusterInstance:ClusterInstance")
    cluster = world.one("aws:rds/cluster:Cluster")
    joined = all(item.inputs["clusterIdentifier"].resource is cluster for item in instances)
    return len(groups) == 1 and _same(groups[0].inputs["subnetIds"], world, "database") and joined


def _balancer(world: World) -> bool:
    balancer = world.one("aws:lb/loadBalancer:LoadBalancer")
    refs = balancer.inputs.get("subnets") or [mapping["subnetId"] for mapping in balancer.inputs["subnetMappings"]]
    return _same(refs, world, "public") and world.one("aws:lb/listener:Listener").inputs["loadBalancerArn"].resource is balancer
