"""Run the engine inside the local environment, and read what it did."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from policy.variables import REPORT
from tools import events
from tools.environment import Environment
from tools.folders import POLICY_PACK
from tools.install import ROOT, SetupError


@dataclass(frozen=True)
class Outcome:
    """A finished command of the engine. label: what it was. code: its exit code. log: its events. judged: resources by property."""

    label: str
    code: int
    run: events.Run
    log: Path
    judged: Mapping[int, int] = field(default_factory=dict[int, int])


def run(local: Environment, verb: str, *options: str, label: str, config: Path | None = None, judged: bool = True) -> Outcome:
    """Run `preview`, `up` or `destroy` with the engine's own display.

    label names the logs. config: another copy of the stack file than the environment's. judged: whether the policy pack judges it.
    """
    log = local.logs / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{local.stack}-{label}.events.jsonl"
    command = [str(local.cli.path), verb, "--stack", local.stack, "--config-file", str(config or local.files.copy(local.stack))]
    command += ["--event-log", str(log), "--suppress-permalink=true", *options]
    if judged and (POLICY_PACK / "PulumiPolicy.yaml").exists():
        command += ["--policy-pack", str(POLICY_PACK.relative_to(ROOT))]
    if not sys.stdout.isatty():
        command += ["--suppress-progress", "--color", "never", "--non-interactive"]
    counted = log.with_name(log.name.replace(".events.jsonl", ".judged.json"))
    # The engine knows --event-log only with its debugging commands on.
    code = _wait(command, {**local.variables, "PULUMI_DEBUG_COMMANDS": "1", REPORT: str(counted)})
    events.scrub(log)
    result = events.read(log)
    _write_text(log, result, code)
    return Outcome(label.replace("-", " "), code, result, log, counts(counted))


def outputs(local: Environment) -> Mapping[str, object]:
    """The stack's outputs; a secret one reads `[secret]`."""
    result = local.pulumi("stack", "output", "--json", "--stack", local.stack)
    if result.returncode != 0:
        raise SetupError(f"the outputs of {local.stack} could not be read: {result.stderr.strip()}")
    return cast("dict[str, object]", json.loads(result.stdout))


def resource_count(local: Environment) -> int:
    """How many resources the stack's state holds, the stack itself and the providers left out."""
    result = local.pulumi("stack", "export", "--stack", local.stack)
    if result.returncode != 0:
        raise SetupError(f"the state of {local.stack} could not be read: {result.stderr.strip()}")
    deployment = cast("dict[str, list[dict[str, str]]]", json.loads(result.stdout)["deployment"])
    return sum(1 for resource in deployment.get("resources") or [] if not resource["type"].startswith("pulumi:"))


def counts(report: Path) -> Mapping[int, int]:
    """How many resources each property judged, as the pack wrote it; nothing where no pack ran to its end."""
    if not report.exists():
        return {}
    written = cast("dict[str, list[dict[str, int]]]", json.loads(report.read_text()))
    return {found["number"]: found["judged"] for found in written["properties"]}


def _wait(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end. On Ctrl-C the engine gets the signal too: wait until it has saved its state."""
    process = subprocess.Popen(command, env=dict(environment), cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def _write_text(log: Path, result: events.Run, code: int) -> None:
    """The run as a few lines of text beside its events."""
    lines = [f"{operation:8} {result.types[urn]:60} {events.name_of(urn)}" for urn, operation in sorted(result.operations.items())]
    lines += [f"policy   {violation.policy}: {violation.message}" for violation in result.violations]
    lines += [f"error    {failure.urn} {failure.message}" for failure in result.failures]
    log.with_name(log.name.replace(".events.jsonl", ".txt")).write_text("\n".join([*lines, f"exit code {code}", ""]))
