"""A base alone, evaluated by OpenTofu without any provider: each resource becomes a `terraform_data` with the same arguments.

Data sources become values that a test tells, and so does what the cloud alone knows of a resource: its id, its version.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hcl2

from tests.catalog.modules import Address
from tests.real.workspaces import expression
from tools import real_parts

_META = ("count", "depends_on", "for_each")
_REFERENCE = re.compile(r"(data\.)?\b((?:aws|kubernetes|coder)_\w+)\.(\w+)((?:\[[^\]]*\])?)(?:\.(\w+))?")


def evaluated(
    folder: Path, base: Path, variables: Mapping[str, Any], known: Mapping[Address, Mapping[str, Any]]
) -> dict[Address, list[Any]]:
    """The instances of every resource of the base, each as its arguments. Raises AssertionError with OpenTofu's words."""
    folder.mkdir(parents=True)
    for path in sorted(base.iterdir()):
        if path.suffix == ".tf":
            (folder / path.name).write_text(_without_clouds(path.read_text(encoding="utf-8"), known))
        elif path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    told = {f"{kind.replace('.', '_')}_{name}": dict(values) for (kind, name), values in known.items()}
    (folder / "known.tf.json").write_text(json.dumps({"locals": {"known": told}}))
    (folder / "terraform.tfvars.json").write_text(json.dumps(dict(variables)))
    for arguments in (("init", "-input=false"), ("apply", "-auto-approve", "-input=false")):
        done = _tofu(folder, *arguments)
        assert done.returncode == 0, done.stderr
    made: dict[Address, list[Any]] = {}
    shown = json.loads(_tofu(folder, "show", "-json").stdout)["values"]["root_module"].get("resources", [])
    for resource in shown:
        kind, _, name = resource["name"].partition("__")
        made.setdefault((kind, name), []).append(resource["values"]["input"])
    return made


def _tofu(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {"HOME": str(folder), "PATH": os.environ["PATH"], "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    command = [real_parts.executable(real_parts.OPENTOFU, os.environ), *arguments, "-no-color"]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def _without_clouds(source: str, known: Mapping[Address, Mapping[str, Any]]) -> str:
    blocks = re.split(r"(?m)(?<=^\}\n)", source)
    return "".join(_block(block, known) for block in blocks)


def _block(block: str, known: Mapping[Address, Mapping[str, Any]]) -> str:
    if not re.search(r"(?m)^(resource|data|terraform) ", block):
        return _told(block, known)
    parsed = hcl2.loads(block)
    if "resource" not in parsed:
        return ""
    ((kind, named),) = _fields(parsed["resource"][0]).items()
    ((name, body),) = _fields(named).items()
    lines = [f'resource "terraform_data" "{json.loads(kind)}__{json.loads(name)}" {{']
    lines += [f"  {key} = {_told(expression(body[key]), known)}" for key in _META if key in body and key != "depends_on"]
    rest = {key: value for key, value in _fields(body).items() if key not in (*_META, "lifecycle")}
    return "\n".join([*lines, f"  input = {_told(expression(rest), known)}", "}", ""])


def _told(text: str, known: Mapping[Address, Mapping[str, Any]]) -> str:
    def replacement(match: re.Match[str]) -> str:
        data, kind, name, index, attribute = match.groups()
        if data:
            return f"local.known.data_{kind}_{name}{'' if index == '[0]' else index}" + (f".{attribute}" if attribute else "")
        if attribute in known.get((kind, name), {}):
            return f"local.known.{kind}_{name}.{attribute}"
        made = f"terraform_data.{kind}__{name}{index}"
        return f"{made}.id" if attribute == "id" else f"{made}.input" + (f".{attribute}" if attribute else "")

    return _REFERENCE.sub(replacement, text)


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if not key.startswith("__")}
