"""What provisioners may do in AWS and in the cluster, and where their packets may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input, Output
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, LabelSelectorRequirementArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgs

from components.iam import ANY_RESOURCE, Statement
from components.provisioner_values import METRICS_PORT, RELEASE_NAME, SCALER
from plan.templates import MACHINE_TAG as OWN_TAG
from settings.cluster import IdentityMode

WORKSPACE_ROLE_PATH = "coder-workspaces"  # roles that EC2 workspaces may be given lie below this path

_ALL_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def workspace_rules() -> list[PolicyRuleArgs]:
    """What the templates declare, in the workspaces' namespace only (EKS-35, PRV-12)."""
    return [
        PolicyRuleArgs(api_groups=[""], resources=["persistentvolumeclaims", "pods"], verbs=_ALL_VERBS),
        PolicyRuleArgs(api_groups=[""], resources=["serviceaccounts"], verbs=["get", "list"]),
        PolicyRuleArgs(api_groups=["apps"], resources=["deployments"], verbs=_ALL_VERBS),
        PolicyRuleArgs(api_groups=["networking.k8s.io"], resources=["networkpolicies"], verbs=_ALL_VERBS),
    ]


def scaling_rules(deployment: str) -> list[PolicyRuleArgs]:
    """To set the number of pods of one Deployment, and nothing else of it or of any other."""
    return [
        PolicyRuleArgs(api_groups=["apps"], resources=["deployments"], resource_names=[deployment], verbs=["get"]),
        PolicyRuleArgs(api_groups=["apps"], resources=["deployments/scale"], resource_names=[deployment], verbs=["get", "patch"]),
    ]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where the ARNs of a role's permissions lie."""

    partition: Input[str]
    region: str
    account_id: Input[str]

    def arn(self, service: str, resource: Input[str]) -> Output[str]:
        """An ARN in this account and region; IAM has no region."""
        region = "" if service == "iam" else self.region
        return Output.concat("arn:", self.partition, f":{service}:{region}:", self.account_id, ":", resource)


def permissions(account: Account, cluster_name: Input[str]) -> list[Statement]:
    """CoderProvRole: EC2 workspaces that carry the builds' own tag, this cluster, and the workspaces' roles for EC2 alone (EKS-24)."""
    made = [account.arn("ec2", f"{kind}/*") for kind in ("instance", "volume")]
    groups = [account.arn("ec2", f"{kind}/*") for kind in ("launch-template", "security-group")]
    # A group of one instance finds a GPU over types and zones (TPL-40); templates name each after its workspace
    fleets = [account.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/workspace-*")]
    used = [Output.concat("arn:", account.partition, f":ec2:{account.region}::image/*")]
    # Terraform's aws_instance tags the instance and its volumes only: a tag asked of the interface would refuse every launch.
    used += [account.arn("ec2", f"{kind}/*") for kind in ("launch-template", "network-interface", "security-group", "subnet")]
    return [
        Statement(
            sid="DescribeCluster",
            actions=["eks:DescribeCluster"],
            resources=[account.arn("eks", Output.concat("cluster/", cluster_name))],
        ),
        Statement(
            sid="DescribeEc2",
            actions=[
                *("ec2:DescribeImages", "ec2:DescribeInstanceAttribute", "ec2:DescribeInstanceCreditSpecifications"),
                *("ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeInstances"),
                *("ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates"),
                *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups"),
                *("ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVolumes", "ec2:DescribeVpcs"),
            ],
            resources=[ANY_RESOURCE],
        ),
        Statement(
            sid="MakeTagged",
            actions=["ec2:CreateVolume", "ec2:RunInstances"],
            resources=made,
            conditions={"StringEquals": {f"aws:RequestTag/{OWN_TAG}": "true"}},
        ),
        Statement(sid="RunFrom", actions=["ec2:RunInstances"], resources=used),
        Statement(  # each workspace has a group of its own, which lets nobody in (T-45)
            sid="MakeTaggedGroup",
            actions=["ec2:CreateLaunchTemplate", "ec2:CreateSecurityGroup"],
            resources=groups,
            conditions={"StringEquals": {f"aws:RequestTag/{OWN_TAG}": "true"}},
        ),
        Statement(sid="MakeGroupIn", actions=["ec2:CreateSecurityGroup"], resources=[account.arn("ec2", "vpc/*")]),
        Statement(
            sid="TagWhatIsMade",
            actions=["ec2:CreateTags"],
            resources=[*made, *groups],
            conditions={
                "StringEquals": {"ec2:CreateAction": ["CreateLaunchTemplate", "CreateSecurityGroup", "CreateVolume", "RunInstances"]}
            },
        ),
        Statement(
            sid="ChangeOwn",
            actions=[
                *("ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyInstanceAttribute", "ec2:ModifyVolume"),
                *("ec2:ModifyInstanceMetadataOptions", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"),
                *("ec2:AuthorizeSecurityGroupEgress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress"),
                "ec2:RevokeSecurityGroupIngress",  # what was opened by hand is closed at the next build; nothing lets them open it
                *("ec2:CreateLaunchTemplateVersion", "ec2:DeleteLaunchTemplate", "ec2:ModifyLaunchTemplate"),
            ],
            resources=[*made, *groups],
            conditions={"StringEquals": {f"aws:ResourceTag/{OWN_TAG}": "true"}},
        ),
        Statement(
            sid="DescribeFleets",
            actions=["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags"],
            resources=[ANY_RESOURCE],
        ),
        Statement(
            sid="MakeTaggedFleet",
            actions=["autoscaling:CreateAutoScalingGroup", "autoscaling:CreateOrUpdateTags"],
            resources=fleets,
            conditions={"StringEquals": {f"aws:RequestTag/{OWN_TAG}": "true"}},
        ),
        Statement(
            sid="ChangeOwnFleet",
            actions=[
                *("autoscaling:DeleteAutoScalingGroup", "autoscaling:ResumeProcesses", "autoscaling:SuspendProcesses"),
                *("autoscaling:TerminateInstanceInAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"),
            ],
            resources=fleets,
            conditions={"StringEquals": {f"aws:ResourceTag/{OWN_TAG}": "true"}},
        ),
        Statement(
            sid="PassWorkspaceRoles",
            actions=["iam:PassRole"],
            resources=[account.arn("iam", f"role/{WORKSPACE_ROLE_PATH}/*")],
            conditions={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
    ]


def network_policy(
    coder_namespace: Input[str],
    coder_selector: Mapping[str, str],
    coder_port: int,
    mode: IdentityMode,
    metrics_cidrs: Sequence[str] = (),
) -> NetworkPolicySpecArgs:
    """For provisioners and the jobs that scale them, by their names: workspaces may stand beside them (T-53).

    In: metrics. Out: DNS, coderd, and TLS to the Kubernetes API, AWS and registries.

    Instance metadata stays closed: the pods' credentials are their own role's.
    """
    coder = LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": coder_namespace})
    system = LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": "kube-system"})
    dns = NetworkPolicyPeerArgs(namespace_selector=system, pod_selector=LabelSelectorArgs(match_labels={"k8s-app": "kube-dns"}))
    coderd = NetworkPolicyPeerArgs(namespace_selector=coder, pod_selector=LabelSelectorArgs(match_labels=dict(coder_selector)))
    outside = NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr="0.0.0.0/0", except_=["169.254.0.0/16"]))
    egress = [
        NetworkPolicyEgressRuleArgs(to=[dns], ports=[_port("UDP", 53), _port("TCP", 53)]),
        NetworkPolicyEgressRuleArgs(to=[coderd], ports=[_port("TCP", coder_port)]),
        NetworkPolicyEgressRuleArgs(to=[outside], ports=[_port("TCP", 443)]),
    ]
    if mode is IdentityMode.POD_IDENTITY:  # EKS's agent hands out credentials at this address of each node
        agent = NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr="169.254.170.23/32"))
        egress.append(NetworkPolicyEgressRuleArgs(to=[agent], ports=[_port("TCP", 80)]))
    scrapers = [
        NetworkPolicyPeerArgs(namespace_selector=coder),
        *(NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=cidr)) for cidr in metrics_cidrs),
    ]
    return NetworkPolicySpecArgs(
        pod_selector=LabelSelectorArgs(
            match_expressions=[LabelSelectorRequirementArgs(key="app.kubernetes.io/name", operator="In", values=[RELEASE_NAME, SCALER])]
        ),
        policy_types=["Egress", "Ingress"],
        ingress=[NetworkPolicyIngressRuleArgs(from_=scrapers, ports=[_port("TCP", METRICS_PORT)])],
        egress=egress,
    )


def _port(protocol: str, port: int) -> NetworkPolicyPortArgs:
    return NetworkPolicyPortArgs(protocol=protocol, port=port)
