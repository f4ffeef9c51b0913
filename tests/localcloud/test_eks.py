"""`eks.Cluster` registers what the real component registers, from the same arguments, with the same dependencies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from localcloud.eks_cni import cni_configuration
from localcloud.kinds.model import UNKNOWN
from localcloud.wire import decode, encode
from tests.localcloud.engine_side import CallRefusedError, Cloud, Instance
from tests.localcloud.monitor_side import Monitor

CLUSTER = "eks:index:Cluster"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
ADDON = "aws:eks/addon:Addon"
# The table of the real component's children, for a cluster without default node group.
CHILDREN = {
    "c": CLUSTER,
    "c-eksRole": "eks:index:ServiceRole",
    "c-eksRole-role": "aws:iam/role:Role",
    "c-eksRole-4b490823": "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "c-eksClusterSecurityGroup": GROUP,
    "c-eksClusterInternetEgressRule": RULE,
    "c-eksCluster": "aws:eks/cluster:Cluster",
    "c-kube-proxy": ADDON,
    "c-eks-k8s": "pulumi:providers:kubernetes",
    "c-vpc-cni": ADDON,  # and the component eks:index:VpcCniAddon of the same name around it
    "c-nodeSecurityGroup": GROUP,
    "c-eksNodeIngressRule": RULE,
    "c-eksNodeClusterIngressRule": RULE,
    "c-eksExtApiServerClusterIngressRule": RULE,
    "c-eksNodeInternetEgressRule": RULE,
    "c-eksClusterIngressRule": RULE,
}


@dataclass
class Site:
    """A VPC with two subnets, an aws provider, the eks provider."""

    aws: Instance
    eks: Instance
    inputs: dict[str, Any]
    monitors: list[Monitor]

    def construct(
        self, name: str = "c", *, preview: bool = False, protect: bool | None = None, **inputs: Any
    ) -> tuple[Monitor, dict[str, Any]]:
        """Construct a cluster; what was registered, and the component's outputs."""
        monitor = Monitor(self.aws, preview=preview)
        self.monitors.append(monitor)
        asked = {key: value for key, value in {**self.inputs, **inputs}.items() if value is not None}
        request = provider_pb2.ConstructRequest(
            type=CLUSTER,
            name=name,
            parent="urn:parent",
            inputs=encode(asked),
            providers={"aws": "urn:aws::id"},
            monitorEndpoint=monitor.address,
            dryRun=preview,
            inputDependencies={"vpcId": provider_pb2.ConstructRequest.PropertyDependencies(urns=["urn:vpc"])},
            protect=protect,
        )
        response = self.eks._ask("Construct", request)
        return monitor, decode(response.state).values


@pytest.fixture
def site(cloud: Cloud) -> Iterator[Site]:
    aws = cloud.aws()
    vpc = aws.create("aws:ec2/vpc:Vpc", "v", {"cidrBlock": "10.0.0.0/16"})
    subnets = [
        aws.create(
            "aws:ec2/subnet:Subnet", zone, {"vpcId": vpc.id, "cidrBlock": f"10.0.{number}.0/24", "availabilityZone": f"us-east-1{zone}"}
        ).id
        for number, zone in enumerate("ab")
    ]
    inputs = {
        "vpcId": vpc.id,
        "subnetIds": subnets,
        "skipDefaultNodeGroup": True,
        "authenticationMode": "API",
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
        "version": "1.33",
    }
    found = Site(aws, cloud.provider("eks"), inputs, [])
    yield found
    for monitor in found.monitors:
        monitor.close()


def test_the_children_are_those_of_the_real_component(site: Site) -> None:
    monitor, _outputs = site.construct()
    assert monitor.types() == CHILDREN
    assert monitor.one("c-vpc-cni", "VpcCniAddon").parent.endswith("::c")


def test_the_children_are_the_same_at_preview(site: Site) -> None:
    monitor, outputs = site.construct(preview=True)
    assert monitor.types() == CHILDREN
    assert outputs["kubeconfig"] is UNKNOWN
    assert outputs["oidcProviderUrl"] is UNKNOWN


def test_without_public_access_the_cluster_is_private_and_encrypted_with_the_key(site: Site) -> None:
    key = site.aws.create("aws:kms/key:Key", "k", {})
    monitor, _outputs = site.construct(encryptionConfigKeyArn=key["arn"], enabledClusterLogTypes=["api"])
    cluster = monitor.one("c-eksCluster").inputs
    assert cluster["vpcConfig"]["endpointPublicAccess"] is False
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["encryptionConfig"] == {"provider": {"keyArn": key["arn"]}, "resources": ["secrets"]}
    assert cluster["accessConfig"] == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True}
    assert cluster["enabledClusterLogTypes"] == ["api"]


def test_children_depend_on_what_their_inputs_come_from(site: Site) -> None:
    monitor, _outputs = site.construct()
    group = monitor.one("c-eksClusterSecurityGroup")
    assert group.property_depends_on["vpcId"] == {"urn:vpc"}
    cluster = monitor.one("c-eksCluster")
    assert {urn.rpartition("::")[2] for urn in cluster.property_depends_on["vpcConfig"]} == {"c-eksClusterSecurityGroup"}
    assert {urn.rpartition("::")[2] for urn in cluster.depends_on} == {"c-eksRole-role", "c-eksRole-4b490823", "c-eksClusterSecurityGroup"}


def test_children_use_the_provider_that_the_component_was_given(site: Site) -> None:
    monitor, _outputs = site.construct()
    assert {each.provider for each in monitor.seen.values() if each.type.startswith("aws:")} == {"urn:aws::id"}


def test_protection_is_told_to_the_engine(site: Site) -> None:
    monitor, _outputs = site.construct(protect=True)
    assert monitor.one("c", CLUSTER).protect is True


def test_the_outputs_are_those_of_the_sdk(site: Site) -> None:
    monitor, outputs = site.construct()
    cluster = monitor.one("c-eksCluster")
    server = outputs["kubeconfig"]["clusters"][0]["cluster"]["server"]
    assert server.startswith("https://")
    assert json.loads(outputs["kubeconfigJson"]) == outputs["kubeconfig"]
    assert outputs["oidcProviderUrl"] == f"https://{outputs['oidcIssuer']}"
    assert outputs["eksCluster"].startswith("c-eksCluster-")
    assert outputs["clusterSecurityGroupId"] == cluster.inputs["vpcConfig"]["securityGroupIds"][0]
    assert outputs["nodeSecurityGroupId"].startswith("sg-")
    assert outputs["clusterIngressRuleId"].startswith("sgr-")


def test_a_role_and_groups_of_ones_own_are_not_made_twice(site: Site) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}}],
    }
    role = site.aws.create("aws:iam/role:Role", "r", {"assumeRolePolicy": json.dumps(trust)})
    policy = {"role": role["name"], "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}
    site.aws.create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "r", policy)
    monitor, outputs = site.construct(serviceRole=role["arn"], skipDefaultSecurityGroups=True)
    assert set(monitor.types()) == {"c", "c-eksCluster", "c-kube-proxy", "c-eks-k8s", "c-vpc-cni"}
    assert outputs["nodeSecurityGroupId"] == outputs["clusterSecurityGroupId"]


def test_add_on_versions_are_those_given_or_the_newest(site: Site) -> None:
    newest, _outputs = site.construct("a")
    version = newest.one("a-kube-proxy").inputs["addonVersion"]
    assert (
        version
        == site.aws.invoke(
            "aws:eks/getAddonVersion:getAddonVersion", {"addonName": "kube-proxy", "kubernetesVersion": "1.33", "mostRecent": True}
        ).values["version"]
    )
    pinned, _outputs = site.construct("b", preview=True, kubeProxyAddonOptions={"version": "v1.33.0-eksbuild.2"})
    assert pinned.one("b-kube-proxy").inputs["addonVersion"] == "v1.33.0-eksbuild.2"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vpcIdd": "x"}, "unknown property vpcIdd; did you mean vpcId?"),
        ({"version": 1.33}, "version must be text, not 1.33"),
        ({"authenticationMode": "IAM"}, "none of CONFIG_MAP, API, API_AND_CONFIG_MAP"),
        ({"publicAccessCidrs": ["10.0.0.0/8"]}, "`publicAccessCidrs` can only be set when `endpointPublicAccess` is true"),
        ({"privateSubnetIds": ["subnet-1"]}, "mutually exclusive"),
        ({"skipDefaultNodeGroup": False}, "skipDefaultNodeGroup"),
        ({"createOidcProvider": True}, "createOidcProvider"),
        ({"fargate": True}, "fargate"),
        ({"vpcId": None}, "vpcId"),
    ],
)
def test_an_argument_that_is_wrong_or_not_served_is_refused_by_name(site: Site, change: dict[str, Any], words: str) -> None:
    with pytest.raises(CallRefusedError, match=words.replace("?", r"\?").replace("`", "`")):
        site.construct(preview=True, **change)


def test_several_clusters_at_a_time_do_not_mix(site: Site) -> None:
    names = ["one", "two", "three"]
    with ThreadPoolExecutor(len(names)) as pool:
        made = list(pool.map(site.construct, names))
    for name, (monitor, outputs) in zip(names, made, strict=True):
        assert {each.removeprefix(name) for each in monitor.types()} == {each.removeprefix("c") for each in CHILDREN}
        assert all(each.startswith(name) for each in monitor.types())
        assert outputs["eksCluster"].startswith(f"{name}-")


def test_the_configuration_of_vpc_cni_is_what_the_component_writes() -> None:
    plain = cni_configuration({})
    assert isinstance(plain, dict)
    assert "enableNetworkPolicy" not in plain
    assert plain["env"]["WARM_ENI_TARGET"] == "1"
    assert plain["init"] == {"env": {"DISABLE_TCP_EARLY_DEMUX": "false"}}
    asked = cni_configuration(
        {"enableNetworkPolicy": True, "warmEniTarget": 2, "configurationValues": {"env": {"X": "y"}, "nodeAgent": {"a": 1}}}
    )
    assert isinstance(asked, dict)
    assert asked["enableNetworkPolicy"] == "true"
    assert asked["nodeAgent"] == {"a": 1}
    assert asked["env"]["WARM_ENI_TARGET"] == "2"
    assert asked["env"]["X"] == "y"
    assert cni_configuration({"warmEniTarget": UNKNOWN}) is UNKNOWN
