"""`coder-eks policy`: verdicts, counts and reports of a stack that the pack has judged (POL-18, POL-20)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from operations.failure import Failure
from operations.policy_check import Checked, checked, previewed
from operations.policy_reports import as_json, junit, sarif, show
from operations.stack import Stack

RULES = {"kms-rotation": 2, "rds-x": 0}
URN = "urn:pulumi:prod::coder-eks::aws:rds/cluster:Cluster::database"


def report(system: str = "prod", visit: int = 2, **changes: dict[str, Any]) -> dict[str, Any]:
    """Two properties; changes: by `p5`, `p13`."""
    both = [
        {"number": number, "name": f"property-{number:02}-x", "title": title, "remediation": "do it", "judged": 3, "open": 0, "reason": ""}
        for number, title in ((5, "Backup"), (13, "Portability"))
    ]
    properties = [{**item, **changes.get(f"p{item['number']}", {})} for item in both]
    return {
        "system": system,
        "visit": visit,
        "resources": 7,
        "properties": properties,
        "baseline": {"rules": {"kms-rotation": 2, "rds-x": 0}},
    }


def event(policy: str, words: str, level: str = "mandatory") -> dict[str, Any]:
    return {"policyName": policy, "message": f"What the policy is for.\n{words}", "resourceUrn": URN, "enforcementLevel": level}


BROKEN = event("property-05-backup-rpo-inputs", "property-05: database: has no deletion protection")
ROTATION = event("baseline-inputs", "baseline kms-rotation: key: never rotates (KMS.4)")


def test_green_means_judged() -> None:
    found = checked("prod", report(), [])
    assert [each.word for each in found.properties] == ["passed", "passed"]
    assert found.passed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"judged": 0}, ""),
        ({"reason": "first visit"}, "first visit"),
        ({"open": 2}, "2 unknown"),
        ({"reason": "no domain"}, "no domain"),
    ],
)
def test_on_prod_s_second_visit_what_was_not_judged_is_a_failure(change: dict[str, Any], why: str) -> None:
    found = checked("prod", report(p13=change), [])
    assert found.properties[1].word == "not judged"
    assert why in found.properties[1].reason
    assert not found.passed
    assert checked("prod", report(visit=1, p13=change), []).passed
    assert checked("demo", report(system="demo", p13=change), []).passed


def test_a_violation_names_its_property_and_resource() -> None:
    found = checked("prod", report(), [BROKEN])
    (finding,) = found.properties[0].findings
    assert (finding.rule, finding.urn, finding.message) == ("property-05", URN, "database: has no deletion protection")
    assert found.properties[0].word == "violated"
    assert not found.passed


def test_an_advisory_level_is_a_failure_on_prod_only() -> None:
    advisory = {**BROKEN, "enforcementLevel": "advisory"}
    assert not checked("prod", report(), [advisory]).passed
    assert checked("reference", report(system="reference"), [advisory]).passed


def test_a_line_about_what_waits_is_no_finding() -> None:
    waiting = event("not-yet-judged", "property-13 not judged: first visit: templates come with the second", "advisory")
    assert checked("prod", report(visit=1), [waiting]).properties[1].findings == ()


def test_a_rule_of_the_baseline_is_found_by_its_id() -> None:
    found = checked("prod", report(), [ROTATION])
    assert [each.rule for each in found.baseline] == ["kms-rotation"]
    assert not found.passed


@pytest.fixture
def broken() -> Checked:
    return checked("prod", report(p13={"reason": "first visit"}), [BROKEN, ROTATION])


def test_the_table_shows_verdicts_and_counts(broken: Checked) -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    show(broken, console)
    text = console.export_text()
    for words in (
        "prod: 7 resources",
        "Backup",
        "violated",
        "not judged",
        "here every property is judged",
        "1 of 2 rules",
        "never rotates",
    ):
        assert words in text


def test_json_names_each_property_by_number(broken: Checked) -> None:
    said: Any = as_json(broken)
    assert said["properties"]["5"]["verdict"] == "violated"
    assert said["properties"]["13"] == {
        "title": "Portability",
        "verdict": "not judged",
        "judged": 3,
        "reason": "first visit",
        "findings": [],
    }
    assert said["baseline"]["rules"]["kms-rotation"] == {"judged": 2}
    assert said["passed"] is False


def test_junit_counts_what_it_holds(broken: Checked) -> None:
    root = ET.fromstring(junit(broken))
    suites = {suite.get("name"): suite for suite in root}
    own = suites["properties"]
    assert (own.get("tests"), own.get("failures"), own.get("skipped")) == ("2", "2", "0")
    assert (suites["baseline"].get("failures"), suites["baseline"].get("skipped")) == ("1", "1")
    failure = own.find("testcase/failure")
    assert failure is not None
    assert "no deletion protection" in (failure.text or "")


def test_sarif_has_what_code_scanning_requires(broken: Checked) -> None:
    """What GitHub's documentation marks as required; that it is SARIF 2.1.0 at all, the official schema says in tests/real."""
    document: Any = json.loads(sarif(broken))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert document["$schema"].startswith("https://")
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
    fingerprints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints) == 2
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note", "none")
        assert result["message"]["text"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.prod.yaml"
        assert all(place["physicalLocation"]["region"][key] >= 1 for key in ("startLine", "startColumn", "endLine", "endColumn"))
        assert place["logicalLocations"][0]["fullyQualifiedName"] == URN


def test_a_preview_is_read_from_its_event_log_and_the_packs_report(tmp_path: Path) -> None:
    events, said = tmp_path / "events.jsonl", tmp_path / "judged.json"
    stack = Stack("prod", tmp_path / "Pulumi.prod.yaml", tmp_path)
    with pytest.raises(Failure, match="--event-log"):
        previewed(stack, events, said)
    events.write_text("\n".join(json.dumps(each) for each in ({"preludeEvent": {}}, {"policyEvent": BROKEN})) + "\nnot JSON\n")
    with pytest.raises(Failure, match="CODER_EKS_POLICY_REPORT"):
        previewed(stack, events, said)
    said.write_text(json.dumps(report()))
    found = previewed(stack, events, said)
    assert [each.word for each in found.properties] == ["violated", "passed"]
    assert json.loads(sarif(found))["runs"][0]["results"][0]["ruleId"] == "property-05"
