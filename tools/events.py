"""What the engine did, read from its event log (`--event-log`): one JSON object a line, in apitype.EngineEvent's form.

Of an `up` the log holds the update; if its preview failed, the preview.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tools.judgements import Property, Violation, properties, violations

Event = Mapping[str, object]

# The operations that count a resource once; a replacement's parts (create-replacement, delete-replaced) stand behind `replace`.
CHANGES = ("create", "update", "replace", "delete")
OPERATIONS = (*CHANGES, "same")
# What the engine says at the end of any failure, after the reason.
_GENERIC_FAILURES = ("preview failed", "update failed", "destroy failed")


@dataclass(frozen=True)
class Protected:
    """A protected resource that the change would replace or delete. forced_by: the properties that force a replacement."""

    urn: str
    type: str
    deletes: bool
    forced_by: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """An error of the engine, the program or a provider. urn: empty when it belongs to no resource."""

    urn: str
    message: str


@dataclass(frozen=True)
class Run:
    """One operation of the engine. operations, types: by URN, without the providers. seconds: whole, as the engine counts."""

    is_preview: bool
    succeeded: bool
    seconds: int
    operations: Mapping[str, str]
    types: Mapping[str, str]
    violations: tuple[Violation, ...]
    properties: tuple[Property, ...]
    protected: tuple[Protected, ...]
    failures: tuple[Failure, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be, created, updated, replaced or deleted."""
        return any(operation in CHANGES for operation in self.operations.values())


def name_of(urn: str) -> str:
    """The logical name of a resource."""
    return urn.rpartition("::")[2]


def scrub(log: Path) -> None:
    """Drop debug messages from a log that is to be kept: they repeat what the program hands over, secrets in plain text."""
    if not log.exists():
        return
    lines = [line for line in log.read_text().splitlines(keepends=True) if '"severity":"debug"' not in line]
    new = log.with_suffix(".scrubbed")
    new.touch(mode=0o600)
    new.write_text("".join(lines))
    new.replace(log)


def read(log: Path) -> Run:
    """The run that a log tells of; a log that is missing, or ends early, tells of a run that failed."""
    lines = log.read_text().splitlines() if log.exists() else []
    return interpret([cast("Event", json.loads(line)) for line in lines if line.endswith("}")])


def interpret(events: Sequence[Event]) -> Run:
    """The run that a sequence of events tells of."""
    steps = [_mapping(event["metadata"]) for event in _of(events, "resourcePreEvent")]
    done = [_mapping(event["metadata"]) for event in _of(events, "resOutputsEvent")]
    counted = [step for step in done if step.get("op") in OPERATIONS and not text(step, "type").startswith("pulumi:providers:")]
    summary = next(_of(events, "summaryEvent"), _mapping(None))
    reported = list(_of(events, "policyEvent"))
    judged = [*_of(events, "policyAnalyzeSummaryEvent"), *_of(events, "policyAnalyzeStackSummaryEvent")]
    return Run(
        is_preview=summary.get("isPreview") is True,
        succeeded=summary.get("result") == "succeeded",
        seconds=cast("int", summary.get("durationSeconds", 0)),
        operations={text(step, "urn"): text(step, "op") for step in counted},
        types={text(step, "urn"): text(step, "type") for step in counted},
        violations=violations(reported),
        properties=properties(reported, judged),
        protected=_protected(steps),
        failures=tuple(_failures(events)),
    )


def text(event: Event, key: str) -> str:
    """A field that is a string, or an empty one."""
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _protected(steps: Sequence[Event]) -> tuple[Protected, ...]:
    """Each protected resource whose data a step would end, with what forces it."""
    found: dict[str, Protected] = {}
    for step in steps:
        operation = step.get("op")
        if operation not in {"replace", "create-replacement", "delete"} or _mapping(step.get("old")).get("protect") is not True:
            continue
        keys = tuple(sorted(cast("list[str]", step.get("keys") or [])))
        urn = text(step, "urn")
        former = found.get(urn)
        found[urn] = Protected(urn, text(step, "type"), operation == "delete", keys or (former.forced_by if former else ()))
    return tuple(found[urn] for urn in sorted(found))


def _failures(events: Sequence[Event]) -> Iterator[Failure]:
    seen: set[Failure] = set()
    for event in _of(events, "diagnosticEvent"):
        failure = Failure(text(event, "urn"), text(event, "message").strip())
        if event.get("severity") == "error" and failure.message not in _GENERIC_FAILURES and failure not in seen:
            seen.add(failure)
            yield failure


def _of(events: Sequence[Event], kind: str) -> Iterator[Event]:
    return (_mapping(event[kind]) for event in events if kind in event)


def _mapping(value: object) -> Event:
    return cast("Event", value) if isinstance(value, dict) else {}
