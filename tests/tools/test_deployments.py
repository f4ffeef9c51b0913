"""What Pulumi Deployments reads, pushed by the real CLI to a stand-in of Pulumi Cloud: every key has to arrive (CIC-12, CIC-14)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tools.install import ROOT
from tools.pulumi_cli import find

STACKS = ("demo", "prod", "reference")
DOCUMENTED = re.findall(r"^pulumi stack schedule new .*$", (ROOT / "docs" / "continuous-delivery.md").read_text(), re.MULTILINE)


class Cloud(ThreadingHTTPServer):
    """As much of Pulumi Cloud's API as the two commands ask for; `received` holds what they sent, by method and path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: dict[str, object] = {}


class Handler(BaseHTTPRequestHandler):
    server: Cloud

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.split("?")[0]
        if body:
            self.server.received[f"{self.command} {path}"] = json.loads(body)
        parts = path.split("/")
        answer: dict[str, object] = {}
        if path == "/api/user":
            answer = {"githubLogin": "example", "name": "example", "organizations": [{"githubLogin": "example", "name": "example"}]}
        elif parts[:4] == ["", "api", "stacks", "example"] and len(parts) == 6:
            answer = {"orgName": "example", "projectName": parts[4], "stackName": parts[5], "activeUpdate": "", "tags": {}, "version": 1}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    server = Cloud()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def pulumi(cloud: Cloud, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    cli = find(os.environ)
    assert cli is not None, "run `make cli` first"
    variables = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PULUMI_ACCESS_TOKEN": "pul-of-nobody",
        "PULUMI_BACKEND_URL": f"http://127.0.0.1:{cloud.server_address[1]}",
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }
    command = [str(cli.path), *arguments, "--non-interactive"]
    return subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def without_defaults(value: object) -> object:
    """What the CLI adds on its own, empty strings, nulls and `false`, taken away."""
    if isinstance(value, dict):
        return {key: without_defaults(each) for key, each in value.items() if each not in ("", None, False)}
    return value


@pytest.mark.parametrize("stack", STACKS)
def test_the_cli_pushes_every_key_of_the_file(stack: str, cloud: Cloud, tmp_path: Path):
    done = pulumi(cloud, tmp_path, "deployment", "settings", "push", "--stack", f"example/{stack}", "--yes")
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load((ROOT / f"Pulumi.{stack}.deploy.yaml").read_text())
    assert set(written) == {"settings"}
    arrived = cloud.received[f"PUT /api/stacks/example/coder-eks/{stack}/deployments/settings"]
    assert without_defaults(arrived) == without_defaults(written["settings"])


@pytest.mark.parametrize("stack", STACKS)
def test_a_deployment_is_judged_before_it_updates(stack: str):
    settings = yaml.safe_load((ROOT / f"Pulumi.{stack}.deploy.yaml").read_text())["settings"]
    commands = settings["operationContext"]["preRunCommands"]
    report = settings["operationContext"]["environmentVariables"]["CODER_EKS_PREFLIGHT"]
    assert commands[-2].endswith(f"coder-eks preflight --stack {stack} --report {report}")
    assert commands[-1].startswith(f"pulumi preview --stack {stack} ")
    assert commands[-1].endswith(" --policy-pack policy")
    assert settings["operationContext"]["oidc"]["aws"]["roleArn"].endswith(f"role/coder-{stack}-deployments")
    assert settings["sourceContext"]["git"]["branch"] == "refs/heads/main"


@pytest.mark.parametrize("stack", STACKS)
def test_every_path_filter_names_something_that_is_there_and_the_rooms_of_the_program_are_all_named(stack: str):
    paths = yaml.safe_load((ROOT / f"Pulumi.{stack}.deploy.yaml").read_text())["settings"]["gitHub"]["paths"]
    for path in paths:
        assert (ROOT / path.removesuffix("/**")).exists(), path
    assert {"settings/**", "plan/**", "components/**", "composer/**", "catalog/**", "policy/**", "sdks/**"} <= set(paths)
    assert f"Pulumi.{stack}.yaml" in paths


def test_prod_has_no_review_stacks():
    reviews = {
        stack: yaml.safe_load((ROOT / f"Pulumi.{stack}.deploy.yaml").read_text())["settings"]["gitHub"]["pullRequestTemplate"]
        for stack in STACKS
    }
    assert reviews == {"prod": False, "reference": True, "demo": True}


@pytest.mark.parametrize("command", DOCUMENTED)
def test_a_documented_schedule_is_one_that_the_cli_makes(command: str, cloud: Cloud, tmp_path: Path):
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", command.replace("<organisation>", "example"))]
    done = pulumi(cloud, tmp_path, *words[1:])
    assert done.returncode == 0, done.stderr
    (path, sent), *others = cloud.received.items()
    assert not others
    if "drift" in words:
        assert path.endswith("/deployments/drift/schedules")
        assert sent == {"scheduleCron": words[words.index("--cron") + 1], "autoRemediate": False}
    else:
        assert path.endswith("/deployments/ttl/schedules")
        assert isinstance(sent, dict)
        assert sent["deleteAfterDestroy"] is True


def test_every_stack_has_a_drift_schedule():
    assert {re.search(r"/(\w+) --kind drift", command)[1] for command in DOCUMENTED if "--kind drift" in command} == set(STACKS)  # pyright: ignore[reportOptionalSubscript]
