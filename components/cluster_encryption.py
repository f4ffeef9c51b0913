"""The keys of a cluster: of its secrets, its logs, its disks. One for each use, so that a grant for one opens no other."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, Resource, ResourceOptions

from components import iam

DELETION_WINDOW_DAYS = 30  # AWS's longest: what a key encrypted is lost with it


@dataclass(frozen=True, kw_only=True)
class ClusterKeys:
    """secrets: Kubernetes Secrets in etcd. logs: the control plane's log group. volumes: nodes' roots and workspaces' homes."""

    secrets: aws.kms.Key
    logs: aws.kms.Key
    volumes: aws.kms.Key


def control_plane_log_group(cluster_name: str) -> str:
    """The log group that EKS writes to; it can't be told another (EKS User Guide, "Send control plane logs")."""
    return f"/aws/eks/{cluster_name}/cluster"


def cluster_keys(
    name: str,
    cluster_name: str,
    region: str,
    account_id: Input[str],
    partition: Input[str],
    *,
    parent: Resource,
    protect: bool,
) -> ClusterKeys:
    """Keys with yearly rotation (EKS-04, EKS-31). protect: whether the engine refuses to delete them."""
    opts = ResourceOptions(parent=parent, protect=protect)
    log_group = Output.concat("arn:", partition, ":logs:", region, ":", account_id, ":log-group:", control_plane_log_group(cluster_name))

    def key(use: str, description: str, *statements: iam.Statement) -> aws.kms.Key:
        return aws.kms.Key(
            f"{name}-{use}",
            description=f"{description} of {cluster_name}",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=iam.key_policy(account_id, partition, *statements),
            opts=opts,
        )

    return ClusterKeys(
        # EKS takes a grant of its own when the cluster is made; the account's statement lets the caller give it.
        secrets=key("secrets", "Kubernetes Secrets"),
        logs=key("logs", "control plane logs", iam.logs_use_key(region, log_group)),
        volumes=key("volumes", "node and workspace disks", *iam.volumes_use_key(region, account_id)),
    )
