"""The recording itself: what component tests rely on."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.output import Unknown

from tests.components.conftest import Deploy
from tests.components.recorder import record


class _Pair(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Pair", name, {"zones": 2})
        vpc = aws.ec2.Vpc(name, cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(parent=self, protect=True))
        aws.ec2.Subnet(f"{name}-a", vpc_id=vpc.id, cidr_block="10.0.0.0/20", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"vpc_id": vpc.id})


def test_a_recording_knows_parents_references_options_and_outputs(deploy: Deploy):
    graph = deploy(lambda: _Pair("pair"))
    component, outputs = graph.component("test:index:Pair")
    vpc, subnet = graph.one("aws:ec2/vpc:Vpc"), graph.one("aws:ec2/subnet:Subnet", "pair-a")
    assert component.inputs == {"zones": 2}
    assert outputs == {"vpc_id": vpc.id}
    assert {child.name for child in graph.children(component)} == {"pair", "pair-a"}
    assert vpc.protect
    assert not subnet.protect
    assert graph.reference(subnet, "vpcId") == [vpc]
    assert graph.waits_for(subnet, vpc)
    assert not graph.waits_for(vpc, subnet)


def test_two_recordings_are_apart(deploy: Deploy):
    assert len(deploy(lambda: _Pair("pair")).nodes) == len(deploy(lambda: _Pair("pair")).nodes) == 3


def test_a_preview_leaves_ids_unknown(deploy: Deploy):
    graph = deploy(lambda: _Pair("pair"), preview=True)
    subnet = graph.one("aws:ec2/subnet:Subnet")
    assert isinstance(subnet.inputs["vpcId"], Unknown)
    assert subnet.inputs["cidrBlock"] == "10.0.0.0/20"
    assert graph.reference(subnet, "vpcId") == [graph.one("aws:ec2/vpc:Vpc")]


def test_a_secret_input_is_marked(deploy: Deploy):
    graph = deploy(lambda: aws.secretsmanager.SecretVersion("v", secret_id="s", secret_string=pulumi.Output.secret("canary")))
    node = graph.one("aws:secretsmanager/secretVersion:SecretVersion")
    assert "secretString" in node.secrets
    assert node.inputs["secretString"] == "canary"


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        (lambda: aws.ec2.Subnet("s", vpc_id="v", cidr_block=7), "cidrBlock: 7 is no str"),
        (
            lambda: aws.ec2.LaunchTemplate("t", metadata_options={"http_tokenz": "required"}),
            "metadataOptions.http_tokenz: no such property of LaunchTemplateMetadataOptionsArgs",
        ),
        (
            lambda: aws.ec2.NetworkAclRule("r", network_acl_id="a", protocol="-1", rule_action="deny", rule_number="x"),
            "ruleNumber: 'x' is no int",
        ),
        (
            lambda: kubernetes.core.v1.Namespace("n", metadata={"name": "n", "label": {}}),
            "metadata.label: no such property of ObjectMetaArgs",
        ),
        (
            lambda: kubernetes.networking.v1.NetworkPolicy("n", spec={"pod_selector": {}, "egress": [{"too": []}]}),
            "spec.egress[0].too: no such property of NetworkPolicyEgressRuleArgs",
        ),
    ],
)
def test_inputs_that_the_sdk_does_not_know_are_faults(program, fault):
    assert any(fault in found for found in record(program).faults), record(program).faults


def test_the_eks_component_gives_the_cluster_it_made(deploy: Deploy):
    def program() -> None:
        cluster = eks.Cluster("c", name="coder-test", skip_default_node_group=True)
        aws.eks.Addon("dns", cluster_name=cluster.eks_cluster.apply(lambda made: made.name), addon_name="coredns")

    graph = deploy(program)
    addon = graph.one("aws:eks/addon:Addon")
    assert addon.inputs["clusterName"] == "coder-test"
    assert graph.waits_for(addon, graph.one("eks:index:Cluster"))


def test_an_unforeseen_call_is_an_error(deploy: Deploy):
    with pytest.raises(AssertionError, match="getKeyPair"):
        deploy(lambda: aws.ec2.get_key_pair(key_name="x"))
