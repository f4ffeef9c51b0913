"""The goals, each a ratio of medians of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from bench.samples import Case, Pack, Phase, Program, Samples

PREVIEW_LIMIT = 1.5  # times the floor
UP_LIMIT = 1.2  # times the floor at the same size
POLICIES_LIMIT = 1.10  # times a preview with an empty pack
LINEAR_LIMIT = 1.25  # the time of one more resource at the largest size, times that at the smallest; exactly linear is 1

Read = Callable[[Case | None], float | None]


@dataclass(frozen=True)
class Goal:
    """ratio: of wall times, which the goal is about. cpu_ratio: of CPU times, which other processes disturb less. limit: for `ratio`."""

    name: str
    ratio: float
    cpu_ratio: float
    limit: float

    @property
    def met(self) -> bool:
        """Whether the wall times hold it."""
        return self.ratio <= self.limit

    def to_json(self) -> dict[str, object]:
        """With the verdict."""
        return {**asdict(self), "met": self.met}


def goals(samples: Samples) -> list[Goal]:
    """Every goal for which both sides were measured."""
    return [*_over_floor(samples), *_linear(samples), *_policies(samples), *_constant(samples)]


def _over_floor(samples: Samples) -> Iterator[Goal]:
    for phase, limit in ((Phase.FIRST_PREVIEW, PREVIEW_LIMIT), (Phase.SECOND_PREVIEW, PREVIEW_LIMIT), (Phase.UP, UP_LIMIT)):
        for copies in samples.copies(phase):
            prod, floor = (samples.case(phase, program, copies) for program in (Program.PROD, Program.FLOOR))
            yield from _goal(samples, f"{phase} at {copies}x over the floor", limit, _Over(prod, floor))


def _linear(samples: Samples) -> Iterator[Goal]:
    """How much more one more resource costs between the largest sizes than between the smallest."""
    sizes = samples.copies(Phase.FIRST_PREVIEW)
    if len(sizes) < 3:
        return
    cases = [samples.case(Phase.FIRST_PREVIEW, Program.PROD, size) for size in (sizes[0], sizes[-2], sizes[-1])]
    yield from _goal(samples, "first preview: linear in the resources", LINEAR_LIMIT, lambda read: _bend(cases, [read(c) for c in cases]))


def _policies(samples: Samples) -> Iterator[Goal]:
    for phase in (Phase.FIRST_PREVIEW, Phase.SECOND_PREVIEW):
        real, empty = (samples.case(phase, Program.PROD, 1, pack) for pack in (Pack.REAL, Pack.EMPTY))
        yield from _goal(samples, f"{phase} with policies over an empty pack", POLICIES_LIMIT, _Over(real, empty))


def _constant(samples: Samples) -> Iterator[Goal]:
    """How much more one more resource costs the judges between the largest states than between the smallest."""
    sizes = samples.copies(Phase.ANALYZE)
    if len(sizes) < 3:
        return
    chosen = (sizes[0], sizes[len(sizes) // 2], sizes[-1])
    cases = [samples.case(Phase.ANALYZE, Program.PROD, size, Pack.REAL) for size in chosen]
    yield from _goal(samples, "policy analyze: constant per resource", LINEAR_LIMIT, lambda read: _bend(cases, [read(c) for c in cases]))


@dataclass(frozen=True)
class _Over:
    """The ratio of two cases."""

    upper: Case | None
    lower: Case | None

    def __call__(self, read: Read) -> float | None:
        upper, lower = read(self.upper), read(self.lower)
        return upper / lower if upper is not None and lower else None


def _goal(samples: Samples, name: str, limit: float, ratio: Callable[[Read], float | None]) -> Iterator[Goal]:
    wall, cpu = ratio(samples.wall), ratio(samples.cpu)
    if wall is not None and cpu is not None:
        yield Goal(name, wall, cpu, limit)


def _bend(cases: list[Case | None], times: list[float | None]) -> float | None:
    """The slope of the upper part of a line of three points over that of its lower part."""
    (low, middle, high), (first, second, third) = cases, times
    if low is None or middle is None or high is None or first is None or second is None or third is None:
        return None
    lower = (second - first) / (middle.resources - low.resources)
    upper = (third - second) / (high.resources - middle.resources)
    return upper / lower if lower > 0 else None
