"""The `database` section of a region."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.names import RegionName
from settings.section import Fault, Section
from settings.workload import Count


class DatabaseEngine(StrEnum):
    """Which PostgreSQL serves coderd."""

    AURORA_POSTGRESQL = "aurora-postgresql"  # prod, demo: Serverless v2 (DB-01, DB-03)


def _half_steps(value: float) -> float:
    if value * 2 != int(value * 2):
        raise ValueError(f"{value:g} is no half step; write {int(value * 2) / 2:g} or {int(value * 2) / 2 + 0.5:g}")
    return value


# Aurora capacity units of Serverless v2: half steps up to 256, Amazon Aurora User Guide, read 2026-11. 0 would pause a database
# that coderd asks all the time, so that it never pauses (T-34).
AuroraUnits = Annotated[float, Field(strict=True, ge=0.5, le=256), AfterValidator(_half_steps)]


class Acu(Section):
    """Capacity of each instance, in Aurora capacity units of about 2 GiB."""

    min: AuroraUnits = Field(description="Least capacity of each instance, in ACU (T-32).", examples=[8])
    max: AuroraUnits = Field(description="Most capacity of each instance, in ACU.", examples=[128])

    def faults(self) -> Iterable[Fault]:
        """min <= max."""
        if self.min > self.max:
            yield Fault(("min",), f"{self.min:g} is more than max, {self.max:g}; write at most {self.max:g}, or raise max")


class Database(Section):
    """Where coderd keeps its state."""

    engine: DatabaseEngine = Field(description="Which PostgreSQL.", examples=["aurora-postgresql"])
    readers: Count = Field(le=15, description="Failover targets beside the writer, one per zone (DB-22).", examples=[2])
    acu: Acu = Field(description="Capacity of each instance.", examples=["{ min: 8, max: 128 }"])
    # 1 to 35: AWS's limit of automated backups; with retention on, at most 5 minutes are lost (DB-09, Property 5)
    retention_days: int = Field(strict=True, ge=1, le=35, description="Days of point-in-time recovery, at most 35 (T-31).", examples=[35])
    snapshot_retention_days: int = Field(strict=True, ge=1, le=36500, description="Days that AWS Backup keeps snapshots.", examples=[90])
    copy_to_region: RegionName | None = Field(default=None, description="Region that snapshots are copied to.", examples=["us-west-2"])

    def faults(self) -> Iterable[Fault]:
        """Snapshots outlive point-in-time recovery."""
        if self.snapshot_retention_days < self.retention_days:
            yield Fault(
                ("snapshot_retention_days",),
                f"{self.snapshot_retention_days} is shorter than retention_days; write at least {self.retention_days}",
            )
