"""What AWS asks to be there first comes first; on a destroy, the other way round, it goes last."""

from __future__ import annotations

import functools
from pathlib import Path

from components.environment import Environment, EnvironmentArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.network import Network
from plan import make_plan
from settings.load import load_file
from tests.components.conftest import Deploy
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.components.test_network import network_args

GATEWAY, ROUTE = "aws:ec2/internetGateway:InternetGateway", "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
RULES = ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
BALANCER, ADDRESS = "aws:lb/loadBalancer:LoadBalancer", "aws:ec2/eip:Eip"
RELEASE = "kubernetes:helm.sh/v3:Release"
NODE_GROUP, RIGHT = "aws:eks/nodeGroup:NodeGroup", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
TOKEN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:coder/prod/coderd-token-AbCdEf"
CALLS = {
    "aws:secretsmanager/getSecrets:getSecrets": {"arns": [TOKEN], "names": ["coder/prod/coderd-token"]},
    "aws:secretsmanager/getSecretVersions:getSecretVersions": {
        "versions": [{"versionId": "1", "createdTime": "2026-11-21T16:00:00Z", "lastAccessedDate": "", "versionStages": ["AWSCURRENT"]}]
    },
    "aws:secretsmanager/getSecretVersion:getSecretVersion": {"secretString": "token"},
    "aws:route53/getZone:getZone": {"zoneId": "Z1"},
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "coderd:index/getOrganization:getOrganization": {"id": "c0de0000-0000-4000-8000-000000000001"},
}


@functools.cache
def second_visit() -> Graph:
    """Prod as it is once the token is there, recorded once."""
    settings = load_file(Path(__file__).parents[2] / "Pulumi.prod.yaml")
    return record(lambda: Environment("coder", EnvironmentArgs(settings=settings, plan=make_plan(settings))), calls=CALLS)


def test_an_internet_facing_balancer_waits_for_the_internet_gateway(deploy: Deploy):
    """AWS: `InvalidSubnet: VPC vpc-… has no internet gateway`; and a gateway does not detach while addresses are mapped."""

    def program() -> None:
        network = Network("network", network_args())
        args = LoadBalancerArgs(
            vpc_id=network.vpc_id,
            subnet_ids=network.subnet_ids["public"],
            security_group_id=network.security_group_ids["load-balancer"],
            certificate_arn="arn:of-the-certificate",
            tls_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            static_ips=True,
            data_protection=True,
            after=network.entrance,
        )
        LoadBalancer("balancer", args)

    graph = deploy(program)
    gateway = graph.one(GATEWAY)
    for public in (graph.one(BALANCER), *(node for node in graph.of(ADDRESS) if "balancer" in node.name)):
        assert graph.waits_for(public, gateway)


def test_prods_balancer_waits_for_the_route_to_the_internet():
    graph = second_visit()
    route = next(node for node in graph.of(ROUTE) if node.inputs.get("gatewayId"))
    assert graph.waits_for(graph.one(BALANCER), route)


def test_nodes_wait_for_their_ways_and_their_rights():
    """A node without a route out, a rule or a right never joins: NodeCreationFailure."""
    graph = second_visit()
    routes = [node for node in graph.of(ROUTE) if node.inputs.get("natGatewayId")]
    rules = [rule for kind in RULES for rule in graph.of(kind)]
    assert len(routes) == 3
    assert len(rules) > 20
    assert len(graph.of(NODE_GROUP)) == 5
    for group in graph.of(NODE_GROUP):
        homes = {node.urn for node in graph.reference(group, "subnetIds")}
        joined = [node for node in graph.of(ASSOCIATION) if homes & {subnet.urn for subnet in graph.reference(node, "subnetId")}]
        [role] = graph.reference(group, "nodeRoleArn")
        rights = [node for node in graph.of(RIGHT) if role in graph.reference(node, "role")]
        assert len(joined) == len(homes)
        assert len(rights) == 2
        own = _security_groups_of(graph, group)
        allowing = [rule for rule in rules if own & _ends(graph, rule)]
        assert len(allowing) > 5
        for needed in (*routes, *allowing, *joined, *rights):
            assert graph.waits_for(group, needed), needed.name


def test_no_node_group_waits_for_the_rules_of_other_nodes_only():
    graph = second_visit()
    groups = graph.of(NODE_GROUP)
    nodes = set[str]().union(*(_security_groups_of(graph, group) for group in groups))
    for group in groups:
        others = nodes - _security_groups_of(graph, group)
        foreign = [rule for kind in RULES for rule in graph.of(kind) if (ends := _ends(graph, rule)) and ends <= others]
        assert foreign
        assert not [rule.name for rule in foreign if graph.waits_for(group, rule)]


def test_coderd_waits_for_every_rule_and_for_every_node():
    """So on a destroy the way to it is open until what lives in it is gone."""
    graph = second_visit()
    coderd = next(node for node in graph.of(RELEASE) if node.name == "coder")
    for needed in (*(rule for kind in RULES for rule in graph.of(kind)), *graph.of(NODE_GROUP)):
        assert graph.waits_for(coderd, needed), needed.name


def _security_groups_of(graph: Graph, group: Node) -> set[str]:
    [template] = graph.reference(group, "launchTemplate")
    return {node.urn for node in graph.reference(template, "vpcSecurityGroupIds")}


def _ends(graph: Graph, rule: Node) -> set[str]:
    return {node.urn for key in ("securityGroupId", "referencedSecurityGroupId") for node in graph.reference(rule, key)}


def test_what_lives_in_coderd_waits_for_the_whole_way_to_it():
    """Its provider speaks to coderd at the access URL: on a destroy it goes before name, listener and target."""
    graph = second_visit()
    kinds = ("aws:route53/record:Record", "aws:lb/listener:Listener", "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding")
    provider = graph.one("pulumi:providers:coderd")
    for kind in kinds:
        for needed in graph.of(kind):
            if "validation" not in needed.name and needed.inputs.get("type") != "CNAME":
                assert graph.waits_for(provider, needed), needed.name
