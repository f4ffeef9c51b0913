"""EKS: what exists there: Kubernetes versions, add-ons and their versions, access policies.

Kubernetes versions: endoflife.date/amazon-eks (read 2026-02) and "Understand the Kubernetes version lifecycle on EKS" of the EKS user guide
(names 1.36). Add-on names: "AWS add-ons" and "Community add-ons" of the same guide. The versions of an add-on are so many, and leave so
fast, that only their form is judged; what getAddonVersion answers are versions that were published for that Kubernetes version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

KUBERNETES: Final = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36")
DEFAULT_KUBERNETES: Final = "1.35"

# Self-signed, made for this file with openssl (EC P-256, CN=kubernetes, 100 years); its key was thrown away
CERTIFICATE: Final = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJnVENDQVNlZ0F3SUJBZ0lVZXF6UVNrbVFpN2RVK3dLN2NNUDd3UkxidEs0d0NnWUlLb1pJemowRUF3"
    "SXcKRlRFVE1CRUdBMVVFQXd3S2EzVmlaWEp1WlhSbGN6QWdGdzB5TmpFeE1qRXhNekkzTXpsYUdBOHlNVEkyTVRBeQpPREV6TWpjek9Wb3dGVEVUTUJFR0Ex"
    "VUVBd3dLYTNWaVpYSnVaWFJsY3pCWk1CTUdCeXFHU000OUFnRUdDQ3FHClNNNDlBd0VIQTBJQUJHb3Q1eDBMZnFCd3NUdm5GVW9XL3J0UUVnMS9kUlViRytB"
    "dFVEVFJqTTVEamRlbTFsVGcKQktWUmZLd212TmNqTTN3Y3BvUmoxcVdobHpsYmRjdU42dGFqVXpCUk1CMEdBMVVkRGdRV0JCUThaUnVuMFdoRApLWVRKV2JT"
    "TTBTK3M5RDBOdmpBZkJnTlZIU01FR0RBV2dCUThaUnVuMFdoREtZVEpXYlNNMFMrczlEME52akFQCkJnTlZIUk1CQWY4RUJUQURBUUgvTUFvR0NDcUdTTTQ5"
    "QkFNQ0EwZ0FNRVVDSUVkNlVKQm01cnFxTTVrTmJYcGoKU0kxdXVXcUdUem9ib2xpZ3FhTWRjYnVOQWlFQTZ6clJnQnNkQ2tYcmNNVEJDQmcrZyt2RUNLRUQx"
    "MDdodDlseApRQmZhSUhFPQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg=="
)

ADDON_VERSION: Final = re.compile(r"v\d+\.\d+\.\d+(-eksbuild\.\d+)?\Z|v\d+\.\d+\.\d+-eks-[0-9a-f]{7}(-eksbuild\.\d+)?\Z")
ADDONS: Final = (
    "adot", "amazon-cloudwatch-observability", "aws-ebs-csi-driver", "aws-efs-csi-driver", "aws-fsx-csi-driver", "aws-guardduty-agent",
    "aws-mountpoint-s3-csi-driver", "aws-network-flow-monitoring-agent", "aws-privateca-connector-for-kubernetes",
    "aws-secrets-store-csi-driver-provider", "amazon-sagemaker-hyperpod-taskgovernance", "amazon-sagemaker-hyperpod-observability",
    "cert-manager", "coredns", "eks-node-monitoring-agent", "eks-pod-identity-agent", "external-dns", "fluent-bit", "kube-proxy",
    "kube-state-metrics", "metrics-server", "prometheus-node-exporter", "snapshot-controller", "vpc-cni",
)  # fmt: skip
# These run as Deployments: without a node that they tolerate they stay pending, and the provider waits until its time is up.
# DaemonSets (kube-proxy, vpc-cni, the agents) are content with no node at all.
DEPLOYMENTS: Final[Mapping[str, str]] = {
    "amazon-cloudwatch-observability": "manager", "aws-ebs-csi-driver": "controller", "aws-efs-csi-driver": "controller",
    "aws-fsx-csi-driver": "controller", "cert-manager": "", "coredns": "", "external-dns": "", "kube-state-metrics": "",
    "metrics-server": "",
    "snapshot-controller": "",
}  # fmt: skip
# add-on → what getAddonVersion answers where no version of its own is known for a Kubernetes version
_VERSIONS: Final[Mapping[str, str]] = {
    "aws-ebs-csi-driver": "v1.50.1-eksbuild.1",
    "coredns": "v1.12.4-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.8-eksbuild.2",
    "kube-proxy": "v{kubernetes}.10-eksbuild.2",
    "metrics-server": "v0.8.0-eksbuild.2",
    "snapshot-controller": "v8.3.0-eksbuild.1",
    "vpc-cni": "v1.20.4-eksbuild.2",
}

_POLICIES: Final = (
    "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSComputePolicy", "AmazonEKSEditPolicy", "AmazonEKSHybridPolicy", "AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy",
    "AmazonEKSSecretReaderPolicy", "AmazonEKSViewPolicy",
)  # fmt: skip
ACCESS_POLICIES: Final = tuple(f"arn:aws:eks::aws:cluster-access-policy/{name}" for name in _POLICIES)


def default_addon_version(name: str, kubernetes: str) -> str:
    """A version of the add-on that was published for a Kubernetes version, "" where there is no such add-on."""
    if name not in ADDONS:
        return ""
    return _VERSIONS.get(name, "v1.0.0-eksbuild.1").replace("{kubernetes}", kubernetes)
