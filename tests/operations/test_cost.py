"""`coder-eks cost` and `coder-eks load-times`: figures that follow from the stack file, beside the demo document's (T-33, T-34, T-87)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from operations.command import main
from plan.aurora_costs import aurora_costs
from plan.load_times import load_times
from settings.load import load_file

ROOT = Path(__file__).parents[2]
DEMO = load_file(ROOT / "Pulumi.demo.yaml")
PAGE = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments, "--stack", "demo", "--project", str(ROOT)]) == 0
    return capsys.readouterr().out


def test_aurora_costs_what_the_register_says():
    """T-33, DB-15: by instance, and for writer and reader."""
    assert [(row.acu, row.document_usd, row.instance_usd, row.cluster_usd) for row in aurora_costs(DEMO)] == [
        (0.5, 9.0, 43.80, 87.60),
        (2.0, 35.0, 175.20, 350.40),
        (16.0, 400.0, 1401.60, 2803.20),
    ]


def test_a_database_that_never_pauses_has_no_cold_start():
    """T-34, T-87, requirements 1.3: the document's own five rows, and what holds."""
    rows = {row.scenario: (row.document, row.here) for row in load_times(DEMO)}
    assert rows["first visit over HTTP"] == ((7.0, 13.0), (2.0, 3.0))
    assert rows["first visit over HTTPS"] == ((5.0, 10.0), (0.0, 0.1))
    assert rows["return visit over HTTP"] == ((7.0, 13.0), (2.0, 3.0))
    assert rows["warm over HTTPS"] == ((0.0, 0.1), (0.0, 0.1))
    assert rows["bookmark or link with https"] == ((0.0, 10.0), (0.0, 0.1))


def test_the_cost_for_programs_has_every_line_and_what_has_no_price(capsys: pytest.CaptureFixture[str]):
    cost = json.loads(told(capsys, "cost", "--json"))
    assert cost["stack"] == "demo"
    assert {line["item"] for line in cost["lines"] if line["monthly_usd"] is None} == set(cost["unpriced"])
    assert cost["total_usd"] == pytest.approx(sum(line["monthly_usd"] or 0 for line in cost["lines"]))
    assert any("NAT instance" in line["item"] for line in cost["lines"])
    assert len(cost["aurora"]) == 3


def test_on_a_terminal_both_are_tables_that_a_pipe_can_search(capsys: pytest.CaptureFixture[str]):
    cost = told(capsys, "cost")
    assert re.search(r"the declared minimum +0\.5 +about 9\.00 +43\.80 +87\.60", cost)
    assert "no price" in cost
    assert re.search(r"first visit over HTTP +7 to 13 s +2 to 3 s", told(capsys, "load-times"))


@pytest.mark.parametrize("command", ["cost", "load-times"])
def test_the_page_has_what_the_command_says(command: str, capsys: pytest.CaptureFixture[str]):
    """docs/demo.md: `coder-eks <command> --stack demo --markdown` between its marks."""
    found = re.search(rf"<!-- {command} -->\n\n(.*?)\n\n<!-- /{command} -->", PAGE, re.DOTALL)
    assert found is not None
    assert found.group(1) == told(capsys, command, "--markdown").strip()


def test_load_times_for_programs_are_seconds(capsys: pytest.CaptureFixture[str]):
    rows = json.loads(told(capsys, "load-times", "--json"))
    assert rows[0]["document"] == [7.0, 13.0]
    assert all(row["why"] for row in rows)
