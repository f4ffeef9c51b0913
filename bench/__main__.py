"""`python -m bench`: measure, show the tables, keep the results in bench/results/."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.goals import Goal, goals
from bench.report import markdown, show
from bench.run import Bench, Options
from bench.samples import Samples
from tools.install import ROOT, SetupError

RESULTS = ROOT / "bench" / "results"
QUICK = Options(repeats=1, sizes=(1,), minutes=5, analyzed=(250, 1000))
WHOLE = Options(repeats=3, sizes=(1, 2, 4), minutes=12, analyzed=(250, 1000, 4000))


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 where everything could be measured, whether or not the goals are met."""
    given = _parser().parse_args(arguments)
    base = QUICK if given.quick else WHOLE
    options = Options(
        repeats=given.repeats or base.repeats,
        sizes=tuple(given.sizes or base.sizes),
        minutes=given.minutes or base.minutes,
        analyzed=tuple(given.analyzed or base.analyzed),
    )
    console = Console(stderr=given.json, highlight=False, width=None if sys.stdout.isatty() else 180)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="coder-eks-bench-") as folder:

        def say(text: str) -> None:
            console.print(f"[dim]{time.monotonic() - started:6.0f} s  load {os.getloadavg()[0]:4.1f}  {text}[/dim]")

        bench = Bench(options, Path(folder), say)
        try:
            bench.run()
        except SetupError as error:
            console.print(f"bench: {error}", style="red", markup=False)
            if not bench.samples.by_case:
                return 1
        except KeyboardInterrupt:
            console.print("interrupted: what follows is what was measured until now")
    facts = _facts(arguments, time.monotonic() - started)
    reached = goals(bench.samples)
    result = {"facts": facts, "types": bench.types, "cases": bench.samples.to_json(), "goals": [goal.to_json() for goal in reached]}
    file = _keep(result, bench.samples, reached, facts)
    if given.json:
        print(json.dumps(result, indent=2))
    else:
        show(console, bench.samples, reached)
    console.print(f"Results: {file.relative_to(ROOT)} and .md beside it")
    return 1 if bench.samples.failures() else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="once, prod's own size, small states: under 5 minutes on a quiet machine")
    parser.add_argument("--repeats", type=int, help="of every measurement; medians are shown (default: 3)")
    parser.add_argument("--sizes", type=int, nargs="+", choices=(1, 2, 3, 4), help="how many times prod (default: 1 2 4)")
    parser.add_argument("--minutes", type=float, help="after which larger sizes are measured once only (default: 12, for about 20 in all)")
    parser.add_argument("--analyzed", type=int, nargs="+", help="resources in the states for the policies alone (default: 250 1000 4000)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON instead of tables")
    return parser


def _facts(arguments: Sequence[str], seconds: float) -> dict[str, str]:
    """What the results were measured with."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return {
        "command": shlex.join(["python", "-m", "bench", *arguments]),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} CPUs ({_processor()}), {_memory_gib():.0f} GiB, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": f"{load} in the last 1, 5 and 15 minutes of the run",
        "duration": f"{seconds / 60:.0f} min",
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _keep(result: Mapping[str, object], samples: Samples, reached: Sequence[Goal], facts: Mapping[str, str]) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    file.with_suffix(".md").write_text(markdown(samples, reached, [f"{name}: {value}" for name, value in facts.items()]) + "\n")
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
