"""`make_plan`: from settings to everything that follows, or to every conflict at once."""

from __future__ import annotations

from datetime import timedelta

from plan.capacity import Request, fit
from plan.control import control_plan
from plan.cost import cost_plan, extended_support, region_lines, workspace_lines
from plan.findings import Findings
from plan.groups import Group, group_of, groups
from plan.model import ControlPlan, NetworkPlan, Plan, ProvisionerPlan, RegionPlan
from plan.networks import plan_network
from plan.node_groups import node_groups
from plan.observability import observability_plan
from plan.pools import pool_plans, pools
from plan.provisioners import BUILD, TARGET, TARGET_BUILDS, last_finishes, provisioner_plan, slots_for
from plan.quotas import ELASTIC_IPS, demands, gpu_demands
from plan.schedules import Window, schedule_plan
from plan.sharing import with_sharing
from plan.workspaces import capacity_plan
from settings.cluster import Role
from settings.coder import ProvisionerNamespace
from settings.model import LEAD, Settings
from settings.regions import Region
from settings.versions import KUBERNETES_SUPPORT


def make_plan(settings: Settings) -> Plan:
    """What follows from the settings, pure. Raises PlanError with all conflicts, each with its key and a remedy."""
    findings = Findings()
    control = control_plan(settings, findings)
    sized = {name: _nodes(settings, name, control, findings) for name in settings.deployed_regions}
    networks = {name: plan_network(settings, name, sized[name], findings) for name in settings.deployed_regions}
    _check_undeployed(settings, control, findings)
    findings.stop_on_conflicts()
    whole = with_sharing(settings, {name: network for name, network in networks.items() if network is not None}, findings)
    regions = {name: _region(settings, name, network, sized[name], findings) for name, network in whole.items()}
    primary = settings.primary_region
    workspace_group = group_of(Role.WORKSPACE, sized[primary])
    assert workspace_group is not None  # settings demand one, and its type is known or there was a conflict
    lines = [
        line
        for name, region in regions.items()
        for line in region_lines(name, settings, region.network, sized[name], control, _peak_share(settings, settings.regions[name]))
    ]
    cost = cost_plan((*lines, *workspace_lines(settings)))
    observability = observability_plan(settings, regions, control, cost.total_usd, findings)
    return Plan(
        regions=regions,
        capacity=capacity_plan(settings, workspace_group, findings),
        warnings=findings.warnings,
        control=control,
        monthly_cost=cost,
        access_url=f"https://{settings.coder.access_host}",
        wildcard_host=settings.coder.wildcard_host,
        observability=observability,
    )


def _nodes(settings: Settings, region: str, control: ControlPlan, findings: Findings) -> tuple[Group, ...]:
    """Node groups and Karpenter's pools of a region."""
    return (*groups(settings, region, control, findings), *pools(settings, region, findings))


def _check_undeployed(settings: Settings, control: ControlPlan, findings: Findings) -> None:
    """A region that waits to be switched on has no conflict; its warnings come when it is."""
    unsaid = Findings()
    for name in sorted(set(settings.regions) - set(settings.deployed_regions)):
        plan_network(settings, name, _nodes(settings, name, control, unsaid), unsaid)
    findings.conflicts += unsaid.conflicts


def _region(settings: Settings, name: str, network: NetworkPlan, sized: tuple[Group, ...], findings: Findings) -> RegionPlan:
    region, zone = settings.regions[name], settings.workload.timezone
    schedule = schedule_plan(region.cluster.schedule, zone)
    planned = tuple(plan for group in sized for plan in node_groups(group, network.zones, schedule))
    needed = demands(region, settings.workload, network, sized, planned, static_ips=settings.coder.static_ips)
    quotas = (*needed, *gpu_demands(settings.templates))
    for quota in quotas:
        if quota.code == ELASTIC_IPS.code and quota.default is not None and quota.need > quota.default:
            findings.warn(
                18, f"{name}: {quota.need:g} Elastic IPs ({quota.arithmetic}), an account starts with {quota.default:g}: ask for more"
            )
    _warn_of_support(name, region, findings)
    if settings.coder.provisioner_namespace is ProvisionerNamespace.WORKSPACES:
        _warn_of_one_namespace(findings)
    provisioners = _provisioners(settings, region, sized, findings)
    return RegionPlan(name, network, planned, schedule, provisioners, quotas, pool_plans(sized, network.zones))


def _provisioners(settings: Settings, region: Region, sized: tuple[Group, ...], findings: Findings) -> ProvisionerPlan:
    """As many as the nodes hold at the peak (PRV-10)."""
    group = group_of(Role.PROVISIONER, sized)
    assert group is not None  # see make_plan
    workload = settings.workload
    schedule = schedule_plan(region.cluster.schedule, workload.timezone) if group.scheduled or group.pooled else None
    slots = group.peak * fit(group.instance, Request.whole(workload.provisioner)).per_node
    need = slots_for(TARGET_BUILDS, TARGET)
    if slots < need:
        findings.warn(
            19,
            f"{slots} provisioners end {TARGET_BUILDS} builds of {_seconds(BUILD)} asked for at once after "
            f"{_seconds(last_finishes(TARGET_BUILDS, slots))}; "
            f"{_seconds(TARGET)} take {need}, which is {-(-need // group.pods)} x {group.instance.name}",
        )
    storm = slots_for(workload.peak.workspaces, LEAD)
    if slots < storm:
        findings.warn(
            84,
            f"{workload.peak.workspaces} workspaces that start in the {LEAD.seconds // 60} minutes before "
            f"{settings.templates.auto_start:%H:%M} take {storm} provisioners, "
            f"{slots} take {-(-workload.peak.workspaces // slots)} minutes: spread autostart",
        )
    return provisioner_plan(slots, schedule, workload, settings.system.name)


def _warn_of_support(name: str, region: Region, findings: Findings) -> None:
    version = region.cluster.kubernetes_version
    if extended_support(version):
        support = KUBERNETES_SUPPORT[version]
        findings.warn(
            57,
            f"{name}: Kubernetes {version} is in extended support since {support.standard_until}, six times the price, and is "
            f"upgraded by AWS after {support.extended_until}; pin a newer one with its add-ons",
        )


def _warn_of_one_namespace(findings: Findings) -> None:
    findings.warn(
        53,
        "provisioners run in coder-ws: what may make pods there may mount the secret with their key, and the quota is shared with "
        "workspaces; coder.provisioner_namespace coder-prov keeps them apart",
    )


def _peak_share(settings: Settings, region: Region) -> float:
    schedule = region.cluster.schedule
    return Window.of(schedule, settings.workload.timezone).share_of_week if schedule else 0.0


def _seconds(span: timedelta) -> str:
    return f"{span.seconds} s"
