"""Everything that is wrong with a stack file, at once: its settings, and what the plan finds beside them."""

from __future__ import annotations

from plan.make import make_plan
from plan.model import PlanError
from settings.load import SettingsError


def all_faults(error: SettingsError) -> tuple[str, ...]:
    """The settings' own, then the conflicts of the rest that don't follow from a key that was left out; a sentence each, with the file."""
    if error.rest is None:
        return error.problems
    try:
        make_plan(error.rest)
    except PlanError as found:
        beside = [each for each in found.conflicts if not any(each.follows_from(key) for key in error.left_out)]
        return (*error.problems, *(f"{error.file}: {conflict}" for conflict in beside))
    return error.problems
