"""`coder-eks preflight`: what can be asked before anything is made, and would stop a deployment later (decision 4, PRE-01 to PRE-14).

A check is a function that yields findings; the table CHECKS names them in their order. What can't be asked is told as `not checked`, with
the reason: it is neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations.preflight_account import credentials, database_engine, hosted_zone, instance_types, kubernetes_versions, zones
from operations.preflight_quotas import quotas
from operations.preflight_reach import identity_provider, kubernetes_api
from operations.preflight_secrets import secrets
from operations.preflight_surroundings import Answer, NoAnswerError, Surroundings

_LONGEST = 200  # characters of what AWS says; a proxy in between may say a whole page


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Finding(NamedTuple):
    """What a check found out. sentence: what is so; where it failed, what to do."""

    name: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Check:
    """name: in the table. ask: yields Answers. needs_account: not asked where there are no credentials.

    required: where it can't be asked it has failed: without an account, or with limits that nobody knows, nothing is right (PRE-08).
    """

    name: str
    ask: Callable[[Surroundings], Iterable[Answer]]
    needs_account: bool = True
    required: bool = False


CHECKS: Sequence[Check] = (
    Check("credentials", credentials, needs_account=False, required=True),
    Check("quotas", quotas, required=True),
    Check("zones", zones),
    Check("instance types", instance_types),
    Check("database engine", database_engine),
    Check("Kubernetes versions", kubernetes_versions),
    Check("hosted zone", hosted_zone),
    Check("secrets", secrets),
    Check("identity provider", identity_provider, needs_account=False),
    Check("Kubernetes API", kubernetes_api),
)


def run(around: Surroundings, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Every finding, in the table's order; an exception of AWS's is one too."""
    found: list[Finding] = []
    account = True
    for check in checks:
        if check.needs_account and not account:
            found.append(Finding(check.name, State.NOT_CHECKED, "there is no account to ask"))
            continue
        mine = list(_findings(check, around))
        account = account and not (check.name == "credentials" and any(finding.state is State.FAILED for finding in mine))
        found += mine
    return tuple(found)


def _findings(check: Check, around: Surroundings) -> Iterator[Finding]:
    unasked = State.FAILED if check.required else State.NOT_CHECKED
    try:
        for answer in check.ask(around):
            state = State.NOT_CHECKED if answer.right is None else State.OK if answer.right else State.FAILED
            yield Finding(check.name, state, answer.sentence)
    except NoAnswerError as error:
        yield Finding(check.name, unasked, str(error))
    except NoCredentialsError:
        yield Finding(check.name, unasked, "there are no AWS credentials; sign in to the account (`aws sso login`, or AWS_PROFILE)")
    except ClientError as error:
        reason = error.response.get("Error", {})
        said = " ".join(f"{reason.get('Code', 'an error')}: {reason.get('Message', '')}".split()).rstrip(".")[:_LONGEST]
        yield Finding(check.name, unasked, f"AWS refuses {error.operation_name}: {said}")
    except BotoCoreError as error:
        yield Finding(check.name, unasked, f"AWS does not answer ({type(error).__name__}); is it reachable from here?")


def asked(findings: Iterable[Finding], name: str) -> bool:
    """Whether a check has come to answers of the account, right or wrong: none was `not checked`, and the account is there."""
    states = {finding.name: finding.state for finding in findings if finding.name in {name, "credentials"}}
    return states.get("credentials") is State.OK and states.get(name, State.NOT_CHECKED) is not State.NOT_CHECKED


def passed(findings: Iterable[Finding]) -> bool:
    """Whether nothing was found that would stop a deployment."""
    return all(finding.state is not State.FAILED for finding in findings)


def as_json(stack: str, findings: Sequence[Finding]) -> dict[str, object]:
    """The same for programs (PRE-14)."""
    return {
        "stack": stack,
        "passed": passed(findings),
        "checks": [{"name": name, "state": state.value, "sentence": sentence} for name, state, sentence in findings],
    }


def show(stack: str, findings: Sequence[Finding], console: Console) -> None:
    """A table, and a verdict below it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("check", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("", overflow="fold")
    colours = {State.OK: "green", State.FAILED: "red", State.NOT_CHECKED: "yellow"}
    for name, state, sentence in findings:
        table.add_row(name, Text(state.value, style=colours[state]), Text(sentence))
    console.print(table)
    counts = {state: sum(finding.state is state for finding in findings) for state in State}
    verdict = (
        f"{counts[State.FAILED]} would stop `pulumi up --stack {stack}`" if counts[State.FAILED] else "nothing found that would stop it"
    )
    console.print(Text(f"\n{counts[State.OK]} right, {counts[State.NOT_CHECKED]} not checked, {verdict}"), soft_wrap=True)
