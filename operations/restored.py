"""A database that is restored beside the one it was taken from: on RDS by its instance, on Aurora by its cluster and one instance in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from settings.database import DatabaseEngine

Described = Mapping[str, Any]  # as boto3 describes it


@dataclass(frozen=True)
class Snapshot:
    """taken: when it was complete."""

    name: str
    taken: datetime


@dataclass(frozen=True)
class Source:
    """coderd's database. recoverable_until: the newest moment that point-in-time recovery reaches; None without it."""

    described: Described
    subnet_group: str
    vpc_id: str
    recoverable_until: datetime | None


class Restored(ABC):
    """One engine's calls. client: of boto3 for RDS. identifier: of coderd's database."""

    def __init__(self, client: Any, identifier: str) -> None:  # noqa: ANN401 - boto3 makes its classes as it runs
        self.client = client
        self.identifier = identifier
        self.prefix = f"{identifier}-restore-"

    @abstractmethod
    def source(self) -> Source | None:
        """coderd's database; None where there is none."""

    @abstractmethod
    def newest_snapshot(self) -> Snapshot | None:
        """The newest complete snapshot, whoever took it."""

    @abstractmethod
    def restore(self, snapshot: Snapshot, name: str, source: Source, group: str) -> None:
        """Begin: in the source's subnets, behind that security group only."""

    @abstractmethod
    def restored(self, name: str) -> Described | None:
        """What there is of it; None before AWS shows it."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Take it away whole, with no snapshot of its own; nothing where there is none."""

    @abstractmethod
    def left_over(self) -> Sequence[str]:
        """Databases of exercises that were interrupted."""

    @abstractmethod
    def differences(self, source: Source, restored: Described) -> tuple[str, ...]:
        """What the restored database lacks of the source, as sentences."""

    @staticmethod
    def status(found: Described | None) -> str:
        """RDS's word."""
        return "not there yet" if found is None else str(found.get("DBInstanceStatus") or found.get("Status"))

    def _vpc(self, subnet_group: str) -> str:
        return str(self.client.describe_db_subnet_groups(DBSubnetGroupName=subnet_group)["DBSubnetGroups"][0]["VpcId"])

    def _pages(self, call: str, key: str, **arguments: object) -> list[Described]:
        return [found for page in self.client.get_paginator(call).paginate(**arguments) for found in page[key]]


class RestoredInstance(Restored):
    """PostgreSQL on RDS."""

    def source(self) -> Source | None:  # noqa: D102 - see the base
        found = self.restored(self.identifier)
        if found is None:
            return None
        group = str(found["DBSubnetGroup"]["DBSubnetGroupName"])
        until = found.get("LatestRestorableTime") if found.get("BackupRetentionPeriod") else None
        return Source(found, group, self._vpc(group), until)

    def newest_snapshot(self) -> Snapshot | None:  # noqa: D102
        found = self._pages("describe_db_snapshots", "DBSnapshots", DBInstanceIdentifier=self.identifier)
        return _newest(found, "DBSnapshotIdentifier")

    def restore(self, snapshot: Snapshot, name: str, source: Source, group: str) -> None:  # noqa: D102
        self.client.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name,
            DBSnapshotIdentifier=snapshot.name,
            DBInstanceClass=source.described["DBInstanceClass"],
            DBSubnetGroupName=source.subnet_group,
            VpcSecurityGroupIds=[group],
            PubliclyAccessible=False,
            MultiAZ=False,
            DeletionProtection=False,
            AutoMinorVersionUpgrade=False,
        )

    def restored(self, name: str) -> Described | None:  # noqa: D102
        found = [each for each in self._pages("describe_db_instances", "DBInstances") if each["DBInstanceIdentifier"] == name]
        return found[0] if found else None

    def delete(self, name: str) -> None:  # noqa: D102
        found = self.restored(name)
        if found is not None and found["DBInstanceStatus"] != "deleting":
            self.client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True)

    def left_over(self) -> Sequence[str]:  # noqa: D102
        names = [str(found["DBInstanceIdentifier"]) for found in self._pages("describe_db_instances", "DBInstances")]
        return sorted(name for name in names if name.startswith(self.prefix))

    def differences(self, source: Source, restored: Described) -> tuple[str, ...]:  # noqa: D102
        keys = ("Engine", "EngineVersion", "DBName", "MasterUsername", "StorageEncrypted")
        found = [*_differing(keys, source.described, restored)]
        if restored["AllocatedStorage"] < source.described["AllocatedStorage"]:
            found.append(f"AllocatedStorage is {restored['AllocatedStorage']} GiB, the database has {source.described['AllocatedStorage']}")
        return tuple(found)


class RestoredCluster(Restored):
    """Aurora: the cluster is the data, an instance shows that it can be opened."""

    def source(self) -> Source | None:  # noqa: D102
        found = self._cluster(self.identifier)
        if found is None:
            return None
        group = str(found["DBSubnetGroup"])
        return Source(found, group, self._vpc(group), found.get("LatestRestorableTime"))

    def newest_snapshot(self) -> Snapshot | None:  # noqa: D102
        found = self._pages("describe_db_cluster_snapshots", "DBClusterSnapshots", DBClusterIdentifier=self.identifier)
        return _newest(found, "DBClusterSnapshotIdentifier")

    def restore(self, snapshot: Snapshot, name: str, source: Source, group: str) -> None:  # noqa: D102
        self.client.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=name,
            SnapshotIdentifier=snapshot.name,
            Engine=source.described["Engine"],
            DBSubnetGroupName=source.subnet_group,
            VpcSecurityGroupIds=[group],
            DeletionProtection=False,
            ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 8},
        )
        self.client.create_db_instance(
            DBInstanceIdentifier=f"{name}-0",
            DBClusterIdentifier=name,
            DBInstanceClass="db.serverless",
            Engine=source.described["Engine"],
            PubliclyAccessible=False,
        )

    def restored(self, name: str) -> Described | None:
        """The cluster, with the status of its instance once that is there."""
        cluster, instance = self._cluster(name), self._instance(f"{name}-0")
        return cluster and {**cluster, "DBInstanceStatus": instance["DBInstanceStatus"] if instance else None}

    def delete(self, name: str) -> None:  # noqa: D102
        instance = self._instance(f"{name}-0")
        if instance is not None and instance["DBInstanceStatus"] != "deleting":
            self.client.delete_db_instance(DBInstanceIdentifier=f"{name}-0", SkipFinalSnapshot=True)
        cluster = self._cluster(name)
        if cluster is not None and cluster["Status"] != "deleting":
            self.client.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)

    def left_over(self) -> Sequence[str]:  # noqa: D102
        names = [str(found["DBClusterIdentifier"]) for found in self._pages("describe_db_clusters", "DBClusters")]
        return sorted(name for name in names if name.startswith(self.prefix))

    def differences(self, source: Source, restored: Described) -> tuple[str, ...]:  # noqa: D102
        return _differing(("Engine", "EngineVersion", "DatabaseName", "MasterUsername", "StorageEncrypted"), source.described, restored)

    def _cluster(self, name: str) -> Described | None:
        return next((found for found in self._pages("describe_db_clusters", "DBClusters") if found["DBClusterIdentifier"] == name), None)

    def _instance(self, name: str) -> Described | None:
        return next((found for found in self._pages("describe_db_instances", "DBInstances") if found["DBInstanceIdentifier"] == name), None)


def kind_of(engine: DatabaseEngine) -> type[Restored]:
    """The calls of an engine."""
    return RestoredCluster if engine is DatabaseEngine.AURORA_POSTGRESQL else RestoredInstance


def _newest(found: Sequence[Described], name: str) -> Snapshot | None:
    complete = [Snapshot(str(each[name]), each["SnapshotCreateTime"]) for each in found if each["Status"] == "available"]
    return max(complete, key=lambda snapshot: (snapshot.taken, snapshot.name), default=None)


def _differing(keys: Sequence[str], source: Described, restored: Described) -> tuple[str, ...]:
    return tuple(
        f"{key} is {restored.get(key)}, the database has {source.get(key)}" for key in keys if restored.get(key) != source.get(key)
    )
