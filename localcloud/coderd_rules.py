"""What the coder/coderd provider's validators refuse at preview."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from localcloud.coderd_facts import CoderKind
from localcloud.kinds.model import UNKNOWN, Value, values_at

_NAME: Final = re.compile(r"(?!(new|create)\Z)(?=.{1,32}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z")
_GROUP_NAME: Final = re.compile(r"(?!(new|create)\Z)(?=.{1,36}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z")
_DISPLAY: Final = re.compile(r"(\S(.{0,62}\S)?)?\Z", re.DOTALL)
_REAL: Final = re.compile(r"(\S(.{0,126}\S)?)?\Z", re.DOTALL)
_VERSION: Final = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9]+([_.-][A-Za-z0-9]+)*\Z")
_DESCRIPTION: Final = re.compile(r".{0,127}\Z", re.DOTALL)
NAME_RULES: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "name": (_NAME, "1 to 32 letters and digits in groups joined by single hyphens, not `new` or `create`"),
    "group": (_GROUP_NAME, "1 to 36 letters and digits in groups joined by single hyphens"),
    "display": (_DISPLAY, "at most 64 characters, without a space at either end"),
    "real": (_REAL, "at most 128 characters, without a space at either end"),
    "version": (_VERSION, "at most 64 letters and digits in groups joined by one `_`, `.` or `-`"),
    "description": (_DESCRIPTION, "at most 127 characters"),
    "ai": (re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z"), "lower-case letters and digits in groups joined by single hyphens"),
    "filled": (re.compile(r".+", re.DOTALL), "not empty"),
}


def rule_faults(kind: CoderKind, inputs: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Paths and sentences."""
    found: list[tuple[str, str]] = []
    for path, rule in kind.names.items():
        pattern, words = NAME_RULES[rule]
        found += [(path, f"{path}: {value!r} does not fit; write {words}") for value in _texts(inputs, path) if not pattern.match(value)]
    for path in kind.uuids:
        found += [(path, f"{path}: {value!r} is no UUID") for value in _texts(inputs, path) if not is_uuid(value)]
    found += [*_choice_faults(kind, inputs), *_number_faults(kind, inputs), *_expression_faults(kind, inputs), *kind.combined(inputs)]
    return found


def _choice_faults(kind: CoderKind, inputs: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for choices, fold in ((kind.choices, str), (kind.loose_choices, str.lower)):
        for path, allowed in choices.items():
            for value in values_at(inputs, path):
                if value is not UNKNOWN and value is not None and fold(str(value)) not in allowed:
                    yield path, f"{path}: {value!r} is none of {', '.join(allowed)}"


def _number_faults(kind: CoderKind, inputs: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Terraform's integers arrive as numbers."""
    for path, (least, most) in kind.whole.items():
        for value in values_at(inputs, path):
            if isinstance(value, int | float) and not (float(value).is_integer() and least <= value <= most):
                yield path, f"{path}: {value} does not fit; write a whole number from {least} to {most}"


def _expression_faults(kind: CoderKind, inputs: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Go's syntax, which Python's is near to."""
    for path in kind.expressions:
        for value in _texts(inputs, path):
            try:
                re.compile(value)
            except re.error as error:
                yield path, f"{path}: {value!r} is no regular expression: {error}"


def _texts(inputs: Mapping[str, Value], path: str) -> list[str]:
    return [value for value in values_at(inputs, path) if isinstance(value, str)]


_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID."""
    return _UUID.match(text) is not None
