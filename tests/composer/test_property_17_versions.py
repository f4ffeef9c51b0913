"""**Feature: coder-deployment-guide, Property 17: Toolchain Template Semantic Versioning** (TPL-25)

A toolchain is edited by a script of steps, each of which says by itself what it needs; the classifier sees the two ends alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from semver import Version

from composer import versioning
from composer.catalog import Module
from composer.files import content_hash
from composer.manifests import Base, Contract, Toolchain
from composer.publications import Release
from composer.versioning import Bump

VARIABLES = b'variable "mirror" {\n  type    = string\n  default = ""\n}\n'
OUTPUTS = b'output "bootstrap_script" {\n  value = ""\n}\noutput "runtime_env" {\n  value = {}\n}\n'
FIRST: dict[str, Any] = {
    "name": "tools",
    "version": "1.4.2",
    "contract": "1.0",
    "description": "Tools",
    "image": "enterprise-base",
    "toolchain": {
        "languages": [{"name": "go", "version": "1.23.4"}, {"name": "python", "version": "3.12.1"}],
        "tools": [{"name": "gh", "version": "2.40.0"}],
    },
    "capabilities": {"required": ["persistent-home"], "optional": ["gui-vnc"]},
    "compute": {"profiles": ["small", "medium"], "default": "small"},
    "apps": [{"name": "notes", "title": "Notes", "icon": "/icon/notes.svg", "port": 8000}],
}
FILES = {"variables.tf": VARIABLES, "outputs.tf": OUTPUTS, "bootstrap/install.sh": b"#!/bin/bash\ntrue\n"}


def module(manifest: Mapping[str, Any], files: Mapping[str, bytes] = FILES) -> Module[Toolchain]:
    whole = {**files, "toolchain.yaml": yaml.safe_dump(dict(manifest)).encode()}
    return Module(Toolchain.model_validate(manifest), whole)


class Step(NamedTuple):
    """One edit: what it needs by itself, and how it is made."""

    needs: Bump
    apply: Callable[[dict[str, Any], dict[str, bytes]], None]


def _tool(name: str, version: str | None, *, mends: bool = False) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def apply(manifest: dict[str, Any], _files: dict[str, bytes]) -> None:
        software = {**manifest["toolchain"]}
        for group in ("languages", "tools"):
            software[group] = [tool for tool in software[group] if tool["name"] != name]
        if version is not None:
            software["tools"] = [*software["tools"], {"name": name, "version": version}]
        manifest["toolchain"] = software
        if mends:
            manifest["fixes"] = [*manifest.get("fixes", []), {"tool": name, "advisory": "CVE-2026-12345"}]

    return apply


def _asks(required: list[str], optional: list[str]) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    return lambda manifest, _files: manifest.update(capabilities={"required": required, "optional": optional})


def _file(path: str, content: bytes | None) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def apply(_manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        files.pop(path, None)
        if content is not None:
            files[path] = content

    return apply


# By what they touch, so that a script takes at most one of each and the steps' needs do not undo each other
STEPS: dict[str, list[Step]] = {
    "go": [
        Step(Bump.PATCH, _tool("go", "1.23.9")),
        Step(Bump.MINOR, _tool("go", "1.24.0")),
        Step(Bump.PATCH, _tool("go", "1.24.0", mends=True)),
        Step(Bump.MAJOR, _tool("go", None)),
        Step(Bump.MAJOR, _tool("go", "1.22.0")),
    ],
    "python": [Step(Bump.PATCH, _tool("python", "3.12.7+20260101", mends=True)), Step(Bump.MINOR, _tool("python", "3.13.0"))],
    "new": [Step(Bump.MINOR, _tool("kubectl", "1.33.1"))],
    "asks": [
        Step(Bump.MAJOR, _asks(["persistent-home", "gui-vnc"], [])),
        Step(Bump.MAJOR, _asks(["persistent-home", "outbound-https"], ["gui-vnc"])),
        Step(Bump.MINOR, _asks(["persistent-home"], ["gui-vnc", "gpu-support"])),
        Step(Bump.MAJOR, _asks(["persistent-home"], [])),
        Step(Bump.MINOR, _asks([], ["gui-vnc", "persistent-home"])),
    ],
    "profiles": [
        Step(Bump.MINOR, lambda manifest, _: manifest.update(compute={"profiles": ["small", "medium", "large"], "default": "small"})),
        Step(Bump.MAJOR, lambda manifest, _: manifest.update(compute={"profiles": ["medium"], "default": "medium"})),
        Step(Bump.MINOR, lambda manifest, _: manifest.update(compute={"profiles": ["small", "medium"], "default": "medium"})),
    ],
    "apps": [
        Step(Bump.MAJOR, lambda manifest, _: manifest.update(apps=[])),
        Step(Bump.MINOR, lambda manifest, _: manifest.update(apps=[*FIRST["apps"], {**FIRST["apps"][0], "name": "more", "port": 8001}])),
    ],
    "contract": [Step(Bump.MAJOR, lambda manifest, _: manifest.update(contract="2.0"))],
    "words": [Step(Bump.PATCH, lambda manifest, _: manifest.update(description="Other tools"))],
    "script": [
        Step(Bump.PATCH, _file("bootstrap/install.sh", b"#!/bin/bash\ntrue # mended\n")),
        Step(Bump.PATCH, _file("bootstrap/more.sh", b"#!/bin/bash\n")),
    ],
    "variables": [
        Step(Bump.MAJOR, _file("variables.tf", b"")),
        Step(Bump.MINOR, _file("variables.tf", VARIABLES + b'variable "proxy" {\n  default = ""\n}\n')),
        Step(Bump.MAJOR, _file("variables.tf", VARIABLES + b'variable "proxy" {\n  type = string\n}\n')),
        Step(Bump.MAJOR, _file("variables.tf", VARIABLES.replace(b"string", b"number"))),
        Step(Bump.PATCH, _file("variables.tf", b"# said better\n" + VARIABLES)),
    ],
}
scripts = st.fixed_dictionaries({}, optional={subject: st.sampled_from(steps) for subject, steps in STEPS.items()})


def edited(script: Mapping[str, Step], manifest: Mapping[str, Any] = FIRST, version: str | None = None) -> Module[Toolchain]:
    changed, files = dict(manifest), dict(FILES)
    for step in script.values():
        step.apply(changed, files)
    return module({**changed, "version": version or manifest["version"]}, files)


def needed(script: Mapping[str, Step]) -> Bump:
    """The oracle: the most that a step of the script needs."""
    return max((step.needs for step in script.values()), default=Bump.NONE)


def follows(version: str, bump: Bump) -> str:
    """The oracle's own arithmetic."""
    major, minor, patch = map(int, version.split("."))
    return {
        Bump.NONE: version,
        Bump.PATCH: f"{major}.{minor}.{patch + 1}",
        Bump.MINOR: f"{major}.{minor + 1}.0",
        Bump.MAJOR: f"{major + 1}.0.0",
    }[bump]


@settings(max_examples=250, deadline=None)
@given(scripts)
def test_the_bump_is_what_the_edits_need(script: dict[str, Step]):
    assert versioning.bump(module(FIRST), edited(script)) == needed(script)


@settings(max_examples=250, deadline=None)
@given(scripts, st.sampled_from(["1.4.2", "1.4.3", "1.5.0", "2.0.0", "1.4.4", "1.6.0", "3.0.0", "1.4.1", "2.0.0-beta.1"]))
def test_a_version_is_accepted_exactly_when_it_is_the_one_that_follows(script: dict[str, Step], version: str):
    """One exactly: no skipping, no going back, and a CVE alone leaves major and minor as they were."""
    wanted = follows("1.4.2", needed(script))
    right = version == wanted or (needed(script) is not Bump.NONE and version.startswith(f"{wanted}-"))
    assert (versioning.faults(module(FIRST), edited(script, version=version)) == []) == right


@settings(max_examples=100, deadline=None)
@given(st.lists(scripts.filter(bool), max_size=6))
def test_versions_strictly_increase_along_any_allowed_sequence(script_of_each: list[dict[str, Step]]):
    version, seen = "1.0.0", ["1.0.0"]
    for script in script_of_each:
        version = needed(script).of(version)
        seen.append(version)
    parsed = [Version.parse(each) for each in seen]
    assert all(before < after for before, after in pairwise(parsed))


def test_the_sentence_names_the_changes_and_the_version():
    script = {"go": STEPS["go"][3]}
    assert versioning.faults(module(FIRST), edited(script, version="1.4.3")) == [
        "tools 1.4.3 follows 1.4.2 with a major change (go is gone); write version 2.0.0"
    ]
    assert versioning.faults(module(FIRST), edited({}, version="1.4.3")) == ["tools 1.4.3 is 1.4.2 without a change; keep 1.4.2"]


def test_a_tag_does_not_move():
    """A released version has the files of its tag for ever."""
    first = module(FIRST)
    release = Release(tag="tools/v1.4.2", commit="a" * 40, files=content_hash(first.files))
    assert versioning.moved(first, release) == []
    assert versioning.moved(first, None) == []
    (sentence,) = versioning.moved(edited({"script": STEPS["script"][0]}), release)
    assert sentence == "tools 1.4.2 is not what its tag tools/v1.4.2 has; a released version never changes: raise its version"


BASE: dict[str, Any] = {
    "name": "base",
    "version": "2.0.0",
    "contract": "1.0",
    "description": "x",
    "os": "linux",
    "arch": "amd64",
    "machine_images": ["al2023"],
    "machines": [{"type": "m5.large", "cpu": 2, "memory": "8Gi"}],
    "providers": {"aws": {"source": "hashicorp/aws", "version": "6.1.0"}},
    "capabilities": {"gui-vnc": True, "network-egress": ["none", "https-only"]},
    "platform": ["region"],
}


@pytest.mark.parametrize(
    ("change", "bump"),
    [
        ({}, Bump.NONE),
        ({"description": "y"}, Bump.PATCH),
        ({"capabilities": {"gui-vnc": False, "network-egress": ["none", "https-only"]}}, Bump.MAJOR),
        ({"capabilities": {"gui-vnc": True, "network-egress": ["none"]}}, Bump.MAJOR),
        ({"capabilities": {"gui-vnc": True, "network-egress": ["none", "https-only", "unrestricted"]}}, Bump.MINOR),
        ({"capabilities": {**BASE["capabilities"], "gui-rdp": True}}, Bump.MINOR),
        ({"capabilities": {**BASE["capabilities"], "gui-rdp": False}}, Bump.PATCH),
        ({"platform": ["region", "subnet_tags"]}, Bump.MAJOR),
        ({"platform": []}, Bump.MINOR),
        ({"os": "windows"}, Bump.MAJOR),
        ({"arch": "arm64"}, Bump.MAJOR),
        ({"coderd": "external"}, Bump.MAJOR),
        ({"machine_images": ["ubuntu"]}, Bump.MAJOR),
        ({"machine_images": ["al2023", "ubuntu"]}, Bump.MINOR),
        ({"machines": [{"type": "m5.large", "cpu": 2, "memory": "8Gi"}, {"type": "m5.xlarge", "cpu": 4, "memory": "16Gi"}]}, Bump.MINOR),
        ({"providers": {"aws": {"source": "hashicorp/aws", "version": "6.1.2"}}}, Bump.PATCH),
        ({"providers": {"aws": {"source": "hashicorp/aws", "version": "6.2.0"}}}, Bump.MINOR),
    ],
)
def test_a_base_is_classified_by_what_it_offers_and_asks(change: dict[str, Any], bump: Bump):
    before, after = (Module(Base.model_validate(each), FILES) for each in (BASE, {**BASE, **change}))
    assert versioning.bump(before, after) is bump


CONTRACT: dict[str, Any] = {
    "version": "1.0",
    "inputs": {"owner": "string"},
    "outputs": {"os": "string"},
    "capabilities": {"gui-vnc": {"kind": "flag"}, "network-egress": {"kind": "choice", "values": ["none", "https-only"]}},
    "aliases": {"outbound-https": {"capability": "network-egress", "any_of": ["https-only"]}},
}


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ({}, "1.0"),
        ({"capabilities": {**CONTRACT["capabilities"], "gui-rdp": {"kind": "flag"}}}, "1.0"),
        (
            {"capabilities": {**CONTRACT["capabilities"], "network-egress": {"kind": "choice", "values": ["none", "https-only", "x"]}}},
            "1.0",
        ),
        ({"inputs": {}}, "2.0"),
        ({"inputs": {"owner": "string", "team": "string"}}, "2.0"),
        ({"outputs": {"os": "number"}}, "2.0"),
        ({"capabilities": {"network-egress": CONTRACT["capabilities"]["network-egress"]}}, "2.0"),
        ({"aliases": {}}, "2.0"),
    ],
)
def test_the_contract_has_majors_only(change: dict[str, Any], version: str):
    """TPL-16: a new major exactly where a change breaks."""
    before = Contract.model_validate(CONTRACT)
    for written in ("1.0", "2.0", "3.0"):
        after = Contract.model_validate({**CONTRACT, **change, "version": written})
        assert (versioning.contract_faults(before, after) == []) == (written == version)
