"""The comment of a pull request, from recorded event logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.events import read
from tools.review import Cost, accepted, main, read_cost, review

LOGS = Path(__file__).with_name("event_logs")
SAME = Cost(80.0, {"nodes": 80.0})


def test_a_change_that_both_packs_let_through_may_be_merged():
    run = read(LOGS / "create.jsonl")
    text = review("prod", run, run, SAME, SAME)
    assert text.startswith("## prod: may be merged\n\n3 created.\n")
    assert "nothing that the price table knows changes" in text


def test_a_pull_request_that_weakens_a_policy_is_stopped_by_the_base_branchs():
    weakened, judged = read(LOGS / "create.jsonl"), read(LOGS / "violation.jsonl")
    assert not accepted(weakened, judged)
    text = review("prod", weakened, judged, SAME, SAME)
    assert text.startswith("## prod: stopped by the policies")
    assert "| 5 | backup | passed | **violated** |" in text
    assert "no point-in-time recovery" in text


def test_data_that_would_be_lost_stands_above_the_policies():
    run = read(LOGS / "replaces_protected.jsonl")
    text = review("prod", run, run, SAME, SAME)
    assert "is protected** and would lose its data" in text
    assert text.index("is protected") < text.index("### Policies")


def test_a_preview_that_failed_is_no_verdict():
    run = read(LOGS / "failure.jsonl")
    assert not accepted(run, run)
    assert review("prod", run, run, SAME, SAME).startswith("## prod: the preview failed")


def test_the_cost_is_compared_item_by_item():
    run = read(LOGS / "create.jsonl")
    before, after = Cost(120.0, {"nodes": 80.0, "NAT": 40.0}), Cost(130.0, {"nodes": 90.0, "endpoints": 40.0})
    text = review("demo", run, run, after, before)
    assert "130 USD a month, +10." in text
    assert "| NAT | 40.00 | 0.00 | -40.00 |" in text
    assert "| endpoints | 0.00 | 40.00 | +40.00 |" in text
    assert "| nodes | 80.00 | 90.00 | +10.00 |" in text


def test_a_name_can_neither_break_the_table_nor_call_somebody():
    run = read(LOGS / "create.jsonl")
    text = review("demo", run, run, Cost(1.0, {"a|b\n@everyone <img>": 1.0}), Cost(0.0, {}))
    assert "| a\\|b @\u200beveryone &lt;img> |" in text


def test_lines_of_one_item_are_added_up():
    cost = read_cost(json.dumps({"total_usd": 3.5, "lines": [{"item": "a", "monthly_usd": 1.5}, {"item": "a", "monthly_usd": 2}]}))
    assert cost == Cost(3.5, {"a": 3.5})


@pytest.mark.parametrize(("base", "code"), [("create", 0), ("violation", 1)])
def test_the_command_prints_the_comment_and_its_exit_code_is_the_verdict(
    base: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    cost = tmp_path / "cost.json"
    cost.write_text('{"total_usd": 1, "lines": [{"item": "nodes", "monthly_usd": 1}]}')
    arguments = ["--stack", "prod", "--events", str(LOGS / "create.jsonl"), "--base-events", str(LOGS / f"{base}.jsonl")]
    assert main([*arguments, "--cost", str(cost), "--base-cost", str(cost)]) == code
    assert capsys.readouterr().out.startswith("## prod: ")
