"""The real engine, through the fallback language host where no official one is: a program of a few lines and a policy pack."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import environment, events
from tools.environment import Environment
from tools.install import ROOT
from tools.judgements import Judgement

pytestmark = pytest.mark.engine

PROJECT = f"""name: tiny
runtime: {{ name: python, options: {{ toolchain: pip, virtualenv: {ROOT / ".venv"} }} }}
"""
PACK = f"""name: tiny-pack
version: 0.1.0
runtime: {{ name: python, options: {{ toolchain: pip, virtualenv: {ROOT / ".venv"} }} }}
"""
PROGRAM = """
import pulumi
config = pulumi.Config()
pulumi.export("word", config.require("word"))
pulumi.export("hidden", config.require_secret("hidden"))
pulumi.export("run", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization(), pulumi.runtime.is_dry_run()])
"""
POLICIES = """
from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy
def judge(args, report):
    if args.resources:
        report("property-03: the word is wrong: set tiny:word to another")
PolicyPack("tiny-pack", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    StackValidationPolicy(name="property-03-words", description="Words are right.", validate=judge),
])
"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    started = environment.start("prod", {**os.environ, "CODER_EKS_HOME": str(tmp_path_factory.mktemp("home"))})
    yield started
    started.cloud.stop()


class Project:
    """A project in a folder of its own, in the local environment's backend."""

    def __init__(self, folder: Path, local: Environment) -> None:
        self.folder = folder
        self.log = folder / "events.jsonl"
        self._local = local
        (folder / "Pulumi.yaml").write_text(PROJECT)
        self.program(PROGRAM)
        pack = folder / "pack"
        pack.mkdir()
        (pack / "PulumiPolicy.yaml").write_text(PACK)
        (pack / "__main__.py").write_text(POLICIES)
        for arguments in (["stack", "init"], ["config", "set", "word", "plain"], ["config", "set", "--secret", "hidden", "canary"]):
            assert self.pulumi(*arguments).returncode == 0

    def program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(text)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {**self._local.variables, "PULUMI_STACK": "", "PULUMI_DEBUG_COMMANDS": "1"}
        command = [str(self._local.cli.path), *arguments, "--stack", self.folder.name]
        if arguments[0] == "stack":
            command = [str(self._local.cli.path), *arguments, self.folder.name]
        return subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)

    def preview(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("preview", "--event-log", str(self.log), *arguments)


@pytest.fixture
def project(tmp_path: Path, local: Environment) -> Project:
    return Project(tmp_path, local)


def test_a_program_gets_its_settings_and_keeps_its_secrets(project: Project):
    result = project.pulumi("up", "--yes", "--skip-preview")
    assert result.returncode == 0, result.stdout
    assert 'word  : "plain"' in result.stdout
    assert "canary" not in result.stdout
    assert '"tiny"' in result.stdout
    assert f'"{project.folder.name}"' in result.stdout
    assert "false" in result.stdout


def test_an_error_for_the_operator_comes_without_a_traceback(project: Project):
    project.program("import pulumi\nraise pulumi.RunError('Pulumi.prod.yaml: coder-eks:system.name: missing')\n")
    result = project.preview()
    assert result.returncode != 0
    assert [failure.message for failure in events.read(project.log).failures] == ["Pulumi.prod.yaml: coder-eks:system.name: missing"]
    assert "Traceback" not in result.stdout + result.stderr


def test_an_exception_shows_the_programs_own_frames_only(project: Project):
    project.program("def plan():\n    raise ValueError('wrong')\n\nplan()\n")
    assert project.preview().returncode != 0
    (failure,) = events.read(project.log).failures
    assert f'File "{project.folder}/__main__.py", line 2, in plan' in failure.message
    assert failure.message.endswith("ValueError: wrong")
    assert "language_host" not in failure.message


def test_a_program_that_just_ends_is_told_with_its_exit_code(project: Project):
    project.program("import os\nos._exit(7)\n")
    result = project.preview()
    assert result.returncode != 0
    assert "the program ended with exit code 7" in result.stdout + result.stderr


def test_a_violated_property_stops_the_preview_and_nothing_of_the_pack_runs_on(project: Project):
    result = project.preview("--policy-pack", str(project.folder / "pack"))
    assert result.returncode != 0
    run = events.read(project.log)
    assert [(violation.number, violation.message) for violation in run.violations] == [
        (3, "property-03: the word is wrong: set tiny:word to another")
    ]
    assert [(found.number, found.judgement) for found in run.properties] == [(3, Judgement.VIOLATED)]
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(project.folder / "pack") not in running
