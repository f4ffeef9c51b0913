"""No alarm on random valid environments, at the first preview and after the update; one environment serves all properties."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.pack import PROPERTIES
from tests.policy.graphs import Shape, prod_like
from tests.policy.judge import Line, Outcome, run
from tests.policy.shapes import law, shapes
from tests.policy.world import DEPLOYED, PREVIEW

WORLD = {1, 4, 5, 6, 8, 12}  # what the hand-made worlds hold; every property is judged on recordings of the program
NAMES = {item.name for item in PROPERTIES if item.number in WORLD}


def violations(outcome: Outcome) -> list[Line]:
    return [line for line in outcome.violations() if line.property in WORLD]


@settings(max_examples=120, deadline=None)
@given(shape=shapes(), mode=st.sampled_from([PREVIEW, DEPLOYED]))
def test_a_valid_environment_raises_no_alarm_and_leaves_nothing_open(shape: Shape, mode: str) -> None:
    """**Feature: coder-deployment-guide, Properties 1, 4, 5, 6, 8 and 12: no false alarm**"""
    outcome = run(prod_like(shape).world, mode, law(shape))
    assert violations(outcome) == []
    waiting = {"property-06-external-provisioners"} if shape.visit == 1 else set[str]()
    assert set(outcome.not_applicable) & NAMES == waiting
    assert {name for name in outcome.passed if name in NAMES} == NAMES - waiting


def test_prod_itself_is_green_with_no_pack_config() -> None:
    for mode in (PREVIEW, DEPLOYED):
        outcome = run(prod_like().world, mode)
        assert violations(outcome) == []
        assert outcome.passed >= NAMES


def test_the_first_visit_is_reported_and_never_green() -> None:
    """Decision 7: provisioners can't be judged before there is a token; the line is what `make up` shows."""
    outcome = run(prod_like(Shape(visit=1)).world, PREVIEW)
    assert violations(outcome) == []
    assert "property-06-external-provisioners" not in outcome.passed
    assert any("\nproperty-06 not judged: first visit" in line for line in outcome.advisories())
