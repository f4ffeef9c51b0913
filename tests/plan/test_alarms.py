"""Alarms as data: the routing table of the design, thresholds from the plan, escalation by duration."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from plan.alerts import ROUTES, RUNBOOK, TOPICS, Alarm, Compare, Level, Severity, escalated
from plan.observability import budget
from settings.observability import Prometheus
from tests.plan.stacks import REGION, plan_of, warned

ROOT = Path(__file__).parents[2]
VALIDATED = "system: { sizing: validated }"


def alarms(change: str = "") -> dict[str, Alarm]:
    return {alarm.name: alarm for alarm in plan_of(change).observability.regions[REGION].alarms}


@pytest.mark.parametrize(
    ("severity", "requirement", "response", "levels"),
    [
        (Severity.CRITICAL, "OBS-06", "15 minutes", {Level.L1: 0, Level.L2: 30, Level.L3: 60}),
        (Severity.HIGH, "OBS-07", "1 hour", {Level.L1: 0, Level.L2: 120}),
        (Severity.MEDIUM, "OBS-08", "4 hours", {Level.L1: 0}),
        (Severity.LOW, "OBS-09", "1 business day, best effort", {Level.L1: 0}),
    ],
)
def test_the_routing_table_is_the_designs(severity: Severity, requirement: str, response: str, levels: dict[Level, int]):
    """OBS-06 to OBS-09: prod-design.md, Operational Alerts."""
    route = ROUTES[severity]

    assert (route.requirement, route.response) == (requirement, response)
    assert route.escalation == {level: timedelta(minutes=minutes) for level, minutes in levels.items()}


def test_every_level_of_every_severity_has_a_topic_of_its_own():
    """OBS-26."""
    assert TOPICS == ("critical", "critical-l2", "critical-l3", "high", "high-l2", "medium", "low")


def test_a_critical_alarm_that_lasts_is_told_to_the_next_level_at_its_time():
    """OBS-06, OBS-07: L2 after 30 minutes and L3 after an hour of the same trouble; a high one goes to L2 after 2 hours."""
    found = alarms()

    def lasting(name: str) -> list[tuple[str, int]]:
        copies = [alarm for alarm in found.values() if alarm.name == name or re.fullmatch(rf"{name}-l\d", alarm.name)]
        return [(copy.topic, copy.period * copy.periods // 60) for copy in copies]

    assert lasting("access-host-down") == [("critical", 3), ("critical-l2", 30), ("critical-l3", 60)]
    assert lasting("database-unreachable") == [("critical", 3), ("critical-l2", 30), ("critical-l3", 60)]
    assert lasting("tls-errors") == [("high", 15), ("high-l2", 120)]
    assert lasting("certificate-expires") == [("medium", 24 * 60)]


def test_copies_for_further_levels_watch_the_same():
    first, *further = escalated(alarms()["no-healthy-coderd"])

    assert [copy.level for copy in further] == [Level.L2, Level.L3]
    for copy in further:
        assert (copy.metrics, copy.threshold, copy.compare, copy.missing) == (first.metrics, first.threshold, first.compare, first.missing)


@pytest.mark.parametrize("change", ["", VALIDATED])
def test_cloudwatch_takes_every_alarm(change: str):
    """PutMetricAlarm: a day at most with periods under an hour, a week with longer ones; periods of whole minutes; ids of metrics."""
    for alarm in alarms(change).values():
        assert alarm.period % 60 == 0
        assert alarm.period * alarm.periods <= (86400 if alarm.period < 3600 else 604800), alarm.name
        assert bool(alarm.expression) == (len(alarm.metrics) > 1), alarm.name
        assert all(re.search(rf"\b{metric.id}\b", alarm.expression) for metric in alarm.metrics if alarm.expression)
        assert len(alarm.description) <= 1024


def test_thresholds_follow_the_plan():
    """DB-03, EKS-33, OBS-17: replicas, ACU and nodes of the sizing that runs."""
    design, validated = alarms(), alarms(VALIDATED)

    assert [found["coderd-missing"].threshold for found in (design, validated)] == [3, 6]
    assert [found["database-near-maximum"].threshold for found in (design, validated)] == pytest.approx([115.2, 115.2])
    assert alarms("regions: { us-east-1: { database: { acu: { max: 32 } } } }")["database-near-maximum"].threshold == pytest.approx(28.8)
    growing = "regions: { us-east-1: { cluster: { node_groups: { coder-ws: { max: 210 } } } } }"
    assert alarms(growing)["nodes-at-maximum-coder-ws-a"].threshold == 70


def test_a_group_that_the_clock_takes_to_its_maximum_is_not_reported_for_being_there():
    assert not [name for name in alarms() if name.startswith("nodes-at-maximum")]


def test_every_node_group_is_watched_for_nodes_that_do_not_come():
    """OBS-11, EKS-30."""
    groups = [group.name for group in plan_of().regions[REGION].node_groups]

    assert [name for name in alarms() if re.fullmatch(r"nodes-missing-coder-(?!.*-l2).*", name)] == [
        f"nodes-missing-{name}" for name in groups
    ]
    assert "node-launch-failed" in [notice.name for notice in plan_of().observability.regions[REGION].notices]


def test_three_failures_in_a_row_and_thirty_days():
    """OBS-10, DB-13; OBS-12: the design's own figures."""
    unreachable, certificate = alarms()["database-unreachable"], alarms()["certificate-expires"]

    assert (unreachable.periods, unreachable.period, unreachable.compare, unreachable.threshold) == (3, 60, Compare.BELOW, 1)
    assert (certificate.compare, certificate.threshold) == (Compare.AT_MOST, 30)


def test_the_service_levels_are_watched():
    """OBS-20: 99.9 %, P95 under 500 ms, P99 under 1 s."""
    rules = {rule.name: rule.expression for rule in plan_of().observability.rules}

    assert alarms()["availability-slo"].threshold == 99.9
    assert rules["CoderApiP95"].startswith("histogram_quantile(0.95")
    assert rules["CoderApiP95"].endswith("> 0.5")
    assert rules["CoderApiP99"].startswith("histogram_quantile(0.99")
    assert rules["CoderApiP99"].endswith("> 1")
    assert rules["CoderApiErrors"].endswith("> 0.0010")


def test_every_alarm_names_its_requirement_and_a_section_of_the_runbook():
    """DOC-09, DOC-10, DOC-12, DOC-13."""
    headings = re.findall(r"^#+ (.+)$", (ROOT / RUNBOOK).read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    plan = plan_of().observability
    watched = [*plan.regions[REGION].alarms, *plan.regions[REGION].notices, *plan.rules]

    assert {each.section for each in watched} - anchors == set()
    assert all(re.fullmatch(r"(OBS|DB|DNS|EKS|DOC)-\d\d|T-\d\d", needed) for each in watched for needed in each.requirements)


def test_prometheus_runs_on_the_control_nodes_in_the_design_and_off_them_when_validated():
    """OBS-02, T-72: the same one-line switch."""
    assert plan_of().observability.prometheus is Prometheus.CHART
    assert warned(plan_of(), "T-72")
    assert plan_of(VALIDATED).observability.prometheus is Prometheus.MANAGED
    assert not warned(plan_of("observability: { prometheus: managed }"), "T-72")


def test_without_a_prometheus_nothing_watches_latency_and_that_is_said():
    """OBS-20."""
    plan = plan_of("observability: { prometheus: none, chart: false }")

    assert plan.observability.rules == ()
    assert "latency" in warned(plan, "OBS-20")[0]


def test_alarms_that_reach_nobody_are_said():
    """OBS-26."""
    assert warned(plan_of("observability: { contacts: { l2: null, l3: null } }"), "OBS-26") == [
        "observability.contacts.l2, l3: empty, so that alarms reach nobody there; write who is told"
    ]
    assert not warned(plan_of(), "OBS-26")


def test_the_budget_is_a_fifth_above_what_the_plan_computes():
    """OBS-25."""
    plan = plan_of()

    assert 1.2 * plan.monthly_cost.total_usd <= plan.observability.budget_usd < 1.2 * plan.monthly_cost.total_usd + 100
    assert [budget(monthly) for monthly in (0, 80, 83.34, 1000)] == [100, 100, 200, 1200]
    assert plan_of("observability: { budget_usd: 60000 }").observability.budget_usd == 60000
