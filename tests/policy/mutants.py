"""A correct stack with one fact broken, and how the property that owns the fact must name it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.judge import Config, Line, Outcome, assert_named, run
from tests.policy.shapes import law
from tests.policy.world import DEPLOYED, PREVIEW


@dataclass(frozen=True)
class Mutant:
    """name: what was broken. reason: words of the violation that names it. modes: when it can be seen. whole: in the stack as a whole."""

    name: str
    reason: str
    apply: Callable[[ProdLike], object]
    modes: tuple[str, ...] = (PREVIEW, DEPLOYED)
    shape: Shape = field(default_factory=Shape)
    whole: bool = False


def cases(mutants: list[Mutant]) -> pytest.MarkDecorator:
    """Every mutant in every mode that can show it."""
    return pytest.mark.parametrize(
        ("mutant", "mode"),
        [pytest.param(mutant, mode, id=f"{mutant.name}-{mode}".replace(" ", "-")) for mutant in mutants for mode in mutant.modes],
    )


def assert_caught(mutant: Mutant, mode: str, number: int, config: Config | None = None) -> None:
    """The property's own policy stops the mutant, and says why and where; without it, it says nothing."""
    built = prod_like(mutant.shape)
    mutant.apply(built)
    assert_named(run(built.world, mode, config, number=number), number, mutant.reason, whole=mutant.whole)
    assert _unbroken(mutant.shape, mode, number) == []


def assert_lawful(change: Callable[[ProdLike], object], mode: str, number: int) -> Outcome:
    """The property has nothing against another form of the same facts."""
    built = prod_like()
    change(built)
    outcome = run(built.world, mode, number=number)
    assert outcome.violations(number) == []
    return outcome


@functools.cache
def _unbroken(shape: Shape, mode: str, number: int) -> list[Line]:
    return run(prod_like(shape).world, mode, law(shape), number=number).violations(number)
