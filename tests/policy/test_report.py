"""The pack's report: what each property judged, in numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.baseline import RULES
from policy.pack import PROPERTIES
from policy.variables import REPORT
from tests.policy.judge import BASELINE, run
from tests.policy.recorded import stack
from tests.policy.world import DEPLOYED, PREVIEW


def test_there_are_the_17_properties() -> None:
    """VAL-23: each of the design's properties has its policy."""
    assert [found.number for found in PROPERTIES] == list(range(1, 18))


def test_every_property_of_prod_has_judged_something(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "report.json"
    monkeypatch.setenv(REPORT, str(place))
    run(stack("prod", DEPLOYED), DEPLOYED)
    said = json.loads(place.read_text())
    assert (said["system"], said["visit"]) == ("prod", 2)
    assert said["resources"] == len(stack("prod", DEPLOYED).entries)
    assert said["baseline"]["violations"] == 0
    assert [item["number"] for item in said["properties"]] == list(range(1, 18))
    for item in said["properties"]:
        assert item["judged"] > 0, item
        assert (item["open"], item["reason"]) == (0, "")
    assert all(count > 0 for count in said["baseline"]["rules"].values())


def test_the_first_visit_says_why_a_property_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "report.json"
    monkeypatch.setenv(REPORT, str(place))
    run(stack("prod", PREVIEW, visit=1), PREVIEW)
    waiting = {item["number"] for item in json.loads(place.read_text())["properties"] if "first visit" in item["reason"]}
    assert waiting == {3, 6, 7, 10, 11, 13, 14, 15, 16, 17}


def test_rules_that_did_not_run_have_judged_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "report.json"
    monkeypatch.setenv(REPORT, str(place))
    run(stack("prod", DEPLOYED), DEPLOYED, {"baseline": {"enforcementLevel": "disabled"}}, number=BASELINE)
    said = json.loads(place.read_text())["baseline"]
    assert said["judged"] == 0
    assert set(said["rules"]) == {rule.id for rule in RULES}


def test_each_property_is_named_for_a_reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also one whose policy did not run, such as the others where one is asked alone: it has judged nothing."""
    place = tmp_path / "report.json"
    monkeypatch.setenv(REPORT, str(place))
    run(stack("prod", DEPLOYED), DEPLOYED, number=5)
    said = json.loads(place.read_text())["properties"]
    assert [(each["name"], each["title"], each["remediation"]) for each in said] == [(p.name, p.title, p.remediation) for p in PROPERTIES]
    assert said[4]["judged"] > 0
    for each in [*said[:4], *said[5:]]:
        assert (each["judged"], each["open"]) == (0, 0)
        assert "did not run" in each["reason"]


def test_without_a_file_to_write_to_nothing_is_written(tmp_path: Path) -> None:
    run(stack("prod", DEPLOYED), DEPLOYED, number=5)
    assert list(tmp_path.iterdir()) == []


TESTS = Path(__file__).parent


def test_every_property_has_its_annotated_property_test() -> None:
    """VAL-23: 17 tests `**Feature: coder-deployment-guide, Property N: …**`, each with at least 100 examples."""
    for found in PROPERTIES:
        text = "".join(file.read_text() for file in sorted(TESTS.glob(f"test_property_{found.number:02}_*.py")))
        assert f"**Feature: coder-deployment-guide, Property {found.number}: {found.title}**" in text, found.name
        assert "@given(" in text
        assert text.count("Broken(") + text.count("Mutant(") >= 8
