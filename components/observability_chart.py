"""Coder's observability chart in coderd's namespace: Grafana with Coder's dashboards, Prometheus unless it is managed, traces by flag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, Resource, ResourceOptions

from components import chart_keys
from components.coder_network import ANYWHERE, HTTPS_PORT, LINK_LOCAL, NAMESPACE_LABEL, POD_IDENTITY_AGENT
from components.coder_values import METRICS_PORT, Placement
from components.coder_values import SELECTOR as CODERD
from components.iam import Statement
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from components.observability_values import (
    ALERTMANAGER_ACCOUNT,
    CHART,
    GRAFANA_ACCOUNT,
    RELEASE_NAME,
    SELECTOR,
    ManagedStore,
    ObservabilityFacts,
    values,
)
from components.tracing import OTLP_PORT
from plan.alerts import Rule
from settings.cluster import IdentityMode
from settings.observability import Prometheus

REPOSITORY = "https://helm.coder.com/observability"  # README.md of coder/observability v0.6.2
KUBELET_PORT = 10250
TIMEOUT_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class ObservabilityChartArgs:
    """namespace: as the cluster made it; namespace_name: what it resolves to. managed: the workspace that Grafana asks, with its ARN.

    topics: ARNs by name; topics_key_arn: what they are encrypted with.
    """

    chart_version: str
    namespace: Input[str]
    namespace_name: str
    provisioner_namespace: str
    workspace_namespace: str
    replicas: int
    provisioners: int
    placement: Placement
    prometheus: Prometheus
    rules: Sequence[Rule]
    topics: Mapping[str, Input[str]]
    topics_key_arn: Input[str]
    region: str
    vpc_cidr: str
    tracing: bool
    identity: ClusterIdentity
    managed: tuple[Input[str], Input[str]] | None
    after: Sequence[Resource] = ()


class ObservabilityChart(ComponentResource):
    """The release with its NetworkPolicy and roles (OBS-03, OBS-05, OBS-19, OBS-20, OBS-22, OBS-23).

    Raises UnknownChartValueError for a value that no chart of it reads.
    """

    def __init__(self, name: str, args: ObservabilityChartArgs, opts: ResourceOptions | None = None) -> None:
        facts = {"namespace": args.namespace_name, "prometheus": args.prometheus.value, "tracing": args.tracing}
        super().__init__("coder-eks:observability_chart:ObservabilityChart", name, dict(facts), opts)
        self._child = ResourceOptions(parent=self)
        roles = self._roles(name, args)
        policy = kubernetes.networking.v1.NetworkPolicy(
            name, metadata={"name": RELEASE_NAME, "namespace": args.namespace}, spec=_reach(args), opts=self._child
        )
        chosen = values(
            ObservabilityFacts(
                namespace=args.namespace_name,
                provisioner_namespace=args.provisioner_namespace,
                workspace_namespace=args.workspace_namespace,
                replicas=args.replicas,
                provisioners=args.provisioners,
                placement=args.placement,
                prometheus=args.prometheus,
                rules=args.rules,
                topics=args.topics,
                region=args.region,
                annotations={account: role.annotations for account, role in roles.items()},
                tracing=args.tracing,
                managed=ManagedStore(endpoint=args.managed[0], region=args.region) if args.managed else None,
            )
        )
        chart_keys.check(CHART, args.chart_version, chosen)
        kubernetes.helm.v3.Release(
            name,
            name=RELEASE_NAME,
            namespace=args.namespace,
            chart=CHART,
            version=args.chart_version,
            repository_opts={"repo": REPOSITORY},
            values=chosen,
            allow_null_values=True,  # takes dashboards of the chart away that would be downloaded
            create_namespace=False,
            timeout=TIMEOUT_SECONDS,
            max_history=5,
            opts=ResourceOptions.merge(self._child, ResourceOptions(depends_on=[*args.after, policy, *roles.values()])),
        )
        self.register_outputs(facts)

    def _roles(self, name: str, args: ObservabilityChartArgs) -> dict[str, WorkloadIdentity]:
        """The Alertmanager may publish to our topics, Grafana may ask the managed store: each only where it does."""
        wanted: dict[str, list[Statement]] = {}
        if args.prometheus is Prometheus.CHART:
            topics = sorted(args.topics)
            wanted[ALERTMANAGER_ACCOUNT] = [
                Statement(sid="Tell", actions=["sns:Publish"], resources=[args.topics[topic] for topic in topics]),
                Statement(sid="Encrypt", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[args.topics_key_arn]),
            ]
        if args.managed is not None:
            wanted[GRAFANA_ACCOUNT] = [
                Statement(
                    sid="Ask",
                    actions=["aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics"],
                    resources=[args.managed[1]],
                )
            ]
        return {
            account: WorkloadIdentity(
                f"{name}-{account}",
                WorkloadIdentityArgs(cluster=args.identity, namespace=args.namespace_name, service_account=account, statements=statements),
                self._child,
            )
            for account, statements in wanted.items()
        }


def _reach(args: ObservabilityChartArgs) -> kubernetes.networking.v1.NetworkPolicySpecArgsDict:
    """Its pods among themselves; to metrics of coderd and provisioners, kubelets of the VPC, the Kubernetes API and AWS. In: traces."""
    own: kubernetes.networking.v1.NetworkPolicyPeerArgsDict = {"pod_selector": {"match_labels": SELECTOR}}
    coderd: kubernetes.networking.v1.NetworkPolicyPeerArgsDict = {"pod_selector": {"match_labels": CODERD}}
    provisioners: kubernetes.networking.v1.NetworkPolicyPeerArgsDict = {
        "namespace_selector": {"match_labels": {NAMESPACE_LABEL: args.provisioner_namespace}}
    }
    ingress: list[kubernetes.networking.v1.NetworkPolicyIngressRuleArgsDict] = [{"from_": [own]}]
    if args.tracing:
        ingress.append({"from_": [coderd], "ports": [{"protocol": "TCP", "port": OTLP_PORT}]})
    egress: list[kubernetes.networking.v1.NetworkPolicyEgressRuleArgsDict] = [
        {"to": [own]},
        {"to": [coderd, provisioners], "ports": [{"protocol": "TCP", "port": METRICS_PORT}]},
        {"to": [{"ip_block": {"cidr": args.vpc_cidr}}], "ports": [{"protocol": "TCP", "port": KUBELET_PORT}]},
        {"to": [{"ip_block": {"cidr": ANYWHERE, "except_": [LINK_LOCAL]}}], "ports": [{"protocol": "TCP", "port": HTTPS_PORT}]},
    ]
    if args.identity.mode is IdentityMode.POD_IDENTITY:
        egress.append({"to": [{"ip_block": {"cidr": POD_IDENTITY_AGENT}}], "ports": [{"protocol": "TCP", "port": 80}]})
    return {
        "pod_selector": {"match_labels": SELECTOR},
        "policy_types": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": egress,
    }
