"""A program with coderd and its database in it, and ways to look at its graph: for the tests of the Coder components."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pulumi_kubernetes as kubernetes

from components.coder_environment import QuietHours
from components.coder_network import Surroundings
from components.coder_server import CoderServer, CoderServerArgs
from components.coder_values import Placement
from components.database import Database, DatabaseArgs
from components.identity import ClusterIdentity
from components.postgresql import PostgreSql
from plan.model import ControlPlan
from settings.cluster import IdentityMode
from settings.load import load_file
from tests.components.conftest import Deploy
from tests.components.graph import Graph

CODER = load_file(Path(__file__).parents[2] / "Pulumi.prod.yaml").coder
DATABASE = DatabaseArgs(
    identifier="coder-prod",
    engine_version="16.8",
    zones=("us-east-1a", "us-east-1b"),
    subnet_ids=("subnet-a", "subnet-b"),
    security_group_id="sg-database",
    readers=1,
    min_acu=8,
    max_acu=128,
    retention_days=35,
    log_retention_days=90,
    data_protection=True,
)
SURROUNDINGS = Surroundings(
    vpc_cidr="10.0.0.0/16",
    load_balancer_cidrs=("10.0.0.0/20",),
    database_cidrs=("10.0.208.0/21",),
    client_namespaces=("coder-prov", "coder-ws"),
    metrics_namespaces=("coder",),
    issuer=CODER.login_url,
    pod_identity=False,
)
RELEASE, JOB, CUSTOM = "kubernetes:helm.sh/v3:Release", "kubernetes:batch/v1:Job", "kubernetes:external-secrets.io/v1:ExternalSecret"
STORE = "kubernetes:external-secrets.io/v1:SecretStore"
BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
ACCOUNT, SERVICE = "kubernetes:core/v1:ServiceAccount", "kubernetes:core/v1:Service"
POLICY, BUDGET = "kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:policy/v1:PodDisruptionBudget"
CONFIG = "kubernetes:core/v1:ConfigMap"
ROLE_POLICY, ROLE = "aws:iam/rolePolicy:RolePolicy", "aws:iam/role:Role"
KUBERNETES = "1.33"
LIFE = {"random:index/randomId:RandomId": {"hex": "0a1b2c3d"}}
MASTER = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-database"


def _aurora() -> PostgreSql:
    return Database("database", DATABASE)


def program(mode: IdentityMode = IdentityMode.IRSA, **changes: Any) -> Callable[[], None]:
    def run() -> None:
        namespace = kubernetes.core.v1.Namespace("coder", metadata={"name": "coder"})
        controller = kubernetes.core.v1.ConfigMap("add-on", metadata={"name": "add-on"})
        arguments: dict[str, Any] = {
            "coder": CODER,
            "control": ControlPlan(replicas=3, cpu="1", memory="4Gi", min_acu=8, max_acu=128),
            "password_login": False,
            "version": "2.34.0",
            "chart_version": "2.34.0",
            "quiet_hours": QuietHours(stop=time(18, 0), time_zone="America/New_York"),
            "region": "us-east-1",
            "namespace": namespace.metadata.name,
            "namespace_name": "coder",
            "identity": ClusterIdentity(
                mode=mode,
                cluster_name="coder-prod",
                oidc_provider_arn="arn:aws:iam::123456789012:oidc-provider/oidc.example",
                oidc_issuer="oidc.example",
            ),
            "placement": Placement(key="coder.com/node-group", group="coder-control"),
            "surroundings": SURROUNDINGS,
            "add_ons": [controller],
            "vpc_id": "vpc-1",
            "target_group_arn": "arn:of-the-target-group",
        } | changes
        arguments["database"] = (changes.get("make_database") or _aurora)()
        arguments.pop("make_database", None)
        CoderServer("coder", CoderServerArgs(**arguments))

    return run


_RECORDED: list[Graph] = []


def prod(deploy: Deploy) -> Graph:
    """prod's graph, recorded once: it is frozen."""
    if not _RECORDED:
        _RECORDED.append(deploy(program(), outputs=LIFE))
    return _RECORDED[0]


def statements(graph: Graph, name: str) -> list[dict[str, Any]]:
    return json.loads(graph.one(ROLE_POLICY, name).inputs["policy"])["Statement"]


def environment(graph: Graph) -> dict[str, Any]:
    return {entry["name"]: entry for entry in graph.one(RELEASE).inputs["values"]["coder"]["env"]}


def pod(graph: Graph) -> dict[str, Any]:
    return graph.one(JOB).inputs["spec"]["template"]["spec"]
