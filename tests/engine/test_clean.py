"""`git status` is the same after each local command: they run on copies of the stack files (architecture, decision 13).

`make preview`, `make up` and a whole `make destroy` are held to it in test_life, commands of pulumi that write in tests/tools.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.terminal import Said, Terminal, git_status
from tools.install import ROOT

pytestmark = pytest.mark.engine

Command = Callable[[Terminal], Said]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(lambda terminal: terminal.make("destroy"), id="make destroy"),
        pytest.param(lambda terminal: terminal.make("down"), id="make down"),
        pytest.param(lambda terminal: terminal.local("env"), id="local env"),
        pytest.param(lambda terminal: terminal.local("coder-eks", "capacity"), id="local coder-eks capacity"),
        pytest.param(lambda terminal: terminal.local("pulumi", "stack", "ls"), id="local pulumi stack ls"),
    ],
)
def test_git_status_is_the_same_after(empty: Terminal, command: Command):
    terminal = Terminal(empty.home)  # the committed stack file itself
    before, original = git_status(), (ROOT / "Pulumi.prod.yaml").read_bytes()
    said = command(terminal)
    assert "Traceback" not in said.text
    assert (ROOT / "Pulumi.prod.yaml").read_bytes() == original
    assert git_status() == before
