"""demo's life on the real engine: up in one region, a second one switched on and off, and an empty cloud (DNS-12, NET-38). In order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine import golden
from tests.engine.prod import logical
from tests.engine.terminal import UNDISTURBED, Said, Terminal, held

# the longest life of the three, of two regions: with the other long runs, so that `make test` stays within ten minutes
pytestmark = [pytest.mark.engine, pytest.mark.real]

REGION = "us-west-2"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("demo") / "home", further=UNDISTURBED, stack="demo")
    yield terminal
    terminal.make("down")


@pytest.fixture(scope="module")
def up(terminal: Terminal) -> Said:
    """`make up`, from nothing: the primary region, in both visits, judged."""
    return terminal.make("up")


@pytest.fixture(scope="module")
def both(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """The same terminal, the second region switched on in its stack file and linked to the first, and free to go again."""
    region = {"deployed": True, "link": "peering", "data_protection": False}
    return terminal.with_file(tmp_path_factory.mktemp("both"), {f"regions.{REGION}.{key}": value for key, value in region.items()})


def test_another_up_changes_nothing(terminal: Terminal, up: Said):
    assert up.code == 0, up.text
    said, run = terminal.up()
    assert said.code == 0, said.text
    assert logical(run.operations) == set()
    assert terminal.inventory() == held(terminal.resources())


def test_the_graph_is_the_recorded_one(terminal: Terminal, up: Said):
    """VAL-21."""
    assert up.code == 0
    assert golden.difference("demo", terminal.resources()) == ""


def test_a_region_is_switched_on_and_no_other_is_touched(terminal: Terminal, up: Said, both: Terminal):
    """DNS-12, NET-38, NET-39: what is made is that region's own, its proxy and its link too, and the policies are green."""
    assert up.code == 0
    before = terminal.inventory()
    said, run = both.engine("up", "--yes", "--skip-preview", judged=True)
    assert said.code == 0, said.text
    done = logical(run.operations)
    assert {(verb, kind) for verb, kind, name in done if REGION not in name} <= {("update", "coder-eks:environment:Environment")}
    assert {verb for verb, _, name in done if REGION in name} == {"create"}
    assert ("create", "kubernetes:helm.sh/v3:Release", f"proxy-{REGION}") in done
    assert ("create", "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter", f"link-{REGION}") in done
    after = both.inventory()
    assert before < after
    assert after == held(both.resources())
    assert REGION in {item.scope for item in both.start().cloud.inventory().resources}


def test_a_region_is_switched_off_and_leaves_nothing(terminal: Terminal, up: Said, both: Terminal):
    """DNS-12, decision 12: once its data_protection is off, all that was its own goes, judged, and nothing else changes."""
    assert up.code == 0
    assert any(REGION in item.scope for item in both.start().cloud.inventory().resources)
    said, run = terminal.engine("up", "--yes", "--skip-preview", judged=True)
    assert said.code == 0, said.text
    done = logical(run.operations)
    assert {(verb, kind) for verb, kind, name in done if REGION not in name} <= {("update", "coder-eks:environment:Environment")}
    assert {verb for verb, _, name in done if REGION in name} == {"delete"}
    assert terminal.inventory() == held(terminal.resources())
    assert REGION not in {item.scope for item in terminal.start().cloud.inventory().resources}


def test_destroy_leaves_nothing_but_what_is_kept_on_purpose(terminal: Terminal, up: Said):
    assert up.code == 0
    said = terminal.make("destroy", "UNPROTECT=demo")
    assert said.code == 0, said.text
    assert not terminal.resources()
    assert not terminal.start().cloud.inventory().resources
