"""The mutation score: what counts, and what is shown."""

from __future__ import annotations

import pytest

from tools.install import ROOT
from tools.mutation import Score, Survivor, modules, page


def survivor(before: str, after: str) -> Survivor:
    return Survivor("x__database__mutmut_1", before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('verdict.wrong(node, "leaves no snapshot")', 'verdict.wrong(node, "XXleaves no snapshotXX")'),
        ('wrong(node, f"has {days} days of backups")', 'wrong(node, f"XXhas {days} days of backupsXX")'),
    ],
)
def test_a_mutant_of_a_sentence_is_one_of_words(before: str, after: str):
    assert survivor(before, after).words_only


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('database.get("replicateSourceDb")', 'database.get("XXreplicateSourceDbXX")'),  # a key, no sentence
        ('wrong(node, "leaves no snapshot")', 'wrong(None, "leaves no snapshot")'),
        ("days >= 1", "days > 1"),
        ('undecided(node, "is not known yet")', "undecided(node, None)"),
        ("", ""),
    ],
)
def test_any_other_mutant_counts(before: str, after: str):
    assert not survivor(before, after).words_only


def test_the_share_is_of_the_mutants_that_count():
    words, real = survivor('"a b"', '"XXa bXX"'), survivor("a > b", "a >= b")
    score = Score("property_05_backup_rpo", mutants=12, killed=10, survivors=(words, real))
    assert score.counted == 11
    assert score.share == pytest.approx(10 / 11)


def test_the_page_lists_every_survivor_that_counts():
    words, real = survivor('"a b"', '"XXa bXX"'), survivor("a > b", "a >= b")
    text = page([Score("property_05_backup_rpo", 12, 10, (words, real)), Score("property_12_dns", 8, 8, ())])
    assert "| property_05_backup_rpo | 12 | 1 | 10 | 91% |" in text
    assert "| all | 20 | 1 | 18 | 95% |" in text
    assert "-a > b\n+a >= b" in text
    assert "XXa bXX" not in text


def test_every_property_is_scored():
    found = modules()
    assert found == sorted(path.stem for path in (ROOT / "policy").glob("property_*.py"))
    assert found
