"""Local environments of the benchmark's own: each has a backend, a local cloud and copies of stack files that nobody else uses."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import boto3

from bench.exported import Raw
from bench.widening import REGIONS, STACK, widened_config
from tools import environment
from tools.environment import Environment
from tools.folders import HOME
from tools.install import ROOT, SetupError
from tools.prerequisites import prerequisites

PROD = ROOT
FLOOR = ROOT / "bench" / "programs" / "floor"
WIDENED = ROOT / "bench" / "programs" / "widened"


@dataclass(frozen=True)
class Home:
    """A started local environment. program: the folder of the program that is run in it. extra: environment variables of the program."""

    local: Environment
    program: Path
    extra: Mapping[str, str]

    @property
    def cloud_pid(self) -> int:
        """The process of the local cloud."""
        return int(json.loads((self.local.cloud.state / "localcloud.json").read_text())["pid"])

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a command."""
        return {**self.local.variables, **self.extra}

    def command(self, verb: str, *options: str, pack: Path | None = None) -> list[str]:
        """A command of the engine, as `make up` runs it."""
        command = [str(self.local.cli.path), verb, "--stack", STACK, "--config-file", str(self.local.files.copy(STACK))]
        command += ["--suppress-permalink=true", "--suppress-progress", "--color", "never", "--non-interactive", *options]
        return [*command, "--policy-pack", str(pack)] if pack else command

    def state(self) -> Raw:
        """The exported state, with its secrets: they are made up, and stay in the benchmark's folder."""
        result = self.local.run([str(self.local.cli.path), "stack", "export", "--show-secrets", "--stack", STACK])
        if result.returncode != 0:
            raise SetupError(f"the state could not be exported: {result.stderr.strip()}")
        return cast("Raw", json.loads(result.stdout))

    def bootstrap(self) -> None:
        """Coder's first user and its token, so that the next update is the second visit."""
        result = self.local.run([str(ROOT / ".venv" / "bin" / "coder-eks"), "bootstrap", "--stack", STACK])
        if result.returncode != 0:
            raise SetupError(f"the bootstrap failed: {(result.stderr or result.stdout).strip()}")

    def token(self) -> str:
        """The token that the bootstrap has put into Secrets Manager."""
        variables = self.local.variables
        # boto3's type is known for the services whose stubs are installed; the checker minds the others.
        client = boto3.client(  # pyright: ignore[reportUnknownMemberType]
            "secretsmanager",
            region_name=REGIONS[0][0],
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )
        return str(client.get_secret_value(SecretId=f"coder/{STACK}/coderd-token")["SecretString"])

    def close(self) -> None:
        """Stop the local cloud and forget everything."""
        self.local.cloud.stop()
        shutil.rmtree(self.local.home, ignore_errors=True)


def fresh(folder: Path, program: Path, *, copies: int = 1, recipe: Path | None = None) -> Home:
    """An empty environment for a program. copies: how many environments it declares. recipe: the floor's.

    All environments of as many copies begin as copies of one: a hosted zone that is in prod's state is in the floor's cloud as well.
    """
    model = folder.parent / f"model-{copies}"
    if not model.exists():
        _make_model(model, copies)
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(model, folder, symlinks=True)
    extra = {"BENCH_COPIES": str(copies)} | ({"BENCH_RECIPE": str(recipe)} if recipe else {})
    return Home(_started(folder), program, extra)


def _make_model(folder: Path, copies: int) -> None:
    """A seeded, empty environment, its local cloud stopped."""
    local = _started(folder)
    config = local.files.config(STACK)
    for copy in range(1, copies):
        seed = json.loads(prerequisites(widened_config(config, copy)).to_json())
        local.cloud.seed(json.dumps({**seed, "region": REGIONS[copy][0]}))
    local.cloud.stop()


def _started(folder: Path) -> Environment:
    return environment.start(STACK, {**os.environ, HOME: str(folder)})
