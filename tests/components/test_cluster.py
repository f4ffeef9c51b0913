"""The cluster of prod: control plane, keys, nodes, schedules."""

from __future__ import annotations

import functools
import json
from dataclasses import replace

import pytest

from components.cluster import Cluster, ClusterArgs, Operator
from components.namespaces import WorkspaceLimits
from components.network import Network
from components.node_groups import AUTOSCALED_TAG
from plan.model import NodeGroupPlan
from settings.cluster import ApiAccess, CniMode, IdentityMode, NodeGroup, Scaling
from settings.cluster import Cluster as ClusterSettings
from settings.network import Tier
from settings.versions import Versions
from tests.components import plans
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.components.test_network import network_args

NODE_GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
ADD_ON, RELEASE = "aws:eks/addon:Addon", "kubernetes:helm.sh/v3:Release"
LIMITS = WorkspaceLimits(
    pods=3000,
    requests_cpu="1500",
    requests_memory="6000Gi",
    limits_cpu="12000",
    limits_memory="24000Gi",
    storage="300000Gi",
    default_cpu="4",
    default_memory="8Gi",
    default_request_cpu="500m",
    default_request_memory="2Gi",
    max_cpu="8",
    max_memory="16Gi",
    storage_max="100Gi",
)


def declared(identity: IdentityMode = IdentityMode.IRSA, cni: CniMode = CniMode.WARM_ENI, access: object = "private") -> ClusterSettings:
    tiers = {"coder-control": Tier.CONTROL, "coder-prov": Tier.PROVISIONER, "coder-ws": Tier.WORKSPACE}
    groups = {name: NodeGroup(tier=tier, instance_type="m5.large", min=1, max=3, scaling=Scaling.STATIC) for name, tier in tiers.items()}
    return ClusterSettings(
        kubernetes_version="1.33", api_access=ApiAccess.parse(access), identity=identity, cni=cni, log_retention_days=90, node_groups=groups
    )


def build(
    settings: ClusterSettings | None = None,
    *,
    groups: tuple[NodeGroupPlan, ...] | None = None,
    operators: tuple[Operator, ...] = (),
    data_protection: bool = True,
    preview: bool = False,
) -> Graph:
    def program() -> None:
        network = Network("network", network_args(data_protection=data_protection))
        Cluster(
            "cluster",
            ClusterArgs(
                cluster_name="coder-prod",
                system="prod",
                region="us-east-1",
                declared=settings or declared(),
                versions=Versions(),
                node_groups=plans.node_groups() if groups is None else groups,
                network=network,
                workspace_limits=LIMITS,
                operators=operators,
                data_protection=data_protection,
            ),
        )

    graph = record(program, preview=preview)
    assert graph.faults == graph.warnings == ()
    return graph


@functools.cache
def prod() -> Graph:
    """Prod's cluster, recorded once."""
    return build()


def plane(graph: Graph) -> Node:
    return graph.one("eks:index:Cluster")


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
    inputs = plane(build(declared(access=["203.0.113.0/24"]))).inputs
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
    graph = build(data_protection=protected)
    keys = {"cluster-logs", "cluster-secrets", "cluster-volumes", "network-flow-logs"}
    assert {n.name for n in graph.nodes if n.protect} == (keys if protected else set())
    assert plane(graph).inputs["deletionProtection"] is protected
    assert not any(n.retain_on_delete for n in graph.nodes)


def test_every_group_of_the_plan_is_a_node_group_in_the_subnets_of_its_tier_and_zones():
    """EKS-06, EKS-07, EKS-08, EKS-33, NET-18"""
    graph = prod()
    for planned in plans.node_groups():
        group = graph.one(NODE_GROUP, f"cluster-{planned.name}")
        homes = graph.reference(group, "subnetIds")
        assert {n.tags()["Tier"] for n in homes} == {planned.tier}
        assert {n.inputs["availabilityZone"] for n in homes} == set(planned.zones)
        assert group.inputs["instanceTypes"] == [planned.instance_type]
        assert group.inputs["scalingConfig"] == {"minSize": planned.min, "maxSize": planned.max, "desiredSize": planned.desired}
    assert len(graph.of(NODE_GROUP)) == 5


def test_every_group_has_its_taint_and_the_same_label():
    """EKS-12"""
    for group in prod().of(NODE_GROUP):
        taint = group.inputs["taints"][0]
        assert taint["effect"] == "NO_SCHEDULE"
        assert group.inputs["labels"] == {taint["key"]: taint["value"]}


def test_node_images_follow_the_architecture_and_the_version_is_pinned():
    """EKS-10, EKS-02"""
    arm = plans.node_group("system", "system", "control", plans.ZONES, "t4g.xlarge", (2, 10, 2), architecture="arm64")
    group = build(groups=(arm,)).one(NODE_GROUP)
    assert group.inputs["amiType"] == "AL2023_ARM_64_STANDARD"
    assert group.inputs["version"] == "1.33"


def test_no_pod_reaches_the_credentials_of_its_node():
    """EKS-32"""
    for template in prod().of(TEMPLATE):
        metadata = template.inputs["metadataOptions"]
        assert metadata["httpTokens"] == "required"
        assert metadata["httpPutResponseHopLimit"] == 1


def test_node_roots_are_encrypted_gp3():
    """EKS-31"""
    graph = prod()
    assert len(graph.of(TEMPLATE)) == 5
    for template in graph.of(TEMPLATE):
        disk = template.inputs["blockDeviceMappings"][0]["ebs"]
        assert (disk["encrypted"], disk["volumeType"], disk["volumeSize"]) == ("true", "gp3", 100)
        assert graph.reference(template, "blockDeviceMappings") == [graph.one("aws:kms/key:Key", "cluster-volumes")]


def test_nodes_carry_the_group_of_their_tier_and_no_other():
    """NET-18, NET-26"""
    graph = prod()
    for group in graph.of(NODE_GROUP):
        [template] = [n for n in graph.reference(group, "launchTemplate") if n.type == TEMPLATE]
        tier = graph.reference(group, "subnetIds")[0].tags()["Tier"]
        assert [n.name for n in graph.reference(template, "vpcSecurityGroupIds")] == [f"network-{tier}"]


def test_what_is_launched_carries_the_systems_tag():
    """EKS-25: the EBS driver may attach to this system's nodes only."""
    for template in prod().of(TEMPLATE):
        tags = {spec["resourceType"]: spec["tags"] for spec in template.inputs["tagSpecifications"]}
        assert set(tags) == {"instance", "network-interface", "volume"}
        assert all(tag["Environment"] == "prod" for tag in tags.values())


def test_node_roles_join_and_pull_and_nothing_else():
    """EKS-25: no CNI policy, no Systems Manager; one role for each group of the stack file."""
    graph = prod()
    roles = {graph.reference(n, "nodeRoleArn")[0].name for n in graph.of(NODE_GROUP)}
    assert roles == {"cluster-coder-control", "cluster-coder-prov", "cluster-coder-ws"}
    attached = {n.inputs["policyArn"] for n in graph.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment") if n.inputs["role"] in roles}
    assert attached == {
        "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
        "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    }


def test_the_clock_sets_sizes_in_a_named_zone():
    """EKS-17, EKS-19, T-83: going down lowers the minimum only."""
    graph = prod()
    schedules = graph.of("aws:autoscaling/schedule:Schedule")
    assert len(schedules) == 8
    for schedule in schedules:
        assert schedule.inputs["timeZone"] == "America/New_York"
        assert (schedule.inputs["maxSize"], schedule.inputs["desiredCapacity"]) == (-1, -1)
        [group] = graph.reference(schedule, "autoscalingGroupName")
        assert group.type == NODE_GROUP
        assert schedule.name == f"{group.name}-{schedule.inputs['scheduledActionName']}"
    up, down = (graph.one("aws:autoscaling/schedule:Schedule", f"cluster-coder-ws-a-{action}").inputs for action in ("up", "down"))
    assert (up["recurrence"], up["minSize"]) == ("45 6 * * 1-5", 67)
    assert (down["recurrence"], down["minSize"]) == ("15 18 * * 1-5", 7)


def test_updates_leave_alone_what_the_clock_and_the_autoscaler_move():
    """EKS-20, T-77"""
    ignored = {n.name: n.ignore_changes for n in prod().of(NODE_GROUP)}
    assert ignored.pop("cluster-coder-control") == ()
    assert set(ignored.values()) == {("scalingConfig.desiredSize", "scalingConfig.minSize")}


def test_nothing_scales_the_control_group():
    """EKS-21, Property 4: it has neither a schedule nor the autoscaler's tag."""
    graph = prod()
    tagged = {graph.reference(n, "autoscalingGroupName")[0].name: n.inputs["tag"] for n in graph.of("aws:autoscaling/tag:Tag")}
    assert set(tagged) == {n.name for n in graph.of(NODE_GROUP)} - {"cluster-coder-control"}
    assert all(tag == {"key": AUTOSCALED_TAG, "value": "coder-prod", "propagateAtLaunch": False} for tag in tagged.values())
    assert not [n for n in graph.of("aws:autoscaling/schedule:Schedule") if "control" in n.name]


def test_operators_get_entries_before_anything_is_made_inside():
    """EKS-03"""
    operator = Operator(name="runner", principal_arn="arn:aws:iam::123456789012:role/deploy", policy="AmazonEKSClusterAdminPolicy")
    graph = build(operators=(operator,))
    entry = graph.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert entry.inputs["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert entry.inputs["principalArn"] == operator.principal_arn
    assert graph.waits_for(graph.one("kubernetes:core/v1:Namespace", "cluster-coder"), entry) or graph.waits_for(
        graph.one("pulumi:providers:kubernetes"), entry
    )


def test_a_plan_without_control_nodes_is_refused():
    """EKS-06"""
    with pytest.raises(ValueError, match="tier: control"):
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
