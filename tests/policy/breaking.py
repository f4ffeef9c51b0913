"""A shipped stack with one fact broken, and how the property that owns the fact must name it."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.policy.judge import Config, Outcome, run
from tests.policy.recorded import Entry, Recording, stack
from tests.policy.world import DEPLOYED, PREVIEW

Breaking = Callable[[Recording], object]


@dataclass(frozen=True)
class Broken:
    """name: what was broken. reason: words of the violation that names it. modes: when it can be seen."""

    name: str
    reason: str
    apply: Breaking
    modes: tuple[str, ...] = (PREVIEW, DEPLOYED)
    stack: str = "prod"

    def recording(self, mode: str) -> Recording:
        found = stack(self.stack, mode)
        self.apply(found)
        return found


def cases(broken: list[Broken]) -> pytest.MarkDecorator:
    """Every one in every mode that can show it."""
    return pytest.mark.parametrize(
        ("broken", "mode"),
        [pytest.param(each, mode, id=f"{each.name}-{mode}".replace(" ", "-")) for each in broken for mode in each.modes],
    )


def assert_caught(broken: Broken, mode: str, number: int, config: Config | None = None) -> None:
    """The property's own policy stops it, and says why."""
    outcome = run(broken.recording(mode), mode, config, number=number)
    found = [line.message for line in outcome.violations(number)]
    assert any(broken.reason in message for message in found), found or outcome.lines
    assert all(f"\nproperty-{number:02}: " in message for message in found), found


@functools.cache
def _whole(name: str, mode: str) -> Outcome:
    return run(stack(name, mode), mode)


def untouched(name: str = "prod", mode: str = DEPLOYED) -> Outcome:
    """What the pack says of a shipped stack as it is."""
    return copy.deepcopy(_whole(name, mode))


def put(type_token: str, name: str | None, path: str, value: Any) -> Breaking:
    """Change one property of one resource."""
    return lambda found: found.one(type_token, name).put(path, value)


def drop(type_token: str, name: str | None, path: str) -> Breaking:
    """Take one property of one resource away."""
    return lambda found: found.one(type_token, name).drop(path)


def remove(type_token: str, name: str | None = None) -> Breaking:
    """Take one resource away."""
    return lambda found: found.remove(found.one(type_token, name))


def add(type_token: str, name: str, inputs: dict[str, Any], like: str | None = None) -> Breaking:
    """One more resource, in the place of the first of another type."""

    def change(found: Recording) -> Entry:
        beside = found.all(like)[0] if like else None
        made = found.add(type_token, name, inputs, beside)
        made.edges = {}
        return made

    return change
