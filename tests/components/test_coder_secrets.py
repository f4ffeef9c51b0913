"""coderd's credentials on the graph: who may read what, and how it gets there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.add_ons_access import STORE_ROLE_PATH
from components.database_instance import DatabaseInstance
from components.identity import ClusterIdentity
from settings.cluster import IdentityMode
from tests.components.coder_stack import ACCOUNT, CUSTOM, LIFE, MASTER, ROLE, ROLE_POLICY, STORE, pod, prod, program, statements
from tests.components.conftest import Deploy
from tests.components.graph import Graph
from tests.components.test_coder_values import by_github
from tests.components.test_database_instance import ARGS


@pytest.fixture
def graph(deploy: Deploy) -> Graph:
    return prod(deploy)


# Identity


def test_coderd_may_log_in_as_its_role_and_nothing_else(graph: Graph):
    """EKS-23, DB-16."""
    resource = "arn:aws:rds-db:us-east-1:123456789012:dbuser:cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ/coderd"
    (statement,) = statements(graph, "coder")
    assert (statement["Action"], statement["Resource"]) == (["rds-db:connect"], resource)


def test_the_stores_role_reads_exactly_the_named_secrets_and_the_managed_password(graph: Graph):
    """EKS-23, CDR-41: the licence is not among them, coderd's provider installs it."""
    read, decrypt = statements(graph, "coder-secrets")
    prefix = "arn:aws:secretsmanager:us-east-1:123456789012:secret:coder/prod"
    assert read["Action"] == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    assert set(read["Resource"]) == {
        f"{prefix}/oidc-??????",
        f"{prefix}/external-auth-??????",
        f"{prefix}/database-encryption-keys-??????",
        MASTER,
    }
    assert decrypt["Action"] == ["kms:Decrypt"]
    assert decrypt["Resource"] == graph.one("aws:kms/key:Key").outputs["arn"]
    assert decrypt["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}


@pytest.mark.parametrize("name", ["coder", "coder-secrets"])
def test_each_account_is_the_only_one_that_takes_its_role(graph: Graph, name: str):
    """EKS-26."""
    (trust,) = json.loads(graph.one(ROLE, name).inputs["assumeRolePolicy"])["Statement"]
    assert trust["Condition"]["StringEquals"] == {
        "oidc.example:aud": "sts.amazonaws.com",
        "oidc.example:sub": f"system:serviceaccount:coder:{name}",
    }
    account = graph.one(ACCOUNT, name)
    assert account.inputs["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": graph.one(ROLE, name).outputs["arn"]}


def test_no_account_has_a_token_for_the_kubernetes_api(graph: Graph):
    assert {node.inputs["automountServiceAccountToken"] for node in graph.of(ACCOUNT)} == {False}
    assert pod(graph)["automountServiceAccountToken"] is False


CONTROLLER = "arn:aws:iam::123456789012:role/external-secrets"


def test_under_pod_identity_the_store_has_a_role_that_external_secrets_takes(deploy: Deploy):
    """EKS-26, EKS-28: Pod Identity hands out the role of the pod that asks; the store's is one step further. No IRSA is left."""
    identity = ClusterIdentity(
        mode=IdentityMode.POD_IDENTITY, cluster_name="coder", oidc_provider_arn="", oidc_issuer="", secrets_role_arn=CONTROLLER
    )
    graph = deploy(program(identity=identity), outputs=LIFE)
    association = graph.one("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert association.inputs["serviceAccount"] == "coder"
    role = graph.one(ROLE, "coder-secrets")
    (trust,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"AWS": CONTROLLER}, ["sts:AssumeRole", "sts:TagSession"])
    assert role.inputs["path"] == STORE_ROLE_PATH
    assert graph.one(STORE).inputs["spec"]["provider"]["aws"] == {
        "service": "SecretsManager",
        "region": "us-east-1",
        "role": role.outputs["arn"],
    }
    assert graph.waits_for(graph.one(STORE), graph.one(ROLE_POLICY, "coder-secrets"))
    assert [statement["Sid"] for statement in statements(graph, "coder-secrets")] == ["Read", "Decrypt"]
    assert not [node.name for node in graph.of(ROLE) if "WebIdentity" in node.inputs["assumeRolePolicy"]]


def test_awss_own_key_needs_no_right(deploy: Deploy):
    """DB-06, EKS-23: a database whose password lies under aws/secretsmanager."""
    graph = deploy(
        program(make_database=lambda: DatabaseInstance("database", ARGS)),
        outputs=LIFE | {"random:index/randomPassword:RandomPassword": {"result": "x" * 32}},
    )
    (read,) = statements(graph, "coder-secrets")
    assert read["Resource"][-1] == graph.one("aws:secretsmanager/secret:Secret").outputs["arn"]


# Secrets


def test_by_github_its_secret_takes_the_place_of_the_identity_providers(deploy: Deploy):
    """CDR-11, CDR-41"""
    graph = deploy(program(coder=by_github()), outputs=LIFE)
    (node,) = [node for node in graph.of(CUSTOM) if node.inputs["metadata"]["name"] == "coder-github"]
    assert node.inputs["spec"]["data"] == [
        {"secretKey": "client-id", "remoteRef": {"key": "coder/prod/github", "property": "client_id"}},
        {"secretKey": "client-secret", "remoteRef": {"key": "coder/prod/github", "property": "client_secret"}},
    ]
    read, _ = statements(graph, "coder-secrets")
    assert "arn:aws:secretsmanager:us-east-1:123456789012:secret:coder/prod/github-??????" in read["Resource"]
    assert "oidc" not in json.dumps([*read["Resource"], *(node.inputs["metadata"]["name"] for node in graph.of(CUSTOM))])


def test_the_store_reads_with_its_own_account_in_its_own_region(graph: Graph):
    """CDR-41."""
    assert graph.one(STORE).inputs["spec"]["provider"]["aws"] == {
        "service": "SecretsManager",
        "region": "us-east-1",
        "auth": {"jwt": {"serviceAccountRef": {"name": "coder-secrets"}}},
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "coder-oidc",
            [
                {"secretKey": "client-id", "remoteRef": {"key": "coder/prod/oidc", "property": "client_id"}},
                {"secretKey": "client-secret", "remoteRef": {"key": "coder/prod/oidc", "property": "client_secret"}},
            ],
        ),
        (
            "coder-external-auth",
            [
                {
                    "secretKey": f"primary-github-{field}",
                    "remoteRef": {"key": "coder/prod/external-auth", "property": f"primary-github_{field.replace('-', '_')}"},
                }
                for field in ("client-id", "client-secret")
            ],
        ),
        ("coder-encryption-keys", [{"secretKey": "keys", "remoteRef": {"key": "coder/prod/database-encryption-keys"}}]),
        (
            "coder-database-master",
            [
                {"secretKey": "password", "remoteRef": {"key": MASTER, "property": "password"}},
                {"secretKey": "username", "remoteRef": {"key": MASTER, "property": "username"}},
            ],
        ),
    ],
)
def test_each_secret_comes_from_where_the_operator_put_it(graph: Graph, name: str, data: list[dict[str, Any]]):
    """CDR-41, DB-08."""
    (node,) = [node for node in graph.of(CUSTOM) if node.inputs["metadata"]["name"] == name]
    assert node.inputs["spec"]["data"] == data
    assert node.inputs["spec"]["secretStoreRef"] == {"kind": "SecretStore", "name": "coder-secrets"}
    assert node.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
