"""**Feature: coder-deployment-guide, Property 1: Infrastructure Provisioning Completeness** (POL-01): more of the network

Lawful networks of another form, breaks that only show beside them, and what can't be known before the update (decision 10).
"""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.judge import assert_named, assert_open, lawful, run
from tests.policy.mutants import Mutant, assert_caught, assert_lawful, cases
from tests.policy.test_property_01_infrastructure import Change, declared, drop, put, remove, to
from tests.policy.world import DEPLOYED, PREVIEW, Ref

MODES = pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
GATEWAY = "igw-0f00000000000000f"  # of another stack


def route(table: str, destination: str, **way: str) -> Change:
    """One more route of a table. way: a value, or the part that it leads to."""

    def change(built: ProdLike) -> None:
        led = {key: Ref(built.parts[value]) if value in built.parts else value for key, value in way.items()}
        inputs = {"routeTableId": Ref(built.parts[table]), "destinationCidrBlock": destination, **led}
        built.make("more", "aws:ec2/route:Route", inputs)

    return change


def by_default_tags(built: ProdLike) -> None:
    """The provider's tags are what a subnet has beside its own."""
    for name in ("control-a", "database-b"):
        subnet = built.parts[name].inputs
        subnet["tagsAll"] = subnet.pop("tags")


def by_other_tags(built: ProdLike) -> None:
    """With a prefix, as teams have them."""
    for name in ("control-a", "database-b"):
        subnet = built.parts[name].inputs
        subnet["tags"] = {f"example.com/network/{key.lower()}": value for key, value in subnet["tags"].items()}


def attached(built: ProdLike) -> None:
    """The internet gateway's VPC is told by a resource of its own."""
    drop("internet", "vpcId")(built)
    inputs = {"vpcId": Ref(built.parts["vpc"]), "internetGatewayId": Ref(built.parts["internet"])}
    built.make("attachment", "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment", inputs)


def attached_elsewhere(built: ProdLike) -> None:
    attached(built)
    built.parts["attachment"].inputs["vpcId"] = "vpc-0f00000000000000f"


def of_a_machine(key: str) -> Change:
    return lambda built: built.make("held", "aws:ec2/eip:Eip", {"domain": "vpc", key: "i-0f00000000000000f"})


LAWFUL: dict[str, Change] = {
    "subnets with tags of the provider": by_default_tags,
    "subnets with prefixed tags": by_other_tags,
    "an internet gateway with an attachment": attached,
    "an address of an instance": of_a_machine("instance"),
    "an address of an interface": of_a_machine("networkInterface"),
    "a private subnet with a route to another network": route("private-table-a", "10.9.0.0/16", vpcPeeringConnectionId="pcx-0f"),
    "a database with a route to another network": route("database-table", "10.9.0.0/16", transitGatewayId="tgw-0f"),
    "a NAT gateway of public connectivity": put("nat-b", "connectivityType", "public"),
    "NAT that is not declared": declared("nat", None),
}


@MODES
@pytest.mark.parametrize("name", LAWFUL)
def test_another_form_is_lawful(name: str, mode: str) -> None:
    assert_lawful(LAWFUL[name], mode, 1)


MUTANTS = [
    Mutant("an attachment to another VPC", "does not lie in the region's VPC", attached_elsewhere),
    Mutant("a route table in another VPC", "does not lie in the region's VPC", put("private-table-a", "vpcId", "vpc-0f00000000000000f")),
    Mutant(
        "a tier in a fourth zone",
        "all tiers must share 3 zones",
        put("control-c", "availabilityZone", "us-east-1d"),
        whole=True,
    ),
    Mutant("NAT on an address of elsewhere", "has no Elastic IP of this stack", put("nat-a", "allocationId", "eipalloc-0f")),
    Mutant("two NAT gateways in one zone", "beside coder-nat-a; each zone has one", put("nat-b", "subnetId", to("public-a"))),
    Mutant(
        "a subnet with two tables",
        "is associated 2 times",
        lambda b: b.make(
            "again",
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            {"subnetId": Ref(b.parts["control-a"]), "routeTableId": Ref(b.parts["private-table-b"])},
        ),
    ),
    Mutant("a table of elsewhere", "a route table that is not in the stack", put("control-a-association", "routeTableId", "rtb-0f")),
    Mutant("a route to NAT of elsewhere", "leads to no NAT of this stack", put("private-table-a-route", "natGatewayId", "nat-0f")),
    Mutant(
        "a private subnet with a route to an internet gateway of elsewhere",
        "routes to the internet gateway",
        route("private-table-a", "198.51.100.0/24", gatewayId=GATEWAY),
    ),
    Mutant(
        "a database that reaches a network by NAT",
        "is isolated and has a route",
        route("database-table", "10.9.0.0/16", natGatewayId="nat-a"),
    ),
    Mutant(
        "a database's way over NAT of elsewhere",
        "is isolated and has a route",
        route("database-table", "10.9.0.0/16", natGatewayId="nat-0f00000000000000f"),
    ),
    Mutant(
        "NAT that is not declared and not there",
        "has 2 of NAT gateways, and needs 3",
        lambda b: (declared("nat", None)(b), remove("nat-c")(b)),
        whole=True,
    ),
    Mutant("a NAT gateway of private connectivity", "leads to no internet", put("nat-b", "connectivityType", "private")),
    Mutant("a security group in another VPC", "does not lie in the region's VPC", put("node-group", "vpcId", "vpc-0f00000000000000f")),
    Mutant("no database subnets", "tier database has 0 subnets", remove("database-a", "database-b", "database-c"), whole=True),
    Mutant("no public subnets", "stands in no public subnet", remove("public-a", "public-b", "public-c"), modes=(DEPLOYED,)),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 1)


@MODES
def test_the_second_subnet_of_a_zone_is_the_one_that_is_named(mode: str) -> None:
    built = prod_like()
    put("control-b", "availabilityZone", "us-east-1a")(built)
    found = [line.urn for line in run(built.world, mode, number=1).violations(1) if "of the same tier" in line.message]
    assert found == [built.world.urn(built.parts["control-b"])]


@MODES
def test_nat_instances_where_nothing_is_declared(mode: str) -> None:
    """Whoever declares no mode is held to the first that the system may use."""
    built = prod_like(Shape(nat="instance"))
    declared("nat", None)(built)
    law = lawful({"need": {"nat": ["instance", "single-gateway"]}})
    assert run(built.world, mode, law, number=1).violations(1) == []
    put("private-table-a-route", "networkInterfaceId", "eni-0f00000000000000f")(built)
    assert_named(run(built.world, mode, law, number=1), 1, "leads to no NAT of this stack")


# part, property, which resource is left open, and why
UNKNOWN = [
    ("control-a", "vpcId", "control-a", "its VPC is unknown"),
    ("public-b", "availabilityZone", "control-b", "whether its NAT gateway stands in its zone"),
    ("control-b", "availabilityZone", "control-b", "whether its NAT gateway stands in its zone"),
    ("nat-a", "allocationId", "nat-a", "its Elastic IP is unknown"),
    ("nat-a", "subnetId", "nat-a", "its subnet is unknown"),
    ("control-b-association", "subnetId", "control-b", "its route table is unknown"),
    ("control-b-association", "routeTableId", "control-b-association", "its route table is unknown"),
    ("public-table-route", "gatewayId", "public-a", "its default route is unknown"),
    ("public-table-route", "routeTableId", "public-a", "its routes are unknown"),
    ("private-table-a-route", "natGatewayId", "private-table-a-route", "where it leads is unknown"),
    ("private-table-a-route", "destinationCidrBlock", "control-a", "its routes are unknown"),
]


@pytest.mark.parametrize(("part", "key", "left", "why"), UNKNOWN)
def test_what_is_unknown_is_left_open(part: str, key: str, left: str, why: str) -> None:
    built = prod_like()
    put(part, key, UNKNOWN_STRING_VALUE)(built)
    assert_open(run(built.world, PREVIEW, number=1), 1, built.world.urn(built.parts[left]), why)


def test_a_databases_route_to_nobody_knows_where_is_left_open() -> None:
    """NET-17: it may lead to the internet."""
    built = prod_like()
    route("database-table", UNKNOWN_STRING_VALUE, transitGatewayId="tgw-0f00000000000000f")(built)
    assert_open(run(built.world, PREVIEW, number=1), 1, built.world.urn(built.parts["database-a"]), "its routes are unknown")
