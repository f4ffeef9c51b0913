"""The process: start, stop, environment, what a restart and a sudden death leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.localcloud.engine_side import CallRefusedError, Instance

VPC = "aws:ec2/vpc:Vpc"


class Folder:
    """A state folder, and the command on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "localcloud", command, "--state", str(self.path), *arguments]
        return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)

    def address(self) -> dict[str, Any]:
        return json.loads((self.path / "localcloud.json").read_text())

    def aws(self) -> Instance:
        return Instance(self.address()["providers"]["aws"], "aws", {"region": "us-east-1"})


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path / "cloud")
    yield made
    made.run("stop")


def test_start_waits_until_it_is_ready_and_a_second_start_reuses_it(folder: Folder) -> None:
    assert folder.run("start").returncode == 0
    address = folder.address()
    assert {"aws", "eks", "kubernetes", "random", "terraform-provider", "tls"} == set(address["providers"])
    again = folder.run("start")
    assert (again.returncode, folder.address()) == (0, address)
    assert "running already" in again.stdout


def test_what_was_made_is_there_after_stop_and_start(folder: Folder) -> None:
    folder.run("start")
    aws = folder.aws()
    made = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    aws.channel.close()
    assert folder.run("stop").returncode == 0
    assert not (folder.path / "localcloud.json").exists()
    folder.run("start")
    aws = folder.aws()
    assert aws.read(made)
    aws.channel.close()


def test_the_environment_names_every_provider_and_sets_no_region(folder: Folder) -> None:
    folder.run("start")
    lines = dict(line.partition("=")[::2] for line in folder.run("env").stdout.splitlines())
    address = folder.address()
    wanted = {f"{name}:{port}" for name, port in address["providers"].items()}
    assert set(lines["PULUMI_DEBUG_PROVIDERS"].split(",")) == wanted
    assert lines["AWS_ENDPOINT_URL"] == lines["CODER_URL"] == f"http://127.0.0.1:{address['http']}"
    assert "AWS_REGION" not in lines


def test_without_a_process_a_command_says_how_to_start_it(folder: Folder) -> None:
    for command in ("env", "inventory"):
        answer = folder.run(command)
        assert answer.returncode == 1
        assert answer.stderr.startswith("localcloud: not running; start it with")
    assert folder.run("stop").returncode == 0


def test_the_address_of_a_dead_process_is_not_believed(folder: Folder) -> None:
    folder.path.mkdir()
    (folder.path / "localcloud.json").write_text(json.dumps({"pid": os.getpid(), "providers": {}, "http": 1}))
    assert folder.run("start").returncode == 0
    assert folder.address()["pid"] != os.getpid()


def test_a_process_that_dies_after_a_create_leaves_the_resource_for_the_next(folder: Folder) -> None:
    folder.run("start")
    assert folder.run("fault", "--kill-at", "2").returncode == 0
    aws = folder.aws()
    aws.create(VPC, "first", {"cidrBlock": "10.0.0.0/16"})
    with pytest.raises(CallRefusedError):
        aws.create(VPC, "second", {"cidrBlock": "10.1.0.0/16"})
    aws.channel.close()
    assert folder.run("start").returncode == 0
    found = json.loads(folder.run("inventory", "--json").stdout)
    assert len(found["resources"]) == 2


def test_the_inventory_of_an_empty_cloud_is_empty(folder: Folder) -> None:
    folder.run("start")
    assert folder.run("inventory").stdout.splitlines() == [
        "made by the program: 0",
        "prerequisites (seeded): 0",
        "left behind by deletes: 0",
    ]


def test_change_and_seed_work_from_the_command_line(folder: Folder, tmp_path: Path) -> None:
    folder.run("start")
    aws = folder.aws()
    made = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    assert folder.run("change", VPC, made.id, 'tags={"a":"b"}').returncode == 0
    fresh = aws.read(made)
    aws.channel.close()
    assert fresh
    assert fresh["tags"] == {"a": "b"}
    wanted = tmp_path / "seed.json"
    wanted.write_text('{"hosted_zones": ["coder.example.com"]}')
    assert "coder.example.com" in folder.run("seed", str(wanted)).stdout
    assert folder.run("delete", VPC, "vpc-missing").returncode == 1
