"""Karpenter on the resource graph: who may do what, how it hears of interruptions, what its nodes are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.karpenter_objects import node_pool
from components.karpenter_queue import EVENTS
from tests.components import clusters, plans
from tests.components.clusters import NODE_GROUP, RELEASE, with_karpenter
from tests.components.graph import Graph, Node

CLASS, POOL = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "kubernetes:karpenter.sh/v1:NodePool"
QUEUE, ENTRY = "aws:sqs/queue:Queue", "aws:eks/accessEntry:AccessEntry"
NAMES = ("builds", "desks", "large")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return with_karpenter()


def statements(graph: Graph) -> dict[str, dict[str, Any]]:
    """What the controller may do, by Sid."""
    policy = graph.one("aws:iam/rolePolicy:RolePolicy", "cluster-karpenter").inputs["policy"]
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}


def spec(graph: Graph, type_: str, name: str) -> dict[str, Any]:
    (found,) = [node for node in graph.of(type_) if node.inputs["metadata"]["name"] == name]
    return found.inputs["spec"]


def releases(graph: Graph) -> dict[str, Node]:
    return {node.inputs["name"]: node for node in graph.of(RELEASE)}


# The controller


def test_with_karpenter_there_is_no_other_autoscaler(graph: Graph):
    """EKS-22: neither the cluster autoscaler, nor scheduled actions, nor its tag."""
    assert "cluster-autoscaler" not in releases(graph)
    assert {"karpenter", "karpenter-crd", "metrics-server"} <= set(releases(graph))
    assert graph.of("aws:autoscaling/schedule:Schedule") == graph.of("aws:autoscaling/tag:Tag") == []
    assert "karpenter" not in releases(clusters.prod())


def test_the_kinds_come_before_the_controller_and_pools_after_it(graph: Graph):
    """EKS-11: and go the other way round, so that Karpenter ends its nodes on a destroy."""
    kinds, controller = releases(graph)["karpenter-crd"], releases(graph)["karpenter"]
    assert graph.waits_for(controller, kinds)
    assert controller.inputs["skipCrds"] is True
    for node in (*graph.of(CLASS), *graph.of(POOL)):
        assert graph.waits_for(node, controller), node.name
        for needed in (*graph.of(ENTRY), graph.one("aws:sqs/queuePolicy:QueuePolicy")):
            assert graph.waits_for(node, needed), (node.name, needed.name)


def test_the_controller_runs_on_the_system_group_and_knows_where_it_is(graph: Graph):
    """T-68; a pod does not reach the node's metadata, whose hop limit is 1."""
    values = releases(graph)["karpenter"].inputs["values"]
    assert values["nodeSelector"] == {"coder.com/node-group": "system"}
    assert values["tolerations"] == [{"key": "coder.com/node-group", "operator": "Equal", "value": "system", "effect": "NoSchedule"}]
    assert values["settings"]["clusterName"] == "coder-prod"
    assert values["controller"]["env"] == [{"name": "AWS_REGION", "value": "us-east-1"}]
    assert releases(graph)["karpenter"].inputs["chart"] == "oci://public.ecr.aws/karpenter/karpenter"


def test_the_controller_changes_only_what_is_of_this_cluster(graph: Graph):
    """EKS-25: Karpenter's published policy, held to the cluster."""
    found = statements(graph)
    owned = "aws:ResourceTag/kubernetes.io/cluster/coder-prod"
    for sid in ("TagOwn", "EndOwn", "LaunchFromOwn"):
        assert found[sid]["Condition"]["StringEquals"] == {owned: "owned"}
    for sid in ("LaunchTagged", "TagNew"):
        assert found[sid]["Condition"]["StringEquals"]["aws:RequestTag/kubernetes.io/cluster/coder-prod"] == "owned"
    assert found["Describe"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    everywhere = {sid for sid, statement in found.items() if statement["Resource"] == "*"}
    assert everywhere == {"Describe", "ListProfiles", "Prices"}
    assert len(json.dumps(list(found.values()))) < 10_240  # IAM's limit for a role's own policies together


def test_the_controller_passes_the_roles_of_its_nodes_to_ec2_only(graph: Graph):
    """EKS-24"""
    passing = [statement for statement in statements(graph).values() if "iam:PassRole" in statement["Action"]]
    roles = {graph.one("aws:iam/role:Role", f"cluster-karpenter-{name}").outputs["arn"] for name in NAMES}
    assert [set(statement["Resource"]) for statement in passing] == [roles]
    assert passing[0]["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_the_controller_makes_no_instance_profile(graph: Graph):
    """They are the program's own: a destroy leaves none."""
    actions = {action for statement in statements(graph).values() for action in statement["Action"]}
    assert {action for action in actions if action.startswith("iam:")} == {
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfiles",
        "iam:PassRole",
    }
    assert len(graph.of("aws:iam/instanceProfile:InstanceProfile")) == len(NAMES)


# Interruptions


def test_the_queue_is_encrypted_and_forgets_soon(graph: Graph):
    """EKS-11"""
    queue = graph.one(QUEUE)
    assert (queue.inputs["name"], queue.inputs["sqsManagedSseEnabled"]) == ("coder-prod-interruptions", True)
    assert queue.inputs["messageRetentionSeconds"] == 300
    assert releases(graph)["karpenter"].inputs["values"]["settings"]["interruptionQueue"] == queue.outputs["name"]


def test_only_the_rules_and_sqs_itself_write_to_the_queue(graph: Graph):
    """EKS-11: no other principal, and none without TLS."""
    policy = json.loads(graph.one("aws:sqs/queuePolicy:QueuePolicy").inputs["policy"])["Statement"]
    allowed = [statement for statement in policy if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "events.amazonaws.com"}, {"Service": "sqs.amazonaws.com"}]
    rules = {rule.outputs["arn"] for rule in graph.of("aws:cloudwatch/eventRule:EventRule")}
    assert set(allowed[0]["Condition"]["ArnEquals"]["aws:SourceArn"]) == rules
    assert allowed[1]["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    (denied,) = [statement for statement in policy if statement["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_event_has_a_rule_with_the_queue_as_its_target(graph: Graph):
    """EKS-11: Spot interruption, rebalance, state change, health."""
    rules, queue = graph.of("aws:cloudwatch/eventRule:EventRule"), graph.one(QUEUE)
    patterns = [json.loads(rule.inputs["eventPattern"]) for rule in rules]
    assert sorted((pattern["source"][0], pattern["detail-type"][0]) for pattern in patterns) == sorted(EVENTS.values())
    assert ("aws.ec2", "EC2 Spot Instance Interruption Warning") in EVENTS.values()
    targets = graph.of("aws:cloudwatch/eventTarget:EventTarget")
    assert {target.inputs["arn"] for target in targets} == {queue.outputs["arn"]}
    assert {target.inputs["rule"] for target in targets} == {rule.outputs["name"] for rule in rules}


# Nodes


def test_nodes_join_by_an_entry_and_may_do_no_more_than_those_of_a_group(graph: Graph):
    """EKS-11: the cluster's authentication mode is API; EKS makes entries for node groups only."""
    roles = {graph.one("aws:iam/role:Role", f"cluster-karpenter-{name}").outputs["arn"] for name in NAMES}
    entries = [entry for entry in graph.of(ENTRY) if entry.inputs["type"] == "EC2_LINUX"]
    assert {entry.inputs["principalArn"] for entry in entries} == roles
    for name in NAMES:
        attached = {
            n.inputs["policyArn"] for n in graph.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment") if f"karpenter-{name}-" in n.name
        }
        assert attached == {
            f"arn:aws:iam::aws:policy/{policy}" for policy in ("AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy")
        }


@pytest.mark.parametrize("name", NAMES)
def test_a_pools_nodes_are_made_like_those_of_a_group(graph: Graph, name: str):
    """EKS-11, EKS-31, EKS-32: one hop, encrypted gp3, an image that stays the same."""
    found = spec(graph, CLASS, name)
    assert (found["metadataOptions"]["httpTokens"], found["metadataOptions"]["httpPutResponseHopLimit"]) == ("required", 1)
    (disk,) = found["blockDeviceMappings"]
    size = {pool.name: pool.root_disk_gib for pool in plans.pools()}[name]
    assert disk["deviceName"] == "/dev/xvda"
    assert (disk["ebs"]["encrypted"], disk["ebs"]["volumeType"], disk["ebs"]["volumeSize"]) == (True, "gp3", f"{size}Gi")
    assert disk["ebs"]["kmsKeyID"] == graph.one("aws:kms/key:Key", "cluster-volumes").outputs["arn"]
    assert [term["alias"] for term in found["amiSelectorTerms"]] == ["al2023@v20260714"]
    assert found["instanceProfile"] == graph.one("aws:iam/instanceProfile:InstanceProfile", f"cluster-karpenter-{name}").outputs["name"]


@pytest.mark.parametrize("pool", plans.pools(), ids=lambda pool: pool.name)
def test_karpenter_finds_the_subnets_and_the_group_of_a_role_and_no_others(graph: Graph, pool: Any):
    """NET-30, NET-18, Property 4: nothing of the control plane carries the tag."""
    found = spec(graph, CLASS, pool.name)
    for type_, key, wanted in (
        ("aws:ec2/subnet:Subnet", "subnetSelectorTerms", {"Tier": pool.tier}),
        ("aws:ec2/securityGroup:SecurityGroup", "securityGroupSelectorTerms", {"Role": pool.role}),
    ):
        (term,) = found[key]
        chosen = [node for node in graph.of(type_) if term["tags"].items() <= node.tags().items()]
        assert term["tags"] == {"karpenter.sh/discovery": "coder-prod", **wanted}
        assert len(chosen) == (len(plans.ZONES) if "subnet" in type_ else 1)
    tagged = {n.tags().get("Tier") or n.tags().get("Role") for n in graph.nodes if "karpenter.sh/discovery" in n.tags()}
    assert tagged == {"provisioner", "workspace"}


def test_instances_and_volumes_carry_the_systems_tags(graph: Graph):
    """The EBS driver attaches to instances with the tag of this system only."""
    tags = spec(graph, CLASS, "desks")["tags"]
    assert tags == {"Environment": "prod", "Name": "coder-prod-desks", "Owner": "platform"}


def test_pods_select_pools_as_they_select_groups(graph: Graph):
    """EKS-12: one label and taint for all pools of a role."""
    for name, label in (("builds", "builds"), ("desks", "desks"), ("large", "desks")):
        template = spec(graph, POOL, name)["template"]
        assert template["metadata"]["labels"] == {"coder.com/node-group": label}
        assert template["spec"]["taints"] == [{"key": "coder.com/node-group", "value": label, "effect": "NoSchedule"}]
        assert template["spec"]["nodeClassRef"] == {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name}


def test_a_pool_asks_for_what_the_plan_says(graph: Graph):
    """EKS-11, EKS-38"""
    found = spec(graph, POOL, "desks")
    asked = {requirement["key"]: requirement["values"] for requirement in found["template"]["spec"]["requirements"]}
    assert asked == {
        "karpenter.sh/capacity-type": ["on-demand", "spot"],
        "kubernetes.io/arch": ["arm64"],
        "kubernetes.io/os": ["linux"],
        "node.kubernetes.io/instance-type": ["m7g.2xlarge", "m8g.2xlarge"],
        "topology.kubernetes.io/zone": list(plans.ZONES),
    }
    assert found["limits"] == {"cpu": "64", "memory": "256Gi"}


def test_nobody_is_moved_from_a_node_that_is_in_use(graph: Graph):
    """T-83: only empty nodes go, and an old node waits for its pods."""
    found = spec(graph, POOL, "desks")
    assert found["disruption"] == {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "600s", "budgets": [{"nodes": "10%"}]}
    assert "terminationGracePeriod" not in found["template"]["spec"]
    assert spec(graph, POOL, "large")["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"


def test_the_first_pool_of_a_role_is_tried_first(graph: Graph):
    weights = {name: spec(graph, POOL, name)["weight"] for name in NAMES}
    assert weights["desks"] > weights["large"] >= 1


def test_workloads_wait_for_the_pools(graph: Graph):
    """The storage class and namespaces do not; what needs nodes is told of the pools by the cluster's add-ons."""
    assert len(graph.of(POOL)) == len(graph.of(CLASS)) == 3
    assert [group.name for group in graph.of(NODE_GROUP)] == ["cluster-system"]


# Changes by config only


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ({"instance_types": ("m7g.4xlarge",)}, "types", ["m7g.4xlarge"]),
        ({"cpu_limit": "128"}, "cpu", "128"),
        ({"capacity_types": ("on-demand",)}, "capacity", ["on-demand"]),
        ({"consolidate_after_seconds": 60}, "after", "60s"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_pool_changes_by_config_only(change: dict[str, Any], path: str, value: object):
    """EKS-39: nothing but that field of the NodePool differs."""
    before, after = (node_pool(pool, 100) for pool in (plans.pools()[1], replace(plans.pools()[1], **change)))

    def parts(pool: dict[str, Any]) -> dict[str, object]:
        asked = {requirement["key"]: requirement["values"] for requirement in pool["template"]["spec"]["requirements"]}
        return {
            "types": asked["node.kubernetes.io/instance-type"],
            "capacity": asked["karpenter.sh/capacity-type"],
            "cpu": pool["limits"]["cpu"],
            "after": pool["disruption"]["consolidateAfter"],
        }

    assert parts(after) == {**parts(before), path: value}


def test_the_system_groups_size_and_type_change_by_config_only(graph: Graph):
    """EKS-39: a changed count and type change the node group alone; nothing is added, removed or made anew."""
    system = plans.node_group("system", "system", "control", plans.ZONES, "m7g.xlarge", (3, 6, 3), architecture="arm64")
    settings = clusters.declared().model_copy(update={"cert_manager": True})
    other = clusters.build(settings, groups=(system,), pools=plans.pools(), data_protection=False)
    assert set(graph.by_urn) == set(other.by_urn)
    components = "coder-eks:"
    changed = {
        urn for urn, node in graph.by_urn.items() if node.inputs != other.by_urn[urn].inputs and not node.type.startswith(components)
    }
    assert {graph.by_urn[urn].type for urn in changed} == {NODE_GROUP}
    (group,) = (other.by_urn[urn] for urn in changed)
    assert group.inputs["instanceTypes"] == ["m7g.xlarge"]
    assert group.inputs["scalingConfig"] == {"minSize": 3, "maxSize": 6, "desiredSize": 3}


# The other controllers


def test_metrics_server_is_there_and_cert_manager_on_demand(graph: Graph):
    """OBS-18, T-66: cert-manager only where it is asked for, and no issuer of ours."""
    found = releases(graph)["cert-manager"]
    assert (found.inputs["version"], found.inputs["namespace"]) == ("1.21.1", "cert-manager")
    assert found.inputs["values"]["nodeSelector"] == {"coder.com/node-group": "system"}
    assert found.inputs["values"]["crds"] == {"enabled": True, "keep": False}
    assert "cert-manager" not in releases(clusters.prod())
    assert "metrics-server" in releases(clusters.prod())
    assert not [node for node in graph.nodes if "cert-manager.io" in node.type]
