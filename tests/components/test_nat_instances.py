"""fck-nat: what private subnets route to outlives the instance behind it (NET-15)."""

from __future__ import annotations

import base64
import functools
import json

from components.network import Network
from settings.network import NatMode
from tests.components import plans
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.components.test_network import network_args

INTERFACE, SCALING, TEMPLATE = (
    "aws:ec2/networkInterface:NetworkInterface",
    "aws:autoscaling/group:Group",
    "aws:ec2/launchTemplate:LaunchTemplate",
)
ROUTE, RULE = "aws:ec2/route:Route", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@functools.cache
def network(per_zone: bool = False) -> Graph:
    plan = plans.network_plan(nat=NatMode.INSTANCE, nat_zones=3 if per_zone else 1)
    args = network_args(plan, nat_release="1.4.0-20260701")
    graph = record(lambda: Network("network", args))
    assert graph.faults == graph.warnings == ()
    return graph


def ways_out(graph: Graph) -> dict[str, Node]:
    """By private route table, what its default route leads to."""
    found = {
        route.name: graph.by_id[route.inputs["networkInterfaceId"]] for route in graph.of(ROUTE) if "networkInterfaceId" in route.inputs
    }
    assert set(found) == {f"network-private-{letter}-internet" for letter in "abc"}
    return found


def test_all_private_routes_lead_to_one_interface_that_carries_others_packets():
    """NET-15, NET-16: source/dest check off, the route is to the interface, and there is no gateway."""
    graph = network()
    interface = graph.one(INTERFACE)
    assert {node.urn for node in ways_out(graph).values()} == {interface.urn}
    assert interface.inputs["sourceDestCheck"] is False
    assert [node.name for node in graph.reference(interface, "subnetId")] == ["network-public-a"]
    assert not graph.of("aws:ec2/natGateway:NatGateway")
    assert not graph.of("aws:ec2/eip:Eip")


def test_a_group_of_one_heals_it_in_the_interfaces_subnet():
    """NET-15: the next instance starts where the interface is, and with a way to AWS's API, without which it attaches nothing."""
    graph = network()
    group = graph.one(SCALING)
    assert (group.inputs["minSize"], group.inputs["maxSize"], group.inputs["desiredCapacity"]) == (1, 1, 1)
    assert graph.reference(group, "vpcZoneIdentifiers") == graph.reference(graph.one(INTERFACE), "subnetId")
    assert graph.reference(group, "launchTemplate") == [graph.one(TEMPLATE)]
    assert group.inputs["instanceRefresh"]["preferences"]["minHealthyPercentage"] == 0  # the interface fits one instance only
    assert graph.waits_for(group, graph.one(ROUTE, "network-public-internet"))
    assert graph.waits_for(group, graph.one("aws:iam/rolePolicy:RolePolicy", "network-nat-a"))


def test_an_instance_attaches_that_interface_at_its_start():
    start = base64.b64decode(network().one(TEMPLATE).inputs["userData"]).decode()
    assert f'echo "eni_id={network().one(INTERFACE).id}" >> /etc/fck-nat.conf' in start.splitlines()


def test_the_image_is_of_its_publisher_and_of_one_day():
    """T-57: an update changes it, nothing else does."""
    assert network().one(TEMPLATE).inputs["imageId"] == "ami fck-nat-al2023-hvm-1.4.0-20260701-arm64-ebs of 568608671756"


def test_an_instance_is_hard_to_get_into():
    """EKS-31, EKS-32: encrypted root, metadata by token one hop far; no key pair."""
    template = network().one(TEMPLATE).inputs
    assert template["metadataOptions"] == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
    assert [disk["ebs"]["encrypted"] for disk in template["blockDeviceMappings"]] == ["true"]
    assert network().reference(network().one(TEMPLATE), "blockDeviceMappings") == [network().one("aws:kms/key:Key", "network-nat")]
    assert "keyName" not in template


def test_its_role_attaches_this_interface_and_changes_no_other():
    """Least privilege: the interface by name, instances and their own interfaces by their tag."""
    graph = network()
    policy = graph.one("aws:iam/rolePolicy:RolePolicy", "network-nat-a")
    by_sid = {statement["Sid"]: statement for statement in json.loads(policy.inputs["policy"])["Statement"]}
    own = {"StringEquals": {"aws:ResourceTag/Name": "network-nat-a"}}
    assert by_sid["Attach"]["Resource"] == graph.one(INTERFACE).outputs["arn"]
    assert by_sid["AttachTo"]["Resource"].endswith(":instance/*")
    assert by_sid["AttachTo"]["Condition"] == by_sid["CarryOn"]["Condition"] == own
    assert {action for each in by_sid.values() for action in each["Action"]} == {
        "ec2:AttachNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
    }
    tagged = graph.one(TEMPLATE).inputs["tagSpecifications"]
    assert {each["resourceType"] for each in tagged if each["tags"]["Name"] == "network-nat-a"} >= {"instance", "network-interface"}


def test_only_subnets_with_nodes_get_out():
    """NET-17: a database has no way out by this door."""
    graph = network()
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", "network-nat")
    admitted = {rule.inputs["cidrIpv4"] for rule in graph.of(RULE) if graph.reference(rule, "securityGroupId") == [group]}
    assert admitted == {"10.0.48.0/20", "10.0.64.0/18", "10.0.128.0/18"}  # control to workspace: 10.0.48.0 to 10.0.191.255


def test_one_in_each_zone_keeps_a_zones_traffic_in_it():
    """T-37"""
    graph = network(per_zone=True)
    for name, interface in ways_out(graph).items():
        (subnet,) = graph.reference(interface, "subnetId")
        assert subnet.inputs["availabilityZone"][-1] == name.removesuffix("-internet")[-1]
    assert len(graph.of(SCALING)) == 3
