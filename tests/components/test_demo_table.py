"""The column "demo (004)" of requirements' table 1.1: where each parameter stands in the graph, or in docs/demo.md with the reason."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from components.environment import Environment, EnvironmentArgs
from plan import Plan, make_plan
from settings.load import load_file
from settings.model import Settings
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.components.test_order import CALLS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
SUBNET, RULE = "aws:ec2/subnet:Subnet", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
INSTANCES = "aws:rds/clusterInstance:ClusterInstance"
RECORD, RELEASE, DATABASE = "aws:route53/record:Record", "kubernetes:helm.sh/v3:Release", "aws:rds/cluster:Cluster"


def settings() -> Settings:
    return load_file(ROOT / "Pulumi.demo.yaml")


@functools.cache
def plan() -> Plan:
    return make_plan(settings())


@functools.cache
def graph() -> Graph:
    """demo as it is once the token is there, recorded once."""
    declared = settings()
    token = "arn:aws:secretsmanager:us-east-2:123456789012:secret:coder/demo/coderd-token-AbCdEf"
    calls = CALLS | {"aws:secretsmanager/getSecrets:getSecrets": {"arns": [token], "names": ["coder/demo/coderd-token"]}}
    return record(lambda: Environment("coder", EnvironmentArgs(settings=declared, plan=plan())), calls=calls)


def rows() -> dict[str, str]:
    """Parameter to the column of demo."""
    text = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    table = text.split("### 1.1 Side by side")[1].split("### 1.2")[0]
    cells = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {row[0].strip(): row[3].strip() for row in cells if row[0].strip() != "Parameter"}


def subnets(tier: str) -> list[str]:
    """NET-09."""
    return [node.inputs["cidrBlock"] for node in sorted(graph().of(SUBNET), key=lambda node: node.name) if node.tags()["Tier"] == tier]


def environment() -> dict[str, str]:
    (release,) = [node for node in graph().of(RELEASE) if node.name == "coder"]
    return {entry["name"]: entry.get("value", "") for entry in release.inputs["values"]["coder"]["env"]}


def sources(port: int, target: str) -> set[str]:
    """The security groups, without the region, that reach a port of another."""
    found: set[str] = set()
    for rule in graph().of(RULE):
        if rule.inputs.get("fromPort") == port and target in {node.name for node in graph().reference(rule, "securityGroupId")}:
            found |= {node.name.removeprefix("us-east-2-") for node in graph().reference(rule, "referencedSecurityGroupId")}
    return found


def charts() -> set[str]:
    return {str(node.inputs["chart"]).rsplit("/", 1)[-1] for node in graph().of(RELEASE)}


def policies(name: str) -> str:
    return " ".join(node.inputs["policy"] for node in graph().of("aws:iam/rolePolicy:RolePolicy") if name in node.name)


def regions() -> None:
    declared = {name: region.deployed for name, region in settings().regions.items()}
    assert declared == {"us-east-2": True, "us-west-2": False, "eu-west-2": False}


def network_of_every_region() -> None:
    """T-12: us-east-2 keeps the document's."""
    assert [str(region.network.cidr) for region in settings().regions.values()] == ["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"]
    assert graph().one("aws:ec2/vpc:Vpc").inputs["cidrBlock"] == "10.0.0.0/16"


def nat() -> None:
    routes = [node for node in graph().of("aws:ec2/route:Route") if "networkInterfaceId" in node.inputs]
    assert {node.name for route in routes for node in graph().reference(route, "networkInterfaceId")} == {"us-east-2-nat-a"}
    assert graph().one("aws:ec2/networkInterface:NetworkInterface").inputs["sourceDestCheck"] is False


def endpoints() -> None:
    made = {node.inputs["serviceName"].removeprefix("com.amazonaws.us-east-2.") for node in graph().of("aws:ec2/vpcEndpoint:VpcEndpoint")}
    assert made == {"s3", "ecr.api", "ecr.dkr"}


def group_of_the_database() -> None:
    """T-38: the document opens it to the whole VPC."""
    assert sources(5432, "us-east-2-database") == {"control"}
    assert "T-38" in PAGE


def pinned() -> None:
    """T-57"""
    assert graph().one("eks:index:Cluster").inputs["version"] == settings().regions["us-east-2"].cluster.kubernetes_version


def api() -> None:
    config = graph().one("eks:index:Cluster").inputs
    assert config["endpointPrivateAccess"] is True
    assert config["endpointPublicAccess"] is True
    assert "0.0.0.0/0" not in config["publicAccessCidrs"]


def system_nodes() -> None:
    group = graph().one("aws:eks/nodeGroup:NodeGroup", "us-east-2-system").inputs
    assert (group["instanceTypes"], group["amiType"], group["capacityType"]) == (["t4g.xlarge"], "AL2023_ARM_64_STANDARD", "ON_DEMAND")
    assert (group["scalingConfig"]["minSize"], group["scalingConfig"]["maxSize"]) == (2, 10)  # T-68: the document has 0
    assert any(warning.startswith("T-68: system: with min 0") for warning in plan().warnings)


def root_disk() -> None:
    template = graph().one("aws:ec2/launchTemplate:LaunchTemplate", "us-east-2-system")
    (disk,) = template.inputs["blockDeviceMappings"]
    assert (disk["ebs"]["volumeSize"], disk["ebs"]["volumeType"], disk["ebs"]["encrypted"]) == (20, "gp3", "true")


def pools() -> None:
    found = {pool.name: pool for pool in plan().regions["us-east-2"].pools}
    assert {pool.role for pool in found.values()} == {"provisioner", "workspace"}
    assert set(found["workspaces"].capacity_types) == {"spot", "on-demand"}


def karpenter() -> None:
    assert any("karpenter" in chart for chart in charts())
    assert graph().of("aws:sqs/queue:Queue")
    patterns = " ".join(node.inputs.get("eventPattern", "") for node in graph().of("aws:cloudwatch/eventRule:EventRule"))
    assert "EC2 Spot Instance Interruption Warning" in patterns
    kinds = [node.type.rsplit(":", 1)[-1] for node in graph().nodes]
    assert kinds.count("EC2NodeClass") == kinds.count("NodePool") == 2


def controllers() -> None:
    add_ons = {node.inputs["addonName"] for node in graph().of("aws:eks/addon:Addon")}
    assert add_ons >= {"coredns", "kube-proxy", "vpc-cni", "aws-ebs-csi-driver"}
    assert any("cert-manager" in chart for chart in charts())
    assert {"aws-load-balancer-controller", "metrics-server"} <= charts()


def controller_roles() -> None:
    names = [node.name for node in graph().of("aws:iam/role:Role")]
    assert [part for part in ("ebs", "load-balancer", "karpenter") if not any(part in name for name in names)] == []


def provisioners_rights() -> None:
    """PRV-08: EC2 and EKS by what may be described, and a role of its own."""
    rights = policies("coder-prov")
    assert "eks:Describe" in rights
    assert "ec2:" in rights


def zones_of_instances() -> None:
    assert len({node.inputs["availabilityZone"] for node in graph().of(INSTANCES)}) == 2


def identity() -> None:
    assert graph().of("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert not graph().of("aws:eks/podIdentityAssociation:PodIdentityAssociation")


def database() -> None:
    cluster = graph().one(DATABASE, "database").inputs
    assert (cluster["engine"], cluster["engineVersion"]) == ("aurora-postgresql", "15.8")
    assert {node.inputs["instanceClass"] for node in graph().of(INSTANCES)} == {"db.serverless"}


def capacity() -> None:
    scaling = graph().one(DATABASE, "database").inputs["serverlessv2ScalingConfiguration"]
    assert (scaling["minCapacity"], scaling["maxCapacity"]) == (0.5, 16)
    assert "LiteLLM" in PAGE


def encryption() -> None:
    assert graph().one(DATABASE, "database").inputs["storageEncrypted"] is True
    parameters = graph().one("aws:rds/clusterParameterGroup:ClusterParameterGroup").inputs["parameters"]
    assert {"name": "rds.force_ssl", "value": "1"} in parameters


def private_database() -> None:
    assert all(node.inputs["publiclyAccessible"] is False for node in graph().of(INSTANCES))
    assert "shared-database" in PAGE


def balancer() -> None:
    made = graph().one("aws:lb/loadBalancer:LoadBalancer").inputs
    assert (made["loadBalancerType"], made["enableCrossZoneLoadBalancing"], len(made["subnetMappings"])) == ("network", True, 2)
    assert all(mapping["allocationId"] for mapping in made["subnetMappings"])
    targets = graph().one("aws:lb/targetGroup:TargetGroup").inputs
    assert (targets["preserveClientIp"], targets["healthCheck"]["path"]) == ("true", "/healthz")
    assert "TargetGroupBinding" in {node.type.rsplit(":", 1)[-1] for node in graph().nodes}  # T-76, not a Service of type LoadBalancer


def listener() -> None:
    (made,) = graph().of("aws:lb/listener:Listener")
    assert (made.inputs["port"], made.inputs["protocol"]) == (443, "TLS")
    assert graph().one("aws:lb/targetGroup:TargetGroup").inputs["port"] == 8080


def certificates() -> None:
    made = graph().one("aws:acm/certificate:Certificate").inputs
    assert [made["domainName"], *made["subjectAlternativeNames"]] == [
        "coderdemo.io",
        "*.coderdemo.io",
        "us-east-2.coderdemo.io",
        "*.us-east-2.coderdemo.io",
    ]
    assert [node.type for node in graph().reference(graph().of("aws:lb/listener:Listener")[0], "certificateArn")] == [
        "aws:acm/certificateValidation:CertificateValidation"
    ]


def names() -> None:
    made = {node.inputs["name"]: node.inputs for node in graph().of(RECORD) if node.inputs["type"] == "A"}
    assert set(made) == {"coderdemo.io", "*.coderdemo.io", "us-east-2.coderdemo.io", "*.us-east-2.coderdemo.io"}
    assert {made[name]["setIdentifier"] for name in ("coderdemo.io", "*.coderdemo.io")} == {"us-east-2"}
    check = graph().one("aws:route53/healthCheck:HealthCheck").inputs
    assert (check["type"], check["fqdn"]) == ("HTTPS", "us-east-2.coderdemo.io")


def variables() -> None:
    found = environment()
    assert (found["CODER_TLS_ENABLE"], found["CODER_SECURE_AUTH_COOKIE"]) == ("false", "true")
    assert found["CODER_REDIRECT_TO_ACCESS_URL"] == "false"
    (release,) = [node for node in graph().of(RELEASE) if node.name == "coder"]
    assert release.inputs["values"]["coder"]["replicaCount"] > 1


def provisioners() -> None:
    (release,) = [node for node in graph().of(RELEASE) if "coder-provisioner" in str(node.inputs["chart"])]
    assert [node.name for node in graph().reference(release, "namespace")] == ["us-east-2-coder-prov"]
    assert "T-53" in PAGE


def login() -> None:
    assert environment()["CODER_OAUTH2_GITHUB_ALLOWED_ORGS"] == "example-org"


def instruments() -> None:
    assert graph().of("aws:route53/healthCheck:HealthCheck")
    assert set(graph().one("eks:index:Cluster").inputs["enabledClusterLogTypes"]) >= {"api", "audit"}
    assert "metrics-server" in charts()


def disks() -> None:
    (kind,) = graph().of("kubernetes:storage.k8s.io/v1:StorageClass")
    assert (kind.inputs["parameters"]["type"], kind.inputs["parameters"]["encrypted"]) == ("gp3", "true")
    assert kind.inputs["allowVolumeExpansion"] is True


def page(*words: str) -> Callable[[], None]:
    """Said in docs/demo.md, with the reason."""

    def check() -> None:
        for word in words:
            assert word in PAGE, word

    return check


def equal(found: Callable[[], object], wanted: object) -> Callable[[], None]:
    def check() -> None:
        assert found() == wanted

    return check


CHECKS: dict[str, Callable[[], None]] = {
    "Purpose / scale": page("Cost first"),
    "Availability": page("best effort"),
    "Off-hours capacity": pools,
    "Peak window": equal(lambda: settings().regions["us-east-2"].cluster.schedule, None),
    "Region(s)": regions,
    "AZ count": equal(lambda: plan().regions["us-east-2"].network.zones, ("us-east-2a", "us-east-2b")),
    "VPC CIDR": network_of_every_region,
    "Public subnets": equal(lambda: subnets("public"), ["10.0.10.0/24", "10.0.11.0/24"]),
    "Control / system private": equal(lambda: subnets("control"), ["10.0.20.0/24", "10.0.21.0/24"]),
    "Provisioner private": equal(lambda: subnets("provisioner"), ["10.0.22.0/24", "10.0.25.0/24"]),  # T-08
    "Workspace private": equal(lambda: subnets("workspace"), ["10.0.16.0/22", "10.0.12.0/22"]),  # T-08
    "Database subnets": equal(lambda: subnets("database"), ["10.0.23.0/24", "10.0.24.0/24"]),  # T-13
    "CIDR sizing basis": equal(lambda: settings().workload.growth, 0),
    "Internet gateway": equal(lambda: len(graph().of("aws:ec2/internetGateway:InternetGateway")), 1),
    "NAT": nat,
    "VPC endpoints": endpoints,
    "Node SG": equal(lambda: sources(443, "us-east-2-cluster"), {"control", "provisioner", "workspace"}),
    "DB SG": group_of_the_database,
    "Endpoint SG": equal(lambda: sources(443, "us-east-2-endpoint"), {"control", "provisioner", "workspace"}),
    "NACLs": equal(lambda: len(graph().of("aws:ec2/networkAcl:NetworkAcl")), 5),
    "Flow logs / audit": equal(lambda: len(graph().of("aws:ec2/flowLog:FlowLog")), 1),
    "EKS version": pinned,
    "API endpoint access": api,
    "Control plane": instruments,
    "Node group 1": system_nodes,
    "Node group 2": equal(lambda: sorted(node.name for node in graph().of("aws:eks/nodeGroup:NodeGroup")), ["us-east-2-system"]),
    "Node group 3": pools,
    "Root disk / AMI / labels": root_disk,
    "Autoscaler": karpenter,
    "Schedules": equal(lambda: graph().of("aws:autoscaling/schedule:Schedule"), []),
    "Namespaces": equal(
        lambda: {node.inputs["metadata"]["name"] for node in graph().of("kubernetes:core/v1:Namespace")} >= {"coder", "coder-ws"}, True
    ),
    "Add-ons / controllers": controllers,
    "Pod identity method": identity,
    "CoderServerRole": equal(lambda: "rds-db:connect" in policies("coder") and "secretsmanager:GetSecretValue" in policies("coder"), True),
    "CoderProvRole": provisioners_rights,
    "Controller roles": controller_roles,
    "Database engine": database,
    "DB instances": equal(lambda: len(graph().of(INSTANCES)), 2),
    "ACU": capacity,
    "DB encryption": encryption,
    "DB backup": equal(lambda: graph().one(DATABASE, "database").inputs["backupRetentionPeriod"], 7),
    "DB access": private_database,
    "Load balancer": balancer,
    "Listeners": listener,
    "TLS policy": equal(lambda: graph().of("aws:lb/listener:Listener")[0].inputs["sslPolicy"], "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"),
    "Certificates": certificates,
    "DNS": names,
    "Coder chart / env": variables,
    "Provisioners": provisioners,
    "Authentication": login,
    "Observability": instruments,
    "Workspace sizes": equal(lambda: sorted(settings().workload.sizes), ["sw-dev-medium", "sw-dev-small"]),
    "Workspace types": equal(lambda: list(settings().templates.published), ["pod-swdev"]),
    "GPU": equal(lambda: [pool for pool in plan().regions["us-east-2"].pools if pool.name.startswith("gpu")], []),
    "Workspace storage": disks,
    "RTO": page("T-35"),
    "RPO": page("T-35"),
    "DB failover": zones_of_instances,
    "Licence": equal(lambda: settings().coder.secrets.license, "coder/demo/license"),
    "Cost figures": page("T-33", "coder-eks cost --stack demo"),
    "Known behaviours": page("T-34", "T-26", "port 80"),
    "IaC / state": page("one stack", "no lock table"),
    "Upgrade path": page("Switching a region on", "peering"),
}


def test_the_walk_has_every_row_of_the_table_and_no_other():
    assert list(CHECKS) == list(rows())


@pytest.mark.parametrize("parameter", CHECKS, ids=lambda name: re.sub(r"\W+", "-", name).strip("-"))
def test_each_parameter_stands_where_the_table_says(parameter: str):
    """Requirements 1.1, demo (004)."""
    CHECKS[parameter]()


def test_policies_are_documents():
    """What the walk reads of roles is JSON that IAM would read."""
    documents = [node.inputs["policy"] for node in graph().of("aws:iam/rolePolicy:RolePolicy")]
    assert all(json.loads(document)["Statement"] for document in documents)
    assert isinstance(graph().nodes[0], Node)
