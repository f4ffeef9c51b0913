"""What Coder's chart leaves out around its pods, coderd's or a workspace proxy's, and the chart's release itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import Input, Resource, ResourceOptions
from pulumi_kubernetes.networking.v1 import NetworkPolicySpecArgsDict

from components import chart_keys
from components.coder_values import HTTP_PORT, RELEASE_NAME, SELECTOR

CHART_REPOSITORY = "https://helm.coder.com/v2"
SERVICE = "coder"
ROLLOUT_SECONDS = 15 * 60  # migrations of a large database come before the first replica is ready


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods of the chart. name: of the resources. add_ons: run before the binding. parent: the component that has them."""

    name: str
    namespace: Input[str]
    vpc_id: Input[str]
    target_group_arn: Input[str]
    add_ons: Sequence[Resource]
    parent: Resource

    def around(self, network_policy: NetworkPolicySpecArgsDict) -> list[Resource]:
        """What stands before the release: Service with its target group, NetworkPolicy of that spec, disruption budget."""
        return [self._binding(), self._policy(network_policy), self._budget()]

    def release(self, chart_version: str, values: Mapping[str, object], before: Sequence[Resource]) -> kubernetes.helm.v3.Release:
        """The chart with these values, after what comes before. Raises UnknownChartValueError for a key that the chart would ignore."""
        chart_keys.check("coder", chart_version, values)
        return kubernetes.helm.v3.Release(
            self.name,
            name=RELEASE_NAME,
            namespace=self.namespace,
            chart="coder",
            version=chart_version,
            repository_opts={"repo": CHART_REPOSITORY},
            values=values,
            create_namespace=False,
            timeout=ROLLOUT_SECONDS,
            # no atomic: rolling back would run the old server on the new version's tables (DB-24)
            opts=ResourceOptions(parent=self.parent, depends_on=list(before)),
        )

    def _binding(self) -> Resource:
        """The Service, and what joins its pods to the target group (T-25, T-76)."""
        service = kubernetes.core.v1.Service(
            self.name,
            # Pulumi would wait for pods behind it, which come with the release
            metadata=self._metadata({"pulumi.com/skipAwait": "true"}),
            spec={
                "type": "ClusterIP",
                "selector": SELECTOR,
                # the network policy agent looks at container ports: the Service's is the same (T-25)
                "ports": [{"name": "http", "port": HTTP_PORT, "target_port": HTTP_PORT, "protocol": "TCP"}],
            },
            opts=self._child,
        )
        return kubernetes.apiextensions.CustomResource(
            self.name,
            api_version="elbv2.k8s.aws/v1beta1",
            kind="TargetGroupBinding",
            metadata=self._metadata(),
            spec={
                "serviceRef": {"name": service.metadata.name, "port": HTTP_PORT},
                "targetGroupARN": self.target_group_arn,
                "targetType": "ip",
                "ipAddressType": "ipv4",
                "vpcID": self.vpc_id,
            },
            opts=ResourceOptions(parent=self.parent, depends_on=list(self.add_ons)),
        )

    def _policy(self, spec: NetworkPolicySpecArgsDict) -> Resource:
        return kubernetes.networking.v1.NetworkPolicy(self.name, metadata=self._metadata(), spec=spec, opts=self._child)

    def _budget(self) -> Resource:
        """The chart has none: drains and upgrades take one replica at a time (EKS-34)."""
        return kubernetes.policy.v1.PodDisruptionBudget(
            self.name,
            metadata=self._metadata(),
            spec={"max_unavailable": 1, "selector": {"match_labels": SELECTOR}},
            opts=self._child,
        )

    def _metadata(self, annotations: Mapping[str, str] | None = None) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(name=SERVICE, namespace=self.namespace, annotations=annotations)

    @property
    def _child(self) -> ResourceOptions:
        return ResourceOptions(parent=self.parent)
