"""Helm releases: the chart is published where the program says, the version is pinned, the outputs are Helm's."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from localcloud.kinds.model import UNKNOWN, Value, text_at
from localcloud.kubernetes_facts import CHARTS, Chart
from localcloud.schema import Failure

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?\Z")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?\Z")  # Helm: at most 53 characters


def chart_of(inputs: Mapping[str, Value]) -> Chart | None:
    """The chart of a release, by its name; None where no table row has it."""
    name = str(inputs.get("chart", "")).rstrip("/").rpartition("/")[2]
    return next((chart for chart in CHARTS if chart.name == name), None)


def check_release(inputs: Mapping[str, Value]) -> list[Failure]:
    """What Helm refuses before it touches a cluster: pulumi-kubernetes loads the chart at preview, too."""
    failures: list[Failure] = []
    name = inputs.get("name")
    if isinstance(name, str) and not _NAME.match(name):
        failures.append(Failure("name", f"name: {name!r} is no release name; use lower case letters, digits and hyphens, at most 53"))
    chart, repo = inputs.get("chart"), text_at(inputs, "repositoryOpts.repo")
    if chart is UNKNOWN or not isinstance(chart, str) or Path(chart, "Chart.yaml").is_file():
        return failures
    version = inputs.get("version")
    if version is None:
        failures.append(Failure("version", f"version: chart {chart} has none; pin one, or each run installs what is newest"))
    elif isinstance(version, str) and not _VERSION.match(version):
        failures.append(Failure("version", f"version: {version!r} is no chart version; write one such as 1.2.3"))
    found = chart_of(inputs)
    published = repo or (chart.rpartition("/")[0] if chart.startswith("oci://") else None)
    if published is None:
        failures.append(Failure("repositoryOpts.repo", f"repositoryOpts.repo: chart {chart} needs the URL of its repository"))
    elif found is None or published.rstrip("/") not in {each.rstrip("/") for each in found.repositories}:
        known = f"it is published at {' and '.join(found.repositories)}" if found else "the local cloud's table of charts does not have it"
        failures.append(Failure("chart", f'chart: "{chart}" not found in {published} repository; {known}'))
    return failures


def release_outputs(values: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
    """A deployed release; each change of it is a revision."""
    old = before.get("status")
    revision = (_whole(old.get("revision")) if isinstance(old, Mapping) else 0) + 1
    chart = str(values.get("chart", "")).rpartition("/")[2]
    version = str(values.get("version") or "").removeprefix("v")
    status: dict[str, Value] = {
        "name": values.get("name"),
        "namespace": values.get("namespace"),
        "chart": chart,
        "version": version,
        "appVersion": version if chart.startswith("coder") else "",
        "revision": revision,
        "status": "deployed",
    }
    text = json.dumps({name: values.get(name) for name in ("chart", "version", "values")}, sort_keys=True, default=str)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return {**values, "status": status, "version": version, "checksum": checksum, "resourceNames": {}}


def _whole(value: Value) -> int:
    return int(value) if isinstance(value, int | float) else 0
