"""What is fixed about Kubernetes' kinds and the charts that install further ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SYSTEM_NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")

# Kubernetes API reference v1.33: kinds whose path has no namespace.
CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle",
        "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IPAddress", "IngressClass", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass",
        "PriorityLevelConfiguration", "RuntimeClass", "ServiceCIDR", "StorageClass", "StorageVersion", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass",
    }
)  # fmt: skip

# pulumi-kubernetes, provider/pkg/provider/diff.go (at 00302bea): what replaces beside metadata.name and metadata.namespace; from the API
# reference what the server calls immutable and that list leaves out (it would fail the update): a PersistentVolumeClaim grows in place.
_SELECTOR: Final = ("spec.selector",)
FORCE_NEW: Final[Mapping[str, tuple[str, ...]]] = {
    "ClusterRoleBinding": ("roleRef",),
    "ConfigMap": ("binaryData", "data"),
    "DaemonSet": _SELECTOR,
    "Deployment": _SELECTOR,
    "Job": ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeMode", "spec.volumeName"),
    "Pod": ("spec",),
    "PriorityClass": ("preemptionPolicy", "value"),
    "ResourceQuota": ("spec.scopes",),
    "RoleBinding": ("roleRef",),
    "Secret": ("data", "stringData", "type"),
    "Service": ("spec.clusterIP",),
    "StatefulSet": (
        "spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates",
    ),
    "StorageClass": ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
}  # fmt: skip
MUTABLE_BY_SETTING: Final = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}  # provider settings

POD_PATHS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), "spec.template"),
    "CronJob": "spec.jobTemplate.spec.template",
}
AWAITED: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})  # pulumi-kubernetes waits until their pods run


@dataclass(frozen=True)
class CustomKind:
    """A kind that a chart or an add-on installs."""

    api_versions: tuple[str, ...]
    kind: str
    namespaced: bool = True


@dataclass(frozen=True)
class Chart:
    """A Helm chart: where it is published, and the kinds that it installs."""

    name: str
    repositories: tuple[str, ...]
    kinds: tuple[CustomKind, ...] = ()


_ELB: Final = ("elbv2.k8s.aws/v1beta1",)
_ESO: Final = ("external-secrets.io/v1",)  # v1beta1 is not served since 0.17.0 (release notes of external-secrets v0.17.0)
_ESO_ALPHA: Final = ("external-secrets.io/v1alpha1",)
_MONITORING: Final = ("monitoring.coreos.com/v1",)
_CERTIFICATES: Final = ("cert-manager.io/v1",)
_SNAPSHOTS: Final = ("snapshot.storage.k8s.io/v1",)

_KARPENTER: Final = ("oci://public.ecr.aws/karpenter",)
# charts/karpenter/crds and charts/karpenter-crd of aws/karpenter-provider-aws at v1.14.1
_NODES: Final = (
    CustomKind(("autoscaling.x-k8s.io/v1beta1",), "CapacityBuffer"),
    CustomKind(("karpenter.k8s.aws/v1",), "EC2NodeClass", namespaced=False),
    CustomKind(("karpenter.sh/v1",), "NodeClaim", namespaced=False),
    CustomKind(("karpenter.sh/v1alpha1",), "NodeOverlay", namespaced=False),
    CustomKind(("karpenter.sh/v1",), "NodePool", namespaced=False),
)

# Read 2026-11-21 in the charts' own repositories: crds/ folders and READMEs.
CHARTS: Final = (
    Chart("coder", ("https://helm.coder.com/v2", "oci://ghcr.io/coder/chart")),
    Chart("coder-provisioner", ("https://helm.coder.com/v2", "oci://ghcr.io/coder/chart")),
    Chart("coder-observability", ("https://helm.coder.com/observability",)),
    Chart("aws-for-fluent-bit", ("https://aws.github.io/eks-charts",)),
    Chart("coder-logstream-kube", ("https://helm.coder.com/logstream-kube",)),
    Chart(
        "aws-load-balancer-controller",
        ("https://aws.github.io/eks-charts",),
        (CustomKind((*_ELB, "elbv2.k8s.aws/v1alpha1"), "TargetGroupBinding"), CustomKind(_ELB, "IngressClassParams", namespaced=False)),
    ),
    Chart(
        "external-secrets",
        ("https://charts.external-secrets.io",),
        (
            CustomKind(_ESO, "ExternalSecret"),
            CustomKind(_ESO, "SecretStore"),
            CustomKind(_ESO, "ClusterSecretStore", namespaced=False),
            CustomKind(_ESO, "ClusterExternalSecret", namespaced=False),
            CustomKind(_ESO_ALPHA, "PushSecret"),
        ),
    ),
    Chart("metrics-server", ("https://kubernetes-sigs.github.io/metrics-server/",)),
    Chart("cluster-autoscaler", ("https://kubernetes.github.io/autoscaler",)),
    Chart("aws-ebs-csi-driver", ("https://kubernetes-sigs.github.io/aws-ebs-csi-driver",)),
    Chart("karpenter", _KARPENTER, _NODES),
    Chart("karpenter-crd", _KARPENTER, _NODES),
    Chart(
        "cert-manager",
        ("https://charts.jetstack.io", "oci://quay.io/jetstack/charts"),
        (
            CustomKind(_CERTIFICATES, "Certificate"),
            CustomKind(_CERTIFICATES, "Issuer"),
            CustomKind(_CERTIFICATES, "ClusterIssuer", namespaced=False),
        ),
    ),
    Chart(
        "kube-prometheus-stack",
        ("https://prometheus-community.github.io/helm-charts", "oci://ghcr.io/prometheus-community/charts"),
        tuple(CustomKind(_MONITORING, kind) for kind in ("Alertmanager", "PodMonitor", "Prometheus", "PrometheusRule", "ServiceMonitor")),
    ),
)

# Kinds that EKS add-ons install (Amazon EKS User Guide, "AWS add-ons").
ADD_ON_KINDS: Final[Mapping[str, tuple[CustomKind, ...]]] = {
    "snapshot-controller": (
        CustomKind(_SNAPSHOTS, "VolumeSnapshot"),
        CustomKind(_SNAPSHOTS, "VolumeSnapshotClass", namespaced=False),
        CustomKind(_SNAPSHOTS, "VolumeSnapshotContent", namespaced=False),
    ),
    "vpc-cni": (
        CustomKind(("crd.k8s.amazonaws.com/v1alpha1",), "ENIConfig", namespaced=False),
        CustomKind(("vpcresources.k8s.aws/v1beta1",), "SecurityGroupPolicy"),
    ),
}
