"""What follows from the settings: `make_plan(settings) -> Plan`, pure."""

from __future__ import annotations

from plan.make import make_plan
from plan.model import Plan, PlanError

__all__ = ["Plan", "PlanError", "make_plan"]
