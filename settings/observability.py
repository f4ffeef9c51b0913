"""The `observability` section: who is told, what is kept for how long, which instruments run; all of it has a default."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from settings.names import MANAGED_NAME
from settings.network import LogRetention
from settings.section import Fault, Section
from settings.workload import Flag, Positive

_MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
LEAST_LOG_DAYS = 90  # requirements section 5, Logs: audit and container logs are kept for at least 90 days


def _contact(value: str) -> str:
    if "://" in value:
        # the address of a paging service carries its key, and no stack file holds one
        raise ValueError("a URL has no place here; put it into AWS Secrets Manager and write the secret's name, such as coder/prod/pager")
    if not re.fullmatch(rf"({_MAIL})|({MANAGED_NAME})", value):
        raise ValueError(f"{value or 'an empty text'} is no contact; write an e-mail address, or the name of a secret with an https URL")
    return value


Contact = Annotated[str, Strict(), AfterValidator(_contact), Field(json_schema_extra={"pattern": f"^(({_MAIL})|({MANAGED_NAME}))$"})]


class Prometheus(StrEnum):
    """Where coderd's own metrics are kept (OBS-02, T-72)."""

    CHART = "chart"  # the observability chart's server, on the control nodes
    MANAGED = "managed"  # Amazon Managed Service for Prometheus, with its managed collector: nothing runs on the nodes
    NONE = "none"  # nowhere: CloudWatch alone watches


class Contacts(Section):
    """Who is told at which level of escalation (OBS-06 to OBS-09). An e-mail address, or the name of a secret with an https URL."""

    l1: tuple[Contact, ...] = Field(default=(), description="First to be told, of every alarm.", examples=["[on-call@example.com]"])
    l2: tuple[Contact, ...] = Field(default=(), description="Told when an alarm lasts.", examples=["[platform-lead@example.com]"])
    l3: tuple[Contact, ...] = Field(default=(), description="Told when a critical one goes on.", examples=["[coder/prod/pager]"])

    def faults(self) -> Iterable[Fault]:
        """Nobody is told twice by one topic."""
        for level in ("l1", "l2", "l3"):
            contacts: tuple[str, ...] = getattr(self, level)
            for twice in sorted({contact for contact in contacts if contacts.count(contact) > 1}):
                yield Fault((level,), f"{twice} stands here twice; write it once")


class Observability(Section):
    """Alarms and who is told of them; dashboards; logs, trails and how long they are kept; budget."""

    contacts: Contacts = Field(default=Contacts(), description="Who is told at which level.", examples=["{ l1: [on-call@example.com] }"])
    prometheus: Prometheus | None = Field(
        default=None,
        description="Where coderd's metrics are kept: chart, managed or none; left out: chart with sizing design, managed with validated.",
        examples=["managed"],
    )
    chart: Flag = Field(
        default=True, description="Whether Coder's observability chart runs: Grafana with Coder's dashboards.", examples=[True]
    )
    dashboards: Flag = Field(default=True, description="Whether CloudWatch has dashboards of the system.", examples=[True])
    cloudtrail: Flag = Field(default=True, description="Whether a trail of every region is kept (NET-37).", examples=[True])
    trail_retention_days: int = Field(
        default=365, strict=True, ge=LEAST_LOG_DAYS, le=36500, description="Days that the trail is kept.", examples=[365]
    )
    audit_log_retention_days: LogRetention = Field(
        default=365, description="Days that coderd's log, which carries its audit log, is kept; at least 90.", examples=[365]
    )
    container_log_retention_days: LogRetention = Field(
        default=90, description="Days that the logs of all other containers are kept; at least 90.", examples=[90]
    )
    budget_usd: Positive | None = Field(
        default=None, description="Monthly budget in USD; left out: a fifth above what the plan computes.", examples=[60000]
    )
    tracing: Flag = Field(
        default=False, description="Whether coderd sends OpenTelemetry traces to the chart's collector.", examples=[False]
    )

    def faults(self) -> Iterable[Fault]:
        """Logs are kept for long enough; a collector is there for traces, a chart for its Prometheus."""
        for key in ("audit_log_retention_days", "container_log_retention_days"):
            if (days := getattr(self, key)) < LEAST_LOG_DAYS:
                yield Fault(
                    (key,), f"{days} is less than the {LEAST_LOG_DAYS} days that audit and container logs are kept; write {LEAST_LOG_DAYS}"
                )
        if self.prometheus is Prometheus.CHART and not self.chart:
            yield Fault(
                ("prometheus",), "chart needs the observability chart, which chart: false leaves out; write managed, or chart: true"
            )
        if self.prometheus is Prometheus.NONE and self.chart:
            yield Fault(
                ("prometheus",), "none leaves the observability chart nothing to show; write chart: false too, or write chart or managed"
            )
        if self.tracing and not self.chart:
            yield Fault(("tracing",), "traces go to the observability chart's collector, which chart: false leaves out; write chart: true")
