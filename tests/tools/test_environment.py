"""The local environment as a whole: the real CLI and the local cloud, each test with folders of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import environment
from tools.environment import Environment
from tools.folders import cloud_folder
from tools.install import ROOT

pytestmark = pytest.mark.engine

Start = Callable[[str], Environment]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start an environment in a folder of its own; each local cloud is stopped in the end."""
    started: list[Environment] = []

    def begin(name: str) -> Environment:
        local = environment.start(
            "prod", {**os.environ, "CODER_EKS_HOME": str(tmp_path / name), "AWS_PROFILE": "mine", "KUBECONFIG": "mine"}
        )
        started.append(local)
        return local

    yield begin
    for local in started:
        local.cloud.stop()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """One environment for what changes nothing that the next test looks at."""
    home = str(tmp_path_factory.mktemp("home"))
    started = environment.start("prod", {**os.environ, "CODER_EKS_HOME": home, "AWS_PROFILE": "mine", "KUBECONFIG": "mine"})
    yield started
    started.cloud.stop()


def git_status() -> str:
    return subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_nothing_of_the_operators_own_cloud_access_gets_in(local: Environment):
    variables = local.variables
    assert "AWS_PROFILE" not in variables
    assert "KUBECONFIG" not in variables
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert variables["PULUMI_BACKEND_URL"].startswith("file://")


@pytest.mark.parametrize(
    "arguments",
    [
        ["config", "set", "coder-eks:note", "kept in the copy", "--stack", "prod"],
        ["config", "set", "--secret", "coder-eks:note", "hidden", "--stack=prod"],
        ["preview", "--stack", "prod"],
        ["stack", "export"],
    ],
)
def test_git_status_is_the_same_after_a_command(local: Environment, arguments: list[str]):
    """Architecture, decision 13: every pulumi command writes into the stack file, and gets a copy."""
    before = git_status()
    original = (ROOT / "Pulumi.prod.yaml").read_bytes()
    local.pulumi(*arguments)
    assert (ROOT / "Pulumi.prod.yaml").read_bytes() == original
    assert git_status() == before


def test_the_salt_stays_from_command_to_command(local: Environment):
    assert local.pulumi("config", "set", "--secret", "coder-eks:note", "hidden").returncode == 0
    copy = local.files.copy("prod")
    salt = next(line for line in copy.read_text().splitlines() if line.startswith("encryptionsalt:"))
    assert local.pulumi("stack", "output", "--json").stdout.strip() == "{}"
    assert salt in copy.read_text().splitlines()
    assert "hidden" not in copy.read_text()


def test_two_environments_side_by_side_do_not_disturb_each_other(start: Start):
    one, other = start("one"), start("other")
    assert one.variables["PULUMI_DEBUG_PROVIDERS"] != other.variables["PULUMI_DEBUG_PROVIDERS"]
    state = json.loads(one.pulumi("stack", "export").stdout)
    state["deployment"]["resources"] = [
        {"urn": "urn:pulumi:prod::coder-eks::pulumi:pulumi:Stack::coder-eks-prod", "type": "pulumi:pulumi:Stack"}
    ]
    file = one.home / "state.json"
    file.write_text(json.dumps(state))
    assert one.pulumi("stack", "import", "--file", str(file)).returncode == 0
    assert not json.loads(other.pulumi("stack", "export").stdout)["deployment"].get("resources")
    one.cloud.stop()
    assert other.cloud.inventory().prerequisites


def test_a_second_start_reuses_the_local_cloud_and_keeps_the_secrets(start: Start):
    first, second = start("home"), start("home")
    assert first.variables == second.variables


def test_the_printed_environment_can_be_evaluated_by_a_shell(tmp_path: Path):
    script = f'eval "$("{ROOT}/local" env)" && pulumi stack ls --json'
    outer = {**os.environ, "CODER_EKS_HOME": str(tmp_path / "it's a home"), "SHELL_WORD": "a 'quoted' word"}
    result = subprocess.run(["bash", "-c", script], env=outer, cwd=ROOT, capture_output=True, text=True, check=False)
    subprocess.run(
        [ROOT / "local", "python", "-P", "-m", "localcloud", "stop", "--state", cloud_folder(tmp_path / "it's a home", "prod")],
        env=outer,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert [stack["name"] for stack in json.loads(result.stdout)] == ["prod"]


def test_each_stack_has_a_local_cloud_of_its_own_in_one_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As each has an AWS account and a Coder of its own: bringing one up leaves nothing in the way of another."""
    monkeypatch.setenv("CODER_EKS_HOME", str(tmp_path / "home"))
    made = [environment.start(stack) for stack in ("prod", "reference")]
    try:
        assert [each.cloud.state for each in made] == [tmp_path / "home" / "clouds" / stack for stack in ("prod", "reference")]
        assert len({each.variables["CODER_URL"] for each in made}) == 2
        assert len({each.variables["PULUMI_DEBUG_PROVIDERS"] for each in made}) == 2
        assert len({each.variables["PULUMI_BACKEND_URL"] for each in made}) == 1
    finally:
        for each in made:
            each.cloud.stop()
