"""The `versions` section: what is pinned, each with where and when it was read; a stack file may override any of them (T-57)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pydantic import Field

from settings.names import AddOnVersion, EngineVersion, ImageRelease, NatRelease, SemVer
from settings.section import Section

AS_OF = date(2026, 11, 21)  # when the pins below were last reviewed


class Support(NamedTuple):
    """Last days of a Kubernetes version on EKS: standard support, then extended at a higher price."""

    standard_until: date
    extended_until: date


# endoflife.date/amazon-eks, read 2026-02, agreeing with the Amazon EKS release calendar; after the last day EKS upgrades by itself
KUBERNETES_SUPPORT: Mapping[str, Support] = {
    "1.32": Support(date(2026, 3, 23), date(2027, 3, 23)),
    "1.33": Support(date(2026, 7, 29), date(2027, 7, 29)),
    "1.34": Support(date(2026, 12, 2), date(2027, 12, 2)),
    "1.35": Support(date(2027, 3, 27), date(2028, 3, 27)),
}


class ByKubernetes(NamedTuple):
    """What follows Kubernetes' minor version: EKS add-ons, and the cluster autoscaler's image."""

    vpc_cni: str
    kube_proxy: str
    coredns: str
    autoscaler: str


# Add-ons: what EKS offers by default for each Kubernetes version, `aws eks describe-addon-versions` of May and June 2026 as public
# repositories record it in one table (kube-proxy and CoreDNS of each in several), read 2026-11-21; `coder-eks preflight` asks EKS anew.
# Autoscaler: kubernetes/autoscaler, the newest tag of each minor version on 2026-08-22; those of 1.33 to 1.35 are of 2026-07-22.
BY_KUBERNETES: Mapping[str, ByKubernetes] = {
    "1.32": ByKubernetes("v1.20.5-eksbuild.1", "v1.32.13-eksbuild.5", "v1.11.4-eksbuild.33", "1.32.7"),
    "1.33": ByKubernetes("v1.20.5-eksbuild.1", "v1.33.10-eksbuild.2", "v1.12.4-eksbuild.10", "1.33.6"),
    "1.34": ByKubernetes("v1.20.5-eksbuild.1", "v1.34.6-eksbuild.2", "v1.12.4-eksbuild.10", "1.34.5"),
    "1.35": ByKubernetes("v1.21.1-eksbuild.1", "v1.35.3-eksbuild.2", "v1.13.2-eksbuild.4", "1.35.2"),
}


class AddOnVersions(Section):
    """EKS add-ons; what is left out is that of the cluster's Kubernetes version."""

    vpc_cni: AddOnVersion | None = None
    kube_proxy: AddOnVersion | None = None
    coredns: AddOnVersion | None = None
    ebs_csi_driver: AddOnVersion = "v1.60.1-eksbuild.1"  # of every version: the same source
    pod_identity_agent: AddOnVersion = "v1.3.10-eksbuild.3"  # likewise


@dataclass(frozen=True, kw_only=True)
class ClusterVersions:
    """What runs in a cluster of one Kubernetes version; autoscaler: its image, without a v."""

    vpc_cni: str
    kube_proxy: str
    coredns: str
    ebs_csi_driver: str
    pod_identity_agent: str
    autoscaler: str


class ChartVersions(Section):
    """Helm charts."""

    # coder/coder docs/install/releases/index.md at 0408758, 2026-07: 2.34 is the stable and extended support release, 2.34.5 its latest
    coder: SemVer = "2.34.5"
    coder_provisioner: SemVer = "2.34.5"  # released with it
    load_balancer_controller: SemVer = "3.5.0"  # kubernetes-sigs/aws-load-balancer-controller at 11eb202, 2026-08-03
    external_secrets: SemVer = "2.9.0"  # external-secrets/external-secrets at cc5bfbc, 2026-08-08
    cluster_autoscaler: SemVer = "9.59.0"  # kubernetes/autoscaler, tag cluster-autoscaler-chart-9.59.0, 2026-07
    cluster_autoscaler_image: SemVer | None = None  # follows Kubernetes' minor version, not the chart's: BY_KUBERNETES
    # aws/karpenter-provider-aws, tag v1.14.1 (bde0065), 2026-08-20; by its matrix Kubernetes 1.33 takes 1.5 or newer, 1.35 takes 1.9
    karpenter: SemVer = "1.14.1"
    cert_manager: SemVer = "1.21.1"  # cert-manager/cert-manager, tag v1.21.1 (24e3319), 2026-07-29
    metrics_server: SemVer = "3.13.1"  # kubernetes-sigs/metrics-server at 214abba, 2026-06-08
    fluent_bit: SemVer = "0.2.0"  # aws-for-fluent-bit of aws/eks-charts at 5239609, 2026-08-03, which brings its image 3.2.1
    coder_observability: SemVer = "0.6.2"  # coder/observability, tag v0.6.2, 2025-11-20


class NodeImages(Section):
    """Amazon Linux 2023 of nodes that Karpenter makes: a new one replaces them, so that it is never `latest`."""

    # awslabs/amazon-eks-ami, CHANGELOG.md at 81fec2e, 2026-07-23: release v20260714 has images of Kubernetes 1.33, 1.34, 1.35
    al2023: ImageRelease = Field(default="v20260714", description="Release of EKS' images of Amazon Linux 2023.", examples=["v20260714"])


class Versions(Section):
    """Everything with a version of its own; Kubernetes' is in each region's cluster."""

    add_ons: AddOnVersions = Field(default=AddOnVersions(), description="EKS add-ons.")
    charts: ChartVersions = Field(default=ChartVersions(), description="Helm charts.")
    node_images: NodeImages = Field(default=NodeImages(), description="Images of Karpenter's nodes.")
    coder: SemVer = Field(default="2.34.5", description="coderd and provisioners, which are always the same version (CDR-42).")
    # 16.8 is the long-term release of 16: aws/agent-toolkit-for-aws, upgrade-planning-lts-recommendation.md, 2026
    aurora_postgresql: EngineVersion = Field(default="16.8", description="Aurora PostgreSQL engine (DB-20).")
    # The image of NAT instances, the same name in every region, made anew every six months: AndrewGuenther/fck-nat
    # docs/ami-support-policy.md, and its images as public programs of 2026-07 name them
    fck_nat: NatRelease = Field(default="1.4.0-20260701", description="fck-nat: release and day of its image.")
    # aws-cloudformation/cfn-lint 1.58.0 of 2026, schemas/extensions/aws_rds_dbinstance/engine_version.json: the newest of 16 on RDS
    postgresql: EngineVersion = Field(default="16.15", description="PostgreSQL of an RDS instance (DB-20).")
    coderd_provider: SemVer = Field(default="0.0.23", description="coder/coderd, the provider of Coder's own objects.")

    def in_cluster(self, kubernetes: str) -> ClusterVersions:
        """The add-ons and the autoscaler of a cluster of that minor version; KeyError for one that is not in BY_KUBERNETES."""
        own, pinned = BY_KUBERNETES[kubernetes], self.add_ons
        return ClusterVersions(
            vpc_cni=pinned.vpc_cni or own.vpc_cni,
            kube_proxy=pinned.kube_proxy or own.kube_proxy,
            coredns=pinned.coredns or own.coredns,
            ebs_csi_driver=pinned.ebs_csi_driver,
            pod_identity_agent=pinned.pod_identity_agent,
            autoscaler=self.charts.cluster_autoscaler_image or own.autoscaler,
        )
