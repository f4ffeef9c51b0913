"""The plan: every value that is computed once and read everywhere else. Frozen, plain, no behaviour but sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plan.alerts import ObservabilityPlan
from settings.karpenter import Consolidation
from settings.network import NatMode, Tier
from settings.quantities import CpuQuantity
from settings.roles import CapacityType


@dataclass(frozen=True)
class Conflict:
    """Settings that can't stand together. key: below `coder-eks:`. weighs: the key or section that decides it; empty: the whole file."""

    key: str
    sentence: str
    weighs: str

    def __str__(self) -> str:
        return f"coder-eks:{self.key}: {self.sentence}"

    def follows_from(self, key: str) -> bool:
        """Whether another value of that key may make it or end it."""
        inner, outer = sorted((self.weighs, key), key=len, reverse=True)
        return not outer or inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


class PlanError(Exception):
    """Settings that can't stand together; problems: every conflict, one sentence each with the key in the file and a remedy."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        self.problems = tuple(map(str, conflicts))
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class SubnetPlan:
    """name: tier and zone letter (`public-a`)."""

    name: str
    zone: str
    cidr: str


@dataclass(frozen=True)
class TierPlan:
    """One subnet per zone, in zone order. public: routes to the internet gateway. isolated: no internet route at all (NET-17)."""

    name: str
    public: bool
    isolated: bool
    subnets: tuple[SubnetPlan, ...]


@dataclass(frozen=True)
class NetworkPlan:
    """zones: full names (`us-east-1a`). nat_zones: those that NAT stands in. nat_instance_type: of NAT instances.

    runner_cidrs: who reaches the Kubernetes API beside the nodes. relay_cidrs: control subnets of other regions, whose coderd and the one
    here relay to each other. database_client_cidrs: those of them whose coderd is on the database here.
    """

    cidr: str
    zones: tuple[str, ...]
    nat: NatMode
    tiers: tuple[TierPlan, ...]
    runner_cidrs: tuple[str, ...] = ()
    nat_zones: tuple[str, ...] = ()
    nat_instance_type: str = ""
    relay_cidrs: tuple[str, ...] = ()
    database_client_cidrs: tuple[str, ...] = ()

    def tier(self, name: str) -> TierPlan:
        """The tier of that name; KeyError where there is none."""
        return {tier.name: tier for tier in self.tiers}[name]

    def tier_of(self, role: str) -> TierPlan:
        """The tier that the nodes of a role are in: the one of its name, or the one that all nodes share."""
        return next((tier for tier in self.tiers if tier.name == role), None) or self.tier(Tier.PRIVATE.value)


@dataclass(frozen=True)
class Taint:
    """effect: as EKS spells it, such as NO_SCHEDULE."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True)
class ScheduledAction:
    """What the clock does to one node group; None leaves a number as it is (EKS-20).

    recurrence: cron in the local time of `time_zone`, an IANA name (EKS-19).
    """

    name: str
    recurrence: str
    time_zone: str
    min_size: int
    max_size: int | None = None
    desired: int | None = None


@dataclass(frozen=True)
class NodeGroupPlan:
    """One EKS node group. group: what the stack file calls it; name: that, with a zone letter where there is one group per zone.

    tier: whose subnets it is in. role: what runs on it: `control`, `provisioner` or `workspace`.
    min, max, desired: nodes of this group alone. root_disk_gib: GiB.
    """

    name: str
    group: str
    tier: str
    role: str
    zones: tuple[str, ...]
    instance_type: str
    capacity_type: CapacityType
    architecture: str
    min: int
    max: int
    desired: int
    root_disk_gib: int
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    scheduled: tuple[ScheduledAction, ...] = ()


@dataclass(frozen=True)
class PoolPlan:
    """Nodes that Karpenter makes for one role. group: the value of the label and taint, one for all pools of a role.

    cpu_limit, memory_limit: of all its nodes, Kubernetes quantities. most_nodes: what the limits allow of the smallest type.
    """

    name: str
    group: str
    tier: str
    role: str
    zones: tuple[str, ...]
    instance_types: tuple[str, ...]
    architectures: tuple[str, ...]
    capacity_types: tuple[str, ...]
    cpu_limit: str
    memory_limit: str
    most_nodes: int
    root_disk_gib: int
    consolidation: Consolidation
    consolidate_after_seconds: int
    disrupted_percent: int
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]


@dataclass(frozen=True)
class SchedulePlan:
    """When capacity rises and may fall: cron in the local time of time_zone."""

    time_zone: str
    up_cron: str
    down_cron: str


@dataclass(frozen=True)
class ProvisionerPlan:
    """Provisioners, each of which runs one build (PRV-04, PRV-10). cpu, memory: Kubernetes quantities of one.

    replicas_floor: outside the schedule, never 0 (T-30). up_cron, down_cron: None without a schedule.
    """

    replicas_peak: int
    replicas_floor: int
    up_cron: str | None
    down_cron: str | None
    time_zone: str
    cpu: str
    memory: str
    tags: Mapping[str, str]


class QuotaVerdict(StrEnum):
    """What the need says of AWS's default limit; the account's own limit is read before a deployment (PRE-02)."""

    FITS = "fits the default"
    INCREASE = "needs an increase"
    CHECK = "check the account"  # other things in the account share it, or there is no published default


@dataclass(frozen=True)
class QuotaDemand:
    """The most of a quota that the settings can reach, and how it comes about.

    default: the limit of an account that never asked for more, None where AWS publishes none.
    """

    code: str
    name: str
    service: str
    need: float
    default: float | None
    verdict: QuotaVerdict
    arithmetic: str


@dataclass(frozen=True)
class SizeFit:
    """How one workspace size sits on the workspace node type.

    per_node: 0 where its request never fits. whole: a node can give it all of its size, not only its request (T-15).
    """

    name: str
    request_cpu: str
    request_memory: str
    per_node: int
    limited_by: str
    whole: bool


@dataclass(frozen=True)
class MixFit:
    """What a mix of sizes does to the nodes at the peak: of so many workspaces, placed find a node when put there one by one."""

    workspaces: int
    placed: int


@dataclass(frozen=True)
class CapacityPlan:
    """What is asked of the workspace nodes and what they hold, at the peak and outside it.

    demand_*: of all workspaces at their full size. *_overcommit: full size over what the nodes have; above 1 it relies on idle workspaces.
    holds: average workspaces that the most nodes hold. off_hours_*: the same for the fewest nodes.
    """

    workspaces: int
    demand_cpu: float
    demand_memory_gib: float
    demand_storage_gib: float
    instance_type: str
    request_cpu: str
    request_memory: str
    workspaces_per_node: int
    limited_by: str
    nodes_needed: int
    nodes_max: int
    holds: int
    cpu_overcommit: float
    memory_overcommit: float
    off_hours_workspaces: int
    off_hours_nodes: int
    off_hours_holds: int
    sizes: tuple[SizeFit, ...]
    mix: MixFit | None = None


@dataclass(frozen=True)
class CostLine:
    """item: what it is. unit_price: USD per unit and hour or month, as `unit` says; None where no source is known, and left out."""

    item: str
    quantity: float
    unit: str
    unit_price: float | None
    monthly_usd: float | None


@dataclass(frozen=True)
class CostPlan:
    """A month of 730 hours at list prices, without tax, support and Coder's licence."""

    lines: tuple[CostLine, ...]
    total_usd: float
    priced_on: date

    @property
    def unpriced(self) -> tuple[str, ...]:
        """What the total leaves out."""
        return tuple(line.item for line in self.lines if line.monthly_usd is None)


@dataclass(frozen=True)
class RegionPlan:
    """Everything about one region."""

    region: str
    network: NetworkPlan
    node_groups: tuple[NodeGroupPlan, ...]
    schedule: SchedulePlan | None
    provisioners: ProvisionerPlan
    quotas: tuple[QuotaDemand, ...]
    pools: tuple[PoolPlan, ...] = ()


@dataclass(frozen=True)
class ControlPlan:
    """coderd and its database. cpu, memory: of one pod, requests equal limits, as Kubernetes writes them.

    min_acu, max_acu: of each instance of Aurora. instance_class: of an RDS instance. What the engine does not have is None.
    """

    replicas: int
    cpu: str
    memory: str
    min_acu: float | None
    max_acu: float | None
    instance_class: str | None = None

    @property
    def database(self) -> str:
        """The database's capacity in words."""
        if self.instance_class is not None:
            return self.instance_class
        return f"{self.min_acu:g} to {self.max_acu:g} ACU"

    @property
    def total_cores(self) -> float:
        """vCPUs of all coderd pods."""
        return float(CpuQuantity.parse(self.cpu).cores * self.replicas)


@dataclass(frozen=True)
class Plan:
    """What follows from a stack file. warnings: in stable order, each with its numbers and the register's id."""

    regions: Mapping[str, RegionPlan]
    warnings: tuple[str, ...]
    capacity: CapacityPlan
    control: ControlPlan
    monthly_cost: CostPlan
    access_url: str
    wildcard_host: str
    observability: ObservabilityPlan
