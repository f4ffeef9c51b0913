"""`coder-eks deploy`: `pulumi up` that tries again where AWS is slow or busy, and tells somebody when it gives up (EKS-29, OBS-14).

A second attempt goes on where the first one stopped: what was made stands in the state. What the stack file or a policy is wrong about
fails the same way each time, and is not tried again.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from operations.failure import ExitCode, Failure
from operations.retries import Patience, persist
from operations.stack import Stack

# What AWS and its provider say when another attempt may succeed: time that ran out, a busy API, a dependency that is not there yet
PASSING = re.compile(
    r"timeout while waiting|context deadline exceeded|unexpected state 'CREATE_FAILED'|NodeCreationFailure|Throttling|TooManyRequests"
    r"|RequestLimitExceeded|ServiceUnavailable|InternalFailure|InternalServer|UnsupportedAvailabilityZoneException|ResourceInUseException"
    r"|InsufficientInstanceCapacity|connection reset|i/o timeout|TLS handshake timeout|cluster unreachable",
    re.IGNORECASE,
)
PROTECTED = re.compile(r"policy violation|\[mandatory\]|coder-eks:[a-z_.]+", re.IGNORECASE)
CRITICAL = "critical"


class Teller(Protocol):
    """Publishes to a topic."""

    def __call__(self, topic_arn: str, subject: str, message: str) -> None:
        """May raise Failure where AWS does not take it."""
        ...


@dataclass(frozen=True)
class Attempt:
    """What one `pulumi up` ended with."""

    code: int
    said: str

    @property
    def passing(self) -> bool:
        """Whether it failed of something that may be over in a while."""
        return self.code != 0 and bool(PASSING.search(self.said)) and not PROTECTED.search(self.said)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One run. update: one `pulumi up`. topics: of the stack's outputs, {} where there are none yet. tell: publishes to SNS."""

    stack: str
    update: Callable[[], Attempt]
    topics: Callable[[], Mapping[str, object]]
    tell: Teller
    say: Callable[[str], None]
    sleep: Callable[[float], None]
    patience: Patience

    def run(self) -> None:
        """Until it stands, or Failure; the critical topic is told of what another attempt did not end (OBS-14)."""
        last = persist(self.update, lambda attempt: attempt.passing, self.patience, self.sleep, self.say)
        if last.code == 0:
            return
        if not last.passing:
            raise Failure(ExitCode.REFUSED, f"pulumi up of stack {self.stack} failed, and would again: see above")
        told = self._tell(last)
        problem = f"pulumi up of stack {self.stack} failed {self.patience.attempts} times; {told}. What stands is kept: run it again"
        raise Failure(ExitCode.UNREACHABLE, problem)

    def _tell(self, last: Attempt) -> str:
        topic = self.topics().get(CRITICAL)
        if not isinstance(topic, str):
            return "nobody was told, the stack has no topics yet"
        reason = next((line.strip() for line in last.said.splitlines() if PASSING.search(line)), "see the run's log")
        message = (
            f"System down (critical, L1): the deployment of {self.stack} gave up after {self.patience.attempts} attempts. {reason[:500]} "
            "EKS-29, OBS-14. Runbook: docs/runbooks/alerts.md#system-down"
        )
        self.tell(topic, f"Coder {self.stack}: deployment gave up", message)
        return "the critical topic was told"


def pulumi_up(stack: Stack, arguments: tuple[str, ...], show: Callable[[str], object]) -> Attempt:
    """One `pulumi up`, shown as it goes."""
    command = ["pulumi", "up", "--yes", "--non-interactive", "--stack", stack.name, *arguments]
    try:
        process = subprocess.Popen(command, cwd=stack.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        raise Failure(ExitCode.MISSING, "pulumi is not on PATH; install it") from None
    lines: list[str] = []
    assert process.stdout is not None  # asked for above
    for line in process.stdout:
        lines.append(line)
        show(line)
    return Attempt(process.wait(), "".join(lines))


def publish(region: str) -> Teller:
    """Publishes by the operator's own credentials."""
    import boto3  # slow to import, and needed only when something has failed
    from botocore.exceptions import BotoCoreError, ClientError

    def tell(topic_arn: str, subject: str, message: str) -> None:
        try:
            boto3.client("sns", region_name=region).publish(TopicArn=topic_arn, Subject=subject[:100], Message=message)  # pyright: ignore[reportUnknownMemberType] boto3 has no types
        except (BotoCoreError, ClientError) as error:
            raise Failure(ExitCode.UNREACHABLE, f"the topic {topic_arn} was not told: {error}") from None

    return tell
