"""The EKS add-ons of a cluster: network, proxy and identity before the first node; names and volumes when there are nodes to run them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import CustomTimeouts, Input, Output, Resource, ResourceOptions

from components import add_ons_access as access
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from components.node_groups import node_selector, tolerations
from components.tags import ENVIRONMENT
from plan.model import NodeGroupPlan
from settings.cluster import CniMode, IdentityMode
from settings.versions import ClusterVersions

SYSTEM_NAMESPACE = "kube-system"
CNI_ACCOUNT, EBS_ACCOUNT = "aws-node", "ebs-csi-controller-sa"  # fixed by the add-ons

# Add-ons are active in a minute; one that waits for a node that doesn't come gives up by itself after 20.
PATIENT = CustomTimeouts(create="40m", update="40m", delete="40m")

# Environment of aws-node (amazon-vpc-cni-k8s README, read 2026-11); settings name the mode, so that the address plan holds (T-05).
CNI_ENVIRONMENT: Mapping[CniMode, Mapping[str, str]] = {
    CniMode.WARM_ENI: {"WARM_ENI_TARGET": "1"},
    CniMode.PREFIX: {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
}


@dataclass(frozen=True, kw_only=True)
class AddOnsArgs:
    """control: the node group that runs everything which needs a node. volume_key_arn: of workspace disks."""

    identity: ClusterIdentity
    versions: ClusterVersions
    cni: CniMode
    control: NodeGroupPlan
    place: access.Place
    system: str
    volume_key_arn: Input[str]


def before_nodes(name: str, args: AddOnsArgs, opts: ResourceOptions) -> list[Resource]:
    """vpc-cni and kube-proxy, and the agent that hands out credentials where that is the identity mode (EKS-14, EKS-15, EKS-28).

    A node is ready only with a CNI, and one that joins before its configuration keeps the addresses that the default took.
    """
    policy = Output.concat("arn:", args.place.partition, ":iam::aws:policy/AmazonEKS_CNI_Policy")
    made: list[Resource] = []
    if args.identity.mode is IdentityMode.POD_IDENTITY:
        made.append(_add_on(name, "eks-pod-identity-agent", args.versions.pod_identity_agent, args, opts))
    cni = WorkloadIdentity(
        f"{name}-vpc-cni",
        WorkloadIdentityArgs(cluster=args.identity, namespace=SYSTEM_NAMESPACE, service_account=CNI_ACCOUNT, managed_policy_arns=[policy]),
        opts,
    )
    made.append(
        _add_on(name, "vpc-cni", args.versions.vpc_cni, args, opts, values=cni_values(args.cni), identity=cni),
    )
    made.append(_add_on(name, "kube-proxy", args.versions.kube_proxy, args, opts))
    return made


def on_nodes(name: str, args: AddOnsArgs, nodes: Sequence[Resource], opts: ResourceOptions) -> list[Resource]:
    """coredns and the EBS driver, on the control nodes; before those they would wait for 20 minutes and fail (pulumi-eks#1819)."""
    after = ResourceOptions.merge(opts, ResourceOptions(depends_on=list(nodes)))
    ebs = WorkloadIdentity(
        f"{name}-ebs-csi",
        WorkloadIdentityArgs(
            cluster=args.identity,
            namespace=SYSTEM_NAMESPACE,
            service_account=EBS_ACCOUNT,
            statements=access.ebs_csi_driver(args.place, args.system, args.volume_key_arn),
        ),
        opts,
    )
    return [
        _add_on(name, "coredns", args.versions.coredns, args, after, values=coredns_values(args.control)),
        _add_on(
            name,
            "aws-ebs-csi-driver",
            args.versions.ebs_csi_driver,
            args,
            after,
            values=ebs_csi_values(args.control, args.system),
            identity=ebs,
        ),
    ]


def cni_values(mode: CniMode) -> dict[str, object]:
    """NetworkPolicies are enforced (EKS-15, T-25), and pods keep their address on the way to NAT, so that flow logs tell them apart.

    `enableNetworkPolicy` is a text in the add-on's schema (EKS User Guide, "Restrict Pod network traffic", read 2026-11).
    """
    return {
        "enableNetworkPolicy": "true",
        "env": {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "true", **CNI_ENVIRONMENT[mode]},
    }


def coredns_values(control: NodeGroupPlan) -> dict[str, object]:
    """Two pods, in two zones where there are two, on the control nodes.

    Keys: `aws eks describe-addon-configuration --addon-name coredns`, as public configurations use them (read 2026-11).
    """
    spread = {
        "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
    }
    return {"replicaCount": 2, "topologySpreadConstraints": [spread], **_placed(control)}


def ebs_csi_values(control: NodeGroupPlan, system: str) -> dict[str, object]:
    """The controller on the control nodes; the driver's own pod on every node, whatever its taint.

    Keys: charts/aws-ebs-csi-driver/values.yaml of the driver (read 2026-11), from which the add-on's schema is made.
    """
    return {"controller": {"extraVolumeTags": {ENVIRONMENT: system}, **_placed(control)}, "node": {"tolerateAllTaints": True}}


def _placed(control: NodeGroupPlan) -> dict[str, object]:
    return {"nodeSelector": node_selector(control), "tolerations": tolerations(control)}


def _add_on(
    name: str,
    add_on: str,
    version: str,
    args: AddOnsArgs,
    opts: ResourceOptions,
    *,
    values: Mapping[str, object] | None = None,
    identity: WorkloadIdentity | None = None,
) -> aws.eks.Addon:
    """A pinned add-on; what is in the cluster under its name is overwritten, and goes with it."""
    irsa = identity is not None and args.identity.mode is IdentityMode.IRSA
    return aws.eks.Addon(
        f"{name}-{add_on}",
        cluster_name=args.identity.cluster_name,
        addon_name=add_on,
        addon_version=version,
        configuration_values=json.dumps(values, sort_keys=True) if values else None,
        service_account_role_arn=identity.role_arn if identity is not None and irsa else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        preserve=False,
        opts=ResourceOptions.merge(opts, ResourceOptions(custom_timeouts=PATIENT, depends_on=[identity] if identity is not None else None)),
    )
