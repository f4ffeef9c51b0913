"""A correct stack with one fact broken, and how the property that owns the fact must name it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.judge import Config, Outcome, run
from tests.policy.world import DEPLOYED, PREVIEW


@dataclass(frozen=True)
class Mutant:
    """name: what was broken. reason: words of the violation that names it. modes: when it can be seen."""

    name: str
    reason: str
    apply: Callable[[ProdLike], object]
    modes: tuple[str, ...] = (PREVIEW, DEPLOYED)
    shape: Shape = field(default_factory=Shape)


def cases(mutants: list[Mutant]) -> pytest.MarkDecorator:
    """Every mutant in every mode that can show it."""
    return pytest.mark.parametrize(
        ("mutant", "mode"),
        [pytest.param(mutant, mode, id=f"{mutant.name}-{mode}".replace(" ", "-")) for mutant in mutants for mode in mutant.modes],
    )


def judged(mutant: Mutant, mode: str, config: Config | None = None) -> Outcome:
    built = prod_like(mutant.shape)
    mutant.apply(built)
    return run(built.world, mode, config)


def assert_caught(mutant: Mutant, mode: str, number: int, config: Config | None = None) -> None:
    """The property's own policy stops the mutant, and says why."""
    outcome = judged(mutant, mode, config)
    found = [line.message for line in outcome.violations(number)]
    assert found, f"no violation of property {number}: {outcome}"
    assert any(mutant.reason in message for message in found), found
    assert all(f"\nproperty-{number:02}: " in message for message in found), found
