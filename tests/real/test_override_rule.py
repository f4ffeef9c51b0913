"""**Feature: coder-deployment-guide, Property 16: Infrastructure Base Override Validation**

The rule about overrides is written twice, in Python for the composer and in Rego for OPA; both say the same of every generated case.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from composer import overrides
from composer.publications import Permit
from tests.composer.override_trees import OPTIONAL, PROFILES, TODAY, permits, trees
from tools import real_parts
from tools.install import ROOT

POLICY = ROOT / "catalog" / "policy"
QUERY = "[found | some each in input.cases; found := [one | some one in data.catalog.overrides.deny with input as each]]"

pytestmark = pytest.mark.real


def opa(*arguments: str, given_input: object = None) -> subprocess.CompletedProcess[str]:
    command = [str(real_parts.executable(real_parts.OPA, os.environ)), *arguments]
    return subprocess.run(command, input=json.dumps(given_input), capture_output=True, text=True, timeout=120, check=False)


def test_the_rule_is_well_formed_and_its_own_tests_pass():
    """TPL-43."""
    for arguments in (("check", "--strict"), ("fmt", "--fail", "--list"), ("test",)):
        done = opa(*arguments, str(POLICY))
        assert done.returncode == 0, done.stdout + done.stderr


cases = st.lists(st.tuples(trees, permits, st.integers(-4, 4)), min_size=60, max_size=60)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
)
@given(cases)
def test_python_and_rego_say_the_same(drawn: list[tuple[dict[str, Any], list[Permit], int]]):
    """480 cases in 8 calls: paths and reasons, of every one."""
    asked = [
        {
            "overrides": tree,
            "optional": OPTIONAL,
            "profiles": PROFILES,
            "permits": [permit.model_dump(mode="json") for permit in given_permits],
            "today": (TODAY + timedelta(days=days)).isoformat(),
        }
        for tree, given_permits, days in drawn
    ]
    done = opa("eval", "--format=json", "--stdin-input", "--data", str(POLICY / "overrides.rego"), QUERY, given_input={"cases": asked})
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
    for (tree, given_permits, days), answer in zip(drawn, answers, strict=True):
        today = TODAY + timedelta(days=days)
        mine = overrides.refusals(tree, optional=OPTIONAL, profiles=PROFILES, permits=given_permits, today=today)
        assert {(each.path, each.why.value) for each in mine} == {(each["path"], each["why"]) for each in answer}, (
            tree,
            given_permits,
            today,
        )
