"""`./local CMD…`: how people look around."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from plan import make_plan
from settings.load import load_file
from tests.engine.terminal import Terminal
from tools.install import ROOT

pytestmark = pytest.mark.engine


def test_capacity_tells_what_the_plan_works_out(empty: Terminal):
    """Architecture, decision 1: `coder-eks capacity` says what prod's declared figures hold."""
    said = empty.local("coder-eks", "capacity", "--stack", "prod", "--json")
    assert said.code == 0, said.text
    told, plan = said.json(), make_plan(load_file(ROOT / "Pulumi.prod.yaml"))
    assert (told["stack"], told["sizing"]) == ("prod", "design")
    assert told["warnings"] == list(plan.warnings)
    assert told["plans"]["design"]["capacity"] == json.loads(json.dumps(asdict(plan.capacity)))
    assert set(told["plans"]) == {"design", "validated"}


def test_a_command_that_does_not_exist_is_a_sentence(empty: Terminal):
    said = empty.local("no-such-command")
    assert said.code == 127
    assert "no command no-such-command" in said.err
