"""Which stack a pulumi command speaks of."""

from __future__ import annotations

import pytest

from tools.shim import stack_of


@pytest.mark.parametrize(
    ("arguments", "stack"),
    [
        (["preview", "--stack", "demo", "--diff"], "demo"),
        (["stack", "export", "--stack=demo"], "demo"),
        (["up", "-s", "demo", "--yes"], "demo"),
        (["up", "-sdemo"], "demo"),
        (["up", "-s=demo"], "demo"),
        (["stack", "ls"], "prod"),
        (["stack", "output", "--show-secrets"], "prod"),
        (["env", "run", "x", "--", "--stack", "demo"], "prod"),
    ],
)
def test_the_stack_is_the_options_else_the_environments(arguments: list[str], stack: str):
    assert stack_of(arguments, {"PULUMI_STACK": "prod"}) == stack
