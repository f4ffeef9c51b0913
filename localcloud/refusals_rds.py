"""What RDS refuses. Codes: errors of the Amazon RDS API reference; limits: the user guides of Aurora and RDS."""

from __future__ import annotations

import re
from typing import Final

from localcloud.kinds.forms import whole
from localcloud.kinds.model import Request, Resource
from localcloud.kinds.rds import CLUSTER, CLUSTER_SNAPSHOT, INSTANCE, SNAPSHOT
from localcloud.kinds.rds_facts import VERSIONS
from localcloud.kinds.rds_groups import SUBNET_GROUP
from localcloud.refusals import ALWAYS, CREATE, DELETE, UPDATE, WRITES, row

_DATABASES: Final = (CLUSTER, INSTANCE)
_RESERVED_USERS: Final = frozenset({"admin", "rdsadmin", "rds_superuser", "rds_replication", "rdsrepladmin", "public", "none"})
_RESERVED_NAMES: Final = frozenset({"db", "postgres", "rdsadmin", "template0", "template1"})


def _engine(request: Request) -> str:
    return request.text("engine") or ""


def _engine_version(request: Request) -> str | None:
    known, version = VERSIONS.get(_engine(request)), request.text("engineVersion")
    return f"Cannot find version {version} for {_engine(request)}" if known and version and version not in known else None


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _version_step(request: Request) -> str | None:
    old, new = request.old.text("engineVersion") if request.old else "", request.text("engineVersion") or ""
    before, after = _numbers(old), _numbers(new)
    if not before or not after or len(after) < len(before):
        return None
    if after < before:
        return f"Cannot upgrade {_engine(request)} from {old} to {new}"
    major = after[0] > before[0] and not request.flag("allowMajorVersionUpgrade")
    return "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version." if major else None


def _retention(request: Request) -> str | None:
    days = request.number("backupRetentionPeriod")
    low = 1 if request.kind.token == CLUSTER else 0
    return (
        f"Invalid backup retention period: {whole(days)}. Retention period must be between {low} and 35 days"
        if days is not None and not low <= days <= 35
        else None
    )


def _capacity(request: Request) -> str | None:
    low, high = (request.number(f"serverlessv2ScalingConfiguration.{name}Capacity") for name in ("min", "max"))
    for value in (low, high):
        if value is not None and (not 0 <= value <= 256 or (value * 2) % 1):
            return f"Serverless v2 capacity {value:g} isn't valid: from 0 to 256 in half steps"
    if high is not None and high < 1:
        return f"Serverless v2 maximum capacity {high:g} isn't valid: at least 1"
    if low is not None and high is not None and low > high:
        return f"Serverless v2 minimum capacity {low:g} is greater than the maximum capacity {high:g}"
    return None


def _given(request: Request, *paths: str) -> list[str]:
    return [path for path in paths if request.inputs.get(path) not in (None, False)]


def _passwords(request: Request) -> str | None:
    ways = _given(request, "manageMasterUserPassword", "masterPassword", "masterPasswordWo", "password", "passwordWo")
    if len(ways) > 1:
        return f"{' and '.join(ways)} can't be given together"
    copied = _given(
        request,
        "snapshotIdentifier",
        "replicationSourceIdentifier",
        "restoreToPointInTime",
        "globalClusterIdentifier",
        "replicateSourceDb",
        "s3Import",
    )
    if ways or copied or request.operation is not request.operation.CREATE:
        return None
    return "Must provide a master password: manageMasterUserPassword, or a password"


def _user(request: Request) -> str | None:
    name = request.text("masterUsername") or request.text("username")
    copied = _given(
        request, "snapshotIdentifier", "replicationSourceIdentifier", "restoreToPointInTime", "globalClusterIdentifier", "replicateSourceDb"
    )
    if name is None:
        return None if copied else "Must provide MasterUsername"
    if name.lower() in _RESERVED_USERS:
        return f"MasterUsername {name} cannot be used as it is a reserved word used by the engine"
    return (
        None
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name)
        else f"MasterUsername {name!r} is not a letter and up to 62 letters, digits and _"
    )


def _password(request: Request) -> str | None:
    for path in ("masterPassword", "password"):
        text = request.text(path)
        if text is not None and (not 8 <= len(text) <= 128 or re.search(r'[/"@ ]', text)):
            return "The parameter MasterUserPassword is not a valid password: 8 to 128 printable characters, no '/', '@', '\"' or blank"
    return None


def _database_name(request: Request) -> str | None:
    name = request.text("databaseName") or request.text("dbName")
    if name is None:
        return None
    if name.lower() in _RESERVED_NAMES:
        return f"DatabaseName {name} cannot be used. It is a reserved word for this engine"
    return (
        None
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name)
        else f"DatabaseName {name!r} must begin with a letter and contain only alphanumeric characters"
    )


def _no_subnet_group(request: Request) -> str | None:
    given = _given(request, "dbSubnetGroupName", "replicateSourceDb")
    return None if given else "DB subnet group 'default' does not exist: this account has no default VPC; give dbSubnetGroupName"


def _group_of(request: Request) -> Resource | None:
    return request.world.find(SUBNET_GROUP, "name", request.text("dbSubnetGroupName") or "")


def _groups_elsewhere(request: Request) -> str | None:
    subnets = _group_of(request)
    wrong = [group.id for group in request.referred("vpcSecurityGroupIds[*]") if subnets and group.text("vpcId") != subnets.text("vpcId")]
    return (
        f"The DB and EC2 security groups are in different VPCs: {', '.join(wrong)} is not in {subnets.text('vpcId')}"
        if subnets and wrong
        else None
    )


def _parameter_family(request: Request) -> str | None:
    """A parameter group is for one major version of one engine."""
    version = request.text("engineVersion") or ""
    for path in ("dbClusterParameterGroupName", "parameterGroupName", "dbInstanceParameterGroupName"):
        for group in request.referred(path) if path in request.kind.references else []:
            family = group.text("family")
            if version and family != f"{_engine(request)}{version.split('.')[0]}":
                name = f"The Parameter Group {group.text('name')} with DBParameterGroupFamily {family}"
                return f"{name} can't be used with {_engine(request)} {version}"
    return None


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _windows(request: Request) -> str | None:
    """A daily backup window and a weekly maintenance window of one day do not overlap, and are half an hour at least."""
    backup = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", request.text("preferredBackupWindow") or request.text("backupWindow") or "")
    upkeep = re.fullmatch(
        r"\w{3}:(\d\d:\d\d)-\w{3}:(\d\d:\d\d)", request.text("preferredMaintenanceWindow") or request.text("maintenanceWindow") or ""
    )
    if not backup:
        return None
    start, end = _minutes(backup[1]), _minutes(backup[2])
    if (end - start) % 1440 < 30:
        return "The backup window must be at least 30 minutes."
    if not upkeep or end < start:
        return None
    low, high = _minutes(upkeep[1]), _minutes(upkeep[2])
    return "The backup window and maintenance window must not overlap." if low < high and start < high and low < end else None


def _protected(request: Request) -> str | None:
    what = "Cluster" if request.kind.token == CLUSTER else "DB Instance"
    return (
        f"Cannot delete protected {what}, please disable deletion protection and try again." if request.flag("deletionProtection") else None
    )


def _final_snapshot(request: Request) -> str | None:
    if request.flag("skipFinalSnapshot") or request.text("finalSnapshotIdentifier") or request.inputs.get("replicateSourceDb"):
        return None
    return "finalSnapshotIdentifier is required when skipFinalSnapshot is false"


def _snapshot_taken(request: Request) -> str | None:
    name = request.text("finalSnapshotIdentifier") or ""
    token = CLUSTER_SNAPSHOT if request.kind.token == CLUSTER else SNAPSHOT
    taken = not request.flag("skipFinalSnapshot") and name and request.world.get(token, name) is not None
    return f"Cannot create the snapshot because one with the identifier {name} already exists." if taken else None


def _unencrypted_key(request: Request) -> str | None:
    return (
        "kmsKeyId needs storageEncrypted" if request.inputs.get("kmsKeyId") and request.inputs.get("storageEncrypted") is not True else None
    )


_VALUE: Final = "InvalidParameterValue"
_COMBINATION: Final = "InvalidParameterCombination"
REFUSALS: Final = (
    row(_DATABASES, _COMBINATION, "a parameter group is of the engine's family", _parameter_family),
    row(_DATABASES, _COMBINATION, "the engine has the version", _engine_version),
    row(_DATABASES, _COMBINATION, "engines go up only, majors when told so", _version_step, UPDATE),
    row(_DATABASES, _VALUE, "backups are kept for up to 35 days", _retention),
    row(CLUSTER, _VALUE, "capacity is from 0 to 256 ACU in half steps", _capacity),
    row(_DATABASES, _COMBINATION, "one way of giving a password", _passwords, ALWAYS),
    row(_DATABASES, _VALUE, "a master user with a name of its own", _user, CREATE),
    row(_DATABASES, _VALUE, "a password has RDS's characters", _password),
    row(_DATABASES, _VALUE, "a database name is no reserved word", _database_name, CREATE),
    row(_DATABASES, "DBSubnetGroupNotFoundFault", "there is no default subnet group", _no_subnet_group, CREATE),
    row(_DATABASES, "InvalidVPCNetworkStateFault", "security and subnet group are in one VPC", _groups_elsewhere),
    row(_DATABASES, _VALUE, "backups and upkeep do not overlap", _windows),
    row(_DATABASES, _COMBINATION, "a key needs encryption", _unencrypted_key, WRITES),
    row(_DATABASES, _COMBINATION, "a protected database stays", _protected, DELETE),
    row(_DATABASES, _COMBINATION, "a final snapshot has a name", _final_snapshot, DELETE),
    row(CLUSTER, "DBClusterSnapshotAlreadyExistsFault", "no two snapshots have one name", _snapshot_taken, DELETE),
    row(INSTANCE, "DBSnapshotAlreadyExists", "no two snapshots have one name", _snapshot_taken, DELETE),
)
