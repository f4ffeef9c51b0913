"""A shipped stack with one fact broken, and how the property that owns the fact must name it."""

from __future__ import annotations

import copy
import functools
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.policy.judge import Config, Outcome, run
from tests.policy.recorded import ROOT, Entry, Recording, stack
from tests.policy.world import DEPLOYED, PREVIEW

Breaking = Callable[[Recording], object]
TEMPLATE = "coderd:index/template:Template"


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


_FOLDERS = tempfile.TemporaryDirectory(prefix="coder-eks-templates-")


def edited(changes: Mapping[str, Callable[[str], str] | None], template: str | None = None) -> Breaking:
    """The template's folder with files changed, added or taken away (None); the program names the changed copy."""

    def change(found: Recording) -> None:
        entry = found.one(TEMPLATE, template)
        source = ROOT / entry.inputs["versions"][0]["directory"]
        target = Path(tempfile.mkdtemp(dir=_FOLDERS.name)) / source.name
        shutil.copytree(source, target)
        for name, edit in changes.items():
            file = target / name
            if edit is None:
                file.unlink()
                continue
            before = file.read_text() if file.exists() else ""
            after = edit(before)
            assert after != before, f"{name} stays as it is"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(after)
        entry.put("versions.0.directory", str(target))

    return change


def swap(old: str, new: str) -> Callable[[str], str]:
    """The first occurrence of one text by another; it must be there."""

    def edit(text: str) -> str:
        assert old in text, f"{old!r} is not there"
        return text.replace(old, new, 1)

    return edit


def append(more: str) -> Callable[[str], str]:
    """The text and something more."""
    return lambda text: f"{text}\n{more}\n"
