"""`Settings`: a whole stack file, and what must agree between its sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta

from pydantic import Field

from settings import regions
from settings.coder import EVERYONE, Coder
from settings.database import Database
from settings.names import RegionName, closest
from settings.observability import Observability
from settings.regions import Link, Region, Serves
from settings.section import Fault, Section
from settings.templates import Templates
from settings.versions import Versions
from settings.workload import System, Workload

LEAD = timedelta(minutes=15)  # scheduled capacity is complete 15 minutes before the hour (requirements 5, Scaling)


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

    def protects(self, region: str) -> bool:
        """Whether a region's data is kept from deletion."""
        return self.system.data_protection and self.regions[region].data_protection

    @property
    def deployed_regions(self) -> Mapping[str, Region]:
        """The regions that are made, the primary one first, then by name."""
        others = sorted(name for name, region in self.regions.items() if region.deployed and name != self.primary_region)
        return {name: self.regions[name] for name in (self.primary_region, *others)}

    @property
    def linked_regions(self) -> tuple[str, ...]:
        """The deployed regions whose network is joined to the primary region's, by name (NET-39)."""
        return tuple(name for name, region in self.deployed_regions.items() if region.link is Link.PEERING)

    @property
    def sharing_regions(self) -> tuple[str, ...]:
        """The deployed regions beside the primary one whose coderd is on its database, by name (T-36)."""
        return tuple(name for name in self.deployed_regions if name != self.primary_region and self.serves_access(name))

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


_RULES: tuple[tuple[tuple[str, ...], Callable[..., Iterable[Fault]]], ...] = (
    (("system", "coder"), _hosts_under_base_domain),
    (("workload", "templates"), _sizes_exist),
    (("coder", "templates"), _groups_exist),
    (("workload", "regions"), _capacity_before_peak),
    (("workload", "templates", "regions"), _capacity_until_autostop),
    (("regions",), regions.apart),
    (("regions",), regions.one_primary),
    (("regions",), regions.shared_database),
    (("regions",), regions.zones_of_the_region),
    (("regions",), regions.endpoints_for_identity),
    (("regions", "versions"), _minor_versions_fit),
    (("versions",), _same_coder),
)
