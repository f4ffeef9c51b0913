"""One reading of a stack file tells all that is wrong with it, whichever room would say it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from composer import faults
from plan.make import make_plan
from plan.model import PlanError
from settings.load import SettingsError, load, load_file
from settings.stack_file import read_config
from tests.engine.terminal import edited

FILE, TODAY = "Pulumi.prod.yaml", date(2026, 11, 21)
TEMPLATES = "coder-eks:templates.published"
STRANGER = f"{FILE}: {TEMPLATES}.pod-swdevv: pod-swdevv is no composition of the catalogue; did you mean pod-swdev?"
MISPLACED = f"{FILE}: {TEMPLATES}.pod-swdev.runs_on: its workspaces are pods, the stack file says ec2; write pods"
MISREAD, UNREAD = {"regions.us-east-1.database.acu.max": "much"}, "coder-eks:regions.us-east-1.database.acu.max"
CONFLICT, TIER = {"regions.us-east-1.network.tiers.database": ["10.0.0.0/22"] * 3}, "coder-eks:regions.us-east-1.network.tiers"


@pytest.fixture
def stranger() -> dict[str, object]:
    whole = yaml.safe_load((Path(__file__).parents[2] / FILE).read_text())
    return {"templates.published.pod-swdevv": whole["config"]["coder-eks:templates"]["published"]["pod-swdev"]}


def of_settings(folder: Path, changes: dict[str, object], catalog: Path = faults.CATALOG) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(read_config(edited(folder, changes) / FILE), FILE)
    return faults.of_settings(caught.value, TODAY, catalog)


def of_plan(folder: Path, changes: dict[str, object]) -> tuple[str, ...]:
    settings = load_file(edited(folder, changes) / FILE)
    with pytest.raises(PlanError) as caught:
        make_plan(settings)
    return faults.of_plan(caught.value, FILE, settings, TODAY)


def test_settings_and_templates(tmp_path: Path, stranger: dict[str, object]):
    first, *others = of_settings(tmp_path, {**MISREAD, **stranger, "templates.published.pod-swdev.runs_on": "ec2"})
    assert first.startswith(f"{FILE}: {UNREAD}: ")
    assert others == [MISPLACED, STRANGER]


def test_settings_plan_and_templates(tmp_path: Path, stranger: dict[str, object]):
    first, *conflicts, last = of_settings(tmp_path, {**MISREAD, **CONFLICT, **stranger})
    assert first.startswith(f"{FILE}: {UNREAD}: ")
    assert conflicts
    assert all(each.startswith(f"{FILE}: {TIER}") for each in conflicts)
    assert last == STRANGER


def test_plan_and_templates(tmp_path: Path, stranger: dict[str, object]):
    *conflicts, last = of_plan(tmp_path, {**CONFLICT, **stranger})
    assert conflicts
    assert all(each.startswith(f"{FILE}: {TIER}") for each in conflicts)
    assert last == STRANGER


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"templates.channel": "newest"}, set[str]()),
        ({"workload.sizes.sw-dev-small.cpu": "much"}, {STRANGER}),
        ({"system.name": "Prod!"}, {STRANGER}),
        (MISREAD, {STRANGER, MISPLACED}),
    ],
)
def test_what_may_follow_from_another_fault_is_left_out(
    tmp_path: Path, stranger: dict[str, object], wrong: dict[str, object], told: set[str]
):
    first, *others = of_settings(tmp_path, {**wrong, **stranger, "templates.published.pod-swdev.runs_on": "ec2"})
    assert first.startswith(f"{FILE}: coder-eks:{next(iter(wrong))}: ")
    assert set(others) == told


def test_a_wrong_catalogue_is_told_when_the_stack_file_is_right(tmp_path: Path, stranger: dict[str, object]):
    (found,) = of_settings(tmp_path, {**MISREAD, **stranger}, tmp_path / "gone")
    assert found.startswith(f"{FILE}: {UNREAD}: ")
