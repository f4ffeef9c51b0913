"""`make mutants`: how much of each property's policy its tests hold, as docs/properties/mutation.md.

mutmut's operators change one thing at a time in a policy's functions, and the tests of that property run on each (tools/mutation_trial.py).
A change that only touches the words of a message is not tried: tests name the reason that a message gives, not its wording; nor is, as
mutmut has it, a function with a decorator, such as a property, nor a table outside of functions. What else survives is listed with its
change, and with the reason in docs/properties/survivors.yaml where there is one.

Scores stand in docs/properties/mutation.json, each with a digest of the source that it was taken of: a module that is as it was is not
tried again, so a run can be broken off and taken up; `--survivors` tries only what survived, after tests were added.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tools.install import ROOT, SetupError, say
from tools.mutation_trial import ORDERS, Order

FOLDER = ROOT / "docs" / "properties"
PAGE, RECORD, REASONS = FOLDER / "mutation.md", FOLDER / "mutation.json", FOLDER / "survivors.yaml"
GOAL = 0.85
# What properties rest on beside their own module, and whose tests should hold it: of properties by number, others by file. A choice for
# what all rest on: with the tests of all, each survivor would cost a minute.
BESIDE: Mapping[str, tuple[int | str, ...]] = {
    "infrastructure_links": (1, "test_demo_regions.py"),
    "infrastructure_network": (1,),
    "infrastructure_services": (1, 4, 10),
    "region": (1,),
    "quota_demand": (2, 10),
    "isolation": (3,),
    "terraform": (3,),
    "node_scaling": (4,),
    "https_kubernetes": (8,),
    "ingress": (8,),
    "tls_policies": (8,),
    "iam": (9,),
    "sizes_used": (10,),
    "workspace_nodes": (10,),
    "dns_paths": (12,),
    "hosts": (12,),
    "composed": (13, 14, 15, 16, 17),
    "wiring": (14, 16, 17),
    "templates": (13, 14, 15, 16, 17),
    "helm": ("test_helm.py", "test_reading.py", 6),
    "manifests": ("test_manifests.py",),
    "values": ("test_reading.py",),
    "tokens": ("test_reading.py",),
    "graph": ("test_reading.py", "test_crossguard.py"),
    "facts": ("test_facts.py",),
    "systems": ("test_facts.py",),
    "stack": ("test_crossguard.py", 5),
    "verdict": ("test_crossguard.py",),
    "inputs": ("test_crossguard.py", "test_baseline.py"),
    "crossguard": ("test_crossguard.py",),
    "one_reading": ("test_one_reading.py",),
    "not_judged": ("test_crossguard.py",),
    "report": ("test_report.py",),
    "baseline": ("test_baseline.py", "test_demo_regions.py"),
    "baseline_rules": ("test_baseline_rules.py", "test_baseline.py"),
    "baseline_aws": ("test_baseline_rules.py", "test_baseline.py"),
    "baseline_kubernetes": ("test_baseline_rules.py", "test_baseline.py"),
}
# Not tried: shells that name what is in the pack, start it, and write its page, and names of environment variables.
SHELLS = ("__init__", "__main__", "pack", "pages", "variables")
# Tests of several properties.
ALSO = {"test_rds.py": (1, 5)}


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed. before, after: the changed lines. tests: how many reach it."""

    function: str
    before: str
    after: str
    tests: int = 1


@dataclass(frozen=True)
class Score:
    """One module. properties: whose tests were run, and files of tests beside those. source: digest of what was tried.

    words: mutants of sentences, not tried. made: all other mutants. tried: of these, every so many where a run was to end in time.
    """

    module: str
    properties: tuple[int | str, ...]
    date: str
    source: str
    words: int
    made: int
    tried: int
    noticed: int
    survivors: tuple[Survivor, ...]

    @property
    def share(self) -> float:
        """Of the mutants that were tried, how many were noticed."""
        return self.noticed / self.tried if self.tried else 1.0


def modules() -> list[str]:
    """The modules of the properties, by number, then those that they rest on, then the second group: all of policy/ but the shells."""
    return [*sorted(path.stem for path in (ROOT / "policy").glob("property_*.py")), *BESIDE]


def properties_of(module: str) -> tuple[int | str, ...]:
    """The properties that a module is of, and files of tests beside theirs."""
    number = re.match(r"property_(\d\d)_", module)
    return (int(number[1]),) if number else BESIDE.get(module, ())


def tests_of(module: str) -> list[str]:
    """The tests that should hold a module."""
    rooms, properties = ROOT / "tests" / "policy", properties_of(module)
    found = [rooms / name for name in properties if isinstance(name, str)]
    found += [path for number in properties if isinstance(number, int) for path in sorted(rooms.glob(f"test_property_{number:02}_*.py"))]
    found += [rooms / name for name, of in ALSO.items() if set(of) & set(properties)]
    if not found:
        raise SetupError(f"{module} has no tests of its own and no row in BESIDE, so nothing can be said of it")
    return [path.relative_to(ROOT).as_posix() for path in found]


def digest(module: str) -> str:
    """Of a module's source, which a score is of."""
    return hashlib.sha256((ROOT / "policy" / f"{module}.py").read_bytes()).hexdigest()[:12]


def score(known: Mapping[str, Score | None], most: int, skip: int) -> Iterator[Score]:
    """Try the mutants of the modules, in that order, at most so many of each; where there is a known score, only what survived."""
    with tempfile.TemporaryDirectory(prefix="coder-eks-mutants-") as folder:
        orders = [
            Order(
                f"policy.{module}",
                tests_of(module),
                str(Path(folder, module)),
                None if score is None else [[each.function, each.before, each.after] for each in score.survivors],
                most,
                skip,
            )
            for module, score in known.items()
        ]
        temporary = Path(folder, "tmp")
        temporary.mkdir()
        environment = {ORDERS: json.dumps([asdict(order) for order in orders]), "TMPDIR": str(temporary)}
        arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:terminalreporter", "-p", "tools.mutation_trial", "--capture=no"]
        arguments += ["--assert=plain", "--tb=native", "-m", "not engine and not real"]
        command = [sys.executable, "-m", "pytest", *arguments, *sorted({test for order in orders for test in order.tests})]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True) as session:
            said: list[str] = []
            for line in session.stdout or ():
                said.append(line)
                module = line.partition(" ")[0].removeprefix("policy.")
                if module in known:
                    yield _score(module, Path(folder, module), known[module])
        if session.returncode:
            raise SetupError(f"the mutants could not be tried:\n{''.join(said)[-4000:]}")


def _score(module: str, results: Path, known: Score | None) -> Score:
    trials: list[dict[str, Any]] = [json.loads(line) for line in results.read_text().splitlines()]
    survivors = tuple(
        Survivor(trial["function"], trial["before"], trial["after"], trial["tests"])
        for trial in trials
        if trial["noticed"] is None and trial["tried"]
    )
    words, made, tried = (sum(trial[key] for trial in trials) for key in ("words", "made", "tried"))
    if known is not None:
        words, made, tried = known.words, known.made, known.tried
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return Score(module, properties_of(module), today, digest(module), words, made, tried, tried - len(survivors), survivors)


def recorded(place: Path = RECORD) -> dict[str, Score]:
    """The scores so far, by module."""
    found: dict[str, dict[str, Any]] = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
    for fields in found.values():
        fields["properties"] = tuple(fields["properties"])
        fields["survivors"] = tuple(Survivor(**each) for each in fields["survivors"])
    return {name: Score(name, **fields) for name, fields in sorted(found.items())}


def record(scores: Mapping[str, Score], place: Path = RECORD) -> None:
    """Keep the scores."""
    content = {name: {key: value for key, value in asdict(each).items() if key != "module"} for name, each in sorted(scores.items())}
    place.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def reasons(place: Path = REASONS) -> dict[str, list[dict[str, str]]]:
    """Why a survivor changes nothing, by module; `every` is of all."""
    return yaml.safe_load(place.read_text(encoding="utf-8")) or {} if place.exists() else {}


def reason(module: str, survivor: Survivor, known: Mapping[str, Sequence[Mapping[str, str]]]) -> str | None:
    """The reason of a survivor: the first whose function and pattern fit its change."""
    change = f"{survivor.before}\n=>\n{survivor.after}"
    for each in [*known.get(module, ()), *known.get("every", ())]:
        if each.get("function", survivor.function) == survivor.function and re.search(each["change"], change):
            return each["reason"]
    return None


def page(scores: Mapping[str, Score], known: Mapping[str, Sequence[Mapping[str, str]]]) -> str:
    """The table and the survivors, in Markdown."""
    lines = [
        "# What the tests of the policies hold",
        "",
        "Generated by `make mutants`; do not edit. [mutmut](https://mutmut.readthedocs.io)'s operators change one thing at a time in the",
        "functions of a policy, and the tests of that property should notice. A change of nothing but a message's words is not tried;",
        "where a module has many mutants, `--most` takes every so many of them, `--skip` others than before. `--survivors` tries",
        "again what survived, after cases were added for it: of a sample, such a score says more of the sample than of the rest.",
        f"Goal: {GOAL:.0%}. [survivors.yaml](survivors.yaml) says of a survivor why it changes nothing that a test could see.",
        "",
        "| module | tests of properties | words | other mutants | tried | noticed | share | with a reason | on |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_row(each, known) for each in scores.values()]
    words, made, tried, noticed = (sum(getattr(each, name) for each in scores.values()) for name in ("words", "made", "tried", "noticed"))
    lines += [f"| all | | {words} | {made} | {tried} | {noticed} | {noticed / tried:.0%} | | |", "", "## What survived", ""]
    for each in scores.values():
        lines += [f"### {each.module}", "", *(_survived(each, known) if each.survivors else ["Nothing.", ""])]
    return "\n".join(lines).rstrip() + "\n"


def _row(each: Score, known: Mapping[str, Sequence[Mapping[str, str]]]) -> str:
    explained = sum(reason(each.module, survivor, known) is not None for survivor in each.survivors)
    properties = ", ".join(str(one).removeprefix("test_").removesuffix(".py") for one in each.properties)
    share = f"{each.share:.0%}" if each.tried else ""
    counts = f"{each.words} | {each.made} | {each.tried} | {each.noticed} | {share} | {explained} of {len(each.survivors)}"
    return f"| {each.module} | {properties} | {counts} | {each.date} |"


def _survived(each: Score, known: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[str]:
    """By reason, those without one first."""
    by_reason: dict[str, list[Survivor]] = {}
    for survivor in each.survivors:
        by_reason.setdefault(reason(each.module, survivor, known) or "", []).append(survivor)
    for why, survivors in sorted(by_reason.items()):
        yield f"{why or 'Without a reason so far'}:"
        yield ""
        yield "```diff"
        for survivor in survivors:
            yield f"@@ {survivor.function}" + ("" if survivor.tests else ", which no test reaches")
            yield from (f"-{line}" for line in survivor.before.splitlines())
            yield from (f"+{line}" for line in survivor.after.splitlines())
        yield "```"
        yield ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Score the named modules, or all; exit code 1 where one is below the goal."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as property_05_backup_rpo; default: all properties")
    parser.add_argument("--survivors", action="store_true", help="try only what survived, where the source is as it was")
    parser.add_argument("--most", type=int, default=10_000, help="of a module's mutants; where there are more, every so many; default: all")
    parser.add_argument("--skip", type=int, default=0, help="where --most leaves some out: begin with the mutant after so many")
    parser.add_argument("--page", action="store_true", help="try nothing: write the page anew")
    parsed = parser.parse_args(arguments)
    scores, failed = recorded(), False
    known: dict[str, Score | None] = {}
    for module in [] if parsed.page else parsed.modules or modules():
        last = scores.get(module)
        as_it_was = last is not None and last.source == digest(module)
        if parsed.survivors or parsed.modules or not as_it_was:
            known[module] = last if as_it_was and parsed.survivors else None
    try:
        for found in score(known, parsed.most, parsed.skip) if known else ():
            scores[found.module] = found
            record(scores)
            say(f"{found.module}: {found.noticed} of {found.tried} mutants noticed, {found.share:.0%}")
    except SetupError as error:
        print(error, file=sys.stderr)
        failed = True
    PAGE.write_text(page(scores, reasons()), encoding="utf-8")
    return 1 if failed or any(each.share < GOAL for each in scores.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
