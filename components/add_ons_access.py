"""What the cluster's controllers may do in AWS: each as little as its task needs (EKS-25)."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Input, Output

from components.iam import ANY_RESOURCE, REENCRYPT, USE_KEY, Statement
from components.node_groups import AUTOSCALED_TAG
from components.tags import ENVIRONMENT

STORE_ROLE_PATH = "/coder-secret-stores/"  # of the roles that External Secrets takes under pod-identity
EBS_CLUSTER_TAG = "ebs.csi.aws.com/cluster"  # the driver puts it on every volume and snapshot it makes


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the ARNs of a policy lie."""

    partition: Input[str]
    region: str
    account_id: Input[str]

    def arn(self, service: str, resource: str, account_id: Input[str] | None = None) -> Output[str]:
        """An ARN in this region."""
        return Output.concat(
            "arn:", self.partition, f":{service}:{self.region}:", self.account_id if account_id is None else account_id, f":{resource}"
        )


def load_balancer_controller(place: Place, system: str) -> list[Statement]:
    """To keep the pods of target groups of ours in them, and no more (T-73): balancers, listeners and groups are resources of the program.

    What the controller's own guide asks for a TargetGroupBinding (docs/guide/targetgroupbinding at v3.5.0), and its look at the VPC's
    ranges, which tells addresses outside of it (pkg/aws/services/ec2.go, same version).
    """
    return [
        Statement(
            sid="Describe",
            actions=["ec2:DescribeVpcs", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"],
            resources=[ANY_RESOURCE],
        ),
        Statement(
            sid="Targets",
            actions=["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            resources=[place.arn("elasticloadbalancing", "targetgroup/*/*")],
            conditions={"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT}": system}},
        ),
    ]


def cluster_autoscaler(place: Place, cluster_name: Input[str]) -> list[Statement]:
    """To look at groups, and to change the size of those that this cluster's tag marks (EKS-22).

    The actions are those of the autoscaler's own README (cloudprovider/aws, read 2026-11), without launch configurations, which are none.
    """
    return [
        Statement(
            sid="Describe",
            actions=[
                *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances"),
                *("autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags", "ec2:DescribeImages", "ec2:DescribeInstanceTypes"),
                *("ec2:DescribeLaunchTemplateVersions", "ec2:GetInstanceTypesFromInstanceRequirements"),
            ],
            resources=[ANY_RESOURCE],
        ),
        Statement(
            sid="NodeGroups",
            actions=["eks:DescribeNodegroup"],
            resources=[Output.concat(place.arn("eks", "nodegroup/"), cluster_name, "/*/*")],
        ),
        Statement(
            sid="Scale",
            actions=["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            resources=[place.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*")],
            conditions={"StringEquals": {f"aws:ResourceTag/{AUTOSCALED_TAG}": cluster_name}},
        ),
    ]


def external_secrets(place: Place) -> list[Statement]:
    """To take the role of a store, with the session tags of Pod Identity, which pass on to it (EKS User Guide, "role chaining")."""
    stores = Output.concat("arn:", place.partition, ":iam::", place.account_id, f":role{STORE_ROLE_PATH}*")
    return [Statement(sid="Stores", actions=["sts:AssumeRole", "sts:TagSession"], resources=[stores])]


def ebs_csi_driver(place: Place, system: str, volume_key_arn: Input[str]) -> list[Statement]:
    """To make, grow and delete volumes and snapshots with the driver's own tag, to attach them to this system's nodes, to use their key.

    After the driver's example policy (docs/example-iam-policy.json, read 2026-11): its tag everywhere, nothing for older tags, no fast
    restores, no copies.
    """
    volumes, snapshots, instances = place.arn("ec2", "volume/*"), place.arn("ec2", "snapshot/*", ""), place.arn("ec2", "instance/*")
    new = {"StringEquals": {f"aws:RequestTag/{EBS_CLUSTER_TAG}": "true"}}
    own = {"StringEquals": {f"aws:ResourceTag/{EBS_CLUSTER_TAG}": "true"}}
    return [
        Statement(
            sid="Describe",
            actions=[
                *("ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeTags"),
                *("ec2:DescribeVolumeStatus", "ec2:DescribeVolumes", "ec2:DescribeVolumesModifications"),
            ],
            resources=[ANY_RESOURCE],
        ),
        Statement(sid="Make", actions=["ec2:CreateVolume"], resources=[volumes], conditions=new),
        Statement(sid="Restore", actions=["ec2:CreateVolume"], resources=[snapshots], conditions=own),
        Statement(sid="Snapshot", actions=["ec2:CreateSnapshot"], resources=[snapshots], conditions=new),
        Statement(sid="Keep", actions=["ec2:CreateSnapshot", "ec2:DeleteVolume", "ec2:ModifyVolume"], resources=[volumes], conditions=own),
        Statement(sid="Attach", actions=["ec2:AttachVolume", "ec2:DetachVolume"], resources=[volumes], conditions=own),
        Statement(
            sid="AttachTo",
            actions=["ec2:AttachVolume", "ec2:DetachVolume"],
            resources=[instances],
            conditions={"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT}": system}},
        ),
        Statement(sid="Forget", actions=["ec2:DeleteSnapshot"], resources=[snapshots], conditions=own),
        Statement(
            sid="TagNew",
            actions=["ec2:CreateTags"],
            resources=[volumes, snapshots],
            conditions={"StringEquals": {"ec2:CreateAction": ["CreateSnapshot", "CreateVolume"]}},
        ),
        Statement(sid="Encrypt", actions=[*USE_KEY, *REENCRYPT], resources=[volume_key_arn]),
        Statement(
            sid="Grant",
            actions=["kms:CreateGrant"],
            resources=[volume_key_arn],
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]
