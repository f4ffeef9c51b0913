"""Reading IAM policy documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import cast

from policy.values import Props, Unknown, Value, mapping, plain, sequence


@dataclass(frozen=True)
class Statement:
    """One statement, its lists always lists. condition: operator to key to values."""

    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    condition: Props

    @property
    def on_everything(self) -> bool:
        """Whether it speaks of every resource, or of all but some."""
        return "*" in self.resources or bool(self.not_resources)

    def allows(self, action: str) -> bool:
        """Whether it allows an action on anything, by IAM's matching: no letter case, `*` and `?`."""
        if self.effect != "Allow":
            return False
        if self.not_actions:
            return not any(_matches(pattern, action) for pattern in self.not_actions)
        return any(_matches(pattern, action) for pattern in self.actions)


def _matches(pattern: str, action: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


def document(value: Value) -> Props | None:
    """A policy document from its text; None where it is unknown or no document."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        return None
    try:
        return mapping(plain(cast("object", json.loads(value))))
    except json.JSONDecodeError:
        return None


def statements(value: Value) -> Iterator[Statement]:
    """The statements of a document; nothing where it is unknown or none."""
    found = (document(value) or {}).get("Statement")
    for item in found if isinstance(found, list) else [found] if found is not None else []:
        statement = mapping(item)
        yield Statement(
            effect=str(statement.get("Effect", "")),
            actions=_texts(statement.get("Action")),
            not_actions=_texts(statement.get("NotAction")),
            resources=_texts(statement.get("Resource")),
            not_resources=_texts(statement.get("NotResource")),
            principals=tuple(_principals(statement.get("Principal"))),
            condition=mapping(statement.get("Condition")),
        )


def _principals(value: Value) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield "AWS", value
    for kind, names in mapping(value).items():
        for name in _texts(names):
            yield kind, name


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, Unknown):
        return ()
    return tuple(item for item in (sequence(value) if isinstance(value, list) else [value]) if isinstance(item, str))
