"""The `karpenter` part of a cluster: nodes that come and go with the pods that need them (EKS-11, EKS-22, EKS-38)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from settings.names import InstanceType, NodeGroupName
from settings.network import Tier
from settings.quantities import Duration, MemoryQuantity, Volume
from settings.roles import CapacityType, Role, accelerator_fault, tier_faults
from settings.section import Fault, Section
from settings.workload import Compute, Positive


class Category(StrEnum):
    """Families of instance types by what they are rich in."""

    C = "c"  # compute
    M = "m"  # balanced
    R = "r"  # memory
    T = "t"  # balanced, with a CPU that bursts


class Architecture(StrEnum):
    """What a node's processor runs."""

    AMD64 = "amd64"
    ARM64 = "arm64"  # Graviton


class Consolidation(StrEnum):
    """When Karpenter takes a node away."""

    WHEN_EMPTY = "when-empty"  # nobody is moved (T-83)
    WHEN_UNDERUTILIZED = "when-underutilized"  # pods that allow it are moved closer together


class Pool(Section):
    """Nodes that Karpenter makes for one role, each of the cheapest type that fits."""

    role: Role = Field(description="What runs on the nodes: provisioner or workspace.", examples=["workspace"])
    tier: Tier | None = Field(default=None, description="Whose subnets the nodes are in; the role's own where it is left out.")
    instance_types: tuple[InstanceType, ...] = Field(
        default=(), description="Types by name; this or instance_categories.", examples=["[m7g.2xlarge, m7g.4xlarge]"]
    )
    instance_categories: tuple[Category, ...] = Field(
        default=(), description="All types of these families that the plan knows; this or instance_types.", examples=["[m, r]"]
    )
    most_vcpus: Positive | None = Field(
        default=None, description="Of instance_categories, no type with more vCPUs; a large node holds few volumes.", examples=[16]
    )
    architectures: tuple[Architecture, ...] = Field(
        description="amd64, arm64; one of them for workspaces, whose agent follows it (TPL-48).", examples=["[arm64]"]
    )
    capacity_types: tuple[CapacityType, ...] = Field(
        description="spot, on-demand; with both, Spot where there is some.", examples=["[spot, on-demand]"]
    )
    limits: Compute = Field(description="The most of all its nodes together.", examples=["{ cpu: 128, memory: 512Gi }"])
    root_disk: Volume = Field(default=MemoryQuantity.parse("50Gi"), description="Root volume, in powers of 1024.", examples=["50Gi"])
    consolidation: Consolidation = Field(
        default=Consolidation.WHEN_EMPTY, description="When a node is taken away.", examples=["when-empty"]
    )
    consolidate_after: Duration = Field(default=timedelta(minutes=10), description="How long a node waits before that.", examples=["10m"])
    disrupted_percent: int = Field(
        default=10, strict=True, ge=1, le=100, description="Most nodes of a hundred that are replaced at a time.", examples=[10]
    )

    @property
    def place(self) -> Tier:
        """Whose subnets the nodes are in."""
        return self.tier or Tier(self.role.value)

    def faults(self) -> Iterable[Fault]:
        """Karpenter does not run its own nodes (T-68); types are named one way, once; an agent has one architecture (TPL-48)."""
        if self.role is Role.CONTROL:
            yield Fault(("role",), "Karpenter and CoreDNS run on control nodes and can't wait for themselves; write a node group instead")
        elif self.tier is not None:
            yield from tier_faults(self.tier, self.role)
        yield from self._type_faults()
        for key in ("instance_types", "instance_categories", "architectures", "capacity_types"):
            values: tuple[str, ...] = getattr(self, key)
            if not values and key in ("architectures", "capacity_types"):
                yield Fault((key,), "is empty; write one at least")
            for index, value in enumerate(values):
                if value in values[:index]:
                    yield Fault((key, index), f"{value} is there already; remove it")
        if self.role is Role.WORKSPACE and len(set(self.architectures)) > 1:
            yield Fault(("architectures",), "a workspace's agent is made for one architecture (TPL-48); write amd64 or arm64 alone")

    def _type_faults(self) -> Iterable[Fault]:
        if bool(self.instance_types) == bool(self.instance_categories):
            what = (
                "there is instance_types too; remove one of them" if self.instance_types else "no type is named; add it or instance_types"
            )
            yield Fault(("instance_categories",), what)
        if self.instance_types and self.most_vcpus is not None:
            yield Fault(("most_vcpus",), "types are named one by one already; remove it")
        for index, instance_type in enumerate(self.instance_types):
            yield from accelerator_fault(("instance_types", index), instance_type)


class Karpenter(Section):
    """Karpenter and its pools; there is no other autoscaler then."""

    pools: dict[NodeGroupName, Pool] = Field(min_length=1, description="Pools by name.")

    def faults(self) -> Iterable[Fault]:
        """All pools of workspaces have one architecture."""
        workspaces = {name: pool for name, pool in self.pools.items() if pool.role is Role.WORKSPACE}
        first = next(iter(workspaces.values()), None)
        for name, pool in workspaces.items():
            if first is not None and pool.architectures != first.architectures:
                yield Fault(
                    ("pools", name, "architectures"),
                    f"{', '.join(pool.architectures)} beside {', '.join(first.architectures)}: a workspace may start on either, and its "
                    f"agent is made for one (TPL-48); write [{', '.join(first.architectures)}]",
                )
