"""The stacks of the engine's tests. Tests that share one run in the order of their files, in one process (tests/distribution.py).

prod: from its first preview to its end. ground: a first visit that is disturbed. standing: one that is not. empty: what is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from tests.engine.canaries import Canaries, planted
from tests.engine.prod import Prod, bring_up
from tests.engine.terminal import UNDISTURBED, Terminal, edited


@pytest.fixture(scope="session")
def canaries() -> Canaries:
    return planted()


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory, canaries: Canaries) -> Iterator[Prod]:
    """prod after `make up`: both visits, judged by the policies, its secrets planted."""
    folder = tmp_path_factory.mktemp("life")
    values = folder / "secrets.json"
    values.write_text(json.dumps(canaries.seeds))
    yield from bring_up(Terminal(folder / "home", further={**UNDISTURBED, "CODER_EKS_LOCAL_SECRETS": str(values)}), folder)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal whose stack is brought up by the tests themselves, through all that interrupts them."""
    yield from _terminal(tmp_path_factory, "ground")


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """The first visit of prod, up, and left as it is."""
    for terminal in _terminal(tmp_path_factory, "standing", UNDISTURBED):
        said, _ = terminal.up()
        assert said.code == 0, said.text
        yield terminal


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal whose stack stays empty: for what is refused."""
    yield from _terminal(tmp_path_factory, "empty")


def _terminal(factory: pytest.TempPathFactory, name: str, further: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    folder = factory.mktemp(name)
    terminal = Terminal(folder / "home", edited(folder / "stacks", {}), further or {})
    yield terminal
    terminal.make("down")
