"""Coder's validated architectures: how much control plane so many running workspaces ask for.

coder/coder docs/admin/infrastructure/validated-architectures at 0e3e292, read 2026-11; it states running workspaces and builds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

GIB_PER_ACU = 2  # an Aurora capacity unit has about 2 GiB (Amazon Aurora User Guide, read 2026-11)


@dataclass(frozen=True)
class ControlTier:
    """A control plane for so many running workspaces. coderd_memory_gib, database_memory_gib: GB in the source."""

    workspaces: int
    builds: int
    coderd_replicas: int
    coderd_cpu: int
    coderd_memory_gib: int
    database_vcpus: int
    database_memory_gib: int

    @property
    def database_acu(self) -> float:
        """Aurora capacity with the database's memory, in half steps."""
        return ceil(self.database_memory_gib / GIB_PER_ACU * 2) / 2


TIERS = (
    ControlTier(600, 60, 3, 2, 8, 8, 30),
    ControlTier(1200, 120, 3, 4, 12, 16, 60),
    ControlTier(1800, 180, 4, 4, 12, 32, 120),
    ControlTier(6000, 600, 10, 4, 12, 64, 240),
)


def tier_for(workspaces: int) -> ControlTier:
    """What that many running workspaces ask for: the tier itself, or linear between two, rounded to what can be bought.

    Below the smallest tier: the smallest, which has three replicas for availability. ValueError above the largest.
    """
    if workspaces > TIERS[-1].workspaces:
        raise ValueError(f"Coder publishes no architecture above {TIERS[-1].workspaces} running workspaces")
    if workspaces <= TIERS[0].workspaces:
        return TIERS[0]
    upper = next(tier for tier in TIERS if tier.workspaces >= workspaces)
    lower = TIERS[TIERS.index(upper) - 1]
    way = Fraction(workspaces - lower.workspaces, upper.workspaces - lower.workspaces)

    def between(low: int, high: int) -> int:
        return ceil(low + (high - low) * way)

    return ControlTier(
        workspaces,
        between(lower.builds, upper.builds),
        between(lower.coderd_replicas, upper.coderd_replicas),
        between(lower.coderd_cpu, upper.coderd_cpu),
        between(lower.coderd_memory_gib, upper.coderd_memory_gib),
        between(lower.database_vcpus, upper.database_vcpus),
        int(lower.database_memory_gib + (upper.database_memory_gib - lower.database_memory_gib) * way),
    )
