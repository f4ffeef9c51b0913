"""CloudWatch's dashboards: the service, its service levels, a scale test (OBS-20, OBS-22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from plan.alarms import AVAILABILITY, BUILD_P95_SECONDS, HEALTH_REGION, P95_SECONDS, P99_SECONDS

WIDTH, HEIGHT = 12, 6  # two widgets beside each other; the grid is 24 wide

Series = Sequence[tuple[str, str, Mapping[str, str]]]
"""Namespace, metric, and its dimensions with the keys of things."""


@dataclass(frozen=True, kw_only=True)
class DashboardsArgs:
    """things: names and ids by key, as the alarms have them. node_groups: of EKS. replicas, max_acu: of the plan, drawn as lines; max_acu
    is None where the database is no Aurora.
    """

    system: str
    region: str
    things: Mapping[str, Input[str]]
    node_groups: Sequence[str]
    replicas: int
    max_acu: float | None


@dataclass(frozen=True)
class Widget:
    """One diagram. line: a value that is drawn across it, with what it means."""

    title: str
    series: Series
    statistic: str = "Average"
    region: str = ""
    line: tuple[str, float] | None = None
    period: int = 60


class Dashboards(ComponentResource):
    """Three dashboards. What only coderd knows, latency and builds, stands in Grafana beside them: a text on each says where."""

    def __init__(self, name: str, args: DashboardsArgs, opts: ResourceOptions | None = None) -> None:
        made = {"service": _service(args), "slo": _service_levels(args), "scale-test": _scale_test(args)}
        facts = {"dashboards": sorted(f"coder-{args.system}-{kind}" for kind in made)}
        super().__init__("coder-eks:dashboards:Dashboards", name, dict(facts), opts)
        for kind, (text, widgets) in made.items():
            aws.cloudwatch.Dashboard(
                f"{name}-{kind}",
                dashboard_name=f"coder-{args.system}-{kind}",
                dashboard_body=body(text, widgets, args),
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs(facts)


def _balancer(*names: str) -> Series:
    return [("AWS/NetworkELB", name, {"LoadBalancer": "load_balancer"}) for name in names]


def _targets(*names: str) -> Series:
    return [("AWS/NetworkELB", name, {"LoadBalancer": "load_balancer", "TargetGroup": "target_group"}) for name in names]


def _database(args: DashboardsArgs, *names: str) -> Series:
    dimension = "DBInstanceIdentifier" if args.max_acu is None else "DBClusterIdentifier"
    return [("AWS/RDS", name, {dimension: "database"}) for name in names]


def _capacity(args: DashboardsArgs) -> Widget:
    if args.max_acu is None:
        return Widget("Database: free memory", _database(args, "FreeableMemory"), "Minimum")
    return Widget("Database: ACU", _database(args, "ServerlessDatabaseCapacity"), "Maximum", line=("maximum", args.max_acu))


def _nodes(args: DashboardsArgs, name: str) -> Series:
    return [("AWS/AutoScaling", name, {"AutoScalingGroupName": f"nodes:{group}"}) for group in args.node_groups]


_CHECKED: Series = [("AWS/Route53", "HealthCheckStatus", {"HealthCheckId": "health_check"})]
_HEALTHY: Series = [("AWS/Route53", "HealthCheckPercentageHealthy", {"HealthCheckId": "health_check"})]
_EXPIRY: Series = [("AWS/CertificateManager", "DaysToExpiry", {"CertificateArn": "certificate"})]
_GRAFANA = "Grafana (`kubectl -n coder port-forward svc/grafana 3000:80`), *Coder: service levels and scale test*"


def _service(args: DashboardsArgs) -> tuple[str, list[Widget]]:
    return (
        "# Coder: service\nHosts, load balancer, coderd, database, nodes. Runbook: docs/runbooks/alerts.md",
        [
            Widget("Access host answers", _CHECKED, "Minimum", HEALTH_REGION),
            Widget("Healthy coderd", _targets("HealthyHostCount"), "Minimum", line=("declared", args.replicas)),
            Widget("New and active connections", _balancer("NewFlowCount_TLS", "ActiveFlowCount_TLS"), "Sum"),
            Widget("Failed TLS handshakes", _balancer("ClientTLSNegotiationErrorCount"), "Sum"),
            Widget("Database: connections", _database(args, "DatabaseConnections"), "Maximum"),
            _capacity(args),
            Widget("Nodes in service", _nodes(args, "GroupInServiceInstances"), "Minimum"),
            Widget("Nodes wanted", _nodes(args, "GroupDesiredCapacity"), "Maximum"),
            Widget("Certificate: days left", _EXPIRY, "Minimum", period=86400),
        ],
    )  # fmt: skip


def _service_levels(args: DashboardsArgs) -> tuple[str, list[Widget]]:
    text = (
        f"# Coder: service levels\nAvailability {AVAILABILITY} % (43.8 minutes a month); API P95 under {P95_SECONDS * 1000:g} ms and P99 "
        f"under {P99_SECONDS:g} s; pod workspaces ready in {BUILD_P95_SECONDS} s. Latency and builds: {_GRAFANA}"
    )
    return (
        text,
        [
            Widget("Availability by the day", _HEALTHY, "Average", HEALTH_REGION, ("service level", AVAILABILITY), 86400),
            Widget("Availability by the hour", _HEALTHY, "Average", HEALTH_REGION, ("service level", AVAILABILITY), 3600),
            Widget("Database: commit latency, ms", _database(args, "CommitLatency"), "p95"),
            Widget("Connections reset by coderd", _balancer("TCP_Target_Reset_Count"), "Sum"),
        ],
    )


def _scale_test(args: DashboardsArgs) -> tuple[str, list[Widget]]:
    return (
        f"# Coder: scale test\nWhat AWS sees while `coder exp scaletest` runs; coderd's own figures: {_GRAFANA}",
        [
            Widget("Nodes in service", _nodes(args, "GroupInServiceInstances"), "Maximum"),
            Widget("Nodes wanted", _nodes(args, "GroupDesiredCapacity"), "Maximum"),
            _capacity(args),
            Widget("Database: CPU, %", _database(args, "CPUUtilization"), "Maximum"),
            Widget("Database: connections", _database(args, "DatabaseConnections"), "Maximum"),
            Widget("Bytes through the load balancer", _balancer("ProcessedBytes_TLS"), "Sum"),
            Widget("Active connections", _balancer("ActiveFlowCount_TLS"), "Maximum"),
            Widget("Healthy coderd", _targets("HealthyHostCount"), "Minimum", line=("declared", args.replicas)),
        ],
    )


def body(text: str, widgets: Sequence[Widget], args: DashboardsArgs) -> Output[str]:
    """The dashboard's JSON: a text across the top, then diagrams two by two. A series whose thing was not made is a KeyError."""
    header = {"type": "text", "x": 0, "y": 0, "width": 2 * WIDTH, "height": 2, "properties": {"markdown": text}}
    drawn = [_drawn(index, widget, args) for index, widget in enumerate(widgets)]
    return Output.json_dumps({"widgets": [header, *drawn]})


def _drawn(index: int, widget: Widget, args: DashboardsArgs) -> dict[str, object]:
    properties: dict[str, object] = {
        "title": widget.title,
        "region": widget.region or args.region,
        "stat": widget.statistic,
        "period": widget.period,
        "view": "timeSeries",
        "metrics": [
            [namespace, metric, *(part for name, key in dimensions.items() for part in (name, args.things[key]))]
            for namespace, metric, dimensions in widget.series
        ],
    }
    if widget.line:
        label, value = widget.line
        properties["annotations"] = {"horizontal": [{"label": label, "value": value}]}
    return {
        "type": "metric",
        "x": WIDTH * (index % 2),
        "y": 2 + HEIGHT * (index // 2),
        "width": WIDTH,
        "height": HEIGHT,
        "properties": properties,
    }
