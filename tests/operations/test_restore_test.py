"""`coder-eks restore-test` against moto's RDS: restore, look, record, delete (DB-11, DOC-11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from operations.failure import ExitCode, Failure
from operations.restore_test import RestoreTest, Result, Surroundings, as_json, show
from settings.model import Settings
from tests.components.reference import reference
from tests.plan.stacks import prod

REGION = "us-east-1"
RESTORED = "coder-reference-restore-"


def client(service: str, region: str = REGION) -> Any:
    return boto3.client(service, region_name=region)  # pyright: ignore[reportCallIssue, reportArgumentType]


@dataclass
class Clock:
    """Time that passes only where somebody sleeps."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=1))
    said: list[str] = field(default_factory=list[str])

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Rds:
    """moto's RDS with what it leaves out: how far point-in-time recovery reaches, and a database that takes its time."""

    def __init__(self, real: Any, clock: Clock, behind: timedelta | None, slow_for: timedelta = timedelta()) -> None:
        self._real, self._clock, self._behind, self._slow_for = real, clock, behind, slow_for
        self._began: dict[str, datetime] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_paginator(self, call: str) -> Any:
        real = self._real.get_paginator(call)
        if call not in ("describe_db_instances", "describe_db_clusters"):
            return real
        return type("Pages", (), {"paginate": lambda _self, **words: (self._told(page) for page in real.paginate(**words))})()

    def _told(self, page: dict[str, Any]) -> dict[str, Any]:
        for found in (*page.get("DBInstances", ()), *page.get("DBClusters", ())):
            name = found.get("DBInstanceIdentifier") or found["DBClusterIdentifier"]
            if "restore" in name:
                began = self._began.setdefault(name, self._clock.now())
                if self._clock.now() - began < self._slow_for:
                    found["DBInstanceStatus"] = "creating"
            else:
                found["LatestRestorableTime"] = None if self._behind is None else self._clock.now() - self._behind
        return page


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_DEFAULT_REGION", REGION)):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def subnet_group() -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{96 + number}.0/24", AvailabilityZone=f"{REGION}{letter}")["Subnet"]["SubnetId"]
        for number, letter in enumerate("ab")
    ]
    (default,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    for direction, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        if default[key]:
            getattr(ec2, f"revoke_security_group_{direction}")(GroupId=default["GroupId"], IpPermissions=default[key])
    client("rds").create_db_subnet_group(DBSubnetGroupName="database", DBSubnetGroupDescription="isolated", SubnetIds=subnets)


def database(**changes: Any) -> None:
    """coderd's database with a snapshot."""
    subnet_group()
    rds = client("rds")
    given = {
        "DBInstanceIdentifier": "coder-reference",
        "DBInstanceClass": "db.m7i.large",
        "Engine": "postgres",
        "EngineVersion": "16.8",
        "DBName": "coder",
        "MasterUsername": "coder_admin",
        "MasterUserPassword": "correct-horse",
        "AllocatedStorage": 100,
        "StorageEncrypted": True,
        "DBSubnetGroupName": "database",
        "BackupRetentionPeriod": 7,
    }
    rds.create_db_instance(**given | changes)
    rds.create_db_snapshot(DBSnapshotIdentifier="monday", DBInstanceIdentifier="coder-reference")


def exercise(
    clock: Clock, settings: Settings | None = None, behind: timedelta | None = timedelta(minutes=5), slow_for: timedelta = timedelta()
) -> Result:
    rds = Rds(client("rds"), clock, behind, slow_for)
    around = Surroundings(
        say=clock.said.append,
        client=lambda service, region: rds if service == "rds" else client(service, region),
        sleep=clock.sleep,
        now=clock.now,
    )
    return RestoreTest(settings=settings or reference(), around=around, patience=timedelta(minutes=90)).run()


def instances() -> list[str]:
    return [found["DBInstanceIdentifier"] for found in client("rds").describe_db_instances()["DBInstances"]]


def record(system: str = "reference") -> dict[str, Any]:
    return json.loads(client("ssm").get_parameter(Name=f"/coder/{system}/restore-test")["Parameter"]["Value"])


def test_the_newest_snapshot_is_restored_recorded_and_deleted_again():
    """DB-11"""
    database()
    result = exercise(Clock(), slow_for=timedelta(minutes=20))

    assert result.passed, result.faults
    assert result.snapshot == "monday"
    assert 20 <= result.minutes < 21
    assert result.recoverable_minutes_behind == 5
    assert instances() == ["coder-reference"]
    assert record() == json.loads(as_json(result))
    assert "passed" in show(result)


def test_what_is_restored_stands_alone():
    """NET-17: in the database subnets, closed to everybody, not public, without the protection that would keep it."""
    database()
    seen: dict[str, Any] = {}
    clock = Clock()

    def look(seconds: float) -> None:
        (found,) = [each for each in client("rds").describe_db_instances()["DBInstances"] if "restore" in each["DBInstanceIdentifier"]]
        seen.update(found)
        clock.moment += timedelta(seconds=seconds)

    clock.sleep = look  # type: ignore[method-assign]  # one clock of one test
    exercise(clock, slow_for=timedelta(minutes=1))
    (group,) = seen["VpcSecurityGroups"]
    (described,) = client("ec2").describe_security_groups(GroupIds=[group["VpcSecurityGroupId"]])["SecurityGroups"]
    assert (described["IpPermissions"], described["IpPermissionsEgress"]) == ([], [])
    assert seen["DBSubnetGroup"]["DBSubnetGroupName"] == "database"
    assert not seen.get("PubliclyAccessible")
    assert not seen.get("DeletionProtection")


def test_a_default_group_that_admits_somebody_ends_the_exercise():
    database()
    (vpc,) = {group["VpcId"] for group in client("rds").describe_db_subnet_groups()["DBSubnetGroups"]}
    (group,) = client("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    open_ = [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
    client("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=open_)
    with pytest.raises(Failure) as caught:
        exercise(Clock())
    assert caught.value.code == ExitCode.REFUSED
    assert group["GroupId"] in caught.value.problems[0]
    assert instances() == ["coder-reference"]


def test_a_restore_that_does_not_end_is_given_up_and_deleted():
    """Bounded: by the patience that it is given, on the clock that it is given."""
    database()
    with pytest.raises(Failure, match="creating after 90 minutes") as caught:
        exercise(Clock(), slow_for=timedelta(days=1))
    assert caught.value.code == ExitCode.UNREACHABLE
    assert instances() == ["coder-reference"]
    assert not client("ssm").describe_parameters()["Parameters"]


@pytest.mark.parametrize(
    ("age", "behind", "says"),
    [
        (timedelta(hours=30), timedelta(minutes=5), "the newest snapshot is 30 hours old"),
        (timedelta(hours=1), timedelta(minutes=16), "point-in-time recovery is 16 minutes behind, the objective is 15"),
        (timedelta(hours=1), None, "the database has no point-in-time recovery"),
    ],
)
def test_what_misses_an_objective_is_a_fault_and_recorded(age: timedelta, behind: timedelta | None, says: str):
    """DB-09, DB-11"""
    database()
    result = exercise(Clock(datetime.now(UTC) + age), behind=behind)
    assert not result.passed
    assert says in result.faults[0]
    assert record()["passed"] is False
    assert says in show(result)


def test_what_an_interrupted_exercise_left_is_deleted_first():
    database()
    client("rds").restore_db_instance_from_db_snapshot(DBInstanceIdentifier=f"{RESTORED}202611010900", DBSnapshotIdentifier="monday")
    clock = Clock()
    assert exercise(clock).passed
    assert instances() == ["coder-reference"]
    assert f"{RESTORED}202611010900 is left" in clock.said[0]


def test_without_a_database_or_a_snapshot_there_is_nothing_to_exercise():
    with pytest.raises(Failure, match="there is no database coder-reference"):
        exercise(Clock())
    database()
    for found in client("rds").describe_db_snapshots()["DBSnapshots"]:
        client("rds").delete_db_snapshot(DBSnapshotIdentifier=found["DBSnapshotIdentifier"])
    with pytest.raises(Failure, match="no snapshot that is complete") as caught:
        exercise(Clock())
    assert caught.value.code == ExitCode.MISSING


def test_auroras_exercise_is_of_the_cluster_and_an_instance_in_it():
    """DB-11 for prod: the same command."""
    subnet_group()
    rds = client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="coder-prod",
        Engine="aurora-postgresql",
        EngineVersion="16.8",
        DatabaseName="coder",
        MasterUsername="coder_admin",
        MasterUserPassword="correct-horse",
        StorageEncrypted=True,
        DBSubnetGroupName="database",
        BackupRetentionPeriod=35,
    )
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="monday", DBClusterIdentifier="coder-prod")
    result = exercise(Clock(), prod())
    assert result.passed, result.faults
    assert [found["DBClusterIdentifier"] for found in rds.describe_db_clusters()["DBClusters"]] == ["coder-prod"]
    assert instances() == []
    assert record("prod")["snapshot"] == "monday"
