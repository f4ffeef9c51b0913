"""`coder-eks restore-test`: the monthly restore exercise (DB-11, DOC-11).

The newest snapshot of coderd's database becomes a database of its own, in the database subnets and behind a security group that admits
nobody; it is looked at, the result is recorded, and it is deleted again, whatever happened.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from operations.failure import ExitCode, Failure
from operations.restored import Restored, kind_of
from settings.model import Settings

RTO = timedelta(hours=2)  # reference-architecture.md, Recovery Objectives
RPO = timedelta(minutes=15)
NEWEST_AT_MOST = timedelta(hours=26)  # AWS Backup takes one a day and may begin an hour late
POLL_SECONDS = 30
RECORD = "/coder/{system}/restore-test"  # in the Parameter Store, which keeps the last hundred values


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """AWS, time, and where progress goes: what a test puts in the place of."""

    say: Callable[[str], None]
    client: Callable[[str, str], Any]
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True)
class Result:
    """What is recorded. faults: what was not as it should be, as sentences; none where the exercise went well."""

    database: str
    snapshot: str
    snapshot_taken: str
    restored_as: str
    begun: str
    minutes: float
    recoverable_minutes_behind: float | None
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the database can be got back as promised."""
        return not self.faults


@dataclass(frozen=True, kw_only=True)
class RestoreTest:
    """One exercise. patience: how long the restore may take before it counts as failed."""

    settings: Settings
    around: Surroundings
    patience: timedelta = RTO

    @property
    def identifier(self) -> str:
        """Of coderd's database."""
        return f"coder-{self.settings.system.name}"

    def run(self) -> Result:
        """Restore, look, record, delete. Failure where there is nothing to restore, or AWS does not let us."""
        region = self.settings.primary_region
        try:
            return self._run(region)
        except NoCredentialsError:
            raise Failure(
                ExitCode.MISSING, "there are no AWS credentials; sign in to the account (`aws sso login`, or AWS_PROFILE)"
            ) from None
        except ClientError as error:
            reason = error.response.get("Error", {})
            said = f"{reason.get('Code', 'an error')}: {reason.get('Message', '').rstrip('.')}"
            raise Failure(ExitCode.REFUSED, f"AWS refuses the exercise on {self.identifier} in {region}: {said}") from None
        except BotoCoreError as error:
            raise Failure(ExitCode.UNREACHABLE, f"AWS in {region} does not answer ({type(error).__name__})") from None

    def _run(self, region: str) -> Result:
        begun = self.around.now()
        kind = kind_of(self.settings.primary_database.engine)(self.around.client("rds", region), self.identifier)
        source = kind.source()
        if source is None:
            raise Failure(ExitCode.MISSING, f"there is no database {self.identifier} in {region}; run `pulumi up` first")
        for left in kind.left_over():
            self.around.say(f"{left} is left of an exercise that was interrupted; it is deleted")
            kind.delete(left)
        snapshot = kind.newest_snapshot()
        if snapshot is None:
            raise Failure(
                ExitCode.MISSING,
                f"{self.identifier} has no snapshot that is complete: see the jobs of the AWS Backup plan {self.identifier}",
            )
        group = self._closed_group(region, source.vpc_id)
        name = f"{kind.prefix}{begun:%Y%m%d%H%M}"
        self.around.say(f"restoring {snapshot.name} of {snapshot.taken:%Y-%m-%d %H:%M} UTC as {name}")
        try:
            kind.restore(snapshot, name, source, group)
            restored = self._wait(kind, name, begun)
            finished = self.around.now()
            faults = (*self._faults(begun, finished, snapshot.taken, source.recoverable_until), *kind.differences(source, restored))
        finally:
            kind.delete(name)
            self.around.say(f"{name} is being deleted")
        behind = None if source.recoverable_until is None else round((begun - source.recoverable_until).total_seconds() / 60, 1)
        result = Result(
            self.identifier,
            snapshot.name,
            snapshot.taken.isoformat(timespec="seconds"),
            name,
            begun.isoformat(timespec="seconds"),
            round((finished - begun).total_seconds() / 60, 1),
            behind,
            faults,
        )
        self._record(region, result)
        return result

    def _closed_group(self, region: str, vpc_id: str) -> str:
        """The VPC's default security group, which the stack keeps empty: what is in it reaches nobody, and nobody reaches it."""
        found: list[Any] = self.around.client("ec2", region).describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"]
        if not found:
            raise Failure(
                ExitCode.MISSING, f"{vpc_id} has no default security group, and a restored database would have one that admits others"
            )
        group = found[0]
        if group["IpPermissions"] or group["IpPermissionsEgress"]:
            problem = f"the default security group {group['GroupId']} of {vpc_id} has rules, so a restored database would not be alone"
            raise Failure(ExitCode.REFUSED, f"{problem}; run `pulumi up`, which empties it")
        return str(group["GroupId"])

    def _wait(self, kind: Restored, name: str, begun: datetime) -> Any:  # noqa: ANN401 - boto3's mapping
        told = ""
        while True:
            found = kind.restored(name)
            status = kind.status(found)
            if status == "available":
                return found
            if self.around.now() - begun > self.patience:
                minutes = round(self.patience.total_seconds() / 60)
                raise Failure(ExitCode.UNREACHABLE, f"{name} is {status} after {minutes} minutes; it is deleted, and nothing is recorded")
            if status != told:
                self.around.say(f"{name} is {status}")
                told = status
            self.around.sleep(POLL_SECONDS)

    @staticmethod
    def _faults(begun: datetime, finished: datetime, taken: datetime, recoverable: datetime | None) -> tuple[str, ...]:
        """What the recovery objectives ask of the exercise."""
        found: list[str] = []
        if finished - begun > RTO:
            found.append(f"the restore took {_minutes(finished - begun)} minutes, the objective is {_minutes(RTO)}")
        if begun - taken > NEWEST_AT_MOST:
            found.append(f"the newest snapshot is {_minutes(begun - taken) // 60} hours old: the daily backup has not run")
        if recoverable is None:
            found.append("the database has no point-in-time recovery: up to a day would be lost")
        elif begun - recoverable > RPO:
            found.append(f"point-in-time recovery is {_minutes(begun - recoverable)} minutes behind, the objective is {_minutes(RPO)}")
        return tuple(found)

    def _record(self, region: str, result: Result) -> None:
        name = RECORD.format(system=self.settings.system.name)
        self.around.client("ssm", region).put_parameter(
            Name=name,
            Value=as_json(result),
            Type="String",
            Overwrite=True,
            Description="Result of the last restore exercise (coder-eks restore-test)",
        )
        self.around.say(f"the result is recorded as {name} in the Parameter Store of {region}")


def as_json(result: Result) -> str:
    """The same for programs, and for the record."""
    return json.dumps({**asdict(result), "passed": result.passed}, sort_keys=True)


def show(result: Result) -> str:
    """What an operator reads, one fact a line."""
    behind = (
        "no point-in-time recovery" if result.recoverable_minutes_behind is None else f"{result.recoverable_minutes_behind} minutes behind"
    )
    lines = [
        f"{result.database}: the restore exercise {'passed' if result.passed else 'found faults'}.",
        f"Snapshot {result.snapshot} of {result.snapshot_taken}, restored in {result.minutes} minutes; point-in-time recovery: {behind}.",
        *(f"- {fault}" for fault in result.faults),
    ]
    return "\n".join(lines) + "\n"


def aws_client(service: str, region: str) -> Any:  # noqa: ANN401 - boto3 has a class for each service, made as it runs
    """A client that tells within a minute that nobody answers."""
    config = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})
    return cast("Any", boto3).client(service, region_name=region, config=config)


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)
