"""**Feature: coder-deployment-guide, Property 16: Infrastructure Base Override Validation** (TPL-24)

Two oracles written apart: what overrides may never touch is the same before and after them, and OPA gives the same answer (tests/real).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer import overrides
from composer.overrides import Refusal, Why
from composer.publications import Permit
from tests.composer.override_trees import OPTIONAL, PROFILES, TODAY, permit, permits, trees

EFFECTIVE: dict[str, Any] = {
    "compute_profile": {"default": "small"},
    "capabilities": {"gui-vnc": False, "artifact-cache": False, "network-egress": "none", "identity-mode": "oidc", "gui-rdp": False},
    "inputs": {"privileged": False, "service_account": "coder-workspace", "blocked_cidrs": ["10.0.0.0/16"]},
}


def judged(tree: dict[str, Any], given_permits: Sequence[Permit], today: date = TODAY) -> list[Refusal]:
    return overrides.refusals(tree, optional=OPTIONAL, profiles=PROFILES, permits=given_permits, today=today)


def without_what_is_free(tree: dict[str, Any], permitted: set[str]) -> dict[str, Any]:
    """The oracle's projection: all that nobody may change, by hand and not by leaves."""
    left = copy.deepcopy(tree)
    profile = left.get("compute_profile")
    if isinstance(profile, dict):
        profile.pop("default", None)
    capabilities = left.get("capabilities")
    if isinstance(capabilities, dict):
        for name in OPTIONAL:
            capabilities.pop(name, None)
    for path in permitted:
        parent: Any = left
        *above, last = path.split(".")
        for key in above:
            parent = parent.get(key) if isinstance(parent, dict) else None
        if isinstance(parent, dict):
            parent.pop(last, None)
    return {key: value for key, value in left.items() if value != {}}


@settings(max_examples=300, deadline=None)
@given(trees, permits)
def test_what_is_accepted_leaves_all_else_as_it_was(tree: dict[str, Any], given_permits: list[Permit]):
    """proj(apply(base, overrides)) = proj(base), unless somebody permitted it."""
    if judged(tree, given_permits):
        return
    permitted = {permit.path for permit in given_permits if permit.expires >= TODAY}
    after = overrides.applied(EFFECTIVE, tree)
    assert without_what_is_free(after, permitted) == without_what_is_free(EFFECTIVE, permitted)


@settings(max_examples=300, deadline=None)
@given(trees)
def test_without_a_permit_nothing_else_than_profile_and_switches_is_accepted(tree: dict[str, Any]):
    """The other direction: whatever touches more is refused, and by its path."""
    after = overrides.applied(EFFECTIVE, tree)
    touched = without_what_is_free(after, set()) != without_what_is_free(EFFECTIVE, set())
    if touched:
        assert judged(tree, [])


@settings(max_examples=150, deadline=None)
@given(trees, permits, st.integers(0, 400))
def test_time_takes_away_and_never_gives(tree: dict[str, Any], given_permits: list[Permit], days: int):
    """A fake clock: what is refused today is refused later."""
    now, later = judged(tree, given_permits), judged(tree, given_permits, TODAY + timedelta(days=days))
    assert {refusal.path for refusal in now} <= {refusal.path for refusal in later}


@settings(max_examples=150, deadline=None)
@given(trees, permits, permits)
def test_a_permit_more_refuses_nothing_more(tree: dict[str, Any], some: list[Permit], more: list[Permit]):
    assert {refusal.path for refusal in judged(tree, [*some, *more])} <= {refusal.path for refusal in judged(tree, some)}


MUTANTS: list[tuple[str, dict[str, Any], list[Permit], Refusal]] = [
    ("identity", {"capabilities": {"identity-mode": "iam"}}, [], Refusal("capabilities.identity-mode", Why.PROTECTED)),
    ("network", {"capabilities": {"network-egress": "unrestricted"}}, [], Refusal("capabilities.network-egress", Why.PROTECTED)),
    ("privilege", {"inputs": {"privileged": True}}, [], Refusal("inputs.privileged", Why.PROTECTED)),
    ("an alias of the network's", {"capabilities": {"outbound-https": True}}, [], Refusal("capabilities.outbound-https", Why.PROTECTED)),
    ("another spelling", {"capabilities": {"gui_vnc": True}}, [], Refusal("capabilities.gui_vnc", Why.PROTECTED)),
    ("a key with a dot", {"capabilities.gui-vnc": True}, [], Refusal("capabilities.gui-vnc", Why.KEY)),
    ("nothing in place of all", {"inputs": None}, [], Refusal("inputs", Why.PROTECTED)),
    ("an empty mapping in place of all", {"capabilities": {}}, [], Refusal("capabilities", Why.PROTECTED)),
    ("another type", {"capabilities": {"gui-vnc": {"on": True}}}, [], Refusal("capabilities.gui-vnc.on", Why.PROTECTED)),
    ("text for a switch", {"capabilities": {"gui-vnc": "true"}}, [], Refusal("capabilities.gui-vnc", Why.VALUE)),
    ("no such profile", {"compute_profile": {"default": "huge"}}, [], Refusal("compute_profile.default", Why.VALUE)),
    (
        "a permit that is over",
        {"inputs": {"privileged": True}},
        [permit("inputs.privileged", -1)],
        Refusal("inputs.privileged", Why.EXPIRED),
    ),
    ("a permit of what is above", {"inputs": {"privileged": True}}, [permit("inputs.x", 9)], Refusal("inputs.privileged", Why.PROTECTED)),
]


@pytest.mark.parametrize(("tree", "given_permits", "refusal"), [case[1:] for case in MUTANTS], ids=[case[0] for case in MUTANTS])
def test_every_way_around_is_refused(tree: dict[str, Any], given_permits: list[Permit], refusal: Refusal):
    assert judged(tree, given_permits) == [refusal]


def test_a_permit_holds_through_its_last_day():
    tree: dict[str, Any] = {"capabilities": {"network-egress": "unrestricted"}}
    assert judged(tree, [permit("capabilities.network-egress", 0)]) == []


def test_sentences_say_what_is_allowed():
    said = overrides.faults(
        {"capabilities": {"network-egress": "unrestricted", "gui-vnc": 1}, "inputs": {"privileged": True}},
        optional=["gui-vnc"],
        profiles=PROFILES,
        permits=[permit("inputs.privileged", -1)],
        today=TODAY,
    )
    remedy = "drop it, or add a permit with path, reason, approver and expires"
    assert said == [
        "override capabilities.gui-vnc: write true or false",
        f"override capabilities.network-egress: overrides change compute_profile.default, capabilities.gui-vnc only; {remedy}",
        "override inputs.privileged: its permit ended on 2026-11-20; have it renewed, or drop the override",
    ]
