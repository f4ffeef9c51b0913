"""What each system must have at least: the pack's own table, from the design documents and nothing else.

The plan computes the same from the stack file; the judge does not ask it. A stack may declare more than its system needs, never less.
Pack config overrides a row for a stack of another shape: see `CONFIG`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from policy.values import Props, integer, mapping, sequence, text

GROUP_KEY = "coder.com/node-group"  # label and taint of every node group, whose value is the group's name


@dataclass(frozen=True)
class Size:
    """A T-shirt size: vCPU, memory and storage in GiB."""

    cpu: float
    memory: float
    storage: float


# Requirements 1.2 (prod design): the only figures under these names.
SIZES: Mapping[str, Size] = {
    "sw-dev-small": Size(2, 4, 20),
    "sw-dev-medium": Size(4, 8, 50),
    "sw-dev-large": Size(8, 16, 100),
    "platform": Size(4, 8, 100),
    "data-sci-standard": Size(8, 32, 500),
    "data-sci-large": Size(16, 64, 1024),
    "data-sci-xlarge": Size(32, 64, 2048),
}
# T-51: the reference architecture's S, M and L are a catalogue of their own under the same names.
REFERENCE_SIZES: Mapping[str, Size] = {
    "sw-dev-small": Size(2, 4, 20),
    "sw-dev-medium": Size(4, 8, 50),
    "sw-dev-large": Size(16, 32, 100),
}


@dataclass(frozen=True)
class GroupNeed:
    """A node group. tier: whose subnets it sits in. scheduled: whether the clock changes it. minimum: nodes at every hour."""

    tier: str
    scheduled: bool
    minimum: int


@dataclass(frozen=True)
class SystemNeed:
    """What a system must have in each of its regions.

    zones: availability zones at least. nat: modes that it may use. isolated: tiers without any route to the internet.
    instances: database instances at least, writer included. retention_days: of point-in-time recovery, at least.
    coderd_replicas: at least. sizes: the only figures of each size. offered: sizes that templates must offer together.
    """

    zones: int
    public: str
    isolated: str
    private: tuple[str, ...]
    nat: tuple[str, ...]
    node_groups: Mapping[str, GroupNeed]
    database_engine: str
    instances: int
    retention_days: int
    coderd_replicas: int
    sizes: Mapping[str, Size] = field(default_factory=lambda: SIZES)
    offered: tuple[str, ...] = ()

    @property
    def tiers(self) -> tuple[str, ...]:
        """Every tier, public first."""
        return (self.public, *self.private, self.isolated)

    def tier_of(self, group: str) -> str | None:
        """The tier of a node group; none where the system has no such group."""
        need = self.node_groups.get(group)
        return need.tier if need else None


SYSTEMS: Mapping[str, SystemNeed] = {
    "prod": SystemNeed(  # the prod design (docs/requirements.md): NET-02 to NET-07, NET-13, EKS-06 to EKS-08, DB-01, DB-10, CDR-02
        zones=3,
        public="public",
        private=("control", "provisioner", "workspace"),
        isolated="database",
        nat=("gateway-per-az",),
        node_groups={
            "coder-control": GroupNeed(tier="control", scheduled=False, minimum=2),
            "coder-prov": GroupNeed(tier="provisioner", scheduled=True, minimum=1),  # T-30: with 0 nothing could stop a workspace
            "coder-ws": GroupNeed(tier="workspace", scheduled=True, minimum=10),
        },
        database_engine="aurora-postgresql",
        instances=3,
        retention_days=35,  # T-31: the target is 90 days, AWS's limit for point-in-time recovery 35
        coderd_replicas=2,
        offered=tuple(SIZES),
    ),
    "reference": SystemNeed(  # the reference architecture (docs/requirements.md): NET-08, NET-14, EKS-09, DB-02, DB-10, CDR-02
        zones=2,
        public="public",
        private=("private",),
        isolated="database",
        nat=("gateway-per-az", "single-gateway"),
        node_groups={
            "coder-system": GroupNeed(tier="private", scheduled=False, minimum=2),
            "coder-prov": GroupNeed(tier="private", scheduled=True, minimum=1),
            "coder-ws": GroupNeed(tier="private", scheduled=True, minimum=2),
        },
        database_engine="postgres",
        instances=1,
        retention_days=7,
        coderd_replicas=2,
        sizes=REFERENCE_SIZES,
        offered=tuple(REFERENCE_SIZES),
    ),
    "demo": SystemNeed(  # the demo environment (docs/requirements.md): NET-09, NET-15, EKS-10, DB-03, DB-10, CDR-02
        zones=2,
        public="public",
        private=("control", "provisioner", "workspace"),
        isolated="database",
        nat=("instance", "single-gateway", "gateway-per-az"),
        node_groups={"system": GroupNeed(tier="control", scheduled=False, minimum=2)},  # T-68
        database_engine="aurora-postgresql",
        instances=2,
        retention_days=7,
        coderd_replicas=2,
    ),
}

CONFIG: dict[str, dict[str, object]] = {
    "system": {
        "type": "string",
        "description": "The row of the table to judge by, instead of the one that the stack declares.",
        "enum": sorted(SYSTEMS),
    },
    "need": {
        "type": "object",
        "description": "Figures of the row to replace.",
        "additionalProperties": False,
        "properties": {
            "zones": {"type": "integer", "minimum": 1},
            "public": {"type": "string"},
            "private": {"type": "array", "items": {"type": "string"}},
            "isolated": {"type": "string"},
            "nat": {"type": "array", "items": {"enum": ["gateway-per-az", "single-gateway", "instance"]}},
            "databaseEngine": {"enum": ["aurora-postgresql", "postgres"]},
            "instances": {"type": "integer", "minimum": 1},
            "retentionDays": {"type": "integer", "minimum": 1, "maximum": 35},
            "coderdReplicas": {"type": "integer", "minimum": 1},
            "offered": {"type": "array", "items": {"type": "string"}},
            "nodeGroups": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["tier", "scheduled", "minimum"],
                    "properties": {
                        "tier": {"type": "string"},
                        "scheduled": {"type": "boolean"},
                        "minimum": {"type": "integer", "minimum": 0},
                    },
                },
            },
        },
    },
}


def need_of(system: str | None, settings: Props) -> SystemNeed | None:
    """The row to judge a stack by; none where neither the stack nor the pack config names a known system."""
    name = text(settings.get("system")) or system
    row = SYSTEMS.get(name or "")
    return _overridden(row, mapping(settings.get("need"))) if row else None


def _overridden(row: SystemNeed, config: Props) -> SystemNeed:
    groups = {
        name: GroupNeed(
            tier=text(group.get("tier")) or "", scheduled=group.get("scheduled") is True, minimum=integer(group.get("minimum")) or 0
        )
        for name, group in ((name, mapping(value)) for name, value in mapping(config.get("nodeGroups")).items())
    }
    return replace(
        row,
        zones=integer(config.get("zones")) or row.zones,
        public=text(config.get("public")) or row.public,
        private=_names(config, "private") or row.private,
        isolated=text(config.get("isolated")) or row.isolated,
        nat=_names(config, "nat") or row.nat,
        node_groups=groups or row.node_groups,
        database_engine=text(config.get("databaseEngine")) or row.database_engine,
        instances=integer(config.get("instances")) or row.instances,
        retention_days=integer(config.get("retentionDays")) or row.retention_days,
        coderd_replicas=integer(config.get("coderdReplicas")) or row.coderd_replicas,
        offered=_names(config, "offered") or row.offered,
    )


def _names(config: Props, key: str) -> tuple[str, ...]:
    return tuple(name for item in sequence(config.get(key)) if (name := text(item)))


def static_groups(need: SystemNeed) -> Sequence[str]:
    """The node groups that the clock must leave alone (EKS-21)."""
    return [name for name, group in need.node_groups.items() if not group.scheduled]
