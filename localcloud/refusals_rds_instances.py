"""What RDS refuses about instances, of a cluster or alone. Codes: errors of the Amazon RDS API reference."""

from __future__ import annotations

import re
from typing import Final

from localcloud.kinds.forms import entry, whole
from localcloud.kinds.model import UNKNOWN, Request, Resource
from localcloud.kinds.rds import CLUSTER, CLUSTER_INSTANCE, INSTANCE
from localcloud.refusals import CREATE, DELETE, row

_CLASS: Final = re.compile(r"db\.(serverless|[a-z][a-z0-9-]*\.(micro|small|medium|large|\d*xlarge|metal)(\.tpc\d\.mem\dx)?)")
_AURORA_FAMILIES: Final = re.compile(r"db\.(serverless|(t3|t4g|r[4-9]\w*|x2g|x2iedn)\..+)")


def _given(request: Request, *paths: str) -> list[str]:
    return [path for path in paths if request.inputs.get(path) not in (None, False)]


def _engine(request: Request) -> str:
    return request.text("engine") or ""


def _cluster_of(request: Request) -> Resource | None:
    return request.world.get(CLUSTER, request.text("clusterIdentifier") or "")


def _other_engine(request: Request) -> str | None:
    cluster = _cluster_of(request)
    if cluster is None or cluster.text("engine") == _engine(request):
        return None
    theirs = f"the engine name of your DB cluster ({cluster.text('engine')})"
    return f"The engine name requested for your DB instance ({_engine(request)}) doesn't match {theirs}."


def _instance_class(request: Request) -> str | None:
    name = request.text("instanceClass") or "db.serverless"
    if request.inputs.get("instanceClass") is UNKNOWN:
        return None
    if not _CLASS.fullmatch(name) or (request.kind.token == INSTANCE and name == "db.serverless"):
        return f"Invalid DB Instance class: {name}"
    aurora = _engine(request).startswith("aurora")
    return (
        f"RDS does not support creating a DB instance with {name} and {_engine(request)}"
        if aurora and not _AURORA_FAMILIES.fullmatch(name)
        else None
    )


def _not_serverless(request: Request) -> str | None:
    cluster = _cluster_of(request)
    needed = request.text("instanceClass") == "db.serverless" and cluster is not None
    if needed and cluster and not entry(cluster.properties.get("serverlessv2ScalingConfiguration")):
        return "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance."
    return None


def _monitoring(request: Request) -> str | None:
    wanted = (request.number("monitoringInterval") or 0) > 0
    return (
        "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0."
        if wanted and not request.inputs.get("monitoringRoleArn")
        else None
    )


def _insights(request: Request) -> str | None:
    days = request.number("performanceInsightsRetentionPeriod")
    if days is None or days in (0, 7, 731) or (days % 31 == 0 and 31 <= days <= 713):
        return None
    return f"Invalid Performance Insights retention period {whole(days)}: 7, 731, or months of 31 days"


def _replicas(request: Request) -> str | None:
    """A managed password and read replicas exclude each other with RDS for PostgreSQL."""
    source = request.text("replicateSourceDb")
    if source:
        found = next((each for each in request.world.everywhere(INSTANCE) if source in (each.text("identifier"), each.text("arn"))), None)
        managed = found is not None and found.properties.get("manageMasterUserPassword") is True
        return f"Cannot create a read replica of {source}: its master user password is managed in Secrets Manager" if managed else None
    names = (request.text("identifier"), request.text("arn"))
    replicas = [
        each.text("identifier")
        for each in request.world.everywhere(INSTANCE)
        if each.text("replicateSourceDb") in names and each.text("replicateSourceDb")
    ]
    if request.flag("manageMasterUserPassword") and replicas:
        return f"Managing the master user password in Secrets Manager isn't supported with read replicas: {', '.join(replicas)}"
    return None


def _zone_of_two(request: Request) -> str | None:
    """An instance with a standby chooses its zones."""
    both = request.flag("multiAz") and request.inputs.get("availabilityZone") is not None
    return "Requesting a specific availability zone is not valid for Multi-AZ instances." if both else None


def _replicas_snapshot(request: Request) -> str | None:
    """A read replica has nothing of its own to keep."""
    kept = request.inputs.get("replicateSourceDb") and not request.flag("skipFinalSnapshot")
    return "FinalDBSnapshotIdentifier can't be specified when deleting a read replica: give skipFinalSnapshot" if kept else None


def _source_without_backups(request: Request) -> str | None:
    source = request.text("replicateSourceDb")
    found = next(
        (each for each in request.world.everywhere(INSTANCE) if source and source in (each.text("identifier"), each.text("arn"))), None
    )
    return (
        f"Automated backups are not enabled for this database instance: {source}"
        if found and whole(found.properties.get("backupRetentionPeriod")) == 0
        else None
    )


def _storage(request: Request) -> str | None:
    size = request.number("allocatedStorage")
    copied = _given(request, "replicateSourceDb", "snapshotIdentifier", "restoreToPointInTime")
    if size is None:
        return None if copied or request.inputs.get("allocatedStorage") is UNKNOWN else "The parameter AllocatedStorage must be provided"
    return (
        None
        if 20 <= size <= 65536
        else f"Invalid storage size for engine name {_engine(request)}: {whole(size)} GiB is not from 20 to 65536"
    )


_VALUE: Final = "InvalidParameterValue"
_COMBINATION: Final = "InvalidParameterCombination"
_DATABASES: Final = (CLUSTER, INSTANCE)
REFUSALS: Final = (
    row((*_DATABASES, CLUSTER_INSTANCE), _VALUE, "months of Performance Insights", _insights),
    row(CLUSTER_INSTANCE, _COMBINATION, "an instance has its cluster's engine", _other_engine, CREATE),
    row((CLUSTER_INSTANCE, INSTANCE), _VALUE, "the instance class exists", _instance_class),
    row(CLUSTER_INSTANCE, "InvalidDBClusterStateFault", "serverless instances need the cluster's capacity", _not_serverless, CREATE),
    row((CLUSTER_INSTANCE, INSTANCE), _COMBINATION, "enhanced monitoring has a role", _monitoring),
    row(INSTANCE, _COMBINATION, "no managed password with read replicas", _replicas),
    row(INSTANCE, _COMBINATION, "a standby's zone is AWS's choice", _zone_of_two),
    row(INSTANCE, _COMBINATION, "a read replica leaves no snapshot", _replicas_snapshot, DELETE),
    row(INSTANCE, "InvalidDBInstanceState", "a replica's source keeps backups", _source_without_backups, CREATE),
    row(INSTANCE, _COMBINATION, "storage is from 20 to 65536 GiB", _storage, CREATE),
)
