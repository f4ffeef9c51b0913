"""`coder-eks values`: the values of every Helm release of a deployed stack, as files to review and compare.

What AWS hands out stands there as the resource that it comes from, `<aws:rds/cluster:Cluster database>`, and a secret as `[secret]`:
the files say what the program declares, and are the same for the next deployment of the same declaration.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from operations.failure import ExitCode, Failure
from operations.graph import normalised

RELEASE = "kubernetes:helm.sh/v3:Release"
CALLED = {"coder-observability": "observability"}  # as prod-design.md, Deliverables, has it (OBS-04)


def values_files(stack: str, resources: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Text by file name, `<chart>-values.yaml`; where a chart is released several times, each with the release's logical name in it."""
    blocks = cast("dict[str, dict[str, Any]]", yaml.safe_load(normalised(resources)) or {})
    releases = {name.removeprefix(f"{RELEASE} "): block["inputs"] for name, block in blocks.items() if name.startswith(f"{RELEASE} ")}
    if not releases:
        problem = f"stack {stack} has no Helm release yet; run `pulumi up --stack {stack}` first"
        raise Failure(ExitCode.MISSING, problem)
    times = Counter(inputs["chart"] for inputs in releases.values())
    return {
        f"{CALLED.get(inputs['chart'], inputs['chart'])}{f'-{name}' if times[inputs['chart']] > 1 else ''}-values.yaml": _text(name, inputs)
        for name, inputs in sorted(releases.items())
    }


def write(files: Mapping[str, str], folder: Path) -> None:
    """Into the folder, which is made where it is missing; a file of the name is overwritten."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(ExitCode.USAGE, f"{folder}: {error.strerror}; name another folder with --out") from None


def _text(name: str, inputs: Mapping[str, Any]) -> str:
    options = cast("dict[str, Any]", inputs.get("repositoryOpts") or {})
    origin = f"# {inputs['chart']} {inputs.get('version', '')} of {options.get('repo', 'an unnamed repository')}\n"
    head = f"{origin}# release {name}, namespace {inputs.get('namespace', 'default')}\n"
    return head + yaml.safe_dump(_flat(inputs.get("values") or {}), sort_keys=True, width=140, allow_unicode=True)


def _flat(value: Any) -> Any:  # noqa: ANN401 - values are as free as Helm's
    """A variable that is JSON is text again: the graph shows what it says, a container takes text."""
    if isinstance(value, list):
        return [_flat(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    if set(fields) == {"name", "value"} and isinstance(fields["value"], dict | list):
        return {**fields, "value": json.dumps(fields["value"], sort_keys=True)}
    return {key: _flat(field) for key, field in fields.items()}
