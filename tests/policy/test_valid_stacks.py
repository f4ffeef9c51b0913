"""No alarm on random valid environments that the program itself declares; one environment serves all properties."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from plan import PlanError
from policy.pack import PROPERTIES
from tests.policy.judge import Outcome, run
from tests.policy.recorded import Recording, record_settings, stack
from tests.policy.variations import STRUCTURES, document, lawful, parsed, vary
from tests.policy.world import DEPLOYED, PREVIEW

NAMES = {item.name for item in PROPERTIES}
SECOND_VISIT = {item.name for item in PROPERTIES if item.number in (3, 6, 7, 10, 11, 13, 14, 15, 16, 17)}


def green(outcome: Outcome, visit: int) -> None:
    assert [line.message for line in outcome.violations()] == []
    waiting = set(outcome.not_applicable)
    assert waiting <= (SECOND_VISIT if visit == 1 else set())
    assert outcome.passed >= NAMES - waiting


# Each structure as a preview and as deployed, one of them at the first visit: 20 runs of the program, which are what this costs.
SITUATIONS = [
    (document(index), mode, 1 + (index + number) % 2) for index in range(STRUCTURES) for number, mode in enumerate((PREVIEW, DEPLOYED))
]


@functools.lru_cache(maxsize=len(SITUATIONS))
def recorded(text: str, mode: str, visit: int) -> Recording | None:
    """An environment of its own structure, recorded once; None where plan or settings refuse the draw."""
    found = parsed(text)
    try:
        return None if found is None else record_settings(found, mode, visit=visit)
    except PlanError:
        return None


@settings(max_examples=100, phases=[Phase.explicit, Phase.generate])  # a smaller example costs a minute, and says no more
@given(situation=st.sampled_from(SITUATIONS), variation=st.data())
def test_a_valid_environment_raises_no_alarm(situation: tuple[str, str, int], variation: Any) -> None:
    """**Feature: coder-deployment-guide, Properties 1 to 17: no false alarm**"""
    text, mode, visit = situation
    found = recorded(*situation)
    assume(found is not None)
    assert found is not None
    varied = vary(found, variation.draw)
    green(run(varied, mode, lawful(text)), visit)


@pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
@pytest.mark.parametrize("visit", [1, 2])
@pytest.mark.parametrize("name", ["prod", "reference", "demo"])
def test_the_shipped_stacks_are_green_with_no_pack_config(name: str, mode: str, visit: int) -> None:
    green(run(stack(name, mode, visit), mode), visit)
