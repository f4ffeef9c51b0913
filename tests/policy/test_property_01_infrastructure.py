"""**Feature: coder-deployment-guide, Property 1: Infrastructure Provisioning Completeness** (POL-01)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policy.completeness import complete
from tests.policy.graphs import KEY, ProdLike, Shape, prod_like
from tests.policy.judge import assert_named, run
from tests.policy.mutants import Mutant, assert_caught, cases
from tests.policy.shapes import law, shapes
from tests.policy.world import DEPLOYED, PREVIEW, Ref

Change = Callable[[ProdLike], object]


def remove(*parts: str) -> Change:
    return lambda built: built.world.remove(*(built.parts[part] for part in parts))


def put(part: str, key: str, value: Any) -> Change:
    """Set an input; a Ref is made from the name of a part and one of its outputs."""

    def change(built: ProdLike) -> None:
        built.parts[part].inputs[key] = value(built) if callable(value) else value

    return change


def to(part: str, output: str = "id") -> Callable[[ProdLike], Ref]:
    return lambda built: Ref(built.parts[part], output)


def to_all(*parts: str) -> Callable[[ProdLike], list[Ref]]:
    return lambda built: [Ref(built.parts[part]) for part in parts]


def drop(part: str, key: str) -> Change:
    return lambda built: built.parts[part].inputs.pop(key)


def look_alike(built: ProdLike) -> None:
    """A NAT gateway that nobody routes to takes the place of the one that is missing."""
    built.parts["private-table-b-route"].inputs["natGatewayId"] = Ref(built.parts["nat-a"])


def hidden_route(built: ProdLike) -> None:
    """A harmless route beside the database's table, and the way out inside it."""
    table = built.parts["database-table"]
    built.make(
        "beside", "aws:ec2/route:Route", {"routeTableId": Ref(table), "destinationCidrBlock": "10.9.0.0/16", "vpcEndpointId": "vpce-1"}
    )
    table.inputs["routes"] = [{"cidrBlock": "0.0.0.0/0", "gatewayId": Ref(built.parts["internet"])}]


def rogue_group(built: ProdLike) -> None:
    """A copy of coderd's group under a name of its own."""
    label = {"key": KEY, "value": "rogue", "effect": "NO_SCHEDULE"}
    inputs = {**built.parts["coder-control"].inputs, "labels": {KEY: "rogue"}, "taints": [label]}
    built.make("rogue", "aws:eks/nodeGroup:NodeGroup", inputs)


def declared(key: str, value: Any) -> Change:
    def change(built: ProdLike) -> None:
        facts = built.parts["environment"].inputs["regions"][built.shape.region]
        facts[key] = value

    return change


MUTANTS = [
    Mutant(
        "an internet gateway too many",
        "has 2 of internet gateway, and needs 1; found: coder-another, coder-internet",
        lambda b: b.make("another", "aws:ec2/internetGateway:InternetGateway", {"vpcId": Ref(b.parts["vpc"])}),
    ),
    Mutant("no region", "declares no region", put("environment", "regions", {})),
    Mutant("a node group that runs nothing", "its maxSize is 0", put("coder-prov", "scalingConfig", {"minSize": 0, "maxSize": 0})),
    Mutant("no VPC", "us-east-1 has 0 of VPC, and needs 1; found: none", remove("vpc"), whole=True),
    Mutant("a subnet too few", "tier workspace has 2 subnets", remove("workspace-c"), whole=True),
    Mutant("a subnet too few in all", "us-east-1 has 14 of subnets", remove("workspace-c"), whole=True),
    Mutant("two subnets in one zone", "lies in us-east-1a beside coder-control-a", put("control-b", "availabilityZone", "us-east-1a")),
    Mutant("a subnet of another tier", "tier workspace has 2 subnets", put("workspace-c", "tags", {"Tier": "control"}), whole=True),
    Mutant("a subnet without its tag", "has no tag Tier", drop("provisioner-a", "tags")),
    Mutant("a subnet in another VPC", "does not lie in the region's VPC", put("control-a", "vpcId", "vpc-0f00000000000000f")),
    Mutant("no internet gateway", "0 of internet gateway", remove("internet"), whole=True),
    Mutant("an internet gateway without a VPC", "is attached to no VPC", drop("internet", "vpcId")),
    Mutant("a NAT gateway too few", "2 of NAT gateways", remove("nat-c"), whole=True),
    Mutant("NAT of the neighbour's zone", "routes to coder-nat-a in us-east-1a", look_alike),
    Mutant("two NAT gateways on one address", "shares coder-nat-address-a", put("nat-b", "allocationId", to("nat-address-a"))),
    Mutant("a NAT gateway in a private subnet", "stands in no public subnet", put("nat-a", "subnetId", to("control-a"))),
    Mutant("an idle address", "no NAT gateway and no load balancer uses", lambda b: b.make("idle", "aws:ec2/eip:Eip", {"domain": "vpc"})),
    Mutant("no route out of a private table", "has 0 default routes", remove("private-table-b-route")),
    Mutant("a route of another table", "has 0 default routes", put("private-table-b-route", "routeTableId", to("private-table-a"))),
    Mutant(
        "a private subnet open to the internet",
        "routes to the internet gateway",
        put("workspace-a-association", "routeTableId", to("public-table")),
    ),
    Mutant("a subnet without a table", "is associated with no route table", remove("control-b-association")),
    Mutant(
        "an association of another subnet", "is associated with no route table", put("control-b-association", "subnetId", to("control-a"))
    ),
    Mutant("no way out for the public tier", "no default route to the internet gateway", remove("public-table-route")),
    Mutant(
        "a database that reaches the internet",
        "is isolated and has a route",
        put("database-a-association", "routeTableId", to("private-table-a")),
    ),
    Mutant(
        "a database that reaches half the internet by an interface",
        "is isolated and has a route",
        lambda b: b.make(
            "half",
            "aws:ec2/route:Route",
            {"routeTableId": Ref(b.parts["database-table"]), "destinationCidrBlock": "0.0.0.0/1", "networkInterfaceId": "eni-0a"},
        ),
    ),
    Mutant("a database's way out hidden inside its table", "is isolated and has a route", hidden_route),
    Mutant(
        "half of a private subnet's traffic to another zone",
        "routes a part of the internet past its default route",
        lambda b: b.make(
            "half",
            "aws:ec2/route:Route",
            {"routeTableId": Ref(b.parts["private-table-a"]), "destinationCidrBlock": "128.0.0.0/1", "natGatewayId": Ref(b.parts["nat-b"])},
        ),
    ),
    Mutant("a node group that nobody declares", "is of the group rogue, which nobody declares", rogue_group),
    Mutant(
        "a binding of a Service of other pods",
        "joins no Service and port of its namespace in front of coderd's pods",
        lambda b: b.parts["service"].inputs["spec"].update(selector={"app": "other"}),
    ),
    Mutant(
        "a database that reaches half the internet",
        "is isolated and has a route",
        lambda b: b.make(
            "half",
            "aws:ec2/route:Route",
            {"routeTableId": Ref(b.parts["database-table"]), "destinationCidrBlock": "0.0.0.0/1", "gatewayId": Ref(b.parts["internet"])},
        ),
    ),
    Mutant("no cluster", "0 of EKS cluster", remove("cluster"), whole=True),
    Mutant("no node group for builds", "has no node group coder-prov", remove("coder-prov"), whole=True),
    Mutant("a node group in another tier", "its tier is workspace", put("coder-ws-a", "subnetIds", to_all("control-a"))),
    Mutant("a zone without workspaces", "leave out coder-workspace-c", put("coder-ws-c", "subnetIds", to_all("workspace-b"))),
    Mutant("a node group of another cluster", "belongs to no cluster", put("coder-control", "clusterName", "elsewhere")),
    Mutant(
        "a node group that is too small",
        "nodes at most; coder-ws is declared with 200",
        put("coder-ws-a", "scalingConfig", {"minSize": 4, "maxSize": 3, "desiredSize": 3}),
    ),
    Mutant("a floor of none", "run 0 nodes at least", put("coder-prov", "scalingConfig", {"minSize": 0, "maxSize": 20, "desiredSize": 0})),
    Mutant("another machine", "m5.large is declared", put("coder-control-template", "instanceType", "t3.large")),
    Mutant("a node group without its taint", "has no label and taint", drop("coder-control", "taints")),
    Mutant(
        "a taint that does not match",
        "they must match",
        put("coder-prov", "taints", [{"key": "coder.com/node-group", "value": "coder-ws", "effect": "NO_SCHEDULE"}]),
    ),
    Mutant("no database", "has 0 databases", remove("database"), whole=True),
    Mutant("another engine", "has 0 databases of aurora-postgresql", put("database", "engine", "aurora-mysql"), whole=True),
    Mutant("a reader too few", "has 2 instances", remove("database-2")),
    Mutant("a reader of another cluster", "belongs to no database", put("database-1", "clusterIdentifier", "elsewhere")),
    Mutant("a database for everybody", "is publicly accessible", put("database-1", "publiclyAccessible", True)),
    Mutant(
        "a database on workspace subnets",
        "must hold the database subnets",
        put("database-subnets", "subnetIds", to_all("workspace-a", "workspace-b")),
    ),
    Mutant(
        "a database zone too few",
        "must hold the database subnets",
        put("database-subnets", "subnetIds", to_all("database-a", "database-b")),
    ),
    Mutant("a database without its subnet group", "has no subnet group", put("database", "dbSubnetGroupName", "default")),
    Mutant("no load balancer", "0 of load balancer", remove("balancer"), whole=True),
    Mutant("an application load balancer", "is no network load balancer", put("balancer", "loadBalancerType", "application")),
    Mutant("a load balancer in two zones", "every public subnet", put("balancer", "subnets", to_all("public-a", "public-b"))),
    Mutant(
        "a load balancer in private subnets",
        "every public subnet",
        put("balancer", "subnets", to_all("control-a", "control-b", "control-c")),
    ),
    Mutant("no listener", "has 0 listeners on 443", remove("listener")),
    Mutant("a listener elsewhere", "has 0 listeners on 443", put("listener", "port", 8443)),
    Mutant(
        "a listener without a target group",
        "does not forward to one target group",
        put("listener", "defaultActions", [{"type": "forward", "targetGroupArn": "arn:aws:elasticloadbalancing:::targetgroup/other"}]),
    ),
    Mutant("a target group on another port", "coderd listens on 8080", put("targets", "port", 80)),
    Mutant("no binding", "no TargetGroupBinding", remove("binding")),
    Mutant(
        "a binding to another target group",
        "no TargetGroupBinding",
        put("binding", "spec", {"serviceRef": {"name": "coder"}, "targetGroupARN": "arn:aws:elasticloadbalancing:::targetgroup/other"}),
    ),
    Mutant(
        "a binding of another Service",
        "joins no Service",
        put("binding", "spec", lambda b: {"serviceRef": {"name": "other"}, "targetGroupARN": Ref(b.parts["targets"], "arn")}),
    ),
    Mutant(
        "one guard for two", "serves the load balancer and the database", put("database", "vpcSecurityGroupIds", to_all("balancer-group"))
    ),
    Mutant("an unguarded database", "the database must have one", put("database", "vpcSecurityGroupIds", ["sg-0f00000000000000f"])),
    Mutant(
        "two environments",
        "has 2 components",
        lambda b: b.world.add("coder-eks:environment:Environment", "second", {"system": "prod"}),
        whole=True,
    ),
    Mutant("no environment", "has 0 components", remove("environment"), whole=True),
    Mutant("prod that calls itself demo", "declares the system demo in a stack called prod", put("environment", "system", "demo")),
    Mutant("fewer zones declared", "declares 2 zones; prod needs 3", declared("zones", 2)),
    Mutant("one gateway declared", "declares nat single-gateway", declared("nat", "single-gateway")),
    Mutant("fewer readers declared", "declares 1 readers", declared("database", {"readers": 1})),
    Mutant("another engine declared", "declares the engine postgres; prod needs aurora", declared("database", {"engine": "postgres"})),
    Mutant(
        "a tier not declared", "declares no tier workspace; prod needs", declared("tiers", ["public", "control", "provisioner", "database"])
    ),
    Mutant(
        "a node group not declared",
        "declares no node group coder-prov; prod needs",
        declared("nodeGroups", {"coder-control": {}, "coder-ws": {}}),
    ),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 1)


RELEVANT = {
    "aws:ec2/subnet:Subnet": ("vpcId",),
    "aws:ec2/route:Route": ("routeTableId", "natGatewayId", "gatewayId", "networkInterfaceId"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ("subnetId", "routeTableId"),
    "aws:ec2/natGateway:NatGateway": ("allocationId", "subnetId"),
    "aws:rds/clusterInstance:ClusterInstance": ("clusterIdentifier",),
    "aws:rds/subnetGroup:SubnetGroup": ("subnetIds",),
    "aws:eks/nodeGroup:NodeGroup": ("subnetIds",),
    "aws:lb/listener:Listener": ("loadBalancerArn",),
    "aws:lb/loadBalancer:LoadBalancer": ("subnets",),
}


def shift(built: ProdLike, data: st.DataObject) -> None:
    """Delete a resource, or point one of its references at another resource of the same type."""
    touched = data.draw(st.sampled_from([item for item in built.world.resources if item.type in RELEVANT]), label="resource")
    keys = [key for key in RELEVANT[touched.type] if key in touched.inputs]
    if not keys or data.draw(st.booleans(), label="delete"):
        built.world.remove(touched)
        return
    key = data.draw(st.sampled_from(keys), label="property")
    value = touched.inputs[key]
    old = value if isinstance(value, Ref) else data.draw(st.sampled_from(value), label="item")
    peers = built.world.all(old.resource.type)
    new = replace(old, resource=data.draw(st.sampled_from(peers), label="target"))
    touched.inputs[key] = new if isinstance(value, Ref) else [new if item is old else item for item in value]


@settings(max_examples=120, deadline=None)
@given(shape=shapes(), mode=st.sampled_from([PREVIEW, DEPLOYED]), data=st.data())
def test_the_policy_agrees_with_a_walk_of_the_graph(shape: Shape, mode: str, data: st.DataObject) -> None:
    """**Feature: coder-deployment-guide, Property 1: Infrastructure Provisioning Completeness**"""
    built = prod_like(shape)
    shift(built, data)
    outcome = run(built.world, mode, law(shape), number=1)
    assert ("property-01-infrastructure" in outcome.passed) == complete(built.world, shape), outcome


def test_an_unknown_zone_is_left_open_with_its_urn_and_is_not_green() -> None:
    """Decision 10: an unknown never aborts the policy and is never a pass."""
    built = prod_like()
    built.parts["control-a"].inputs["availabilityZone"] = Ref(built.parts["vpc"])
    outcome = run(built.world, PREVIEW, number=1)
    assert outcome.violations(1) == []
    assert "property-01-infrastructure" not in outcome.passed
    urn = built.world.urn(built.parts["control-a"])
    assert any(f"\nproperty-01 not yet judged: {urn}: its availability zone is unknown" in line for line in outcome.advisories())


@pytest.mark.parametrize("key", ["labels", "taints"])
def test_a_node_group_of_which_something_is_unknown_is_left_open(key: str) -> None:
    built = prod_like()
    part = built.parts["coder-prov"]
    part.inputs[key] = {**part.inputs["labels"], KEY: UNKNOWN_STRING_VALUE} if key == "labels" else UNKNOWN_STRING_VALUE
    told = f"{built.world.urn(part)}: its labels or taints are unknown"
    assert any(told in line for line in run(built.world, PREVIEW, number=1).advisories())


def test_a_violation_is_found_beside_something_unknown() -> None:
    built = prod_like()
    built.parts["control-a"].inputs["availabilityZone"] = Ref(built.parts["vpc"])
    built.world.remove(built.parts["private-table-b-route"])
    assert any("has 0 default routes" in line.message for line in run(built.world, PREVIEW, number=1).violations(1))


def test_an_empty_stack_is_not_applicable() -> None:
    built = prod_like()
    built.world.remove(*(item for item in built.world.resources if item is not built.world.root))
    outcome = run(built.world, DEPLOYED)
    assert outcome.lines == ()
    assert set(outcome.not_applicable.values()) == {"the stack is empty"}


@pytest.mark.parametrize("system", ["reference", "demo"])
def test_each_system_has_its_own_row(system: str) -> None:
    built = prod_like(Shape(stack="some-stack"))
    built.parts["environment"].inputs["system"] = system
    messages = [line.message for line in run(built.world, DEPLOYED, number=1).violations(1)]
    assert any(f"{system} needs" in message for message in messages)


def test_an_unknown_system_names_those_that_there_are() -> None:
    built = prod_like(Shape(stack="some-stack"))
    built.parts["environment"].inputs["system"] = "production"
    assert_named(run(built.world, DEPLOYED, number=1), 1, "use one of demo, prod, reference")


def test_more_than_the_system_needs_is_lawful() -> None:
    assert run(prod_like(Shape(readers=4)).world, DEPLOYED).violations(1) == []
