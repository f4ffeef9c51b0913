"""Trees of overrides and permits, for Python and OPA alike (Property 16)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from composer.publications import Permit

TODAY = date(2026, 11, 21)
OPTIONAL = ["gui-vnc", "artifact-cache"]
PROFILES = ["small", "medium", "large"]
_PATHS = [
    "compute_profile.default",
    "capabilities.gui-vnc",
    "capabilities.network-egress",
    "capabilities.identity-mode",
    "inputs.privileged",
    "inputs.service_account",
    "inputs.blocked_cidrs",
]


def permit(path: str, days: int) -> Permit:
    """One that ends so many days from today."""
    return Permit(path=path, reason="a trial", approver="platform", expires=TODAY + timedelta(days=days))


permits = st.lists(st.builds(permit, st.sampled_from(_PATHS), st.integers(-3, 3)), max_size=4)

_KEYS = st.sampled_from(
    [
        *("compute_profile", "default", "capabilities", "gui-vnc", "gui_vnc", "artifact-cache", "network-egress", "identity-mode"),
        *("inputs", "privileged", "service_account", "blocked_cidrs", "capabilities.gui-vnc", "", "a.b", "outbound-https"),
    ]
)
_LEAVES = st.sampled_from([True, False, None, 1, "small", "huge", "unrestricted", "", [], {}, ["10.0.0.0/8"], [{"gui-vnc": True}]])
_ANY = st.recursive(_LEAVES, lambda below: st.dictionaries(_KEYS, below, max_size=3), max_leaves=6)
_likely = st.fixed_dictionaries(
    {},
    optional={
        "compute_profile": st.fixed_dictionaries({}, optional={"default": st.sampled_from([*PROFILES, "huge", None])}),
        "capabilities": st.dictionaries(
            st.sampled_from(["gui-vnc", "artifact-cache", "network-egress", "identity-mode"]), st.booleans() | _LEAVES, max_size=3
        ),
        "inputs": st.dictionaries(st.sampled_from(["privileged", "service_account", "blocked_cidrs"]), _LEAVES, max_size=2),
    },
)
trees = _likely | st.dictionaries(_KEYS, _ANY, max_size=3)
