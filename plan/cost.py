"""What a month costs at list prices; what has no price or no known quantity is listed without one (T-33)."""

from __future__ import annotations

from collections.abc import Iterator

from plan.capacity import nodes_for
from plan.groups import Group
from plan.model import ControlPlan, CostLine, CostPlan, NetworkPlan
from plan.prices import NAT_INSTANCES, ON_DEMAND, PRICED_ON, SERVICES, ServicePrices
from plan.provisioners import REPLICAS_FLOOR
from plan.schedules import Window
from settings.database import Database
from settings.model import Settings
from settings.network import NatMode
from settings.roles import CapacityType, Role
from settings.versions import AS_OF, KUBERNETES_SUPPORT

HOURS = 730  # a month
# Bills by use, which settings don't declare
_BY_USE = (
    "data through NAT gateways, load balancer and endpoints",
    "Aurora storage and I/O, database backups",
    "AWS Backup copies",
    "logs and metrics",
    "keys and secrets",
    "EC2 workspaces",
    "Coder's licence",
)


def region_lines(
    region: str, settings: Settings, network: NetworkPlan, groups: tuple[Group, ...], control: ControlPlan, peak_share: float
) -> Iterator[CostLine]:
    """One region's lines. peak_share: the part of a week in which the schedule holds capacity up."""
    prices, zones, declared = SERVICES.get(region), len(network.zones), settings.regions[region]
    for group in groups:
        nodes = _pool_nodes(group, settings, peak_share) if group.pooled else _nodes(group, peak_share)
        hourly = ON_DEMAND.get(region, {}).get(group.instance.name)
        spot = ", on demand, Spot costs less" if group.buys(CapacityType.SPOT) else ""
        item = f"{region}: {group.name}, {group.instance.name}{spot}, {nodes:.1f} nodes on average"
        yield _line(item, nodes * HOURS, "hour", hourly)
        disk = float(nodes * group.declared.root_disk.gibibytes)
        yield _line(f"{region}: {group.name}, root volumes", disk, "GiB-month", prices and prices.gp3_gib_month)
    version = declared.cluster.kubernetes_version
    yield _line(
        f"{region}: EKS control plane, Kubernetes {version}{_support(version)}", HOURS, "hour", prices and _cluster_price(prices, version)
    )
    nat = len(network.nat_zones)
    if network.nat is NatMode.INSTANCE:
        item = f"{region}: {nat} NAT instances, {network.nat_instance_type}"
        yield _line(item, nat * HOURS, "hour", NAT_INSTANCES.get(region, {}).get(network.nat_instance_type))
    else:
        yield _line(f"{region}: {nat} NAT gateways", nat * HOURS, "hour", prices and prices.nat_gateway)
    yield _line(f"{region}: Network Load Balancer", HOURS, "hour", prices and prices.network_load_balancer)
    addresses = nat + zones  # a load balancer has one in each zone, Elastic or not
    kind = "Elastic IPs on NAT and load balancer" if settings.coder.static_ips else "public addresses of NAT and load balancer"
    yield _line(f"{region}: {addresses} {kind}", addresses * HOURS, "hour", prices and prices.public_address)
    if endpoints := len(declared.network.interface_endpoints) * zones:
        yield _line(f"{region}: {endpoints} interface endpoints", endpoints * HOURS, "hour", prices and prices.interface_endpoint)
    if region in settings.linked_regions:
        yield CostLine(f"{region}: data over the peering with {settings.primary_region}", 0, "by use", None, None)
    if declared.database is not None:
        yield from _database_lines(region, declared.database, control)
        if declared.litellm_database is not None:
            acu = declared.litellm_database.acu
            yield _aurora_line(region, "Aurora for LiteLLM", 1 + declared.database.readers, acu.min, acu.max)


def _database_lines(region: str, database: Database, control: ControlPlan) -> Iterator[CostLine]:
    """Aurora by its capacity units; RDS by its instances, of which a standby in another zone is one more, and by their volumes."""
    prices = SERVICES.get(region)
    if control.min_acu is not None and control.max_acu is not None:
        yield _aurora_line(region, "Aurora", 1 + database.readers, control.min_acu, control.max_acu)
    if control.instance_class is not None:
        instances = 2 + database.readers
        item = f"{region}: RDS, {control.instance_class} with a standby" + (f" and {database.readers} replicas" if database.readers else "")
        yield _line(item, instances * HOURS, "hour", None)  # no price with a date and a source was found
        gib = float(database.storage.size.gibibytes) if database.storage else 0
        yield _line(f"{region}: RDS, volumes", instances * gib, "GiB-month", prices and prices.rds_gp3_gib_month)


def _aurora_line(region: str, what: str, instances: int, least: float, most: float) -> CostLine:
    prices = SERVICES.get(region)
    item = f"{region}: {what}, {instances} instances at their minimum of {least:g} ACU (at most {most:g})"
    return _line(item, instances * least * HOURS, "ACU-hour", prices and prices.aurora_acu)


def _nodes(group: Group, peak_share: float) -> float:
    """Nodes of a group in an average hour."""
    return group.peak * peak_share + max(group.min, group.desired) * (1 - peak_share) if group.scheduled else group.desired


def _pool_nodes(group: Group, settings: Settings, peak_share: float) -> float:
    """Nodes that pods ask Karpenter for in an average hour: workspaces by the hours of the peak, provisioners by the schedule."""
    workload = settings.workload
    if group.role is Role.PROVISIONER:
        return group.peak * peak_share + nodes_for(REPLICAS_FLOOR, group.pods) * (1 - peak_share) if peak_share else group.peak
    share = Window(workload.peak.from_, workload.peak.until, workload.peak.days, workload.timezone).share_of_week
    peak, off_hours = (min(nodes_for(count, group.pods), group.max) for count in (workload.peak.workspaces, workload.off_hours.workspaces))
    return peak * share + off_hours * (1 - share)


def workspace_lines(settings: Settings) -> Iterator[CostLine]:
    """Home volumes, which exist as long as their workspaces, running or not."""
    prices = SERVICES.get(settings.primary_region)
    workload = settings.workload
    gib = float(workload.peak.workspaces * workload.average.storage.gibibytes)
    item = f"{workload.peak.workspaces} home volumes of {workload.average.storage}"
    yield _line(item, gib, "GiB-month", prices and prices.gp3_gib_month)


def cost_plan(lines: tuple[CostLine, ...]) -> CostPlan:
    """All lines, those that are billed by use without a price, and the total of the priced ones."""
    everything = (*lines, *(CostLine(item, 0, "by use", None, None) for item in _BY_USE))
    return CostPlan(everything, round(sum(line.monthly_usd or 0 for line in everything), 2), PRICED_ON)


def extended_support(version: str) -> bool:
    """Whether AWS billed that Kubernetes version as extended support on the day that the pins were last reviewed."""
    return version in KUBERNETES_SUPPORT and KUBERNETES_SUPPORT[version].standard_until < AS_OF


def _support(version: str) -> str:
    return ", extended support" if extended_support(version) else ""


def _cluster_price(prices: ServicePrices, version: str) -> float | None:
    return prices.cluster_extended_support if extended_support(version) else prices.cluster


def _line(item: str, quantity: float, unit: str, unit_price: float | None) -> CostLine:
    monthly = None if unit_price is None else round(quantity * unit_price, 2)
    return CostLine(item, round(quantity, 1), unit, unit_price, monthly)
