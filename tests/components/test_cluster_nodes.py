"""Nodes of prod: where they stand, what they may do, who changes their number."""

from __future__ import annotations

from components.node_groups import AUTOSCALED_TAG
from tests.components import plans
from tests.components.clusters import NODE_GROUP, TEMPLATE, other, prod


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
    group = other().one(NODE_GROUP, "cluster-system")
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


def test_in_a_tier_that_nodes_share_their_security_groups_still_tell_them_apart():
    """NET-08, NET-18, T-10, T-38"""
    graph = other()
    for group, role in ((graph.one(NODE_GROUP, "cluster-system"), "control"), (graph.one(NODE_GROUP, "cluster-coder-prov"), "provisioner")):
        assert {n.tags()["Tier"] for n in graph.reference(group, "subnetIds")} == {"private"}
        [template] = [n for n in graph.reference(group, "launchTemplate") if n.type == TEMPLATE]
        assert [n.name for n in graph.reference(template, "vpcSecurityGroupIds")] == [f"network-{role}"]


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
