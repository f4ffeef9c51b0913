"""The `cluster` section of a region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Self, cast

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from settings.addresses import RunnerCidr, network
from settings.karpenter import Karpenter, Pool
from settings.names import InstanceType, KubernetesVersion, NodeGroupName
from settings.network import LogRetention, Tier
from settings.quantities import Days, MemoryQuantity, TimeOfDay, Volume, shown
from settings.roles import CapacityType, Role, accelerator_fault, tier_faults
from settings.section import Fault, Section
from settings.versions import KUBERNETES_SUPPORT
from settings.workload import Count, Flag, Positive

RUNNER_CIDRS_MAX = 8  # with the other rules of a tier of six scattered zones they fill a NACL's 20


class IdentityMode(StrEnum):
    """How pods get AWS credentials (EKS-28, T-54)."""

    IRSA = "irsa"  # prod, demo: tokens that the cluster's OIDC issuer signs
    POD_IDENTITY = "pod-identity"  # reference: EKS's agent hands them out


class CniMode(StrEnum):
    """How many addresses a node takes ahead of need (T-05)."""

    WARM_ENI = "warm-eni"  # one whole interface in reserve: the CNI's default
    PREFIX = "prefix"  # blocks of 16: more pods a node, more addresses unused


class Scaling(StrEnum):
    """What changes the number of nodes."""

    STATIC = "static"  # nothing: the control plane (EKS-21)
    SCHEDULE = "schedule"  # the clock raises and lowers the minimum, an autoscaler works above it (EKS-17, T-83)


@dataclass(frozen=True)
class ApiAccess:
    """Who reaches the Kubernetes API beside the VPC: nobody (`private`) or these ranges (EKS-03)."""

    cidrs: tuple[IPv4Network, ...] = ()

    @property
    def private(self) -> bool:
        """Whether the public endpoint is off."""
        return not self.cidrs

    @classmethod
    def parse(cls, value: object) -> Self:
        """From `private` or a list of ranges; ValueError says what to write."""
        if isinstance(value, cls):
            return value
        if value == "private":
            return cls()
        entries = cast("list[object]", value) if isinstance(value, list | tuple) else []
        if not entries:
            raise ValueError(
                f"{shown(cast('object', value))} is neither private nor a list of ranges; write private, or ranges such as [203.0.113.0/24]"
            )
        cidrs = [network(entry) for entry in entries]
        if any(cidr.prefixlen == 0 for cidr in cidrs):
            raise ValueError("0.0.0.0/0 opens the Kubernetes API to the internet; write private, or the ranges that operators come from")
        return cls(tuple(sorted(set(cidrs))))

    def __str__(self) -> str:
        return "private" if self.private else ", ".join(map(str, self.cidrs))


def _api_access(access: ApiAccess) -> str | list[str]:
    return "private" if access.private else [str(cidr) for cidr in access.cidrs]


ApiAccessField = Annotated[
    ApiAccess,
    PlainValidator(ApiAccess.parse),
    PlainSerializer(_api_access),
    WithJsonSchema({"anyOf": [{"const": "private"}, {"type": "array", "minItems": 1, "items": {"type": "string", "format": "cidr"}}]}),
]


class Schedule(Section):
    """When capacity rises and may fall, in the workload's time zone (EKS-17, EKS-18, T-59)."""

    up: TimeOfDay = Field(description="When minimums rise, in quotes.", examples=["06:45"])
    down: TimeOfDay = Field(description="When minimums fall, in quotes; nobody is evicted (T-83).", examples=["18:15"])
    days: Days = Field(description="Days with capacity; the others stay at the minimum.", examples=["[mon, tue, wed, thu, fri]"])

    def faults(self) -> Iterable[Fault]:
        """Up and down are of the same day."""
        if self.up >= self.down:
            yield Fault(("down",), f"capacity falls at {self.down:%H:%M}, not after it rises at {self.up:%H:%M}; write a later time")


class NodeGroup(Section):
    """Nodes of one kind. min, max, desired are totals over the zones."""

    tier: Tier = Field(description="Whose subnets the nodes are in.", examples=["workspace"])
    role: Role | None = Field(
        default=None, description="What runs on the nodes; the tier of that name where it is left out.", examples=["workspace"]
    )
    instance_type: InstanceType = Field(description="EC2 instance type.", examples=["m5.2xlarge"])
    min: Count = Field(description="Fewest nodes, over all zones.", examples=[2])
    max: Positive = Field(description="Most nodes, over all zones.", examples=[3])
    desired: Positive | None = Field(default=None, description="Nodes at the first start; min where it is left out.", examples=[3])
    scaling: Scaling = Field(description="What changes the number of nodes.", examples=["schedule"])
    capacity_type: CapacityType = Field(
        default=CapacityType.ON_DEMAND, description="`spot` for workspace nodes that AWS may take back (EKS-38).", examples=["on-demand"]
    )
    per_zone: Flag = Field(default=False, description="One group per zone, where volumes tie pods to their zone (T-11).", examples=[True])
    root_disk: Volume = Field(default=MemoryQuantity.parse("50Gi"), description="Root volume, in powers of 1024.", examples=["50Gi"])

    @property
    def purpose(self) -> Role:
        """What runs on the nodes: the role, or the tier of that name."""
        return self.role or Role(self.tier.value)

    def faults(self) -> Iterable[Fault]:
        """min <= desired <= max; nodes neither in public nor in database subnets, and their role is known; no GPU (EKS-37)."""
        if self.min > self.max:
            yield Fault(("min",), f"{self.min} is more than max, {self.max}; write at most {self.max}, or raise max")
        elif self.desired is not None and not self.min <= self.desired <= self.max:
            yield Fault(("desired",), f"{self.desired} is not between min and max; write a number from {self.min} to {self.max}")
        yield from tier_faults(self.tier, self.role)
        if self.capacity_type is CapacityType.SPOT and (self.role or self.tier).value != Role.WORKSPACE.value:
            yield Fault(
                ("capacity_type",), "spot is for workspace nodes only: coderd and running builds do not survive it; write on-demand"
            )
        yield from accelerator_fault(("instance_type",), self.instance_type)


class Cluster(Section):
    """EKS and its nodes."""

    kubernetes_version: KubernetesVersion = Field(description="Kubernetes minor version, in quotes (T-57).", examples=['"1.33"'])
    api_access: ApiAccessField = Field(description="`private`, or the ranges that reach the Kubernetes API.", examples=["private"])
    runner_cidrs: tuple[RunnerCidr, ...] = Field(
        default=(),
        json_schema_extra={"maxItems": RUNNER_CIDRS_MAX},
        description="Ranges in the VPC, or in networks connected to it, from which `pulumi up` and operators reach the private endpoint.",
        examples=["[10.20.0.0/24]"],
    )
    identity: IdentityMode = Field(description="How pods get AWS credentials.", examples=["irsa"])
    api_zones: int | None = Field(
        default=None,
        strict=True,
        ge=2,
        le=6,
        description="Zones with an interface of the Kubernetes API, from the first on; all of them where it is left out. AWS never lets a "
        "cluster change them: a region that may grow says how many it began with (NET-40).",
        examples=[2],
    )
    cni: CniMode = Field(description="How many addresses a node takes ahead of need.", examples=["warm-eni"])
    log_retention_days: LogRetention = Field(default=90, description="Days that control-plane logs are kept.", examples=[90])
    node_groups: dict[NodeGroupName, NodeGroup] = Field(min_length=1, description="Node groups by name.")
    karpenter: Karpenter | None = Field(default=None, description="Nodes that come and go with the pods on them; none: no Karpenter.")
    cert_manager: Flag = Field(default=False, description="Certificates for hosts inside the cluster; the balancer's are ACM's (T-66).")
    schedule: Schedule | None = Field(default=None, description="When capacity rises and may fall; none: never.")

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers that have nodes."""
        named = {group.tier for group in self.node_groups.values()} | {pool.place for pool in self.pools.values()}
        return tuple(tier for tier in Tier if tier in named)

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Karpenter's, by name; none without it."""
        return self.karpenter.pools if self.karpenter else {}

    def faults(self) -> Iterable[Fault]:
        """EKS has the version; a group that follows the clock needs one; each role has one group, which its workloads select."""
        if self.kubernetes_version not in KUBERNETES_SUPPORT:
            known = ", ".join(KUBERNETES_SUPPORT)
            yield Fault(
                ("kubernetes_version",), f"{self.kubernetes_version} is not in settings/versions.py; write one of {known}, in quotes"
            )
        yield from self._runner_faults()
        yield from self._group_faults()

    def _runner_faults(self) -> Iterable[Fault]:
        if len(self.runner_cidrs) > RUNNER_CIDRS_MAX:
            most = f"{len(self.runner_cidrs)} ranges are more than the {RUNNER_CIDRS_MAX} that a NACL has room for"
            yield Fault(("runner_cidrs",), f"{most}; write neighbours as one larger range")
        for index, cidr in enumerate(self.runner_cidrs):
            if before := next((other for other in self.runner_cidrs[:index] if cidr.overlaps(other)), None):
                yield Fault(("runner_cidrs", index), f"{cidr} overlaps {before}; write the larger one of the two, once")

    def _group_faults(self) -> Iterable[Fault]:
        """Groups and schedule; nodes for each role, of one kind; the private tier for all groups or for none."""
        for name, group in self.node_groups.items():
            if group.scaling is Scaling.SCHEDULE and self.schedule is None:
                yield Fault(("node_groups", name, "scaling"), "there is no schedule to follow; add cluster.schedule, or write static")
            if group.scaling is Scaling.SCHEDULE and self.karpenter is not None:
                yield Fault(
                    ("node_groups", name, "scaling"),
                    "Karpenter is the autoscaler here, of its own pools only (EKS-22); write static",
                )
        for role in Role:
            yield from self._role_faults(role)
        for name, group in self.node_groups.items():
            if Tier.PRIVATE in self.tiers and group.tier is not Tier.PRIVATE:
                yield self._beside_private(("node_groups", name, "tier"), group.tier)
        for name, pool in self.pools.items():
            if Tier.PRIVATE in self.tiers and pool.place is not Tier.PRIVATE:
                yield self._beside_private(("karpenter", "pools", name, "tier"), pool.place)
            if name in self.node_groups:
                yield Fault(("karpenter", "pools", name), "is the name of a node group already; write another")

    def _role_faults(self, role: Role) -> Iterable[Fault]:
        """A role has one node group, or pools; its workloads select them by one label."""
        groups = [name for name, group in self.node_groups.items() if group.purpose is role]
        pools = [name for name, pool in self.pools.items() if pool.role is role]
        if not groups and not pools:
            yield Fault(("node_groups",), f"no group has the role {role.value}; add one, or its pods have nowhere to run")
        for name in groups[1:]:
            key = "tier" if self.node_groups[name].role is None else "role"
            yield Fault(("node_groups", name, key), f"{groups[0]} is the {role.value} group already; write another {key} or remove one")
        if groups and role is not Role.CONTROL:
            for name in pools:
                yield Fault(("karpenter", "pools", name, "role"), f"{groups[0]} is the {role.value} group already; remove one of them")

    def _beside_private(self, path: tuple[str, ...], tier: Tier) -> Fault:
        return Fault(path, f"{tier.value} stands beside the private tier, which is for all nodes; write private for all groups or for none")
