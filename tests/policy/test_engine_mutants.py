"""Facts of the real program re-pointed, removed or widened: the first preview of an empty stack stops each, nothing is made (decision 10).

An engine run costs more than all judging. So a program carries one broken fact of each of several properties, and each has to be stopped by
its own property's policy; alone they are tested without the engine.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.policy import (
    mutant_program,
    test_property_10_tshirt_sizes,
    test_property_13_portability,
    test_property_14_contract,
    test_property_15_provenance,
    test_property_16_overrides,
    test_property_17_semver,
)
from tests.policy.breaking import TEMPLATE, Broken
from tests.policy.engine import local_environment
from tests.policy.recorded import stack
from tests.policy.world import PREVIEW
from tools import events
from tools.environment import Environment
from tools.install import ROOT

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Fact:
    """program: which of the broken programs has it. change: in mutant_program.py. reason: words of the violation."""

    program: str
    number: int
    change: str
    reason: str


# What stands in a template's folder is broken as in the tests of the property itself, one after the other in one copy.
FOLDER: dict[int, Broken] = {
    number: next(broken for broken in cases if broken.name == name)
    for number, cases, name in (
        (10, test_property_10_tshirt_sizes.BROKEN, "more memory"),
        (13, test_property_13_portability.BROKEN, "a role in a script"),
        (14, test_property_14_contract.BROKEN, "a base without what is required"),
        (15, test_property_15_provenance.BROKEN, "a file changed afterwards"),
        (16, test_property_16_overrides.BROKEN, "another identity"),
        (17, test_property_17_semver.BROKEN, "a version that the name does not say"),
    )
}
# `first` goes through `up`, which begins with that preview; the second visit's two through the preview alone.
FIRST, SECOND, THIRD = "first", "second", "third"
FACTS = (
    Fact(FIRST, 1, "nat_of_another_zone", "routes to us-east-1-a in us-east-1a"),
    Fact(FIRST, 2, "more_nodes", "L-BD136A63"),
    Fact(FIRST, 4, "one_replica", "runs 1 replicas"),
    Fact(FIRST, 5, "no_retention", "has no point-in-time recovery"),
    Fact(FIRST, 6, "daemons_from_a_secret", "from where no policy can read"),
    Fact(FIRST, 8, "rule_on_another_group", "opens us-east-1-workspace to everybody"),
    Fact(FIRST, 9, "owners_open_workspaces", "has CODER_DISABLE_OWNER_WORKSPACE_ACCESS not set"),
    Fact(FIRST, 12, "alias_to_something_else", "does not lead to the load balancer"),
    Fact(FIRST, 12, "certificate_that_nobody_validates", "shows a certificate that nothing validates"),
    Fact(SECOND, 1, "database_zone_missing", "must hold the database subnets"),
    Fact(SECOND, 1, "binding_without_target", "TargetGroupBinding"),
    Fact(SECOND, 3, "ingress_allowed", "denies Ingress by default"),
    Fact(SECOND, 6, "key_of_another_name", "which nothing in the stack makes"),
    Fact(SECOND, 8, "listener_without_certificate", "has no certificate"),
    Fact(THIRD, 6, "address_of_another_service", "is no Service of this stack"),
    Fact(THIRD, 7, "never_stops", "never stops its workspaces"),
    Fact(THIRD, 8, "listener_of_nothing", "belongs to no load balancer"),
    Fact(THIRD, 11, "users_unmanaged", "leaves acl out"),
    *(Fact(THIRD, number, "folders_of_others", broken.reason) for number, broken in FOLDER.items()),
)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with local_environment(tmp_path_factory.mktemp("mutants")) as started:
        yield started


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An environment whose Coder has a token already, so that the first preview declares what the second visit brings."""
    with local_environment(tmp_path_factory.mktemp("visited")) as started:
        started.cloud.seed(json.dumps({"secrets": {"coder/prod/coderd-token": "a-token"}}))
        yield started


@dataclass(frozen=True)
class Done:
    """A run of the engine: what it wrote, and its events."""

    process: CompletedProcess[str]
    run: events.Run


def run(local: Environment, project: Path, verb: str, changes: list[str], *options: str) -> Done:
    """Run a program with those facts changed in a project folder of its own; everything else is the real project's."""
    text = (ROOT / "Pulumi.yaml").read_text().replace("virtualenv: .venv", f"virtualenv: {ROOT / '.venv'}")
    (project / "Pulumi.yaml").write_text(text)
    shutil.copy(Path(mutant_program.__file__), project / "__main__.py")
    config, log = project / "Pulumi.prod.yaml", project / "events.jsonl"
    shutil.copy(local.files.copy("prod"), config)
    command = [str(local.cli.path), "--cwd", str(project), verb, "--stack", "prod", "--policy-pack", str(ROOT / "policy"), *options]
    command += ["--color", "never", "--non-interactive", "--event-log", str(log)]
    variables = {"MUTANTS": " ".join(changes), "ROOT": str(ROOT), "FOLDERS": json.dumps(folders()), "PULUMI_DEBUG_COMMANDS": "1"}
    done = local.run(["env", *(f"{name}={value}" for name, value in variables.items()), *command])
    return Done(done, events.read(log))


def folders() -> dict[str, str]:
    """The templates whose folder was changed, and the changed copy."""
    before, after = stack("prod", PREVIEW), stack("prod", PREVIEW)
    for broken in FOLDER.values():
        broken.apply(after)
    found = {each.name: each.inputs["versions"][0]["directory"] for each in after.all(TEMPLATE)}
    return {each.name: found[each.name] for each in before.all(TEMPLATE) if found[each.name] != each.inputs["versions"][0]["directory"]}


def nothing_was_made(local: Environment) -> bool:
    return local.cloud.inventory().resources == ()


@pytest.fixture(scope="module")
def broken(local: Environment, visited: Environment, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Done]:
    """The engine's run of a broken program, done once."""
    known: dict[str, Done] = {}

    def once(program: str) -> Done:
        if program not in known:
            changes = sorted({fact.change for fact in FACTS if fact.program == program})
            where, verb, options = (local, "up", ["--yes"]) if program == FIRST else (visited, "preview", [])
            known[program] = run(where, tmp_path_factory.mktemp(program), verb, changes, *options)
        return known[program]

    return once


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"property-{fact.number:02}-{fact.change}")
def test_the_first_preview_of_an_empty_stack_stops_it(broken: Callable[[str], Done], fact: Fact) -> None:
    found = [each for each in broken(fact.program).run.violations if each.number == fact.number and each.mandatory]
    assert any(fact.reason in each.message for each in found), [each.message for each in found]


@pytest.mark.parametrize("program", [FIRST, SECOND, THIRD])
def test_nothing_is_made_of_it(local: Environment, visited: Environment, broken: Callable[[str], Done], program: str) -> None:
    """`up` of the first one too: it ends with its preview, and the stack is as empty as the cloud."""
    where, done = local if program == FIRST else visited, broken(program)
    assert done.process.returncode != 0, done.process.stdout
    assert done.run.is_preview
    assert nothing_was_made(where)
    exported = json.loads(where.pulumi("stack", "export", "--stack", "prod").stdout)
    assert not exported["deployment"].get("resources")


def test_every_property_is_among_them() -> None:
    assert {fact.number for fact in FACTS} == set(range(1, 18))


def test_the_program_as_it_stands_is_let_through(local: Environment, visited: Environment, tmp_path: Path) -> None:
    """What stops a mutant is the mutation: the same wrapper without one passes."""
    (tmp_path / "first").mkdir()
    first = run(local, tmp_path / "first", "preview", []).process
    assert first.returncode == 0, first.stdout[-3000:] + first.stderr
    assert "property-06 not judged: first visit" in first.stdout
    (tmp_path / "second").mkdir()
    second = run(visited, tmp_path / "second", "preview", []).process
    assert second.returncode == 0, second.stdout[-3000:] + second.stderr
    assert "not judged" not in second.stdout
    assert "not yet judged" not in second.stdout
