"""What every test of a component starts from: `deploy(program)` gives the checked resource graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from tests.components.graph import Graph
from tests.components.recorder import Outputs, record


class Deploy(Protocol):
    """Runs a program that declares resources, without an engine."""

    def __call__(
        self, program: Callable[[], object], *, outputs: Outputs | None = None, calls: Outputs | None = None, preview: bool = False
    ) -> Graph:
        """The graph; fails where an input does not fit its SDK's schema, a URN repeats, or an argument is deprecated."""
        ...


@pytest.fixture
def deploy() -> Deploy:
    """Records a program: `graph = deploy(lambda: Network("network", args))`."""

    def run(program: Callable[[], object], *, outputs: Outputs | None = None, calls: Outputs | None = None, preview: bool = False) -> Graph:
        graph = record(program, outputs=outputs, calls=calls, preview=preview)
        assert not graph.faults, "\n".join(graph.faults)
        assert not graph.warnings, "\n".join(graph.warnings)
        return graph

    return run
