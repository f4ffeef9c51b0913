"""Amazon Managed Service for Prometheus: coderd's metrics without a server on the control nodes (OBS-02, T-72)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, CustomTimeouts, Input, Output, Resource, ResourceOptions

from components.prometheus_rules import alert_routes, rule_groups
from plan.alerts import Rule

SCRAPE_SECONDS = 30
# A collector is active after about 20 minutes (Amazon Managed Service for Prometheus User Guide, "Managed collectors", read 2026-11)
PATIENT = CustomTimeouts(create="60m", update="60m", delete="60m")


@dataclass(frozen=True, kw_only=True)
class ManagedPrometheusArgs:
    """subnet_ids, security_group_ids: where the collector's interfaces stand; control's, so that pods admit it.

    namespaces: with pods to read. topics: ARNs by name, of this region. after: what must run before pods can be read.
    """

    alias: str
    region: str
    cluster_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group_ids: Sequence[Input[str]]
    namespaces: Sequence[str]
    rules: Sequence[Rule]
    topics: Mapping[str, Input[str]]
    after: Sequence[Resource] = ()


class ManagedPrometheus(ComponentResource):
    """Workspace, managed collector, rules and their routes (OBS-02, OBS-05, OBS-20, OBS-26).

    The collector needs no pod: it reads the Kubernetes API by the access entry that EKS makes for it where the cluster's authentication is
    API, and port 2112 through interfaces in the control subnets. Alerts go to the topics by the service itself.
    """

    endpoint: Output[str]
    workspace_arn: Output[str]

    def __init__(self, name: str, args: ManagedPrometheusArgs, opts: ResourceOptions | None = None) -> None:
        facts = {"alias": args.alias, "namespaces": sorted(args.namespaces), "rules": [rule.name for rule in args.rules]}
        super().__init__("coder-eks:managed_prometheus:ManagedPrometheus", name, dict(facts), opts)
        child = ResourceOptions(parent=self)

        workspace = aws.amp.Workspace(name, alias=args.alias, opts=child)
        aws.amp.RuleGroupNamespace(
            name, name="coder", workspace_id=workspace.id, data=json.dumps(rule_groups(args.rules), indent=1), opts=child
        )
        routes = Output.json_dumps(alert_routes(args.topics, args.region))
        aws.amp.AlertManagerDefinition(
            name, workspace_id=workspace.id, definition=Output.json_dumps({"alertmanager_config": routes}), opts=child
        )
        aws.amp.Scraper(
            name,
            alias=args.alias,
            source={
                "eks": {
                    "cluster_arn": args.cluster_arn,
                    "subnet_ids": list(args.subnet_ids),
                    "security_group_ids": list(args.security_group_ids),
                }
            },
            destination={"amp": {"workspace_arn": workspace.arn}},
            scrape_configuration=json.dumps(scrape_configuration(args.namespaces), indent=1),
            opts=ResourceOptions.merge(child, ResourceOptions(depends_on=list(args.after), custom_timeouts=PATIENT)),
        )
        self.endpoint, self.workspace_arn = workspace.prometheus_endpoint, workspace.arn
        self.register_outputs({**facts, "endpoint": self.endpoint, "workspace_arn": self.workspace_arn})


def scrape_configuration(namespaces: Sequence[str]) -> dict[str, object]:
    """Pods that ask for it by their annotations, in these namespaces; JSON is YAML."""
    annotation = "__meta_kubernetes_pod_annotation_prometheus_io"

    def label(source: str, target: str) -> dict[str, object]:
        return {"source_labels": [source], "target_label": target}

    return {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [
            {
                "job_name": "coder",
                "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": sorted(namespaces)}}],
                "relabel_configs": [
                    {"source_labels": [f"{annotation}_scrape"], "action": "keep", "regex": "true"},
                    {
                        "source_labels": ["__meta_kubernetes_pod_ip", f"{annotation}_port"],
                        "regex": "(.+);(.+)",
                        "replacement": "$1:$2",
                        "target_label": "__address__",
                    },
                    label("__meta_kubernetes_namespace", "namespace"),
                    label("__meta_kubernetes_pod_name", "pod"),
                ],
            }
        ],
    }
