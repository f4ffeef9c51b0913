"""The `database` section of a region."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.names import DatabaseClass, EngineVersion, RegionName
from settings.quantities import GIB, Memory
from settings.section import Fault, Section


class DatabaseEngine(StrEnum):
    """Which PostgreSQL serves coderd."""

    AURORA_POSTGRESQL = "aurora-postgresql"  # prod, demo: Serverless v2 (DB-01, DB-03)
    POSTGRESQL = "postgresql"  # reference: one RDS instance with a standby in another zone (DB-02)


class DatabaseKey(StrEnum):
    """Whose KMS key encrypts the database (DB-06)."""

    OWN = "own"  # one of the stack, whose policy and end are ours
    AWS = "aws"  # AWS's own key of the account, aws/rds: nothing to pay, nothing to decide, no copy to another account


SMALLEST_GIB, LARGEST_GIB = 20, 65536


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


class LitellmDatabase(Section):
    """A second Aurora cluster beside coderd's, for LiteLLM (DB-04); engine, readers and retention are coderd's."""

    acu: Acu = Field(description="Capacity of each of its instances.", examples=["{ min: 0.5, max: 8 }"])


class Storage(Section):
    """The volume of an RDS instance; Aurora's grows by itself."""

    # 20 GiB to 64 TiB: General Purpose SSD (gp3) with RDS for PostgreSQL, Amazon RDS User Guide, "DB instance storage", read 2026-11
    size: Memory = Field(description="Size at the start, in powers of 1024: 20Gi to 64Ti.", examples=["100Gi"])
    most: Memory = Field(description="How far AWS may grow it when it fills up.", examples=["500Gi"])

    def faults(self) -> Iterable[Fault]:
        """20 GiB <= size < most <= 64 TiB; RDS grows by a tenth at least."""
        if self.size.gibibytes < SMALLEST_GIB or self.size.bytes % GIB:
            yield Fault(("size",), f"{self.size} is not whole GiB from 20Gi on; write 20Gi or more")
        if self.most.gibibytes > LARGEST_GIB or self.most.bytes % GIB:
            yield Fault(("most",), f"{self.most} is not whole GiB up to 64Ti; write 64Ti or less")
        elif self.most.gibibytes * 10 < self.size.gibibytes * 11:
            yield Fault(("most",), f"{self.most} is not a tenth above size, {self.size}, which RDS asks for; write more")


class Database(Section):
    """Where coderd keeps its state."""

    engine: DatabaseEngine = Field(description="Which PostgreSQL.", examples=["aurora-postgresql"])
    engine_version: EngineVersion | None = Field(
        default=None, description="Its version, in quotes; the pinned one of `versions` where it is left out (DB-20).", examples=['"16.8"']
    )
    readers: int = Field(
        strict=True,
        ge=0,
        le=15,
        description="aurora-postgresql: failover targets beside the writer, one per zone (DB-22). postgresql: read replicas (DB-17).",
        examples=[2],
    )
    acu: Acu | None = Field(default=None, description="aurora-postgresql: capacity of each instance.", examples=["{ min: 8, max: 128 }"])
    instance_class: DatabaseClass | None = Field(
        default=None, description="postgresql: class of the instance, its standby and its replicas.", examples=["db.m7i.large"]
    )
    storage: Storage | None = Field(default=None, description="postgresql: the volume.", examples=["{ size: 100Gi, most: 500Gi }"])
    key: DatabaseKey = Field(default=DatabaseKey.OWN, description="Whose KMS key encrypts it (DB-06).", examples=["own"])
    # 1 to 35: AWS's limit of automated backups; with retention on, at most 5 minutes are lost (DB-09, Property 5)
    retention_days: int = Field(strict=True, ge=1, le=35, description="Days of point-in-time recovery, at most 35 (T-31).", examples=[35])
    snapshot_retention_days: int = Field(strict=True, ge=1, le=36500, description="Days that AWS Backup keeps snapshots.", examples=[90])
    copy_to_region: RegionName | None = Field(default=None, description="Region that snapshots are copied to.", examples=["us-west-2"])

    def faults(self) -> Iterable[Fault]:
        """What belongs to the engine is there, and nothing else; snapshots outlive point-in-time recovery."""
        aurora = self.engine is DatabaseEngine.AURORA_POSTGRESQL
        for key, belongs, example in (
            ("acu", aurora, "{ min: 8, max: 128 }"),
            ("instance_class", not aurora, "db.m7i.large"),
            ("storage", not aurora, "{ size: 100Gi, most: 500Gi }"),
        ):
            if belongs and getattr(self, key) is None:
                yield Fault((key,), f"is missing: engine {self.engine.value} needs it; write one such as {example}")
            elif not belongs and getattr(self, key) is not None:
                yield Fault((key,), f"is nothing that engine {self.engine.value} has; remove it, or write another engine")
        if aurora and self.key is DatabaseKey.AWS:
            yield Fault(("key",), "aws goes with engine postgresql only; remove it: Aurora's managed password needs a key of our own")
        if self.snapshot_retention_days < self.retention_days:
            yield Fault(
                ("snapshot_retention_days",),
                f"{self.snapshot_retention_days} is shorter than retention_days; write at least {self.retention_days}",
            )
