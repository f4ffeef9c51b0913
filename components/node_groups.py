"""Managed node groups: what a node is, where it stands, who changes their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, CustomTimeouts, Input, Output, Resource, ResourceOptions

from components import iam
from components.tags import ENVIRONMENT
from plan.model import NodeGroupPlan, ScheduledAction
from settings.roles import CapacityType

# The autoscaler looks for this tag, not for k8s.io/cluster-autoscaler/enabled: EKS puts that one on the group of every managed node group
# by itself, the control plane's too, which nothing may scale (Property 4, EKS-21).
AUTOSCALED_TAG = "coder-eks/autoscaled-by"

IMAGES = {"amd64": "AL2023_x86_64_STANDARD", "arm64": "AL2023_ARM_64_STANDARD"}  # EKS API reference, CreateNodegroup amiType
ROOT_DEVICE = "/dev/xvda"  # of Amazon Linux 2023
UNCHANGED = -1  # how AWS's provider says that an action leaves a size as it is
CAPACITY_TYPES = {CapacityType.ON_DEMAND: "ON_DEMAND", CapacityType.SPOT: "SPOT"}
EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}

# A group is up in minutes; an update drains node by node, each for up to 15 minutes of termination grace.
PATIENT = CustomTimeouts(create="1h", update="4h", delete="1h")


@dataclass(frozen=True, kw_only=True)
class NodeGroupArgs:
    """subnet_ids: of the group's zones, in its tier. kubernetes_version: of the nodes, the cluster's. after: what nodes wait for.

    Not by the component's own depends_on, which its children don't take over.
    """

    plan: NodeGroupPlan
    system: str
    cluster_name: Input[str]
    kubernetes_version: str
    role_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    volume_key_arn: Input[str]
    after: Sequence[Resource]


class NodeGroup(ComponentResource):
    """One group with its launch template, schedule and autoscaler tag (EKS-06 to EKS-08, EKS-12, EKS-17 to EKS-21, EKS-31 to EKS-33)."""

    group: aws.eks.NodeGroup
    scaling_group_name: Output[str]

    def __init__(self, name: str, args: NodeGroupArgs, opts: ResourceOptions | None = None) -> None:
        plan = args.plan
        facts: dict[str, object] = {
            "group": plan.group,
            "tier": plan.tier,
            "role": plan.role,
            "zones": list(plan.zones),
            "instance_type": plan.instance_type,
            "capacity_type": plan.capacity_type.value,
            "min": plan.min,
            "max": plan.max,
            "desired": plan.desired,
            "scheduled": [action.name for action in plan.scheduled],
        }
        super().__init__("coder-eks:node_groups:NodeGroup", name, dict(facts), opts)
        self._child = ResourceOptions(parent=self)

        template = self._template(name, args)
        self.group = self._group(name, args, template)
        self.scaling_group_name = self.group.resources.apply(_scaling_group_name)
        for action in plan.scheduled:
            self._schedule(f"{name}-{action.name}", action)
        if plan.scheduled:
            aws.autoscaling.Tag(
                name,
                autoscaling_group_name=self.scaling_group_name,
                tag={"key": AUTOSCALED_TAG, "value": args.cluster_name, "propagate_at_launch": False},
                opts=self._child,
            )
        self.register_outputs({"name": self.group.node_group_name, "scaling_group_name": self.scaling_group_name, **facts})

    def _template(self, name: str, args: NodeGroupArgs) -> aws.ec2.LaunchTemplate:
        """Encrypted root; metadata by session token only and one hop far, so that a pod can't take the node's credentials (EKS-32)."""
        tags = {"Name": f"{args.system}-{args.plan.name}", ENVIRONMENT: args.system}
        return aws.ec2.LaunchTemplate(
            name,
            description=f"Nodes of {args.plan.name}",
            update_default_version=True,
            block_device_mappings=[
                {
                    "device_name": ROOT_DEVICE,
                    "ebs": {
                        "encrypted": "true",
                        "kms_key_id": args.volume_key_arn,
                        "volume_type": "gp3",
                        "volume_size": args.plan.root_disk_gib,
                        "delete_on_termination": "true",
                    },
                }
            ],
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
                "instance_metadata_tags": "disabled",
            },
            # Named here, so that EKS does not add the cluster's own group, inside which everything reaches everything.
            vpc_security_group_ids=[args.security_group_id],
            tag_specifications=[{"resource_type": kind, "tags": tags} for kind in ("instance", "network-interface", "volume")],
            opts=self._child,
        )

    def _group(self, name: str, args: NodeGroupArgs, template: aws.ec2.LaunchTemplate) -> aws.eks.NodeGroup:
        plan = args.plan
        # The clock moves minimum and desired number of a scheduled group, the autoscaler the latter; an update leaves both alone (EKS-20).
        moved = ["scalingConfig.desiredSize", "scalingConfig.minSize"] if plan.scheduled else []
        return aws.eks.NodeGroup(
            name,
            cluster_name=args.cluster_name,
            node_role_arn=args.role_arn,
            subnet_ids=list(args.subnet_ids),
            version=args.kubernetes_version,
            ami_type=IMAGES[plan.architecture],
            capacity_type=CAPACITY_TYPES[plan.capacity_type],
            instance_types=[plan.instance_type],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": plan.min, "max_size": plan.max, "desired_size": plan.desired},
            # One replica of coderd at a time; of the large groups a tenth, or 67 nodes would take a day.
            update_config={"max_unavailable_percentage": 10} if plan.scheduled else {"max_unavailable": 1},
            labels=dict(sorted(plan.labels.items())),
            taints=[{"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in plan.taints],
            opts=ResourceOptions.merge(
                self._child, ResourceOptions(custom_timeouts=PATIENT, depends_on=list(args.after), ignore_changes=moved)
            ),
        )

    def _schedule(self, name: str, action: ScheduledAction) -> None:
        """Set the sizes at the hour of a named time zone, through both changes of the clock (EKS-17, EKS-19, T-77)."""
        aws.autoscaling.Schedule(
            name,
            scheduled_action_name=action.name,
            autoscaling_group_name=self.scaling_group_name,
            recurrence=action.recurrence,
            time_zone=action.time_zone,
            min_size=action.min_size,
            max_size=UNCHANGED if action.max_size is None else action.max_size,
            desired_capacity=UNCHANGED if action.desired is None else action.desired,
            opts=self._child,
        )


def _scaling_group_name(resources: Sequence[aws.eks.outputs.NodeGroupResource]) -> str:
    groups = resources[0].autoscaling_groups if resources else None
    if not groups or not groups[0].name:
        raise ValueError("EKS tells no Auto Scaling group for the node group")
    return groups[0].name


def node_role(name: str, group: str, partition: Input[str], opts: ResourceOptions) -> tuple[aws.iam.Role, list[Resource]]:
    """The role of one group's nodes: join the cluster and pull images, nothing else (least privilege); and what gives it those rights.

    Nodes that start without them don't join, and EKS can't take the last ones away (EKS User Guide, "Node IAM role").

    No CNI policy: aws-node has a role of its own. No Systems Manager: a session on a node would be a way into workspaces (Property 9).
    One role for each group, so that CloudTrail tells whose node it was.
    """
    role = aws.iam.Role(
        f"{name}-{group}",
        description=f"Nodes of {group}",
        assume_role_policy=iam.document(iam.trusted_service("ec2.amazonaws.com")),
        opts=opts,
    )
    rights: list[Resource] = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{group}-{policy}", role=role.name, policy_arn=Output.concat("arn:", partition, f":iam::aws:policy/{policy}"), opts=opts
        )
        for policy in ("AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy")
    ]
    return role, rights


def subnets_of(plan: NodeGroupPlan, zones: Sequence[str], subnet_ids: Mapping[str, Sequence[Input[str]]]) -> list[Input[str]]:
    """The subnets of a group: of its tier, in its zones (EKS-33). zones, subnet_ids: of the network, in zone order."""
    by_zone = dict(zip(zones, subnet_ids[plan.tier], strict=True))
    return [by_zone[zone] for zone in plan.zones]


def node_selector(plan: NodeGroupPlan) -> dict[str, str]:
    """What a pod asks of labels to run on a group: the key of its taint, which every group carries as a label too (EKS-12)."""
    return {taint.key: plan.labels[taint.key] for taint in plan.taints}


def tolerations(plan: NodeGroupPlan) -> list[dict[str, str]]:
    """What a pod puts up with to run on a group (EKS-12)."""
    return [{"key": taint.key, "operator": "Equal", "value": taint.value, "effect": EFFECTS[taint.effect]} for taint in plan.taints]
