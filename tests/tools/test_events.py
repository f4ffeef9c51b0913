"""Event logs, recorded with CLI 3.250.0 and a policy pack of this pack's form, read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tools import report
from tools.engine import counts
from tools.events import Failure, Run, name_of, read, scrub
from tools.judgements import Judgement

LOGS = Path(__file__).with_name("event_logs")
STACK = "urn:pulumi:prod::coder-eks::pulumi:pulumi:Stack::coder-eks-prod"


def urn(index: int) -> str:
    return f"urn:pulumi:prod::coder-eks::random:index/randomId:RandomId::id-{index}"


def log(name: str) -> Run:
    return read(LOGS / f"{name}.jsonl")


def test_a_first_up_creates_every_declared_resource_and_no_provider_counts():
    run = log("create")
    assert run.succeeded
    assert not run.is_preview
    assert run.operations == {STACK: "create", urn(0): "create", urn(1): "create", urn(2): "create"}
    assert run.changed
    assert report.changes(run) == "3 created"


def test_an_up_of_a_finished_stack_changes_nothing_and_says_so():
    run = log("unchanged")
    assert run.succeeded
    assert not run.changed
    assert report.changes(run) == "nothing changed; 3 resources are as declared"


def test_each_property_has_its_own_judgement_and_what_was_not_judged_is_never_green():
    judgements = {found.number: (found.judgement, found.reason) for found in log("preview").properties}
    assert judgements == {
        5: (Judgement.PASSED, ""),
        7: (Judgement.NOT_JUDGED, "first visit: templates need a running Coder"),
        12: (Judgement.PARTLY, "2 unknown before the update"),
    }


def test_statements_about_what_was_not_judged_are_no_violations():
    assert log("preview").violations == ()


def test_a_violation_names_property_resource_and_remedy_and_says_that_nothing_was_created():
    run = log("violation")
    assert not run.succeeded
    assert run.is_preview
    lines = report.failure(run)
    assert lines[0] == "Stopped by the policy pack: 3 violations. Nothing was created or changed."
    assert lines[1] == (
        "Property 5: id-0 (random:index/randomId:RandomId): no point-in-time recovery: set database.retention_days to a value from 1 to 35"
    )
    assert len(lines) == 4
    assert {found.number for found in run.properties if found.judgement is Judgement.VIOLATED} == {5}


def test_a_change_that_replaces_protected_data_is_told_with_the_property_that_forces_it():
    """Architecture, decision 12."""
    run = log("replaces_protected")
    assert [(name_of(found.urn), found.deletes, found.forced_by) for found in run.protected] == [("id-0", False, ("byteLength",))]
    (line,) = report.failure(run)
    assert "id-0 (random:index/randomId:RandomId) is protected and would be replaced" in line
    assert "forced by byteLength" in line
    assert "coder-eks:system.data_protection: false" in line


def test_a_change_that_deletes_protected_data_is_told():
    run = log("deletes_protected")
    assert [(name_of(found.urn), found.deletes) for found in run.protected] == [("id-0", True)]
    assert "would be deleted" in report.failure(run)[0]
    assert "regions." not in report.failure(run)[0]


def test_of_a_region_that_was_switched_off_too_early_the_steps_are_told():
    """DB-19: its keys are protected; docs/demo.md has the same steps."""
    run = log("deletes_protected")
    (found,) = run.protected
    key = replace(found, urn=found.urn.replace("id-0", "us-west-2-flow-logs"))
    line = report.failure(replace(run, protected=(key,)))[0]
    step = "coder-eks:regions.us-west-2.data_protection: false lets go what is its own: write that with deployed: true, update, then write "
    assert f"{step}deployed: false." in line


def test_a_failed_update_tells_the_providers_words_and_does_not_count_what_failed():
    run = log("failure")
    assert not run.succeeded
    assert not run.is_preview
    assert run.failures == (Failure(urn(3), "DBSubnetGroupDoesNotCoverEnoughAZs: FAIL"),)
    assert urn(3) not in run.operations


@pytest.mark.parametrize("content", ["", '{"sequence":0,"timestamp":1,"preludeEvent":{"config":{}}}\n{"sequ'])
def test_a_log_that_ends_early_tells_of_a_failure(tmp_path: Path, content: str):
    file = tmp_path / "log"
    file.write_text(content)
    assert not read(file).succeeded
    assert not read(tmp_path / "missing").succeeded


def test_debug_messages_which_may_hold_secrets_leave_a_kept_log(tmp_path: Path):
    file = tmp_path / "log.jsonl"
    kept = '{"sequence":1,"timestamp":1,"cancelEvent":{}}\n'
    file.write_text('{"sequence":0,"timestamp":1,"diagnosticEvent":{"message":"canary","color":"never","severity":"debug"}}\n' + kept)
    scrub(file)
    assert file.read_text() == kept
    assert file.stat().st_mode & 0o077 == 0


def test_two_visits_count_a_resource_once_with_the_strongest_operation():
    assert report.merge([log("create"), log("unchanged")]) == {STACK: "create", urn(0): "create", urn(1): "create", urn(2): "create"}


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("aws:ec2/vpc:Vpc", "aws:ec2"),
        ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh"),
        ("coder-eks:network:Network", "coder-eks:network"),
    ],
)
def test_resources_are_counted_by_service(token: str, kind: str):
    assert report.kind(token) == kind


def test_green_is_shown_with_what_was_judged(tmp_path: Path):
    written = tmp_path / "judged.json"
    written.write_text('{"properties": [{"number": 5, "judged": 3}, {"number": 12, "judged": 0}], "baseline": {}}')
    judged = counts(written)
    assert judged == {5: 3, 12: 0}
    assert counts(tmp_path / "missing.json") == {}
    table = report.policies(log("create").properties, judged)
    shown = {str(number): str(cell) for number, cell in zip(table.columns[0].cells, table.columns[3].cells, strict=True)}
    assert shown == {"5": "3", "7": "", "12": "0"}
