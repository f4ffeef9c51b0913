"""The side-by-side table of the requirements (1.1), column "ref (003)", row by row: where each parameter stands in the graph or the plan.

A row that the table gains has no test here, and the last test says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from plan.instances import INSTANCE_TYPES
from tests.components.graph import Graph, Node
from tests.components.reference import graph_of, plan_of, reference

DOCS = Path(__file__).parents[2] / "docs"
SUBNET, NODE_GROUP, INSTANCE = "aws:ec2/subnet:Subnet", "aws:eks/nodeGroup:NodeGroup", "aws:rds/instance:Instance"
RELEASE, RULE = "kubernetes:helm.sh/v3:Release", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROLE, ROLE_POLICY, ENDPOINT = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:ec2/vpcEndpoint:VpcEndpoint"
ASSOCIATION, SCHEDULE = "aws:eks/podIdentityAssociation:PodIdentityAssociation", "aws:autoscaling/schedule:Schedule"

Check = Callable[[Graph], None]
ROWS: dict[str, Check] = {}


def row(parameter: str) -> Callable[[Check], Check]:
    """Of the table, by its first column."""

    def keep(check: Check) -> Check:
        assert parameter not in ROWS
        ROWS[parameter] = check
        return check

    return keep


def cidrs(graph: Graph, tier: str) -> list[tuple[str, str]]:
    """Zone and range of a tier's subnets."""
    found = [node for node in graph.of(SUBNET) if node.tags()["Tier"] == tier]
    return sorted((node.inputs["availabilityZone"][-1], node.inputs["cidrBlock"]) for node in found)


def nodes_of(graph: Graph, group: str) -> list[Node]:
    """The EKS node groups of one group of the stack file."""
    return [node for node in graph.of(NODE_GROUP) if node.inputs["labels"] == {"coder.com/node-group": group}]


def totals(graph: Graph, group: str) -> tuple[str, int, int]:
    """Instance type, fewest and most nodes."""
    found = nodes_of(graph, group)
    (instance_type,) = {node.inputs["instanceTypes"][0] for node in found}
    return instance_type, *(sum(node.inputs["scalingConfig"][key] for node in found) for key in ("minSize", "maxSize"))  # type: ignore[return-value]


def admitted(graph: Graph, party: str) -> set[tuple[str, int | None]]:
    """Who may open what at a party: source and port."""
    group = graph.one("aws:ec2/securityGroup:SecurityGroup", f"us-east-1-{party}")
    found = [node for node in graph.of(RULE) if graph.reference(node, "securityGroupId") == [group]]
    prefix = f"us-east-1-{party}-from-"
    return {(node.name.removeprefix(prefix).split("-tcp")[0].split("-udp")[0], node.inputs.get("fromPort")) for node in found}


def statements(graph: Graph, name: str) -> list[Any]:
    return json.loads(graph.one(ROLE_POLICY, name).inputs["policy"])["Statement"]


def values(graph: Graph, name: str) -> Any:
    return graph.one(RELEASE, name).inputs["values"]


@row("Purpose / scale")
def _(graph: Graph) -> None:
    assert plan_of().capacity.workspaces == 500
    assert plan_of().capacity.holds >= 500
    assert graph.component("coder-eks:environment:Environment")[0].inputs["system"] == "reference"


@row("Availability")
def _(graph: Graph) -> None:
    assert {node.inputs["availabilityZone"] for node in graph.of(SUBNET)} == {"us-east-1a", "us-east-1b"}
    assert graph.one(INSTANCE).inputs["multiAz"] is True


@row("Off-hours capacity")
def _(graph: Graph) -> None:
    assert totals(graph, "coder-ws")[1] == 2
    assert plan_of().capacity.off_hours_nodes == 2


@row("Peak window")
def _(_graph: Graph) -> None:
    peak = reference().workload.peak
    assert (peak.from_, peak.until, reference().workload.timezone) == (time(7), time(18), "America/New_York")


@row("Region(s)")
def _(graph: Graph) -> None:
    assert list(plan_of().regions) == ["us-east-1"]
    assert [node.name for node in graph.of("pulumi:providers:aws")] == ["us-east-1"]


@row("AZ count")
def _(graph: Graph) -> None:
    """T-50: two, as every diagram has it."""
    assert len({node.inputs["availabilityZone"] for node in graph.of(SUBNET)}) == 2


@row("VPC CIDR")
def _(graph: Graph) -> None:
    assert graph.one("aws:ec2/vpc:Vpc").inputs["cidrBlock"] == "10.0.0.0/16"


@row("Public subnets")
def _(graph: Graph) -> None:
    assert cidrs(graph, "public") == [("a", "10.0.0.0/20"), ("b", "10.0.16.0/20")]


@row("Control / system private")
def _(graph: Graph) -> None:
    assert cidrs(graph, "private") == [("a", "10.0.32.0/19"), ("b", "10.0.64.0/19")]
    assert {home.tags()["Tier"] for group in graph.of(NODE_GROUP) for home in graph.reference(group, "subnetIds")} == {"private"}


@row("Provisioner private")
def _(graph: Graph) -> None:
    assert {home.tags()["Tier"] for group in nodes_of(graph, "coder-prov") for home in graph.reference(group, "subnetIds")} == {"private"}


@row("Workspace private")
def _(graph: Graph) -> None:
    assert {home.tags()["Tier"] for group in nodes_of(graph, "coder-ws") for home in graph.reference(group, "subnetIds")} == {"private"}


@row("Database subnets")
def _(graph: Graph) -> None:
    assert cidrs(graph, "database") == [("a", "10.0.96.0/21"), ("b", "10.0.104.0/21")]
    group = graph.reference(graph.one(INSTANCE), "dbSubnetGroupName")[0]
    assert {home.tags()["Tier"] for home in graph.reference(group, "subnetIds")} == {"database"}


@row("CIDR sizing basis")
def _(_graph: Graph) -> None:
    """None named: the gaps' source, prod's 20 % growth, is computed with, and the plan raises no conflict."""
    assert reference().workload.growth == pytest.approx(0.2)


@row("Internet gateway")
def _(graph: Graph) -> None:
    route = graph.one("aws:ec2/route:Route", "us-east-1-public-internet")
    assert graph.reference(route, "gatewayId") == [graph.one("aws:ec2/internetGateway:InternetGateway")]


@row("NAT")
def _(graph: Graph) -> None:
    gateway = graph.one("aws:ec2/natGateway:NatGateway")
    assert [home.name for home in graph.reference(gateway, "subnetId")] == ["us-east-1-public-a"]
    ways = [node for node in graph.of("aws:ec2/route:Route") if graph.reference(node, "natGatewayId") == [gateway]]
    assert len(ways) == 2


@row("VPC endpoints")
def _(graph: Graph) -> None:
    found = {
        node.inputs["serviceName"].removeprefix("com.amazonaws.us-east-1."): node.inputs["vpcEndpointType"] for node in graph.of(ENDPOINT)
    }
    assert found == {"s3": "Gateway", "ecr.api": "Interface", "ecr.dkr": "Interface"}
    assert all(node.inputs["privateDnsEnabled"] for node in graph.of(ENDPOINT) if node.inputs["vpcEndpointType"] == "Interface")


@row("Node SG")
def _(graph: Graph) -> None:
    """T-23: from the balancer to coderd's own port, not 443; between nodes what roles need (NET-33)."""
    assert ("load-balancer", 8080) in admitted(graph, "control")
    assert ("control", None) in admitted(graph, "control")
    assert not any(port == 443 for _, port in admitted(graph, "control"))


@row("DB SG")
def _(graph: Graph) -> None:
    """T-38: the nodes that run coderd, and no others."""
    assert admitted(graph, "database") == {("control", 5432)}


@row("Endpoint SG")
def _(graph: Graph) -> None:
    """T-88: every node's group."""
    assert admitted(graph, "endpoint") == {(role, 443) for role in ("control", "provisioner", "workspace")}


@row("NACLs")
def _(graph: Graph) -> None:
    """T-10: one for each tier; in the shared one nodes are told apart by their security groups."""
    assert sorted(node.name for node in graph.of("aws:ec2/networkAcl:NetworkAcl")) == [
        f"us-east-1-{tier}" for tier in ("database", "private", "public")
    ]


@row("Flow logs / audit")
def _(graph: Graph) -> None:
    log = graph.one("aws:ec2/flowLog:FlowLog")
    assert graph.reference(log, "vpcId") == [graph.one("aws:ec2/vpc:Vpc")]
    assert log.inputs["trafficType"] == "ALL"
    assert graph.one("aws:cloudtrail/trail:Trail").inputs["enableLogging"] is not False


@row("EKS version")
def _(graph: Graph) -> None:
    """T-57: pinned."""
    assert graph.one("eks:index:Cluster").inputs["version"] == reference().regions["us-east-1"].cluster.kubernetes_version


@row("API endpoint access")
def _(graph: Graph) -> None:
    cluster = graph.one("eks:index:Cluster").inputs
    assert (cluster["endpointPrivateAccess"], cluster["endpointPublicAccess"]) == (True, False)


@row("Control plane")
def _(graph: Graph) -> None:
    cluster = graph.one("eks:index:Cluster")
    assert len({home.inputs["availabilityZone"] for home in graph.reference(cluster, "subnetIds")}) == 2
    assert cluster.inputs["encryptionConfigKeyArn"]
    assert graph.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider")


def _tainted(graph: Graph, group: str) -> bool:
    """T-55: every group, since workloads of one would else mix with another's."""
    taint = {"key": "coder.com/node-group", "value": group, "effect": "NO_SCHEDULE"}
    return all(node.inputs["taints"] == [taint] for node in nodes_of(graph, group))


@row("Node group 1")
def _(graph: Graph) -> None:
    """EKS-09"""
    assert totals(graph, "coder-system") == ("m7i.large", 2, 2)
    assert _tainted(graph, "coder-system")
    assert not [node for node in graph.of(SCHEDULE) if "coder-system" in node.name]


@row("Node group 2")
def _(graph: Graph) -> None:
    """EKS-09, T-52: 16 GiB."""
    assert totals(graph, "coder-prov") == ("c7i.2xlarge", 1, 2)
    assert _tainted(graph, "coder-prov")
    assert INSTANCE_TYPES["c7i.2xlarge"].memory_gib == 16
    assert plan_of().regions["us-east-1"].provisioners.replicas_peak == 14


@row("Node group 3")
def _(graph: Graph) -> None:
    """EKS-09, T-11: one EKS group for each zone, whose figures add up."""
    assert totals(graph, "coder-ws") == ("m7i.12xlarge", 2, 20)
    assert _tainted(graph, "coder-ws")
    assert sorted(node.name for node in nodes_of(graph, "coder-ws")) == ["us-east-1-coder-ws-a", "us-east-1-coder-ws-b"]


@row("Root disk / AMI / labels")
def _(graph: Graph) -> None:
    assert {node.inputs["amiType"] for node in graph.of(NODE_GROUP)} == {"AL2023_x86_64_STANDARD"}
    disks = [node.inputs["blockDeviceMappings"][0]["ebs"] for node in graph.of("aws:ec2/launchTemplate:LaunchTemplate")]
    assert {(disk["volumeType"], disk["encrypted"]) for disk in disks} == {("gp3", "true")}


@row("Autoscaler")
def _(graph: Graph) -> None:
    assert values(graph, "us-east-1-cluster-autoscaler")["cloudProvider"] == "aws"
    tagged = {node.name for node in graph.of("aws:autoscaling/tag:Tag")}
    assert tagged == {"us-east-1-coder-prov", "us-east-1-coder-ws-a", "us-east-1-coder-ws-b"}


@row("Schedules")
def _(graph: Graph) -> None:
    """EKS-18, EKS-19, T-83: at 18:15 and over the weekend only the minimum is lower; nobody's node is taken."""
    found = graph.of(SCHEDULE)
    assert {(node.inputs["scheduledActionName"], node.inputs["recurrence"]) for node in found} == {
        ("up", "45 6 * * 1-5"),
        ("down", "15 18 * * 1-5"),
    }
    assert {node.inputs["timeZone"] for node in found} == {"America/New_York"}
    assert {node.inputs["desiredCapacity"] for node in found if node.inputs["scheduledActionName"] == "down"} == {-1}


@row("Namespaces")
def _(graph: Graph) -> None:
    found = {node.inputs["metadata"]["name"] for node in graph.of("kubernetes:core/v1:Namespace")}
    assert found >= {"coder", "coder-prov", "coder-ws"}


@row("Add-ons / controllers")
def _(graph: Graph) -> None:
    add_ons = {node.inputs["addonName"] for node in graph.of("aws:eks/addon:Addon")}
    assert add_ons == {"aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"}
    assert graph.one(RELEASE, "us-east-1-cluster-autoscaler")


@row("Pod identity method")
def _(graph: Graph) -> None:
    """EKS-28, T-54: every role of a workload, and nothing is left of IRSA."""
    bound = {(node.inputs["namespace"], node.inputs["serviceAccount"]) for node in graph.of(ASSOCIATION)}
    assert bound >= {
        ("coder", "coder"),
        ("coder-prov", "coder-provisioner"),
        ("external-secrets", "external-secrets"),
        ("kube-system", "aws-load-balancer-controller"),
        ("kube-system", "aws-node"),
        ("kube-system", "cluster-autoscaler"),
        ("kube-system", "ebs-csi-controller-sa"),
    }
    assert not [node.name for node in graph.of(ROLE) if "AssumeRoleWithWebIdentity" in node.inputs["assumeRolePolicy"]]
    for node in graph.of(ASSOCIATION):
        [role] = graph.reference(node, "roleArn")
        (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]


@row("CoderServerRole")
def _(graph: Graph) -> None:
    """EKS-23: its secrets are fetched by the store, whose role reads exactly those."""
    (connect,) = statements(graph, "coder")
    assert connect["Action"] == ["rds-db:connect"]
    assert connect["Resource"].endswith(":dbuser:db-ABCDEFGHIJKLMNOPQRSTUVWXYZ/coderd")
    assert statements(graph, "coder-secrets")[0]["Action"] == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]


@row("CoderProvRole")
def _(graph: Graph) -> None:
    actions = {action for statement in statements(graph, "coder-prov") for action in statement["Action"]}
    assert {"eks:DescribeCluster", "ec2:RunInstances"} <= actions


@row("Controller roles")
def _(graph: Graph) -> None:
    for name in ("ebs-csi", "cluster-autoscaler", "load-balancer-controller"):
        assert statements(graph, f"us-east-1-{name}")


@row("Database engine")
def _(graph: Graph) -> None:
    found = graph.one(INSTANCE).inputs
    assert (found["engine"], found["instanceClass"], found["multiAz"]) == ("postgres", "db.m7i.large", True)
    assert found["engineVersion"] == reference().versions.postgresql


@row("DB instances")
def _(graph: Graph) -> None:
    """AWS chooses which of the two zones has the primary, and refuses one that is asked for."""
    assert len(graph.of(INSTANCE)) == 1
    assert "availabilityZone" not in graph.one(INSTANCE).inputs


@row("ACU")
def _(graph: Graph) -> None:
    assert not graph.of("aws:rds/cluster:Cluster")
    assert plan_of().control.max_acu is None


@row("DB encryption")
def _(graph: Graph) -> None:
    """DB-06: under AWS's own key, aws/rds, which is taken where none is named."""
    assert graph.one(INSTANCE).inputs["storageEncrypted"] is True
    assert "kmsKeyId" not in graph.one(INSTANCE).inputs


@row("DB backup")
def _(graph: Graph) -> None:
    """DB-10: and the exercise is `coder-eks restore-test` (DB-11)."""
    assert graph.one(INSTANCE).inputs["backupRetentionPeriod"] == 7
    (rule,) = graph.one("aws:backup/plan:Plan").inputs["rules"]
    assert rule["lifecycle"] == {"deleteAfter": 7}


@row("DB access")
def _(graph: Graph) -> None:
    assert graph.one(INSTANCE).inputs["publiclyAccessible"] is False
    tables = [
        node
        for node in graph.of("aws:ec2/route:Route")
        if node.inputs["routeTableId"] == graph.one("aws:ec2/routeTable:RouteTable", "us-east-1-database").id
    ]
    assert not tables


@row("Load balancer")
def _(graph: Graph) -> None:
    balancer = graph.one("aws:lb/loadBalancer:LoadBalancer")
    assert balancer.inputs["loadBalancerType"] == "network"
    assert [home.tags()["Tier"] for home in graph.reference(balancer, "subnets") or graph.reference(balancer, "subnetMappings")] == [
        "public"
    ] * 2


@row("Listeners")
def _(graph: Graph) -> None:
    listener = graph.one("aws:lb/listener:Listener").inputs
    assert (listener["port"], listener["protocol"]) == (443, "TLS")


@row("TLS policy")
def _(graph: Graph) -> None:
    """T-29"""
    assert graph.one("aws:lb/listener:Listener").inputs["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"


@row("Certificates")
def _(graph: Graph) -> None:
    certificate = graph.one("aws:acm/certificate:Certificate")
    assert certificate.inputs["validationMethod"] == "DNS"
    assert graph.reference(graph.one("aws:lb/listener:Listener"), "certificateArn")


@row("DNS")
def _(graph: Graph) -> None:
    names = {node.inputs["name"] for node in graph.of("aws:route53/record:Record") if node.inputs.get("aliases")}
    assert names == {"coder.reference.example.com", "*.coder.reference.example.com"}


@row("Coder chart / env")
def _(graph: Graph) -> None:
    """CDR-02, CDR-04"""
    coder = values(graph, "coder")["coder"]
    assert coder["replicaCount"] == 2
    assert "topology.kubernetes.io/zone" in json.dumps(coder)


@row("Provisioners")
def _(graph: Graph) -> None:
    assert graph.one(RELEASE, "coder-prov").inputs["namespace"] == "coder-prov"


@row("Authentication")
def _(graph: Graph) -> None:
    """Not named: prod's, by OIDC."""
    assert "CODER_OIDC_ISSUER_URL" in json.dumps(values(graph, "coder"))


@row("Observability")
def _(graph: Graph) -> None:
    groups = {node.inputs["name"] for node in graph.of("aws:cloudwatch/logGroup:LogGroup")}
    assert "/aws/rds/instance/coder-reference/postgresql" in groups
    assert all(node.inputs["retentionInDays"] for node in graph.of("aws:cloudwatch/logGroup:LogGroup"))


@row("Workspace sizes")
def _(_graph: Graph) -> None:
    """T-51, TPL-46"""
    workload = reference().workload
    sizes = {name: (str(size.cpu), str(size.memory), str(size.storage)) for name, size in workload.sizes.items()}
    assert sizes == {
        "sw-dev-small": ("2", "4Gi", "20Gi"),
        "sw-dev-medium": ("4", "8Gi", "50Gi"),
        "sw-dev-large": ("16", "32Gi", "100Gi"),
    }
    assert [float(share) for share in workload.mix.values()] == [0.25, 0.60, 0.15]
    mix = plan_of().capacity.mix
    assert mix is not None
    assert (mix.workspaces, mix.placed) == (500, 500)


@row("Workspace types")
def _(graph: Graph) -> None:
    assert [node.name for node in graph.of("coderd:index/template:Template")] == ["pod-swdev"]


@row("GPU")
def _(graph: Graph) -> None:
    """EKS-37: never on the cluster."""
    assert not [kind for node in graph.of(NODE_GROUP) for kind in node.inputs["instanceTypes"] if kind[0] in "gp"]


@row("Workspace storage")
def _(graph: Graph) -> None:
    parameters = graph.one("kubernetes:storage.k8s.io/v1:StorageClass").inputs["parameters"]
    assert (parameters["type"], parameters["encrypted"]) == ("gp3", "true")


@row("RTO")
def _(_graph: Graph) -> None:
    """What the exercise measures a restore against."""
    from operations.restore_test import RTO

    assert RTO.total_seconds() == 2 * 3600


@row("RPO")
def _(graph: Graph) -> None:
    """Point-in-time recovery is at most 5 minutes behind (Property 5)."""
    assert 1 <= graph.one(INSTANCE).inputs["backupRetentionPeriod"] <= 35


@row("DB failover")
def _(graph: Graph) -> None:
    """coderd names the instance, whose address follows the standby."""
    assert graph.one(INSTANCE).inputs["multiAz"] is True
    assert "coder-reference.abcdefghijkl.us-east-1.rds.amazonaws.com" in json.dumps(values(graph, "coder"))


@row("Licence")
def _(graph: Graph) -> None:
    assert graph.of("coderd:index/license:License")


@row("Cost figures")
def _(_graph: Graph) -> None:
    cost = plan_of().monthly_cost
    assert cost.total_usd > 0
    page = (DOCS / "reference.md").read_text()
    assert f"{cost.total_usd:,.0f}" in page


@row("Known behaviours")
def _(_graph: Graph) -> None:
    assert any(warning.startswith("T-37: ") for warning in plan_of().warnings)


@row("IaC / state")
def _(_graph: Graph) -> None:
    """None named: the stack file is prod's kind."""
    assert reference().system.name == "reference"


@row("Upgrade path")
def _(_graph: Graph) -> None:
    """1.4: each step is tested in test_reference_upgrades.py, and described."""
    page = (DOCS / "reference.md").read_text()
    assert all(f"### {step}" in page for step in ("v1.1", "v1.2", "v2.0"))


@pytest.mark.parametrize("parameter", ROWS)
def test_a_row_of_the_table_stands_in_the_graph(parameter: str):
    ROWS[parameter](graph_of())


def test_every_row_of_the_table_has_its_test():
    table = (DOCS / "requirements.md").read_text().split("### 1.1", 1)[1].split("### 1.2", 1)[0]
    named = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert named[0] == "Parameter"
    assert named[1:] == list(ROWS)
