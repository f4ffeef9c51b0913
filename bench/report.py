"""The results as tables: for the terminal, and in Markdown for docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from bench.goals import Goal
from bench.samples import Case, Phase, Program, Sample, Samples

MIB = 1024 * 1024
COLUMNS = ("what", "resources", "program", "policies", "wall s", "CPU s", "of it cloud", "peak MiB", "over floor", "n", "load")
GOAL_COLUMNS = ("goal", "ratio", "by CPU", "at most", "")


def rows(samples: Samples) -> Iterator[tuple[str, ...]]:
    """One row for each case: medians, the highest peak, and the ratio to the floor at the same size."""
    for case in sorted(samples.by_case, key=_order):
        found = samples.by_case[case]
        if any(sample.failure for sample in found):
            figures = ("failed", "", "", "")
        else:
            figures = (*(f"{_median(found, what):.2f}" for what in ("wall", "cpu", "cloud_cpu")), f"{max(s.peak for s in found) / MIB:.0f}")
        described = (case.phase, str(case.resources), case.program, case.pack)
        yield (*described, *figures, _over_floor(samples, case), str(len(found)), _load(found))


def goal_rows(goals: Sequence[Goal]) -> Iterator[tuple[str, ...]]:
    """One row for each goal."""
    for goal in goals:
        yield goal.name, f"{goal.ratio:.2f}", f"{goal.cpu_ratio:.2f}", f"{goal.limit:.2f}", "met" if goal.met else "NOT met"


def show(console: Console, samples: Samples, goals: Sequence[Goal]) -> None:
    """Both tables, and what failed."""
    console.print(_table("Medians; peak memory is the sum over the process tree", COLUMNS, list(rows(samples))))
    console.print(_table("Goals, by wall time", GOAL_COLUMNS, list(goal_rows(goals))))
    for sentence in samples.failures():
        console.print(f"failed: {sentence}", style="red", markup=False)


def markdown(samples: Samples, goals: Sequence[Goal], facts: Sequence[str]) -> str:
    """The same for docs/performance.md, below what it was measured with."""
    parts = [*(f"- {fact}" for fact in facts), "", *_markdown(COLUMNS, list(rows(samples)))]
    parts += ["", *_markdown(GOAL_COLUMNS, list(goal_rows(goals))), ""]
    return "\n".join([*parts, *(f"Failed: {sentence}" for sentence in samples.failures())])


def _order(case: Case) -> tuple[int, int, int, int]:
    return list(Phase).index(case.phase), case.copies, list(Program).index(case.program), [*type(case.pack)].index(case.pack)


def _median(found: Sequence[Sample], what: str) -> float:
    ordered = sorted(float(getattr(sample, what)) for sample in found)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _over_floor(samples: Samples, case: Case) -> str:
    floor, own = samples.wall(samples.case(case.phase, Program.FLOOR, case.copies)), samples.wall(case)
    return f"{own / floor:.2f}" if floor and own and case.program is not Program.FLOOR else ""


def _load(found: Sequence[Sample]) -> str:
    return f"{min(s.load for s in found):.1f} to {max(s.load for s in found):.1f}"


def _table(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if _is_number(lines, index) else "left", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    return table


def _markdown(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'|'.join('---:' if _is_number(lines, index) else '---' for index in range(len(columns)))}|"
    for line in lines:
        yield f"| {' | '.join(line)} |"


def _is_number(lines: Sequence[Sequence[str]], index: int) -> bool:
    return all(line[index].replace(".", "", 1).isdigit() for line in lines if line[index] not in {"", "failed"})
