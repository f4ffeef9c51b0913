"""Roles of workloads, and the documents that they hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import iam
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from settings.cluster import IdentityMode
from tests.components.conftest import Deploy
from tests.components.graph import Graph
from tests.components.known_outputs import OIDC

PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{OIDC}"
READ = iam.Statement(
    sid="Read", actions=["secretsmanager:GetSecretValue"], resources=["arn:aws:secretsmanager:us-east-1:123456789012:secret:a"]
)


def _identity(mode: IdentityMode, service_account: str = "coder") -> None:
    cluster = ClusterIdentity(mode=mode, cluster_name="coder-prod", oidc_provider_arn=PROVIDER, oidc_issuer=OIDC)
    WorkloadIdentity("server", WorkloadIdentityArgs(cluster=cluster, namespace="coder", service_account=service_account, statements=[READ]))


def _trust(graph: Graph) -> dict:
    document = json.loads(graph.one("aws:iam/role:Role").inputs["assumeRolePolicy"])
    assert len(document["Statement"]) == 1
    return document["Statement"][0]


def test_an_irsa_role_is_for_one_service_account_and_one_audience(deploy: Deploy):
    """EKS-26"""
    trust = _trust(deploy(lambda: _identity(IdentityMode.IRSA)))
    assert trust["Principal"] == {"Federated": PROVIDER}
    assert trust["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert trust["Condition"] == {"StringEquals": {f"{OIDC}:aud": "sts.amazonaws.com", f"{OIDC}:sub": "system:serviceaccount:coder:coder"}}


def test_pod_identity_binds_the_role_by_an_association(deploy: Deploy):
    """EKS-28"""
    graph = deploy(lambda: _identity(IdentityMode.POD_IDENTITY))
    assert _trust(graph)["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    association = graph.one("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("coder", "coder")
    assert graph.reference(association, "roleArn") == [graph.one("aws:iam/role:Role")]


def test_irsa_needs_no_association(deploy: Deploy):
    """EKS-28"""
    assert deploy(lambda: _identity(IdentityMode.IRSA)).of("aws:eks/podIdentityAssociation:PodIdentityAssociation") == []


@pytest.mark.parametrize("name", ["*", "coder*", "c?der"])
def test_a_service_account_with_a_wildcard_is_refused(deploy: Deploy, name: str):
    """EKS-26"""
    with pytest.raises(ValueError, match="more than one service account"):
        deploy(lambda: _identity(IdentityMode.IRSA, name))


def test_a_role_without_a_permission_is_refused(deploy: Deploy):
    """EKS-25"""
    cluster = ClusterIdentity(mode=IdentityMode.IRSA, cluster_name="c", oidc_provider_arn=PROVIDER, oidc_issuer=OIDC)
    with pytest.raises(ValueError, match="without a permission"):
        deploy(lambda: WorkloadIdentity("x", WorkloadIdentityArgs(cluster=cluster, namespace="coder", service_account="coder")))


@given(st.sampled_from(["s3", "ec2", "iam"]), st.sampled_from(["*", "Get*", "*Object", "De*ibe"]))
def test_no_statement_allows_a_wildcard_action(service: str, action: str):
    """EKS-25"""
    with pytest.raises(ValueError, match="list the actions"):
        iam.Statement(sid="S", actions=[f"{service}:{action}"], resources=["*"])


@pytest.mark.parametrize(
    ("resources", "conditions"),
    [
        (["*"], {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        (["arn:aws:iam::123456789012:role/workspace"], {}),
    ],
)
def test_pass_role_names_the_role_and_the_service(resources, conditions):
    """EKS-24"""
    with pytest.raises(ValueError, match="iam:PassedToService"):
        iam.Statement(sid="Pass", actions=["iam:PassRole"], resources=resources, conditions=conditions)
    iam.Statement(
        sid="Pass",
        actions=["iam:PassRole"],
        resources=["arn:aws:iam::123456789012:role/workspace"],
        conditions={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    )


def test_two_statements_never_share_a_sid():
    with pytest.raises(ValueError, match="one Sid"):
        iam.document(READ, READ)
