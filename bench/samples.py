"""What was measured: samples by what they are samples of, and what a median of them says."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from statistics import median

from bench.measure import Measurement


class Phase(StrEnum):
    """What the engine was asked to do."""

    FIRST_PREVIEW = "first preview"  # of an empty stack: what the first visit would make
    UP = "up"  # the first visit's update alone, from nothing, without the preview before it
    SECOND_PREVIEW = "preview, nothing to do"  # of a running system, after the second visit
    ANALYZE = "policy analyze"


class Program(StrEnum):
    """What was run."""

    PROD = "prod"
    FLOOR = "floor"


class Pack(StrEnum):
    """Which policies judged."""

    NONE = "none"
    EMPTY = "empty pack"
    REAL = "policy/"


@dataclass(frozen=True, order=True)
class Case:
    """One thing that is measured repeatedly. resources: how many, the stack itself included."""

    phase: Phase
    resources: int
    copies: int
    program: Program
    pack: Pack = Pack.NONE


@dataclass(frozen=True)
class Sample:
    """One measurement. Seconds and bytes; load: the machine's load average of the last minute before it. failure: "" where it went well."""

    wall: float
    cpu: float
    cloud_cpu: float
    peak: int
    load: float
    failure: str = ""

    @classmethod
    def of(cls, found: Measurement, load: float) -> Sample:
        """The sample of a measured command."""
        return cls(found.wall, found.cpu, found.cloud_cpu, found.peak, load, failure(found))


def failure(found: Measurement) -> str:
    """The first line of the output that tells why a command failed."""
    if found.code == 0:
        return ""
    lines = [line.strip() for line in found.output.splitlines() if line.strip()]
    told = next((line for line in lines if "error:" in line.lower() or "[mandatory]" in line), lines[-1] if lines else "no output")
    return f"exit code {found.code}: {told[:160]}"


@dataclass
class Samples:
    """All samples of a run, in the order of their first."""

    by_case: dict[Case, list[Sample]] = field(default_factory=dict[Case, "list[Sample]"])

    def add(self, case: Case, sample: Sample) -> None:
        """One more."""
        self.by_case.setdefault(case, []).append(sample)

    def case(self, phase: Phase, program: Program, copies: int = 1, pack: Pack = Pack.NONE) -> Case | None:
        """The case of that description; of analyze, `copies` counts resources."""
        return next((c for c in self.by_case if (c.phase, c.program, c.copies, c.pack) == (phase, program, copies, pack)), None)

    def copies(self, phase: Phase) -> list[int]:
        """Which sizes a phase was measured at."""
        return sorted({case.copies for case in self.by_case if case.phase is phase})

    def wall(self, case: Case | None) -> float | None:
        """The median of the wall times in seconds; None where nothing was measured or one failed."""
        return self._median(case, "wall")

    def cpu(self, case: Case | None) -> float | None:
        """As `wall`, for the CPU time."""
        return self._median(case, "cpu")

    def _median(self, case: Case | None, what: str) -> float | None:
        samples = self.by_case.get(case, []) if case else []
        if not samples or any(sample.failure for sample in samples):
            return None
        return median(float(getattr(sample, what)) for sample in samples)

    def failures(self) -> list[str]:
        """One sentence for each case that failed."""
        return [
            f"{case.phase} of {case.program} at {case.copies}x, policies: {case.pack}: {sample.failure}"
            for case, samples in self.by_case.items()
            for sample in samples
            if sample.failure
        ]

    def to_json(self) -> list[dict[str, object]]:
        """Every sample."""
        return [{**asdict(case), "samples": [asdict(sample) for sample in found]} for case, found in self.by_case.items()]


def load_average() -> float:
    """Of the last minute."""
    return os.getloadavg()[0]
