"""`python -m tools.charts EVENTS [CHART…]`: render the Helm releases of a preview and judge what they would send to the cluster (T-75).

EVENTS is the preview's event log (`--event-log`): it has each release's chart, version and values. Charts come from where the release takes
them, or from a folder of charts; Helm renders them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.manifests import Judged, Manifest, judge
from tools.events import name_of, text
from tools.install import SetupError
from tools.stack_files import mapping

RELEASE, CLUSTER = "kubernetes:helm.sh/v3:Release", "aws:eks/cluster:Cluster"
SECONDS = 120  # a chart is fetched first


class ChartError(SetupError):
    """A chart that was not rendered; the text has Helm's reason."""


@dataclass(frozen=True)
class Release:
    """A Helm release as it is declared. repository: empty where the chart's name says it."""

    name: str
    chart: str
    version: str
    repository: str
    namespace: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, name: str, inputs: Mapping[str, object]) -> Release:
        """From a resource's inputs; a namespace that is not known yet is no name of one."""
        namespace = text(inputs, "namespace")
        return cls(
            name=name,
            chart=text(inputs, "chart"),
            version=text(inputs, "version"),
            repository=text(mapping(inputs.get("repositoryOpts")), "repo"),
            namespace=namespace if namespace not in ("", UNKNOWN_STRING_VALUE) else "default",
            values=mapping(inputs.get("values")),
        )


def declared(log: Path) -> tuple[list[Release], str]:
    """The releases of a preview, and the version of its (first) cluster. Raises ChartError where there is no log."""
    if not log.is_file():
        raise ChartError(f"{log} is not there; run the preview with --event-log")
    found: dict[str, Release] = {}
    version = ""
    for line in log.read_text(encoding="utf-8").splitlines():
        event = mapping(json.loads(line) if line.endswith("}") else None)
        step = mapping(mapping(event.get("resourcePreEvent")).get("metadata"))
        urn, inputs = text(step, "urn"), mapping(mapping(step.get("new")).get("inputs"))
        if inputs and step["type"] == RELEASE:
            found[urn] = Release.of(name_of(urn), inputs)
        elif step.get("type") == CLUSTER:
            version = version or text(inputs, "version")
    return [found[urn] for urn in sorted(found)], version


def render(release: Release, helm: str | Path, kubernetes: str = "", charts: Path | None = None) -> list[Manifest]:
    """What `helm install` would send, each object with the namespace that it is sent to. charts: a folder of them. Raises ChartError."""
    place = str(charts / release.chart) if charts else release.chart
    origin = [] if charts else [*(["--repo", release.repository] if release.repository else []), "--version", release.version]
    version = ["--kube-version", kubernetes] if kubernetes else []
    command = [str(helm), "template", release.name, place, *origin, "--namespace", release.namespace, *version, "--values", "-"]
    values = json.dumps(release.values)  # JSON is YAML
    try:
        done = subprocess.run(command, input=values, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise ChartError(
            f"{helm} is not on PATH; install Helm, or build it with `python -m tools.real_parts helm` and name it by --helm"
        ) from None
    except subprocess.TimeoutExpired:
        raise ChartError(f"{release.name}: Helm has not rendered {place} within {SECONDS} seconds; is its repository reachable?") from None
    if done.returncode != 0:
        raise ChartError(f"{release.name}: Helm does not render {place}: {' '.join(done.stderr.split()).removeprefix('Error: ')}")
    made = [cast("dict[str, Any]", each) for each in yaml.safe_load_all(done.stdout) if each]
    return [{**each, "metadata": {"namespace": release.namespace, **each["metadata"]}} for each in made]


def main(arguments: Sequence[str]) -> int:
    """Render and judge; 1 where anything is wrong, or nothing was judged."""
    parser = argparse.ArgumentParser(prog="python -m tools.charts", description="Judge what the Helm releases of a preview would make.")
    parser.add_argument("events", type=Path, help="event log of the preview (`--event-log`)")
    parser.add_argument("chart", nargs="*", help="only releases of these charts; default: all")
    parser.add_argument("--helm", default="helm", help="the program; `python -m tools.real_parts helm` builds one")
    parser.add_argument("--charts", type=Path, metavar="FOLDER", help="take the charts from here, each in a folder of its name")
    given = parser.parse_args(arguments)
    try:
        judged = _judged(given.events, given.chart, given.helm, given.charts)
    except ChartError as error:
        print(error, file=sys.stderr)
        return 1
    for release, said in judged:
        print(f"{release.name}: {release.chart} {release.version}: {said.objects} objects, {said.judgements} judgements")
        print("".join(f"  {finding}\n" for finding in said.findings), end="")
    return int(any(said.findings for _, said in judged))


def _judged(log: Path, names: Sequence[str], helm: str, charts: Path | None) -> list[tuple[Release, Judged]]:
    """Every release of those charts, or of all. Raises ChartError, also where there is none: green means judged."""
    releases, version = declared(log)
    wanted = [release for release in releases if not names or release.chart in names]
    if not wanted:
        raise ChartError(f"{log} has no release of {', '.join(names) or 'any chart'}; nothing was judged")
    return [(release, judge(render(release, helm, version, charts))) for release in wanted]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
