"""The command line of `coder-eks`."""

from __future__ import annotations

import json
import re
import shutil
import stat
from pathlib import Path

import pytest

from operations.command import main
from operations.failure import ExitCode, Failure
from operations.stack import find_stack

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(ROOT / "Pulumi.prod.yaml", tmp_path)
    for name in ("PULUMI_STACK", "CODER_URL", "CODER_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def pulumi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A pulumi on PATH that does this."""
    path = folder / "bin/pulumi"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")


def test_capacity_says_what_the_stack_holds_and_what_limits_it(project: Path, capsys: pytest.CaptureFixture[str]):
    """Decision 1, T-14: from the stack file alone."""
    assert main(["capacity", "--stack", "prod", "--project", str(project)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("prod (design) holds 3,000 of 3,000 workspaces at the peak")
    assert "15 workspaces each, limited by CPU and memory" in out
    assert "validated" in out
    assert "m7i.12xlarge" in out
    assert "\x1b" not in out  # plain in a pipe
    assert not any(line != line.rstrip() for line in out.splitlines())


def test_capacity_says_what_each_node_type_has_and_holds(capsys: pytest.CaptureFixture[str]):
    """T-52: c7i.2xlarge has 16 GiB, whatever a document says."""
    assert main(["capacity", "--stack", "reference", "--project", str(Path(__file__).parents[2])]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["coder-prov", "c7i.2xlarge", "8", "16", "1", "2", "7", "provisioners"] in rows
    assert ["coder-ws", "m7i.12xlarge", "48", "192", "2", "20", "27", "workspaces"] in rows


def test_capacity_for_programs(project: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["capacity", "--project", str(project), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["stack"], told["sizing"], set(told["plans"])) == ("prod", "design", {"design", "validated"})
    assert told["plans"]["design"]["capacity"]["nodes_max"] == 200
    assert told["plans"]["design"]["provisioners"] == {"us-east-1": {"floor": 2, "peak": 140}}
    assert told["warnings"]


def test_a_validated_stack_is_compared_with_the_design(project: Path, capsys: pytest.CaptureFixture[str]):
    file = project / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("sizing: design", "sizing: validated"))
    assert main(["capacity", "--project", str(project)]) == 0
    assert "validated (declared)" in capsys.readouterr().out


def test_conflicts_of_the_plan_are_told_beside_faults_of_the_settings(project: Path, capsys: pytest.CaptureFixture[str]):
    """All at once: what another key makes wrong is not left for the second try."""
    file = project / "Pulumi.prod.yaml"
    wrong = re.sub(
        r"readers: \d+", "readers: -2", re.sub(r"instance_type: c5\.\w+", "instance_type: c5.99xlarge", file.read_text(), count=1)
    )
    file.write_text(wrong)
    assert main(["capacity", "--project", str(project)]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert "Pulumi.prod.yaml: coder-eks:regions.us-east-1.database.readers: -2 is too small" in told
    assert "instance_type: c5.99xlarge is not in the table of instance types" in told


def test_every_fault_of_a_stack_file_is_one_sentence(project: Path, capsys: pytest.CaptureFixture[str]):
    file = project / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("cidr: 10.0.0.0/16", "cidr: 8.8.0.0/16").replace("name: prod", "name: Prod"))
    assert main(["capacity", "--project", str(project)]) == ExitCode.USAGE
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("Pulumi.prod.yaml: coder-eks:") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--stack", "demo"], "stack demo has no file Pulumi.demo.yaml in {folder}; there is: prod"),
        (
            ["--project", "{folder}/none"],
            "{folder}/none has no Pulumi.<stack>.yaml; run the command in the project's folder, or use --project",
        ),
    ],
)
def test_a_stack_that_is_not_there_is_told(project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str):
    given = [argument.replace("{folder}", str(project)) for argument in arguments]
    assert main(["capacity", "--project", str(project), *given]) == ExitCode.USAGE
    assert capsys.readouterr().err.strip() == sentence.replace("{folder}", str(project))


def test_several_stacks_need_a_name(project: Path):
    shutil.copy(project / "Pulumi.prod.yaml", project / "Pulumi.demo.yaml")
    with pytest.raises(Failure, match="there are the stacks demo, prod; say which one with --stack"):
        find_stack(None, project)


def test_bootstrap_needs_the_first_visit(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    pulumi(project, monkeypatch, "echo \"error: no stack named 'prod' found\" >&2; exit 255")
    assert main(["bootstrap", "--project", str(project)]) == ExitCode.MISSING
    assert capsys.readouterr().err.strip() == (
        "pulumi does not tell the outputs of stack prod: no stack named 'prod' found; run `pulumi up --stack prod` first, or use --url"
    )


def test_bootstrap_asks_pulumi_for_the_access_url(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    pulumi(project, monkeypatch, '[ "$*" = "stack output --json --stack prod" ] && echo \'{"access_url": "ftp://x"}\'')
    assert main(["bootstrap", "--project", str(project)]) == ExitCode.USAGE
    assert "ftp://x is no URL of coderd" in capsys.readouterr().err


def test_a_stack_without_the_output_is_told(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    pulumi(project, monkeypatch, "echo '{}'")
    assert main(["bootstrap", "--project", str(project)]) == ExitCode.MISSING
    assert "stack prod has no output access_url" in capsys.readouterr().err


def test_no_pulumi_is_told(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("PATH", str(project))
    assert main(["bootstrap", "--project", str(project)]) == ExitCode.MISSING
    assert "pulumi is not on PATH" in capsys.readouterr().err


@pytest.mark.parametrize("first", [True, False])
def test_a_url_needs_no_pulumi(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], first: bool):
    """--url wins over CODER_URL."""
    monkeypatch.setenv("PATH", str(project))
    monkeypatch.setenv("CODER_URL", "http://from-the-environment.example.com")
    arguments = ["--url", "http://named.example.com"] if first else []
    assert main(["bootstrap", "--project", str(project), *arguments]) == ExitCode.USAGE
    assert ("http://named" if first else "http://from-the-environment") in capsys.readouterr().err


def test_help_tells_the_exit_codes_and_what_is_read_from_the_environment(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main(["bootstrap", "--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert "CODER_SESSION_TOKEN" in out
    assert "exit codes:" in out
    assert "--token" not in out  # a secret is no argument: others on the machine see those


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), ([], 2), (["up"], 2)])
def test_version_and_wrong_arguments(arguments: list[str], code: int):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == code
