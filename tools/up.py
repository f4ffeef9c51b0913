"""`make up` and `make preview`: bring the stack up on this machine, in both visits, and say what came of it.

Templates and provisioners are resources of a running Coder: the first visit brings Coder up, `coder-eks bootstrap` makes its first user
and a token, the second visit declares the rest (architecture, decision 7). With the token there, one visit does it all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

import boto3
from rich.console import Console

from tools import engine, environment, report
from tools.engine import Outcome
from tools.environment import Environment
from tools.folders import DEFAULT_STACK, POLICY_PACK
from tools.install import ROOT, SetupError
from tools.judgements import pack_names, with_silent
from tools.stack_files import mapping


def up(stack: str, console: Console) -> int:
    """Both visits, or the one that is left. Return the exit code."""
    started = time.monotonic()
    local = environment.start(stack)
    _announce(console, local)
    outcomes: list[Outcome] = []
    if has_token(local):
        console.print(f"\nCoder's token is there: one visit declares everything of [bold]{stack}[/bold].")
    else:
        console.print(f"\nFirst visit of [bold]{stack}[/bold]: everything that needs no running Coder.")
        outcomes.append(engine.run(local, "up", "--yes", label="first-visit"))
        if not _succeeded(console, outcomes[-1]):
            return 1
        console.print("\nBootstrap: Coder's first user, and a token in Secrets Manager (coder-eks bootstrap).")
        if _bootstrap(local) != 0:
            console.print("The bootstrap failed (see above). Everything of the first visit stands; `make up` goes on from here.")
            return 1
        console.print("\nSecond visit: what needs a running Coder and its token, the provisioners and the templates.")
    outcomes.append(engine.run(local, "up", "--yes", label="visit" if not outcomes else "second-visit"))
    if not _succeeded(console, outcomes[-1]):
        return 1
    _summary(console, local, outcomes, time.monotonic() - started)
    return 0


def preview(stack: str, console: Console, *, diff: bool = False) -> int:
    """What an `up` would do, and what the policy pack says about it."""
    local = environment.start(stack)
    _announce(console, local)
    outcome = engine.run(local, "preview", *(["--diff"] if diff else []), label="preview")
    if not _succeeded(console, outcome):
        return 1
    _policies(console, outcome)
    return 0


def has_token(local: Environment) -> bool:
    """Whether `coder-eks bootstrap` has put a token into the secret that the first visit makes."""
    config = local.files.config(local.stack)
    system, regions = mapping(config.get("coder-eks:system")), mapping(config.get("coder-eks:regions"))
    secret = f"coder/{system.get('name')}/coderd-token"
    return any(_has_value(local, region, secret) for region in regions)


def _has_value(local: Environment, region: str, secret: str) -> bool:
    # boto3's type is known for the services whose stubs are installed; the checker minds the others.
    client = boto3.client(  # pyright: ignore[reportUnknownMemberType]
        "secretsmanager",
        region_name=region,
        endpoint_url=local.variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=local.variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=local.variables["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        client.get_secret_value(SecretId=secret)
    except client.exceptions.ResourceNotFoundException:  # no such secret, or no value in it
        return False
    return True


def _bootstrap(local: Environment) -> int:
    command = [str(ROOT / ".venv" / "bin" / "coder-eks"), "bootstrap", "--stack", local.stack]
    return subprocess.run(command, env=dict(local.variables), cwd=ROOT, check=False).returncode


def _announce(console: Console, local: Environment) -> None:
    host = "the official one" if local.official_language_host else "the project's own (tools/language_host)"
    console.print(f"Pulumi CLI: {local.cli.origin}; Python language host: {host}")
    console.print(f"Local cloud: running, its state and log in {local.cloud.state}")
    console.print(f"Stack {local.stack}: state in {local.home / 'state'}, its file copied to {local.files.copy(local.stack)}")
    sys.stdout.flush()


def _succeeded(console: Console, outcome: Outcome) -> bool:
    if outcome.code == 0:
        return True
    console.print()
    for line in report.failure(outcome.run) or [f"The engine ended with exit code {outcome.code} (its words are above)."]:
        console.print(line, style="red", markup=False)
    console.print(f"Log: {outcome.log}", markup=False)
    return False


def _summary(console: Console, local: Environment, outcomes: Sequence[Outcome], seconds: float) -> None:
    runs = [outcome.run for outcome in outcomes]
    console.print()
    if any(run.changed for run in runs):
        console.print(report.resources(runs))
    console.print(report.outputs(engine.outputs(local)))
    _policies(console, outcomes[-1])
    for outcome in outcomes:
        console.print(f"{outcome.label.capitalize()}: {report.changes(outcome.run)}.")
    if not any(run.changed for run in runs):
        console.print(f"Nothing changed: {local.stack} is as declared.")
    console.print(f"Duration: {timedelta(seconds=round(seconds))}. Logs: {local.logs}")


def _policies(console: Console, outcome: Outcome) -> None:
    found = with_silent(outcome.run.properties, pack_names(POLICY_PACK))
    if found:
        console.print(report.policies(found, outcome.judged))
    else:
        console.print("No policy judged this run: policy/ holds no pack.")


def main() -> int:
    """`python -m tools.up up|preview --stack prod`."""
    parser = argparse.ArgumentParser(description="Bring a stack up in the local environment, or preview it.")
    parser.add_argument("verb", choices=["up", "preview"])
    parser.add_argument("--stack", default=DEFAULT_STACK)
    parser.add_argument("--diff", action="store_true", help="preview: every property that would change")
    arguments = parser.parse_args()
    console = report.console()
    try:
        if arguments.verb == "up":
            return up(arguments.stack, console)
        return preview(arguments.stack, console, diff=arguments.diff)
    except SetupError as error:
        print(f"{arguments.verb}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
