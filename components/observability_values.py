"""The values of Coder's observability chart: pure functions; a key that no chart of it reads is an error (decision 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input

from components.coder_values import Placement
from components.prometheus_rules import alert_routes, rule_groups
from plan.alarms import BUILD_P95_SECONDS, P95_SECONDS, P99_SECONDS
from plan.alerts import Rule
from settings.observability import Prometheus

CHART = "coder-observability"
RELEASE_NAME = "coder-observability"
SELECTOR = {"app.kubernetes.io/instance": RELEASE_NAME}  # every pod of it carries that
ALERTMANAGER_ACCOUNT, GRAFANA_ACCOUNT = "alertmanager", "grafana"  # fixed by the chart's fullnameOverride


@dataclass(frozen=True, kw_only=True)
class ManagedStore:
    """The managed Prometheus that Grafana asks. endpoint: of the workspace."""

    endpoint: Input[str]
    region: str


@dataclass(frozen=True, kw_only=True)
class ObservabilityFacts:
    """What the values depend on. replicas: of coderd; provisioners: at every hour. annotations: by service account, its role under irsa.

    managed: None where the chart's own server keeps the metrics.
    """

    namespace: str
    provisioner_namespace: str
    workspace_namespace: str
    replicas: int
    provisioners: int
    placement: Placement
    prometheus: Prometheus
    rules: Sequence[Rule]
    topics: Mapping[str, Input[str]]
    region: str
    annotations: Mapping[str, Mapping[str, Input[str]]]
    tracing: bool
    managed: ManagedStore | None


def values(facts: ObservabilityFacts) -> dict[str, object]:
    """Values of the chart: metrics, Grafana, and traces by flag.

    Loki is left out: container logs are in CloudWatch, and its caches alone ask for more than a control node has (T-72). So are the
    exporters of PostgreSQL, for which there is no password, and the runbook viewer: the chart gives none of the three a toleration. Node
    exporter and log mounts need the host, which the namespace's Pod Security refuses; nodes are watched by CloudWatch.
    """
    own = facts.prometheus is Prometheus.CHART
    return {
        "global": {"coder": _coder(facts), "postgres": {"exporter": {"enabled": False}}},
        "grafana": _grafana(facts),
        "grafana-agent": _agent(facts) if own else {"enabled": False},
        "loki": {"enabled": False},
        "prometheus": _prometheus(facts) if own else {"enabled": False},
        "runbookViewer": {"enabled": False},
        "sqlExporter": {"enabled": False},
        "tempo": {"enabled": facts.tracing, **_placed(facts)},
    }


def _placed(facts: ObservabilityFacts) -> dict[str, object]:
    return {"nodeSelector": facts.placement.node_selector(), "tolerations": facts.placement.tolerations()}


def _compute(cpu: str, memory: str, most: str) -> dict[str, object]:
    """Little is asked, beside coderd; memory has an end."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most}}


def _coder(facts: ObservabilityFacts) -> dict[str, object]:
    """Where the chart's dashboards and alerts find Coder, and how many replicas it has."""
    return {
        "controlPlaneNamespace": facts.namespace,
        "externalProvisionersNamespace": facts.provisioner_namespace,
        "workspacesSelector": f"namespace=`{facts.workspace_namespace}`",
        "alerts": {
            "coderd": {"groups": {"Replicas": {"thresholds": _fewer_than(facts.replicas)}}},
            "provisionerd": {"groups": {"Replicas": {"thresholds": _fewer_than(facts.provisioners)}}},
        },
    }


def _fewer_than(replicas: int) -> dict[str, object]:
    """The chart tells of fewer than these."""
    return {"notify": replicas, "warning": max(1, replicas - 1), "critical": 1}


def _grafana(facts: ObservabilityFacts) -> dict[str, object]:
    """Read-only for whoever may forward a port to it; NetworkPolicies let nobody else in. Nothing is downloaded when it starts."""
    return {
        **_placed(facts),
        "resources": _compute("100m", "256Mi", "512Mi"),
        "initChownData": {"enabled": False},  # runs as root; the volume's group is set by Kubernetes
        "serviceAccount": {"annotations": facts.annotations.get(GRAFANA_ACCOUNT, {})},
        "grafana.ini": {
            "auth.anonymous": {"org_role": "Viewer"},
            **({"auth": {"sigv4_auth_enabled": True}} if facts.managed else {}),
        },
        "datasources": {"datasources.yaml": {"apiVersion": 1, "datasources": _data_sources(facts)}},
        "dashboards": {
            "infra": {
                "node-exporter-full": None,  # would be fetched from grafana.com, which pods of this namespace don't reach
                "postgres-database": None,
                "service-levels": {"json": json.dumps(service_levels(), sort_keys=True)},
            }
        },
    }


def _data_sources(facts: ObservabilityFacts) -> list[object]:
    metrics: dict[str, object] = {
        "name": "metrics",
        "type": "prometheus",
        "uid": "prometheus",
        "access": "proxy",
        "isDefault": True,
        "editable": False,
    }
    if facts.managed:
        signed = {"sigV4Auth": True, "sigV4AuthType": "default", "sigV4Region": facts.managed.region, "httpMethod": "POST"}
        metrics |= {"url": facts.managed.endpoint, "jsonData": signed}
    else:
        metrics |= {"url": f"http://prometheus.{facts.namespace}.svc"}
    traces = {"name": "traces", "type": "tempo", "uid": "tempo", "access": "proxy", "url": f"http://tempo.{facts.namespace}.svc:3200"}
    return [metrics, traces] if facts.tracing else [metrics]


def _agent(facts: ObservabilityFacts) -> dict[str, object]:
    """One collector for Coder's own pods and the control nodes: workspaces' pods would be three thousand series' sources (T-72)."""
    return {
        "agent": {
            "clustering": {"enabled": False},
            "mounts": {"varlog": False, "dockercontainers": False},
            "resources": _compute("100m", "256Mi", "1Gi"),
        },
        "controller": {"type": "deployment", "replicas": 1, **_placed(facts)},
        "discovery": _discovery(facts),
    }


def _discovery(facts: ObservabilityFacts) -> str:
    """Blocks of the agent's configuration, under the names that the chart's own blocks refer to."""
    names = ", ".join(f'"{name}"' for name in sorted({facts.namespace, facts.provisioner_namespace}))
    (label, group), *_ = facts.placement.node_selector().items()
    return "\n".join(
        [
            'discovery.kubernetes "nodes" {',
            '  role = "node"',
            "  selectors {",
            '    role  = "node"',
            f'    label = "{label}={group}"',
            "  }",
            "}",
            'discovery.kubernetes "pods" {',
            '  role = "pod"',
            "  namespaces {",
            f"    names = [{names}]",
            "  }",
            "}",
        ]
    )


def _prometheus(facts: ObservabilityFacts) -> dict[str, object]:
    """The server with our rules beside the chart's, and an Alertmanager that tells our topics (OBS-26)."""
    placed = _placed(facts)
    return {
        "server": {**placed, "resources": _compute("250m", "1Gi", "2Gi"), "extraArgs": {"log.level": "info"}},
        "serverFiles": {
            "prometheus.yml": {"scrape_configs": [], "rule_files": ["/etc/config/alerts/*.yaml", "/etc/config/alerting_rules.yml"]},
            "alerting_rules.yml": rule_groups(facts.rules),
        },
        "alertmanager": {
            **placed,
            "resources": _compute("25m", "64Mi", "128Mi"),
            "serviceAccount": {"annotations": facts.annotations.get(ALERTMANAGER_ACCOUNT, {})},
            "config": alert_routes(facts.topics, facts.region),
        },
        "kube-state-metrics": {**placed, "resources": _compute("25m", "128Mi", "256Mi"), "namespaces": _namespaces(facts)},
        "prometheus-node-exporter": {"enabled": False},
    }


def _namespaces(facts: ObservabilityFacts) -> str:
    return ",".join(sorted({facts.namespace, facts.provisioner_namespace}))


def service_levels() -> dict[str, object]:
    """Grafana's dashboard of the service levels, which is also the one to watch in a scale test (OBS-20, OBS-22)."""
    latency = 'sum by (le) (rate(coderd_api_request_latencies_seconds_bucket{namespace="coder"}[5m]))'
    builds = "sum by (le) (rate(coderd_provisionerd_workspace_build_timings_seconds_bucket[15m]))"
    p95, p99 = f"histogram_quantile(0.95, {latency})", f"histogram_quantile(0.99, {latency})"
    requests = "sum by (code) (rate(coderd_api_requests_processed_total[5m]))"
    outcomes = "sum by (status) (rate(coderd_workspace_builds_total[5m])) * 60"
    cpu = 'sum by (pod) (rate(process_cpu_seconds_total{namespace="coder"}[5m]))'
    panels: list[tuple[str, str, list[tuple[str, str]], float | None]] = [
        ("API requests, P95", "s", [(p95, "P95")], P95_SECONDS),
        ("API requests, P99", "s", [(p99, "P99")], P99_SECONDS),
        ("API requests a second, by status", "reqps", [(requests, "{{code}}")], None),
        ("Workspace builds, P95", "s", [(f"histogram_quantile(0.95, {builds})", "P95")], BUILD_P95_SECONDS),
        ("Workspace builds a minute, by outcome", "short", [(outcomes, "{{status}}")], None),
        ("Builds that run", "short", [("sum(coderd_provisionerd_jobs_current)", "builds")], None),
        ("Provisioners", "short", [("max(coderd_provisionerd_num_daemons)", "provisioners")], None),
        ("Agents connected", "short", [("sum(coderd_agents_up)", "agents")], None),
        ("coderd: CPU", "short", [(cpu, "{{pod}}")], None),
    ]
    return {
        "title": "Coder: service levels and scale test",
        "uid": "coder-service-levels",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "panels": [_panel(index, *panel) for index, panel in enumerate(panels)],
    }


def _panel(index: int, title: str, unit: str, queries: Sequence[tuple[str, str]], threshold: float | None) -> dict[str, object]:
    """Two beside each other; a line where the service level lies."""
    steps: list[dict[str, object]] = [{"color": "green", "value": None}]
    if threshold is not None:
        steps.append({"color": "red", "value": threshold})
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "gridPos": {"x": 12 * (index % 2), "y": 8 * (index // 2), "w": 12, "h": 8},
        "targets": [
            {"expr": expression, "legendFormat": legend, "refId": chr(ord("A") + at)} for at, (expression, legend) in enumerate(queries)
        ],
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "line" if threshold is not None else "off"}},
            },
            "overrides": [],
        },
    }
