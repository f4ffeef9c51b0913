"""`make mutants`: how much of each property's policy its tests hold (mutmut), as a table in docs/properties/mutation.md.

mutmut changes one thing at a time in a policy's functions and runs that property's tests on each. A mutant that only changes the words of a
message is counted apart: tests name the reason that a message gives, not its wording. What else survives is listed, with its change.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.install import ROOT, SetupError, say

PAGE = ROOT / "docs" / "properties" / "mutation.md"
GOAL = 0.85
# What the tests of a policy read beside the policy itself.
ROOMS = ("settings", "composer", "plan", "components", "localcloud", "operations", "tools", "catalog", "sdks", "docs", "README.md")
_WORDS = re.compile(r"""[fr]*"(?:[^"\\]|\\.)*"|[fr]*'(?:[^'\\]|\\.)*'""")


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed. before, after: the changed lines."""

    name: str
    before: str
    after: str

    @property
    def words_only(self) -> bool:
        """Whether the change is of a sentence: literals with a space in them, anything else the same."""
        return self.before != self.after and _without_sentences(self.before) == _without_sentences(self.after)


@dataclass(frozen=True)
class Score:
    """One module. killed counts timeouts too: an endless loop is noticed."""

    module: str
    mutants: int
    killed: int
    survivors: tuple[Survivor, ...]

    @property
    def counted(self) -> int:
        """Mutants but for those of words."""
        return self.mutants - sum(each.words_only for each in self.survivors)

    @property
    def share(self) -> float:
        """Of the counted mutants, how many were noticed."""
        return self.killed / self.counted if self.counted else 1.0


def _without_sentences(line: str) -> str:
    return _WORDS.sub(lambda found: '""' if " " in found[0] else found[0], line)


def modules() -> list[str]:
    """The modules of the properties, by number."""
    return sorted(path.stem for path in (ROOT / "policy").glob("property_*.py"))


def score(module: str, processes: int) -> Score:
    """Run mutmut over one module in a copy of the project."""
    tests = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "policy").glob(f"test_{module}*.py"))
    if not tests:
        raise SetupError(f"{module} has no tests/policy/test_{module}.py, so nothing can be said of it")
    with tempfile.TemporaryDirectory(prefix="coder-eks-mutants-") as folder:
        copy = Path(folder, "project")
        _copy(copy)
        (copy / "setup.cfg").write_text(_config(module, tests))
        done = _mutmut(copy, "run", "--max-children", str(processes))
        counted = re.findall(r"(\d+)/(\d+)  \S+ (\d+) \S+ *(\d+)  \S+ (\d+)  \S+ (\d+)  \S+ (\d+)", done.stdout)
        if not counted:
            raise SetupError(f"mutmut came to no result for {module}:\n{(done.stdout + done.stderr)[-2000:]}")
        _, mutants, killed, _untested, timeouts, _suspicious, _survived = map(int, counted[-1])
        return Score(module, mutants, killed + timeouts, tuple(_survivors(copy)))


def _copy(target: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def _config(module: str, tests: Sequence[str]) -> str:
    def several(values: Sequence[str]) -> str:
        return "".join(f"\n    {value}" for value in values)

    stacks = sorted(path.name for path in ROOT.glob("Pulumi*.yaml"))
    return "\n".join(
        [
            "[mutmut]",
            "source_paths = policy",
            f"only_mutate = policy/{module}.py",
            f"also_copy ={several([*ROOMS, *stacks, '__main__.py', 'requirements.txt'])}",
            f"pytest_add_cli_args ={several(['-p', 'no:cacheprovider', '-m', 'not engine and not real'])}",
            f"pytest_add_cli_args_test_selection ={several(tests)}",
            "",
        ]
    )


def _mutmut(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _survivors(folder: Path) -> Iterator[Survivor]:
    for name in re.findall(r"^\s*(\S+): (?:survived|no tests)$", _mutmut(folder, "results").stdout, re.MULTILINE):
        shown = _mutmut(folder, "show", name).stdout
        before, after = ("\n".join(re.findall(rf"^\{sign}(?!\{sign})(.*)$", shown, re.MULTILINE)) for sign in "-+")
        yield Survivor(name.rpartition(".")[2], before, after)


def page(scores: Sequence[Score]) -> str:
    """The table and the survivors, in Markdown."""
    lines = [
        "# What the tests of the policies hold",
        "",
        f"`make mutants`, {datetime.now(UTC):%Y-%m-%d}: [mutmut](https://mutmut.readthedocs.io) changes one thing at a time",
        "in the functions of a property's policy, and the property's tests should notice.",
        f"Goal: {GOAL:.0%} of the mutants, those that change only the words of a message left out.",
        "",
        "| module | mutants | of them words | noticed | share |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [f"| {s.module} | {s.mutants} | {s.mutants - s.counted} | {s.killed} | {s.share:.0%} |" for s in scores]
    total, killed = sum(s.counted for s in scores), sum(s.killed for s in scores)
    lines += [
        f"| all | {sum(s.mutants for s in scores)} | {sum(s.mutants - s.counted for s in scores)} | {killed} | {killed / total:.0%} |",
        "",
    ]
    lines += ["## What survived", ""]
    for each in scores:
        for survivor in (survivor for survivor in each.survivors if not survivor.words_only):
            change = [*(f"-{line}" for line in survivor.before.splitlines()), *(f"+{line}" for line in survivor.after.splitlines())]
            lines += [f"{each.module}, `{survivor.name}`:", "", "```diff", *change, "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Score the named modules, or all; exit code 1 where one is below the goal."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as property_05_backup_rpo; default: all, which takes an hour")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--page", type=Path, default=PAGE, help="where the table goes; default: docs/properties/mutation.md")
    parsed = parser.parse_args(arguments)
    scores: list[Score] = []
    try:
        for module in parsed.modules or modules():
            scores.append(score(module, parsed.processes))
            say(f"{module}: {scores[-1].killed} of {scores[-1].counted} mutants noticed, {scores[-1].share:.0%}")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    parsed.page.parent.mkdir(parents=True, exist_ok=True)
    parsed.page.write_text(page(scores))
    return 0 if all(each.share >= GOAL for each in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
