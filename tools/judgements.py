"""What the policy pack said about each property, from the engine's policy events.

The pack's words: a property is one or two policies, `property-05-backup` and `property-05-backup-inputs`; what it could not judge comes as
advisory lines `property-05 not judged: …` and `property-05 not yet judged: …`, each below the policy's description.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import cast

_POLICY = re.compile(r"^property-(\d+)-(.+?)(?:-inputs)?$")
_STATEMENT = re.compile(r"^property-(\d+)(?P<open> not judged| not yet judged)?: (?P<text>.*)$", re.DOTALL | re.MULTILINE)


class Judgement(StrEnum):
    """One property's state after a run."""

    VIOLATED = "violated"
    NOT_JUDGED = "not judged"
    PARTLY = "partly judged"
    PASSED = "passed"


@dataclass(frozen=True, order=True)
class Violation:
    """number: the property's, or None for a policy that is none. urn: empty when it speaks of the stack. mandatory: stops the update."""

    policy: str
    urn: str
    message: str
    mandatory: bool

    @property
    def number(self) -> int | None:
        """As the design counts the properties."""
        match = _POLICY.match(self.policy)
        return int(match[1]) if match else None


@dataclass(frozen=True, order=True)
class Property:
    """number, name: as in the policy's name. reason: of what was not judged."""

    number: int
    name: str
    judgement: Judgement
    reason: str = ""


def violations(reported: Sequence[Mapping[str, object]]) -> tuple[Violation, ...]:
    """Every violation once, without the statements about what was not judged."""
    found: set[Violation] = set()
    for event in reported:
        message = _words(event)
        statement = _STATEMENT.match(message)
        if statement is None or statement["open"] is None:
            mandatory = event.get("enforcementLevel") == "mandatory"
            found.add(Violation(str(event.get("policyName")), str(event.get("resourceUrn", "")), message, mandatory))
    return tuple(sorted(found))


def properties(reported: Sequence[Mapping[str, object]], judged: Sequence[Mapping[str, object]]) -> tuple[Property, ...]:
    """The state of every property that a run speaks of, by number. `judged`: the engine's summaries of passed and failed policies."""
    names = _names(judged)
    states = dict.fromkeys(names, (Judgement.PASSED, "")) | _open(reported)
    states |= {violation.number: (Judgement.VIOLATED, "") for violation in violations(reported) if violation.mandatory and violation.number}
    return tuple(Property(number, names.get(number, ""), *states[number]) for number in sorted(states))


def with_silent(found: Sequence[Property], names: Mapping[int, str]) -> tuple[Property, ...]:
    """The properties of a run with those of the pack that the run says nothing of: they were not judged. names: the pack's, by number."""
    spoken = {each.number: each if each.name else replace(each, name=names.get(each.number, "")) for each in found}
    silent = {number: Property(number, names[number], Judgement.NOT_JUDGED, "nothing of it in this run") for number in names}
    return tuple((silent | spoken)[number] for number in sorted(silent | spoken))


def pack_names(pack: Path) -> dict[int, str]:
    """The properties of the pack in a folder, by number: each is a module `property_05_backup.py`."""
    matches = [re.fullmatch(r"property_(\d+)_(\w+)\.py", file.name) for file in sorted(pack.glob("property_*.py"))]
    return {int(match[1]): match[2].replace("_", " ") for match in matches if match}


def _names(judged: Sequence[Mapping[str, object]]) -> dict[int, str]:
    """The properties whose policies ran, by number."""
    policies = [policy for event in judged for key in ("passed", "failed") for policy in _strings(event, key)]
    return {int(match[1]): match[2].replace("-", " ") for match in map(_POLICY.match, policies) if match}


def _open(reported: Sequence[Mapping[str, object]]) -> dict[int, tuple[Judgement, str]]:
    """The properties that were not judged, or only in part, and why."""
    statements = [match for match in map(_STATEMENT.match, map(_words, reported)) if match and match["open"]]
    waiting = Counter(int(match[1]) for match in statements if match["open"] == " not yet judged")
    partly = {number: (Judgement.PARTLY, f"{count} unknown before the update") for number, count in waiting.items()}
    postponed = {int(match[1]): (Judgement.NOT_JUDGED, match["text"]) for match in statements if match["open"] == " not judged"}
    return partly | postponed


def _words(event: Mapping[str, object]) -> str:
    """What a policy said, without the description that the SDK puts above it."""
    message = str(event.get("message", "")).strip()
    statement = _STATEMENT.search(message)
    if statement is not None:
        return message[statement.start() :]
    _, _, rest = message.partition("\n")
    return rest or message


def _strings(event: Mapping[str, object], key: str) -> list[str]:
    return [str(item) for item in cast("list[object]", event.get(key) or [])]
