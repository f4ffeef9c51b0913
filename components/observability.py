"""What watches an environment, composed: topics, alarms, dashboards, logs, trail, budget, Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from components.alarms import Alarms, AlarmsArgs
from components.alerting import Topics, TopicsArgs, routing_parameter
from components.audit_trail import AuditTrail, AuditTrailArgs
from components.budget import budget
from components.container_logs import ContainerLogs, ContainerLogsArgs
from components.dashboards import Dashboards, DashboardsArgs
from components.entrance import Entrance
from components.foundation import Foundation
from components.key_rotation import reminder
from components.litellm_database import litellm_identifier
from components.managed_prometheus import ManagedPrometheus, ManagedPrometheusArgs
from components.namespaces import CODER, WORKSPACES
from components.observability_chart import ObservabilityChart, ObservabilityChartArgs
from components.place import Place, placement
from plan.alarms import HEALTH_REGION
from settings.cluster import Role
from settings.observability import Prometheus


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What there is to watch. places, bases: by deployed region. entrances: by region; others than the primary's from the second visit on.

    key_made_on: the day of the provisioner key, None on the first visit.
    """

    places: Mapping[str, Place]
    bases: Mapping[str, Foundation]
    entrances: Mapping[str, Entrance]
    key_made_on: date | None


def observability(primary: Place, observed: Observed) -> dict[str, Input[str]]:
    """Everything of it; returns the topics' ARNs in the primary region, by name (OBS-01 to OBS-26)."""
    settings, system = primary.settings, primary.settings.system
    topics = {region: _topics(place) for region, place in observed.places.items()}
    elsewhere: dict[str, tuple[aws.Provider, Mapping[str, Input[str]]]] = {}
    if HEALTH_REGION in observed.places:
        elsewhere[HEALTH_REGION] = (observed.places[HEALTH_REGION].provider, topics[HEALTH_REGION].arns)
    else:
        # Route 53 has its metrics there, and an alarm tells topics of its own region only
        provider = aws.Provider(f"{HEALTH_REGION}-health", region=HEALTH_REGION)
        far = Topics(
            f"{HEALTH_REGION}-health",
            TopicsArgs(system=system.name, contacts=settings.observability.contacts),
            ResourceOptions(parent=primary.parent, providers=[provider]),
        )
        elsewhere[HEALTH_REGION] = (provider, far.arns)

    for region, place in observed.places.items():
        alerts = place.plan.observability.regions[region]
        things = _things(place, observed)
        args = AlarmsArgs(
            system=system.name,
            region=region,
            alarms=(*alerts.alarms, *(alerts.second_visit if region in observed.entrances else ())),
            notices=alerts.notices,
            things=things,
            topics=topics[region].arns,
            elsewhere=elsewhere,
        )
        Alarms(region, args, place.opts)
        _container_logs(place, observed.bases[region])

    here, arns = observed.bases[primary.region], topics[primary.region].arns
    routing_parameter("alert-routing", system.name, arns, primary.opts)
    budget("budget", system.name, primary.plan.observability.budget_usd, arns, primary.opts)
    if settings.observability.dashboards:
        Dashboards("dashboards", _dashboards(primary, observed), primary.opts)
    if settings.observability.cloudtrail:
        AuditTrail(
            "trail",
            AuditTrailArgs(
                trail_name=f"coder-{system.name}",
                region=primary.region,
                retention_days=settings.observability.trail_retention_days,
                data_protection=system.data_protection,
            ),
            primary.opts,
        )
    if observed.key_made_on is not None:
        reminder("provisioner-key", system.name, observed.key_made_on, arns, primary.opts)
    _metrics(primary, here, topics[primary.region])
    return dict(arns)


def _topics(place: Place) -> Topics:
    args = TopicsArgs(system=place.settings.system.name, contacts=place.settings.observability.contacts)
    return Topics(place.region, args, place.opts)


def _things(place: Place, observed: Observed) -> dict[str, Input[str]]:
    """Names and ids of what the region's alarms watch: nodes, the way in where there is one, the primary region's database."""
    groups = observed.bases[place.region].cluster.scaling_groups
    nodes: dict[str, Input[str]] = {f"nodes:{name}": group for name, group in groups.items()}
    way, name = observed.entrances.get(place.region), f"coder-{place.settings.system.name}"
    if way is None:
        return nodes
    inward: dict[str, Input[str]] = {
        "certificate": way.certificate.arn,
        "health_check": way.hosts.health_check_id,
        "load_balancer": way.balancer.arn_suffix,
        "target_group": way.balancer.target_group_arn_suffix,
    }
    data: dict[str, Input[str]] = {"backup_vault": name, "database": name} if place.region == place.settings.primary_region else {}
    if place.declared.litellm_database is not None:
        data["litellm_database"] = litellm_identifier(place.settings.system.name)
    return {**nodes, **inward, **data}


def _container_logs(place: Place, base: Foundation) -> None:
    settings, kept = place.settings, place.settings.observability
    ContainerLogs(
        f"{place.region}-containers",
        ContainerLogsArgs(
            system=settings.system.name,
            region=place.region,
            chart_version=settings.versions.charts.fluent_bit,
            identity=base.cluster.identity,
            audited=CODER,
            audit_retention_days=kept.audit_log_retention_days,
            retention_days=kept.container_log_retention_days,
            data_protection=settings.protects(place.region),
            kubernetes=base.cluster.kubernetes,
            after=base.cluster.add_ons,
        ),
        place.opts,
    )


def _dashboards(place: Place, observed: Observed) -> DashboardsArgs:
    aurora = place.settings.primary_database.engine.value.startswith("aurora")
    return DashboardsArgs(
        system=place.settings.system.name,
        region=place.region,
        things=_things(place, observed),
        node_groups=[group.name for group in place.planned.node_groups],
        replicas=place.plan.control.replicas,
        max_acu=place.plan.control.max_acu if aurora else None,
    )


def _metrics(place: Place, base: Foundation, topics: Topics) -> None:
    """coderd's own metrics: kept by the chart's server, or managed; Grafana in front of either."""
    settings, plan, cluster = place.settings, place.plan.observability, base.cluster
    spaces = sorted({CODER, settings.coder.provisioner_namespace.value})
    managed = None
    if plan.prometheus is Prometheus.MANAGED:
        store = ManagedPrometheus(
            "prometheus",
            ManagedPrometheusArgs(
                alias=f"coder-{settings.system.name}",
                region=place.region,
                cluster_arn=cluster.arn,
                subnet_ids=base.network.subnet_ids[place.planned.network.tier_of(Role.CONTROL.value).name],
                security_group_ids=[base.network.security_group_ids[Role.CONTROL.value]],
                namespaces=spaces,
                rules=plan.rules,
                topics=topics.arns,
                after=cluster.add_ons,
            ),
            place.opts,
        )
        managed = (store.endpoint, store.workspace_arn)
    if not settings.observability.chart:
        return
    ObservabilityChart(
        "observability",
        ObservabilityChartArgs(
            chart_version=settings.versions.charts.coder_observability,
            namespace=cluster.namespaces[CODER],
            namespace_name=CODER,
            provisioner_namespace=settings.coder.provisioner_namespace.value,
            workspace_namespace=WORKSPACES,
            replicas=place.plan.control.replicas,
            provisioners=place.planned.provisioners.replicas_floor,
            placement=placement(place.planned, Role.CONTROL),
            prometheus=plan.prometheus,
            rules=plan.rules,
            topics=topics.arns,
            topics_key_arn=topics.key_arn,
            region=place.region,
            vpc_cidr=place.planned.network.cidr,
            tracing=settings.observability.tracing,
            identity=cluster.identity,
            managed=managed,
            after=cluster.add_ons,
        ),
        place.inside(cluster.kubernetes),
    )
