"""What Prometheus judges, and which topic it tells: the same rules for the chart's server and for the managed one (OBS-20, OBS-26)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi import Input

from plan.alerts import ROUTES, RUNBOOK, Rule, Severity, topic

# The chart's own alerts say how severe they are in words of their own; none of them means that the system is down.
CHART_SEVERITIES: Mapping[str, Severity] = {"critical": Severity.HIGH, "warning": Severity.MEDIUM, "notify": Severity.LOW}
GROUP = "coder-service-levels"


def rule_groups(rules: Sequence[Rule]) -> dict[str, object]:
    """A rules file of Prometheus."""
    return {
        "groups": [
            {
                "name": GROUP,
                "rules": [
                    {
                        "alert": rule.name,
                        "expr": rule.expression,
                        "for": f"{rule.lasting}m",
                        "labels": {"severity": rule.severity.value},
                        "annotations": {
                            "summary": f"{ROUTES[rule.severity].meaning}: {rule.what}. {', '.join(rule.requirements)}",
                            "runbook_url": f"{RUNBOOK}#{rule.section}",
                        },
                    }
                    for rule in rules
                ],
            }
        ]
    }


def alert_routes(topics: Mapping[str, Input[str]], region: str) -> dict[str, object]:
    """The Alertmanager's configuration: one receiver for each severity, which publishes to its topic as the pod's or service's own role."""
    words = {
        severity: sorted({severity.value, *(word for word, means in CHART_SEVERITIES.items() if means is severity)})
        for severity in Severity
    }
    return {
        "route": {
            "receiver": Severity.MEDIUM.value,
            "group_by": ["alertname"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": [
                {"receiver": severity.value, "matchers": [f'severity=~"{"|".join(words[severity])}"']}
                for severity in (Severity.HIGH, Severity.MEDIUM, Severity.LOW)
            ],
        },
        "receivers": [
            {
                "name": severity.value,
                "sns_configs": [
                    {
                        "topic_arn": topics[topic(severity)],
                        "sigv4": {"region": region},
                        "subject": "{{ .CommonLabels.alertname }} ({{ .Status }})",
                        "send_resolved": True,
                    }
                ],
            }
            for severity in (Severity.HIGH, Severity.MEDIUM, Severity.LOW)
        ],
    }
