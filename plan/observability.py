"""Which instruments run, what they watch, and the budget: what follows from the `observability` section and the rest of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from plan.alarms import Watched, alarms, notices, proxy_alarms, rules
from plan.alerts import ROUTES, ObservabilityPlan, RegionAlerts
from plan.control import validated
from plan.findings import Findings
from plan.model import ControlPlan, RegionPlan
from settings.model import Settings
from settings.observability import Prometheus

BUDGET_MARGIN, BUDGET_STEP = 1.2, 100  # a fifth for what is billed by use (plan/cost.py), in round sums


def prometheus(settings: Settings) -> Prometheus:
    """Where coderd's metrics are kept. `validated` keeps them off the control nodes: a server for 3000 workspaces starves them (T-72)."""
    declared = settings.observability
    if declared.prometheus is not None:
        return declared.prometheus
    if validated(settings):
        return Prometheus.MANAGED
    return Prometheus.CHART if declared.chart else Prometheus.NONE


def observability_plan(
    settings: Settings, regions: Mapping[str, RegionPlan], control: ControlPlan, monthly_usd: float, findings: Findings
) -> ObservabilityPlan:
    """Alarms of every region, rules on coderd's metrics, the budget; advises where nobody would be told (OBS-26)."""
    kept = prometheus(settings)
    _advise(settings, kept, findings)
    return ObservabilityPlan(
        prometheus=kept,
        budget_usd=settings.observability.budget_usd or budget(monthly_usd),
        regions={name: _alerts(watched(settings, name, region, control)) for name, region in regions.items()},
        rules=() if kept is Prometheus.NONE else rules(),
    )


def budget(monthly_usd: float) -> int:
    """A round sum above what the plan computes; never nothing, which AWS refuses, even where no price is known."""
    return max(1, ceil(monthly_usd * BUDGET_MARGIN / BUDGET_STEP)) * BUDGET_STEP


def _alerts(region: Watched) -> RegionAlerts:
    return RegionAlerts(alarms=alarms(region), second_visit=proxy_alarms(region), notices=notices(region))


def watched(settings: Settings, name: str, region: RegionPlan, control: ControlPlan) -> Watched:
    """What there is to watch: nodes everywhere, Coder's entrance where coderd answers, its database in the primary region."""
    primary, coderd = name == settings.primary_region, settings.serves_access(name)
    litellm = settings.regions[name].litellm_database
    return Watched(
        node_groups=region.node_groups,
        control=control if coderd else None,
        aurora=settings.primary_database.engine.value.startswith("aurora") if primary else None,
        entrance=coderd,
        backups=primary,
        proxy=not coderd,
        litellm_acu=litellm.acu.max if litellm else None,
    )


def _advise(settings: Settings, kept: Prometheus, findings: Findings) -> None:
    contacts = settings.observability.contacts
    needed = sorted({level for route in ROUTES.values() for level in route.escalation})
    if missing := [level.value for level in needed if not getattr(contacts, level.value)]:
        findings.advise(
            "OBS-26", f"observability.contacts.{', '.join(missing)}: empty, so that alarms reach nobody there; write who is told"
        )
    if kept is Prometheus.NONE:
        findings.advise(
            "OBS-20", "observability.prometheus: none: nothing watches API latency and builds, which only coderd's metrics tell"
        )
