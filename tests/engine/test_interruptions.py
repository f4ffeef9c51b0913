"""What interrupts an `up`, and how it goes on: each test finds the stack wherever the one before has left it, and builds on.

After a kill an operator finds pending creates. The engine 3.250's `refresh --import-pending-creates` only drops them (tried: the resource
is not in the state afterwards), so what the cloud made unseen is deleted there before `refresh --clear-pending-creates` and `up`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter

import pytest

from tests.engine.prod import rows
from tests.engine.terminal import STACK, Terminal, held
from tools.cloud import Item
from tools.folders import CLI
from tools.install import ROOT

# with the other long runs, so that `make test` stays within ten minutes; tests/localcloud/test_engine.py interrupts a small stack
pytestmark = [pytest.mark.engine, pytest.mark.real]

_PATIENCE_SECONDS = 300  # for a machine that does much besides


@pytest.fixture(scope="module")
def planned(ground: Terminal) -> dict[str, bool]:
    """What an undisturbed first visit makes: URN to whether the local cloud is asked for it."""
    said = ground.local("pulumi", "preview", "--json", "--stack", STACK)
    assert said.code == 0, said.text
    states = [step["newState"] for step in said.json()["steps"]]
    return {state["urn"]: state.get("custom", False) and not state["type"].startswith("pulumi:") for state in states}


@pytest.mark.parametrize("nth", [1, 120])
def test_a_create_that_fails_is_told_and_leaves_nothing_that_the_state_does_not_know(ground: Terminal, planned: dict[str, bool], nth: int):
    """The first, and one in the middle: `nth` of the whole, the creates of the tests before counted."""
    ground.start()
    _fail(ground, nth - len(_made(ground, planned)))


def test_what_a_killed_engine_left_is_cleared_and_made_anew(ground: Terminal, planned: dict[str, bool]):
    before = len(_made(ground, planned))
    _kill_engine_after(ground, 12)

    locked, _ = ground.up()
    assert locked.code != 0
    assert "pulumi cancel" in locked.text
    assert ground.local("pulumi", "cancel", "--yes", "--stack", STACK).code == 0

    orphans = _unknown_to_the_state(ground)
    pending = {each["resource"]["urn"] for each in ground.export().get("pending_operations") or []}
    assert {item.type for item in orphans} <= {_type(urn) for urn in pending}
    _delete(ground, orphans)
    said, _ = ground.engine("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    assert said.code == 0, said.text

    assert len(_made(ground, planned)) > before
    _nothing_is_orphaned(ground)


def test_what_a_killed_cloud_made_unseen_is_all_that_the_state_does_not_know(ground: Terminal):
    ground.start()
    assert ground.cloud("fault", "--kill-at", "10").code == 0
    said, run = ground.up()
    assert said.code != 0
    assert run.failures
    ground.start()  # from its database, as after a crash of the machine

    orphans = _unknown_to_the_state(ground)
    assert orphans, "the create at which it died has reached the cloud"
    assert {item.type for item in orphans} <= {_type(failure.urn) for failure in run.failures}
    _delete(ground, orphans)
    _nothing_is_orphaned(ground)


def test_the_last_create_fails(ground: Terminal, planned: dict[str, bool]):
    ground.start()
    remaining = sum(planned.values()) - len(_made(ground, planned))
    _fail(ground, remaining)
    assert sum(planned.values()) - len(_made(ground, planned)) == 1


def test_after_all_that_the_stack_is_what_an_undisturbed_visit_makes(ground: Terminal, planned: dict[str, bool]):
    said, _ = ground.up()
    assert said.code == 0, said.text
    standing = {each["urn"] for each in ground.resources()}
    assert {urn for urn in standing if "::pulumi:providers:" not in urn} == {urn for urn in planned if "::pulumi:providers:" not in urn}
    _nothing_is_orphaned(ground)


def test_a_restarted_cloud_is_the_same_cloud(ground: Terminal):
    said, _ = ground.up()
    assert said.code == 0, said.text
    before = ground.inventory()
    assert ground.make("down").code == 0
    said, run = ground.up("--refresh", "--expect-no-changes")
    assert said.code == 0, said.text
    assert not run.changed
    assert ground.inventory() == before


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2] if urn else ""


def _fail(terminal: Terminal, nth: int) -> None:
    """Let the nth create from now on fail, and hold the engine to what it says and leaves."""
    assert nth > 0
    assert terminal.cloud("fault", "--fail-create", str(nth)).code == 0
    said, run = terminal.up()
    assert said.code != 0
    asked = [failure for failure in run.failures if "the create that was asked to fail" in failure.message]
    assert len(asked) == 1, said.text
    assert asked[0].urn in asked[0].message
    assert asked[0].urn not in {each["urn"] for each in terminal.resources()}
    _nothing_is_orphaned(terminal)


def _kill_engine_after(terminal: Terminal, creates: int) -> None:
    """SIGKILL the engine when the cloud has made that many more; what it started ends by itself."""
    local = terminal.start()
    before = _rows_of_the_program(terminal)
    command = [local.variables[CLI], "up", "--yes", "--skip-preview", "--stack", STACK, "--config-file", str(local.files.copy(STACK))]
    engine = subprocess.Popen(
        [*command, "--non-interactive"],
        env=dict(local.variables),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while _rows_of_the_program(terminal) < before + creates:
        assert engine.poll() is None, "the engine ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    while _group_lives(engine.pid):
        assert time.monotonic() < deadline, "the language host, or the program, outlives the engine"
        time.sleep(0.1)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _rows_of_the_program(terminal: Terminal) -> int:
    return sum(1 for row in rows(terminal.home) if row.get("origin") == "program")


def _made(terminal: Terminal, planned: dict[str, bool]) -> set[str]:
    """What the local cloud was asked for, and made, as the state knows."""
    return {each["urn"] for each in terminal.resources() if planned.get(each["urn"])}


def _unknown_to_the_state(terminal: Terminal) -> Counter[Item]:
    return terminal.inventory() - held(terminal.resources())


def _delete(terminal: Terminal, items: Counter[Item]) -> None:
    for item in items.elements():
        said = terminal.cloud("delete", item.type, item.id)
        assert said.code == 0, said.text


def _nothing_is_orphaned(terminal: Terminal) -> None:
    assert terminal.inventory() == held(terminal.resources())
    assert not terminal.export().get("pending_operations")
