"""Alarms as data: how severe, who is told when, and what a metric has to do (OBS-06 to OBS-17). No behaviour but arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from settings.observability import Prometheus

RUNBOOK = "docs/runbooks/alerts.md"  # every description of an alarm ends in a section of it


class Severity(StrEnum):
    """The four classes of prod-design.md, Operational Alerts."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(StrEnum):
    """Who is told; the stack file's `observability.contacts` has their addresses."""

    L1 = "l1"
    L2 = "l2"
    L3 = "l3"


@dataclass(frozen=True)
class Route:
    """One row of the routing table. response: until somebody works on it. escalation: level to how long an alarm lasts until it is told."""

    severity: Severity
    meaning: str
    response: str
    escalation: Mapping[Level, timedelta]
    requirement: str

    def topics(self) -> tuple[str, ...]:
        """Names of its topics, L1's first."""
        return tuple(topic(self.severity, level) for level in self.escalation)


def topic(severity: Severity, level: Level = Level.L1) -> str:
    """The topic of a severity and level: `critical`, `critical-l2`."""
    return severity.value if level is Level.L1 else f"{severity}-{level}"


# prod-design.md, Operational Alerts
ROUTES: Mapping[Severity, Route] = {
    route.severity: route
    for route in (
        Route(
            Severity.CRITICAL,
            "System down",
            "15 minutes",
            {Level.L1: timedelta(), Level.L2: timedelta(minutes=30), Level.L3: timedelta(hours=1)},
            "OBS-06",
        ),
        Route(Severity.HIGH, "Degraded service", "1 hour", {Level.L1: timedelta(), Level.L2: timedelta(hours=2)}, "OBS-07"),
        Route(Severity.MEDIUM, "Minor impact", "4 hours", {Level.L1: timedelta()}, "OBS-08"),
        Route(Severity.LOW, "Cosmetic or enhancement", "1 business day, best effort", {Level.L1: timedelta()}, "OBS-09"),
    )
}
TOPICS = tuple(name for route in ROUTES.values() for name in route.topics())


class Compare(StrEnum):
    """CloudWatch's words for when a value breaches."""

    BELOW = "LessThanThreshold"
    AT_MOST = "LessThanOrEqualToThreshold"
    ABOVE = "GreaterThanThreshold"
    AT_LEAST = "GreaterThanOrEqualToThreshold"


class Missing(StrEnum):
    """CloudWatch's words for what no data means."""

    BREACHING = "breaching"
    FINE = "notBreaching"
    KEEP = "ignore"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric of CloudWatch. dimensions: its dimension to the key of the thing whose name it takes, which only the deployment knows."""

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, str]
    id: str = "m"
    literals: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm.

    what: a sentence for whoever is told. metrics: one, or several that `expression` joins by their ids. period: seconds. periods: how
    many in a row have to breach. section: of the runbook. level: who is told; L1 unless it is a longer-lasting copy. region: where
    CloudWatch has the metric, "" for the region of the thing.
    """

    name: str
    severity: Severity
    requirements: tuple[str, ...]
    what: str
    section: str
    metrics: tuple[Metric, ...]
    compare: Compare
    threshold: float
    period: int
    periods: int
    missing: Missing
    expression: str = ""
    level: Level = Level.L1
    region: str = ""

    @property
    def topic(self) -> str:
        """Where it goes."""
        return topic(self.severity, self.level)

    @property
    def description(self) -> str:
        """What the e-mail says: severity, sentence, how soon, requirement, runbook."""
        return _described(self.severity, self.level, self.what, self.requirements, self.section)


def _described(severity: Severity, level: Level, what: str, requirements: tuple[str, ...], section: str) -> str:
    route = ROUTES[severity]
    said = f"{route.meaning} ({severity}, {level.upper()}): {what}. Response: {route.response}."
    return f"{said} {', '.join(requirements)}. Runbook: {RUNBOOK}#{section}"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that AWS tells as an event rather than a metric. pattern: keys of things stand as `{key}` in it."""

    name: str
    severity: Severity
    requirements: tuple[str, ...]
    what: str
    section: str
    pattern: Mapping[str, object]
    subject: str  # key of the things whose names go into the pattern

    @property
    def description(self) -> str:
        """What the e-mail says, as an alarm's does."""
        return _described(self.severity, Level.L1, self.what, self.requirements, self.section)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An alert on coderd's own metrics. expression: PromQL that has a value where it is bad; lasting: minutes until it is told."""

    name: str
    severity: Severity
    requirements: tuple[str, ...]
    what: str
    section: str
    expression: str
    lasting: int


@dataclass(frozen=True, kw_only=True)
class RegionAlerts:
    """What is watched in one region. second_visit: what stands from the second visit on."""

    alarms: tuple[Alarm, ...]
    second_visit: tuple[Alarm, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, kw_only=True)
class ObservabilityPlan:
    """budget_usd: a month. regions: by name. rules: on coderd's metrics; empty where no Prometheus keeps them."""

    prometheus: Prometheus
    budget_usd: int
    regions: Mapping[str, RegionAlerts]
    rules: tuple[Rule, ...]


def escalated(alarm: Alarm) -> Iterator[Alarm]:
    """The alarm, and one copy for each further level: the same metric, breaching for as long as that level waits (OBS-06, OBS-07).

    CloudWatch knows no escalation: a copy that needs more periods in a row is one, as long as nothing has ended the trouble.
    """
    yield alarm
    for level, after in ROUTES[alarm.severity].escalation.items():
        if level is not Level.L1:
            periods = max(alarm.periods + 1, -(-int(after.total_seconds()) // alarm.period))
            yield replace(alarm, name=f"{alarm.name}-{level}", level=level, periods=periods)
