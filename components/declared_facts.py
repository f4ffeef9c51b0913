"""What an environment declares of itself, for policies to hold the graph against: the operator's figures, not what was made of them."""

from __future__ import annotations

from plan.alerts import TOPICS
from plan.model import Plan, RegionPlan
from settings.database import Database, DatabaseEngine
from settings.model import Settings
from settings.regions import Region

ENGINES = {DatabaseEngine.AURORA_POSTGRESQL: "aurora-postgresql", DatabaseEngine.POSTGRESQL: "postgres"}  # as AWS calls them


def declared_facts(settings: Settings, plan: Plan, visit: int) -> dict[str, object]:
    """What policies hold the graph against: the operator's figures, not what was made of them."""
    return {
        "system": settings.system.name,
        "baseDomain": settings.system.base_domain,
        "accessUrl": plan.access_url,
        "wildcardHost": plan.wildcard_host,
        "regions": {
            region: {**_region_facts(declared, plan.regions[region]), **_among_several(settings, region)}
            for region, declared in sorted(settings.deployed_regions.items())
        },
        "workload": {
            "workspaces": max(settings.workload.peak.workspaces, settings.workload.off_hours.workspaces),
            "storageGib": float(settings.workload.average.storage.gibibytes),
        },
        "observability": _observability_facts(settings, plan, visit),
        "visit": visit,
    }


def _observability_facts(settings: Settings, plan: Plan, visit: int) -> dict[str, object]:
    """What is watched and kept (OBS-21, OBS-25, OBS-26, POL-21): topics by name, each alarm of a region with the topic it tells, days.

    A judge finds each alarm as `coder-<system>-<name>` (behind the region's name where CloudWatch has its metric in another region).
    """
    declared, planned = settings.observability, plan.observability
    return {
        "topics": list(TOPICS),
        "alarms": {
            region: {
                alarm.name: alarm.topic
                for alarm in (*planned.regions[region].alarms, *(planned.regions[region].second_visit if visit > 1 else ()))
            }
            for region in sorted(settings.deployed_regions)
        },
        "prometheus": planned.prometheus.value,
        "budgetUsd": planned.budget_usd,
        "cloudtrail": declared.cloudtrail,
        "retentionDays": {
            "trail": declared.trail_retention_days,
            "auditLogs": declared.audit_log_retention_days,
            "containerLogs": declared.container_log_retention_days,
        },
    }


def _region_facts(declared: Region, plan: RegionPlan) -> dict[str, object]:
    groups = declared.cluster.node_groups
    return {
        "zones": declared.network.zones,
        "tiers": sorted(tier.name for tier in plan.network.tiers),
        "nat": declared.network.nat.value,
        "pools": {
            pool.name: {
                "tier": pool.tier,
                "role": pool.role,
                "capacityTypes": list(pool.capacity_types),
                "architectures": list(pool.architectures),
                "cpu": pool.cpu_limit,
                "memory": pool.memory_limit,
            }
            for pool in plan.pools
        },
        "nodeGroups": {
            name: {
                "tier": group.tier.value,
                "role": group.purpose.value,
                "instanceType": group.instance_type,
                "min": group.min,
                "max": group.max,
            }
            for name, group in sorted(groups.items())
        },
        **_database_facts(declared.database),
        **({} if declared.data_protection else {"leaving": True}),
        **({"litellm": True} if declared.litellm_database is not None else {}),
    }


def _among_several(settings: Settings, region: str) -> dict[str, object]:
    """What a region of several serves, the host that leads to it alone, and how it is linked to the primary one."""
    host = settings.regional_hosts.get(region)
    serves = "primary" if region == settings.primary_region else settings.regions[region].serves.value
    linked: dict[str, object] = {"link": settings.regions[region].link.value} if region in settings.linked_regions else {}
    return {"serves": serves, "host": host, **linked} if host else {}


def _database_facts(declared: Database | None) -> dict[str, object]:
    if declared is None:
        return {}
    return {
        "database": {
            "engine": ENGINES[declared.engine],
            "readers": declared.readers,
            "retentionDays": declared.retention_days,
        }
    }
