"""State in S3, by the real CLI against moto's S3: a file for each stack, a lock while somebody works on it (CIC-05, CIC-14)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tools.pulumi_cli import find

BUCKET, PROJECT = "coder-eks-state", "coder-eks"
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}


class Backend:
    """A bucket, and the CLI logged in to it."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.folder = folder
        credentials = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
        self.s3: Any = boto3.client("s3", endpoint_url=endpoint, **credentials)
        self.s3.create_bucket(Bucket=BUCKET)
        (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
        host = endpoint.removeprefix("http://")
        self.url = f"s3://{BUCKET}?endpoint={host}&disable_https=true&use_path_style=true"

    def pulumi(self, *words: str) -> subprocess.CompletedProcess[str]:
        cli = find(os.environ)
        assert cli is not None, "run `make cli` first"
        home = {"HOME": str(self.folder), "PULUMI_HOME": str(self.folder / "home"), "PATH": os.environ["PATH"]}
        variables = {"PULUMI_BACKEND_URL": self.url, "PULUMI_CONFIG_PASSPHRASE": "x", "PULUMI_SKIP_UPDATE_CHECK": "1"}
        command = [str(cli.path), *words, "--non-interactive"]
        environment = {**KEYS, **home, **variables}
        return subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)

    def keys(self) -> set[str]:
        return {item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield Backend(f"http://127.0.0.1:{port}", tmp_path)
    server.stop()


def test_each_stack_has_a_state_of_its_own_and_a_lock_keeps_others_out(backend: Backend):
    for stack in ("prod", "reference"):
        made = backend.pulumi("stack", "init", stack, "--no-select")
        assert made.returncode == 0, made.stderr
    states = {f".pulumi/stacks/{PROJECT}/{stack}.json" for stack in ("prod", "reference")}
    assert states <= backend.keys()

    lock = f".pulumi/locks/organization/{PROJECT}/prod/somebody.json"
    backend.s3.put_object(
        Bucket=BUCKET, Key=lock, Body=b'{"pid": 1, "username": "a", "hostname": "b", "timestamp": "2026-11-21T00:00:00Z"}'
    )
    refused = backend.pulumi("stack", "rm", "prod", "--yes")
    assert refused.returncode != 0
    assert "locked" in refused.stderr
    assert states <= backend.keys()

    other = backend.pulumi("stack", "rm", "reference", "--yes")  # a lock is of one stack
    assert other.returncode == 0, other.stderr

    backend.s3.delete_object(Bucket=BUCKET, Key=lock)
    freed = backend.pulumi("stack", "rm", "prod", "--yes")
    assert freed.returncode == 0, freed.stderr
    assert not states & backend.keys()
