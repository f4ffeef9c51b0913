"""The VPC of prod: subnets, routes, NAT, endpoints, logs."""

from __future__ import annotations

import functools
import json

import pytest

from components.network import Network, NetworkArgs
from plan.model import NetworkPlan, PoolPlan
from settings.network import NatMode
from tests.components import plans
from tests.components.graph import Graph
from tests.components.reachability import World
from tests.components.recorder import record

NODE_TIERS = ("control", "provisioner", "workspace")


def network_args(
    plan: NetworkPlan | None = None, *, data_protection: bool = True, nat_release: str = "", pools: tuple[PoolPlan, ...] = ()
) -> NetworkArgs:
    return NetworkArgs(
        plan=plan or plans.network_plan(),
        system="prod",
        region="us-east-1",
        interface_endpoints=plans.ENDPOINTS,
        flow_log_retention_days=90,
        data_protection=data_protection,
        nat_release=nat_release,
        cluster_name="coder-prod",
        pools=pools,
    )


def build(plan: NetworkPlan | None = None) -> Graph:
    graph = record(lambda: Network("network", network_args(plan)))
    assert graph.faults == graph.warnings == ()
    return graph


@functools.cache
def prod() -> Graph:
    """Prod's network, recorded once: a graph never changes."""
    return build()


def test_the_vpc_resolves_names():
    """NET-01"""
    vpc = prod().one("aws:ec2/vpc:Vpc")
    assert vpc.inputs["cidrBlock"] == "10.0.0.0/16"
    assert vpc.inputs["enableDnsSupport"] is True
    assert vpc.inputs["enableDnsHostnames"] is True


def test_every_tier_has_one_subnet_in_each_zone():
    """NET-02 to NET-07"""
    subnets = prod().of("aws:ec2/subnet:Subnet")
    found = {(n.tags()["Tier"], n.inputs["availabilityZone"]): n.inputs["cidrBlock"] for n in subnets}
    assert found == {(tier, zone): cidr for tier, cidrs in plans.CIDRS.items() for zone, cidr in zip(plans.ZONES, cidrs, strict=True)}
    assert len(subnets) == 15


def test_no_subnet_hands_out_public_addresses():
    """NET-17"""
    assert all(n.inputs["mapPublicIpOnLaunch"] is False for n in prod().of("aws:ec2/subnet:Subnet"))


def test_public_subnets_route_to_the_internet_gateway():
    """NET-12"""
    world, gateway = World(prod()), prod().one("aws:ec2/internetGateway:InternetGateway")
    public = [n for n in prod().of("aws:ec2/subnet:Subnet") if n.tags()["Tier"] == "public"]
    assert [world.way_out(n) for n in public] == [gateway] * 3


def test_every_private_subnet_routes_to_the_nat_of_its_zone():
    """NET-13"""
    graph = prod()
    for subnet in graph.of("aws:ec2/subnet:Subnet"):
        if subnet.tags()["Tier"] in NODE_TIERS:
            nat = World(graph).way_out(subnet)
            assert nat is not None
            home = graph.by_id[nat.inputs["subnetId"]]
            assert home.inputs["availabilityZone"] == subnet.inputs["availabilityZone"]
            assert home.tags()["Tier"] == "public"


def test_each_nat_gateway_has_an_address_of_its_own_and_comes_after_the_internet_gateway():
    """NET-13"""
    graph = prod()
    nats, gateway = graph.of("aws:ec2/natGateway:NatGateway"), graph.one("aws:ec2/internetGateway:InternetGateway")
    assert len(nats) == len(graph.of("aws:ec2/eip:Eip")) == 3
    assert len({n.inputs["allocationId"] for n in nats}) == 3
    assert all(graph.waits_for(n, gateway) for n in nats)


def test_database_subnets_have_no_way_out():
    """NET-17"""
    graph = prod()
    databases = [n for n in graph.of("aws:ec2/subnet:Subnet") if n.tags()["Tier"] == "database"]
    assert [World(graph).way_out(n) for n in databases] == [None] * 3
    table = graph.one("aws:ec2/routeTable:RouteTable", "network-database")
    assert not [n for n in graph.of("aws:ec2/route:Route") if n.inputs["routeTableId"] == table.id]


def test_a_single_gateway_serves_all_zones_by_tables_of_their_own():
    """NET-14, NET-40"""
    graph = build(plans.network_plan(nat=NatMode.SINGLE_GATEWAY))
    nat = graph.one("aws:ec2/natGateway:NatGateway", "network-a")
    ways = [World(graph).way_out(n) for n in graph.of("aws:ec2/subnet:Subnet") if n.tags()["Tier"] in NODE_TIERS]
    assert ways == [nat] * 9


def test_from_one_gateway_to_one_per_zone_only_routes_change_and_gateways_come():
    """NET-40, NET-14"""
    one, each = build(plans.network_plan(nat=NatMode.SINGLE_GATEWAY)), prod()
    changed = {urn for urn, node in one.by_urn.items() if node.inputs != each.by_urn[urn].inputs and node.custom}
    assert {one.by_urn[urn].type for urn in changed} == {"aws:ec2/route:Route"}
    assert {each.by_urn[urn].type for urn in each.by_urn.keys() - one.by_urn.keys()} == {"aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"}


def test_a_third_zone_leaves_what_stands():
    """NET-40, NET-02"""
    two, three = build(plans.network_plan(plans.ZONES[:2])), prod()
    assert two.by_urn.keys() <= three.by_urn.keys()
    replaced_by = ("cidrBlock", "availabilityZone", "vpcId", "allocationId", "subnetId")
    for urn, node in two.by_urn.items():
        if node.custom:
            assert {k: node.inputs.get(k) for k in replaced_by} == {k: three.by_urn[urn].inputs.get(k) for k in replaced_by}


def test_s3_is_reached_from_every_private_table():
    """NET-21"""
    graph = prod()
    gateway = graph.one("aws:ec2/vpcEndpoint:VpcEndpoint", "network-s3")
    private = {n.id for n in graph.of("aws:ec2/routeTable:RouteTable") if "-private-" in n.name}
    assert gateway.inputs["vpcEndpointType"] == "Gateway"
    assert set(gateway.inputs["routeTableIds"]) == private
    assert len(private) == 3


def test_interface_endpoints_are_in_every_zone_with_private_names_and_the_endpoint_group():
    """NET-22, NET-23, NET-24"""
    graph = prod()
    interfaces = [n for n in graph.of("aws:ec2/vpcEndpoint:VpcEndpoint") if n.inputs["vpcEndpointType"] == "Interface"]
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", "network-endpoint")
    assert {n.inputs["serviceName"] for n in interfaces} == {f"com.amazonaws.us-east-1.{service}" for service in plans.ENDPOINTS}
    for endpoint in interfaces:
        homes = [graph.by_id[i] for i in endpoint.inputs["subnetIds"]]
        assert {home.inputs["availabilityZone"] for home in homes} == set(plans.ZONES)
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert endpoint.inputs["securityGroupIds"] == [group.id]


def test_subnets_tell_load_balancer_controllers_what_they_are():
    """NET-30"""
    tags = {"public": {"kubernetes.io/role/elb"}, "database": set[str]()}
    for subnet in prod().of("aws:ec2/subnet:Subnet"):
        found = {key for key in subnet.tags() if key.startswith("kubernetes.io/")}
        assert found == tags.get(subnet.tags()["Tier"], {"kubernetes.io/role/internal-elb"})


def test_flow_logs_tell_the_subnet_and_are_kept_encrypted():
    """NET-20"""
    graph = prod()
    log, group = graph.one("aws:ec2/flowLog:FlowLog"), graph.one("aws:cloudwatch/logGroup:LogGroup")
    assert log.inputs["trafficType"] == "ALL"
    assert "${subnet-id}" in log.inputs["logFormat"]
    assert graph.reference(log, "vpcId") == [graph.one("aws:ec2/vpc:Vpc")]
    assert graph.reference(log, "logDestination") == [group]
    assert group.inputs["retentionInDays"] == 90
    assert graph.reference(group, "kmsKeyId") == [graph.one("aws:kms/key:Key")]


def test_the_flow_log_role_is_of_this_account_and_writes_to_its_group_only():
    """NET-20, EKS-25"""
    graph = prod()
    trust = json.loads(graph.one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    statements = {s["Sid"]: s for s in json.loads(graph.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]}
    group = graph.one("aws:cloudwatch/logGroup:LogGroup").outputs["arn"]
    assert statements["Write"]["Resource"] == [group, f"{group}:*"]
    assert statements["Find"]["Action"] == ["logs:DescribeLogGroups"]


def test_the_key_of_the_flow_logs_serves_one_log_group():
    """NET-20"""
    graph = prod()
    policy = json.loads(graph.one("aws:kms/key:Key").inputs["policy"])["Statement"]
    logs = next(s for s in policy if s["Sid"] == "Logs")
    assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
    name = graph.one("aws:cloudwatch/logGroup:LogGroup").inputs["name"]
    assert logs["Condition"]["ArnEquals"] == {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:us-east-1:123456789012:log-group:{name}"}
    assert graph.one("aws:kms/key:Key").inputs["enableKeyRotation"] is True


@pytest.mark.parametrize("protected", [True, False])
def test_the_key_is_protected_as_the_data_is(protected: bool):
    graph = record(lambda: Network("network", network_args(data_protection=protected)))
    assert [node.name for node in graph.nodes if node.protect] == (["network-flow-logs"] if protected else [])


def test_the_component_declares_its_facts_and_gives_ids_in_zone_order():
    """NET-02, NET-38"""
    graph = prod()
    node, outputs = graph.component("coder-eks:network:Network")
    assert node.inputs["tiers"] == ["control", "database", "provisioner", "public", "workspace"]
    assert (node.inputs["zones"], node.inputs["nat"], node.inputs["cidr"]) == (3, "gateway-per-az", "10.0.0.0/16")
    assert node.inputs.items() <= outputs.items()
    for tier, ids in outputs["subnet_ids"].items():
        assert [graph.by_id[i].inputs["cidrBlock"] for i in ids] == list(plans.CIDRS[tier])
    assert set(outputs["route_table_ids"]) == {"public", "private-a", "private-b", "private-c", "database"}
    assert {"control", "provisioner", "workspace", "database", "endpoint", "load-balancer"} <= set(outputs["security_group_ids"])


def test_everything_stands_under_the_component_by_its_name():
    graph = prod()
    component, _ = graph.component("coder-eks:network:Network")
    assert {n.parent for n in graph.nodes if n is not component} == {component.urn}
    assert all(n.name.startswith("network") for n in graph.nodes)


def test_a_preview_of_an_empty_stack_knows_the_edges():
    """NET-13"""
    graph = record(lambda: Network("network", network_args()), preview=True)
    for letter in "abc":
        route = graph.one("aws:ec2/route:Route", f"network-private-{letter}-internet")
        assert [n.name for n in graph.reference(route, "natGatewayId")] == [f"network-{letter}"]
