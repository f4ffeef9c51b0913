"""One region of a stack file, and what must agree between regions."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from settings.cluster import Cluster
from settings.database import Database, DatabaseEngine, LitellmDatabase
from settings.network import InterfaceEndpoint, Network, Tier
from settings.section import Fault, Section
from settings.workload import Flag


class Serves(StrEnum):
    """What a region beside the primary one serves (T-36)."""

    PROXY = "proxy"  # a workspace proxy of the primary region's coderd: workspace apps from nearby, no database
    SHARED_DATABASE = "shared-database"  # a coderd of its own on the primary region's database, as the demo document has it


class Link(StrEnum):
    """How the network of a region beside the primary one is joined to that of the primary one (NET-39)."""

    NONE = "none"  # regions meet at their public hosts, which is all that a workspace proxy needs
    PEERING = "peering"  # VPC peering: private routes on both sides; security groups still open nothing


class Region(Section):
    """One AWS region: network, cluster, and in the primary one a database."""

    deployed: Flag = Field(
        default=True, description="Whether it is made; false: checked with the others, ready to switch on.", examples=[True]
    )
    serves: Serves = Field(default=Serves.PROXY, description="What a region beside the primary one serves.", examples=["proxy"])
    link: Link = Field(default=Link.NONE, description="How its network is joined to the primary region's.", examples=["peering"])
    data_protection: Flag = Field(
        default=True,
        description="Whether a region beside the primary one keeps its keys, cluster and balancer from deletion, as system.data_protection "
        "says; false, and an update, before it is taken away.",
        examples=[False],
    )
    network: Network = Field(description="VPC, subnets, way out.")
    cluster: Cluster = Field(description="EKS and its nodes.")
    database: Database | None = Field(default=None, description="Where coderd keeps its state; in the primary region only.")

    litellm_database: LitellmDatabase | None = Field(
        default=None,
        description="A cluster for LiteLLM beside coderd's; there only where it is named (T-63).",
        examples=["{ acu: { min: 0.5, max: 8 } }"],
    )

    @property
    def database_clusters(self) -> int:
        """coderd's and LiteLLM's; 0 in a region without a database."""
        return 0 if self.database is None else 1 + (self.litellm_database is not None)

    @property
    def database_instances(self) -> int:
        """Writer and readers, of each cluster."""
        return 0 if self.database is None else self.database_clusters * (1 + self.database.readers)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers that the region has subnets for: public, those of its nodes, and the database's."""
        return tuple(tier for tier in Tier if tier in (Tier.PUBLIC, *self.cluster.tiers, Tier.DATABASE))

    def faults(self) -> Iterable[Fault]:
        """Declared subnets are of the tiers that the region has, of all and no other; the API has no more zones than there are."""
        network = self.network
        if self.litellm_database is not None and (self.database is None or self.database.engine is not DatabaseEngine.AURORA_POSTGRESQL):
            yield Fault(
                ("litellm_database",), "stands beside a database of engine aurora-postgresql, which this region has not; remove it here"
            )
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


def apart(regions: dict[str, Region]) -> Iterable[Fault]:
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


def one_primary(regions: dict[str, Region]) -> Iterable[Fault]:
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
    if not regions[primary].data_protection:
        yield Fault(("regions", primary, "data_protection"), "the primary region goes by system.data_protection; remove the key here")
    if regions[primary].link is not Link.NONE:
        yield Fault(("regions", primary, "link"), "the other regions are linked to this one; remove the key here")


def shared_database(regions: dict[str, Region]) -> Iterable[Fault]:
    """A coderd on another region's database has a private way there that no workspace shares, and is the only such one (DB-23, T-36)."""
    primary = next((name for name, region in sorted(regions.items()) if region.database is not None), None)
    if primary is None:
        return  # which is a fault of its own
    sharing = sorted(name for name, region in regions.items() if region.serves is Serves.SHARED_DATABASE and name != primary)
    for index, name in enumerate(sharing):
        path = ("regions", name, "serves")
        if regions[name].link is not Link.PEERING:
            yield Fault(
                path,
                f"a coderd here on the database in {primary} needs the VPCs of both peered, with routes between them (T-12); "
                "write link: peering beside it, or serves: proxy",
            )
        for shared in (each for each in (primary, name) if Tier.PRIVATE in regions[each].tiers):
            yield Fault(
                path,
                f"across regions, security groups admit ranges, and the one of {shared}'s control nodes, tier private, is that of "
                "its workspaces too (T-38); give the control nodes there a tier of their own, or write proxy",
            )
        if index:
            yield Fault(
                path,
                f"a coderd in {sharing[0]} is on the database in {primary} already: each coderd relays to every other, and peering "
                "leads to the primary region only; write proxy",
            )


def zones_of_the_region(regions: dict[str, Region]) -> Iterable[Fault]:
    """A zone is named after its region."""
    for name, region in regions.items():
        for index, zone in enumerate(region.network.zone_names or ()):
            if zone[:-1] != name:
                yield Fault(("regions", name, "network", "zone_names", index), f"{zone} is no zone of {name}; write one such as {name}a")


def endpoints_for_identity(regions: dict[str, Region]) -> Iterable[Fault]:
    """An endpoint named for Pod Identity is of use with it only."""
    for name, region in regions.items():
        if InterfaceEndpoint.EKS_AUTH in region.network.interface_endpoints and region.cluster.identity != "pod-identity":
            yield Fault(
                ("regions", name, "network", "interface_endpoints"),
                "eks-auth serves identity: pod-identity only; remove it, or change identity",
            )
