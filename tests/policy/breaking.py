"""A shipped stack with one fact broken, and how the property that owns the fact must name it."""

from __future__ import annotations

import copy
import functools
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, settings
from pydantic import ValidationError

from composer import provenance
from composer.bill import bill
from composer.files import content_hash, read
from composer.manifests import Base, Toolchain
from tests.policy.judge import Config, Line, Outcome, assert_named, run
from tests.policy.recorded import ROOT, Entry, Recording, stack
from tests.policy.world import DEPLOYED, PREVIEW

examples = settings(max_examples=100, phases=[Phase.explicit, Phase.generate])  # a smaller example costs minutes and says no more
Breaking = Callable[[Recording], object]
TEMPLATE = "coderd:index/template:Template"


@dataclass(frozen=True)
class Broken:
    """name: what was broken. reason: words of the violation that names it. modes: when it can be seen. whole: in the stack as a whole."""

    name: str
    reason: str
    apply: Breaking
    modes: tuple[str, ...] = (PREVIEW, DEPLOYED)
    stack: str = "prod"
    whole: bool = False

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
    """The property's own policy stops it, and says why and where; without it, it says nothing."""
    assert_named(run(broken.recording(mode), mode, config, number=number), number, broken.reason, whole=broken.whole)
    assert _unbroken(broken.stack, mode, number) == []


@functools.cache
def _unbroken(name: str, mode: str, number: int) -> list[Line]:
    return run(stack(name, mode), mode, number=number).violations(number)


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


def edited(changes: Mapping[str, Callable[[str], str] | None], template: str | None = "pod-swdev") -> Breaking:
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


def forged(changes: Mapping[str, Callable[[str], str] | None], template: str | None = "pod-swdev") -> Breaking:
    """The same, and every manifest made to fit: hashes, bill of materials, metadata, the version's name, the declared facts."""

    def change(found: Recording) -> None:
        edited(changes, template)(found)
        entry = found.one(TEMPLATE, template)
        folder = Path(entry.inputs["versions"][0]["directory"])
        forge(folder)
        whole = content_hash(read(folder))
        pins = entry.inputs["versions"][0]["name"].rpartition("-")[0]
        entry.put("versions.0.name", f"{pins}-{whole[:12]}")
        for declared in found.all("coder-eks:templates:Templates"):
            for props in (declared.inputs, declared.outputs):
                facts = props.get("templates", {}).get(entry.inputs["name"])
                if isinstance(facts, dict):
                    facts["contentHash"] = whole

    return change


def forge(folder: Path) -> None:
    """Make the manifests of a folder say what is in it."""
    told = json.loads((folder / provenance.PROVENANCE).read_text())
    files = read(folder)
    for kind in ("toolchain", "base"):
        own = {path.removeprefix(f"{kind}/"): content for path, content in files.items() if path.startswith(f"{kind}/")}
        told[kind]["files"] = content_hash(own)
    told["artifacts"] = provenance.artifacts(files).model_dump(mode="json")
    if isinstance(parsed := provenance.read({**files, provenance.PROVENANCE: json.dumps(told).encode()}), provenance.Provenance):
        told["metadata"] = provenance.metadata(parsed, files)
        root = json.loads(files[provenance.ROOT])
        root["module"]["base"]["provenance"] = {key: provenance.literal(value) for key, value in told["metadata"].items()}
        (folder / provenance.ROOT).write_text(json.dumps(root, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        try:
            toolchain = Toolchain.model_validate(yaml.safe_load(files["toolchain/toolchain.yaml"]))
            base = Base.model_validate(yaml.safe_load(files["base/base.yaml"]))
            (folder / provenance.BILL).write_bytes(bill(told["composition"], toolchain, base, provenance.modules(files), told["artifacts"]))
        except ValidationError:
            pass  # the manifest itself is what was broken
    told["files"] = provenance.digests(read(folder))
    (folder / provenance.PROVENANCE).write_text(json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
