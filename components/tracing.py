"""Where coderd's traces go: the Tempo of the observability chart, which takes OpenTelemetry itself (OBS-23)."""

from __future__ import annotations

# charts/tempo of grafana/helm-charts at tag tempo-1.23.0: labels of its pods, and the port of its OTLP receiver, which speaks gRPC
TEMPO = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": "coder-observability"}
OTLP_PORT = 4317


def variables(namespace: str) -> dict[str, str]:
    """What tells coderd to send traces there; the second is read by OpenTelemetry's exporter (coderd/tracing/exporter.go, v2.24.0)."""
    return {"CODER_TRACE_ENABLE": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://tempo.{namespace}.svc:{OTLP_PORT}"}
