"""`Settings`: a whole stack file, and what must agree between its sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum

from pydantic import Field

from settings.cluster import Cluster
from settings.coder import EVERYONE, Coder
from settings.database import Database
from settings.names import RegionName, closest
from settings.network import InterfaceEndpoint, Network, Tier
from settings.observability import Observability
from settings.section import Fault, Section
from settings.templates import Templates
from settings.versions import Versions
from settings.workload import Flag, System, Workload

LEAD = timedelta(minutes=15)  # scheduled capacity is complete 15 minutes before the hour (requirements 5, Scaling)


class Serves(StrEnum):
    """What a region beside the primary one serves (T-36)."""

    PROXY = "proxy"  # a workspace proxy of the primary region's coderd: workspace apps from nearby, no database
    SHARED_DATABASE = "shared-database"  # a coderd of its own on the primary region's database, as the demo document has it


class Region(Section):
    """One AWS region: network, cluster, and in the primary one a database."""

    deployed: Flag = Field(
        default=True, description="Whether it is made; false: checked with the others, ready to switch on.", examples=[True]
    )
    serves: Serves = Field(default=Serves.PROXY, description="What a region beside the primary one serves.", examples=["proxy"])
    network: Network = Field(description="VPC, subnets, way out.")
    cluster: Cluster = Field(description="EKS and its nodes.")
    database: Database | None = Field(default=None, description="Where coderd keeps its state; in the primary region only.")

    @property
    def database_instances(self) -> int:
        """Writer and readers; 0 in a region without a database."""
        return 0 if self.database is None else 1 + self.database.readers

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers that the region has subnets for: public, those of its nodes, and the database's."""
        return tuple(tier for tier in Tier if tier in (Tier.PUBLIC, *self.cluster.tiers, Tier.DATABASE))

    def faults(self) -> Iterable[Fault]:
        """Declared subnets are of the tiers that the region has, of all and no other; the API has no more zones than there are."""
        network = self.network
        if (self.cluster.api_zones or 0) > network.zones:
            yield Fault(
                ("cluster", "api_zones"), f"{self.cluster.api_zones} is more than network.zones, {network.zones}; write at most that"
            )
        if network.tiers is None:
            return
        for tier in Tier:
            if tier in self.tiers and tier not in network.tiers:
                yield Fault(
                    ("network", "tiers", tier.value),
                    f"the tier is missing; write {network.zones} subnets, or leave out tiers to have them computed",
                )
            if tier in network.tiers and tier not in self.tiers:
                yield Fault(
                    ("network", "tiers", tier.value),
                    f"no node group is in the tier; remove it, or write tier: {tier.value} in cluster.node_groups",
                )


class Settings(Section):
    """A stack file."""

    system: System = Field(description="Which system this stack is.")
    workload: Workload = Field(description="How many workspaces at which hours, and how large they are.")
    regions: dict[RegionName, Region] = Field(min_length=1, description="Regions by name.")
    coder: Coder = Field(description="The Coder deployment.")
    templates: Templates = Field(description="The workspace templates.")
    observability: Observability = Field(default=Observability(), description="Alarms, dashboards, logs, budget; all of it has a default.")
    versions: Versions = Field(default=Versions(), description="What is pinned; all of it has a default.")

    @property
    def primary_region(self) -> str:
        """The region that Coder, its database and its hosts are in: the one with a database. (The engine hands regions over by name.)"""
        return next(name for name, region in self.regions.items() if region.database is not None)

    @property
    def primary_database(self) -> Database:
        """The only database of the environment."""
        declared = self.regions[self.primary_region].database
        assert declared is not None  # a fault otherwise
        return declared

    @property
    def regional_hosts(self) -> Mapping[str, str]:
        """By region, the host that leads to it and to no other; none in an environment of one region (DNS-08)."""
        return {name: f"{name}.{self.coder.access_host}" for name in self.regions} if len(self.regions) > 1 else {}

    def serves_access(self, region: str) -> bool:
        """Whether coderd itself answers in a region: in the primary one, and in those on its database (T-36)."""
        return region == self.primary_region or self.regions[region].serves is Serves.SHARED_DATABASE

    @property
    def deployed_regions(self) -> Mapping[str, Region]:
        """The regions that are made, the primary one first, then by name."""
        others = sorted(name for name, region in self.regions.items() if region.deployed and name != self.primary_region)
        return {name: self.regions[name] for name in (self.primary_region, *others)}

    def faults(self) -> Iterable[Fault]:
        """Everything that must agree between sections."""
        return between_sections({name: getattr(self, name) for name in type(self).model_fields})


def between_sections(sections: Mapping[str, object]) -> tuple[Fault, ...]:
    """Faults between sections, as far as the sections that these rules read are there and right on their own."""
    found: list[Fault] = []
    for needed, rule in _RULES:
        if all(name in sections for name in needed):
            found += rule(*(sections[name] for name in needed))
    return tuple(found)


def _hosts_under_base_domain(system: System, coder: Coder) -> Iterable[Fault]:
    """The zone of base_domain answers for both hosts (DNS-02, DNS-03, CDR-05)."""
    for key, host in (("access_host", coder.access_host), ("wildcard_host", coder.wildcard_host)):
        bare = host.removeprefix("*.")
        if bare != system.base_domain and not bare.endswith("." + system.base_domain):
            example = f"*.{system.base_domain}" if key == "wildcard_host" else system.base_domain
            yield Fault(("coder", key), f"{host} is not under system.base_domain, {system.base_domain}; write a host such as {example}")


def _sizes_exist(workload: Workload, templates: Templates) -> Iterable[Fault]:
    """A template offers sizes that are declared (Property 10)."""
    for name, template in templates.published.items():
        for index, size in enumerate(template.sizes):
            if size not in workload.sizes:
                meant = closest(size, sorted(workload.sizes))
                remedy = f"did you mean {meant}?" if meant else f"write one of {', '.join(workload.sizes)}"
                yield Fault(("templates", "published", name, "sizes", index), f"{size} is not in workload.sizes; {remedy}")


def _groups_exist(coder: Coder, templates: Templates) -> Iterable[Fault]:
    """Somebody is in every group that a template is for (CDR-13, TPL-36)."""
    known = sorted({*coder.groups, EVERYONE})
    why, remedy = ("that coder.github.groups names", "name it there")
    if coder.oidc is not None:
        why, remedy = "that coder.oidc.group_mapping fills", "map a group to it"
    for name, template in templates.published.items():
        for index, group in enumerate(template.groups):
            if group not in known:
                yield Fault(
                    ("templates", "published", name, "groups", index),
                    f"{group} is no group {why}; write one of {', '.join(known)}, or {remedy}",
                )


def _capacity_before_peak(workload: Workload, regions: dict[str, Region]) -> Iterable[Fault]:
    """Capacity stands on every day of the peak, 15 minutes before it begins and until it ends (EKS-17)."""
    peak = workload.peak
    for region, settings in regions.items():
        schedule, path = settings.cluster.schedule, ("regions", region, "cluster", "schedule")
        if schedule is None:
            continue
        latest = _minus(peak.from_, LEAD)
        if schedule.up > latest:
            yield Fault(
                (*path, "up"),
                f"{schedule.up:%H:%M} leaves less than 15 minutes until the peak at {peak.from_:%H:%M}; write {latest:%H:%M} or earlier",
            )
        if schedule.down < peak.until:
            yield Fault(
                (*path, "down"), f"{schedule.down:%H:%M} is before the peak ends at {peak.until:%H:%M}; write {peak.until:%H:%M} or later"
            )
        if missing := [day.value for day in peak.days if day not in schedule.days]:
            yield Fault((*path, "days"), f"the peak is also on {', '.join(missing)}; add {'it' if len(missing) == 1 else 'them'}")


def _capacity_until_autostop(workload: Workload, templates: Templates, regions: dict[str, Region]) -> Iterable[Fault]:
    """Minimums fall after workspaces have stopped: a stop is a build, and people may still be at work (T-83)."""
    for region, settings in regions.items():
        schedule = settings.cluster.schedule
        if schedule is not None and workload.peak.until <= schedule.down < templates.auto_stop:
            yield Fault(
                ("regions", region, "cluster", "schedule", "down"),
                f"{schedule.down:%H:%M} is before workspaces stop at {templates.auto_stop:%H:%M}; write a time after that",
            )


def _minus(moment: time, span: timedelta) -> time:
    return max(datetime(2000, 1, 2, moment.hour, moment.minute) - span, datetime(2000, 1, 2)).time()  # noqa: DTZ001 a clock time has no zone


def _regions_apart(regions: dict[str, Region]) -> Iterable[Fault]:
    """VPCs do not overlap, since regions reach each other's database (NET-38, T-12); copies leave their region."""
    seen: dict[str, Region] = {}
    for name, region in regions.items():
        for other, before in seen.items():
            if region.network.cidr.overlaps(before.network.cidr):
                yield Fault(
                    ("regions", name, "network", "cidr"),
                    f"{region.network.cidr} overlaps {before.network.cidr} of {other}; write another private range (T-12)",
                )
        if region.database is not None and region.database.copy_to_region == name:
            yield Fault(
                ("regions", name, "database", "copy_to_region"), f"{name} is the region itself; write another one, or leave the key out"
            )
        seen[name] = region


def _primary_region(regions: dict[str, Region]) -> Iterable[Fault]:
    """One region has a database and Coder, and is made; the others have neither (decision 8)."""
    databases = sorted(name for name, region in regions.items() if region.database is not None)
    if not databases:
        yield Fault(("regions", min(regions), "database"), "is missing; add it to the region that Coder is to be in")
        return
    primary = databases[0]
    for name in databases[1:]:
        yield Fault(("regions", name, "database"), f"{primary} has one, and Coder has one only; remove it from one of them")
    if not regions[primary].deployed:
        yield Fault(("regions", primary, "deployed"), "the region has Coder and its database; write true, or put the database elsewhere")
    if regions[primary].serves is not Serves.PROXY:
        yield Fault(("regions", primary, "serves"), "the region has Coder itself; remove the key here")
    for name in sorted(set(regions) - set(databases)):
        if regions[name].serves is Serves.SHARED_DATABASE:  # DB-23
            yield Fault(
                ("regions", name, "serves"),
                f"a coderd here on the database in {primary} needs VPCs that are peered, routes and security groups, which this program "
                "does not declare, and waits for the distance with every query (T-36); write proxy",
            )


def _zones_of_the_region(regions: dict[str, Region]) -> Iterable[Fault]:
    """A zone is named after its region."""
    for name, region in regions.items():
        for index, zone in enumerate(region.network.zone_names or ()):
            if zone[:-1] != name:
                yield Fault(("regions", name, "network", "zone_names", index), f"{zone} is no zone of {name}; write one such as {name}a")


def _minor_versions_fit(regions: dict[str, Region], versions: Versions) -> Iterable[Fault]:
    """kube-proxy and the autoscaler are of the cluster's own minor version, where they are pinned by hand."""
    for name, region in regions.items():
        wanted, kube_proxy = region.cluster.kubernetes_version, versions.add_ons.kube_proxy
        if kube_proxy is not None and not kube_proxy.startswith(f"v{wanted}."):
            yield Fault(
                ("regions", name, "cluster", "kubernetes_version"),
                f"{wanted} does not go with kube-proxy {kube_proxy}; set versions.add_ons.kube_proxy to a {wanted} release, or remove it",
            )
        image = versions.charts.cluster_autoscaler_image
        if image is not None and region.cluster.karpenter is None and not image.startswith(f"{wanted}."):
            yield Fault(
                ("regions", name, "cluster", "kubernetes_version"),
                f"{wanted} does not go with the autoscaler's image {image}; set versions.charts.cluster_autoscaler_image to a {wanted} "
                "release, or remove it",
            )


def _same_coder(versions: Versions) -> Iterable[Fault]:
    """coderd, its chart and the provisioners' chart are one release (CDR-42)."""
    for key in ("coder", "coder_provisioner"):
        chart = getattr(versions.charts, key)
        if chart != versions.coder:
            yield Fault(("versions", "charts", key), f"{chart} is not versions.coder, {versions.coder}; write {versions.coder}")


def _endpoints_for_identity(regions: dict[str, Region]) -> Iterable[Fault]:
    """An endpoint named for Pod Identity is of use with it only."""
    for name, region in regions.items():
        if InterfaceEndpoint.EKS_AUTH in region.network.interface_endpoints and region.cluster.identity != "pod-identity":
            yield Fault(
                ("regions", name, "network", "interface_endpoints"),
                "eks-auth serves identity: pod-identity only; remove it, or change identity",
            )


_RULES: tuple[tuple[tuple[str, ...], Callable[..., Iterable[Fault]]], ...] = (
    (("system", "coder"), _hosts_under_base_domain),
    (("workload", "templates"), _sizes_exist),
    (("coder", "templates"), _groups_exist),
    (("workload", "regions"), _capacity_before_peak),
    (("workload", "templates", "regions"), _capacity_until_autostop),
    (("regions",), _regions_apart),
    (("regions",), _primary_region),
    (("regions",), _zones_of_the_region),
    (("regions",), _endpoints_for_identity),
    (("regions", "versions"), _minor_versions_fit),
    (("versions",), _same_coder),
)
