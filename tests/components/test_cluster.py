"""The control plane of prod: reach, keys, logs, identity."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.components import plans
from tests.components.clusters import NODE_GROUP, OPERATOR, build, other, plane, prod


def test_the_control_plane_is_pinned_private_and_logged():
    """EKS-01, EKS-02, EKS-03, EKS-05"""
    inputs = plane(prod()).inputs
    assert inputs["version"] == "1.33"
    assert inputs["endpointPrivateAccess"] is True
    assert inputs["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in inputs
    assert sorted(inputs["enabledClusterLogTypes"]) == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    assert inputs["authenticationMode"] == "API"


def test_a_public_endpoint_names_who_may_use_it():
    """EKS-03"""
    inputs = plane(other()).inputs
    assert inputs["endpointPublicAccess"] is True
    assert inputs["publicAccessCidrs"] == ["203.0.113.0/24"]
    assert inputs["endpointPrivateAccess"] is True


def test_the_api_stands_in_the_control_subnets_with_the_group_of_the_network():
    """NET-25, NET-18"""
    graph = prod()
    subnets = graph.reference(plane(graph), "subnetIds")
    assert [n.name for n in subnets] == ["network-control-a", "network-control-b", "network-control-c"]
    assert graph.reference(plane(graph), "clusterSecurityGroup") == [graph.one("aws:ec2/securityGroup:SecurityGroup", "network-cluster")]
    assert plane(graph).inputs["skipDefaultSecurityGroups"] is True


def test_secrets_are_encrypted_and_the_issuer_is_an_identity_provider_without_thumbprint():
    """EKS-04"""
    graph = prod()
    assert graph.reference(plane(graph), "encryptionConfigKeyArn") == [graph.one("aws:kms/key:Key", "cluster-secrets")]
    provider = graph.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert provider.inputs["url"].startswith("https://oidc.eks.")
    assert provider.inputs["clientIdLists"] == ["sts.amazonaws.com"]
    assert "thumbprintLists" not in provider.inputs
    assert plane(graph).inputs["createOidcProvider"] is False


def test_the_log_group_stands_before_the_cluster_kept_and_encrypted():
    """EKS-05"""
    graph = prod()
    group = graph.one("aws:cloudwatch/logGroup:LogGroup", "cluster-control-plane")
    assert group.inputs["name"] == "/aws/eks/coder-prod/cluster"
    assert group.inputs["retentionInDays"] == 90
    assert graph.reference(group, "kmsKeyId") == [graph.one("aws:kms/key:Key", "cluster-logs")]
    assert graph.waits_for(plane(graph), group)


def test_each_use_has_a_key_of_its_own_that_rotates():
    """EKS-04, EKS-31"""
    keys = [n for n in prod().of("aws:kms/key:Key") if n.name.startswith("cluster-")]
    assert [n.name for n in keys] == ["cluster-logs", "cluster-secrets", "cluster-volumes"]
    assert all(n.inputs["enableKeyRotation"] and n.inputs["deletionWindowInDays"] == 30 for n in keys)


def test_the_disks_key_serves_this_account_through_ec2_only():
    """EKS-31"""
    policy = json.loads(prod().one("aws:kms/key:Key", "cluster-volumes").inputs["policy"])["Statement"]
    through = {"kms:CallerAccount": "123456789012", "kms:ViaService": "ec2.us-east-1.amazonaws.com"}
    anybody = [s for s in policy if s["Principal"] == {"AWS": "*"}]
    assert len(anybody) == 2
    assert all(s["Condition"]["StringEquals"] == through for s in anybody)


@pytest.mark.parametrize("protected", [True, False])
def test_keys_and_cluster_are_protected_as_the_data_is(protected: bool):
    graph = prod() if protected else other()
    keys = {"cluster-logs", "cluster-secrets", "cluster-volumes", "network-flow-logs"}
    assert {n.name for n in graph.nodes if n.protect} == (keys if protected else set())
    assert plane(graph).inputs["deletionProtection"] is protected
    assert not any(n.retain_on_delete for n in graph.nodes)


def test_operators_get_entries_before_anything_is_made_inside():
    """EKS-03"""
    graph = other()
    entry = graph.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert entry.inputs["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert entry.inputs["principalArn"] == OPERATOR.principal_arn
    assert graph.waits_for(graph.one("kubernetes:core/v1:Namespace", "cluster-coder"), entry) or graph.waits_for(
        graph.one("pulumi:providers:kubernetes"), entry
    )


def test_a_plan_without_control_nodes_is_refused():
    """EKS-06"""
    with pytest.raises(ValueError, match="role control"):
        build(groups=plans.node_groups()[1:])


def test_the_component_declares_its_facts_and_outputs():
    graph = prod()
    node, outputs = graph.component("coder-eks:cluster:Cluster")
    assert node.inputs.items() <= outputs.items()
    assert outputs["name"] == "coder-prod"
    assert outputs["namespaces"] == {name: name for name in ("coder", "coder-prov", "coder-ws")}
    assert outputs["security_group_id"] == graph.one("aws:ec2/securityGroup:SecurityGroup", "network-cluster").id
    assert {group["group"] for group in node.inputs["node_groups"]} == {"coder-control", "coder-prov", "coder-ws"}


def test_a_preview_of_an_empty_stack_knows_the_edges():
    graph = build(preview=True)
    group = graph.one(NODE_GROUP, "cluster-coder-ws-b")
    assert [n.name for n in graph.reference(group, "subnetIds")] == ["network-workspace-b"]
    assert [n.type for n in graph.reference(group, "clusterName")] == ["eks:index:Cluster"]


def test_one_more_node_in_the_plan_changes_one_input():
    """EKS-39"""
    groups = plans.node_groups()
    more = build(groups=(replace(groups[0], max=4), *groups[1:]))
    changed = {n.name for n in more.nodes if n.custom and n.inputs != prod().by_urn[n.urn].inputs}
    assert changed == {"cluster-coder-control"}
