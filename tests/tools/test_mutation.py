"""The mutation score: what is tried, what counts, and what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import mutation
from tools.install import ROOT, SetupError
from tools.mutation import GOAL, PAGE, SHELLS, Score, Survivor, modules, page, reason, reasons, recorded
from tools.mutation_trial import changes, words_only

SOURCE = '''
class Judge:
    """One."""

    def bounds(self, days: int) -> bool:
        """In days."""
        return (
            days >= 1
            and days < 36
        )


def judge(days: int, least: int = 1) -> str:
    if days < least:
        return "keeps too few days"
    return "days"
'''


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('verdict.wrong(node, "leaves no snapshot")', 'verdict.wrong(node, "XXleaves no snapshotXX")'),
        ('wrong(node, f"has {days} days of backups")', 'wrong(node, f"XXhas {days} days of backupsXX")'),
    ],
)
def test_a_mutant_of_a_sentence_is_one_of_words(before: str, after: str):
    assert words_only(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('database.get("replicateSourceDb")', 'database.get("XXreplicateSourceDbXX")'),  # a key, no sentence
        ('" ".join(found)', '"XX XX".join(found)'),
        ('wrong(node, "leaves no snapshot")', 'wrong(None, "leaves no snapshot")'),
        ("days >= 1", "days > 1"),
        ('undecided(node, "is not known yet")', "undecided(node, None)"),
        ("", ""),
    ],
)
def test_any_other_mutant_counts(before: str, after: str):
    assert not words_only(before, after)


def test_every_change_names_its_function_its_lines_and_the_statement_around_them(source: Path):
    found = {(each.function, each.after.strip(), each.lines) for each in changes(source)}
    assert ("Judge.bounds", "days > 1", (7, 10)) in found  # the statement is longer than the line
    assert ("Judge.bounds", "days >= 1 or days < 36", (7, 10)) in found
    assert ("judge", "if days <= least:", (14, 14)) in found  # what it guards is a statement of its own
    assert ("judge", 'return "XXdaysXX"', (16, 16)) in found
    assert ("judge", "def judge(days: int, least: int = 2) -> str:", (13, 16)) in found
    assert len(found) == len(list(changes(source)))


def test_the_code_of_a_change_is_the_whole_function(source: Path):
    change = next(each for each in changes(source) if each.after.strip() == "days > 1")
    space: dict[str, object] = {}
    exec(change.text, space)
    assert [space["bounds"](None, days) for days in (1, 2, 35, 36)] == [False, True, True, False]  # type: ignore[operator]


def survivor(before: str, after: str) -> Survivor:
    return Survivor("database", before, after)


def test_the_page_lists_every_survivor_with_its_reason():
    held, open_ = survivor("a > b", "a >= b"), survivor("found.get(x, {})", "found.get(x, None)")
    scores = {
        "property_05_backup_rpo": Score("property_05_backup_rpo", (5,), "2026-11-21", "0", 3, 15, 12, 10, (held, open_)),
        "property_12_dns": Score("property_12_dns", (12,), "2026-11-21", "0", 0, 8, 8, 8, ()),
    }
    text = page(scores, {"every": [{"change": "a >= b", "reason": "They never meet"}]})
    assert "| property_05_backup_rpo | 5 | 3 | 15 | 12 | 10 | 83% | 1 of 2 | 2026-11-21 |" in text
    assert "| all | | 3 | 23 | 20 | 18 | 90% |" in text
    assert "They never meet:\n\n```diff\n@@ database\n-a > b\n+a >= b\n```" in text
    assert "Without a reason so far:\n\n```diff\n@@ database\n-found.get(x, {})" in text


def test_a_reason_is_of_its_function_where_it_names_one():
    known = {"m": [{"function": "other", "change": "a >= b", "reason": "no"}], "every": [{"change": "a > b\n=>\na >= b", "reason": "yes"}]}
    assert reason("m", survivor("a > b", "a >= b"), known) == "yes"


def test_a_score_survives_its_record(tmp_path: Path):
    scores = {"property_12_dns": Score("property_12_dns", (12,), "2026-11-21", "0", 0, 8, 8, 7, (survivor("a", "b"),))}
    mutation.record(scores, tmp_path / "record.json")
    assert recorded(tmp_path / "record.json") == scores


def test_every_property_is_scored_and_reaches_the_goal():
    """POL-19: what a policy's own tests hold of it; `make mutants` tries a module anew when its source has changed."""
    found = sorted(path.stem for path in (ROOT / "policy").glob("property_*.py"))
    assert modules()[: len(found)] == found
    scores = recorded()
    assert set(found) <= set(scores)
    assert {name: scores[name].share for name in found if scores[name].share < GOAL} == {}


def test_no_module_is_left_out_silently():
    """Whatever is in policy/ is tried, or named as a shell; and each has tests."""
    assert sorted([*modules(), *SHELLS]) == sorted(path.stem for path in (ROOT / "policy").glob("*.py"))
    assert all((ROOT / test).is_file() for module in modules() for test in mutation.tests_of(module))


def test_a_module_without_tests_is_a_sentence():
    with pytest.raises(SetupError, match="nothing can be said of it"):
        mutation.tests_of("pages")


def test_the_page_is_the_record_s():
    assert PAGE.read_text(encoding="utf-8") == page(recorded(), reasons())


def test_every_reason_is_of_a_survivor():
    """A reason that nothing needs any more goes; of a module that was tried in part, nobody can say."""
    scores = recorded()
    whole = {name for name, score in scores.items() if score.tried == score.made}
    for name, known in reasons().items():
        for each in known if name == "every" or name in whole else ():
            of = scores.values() if name == "every" else [scores[name]]
            alone = {"every": [each]}
            assert any(reason(score.module, found, alone) for score in of for found in score.survivors), json.dumps(each)
