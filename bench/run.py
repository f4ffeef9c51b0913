"""The measurements, interleaved: prod and its floor, with and without policies, one after the other, so that both meet the same machine."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.exported import Raw, counts, declared
from bench.homes import FLOOR, PROD, WIDENED, Home, fresh
from bench.measure import Measurement, measure
from bench.recipe import floor_recipe, with_token
from bench.samples import Case, Pack, Phase, Program, Sample, Samples, load_average
from bench.states import multiplied
from tools.folders import POLICY_PACK
from tools.install import ROOT, SetupError

PACKS = {Pack.NONE: None, Pack.EMPTY: ROOT / "bench" / "empty_pack", Pack.REAL: POLICY_PACK}
SKIP_PREVIEW = ("--yes", "--skip-preview")


@dataclass(frozen=True)
class Options:
    """repeats: of everything. sizes: how many times prod; 1 is always measured. analyzed: resources in states for the policies alone.

    minutes: after which larger sizes are not measured again.
    """

    repeats: int
    sizes: Sequence[int]
    minutes: float
    analyzed: Sequence[int]


@dataclass
class Bench:
    """One run. folder: its environments, recipes and states, removed in the end. say: tells the operator what goes on."""

    options: Options
    folder: Path
    say: Callable[[str], None]
    samples: Samples = field(default_factory=Samples)
    types: dict[str, int] = field(default_factory=dict[str, int])
    _homes: list[Home] = field(default_factory=list[Home])
    _made: int = 0

    def run(self) -> None:
        """Everything, in an order in which what must be compared lies close together, the dearest last."""
        started = time.monotonic()
        try:
            for repeat in range(self.options.repeats):
                self._from_nothing(1, repeat)
            self._analyze(self._running())
            for repeat in range(self.options.repeats):
                for copies in sorted({*self.options.sizes} - {1}):
                    if repeat == 0 or time.monotonic() - started < self.options.minutes * 60:
                        self._from_nothing(copies, repeat)
        finally:
            for home in self._homes:
                home.close()

    def _from_nothing(self, copies: int, repeat: int) -> None:
        """First preview and first update of prod and of its floor, whose recipe comes of prod's first update at this size."""
        makes = [self._prod_from_nothing, self._floor_from_nothing]
        for make in makes if repeat % 2 == 0 else reversed(makes):
            make(copies)
        if copies == 1:
            home = self._begin(PROD, 1)
            self._measure(home, Phase.UP, Program.PROD, 1, Pack.REAL)
            self._end(home)

    def _prod_from_nothing(self, copies: int) -> None:
        home = self._begin(PROD if copies == 1 else WIDENED, copies)
        for pack in Pack if copies == 1 else [Pack.NONE]:
            self._measure(home, Phase.FIRST_PREVIEW, Program.PROD, copies, pack)
        self._measure(home, Phase.UP, Program.PROD, copies)
        if not self._recipe(copies).exists():
            resources = declared(home.state())
            self._recipe(copies).write_text(json.dumps(floor_recipe(resources)))
            if copies == 1:
                self.types = counts(resources)
        self._end(home)

    def _floor_from_nothing(self, copies: int) -> None:
        home = self._begin(FLOOR, copies, self._recipe(copies))
        self._measure(home, Phase.FIRST_PREVIEW, Program.FLOOR, copies)
        self._measure(home, Phase.UP, Program.FLOOR, copies)
        self._end(home)

    def _running(self) -> Raw:
        """Previews of a system that runs and does not change, after its second visit. Returns its state."""
        self.say("a running system: both visits of prod, then its floor")
        prod = self._begin(PROD, 1)
        self._up(prod)
        recipe = self._recipe(1).with_name("recipe-running.json")
        first = self.folder / "recipe-first.json"
        first.write_text(json.dumps(floor_recipe(declared(prod.state()))))
        prod.bootstrap()
        self._up(prod)
        state = prod.state()
        floor = self._begin(FLOOR, 1, first)
        self._up(floor)
        floor.bootstrap()
        recipe.write_text(json.dumps(with_token(floor_recipe(declared(prod.state())), floor.token())))
        floor = Home(floor.local, floor.program, {**floor.extra, "BENCH_RECIPE": str(recipe)})
        self._up(floor, attempts=2)  # what prod's program happens to declare in a good order, without saying so, is a race in a loop
        for repeat in range(self.options.repeats):
            for pack in Pack if repeat % 2 == 0 else reversed(Pack):
                self._measure(prod, Phase.SECOND_PREVIEW, Program.PROD, 1, pack)
            self._measure(floor, Phase.SECOND_PREVIEW, Program.FLOOR, 1)
        for home in (prod, floor):
            self._end(home)
        return state

    def _analyze(self, state: Raw) -> None:
        """The policies alone, over states of growing size."""
        home = self._begin(PROD, 1, warm=False)
        files = {size: self.folder / f"state-{size}.json" for size in self.options.analyzed}
        for size, file in files.items():
            file.write_text(json.dumps(multiplied(state, size)))
        for _ in range(self.options.repeats):
            for size, file in files.items():
                for pack in (Pack.EMPTY, Pack.REAL):
                    command = [str(home.local.cli.path), "policy", "analyze", "--file", str(file), "--policy-pack", str(PACKS[pack])]
                    self.say(f"policy analyze of {size} resources, {pack}")
                    load = load_average()
                    found = measure(command, ROOT, home.variables)
                    self.samples.add(Case(Phase.ANALYZE, size, size, Program.PROD, pack), _judged(found, load))
        self._end(home)

    def _begin(self, program: Path, copies: int, recipe: Path | None = None, *, warm: bool = True) -> Home:
        """An empty environment; its local cloud has already read the SDKs' schemas once, which it does once in its life."""
        self._made += 1
        home = fresh(self.folder / f"home-{self._made}", program, copies=copies, recipe=recipe)
        self._homes.append(home)
        if warm:
            single = {"BENCH_COPIES": "1"} | ({"BENCH_RECIPE": str(self._recipe(1))} if recipe and copies > 1 else {})
            self._checked(Home(home.local, program, {**home.extra, **single}), "preview")
        return home

    def _end(self, home: Home) -> None:
        home.close()
        self._homes = [each for each in self._homes if each is not home]

    def _up(self, home: Home, attempts: int = 1) -> None:
        self._checked(home, "up", *SKIP_PREVIEW, attempts=attempts)

    def _checked(self, home: Home, verb: str, *options: str, attempts: int = 1) -> None:
        """A command that is not measured. Raises SetupError where its last attempt fails."""
        for attempt in range(attempts):
            found = measure(home.command(verb, *options), home.program, home.variables)
            if found.code == 0:
                return
            if attempt == attempts - 1:
                raise SetupError(f"{verb} of {home.program.name} failed, so there is nothing to measure:\n{found.output[-3000:]}")

    def _measure(self, home: Home, phase: Phase, program: Program, copies: int, pack: Pack = Pack.NONE) -> None:
        verb, options = ("up", SKIP_PREVIEW) if phase is Phase.UP else ("preview", ())
        self.say(f"{phase} of {program} at {copies}x, policies: {pack}")
        load = load_average()
        found = measure(home.command(verb, *options, pack=PACKS[pack]), home.program, home.variables, home.cloud_pid)
        case = self.samples.case(phase, program, copies, pack) or Case(phase, told_resources(found.output), copies, program, pack)
        self.samples.add(case, Sample.of(found, load))

    def _recipe(self, copies: int) -> Path:
        return self.folder / f"recipe-{copies}.json"


def _judged(found: Measurement, load: float) -> Sample:
    """Violations are a finding about copies of a state, not a failure of the measurement."""
    sample = Sample.of(found, load)
    return replace(sample, failure="") if "policy violation" in found.output.lower() else sample


def told_resources(output: str) -> int:
    """How many resources the engine says that it looked at, the stack included: the figures after `Resources:`."""
    told = output.rpartition("\nResources:")[2]
    counted = re.findall(r"(\d+) (?:to create|created|to update|updated|unchanged)", told)
    return sum(map(int, counted))
