"""**Feature: coder-deployment-guide, Property 1: Infrastructure Provisioning Completeness** (POL-01): more of what stands on the network

Lawful services of another form, breaks that only show beside them, and what can't be known before the update (decision 10).
"""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policy.graphs import GROUPS, KEY, ProdLike, prod_like
from tests.policy.judge import assert_open, run
from tests.policy.mutants import Mutant, assert_caught, assert_lawful, cases
from tests.policy.test_property_01_infrastructure import Change, declared, drop, put, remove, to, to_all
from tests.policy.world import DEPLOYED, PREVIEW, Ref

MODES = pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
ELSEWHERE = "arn:aws:elasticloadbalancing:::targetgroup/other"


def both(*changes: Change) -> Change:
    return lambda built: [change(built) for change in changes]


def machine_of_its_own(machine: str) -> Change:
    """A node group that says its instance type itself."""
    return both(drop("coder-control-template", "instanceType"), put("coder-control", "instanceTypes", [machine]))


def template_by_name(built: ProdLike) -> None:
    template = built.parts["coder-control-template"]
    template.outputs["name"] = "coder-control"
    built.parts["coder-control"].inputs["launchTemplate"] = {"name": Ref(template, "name"), "version": "1"}


def guarded_by_interface(*groups: str) -> Change:
    """A launch template that names the security groups of its interfaces instead of its own."""

    def change(built: ProdLike) -> None:
        drop("coder-control-template", "vpcSecurityGroupIds")(built)
        interfaces = [{"deviceIndex": 0, "securityGroups": to_all(*groups)(built)}]
        put("coder-control-template", "networkInterfaces", interfaces)(built)

    return change


def forwards_to(*arns: str) -> Change:
    """A listener that forwards by weights, in the form with a list. arns: parts, or values."""

    def change(built: ProdLike) -> None:
        groups = [{"arn": Ref(built.parts[arn], "arn") if arn in built.parts else arn, "weight": 1} for arn in arns]
        put("listener", "defaultActions", [{"type": "forward", "forward": {"targetGroups": groups}}])(built)

    return change


def bound_by_reference(service: str) -> Change:
    """A binding that takes the name of its Service from the Service."""

    def change(built: ProdLike) -> None:
        metadata = {"name": "other", "namespace": built.home}
        built.make("other", "kubernetes:core/v1:Service", {"metadata": metadata, "spec": {"selector": {"app": "other"}}})
        name = Ref(built.parts[service], "metadata", "coder" if service == "service" else "other")
        arn = Ref(built.parts["targets"], "arn")
        put("binding", "spec", {"serviceRef": {"name": name, "port": 8080}, "targetGroupARN": arn})(built)

    return change


def bound_to_port(port: object) -> Change:
    arn = to("targets", "arn")
    return put("binding", "spec", lambda built: {"serviceRef": {"name": "coder", "port": port}, "targetGroupARN": arn(built)})


def endpoint(kind: str, *groups: str) -> Change:
    """One more VPC endpoint."""

    def change(built: ProdLike) -> None:
        service = f"com.amazonaws.{built.shape.region}.s3"
        inputs = {"vpcId": Ref(built.parts["vpc"]), "vpcEndpointType": kind, "serviceName": service}
        built.make("endpoint-s3", "aws:ec2/vpcEndpoint:VpcEndpoint", {**inputs, "securityGroupIds": to_all(*groups)(built)})

    return change


def second_database(built: ProdLike) -> None:
    """DB-04: LiteLLM's, declared and there."""
    declared("litellm", True)(built)
    built.make("litellm", "aws:rds/cluster:Cluster", dict(built.parts["database"].inputs))
    for index in range(3):
        inputs = {**built.parts["database-0"].inputs, "clusterIdentifier": Ref(built.parts["litellm"])}
        built.make(f"litellm-{index}", "aws:rds/clusterInstance:ClusterInstance", inputs)


LAWFUL: dict[str, Change] = {
    "a node group with a machine of its own": machine_of_its_own("m5.large"),
    "a node group that names its template": template_by_name,
    "a template with interfaces": guarded_by_interface("node-group"),
    "node groups that are not declared": declared("nodeGroups", {}),
    "a database that is not declared": declared("database", {}),
    "a second database for LiteLLM": second_database,
    "a listener with a list of target groups": forwards_to("targets"),
    "a binding that takes its Service's name from there": bound_by_reference("service"),
    "a binding to a port by its name": lambda b: (
        b.parts["service"].inputs["spec"].update(ports=[{"port": 8080, "name": "http"}]),
        bound_to_port("http")(b),
    ),
    "a clock that leaves sizes as they are": lambda b: b.parts["coder-ws-a-up"].inputs.update(maxSize=-1, desiredCapacity=-1),
    "an endpoint that is a gateway": endpoint("Gateway"),
    "a listener of other ports": lambda b: b.make(
        "plain", "aws:lb/listener:Listener", {**b.parts["listener"].inputs, "port": 80, "defaultActions": [{"type": "redirect"}]}
    ),
}


@MODES
@pytest.mark.parametrize("name", LAWFUL)
def test_another_form_is_lawful(name: str, mode: str) -> None:
    assert_lawful(LAWFUL[name], mode, 1)


MUTANTS = [
    Mutant("a clock that closes a node group", "leaves no node at all: its maxSize is 0", put("coder-prov-up", "maxSize", 0)),
    Mutant(
        "a clock that empties a node group", "leaves no node at all: its desiredCapacity is 0", put("coder-ws-a-up", "desiredCapacity", 0)
    ),
    Mutant("two node groups missing", "has no node group coder-prov", remove("coder-control", "coder-prov"), whole=True),
    Mutant(
        "a node group declared in another tier",
        "is declared in the tier control; coder-prov belongs to provisioner",
        declared("nodeGroups", {**GROUPS, "coder-prov": {**GROUPS["coder-prov"], "tier": "control"}}),
    ),
    Mutant(
        "a node group that is not declared, in another tier",
        "its tier is provisioner",
        both(declared("nodeGroups", {}), put("coder-prov", "subnetIds", to_all("control-a", "control-b", "control-c"))),
    ),
    Mutant("a tier without subnets", "its tier is workspace", remove("workspace-a", "workspace-b", "workspace-c"), modes=(DEPLOYED,)),
    Mutant("a node group without a most", "run 0 nodes at most", put("coder-control", "scalingConfig", {"minSize": 2})),
    Mutant("another machine of its own", "m5.large is declared", machine_of_its_own("t3.large")),
    Mutant("no machine at all", "runs on no known instance type", drop("coder-control-template", "instanceType")),
    Mutant(
        "another machine in a template by name",
        "m5.large is declared",
        both(template_by_name, put("coder-control-template", "instanceType", "t3.large")),
    ),
    Mutant("nodes without a template", "has no launch template of this stack", drop("coder-control", "launchTemplate")),
    Mutant("nodes without a guard", "the nodes must have one", drop("coder-control-template", "vpcSecurityGroupIds")),
    Mutant(
        "nodes behind the database's guard",
        "serves the database and the nodes",
        guarded_by_interface("node-group", "database-guard-group"),
    ),
    Mutant("an endpoint without a guard", "the endpoints must have one", endpoint("Interface")),
    Mutant(
        "an endpoint behind the balancer's guard", "serves the load balancer and the endpoints", endpoint("Interface", "balancer-group")
    ),
    Mutant("a second database that nobody declared", "has 2 databases", both(second_database, declared("litellm", False)), whole=True),
    Mutant("an instance of the second database too few", "has 2 instances", both(second_database, remove("litellm-0"))),
    Mutant(
        "a database on subnets of elsewhere too",
        "must hold the database subnets",
        lambda b: b.parts["database-subnets"].inputs["subnetIds"].append("subnet-0f00000000000000f"),
        modes=(DEPLOYED,),
    ),
    Mutant(
        "a load balancer in a subnet of elsewhere too",
        "every public subnet and no other",
        lambda b: b.parts["balancer"].inputs["subnets"].append("subnet-0f00000000000000f"),
        modes=(DEPLOYED,),
    ),
    Mutant("a load balancer in no subnet", "stands in no subnet", drop("balancer", "subnets")),
    Mutant(
        "a listener that forwards elsewhere too",
        "does not forward to one target group",
        forwards_to("targets", ELSEWHERE),
        modes=(DEPLOYED,),
    ),
    Mutant("a target group in another VPC", "lies in no VPC of this stack", put("targets", "vpcId", "vpc-0f00000000000000f")),
    *(
        Mutant(f"a target group of targets {what}", "coderd's pods are targets by their addresses", change)
        for what, change in (("by instance", put("targets", "targetType", "instance")), ("by default", drop("targets", "targetType")))
    ),
    *(
        Mutant(f"a binding to a port {what}", "joins no Service and port", bound_to_port(port))
        for what, port in (("that the Service lacks", 8081), ("whose name it lacks", "web"))
    ),
    Mutant("a binding that takes another Service's name", "joins no Service", bound_by_reference("other")),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 1)


def to_the_target_group(value: object) -> list[object]:
    return [{"type": "forward", "targetGroupArn": value}]


WHAT = UNKNOWN_STRING_VALUE
# part, property, its value, which resource is left open, and why
UNKNOWN = [
    ("coder-prov", "labels", {KEY: WHAT}, "coder-prov", "its group is unknown"),
    ("coder-ws-a", "subnetIds", WHAT, "coder-ws-a", "its subnets are unknown"),
    ("coder-prov", "clusterName", WHAT, "coder-prov", "its cluster is unknown"),
    ("coder-prov", "scalingConfig", {"minSize": WHAT, "maxSize": 20}, "coder-prov", "its size is unknown"),
    ("coder-prov-template", "instanceType", WHAT, "coder-prov", "its instance type is unknown"),
    ("coder-prov", "launchTemplate", {"id": WHAT}, "coder-prov", "its instance type is unknown"),
    ("coder-prov-template", "vpcSecurityGroupIds", WHAT, "coder-prov-template", "its security groups are unknown"),
    ("database", "dbSubnetGroupName", WHAT, "database", "its subnet group is unknown"),
    ("database-subnets", "subnetIds", WHAT, "database-subnets", "its subnets are unknown"),
    ("database-1", "clusterIdentifier", WHAT, "database-1", "its database cluster is unknown"),
    ("database", "vpcSecurityGroupIds", WHAT, "database", "its security groups are unknown"),
    ("balancer", "loadBalancerType", WHAT, "balancer", "its type or its subnets are unknown"),
    ("balancer", "subnets", WHAT, "balancer", "its type or its subnets are unknown"),
    ("balancer", "securityGroups", WHAT, "balancer", "its security groups are unknown"),
    ("listener", "loadBalancerArn", WHAT, "listener", "its load balancer or its port is unknown"),
    ("listener", "port", WHAT, "listener", "its load balancer or its port is unknown"),
    ("listener", "defaultActions", to_the_target_group(WHAT), "listener", "its target group is unknown"),
    ("targets", "port", WHAT, "targets", "its port or its VPC is unknown"),
    ("targets", "vpcId", WHAT, "targets", "its port or its VPC is unknown"),
    ("binding", "spec", {"serviceRef": {"name": "coder"}, "targetGroupARN": WHAT}, "targets", "which pods join it is unknown"),
]


@pytest.mark.parametrize(("part", "key", "value", "left", "why"), UNKNOWN, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_unknown_is_left_open(part: str, key: str, value: object, left: str, why: str) -> None:
    built = prod_like()
    put(part, key, value)(built)
    assert_open(run(built.world, PREVIEW, number=1), 1, built.world.urn(built.parts[left]), why)


def test_a_balancer_whose_mappings_are_unknown_is_left_open() -> None:
    built = prod_like()
    both(drop("balancer", "subnets"), put("balancer", "subnetMappings", UNKNOWN_STRING_VALUE))(built)
    assert_open(run(built.world, PREVIEW, number=1), 1, built.world.urn(built.parts["balancer"]), "its type or its subnets are unknown")


@MODES
def test_what_the_cloud_tells_of_mappings_changes_nothing(mode: str) -> None:
    """AWS fills in the mappings of a load balancer that is given subnets alone; at a preview they are unknown."""
    built = prod_like()
    built.parts["balancer"].outputs["subnetMappings"] = [{"subnetId": built.parts["public-a"].outputs["id"]}]
    assert run(built.world, mode, number=1).violations(1) == []
    put("balancer", "subnets", to("public-a"))(built)
    assert any("every public subnet and no other" in line.message for line in run(built.world, mode, number=1).violations(1))
