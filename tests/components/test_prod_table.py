"""Table 1.1 of the requirements, column prod (002), row by row: where each parameter stands in the graph.

A row is a function of the graph that finds the figure and says it; what the table says stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.components.environments import environment
from tests.components.graph import Graph, Node
from tests.plan.stacks import plan_of, prod

SUBNET, NODE_GROUP, DATABASE = "aws:ec2/subnet:Subnet", "aws:eks/nodeGroup:NodeGroup", "aws:rds/cluster:Cluster"
INSTANCE, RELEASE, LISTENER = "aws:rds/clusterInstance:ClusterInstance", "kubernetes:helm.sh/v3:Release", "aws:lb/listener:Listener"
RULE_IN = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def release(graph: Graph, chart: str) -> Node:
    (found,) = [node for node in graph.of(RELEASE) if node.inputs["chart"] == chart]
    return found


def variables(graph: Graph) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") for entry in release(graph, "coder").inputs["values"]["coder"]["env"]}


def subnets(tier: str) -> Callable[[Graph], object]:
    return lambda graph: sorted((node.inputs["cidrBlock"] for node in graph.of(SUBNET) if f"-{tier}-" in f"-{node.name}-"), key=_address)


def _address(cidr: str) -> tuple[int, ...]:
    return tuple(int(part) for part in cidr.partition("/")[0].split("."))


def group(name: str) -> Callable[[Graph], object]:
    """Instance type, sum of min and max over the zones, taint, whether the clock changes it."""

    def figures(graph: Graph) -> object:
        nodes = [node for node in graph.of(NODE_GROUP) if node.inputs["taints"][0]["value"] == name]
        sizes = [node.inputs["scalingConfig"] for node in nodes]
        clocked = [each for each in graph.of("aws:autoscaling/schedule:Schedule") if name in each.name]
        return (
            nodes[0].inputs["instanceTypes"][0],
            sum(size["minSize"] for size in sizes),
            sum(size["maxSize"] for size in sizes),
            bool(clocked),
        )

    return figures


def source_of(group_name: str, port: int) -> Callable[[Graph], object]:
    """The security groups that may open a port of a group."""

    def opened(graph: Graph) -> object:
        rules = [
            node
            for node in graph.of(RULE_IN)
            if node.inputs.get("fromPort") == port and any(group_name in found.name for found in graph.reference(node, "securityGroupId"))
        ]
        sources = {found.name for rule in rules for found in graph.reference(rule, "referencedSecurityGroupId")}
        return sorted(name.removeprefix("us-east-1-") for name in sources)

    return opened


def schedules(graph: Graph) -> object:
    return sorted({(node.inputs["recurrence"], node.inputs["timeZone"]) for node in graph.of("aws:autoscaling/schedule:Schedule")})


def namespaces(graph: Graph) -> object:
    return sorted(node.inputs["metadata"]["name"] for node in graph.of("kubernetes:core/v1:Namespace"))


def statements(graph: Graph, role: str) -> set[str]:
    policy = graph.one("aws:iam/rolePolicy:RolePolicy", role).inputs["policy"]
    return {action for statement in json.loads(policy)["Statement"] for action in statement["Action"]}


def database(key: str) -> Callable[[Graph], object]:
    return lambda graph: graph.one(DATABASE).inputs[key]


def listener(key: str) -> Callable[[Graph], object]:
    return lambda graph: graph.one(LISTENER).inputs[key]


Row = tuple[str, Callable[[Graph], object], object]
ROWS: list[Row] = [
    (
        "Purpose / scale",
        lambda _: (prod().workload.peak.workspaces, prod().workload.users.count, prod().workload.users.workspaces_each),
        (3000, 1000, 3),
    ),
    (
        "Availability",
        lambda graph: graph.one("aws:cloudwatch/metricAlarm:MetricAlarm", "us-east-1-availability-slo").inputs["threshold"],
        99.9,
    ),
    ("Off-hours capacity", lambda _: plan_of().capacity.off_hours_workspaces, 300),
    (
        "Peak window",
        lambda _: (f"{prod().workload.peak.from_:%H:%M}", f"{prod().workload.peak.until:%H:%M}", prod().workload.timezone),
        ("07:00", "18:00", "America/New_York"),
    ),
    (
        "Region(s)",
        lambda graph: sorted(node.inputs["region"] for node in graph.of("pulumi:providers:aws")),
        ["us-east-1", "us-west-2"],
    ),  # the latter gets the snapshots' copies
    (
        "AZ count",
        lambda graph: sorted({node.inputs["availabilityZone"] for node in graph.of(SUBNET)}),
        ["us-east-1a", "us-east-1b", "us-east-1c"],
    ),
    ("VPC CIDR", lambda graph: graph.one("aws:ec2/vpc:Vpc").inputs["cidrBlock"], "10.0.0.0/16"),
    ("Public subnets", subnets("public"), ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]),
    ("Control / system private", subnets("control"), ["10.0.48.0/20", "10.0.64.0/20", "10.0.80.0/20"]),
    ("Provisioner private", subnets("provisioner"), ["10.0.96.0/20", "10.0.112.0/20", "10.0.128.0/20"]),
    ("Workspace private", subnets("workspace"), ["10.0.144.0/20", "10.0.160.0/20", "10.0.176.0/20"]),  # T-01
    ("Database subnets", subnets("database"), ["10.0.208.0/21", "10.0.216.0/21", "10.0.224.0/21"]),
    ("CIDR sizing basis", lambda _: str(prod().workload.growth * 100), "20"),
    ("Internet gateway", lambda graph: len(graph.of("aws:ec2/internetGateway:InternetGateway")), 1),
    ("NAT", lambda graph: len(graph.of("aws:ec2/natGateway:NatGateway")), 3),
    (
        "VPC endpoints",
        lambda graph: len([node for node in graph.of("aws:ec2/vpcEndpoint:VpcEndpoint") if node.inputs["vpcEndpointType"] == "Interface"]),
        8,
    ),
    ("Node SG", source_of("control", 8080), ["load-balancer", "provisioner", "workspace"]),
    ("DB SG", source_of("database", 5432), ["control"]),  # T-38: coderd's nodes alone
    ("Endpoint SG", source_of("endpoint", 443), ["control", "provisioner", "workspace"]),
    ("NACLs", lambda graph: len(graph.of("aws:ec2/networkAcl:NetworkAcl")), 5),
    ("Flow logs / audit", lambda graph: "${subnet-id}" in graph.one("aws:ec2/flowLog:FlowLog").inputs["logFormat"], True),
    ("EKS version", lambda graph: graph.one("eks:index:Cluster").inputs["version"], prod().regions["us-east-1"].cluster.kubernetes_version),
    (
        "API endpoint access",
        lambda graph: (
            graph.one("eks:index:Cluster").inputs["endpointPrivateAccess"],
            graph.one("eks:index:Cluster").inputs["endpointPublicAccess"],
        ),
        (True, False),
    ),
    ("Control plane", lambda graph: len(graph.one("eks:index:Cluster").inputs["enabledClusterLogTypes"]), 5),
    ("Node group 1", group("coder-control"), ("m5.large", 2, 3, False)),
    ("Node group 2", group("coder-prov"), ("c5.2xlarge", 1, 20, True)),  # T-30: min 0 is 1
    ("Node group 3", group("coder-ws"), ("m5.2xlarge", 20, 200, True)),  # T-16: min 10 is 20
    (
        "Root disk / AMI / labels",
        lambda graph: {node.inputs["labels"]["coder.com/node-group"] for node in graph.of(NODE_GROUP)},
        {"coder-control", "coder-prov", "coder-ws"},
    ),
    (
        "Autoscaler",
        lambda graph: release(graph, "cluster-autoscaler").inputs["values"]["extraArgs"]["scale-down-utilization-threshold"],
        0.01,
    ),  # T-16
    ("Schedules", schedules, [("15 18 * * 1-5", "America/New_York"), ("45 6 * * 1-5", "America/New_York")]),  # T-59
    ("Namespaces", namespaces, ["coder", "coder-prov", "coder-ws"]),
    (
        "Add-ons / controllers",
        lambda graph: (
            {"aws-ebs-csi-driver", "coredns", "kube-proxy", "vpc-cni"}
            <= {node.inputs["addonName"] for node in graph.of("aws:eks/addon:Addon")}
        ),
        True,
    ),
    ("Pod identity method", lambda graph: len(graph.of("aws:eks/podIdentityAssociation:PodIdentityAssociation")), 0),  # IRSA
    ("CoderServerRole", lambda graph: statements(graph, "coder"), {"rds-db:connect"}),  # secrets by External Secrets
    ("CoderProvRole", lambda graph: {"ec2:RunInstances", "eks:DescribeCluster", "iam:PassRole"} <= statements(graph, "coder-prov"), True),
    (
        "Controller roles",
        lambda graph: "elasticloadbalancing:RegisterTargets" in statements(graph, "us-east-1-load-balancer-controller"),
        True,
    ),
    ("Database engine", database("engine"), "aurora-postgresql"),
    ("DB instances", lambda graph: len({node.inputs["availabilityZone"] for node in graph.of(INSTANCE)}), 3),
    ("ACU", database("serverlessv2ScalingConfiguration"), {"minCapacity": 8, "maxCapacity": 128}),  # T-32
    ("DB encryption", database("storageEncrypted"), True),
    ("DB backup", database("backupRetentionPeriod"), 35),  # RPO of 15 minutes by point in time; T-31
    ("DB access", lambda graph: [node.inputs["publiclyAccessible"] for node in graph.of(INSTANCE)], [False, False, False]),
    (
        "Load balancer",
        lambda graph: (graph.one("aws:lb/loadBalancer:LoadBalancer").inputs["loadBalancerType"], graph.one(LISTENER).inputs["protocol"]),
        ("network", "TLS"),
    ),
    ("Listeners", listener("port"), 443),  # no STUN: T-20
    ("TLS policy", listener("sslPolicy"), "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),  # T-29
    (
        "Certificates",
        lambda graph: graph.one("aws:cloudwatch/metricAlarm:MetricAlarm", "us-east-1-certificate-expires").inputs["threshold"],
        30,
    ),
    (
        "DNS",
        lambda graph: sorted(node.inputs["name"] for node in graph.of("aws:route53/record:Record") if node.inputs.get("aliases")),
        ["*.coder.example.com", "coder.example.com"],
    ),
    (
        "Coder chart / env",
        lambda graph: (variables(graph)["CODER_PROVISIONER_DAEMONS"], release(graph, "coder").inputs["values"]["coder"]["nodeSelector"]),
        ("0", {"coder.com/node-group": "coder-control"}),
    ),
    (
        "Provisioners",
        lambda graph: release(graph, "coder-provisioner").inputs["values"]["coder"]["nodeSelector"],
        {"coder.com/node-group": "coder-prov"},
    ),
    (
        "Authentication",
        lambda graph: (variables(graph)["CODER_OIDC_ISSUER_URL"], variables(graph)["CODER_EXTERNAL_AUTH_0_TYPE"]),
        ("https://idp.example.com", "github"),
    ),
    (
        "Observability",
        lambda graph: (release(graph, "coder-observability").inputs["namespace"], variables(graph)["CODER_PROMETHEUS_ENABLE"]),
        ("coder", "true"),
    ),
    ("Workspace sizes", lambda _: len(prod().workload.sizes), 7),
    ("Workspace storage", lambda graph: graph.one("kubernetes:storage.k8s.io/v1:StorageClass").inputs["parameters"]["type"], "gp3"),
    ("RPO", lambda graph: graph.one(DATABASE).inputs["backupRetentionPeriod"] > 0, True),  # at most 5 minutes by point in time
    ("Licence", lambda graph: len(graph.of("coderd:index/license:License")), 1),
    (
        "IaC / state",
        lambda graph: (
            {node.type.split(":")[1] for node in graph.nodes if node.type.startswith("coder-eks:")} >= {"network", "cluster", "database"}
        ),
        True,
    ),
]
# Rows that the prod column leaves empty, or that speak of what is not one resource: where they are met
ELSEWHERE = {
    "Workspace types": "tests/components/test_templates.py and tests of the catalogue: pods, and EC2 by flag",
    "GPU": "EC2 only: settings refuse GPU node groups (tests/settings, gpu_node_group)",
    "RTO": "not given for prod",
    "DB failover": "not given for prod; readers in the writer's warm tiers (tests/components/test_database.py)",
    "Cost figures": "none in the document; plan/cost.py computes them (tests/plan/test_make_plan.py)",
    "Known behaviours": "pod and EC2 start times: docs/runbooks/alerts.md, slow builds; measured by a scale test",
    "Upgrade path": "channels of the composer (tests/composer)",
}


@pytest.mark.parametrize(("parameter", "find", "says"), ROWS, ids=[row[0] for row in ROWS])
def test_prod_is_what_its_column_says(parameter: str, find: Callable[[Graph], object], says: object):
    """Requirements 1.1, prod (002)."""
    assert find(environment()) == says, parameter


def test_every_row_of_the_table_has_its_place():
    """Requirements 1.1 has 63 rows: each is above, or is named with where it is met."""
    assert len({row[0] for row in ROWS} | set(ELSEWHERE)) == len(ROWS) + len(ELSEWHERE)
