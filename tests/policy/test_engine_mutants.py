"""One edge of the real program re-pointed or removed: the first preview of an empty stack stops it, and nothing is made (decision 10)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.policy import mutant_program
from tests.policy.engine import local_environment
from tools.environment import Environment
from tools.install import ROOT

pytestmark = pytest.mark.engine

# one of each property goes through `up`, which begins with that preview; the others through the preview alone
THROUGH_UP = {number: name for name, (number, _) in reversed(mutant_program.MUTANTS.items())}


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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The same project and stack, whose program is the mutant's."""
    text = (ROOT / "Pulumi.yaml").read_text().replace("virtualenv: .venv", f"virtualenv: {ROOT / '.venv'}")
    (tmp_path / "Pulumi.yaml").write_text(text)
    shutil.copy(Path(mutant_program.__file__), tmp_path / "__main__.py")
    return tmp_path


def run(local: Environment, project: Path, verb: str, mutant: str, *options: str) -> CompletedProcess[str]:
    config = project / "Pulumi.prod.yaml"
    shutil.copy(local.files.copy("prod"), config)
    command = [str(local.cli.path), "--cwd", str(project), verb, "--stack", "prod", "--policy-pack", str(ROOT / "policy"), *options]
    return local.run(["env", f"MUTANT={mutant}", f"ROOT={ROOT}", *command, "--color", "never", "--non-interactive"])


def nothing_was_made(local: Environment) -> bool:
    return local.cloud.inventory().resources == ()


@pytest.mark.parametrize("mutant", sorted(mutant_program.SECOND_VISIT))
def test_the_first_preview_stops_it_when_provisioners_are_declared(visited: Environment, project: Path, mutant: str) -> None:
    result = run(visited, project, "preview", mutant)
    assert result.returncode != 0, result.stdout
    assert "property-06: " in result.stdout, result.stdout[-3000:] + result.stderr
    assert nothing_was_made(visited)


@pytest.mark.parametrize("mutant", sorted({*mutant_program.MUTANTS} - mutant_program.SECOND_VISIT - {*THROUGH_UP.values()}))
def test_the_first_preview_of_an_empty_stack_stops_it(local: Environment, project: Path, mutant: str) -> None:
    number = mutant_program.MUTANTS[mutant][0]
    result = run(local, project, "preview", mutant)
    assert result.returncode != 0, result.stdout
    assert f"property-{number:02}: " in result.stdout, result.stdout[-3000:] + result.stderr
    assert nothing_was_made(local)


@pytest.mark.parametrize(("number", "mutant"), sorted(THROUGH_UP.items()))
def test_up_ends_in_failure_with_an_empty_cloud(local: Environment, project: Path, number: int, mutant: str) -> None:
    result = run(local, project, "up", mutant, "--yes")
    assert result.returncode != 0
    assert f"property-{number:02}: " in result.stdout
    assert nothing_was_made(local)
    exported = json.loads(local.pulumi("stack", "export", "--stack", "prod").stdout)
    assert not exported["deployment"].get("resources")


def test_the_program_as_it_stands_is_let_through(local: Environment, visited: Environment, project: Path) -> None:
    """What stops a mutant is the mutation: the same wrapper without one passes."""
    result = run(local, project, "preview", "none")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    assert "property-06 not judged: first visit" in result.stdout
    result = run(visited, project, "preview", "none")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    assert "not judged" not in result.stdout
    assert "not yet judged" not in result.stdout
