"""`python -m bench.stacks`: what each stack costs the engine, and what one more region costs (demo with one, two, three regions).

From an empty stack and an empty local cloud: the first preview, the first visit's update, and a preview with nothing to do. Each is run
in turns with the others, and medians are shown. Goal: demo's third region costs what the second did, within 15 %, by CPU time, as
a machine that is shared spoils a difference of wall times first.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import cast

import yaml
from rich import box
from rich.console import Console
from rich.table import Table

from bench.measure import Measurement, measure
from bench.run import told_resources
from tools import environment
from tools.environment import Environment
from tools.folders import HOME, POLICY_PACK, STACK_FILES
from tools.install import ROOT, SetupError

STACKS = ("prod", "reference", "demo")
REGIONAL = "demo"
LIMIT = 1.15
UP = ("up", "--yes", "--skip-preview")
PHASES: Mapping[str, tuple[str, ...]] = {"first preview": ("preview",), "up": UP, "preview, nothing to do": ("preview",)}


@dataclass(frozen=True, order=True)
class Variant:
    """A stack with its first `regions` deployed; 0: as its file says."""

    stack: str
    regions: int = 0

    def __str__(self) -> str:
        return f"{self.stack}, {self.regions} region{'s' * (self.regions > 1)}" if self.regions else self.stack


Results = dict[Variant, dict[str, list[Measurement]]]


def deployed(config: Mapping[str, object], regions: int) -> dict[str, object]:
    """A stack's configuration with its first so many regions deployed, and no other."""
    declared = cast("Mapping[str, Mapping[str, object]]", config["coder-eks:regions"])
    switched = {name: {**region, "deployed": index < regions} for index, (name, region) in enumerate(declared.items())}
    return {**config, "coder-eks:regions": switched}


def run_once(variant: Variant, folder: Path) -> Iterator[tuple[str, Measurement]]:
    """One life of a variant, up to its first visit."""
    local = _started(variant, folder)
    try:
        _checked(variant, measure(_command(local, "preview"), ROOT, local.variables))  # the local cloud reads the SDKs' schemas once
        cloud = int(json.loads((local.cloud.state / "localcloud.json").read_text())["pid"])
        for phase, verb in PHASES.items():
            yield phase, _checked(variant, measure(_command(local, *verb), ROOT, local.variables, cloud))
    finally:
        local.cloud.stop()


def marginal(results: Results, phase: str) -> tuple[float, float] | None:
    """CPU seconds of the second and of the third region."""
    times = [_cpu(results, Variant(REGIONAL, regions), phase) for regions in (1, 2, 3)]
    first, second, third = times
    return None if first is None or second is None or third is None else (second - first, third - second)


def _started(variant: Variant, folder: Path) -> Environment:
    files, name = folder / "files", f"Pulumi.{variant.stack}.yaml"
    files.mkdir(parents=True)
    stack = cast("dict[str, dict[str, object]]", yaml.safe_load((ROOT / name).read_text()))
    if variant.regions:
        stack["config"] = deployed(stack["config"], variant.regions)
    (files / name).write_text(yaml.safe_dump(stack, sort_keys=False))
    return environment.start(variant.stack, {**os.environ, HOME: str(folder / "home"), STACK_FILES: str(files)})


def _command(local: Environment, *verb: str) -> list[str]:
    stack = local.stack
    command = [
        str(local.cli.path),
        *verb,
        "--stack",
        stack,
        "--config-file",
        str(local.files.copy(stack)),
        "--policy-pack",
        str(POLICY_PACK),
    ]
    return [*command, "--suppress-permalink=true", "--suppress-progress", "--color", "never", "--non-interactive"]


def _checked(variant: Variant, found: Measurement) -> Measurement:
    if found.code != 0:
        raise SetupError(f"{variant} failed, so there is nothing to measure:\n{found.output[-3000:]}")
    return found


def _cpu(results: Results, variant: Variant, phase: str) -> float | None:
    found = results.get(variant, {}).get(phase)
    return median(each.cpu for each in found) if found else None


def _rows(results: Results) -> Iterator[tuple[str, ...]]:
    for variant, phases in results.items():
        for phase, found in phases.items():
            resources = told_resources(found[0].output)
            wall, cpu = median(each.wall for each in found), median(each.cpu for each in found)
            peak = max(each.peak for each in found) / 2**20
            yield (
                str(variant),
                phase,
                str(resources),
                f"{wall:.1f}",
                f"{cpu:.1f}",
                f"{1000 * cpu / resources:.0f}",
                f"{peak:.0f}",
                str(len(found)),
            )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < 2 else "right")
    for row in rows:
        table.add_row(*row)
    return table


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the tables. Exit code 1 where something could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.stacks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=2, help="of everything (default: 2)")
    parser.add_argument("--stacks", nargs="+", choices=STACKS, default=list(STACKS), help="default: all, and demo with 1, 2 and 3 regions")
    given = parser.parse_args(arguments)
    variants = [Variant(stack) for stack in given.stacks if stack != REGIONAL]
    variants += [Variant(REGIONAL, regions) for regions in (1, 2, 3) if REGIONAL in given.stacks]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    results: Results = {variant: {phase: [] for phase in PHASES} for variant in variants}
    with tempfile.TemporaryDirectory(prefix="coder-eks-bench-") as folder:
        try:
            for repeat in range(given.repeats):
                for index, variant in enumerate(variants):
                    for phase, found in run_once(variant, Path(folder, f"{repeat}-{index}")):
                        console.print(f"[dim]load {os.getloadavg()[0]:4.1f}  {variant}: {phase} {found.wall:.1f} s[/dim]")
                        results[variant][phase].append(found)
        except SetupError as error:
            console.print(f"bench: {error}", markup=False)
            return 1
    console.print(_table(("stack", "what", "resources", "wall s", "CPU s", "CPU ms each", "peak MiB", "n"), list(_rows(results))))
    for phase in PHASES:
        if cost := marginal(results, phase):
            second, third = cost
            verdict = "met" if third <= LIMIT * second else "NOT met"
            console.print(
                f"{phase}: the second region takes {second:.2f} CPU s, the third {third:.2f}: {third / second:.2f} ({LIMIT}: {verdict})"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
