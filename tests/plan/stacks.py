"""Settings and plans of the golden prod stack, with changes."""

from __future__ import annotations

from typing import Any

import yaml

from plan import Plan, PlanError, make_plan
from plan.model import RegionPlan
from settings.load import load
from settings.model import Settings
from tests.settings.cases import STACK_FILE, happy, merged

REGION = "us-east-1"


def prod(change: str = "") -> Settings:
    """prod with a change, written as in a stack file but without the `coder-eks:` prefix; `null` takes a key away."""
    parsed: dict[str, Any] = yaml.safe_load(change) or {}
    return load(merged(happy(), {f"coder-eks:{key}": value for key, value in parsed.items()}), STACK_FILE)


def plan_of(change: str = "") -> Plan:
    """The plan of prod with a change."""
    return make_plan(prod(change))


def region_of(change: str = "") -> RegionPlan:
    """The one region of that plan."""
    return plan_of(change).regions[REGION]


def conflicts_of(change: str) -> tuple[str, ...]:
    """Every conflict of prod with a change; none where it can be planned."""
    try:
        plan_of(change)
    except PlanError as error:
        return error.problems
    return ()


def warned(plan: Plan, trap: str) -> list[str]:
    """The warnings of one row of the register."""
    return [warning.removeprefix(f"{trap}: ") for warning in plan.warnings if warning.startswith(f"{trap}: ")]
