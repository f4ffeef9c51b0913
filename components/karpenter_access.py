"""What Karpenter may do in AWS: the policies that it publishes, held to one cluster (EKS-25).

website/content/en/v1.14/getting-started/getting-started-with-karpenter/cloudformation.yaml of aws/karpenter-provider-aws at 1d92708,
2026-08-21 (release 1.14.1). Left out: making instance profiles, which are resources of the program here, so that a destroy leaves none;
zonal shift and capacity reservations, which nothing here asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Input

from components.add_ons_access import Place
from components.iam import ANY_RESOURCE, Statement

_LAUNCHED = ("fleet/*", "instance/*", "launch-template/*", "network-interface/*", "spot-instances-request/*", "volume/*")
_POOL, _CLUSTER = "karpenter.sh/nodepool", "eks:eks-cluster-name"


def controller(
    place: Place, cluster_name: str, node_role_arns: Sequence[Input[str]], profile_arns: Sequence[Input[str]], queue_arn: Input[str]
) -> list[Statement]:
    """To launch, tag and end nodes of this cluster's pools with their own roles, and to read the queue of what happens to them."""
    return [
        *_launch(place, cluster_name),
        *_change(place, cluster_name),
        *_use(place, cluster_name, node_role_arns, queue_arn),
        *_look(place, profile_arns),
    ]


def _launch(place: Place, cluster_name: str) -> list[Statement]:
    owned, launch = f"kubernetes.io/cluster/{cluster_name}", ["ec2:CreateFleet", "ec2:RunInstances"]
    asked = {
        "StringEquals": {f"aws:RequestTag/{owned}": "owned", f"aws:RequestTag/{_CLUSTER}": cluster_name},
        "StringLike": {f"aws:RequestTag/{_POOL}": "*"},
    }
    launched = [place.arn("ec2", kind) for kind in _LAUNCHED]
    return [
        Statement(
            sid="LaunchWith",
            actions=launch,
            resources=[
                *(place.arn("ec2", kind, "") for kind in ("image/*", "snapshot/*")),
                *(place.arn("ec2", kind) for kind in ("security-group/*", "subnet/*")),
            ],
        ),
        Statement(
            sid="LaunchFromOwn",
            actions=launch,
            resources=[place.arn("ec2", "launch-template/*")],
            conditions={"StringEquals": {f"aws:ResourceTag/{owned}": "owned"}, "StringLike": {f"aws:ResourceTag/{_POOL}": "*"}},
        ),
        Statement(sid="LaunchTagged", actions=[*launch, "ec2:CreateLaunchTemplate"], resources=launched, conditions=asked),
        Statement(
            sid="TagNew",
            actions=["ec2:CreateTags"],
            resources=launched,
            conditions={
                **asked,
                "StringEquals": {**asked["StringEquals"], "ec2:CreateAction": ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]},
            },
        ),
    ]


def _change(place: Place, cluster_name: str) -> list[Statement]:
    own = {
        "StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{cluster_name}": "owned"},
        "StringLike": {f"aws:ResourceTag/{_POOL}": "*"},
    }
    return [
        Statement(
            sid="TagOwn",
            actions=["ec2:CreateTags"],
            resources=[place.arn("ec2", "instance/*")],
            conditions={
                **own,
                "StringEqualsIfExists": {f"aws:RequestTag/{_CLUSTER}": cluster_name},
                "ForAllValues:StringEquals": {"aws:TagKeys": [_CLUSTER, "karpenter.sh/nodeclaim", "Name"]},
            },
        ),
        Statement(
            sid="EndOwn",
            actions=["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"],
            resources=[place.arn("ec2", "instance/*"), place.arn("ec2", "launch-template/*")],
            conditions=own,
        ),
    ]


def _use(place: Place, cluster_name: str, node_role_arns: Sequence[Input[str]], queue_arn: Input[str]) -> list[Statement]:
    return [
        Statement(
            sid="GiveRole",
            actions=["iam:PassRole"],
            resources=node_role_arns,
            conditions={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
        Statement(sid="FindCluster", actions=["eks:DescribeCluster"], resources=[place.arn("eks", f"cluster/{cluster_name}")]),
        Statement(sid="Interruptions", actions=["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], resources=[queue_arn]),
    ]


def _look(place: Place, profile_arns: Sequence[Input[str]]) -> list[Statement]:
    return [
        Statement(
            sid="Describe",
            actions=[
                *("ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances"),
                *("ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates"),
                *("ec2:DescribePlacementGroups", "ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets"),
            ],
            resources=[ANY_RESOURCE],
            conditions={"StringEquals": {"aws:RequestedRegion": place.region}},
        ),
        Statement(sid="Images", actions=["ssm:GetParameter"], resources=[place.arn("ssm", "parameter/aws/service/*", "")]),
        Statement(sid="Prices", actions=["pricing:GetProducts"], resources=[ANY_RESOURCE]),
        Statement(sid="ListProfiles", actions=["iam:ListInstanceProfiles"], resources=[ANY_RESOURCE]),
        Statement(sid="ReadProfiles", actions=["iam:GetInstanceProfile"], resources=profile_arns),
    ]
