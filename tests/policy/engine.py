"""The real engine for the pack's tests: the CLI with its policy runtime, in an environment of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.policy.world import DEPLOYED, World
from tools import environment
from tools.environment import Environment


@contextmanager
def local_environment(home: Path) -> Iterator[Environment]:
    """A started environment in a folder of its own; its local cloud is stopped in the end."""
    local = environment.start("prod", {**os.environ, "CODER_EKS_HOME": str(home)})
    try:
        yield local
    finally:
        local.cloud.stop()


def exported(world: World) -> dict[str, Any]:
    """The world as `pulumi stack export` writes a deployed stack."""
    resources: list[dict[str, Any]] = []
    for item in world.render(DEPLOYED):
        component = item.type.startswith(("pulumi:pulumi:", "coder-eks:"))
        state: dict[str, Any] = {
            "urn": item.urn,
            "type": item.type,
            "custom": not component,
            "inputs": item.inputs,
            "outputs": item.outputs,
        }
        if not component:
            state["id"] = str(item.outputs.get("id") or item.name)
        if item.parent:
            state["parent"] = item.parent
        if item.edges:
            state["propertyDependencies"] = item.edges
            state["dependencies"] = sorted({urn for urns in item.edges.values() for urn in urns})
        resources.append(state)
    manifest = {"time": "2026-11-21T00:00:00Z", "magic": "", "version": ""}
    return {"version": 3, "deployment": {"manifest": manifest, "resources": resources}}


def analyze(
    local: Environment, state: dict[str, Any], folder: Path, config: dict[str, Any] | None = None
) -> tuple[int, list[dict[str, Any]]]:
    """Run the pack over an exported state; the exit code and the policy events."""
    file = folder / "state.json"
    file.write_text(json.dumps(state))
    options: list[str] = []
    if config is not None:
        settings = folder / "config.json"
        settings.write_text(json.dumps(config))
        options = ["--policy-pack-config", str(settings)]
    result = local.run([str(local.cli.path), "policy", "analyze", "--file", str(file), "--policy-pack", "policy", "--json", *options])
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert lines, result.stdout + result.stderr
    return result.returncode, [line["policyEvent"] for line in lines if "policyEvent" in line]
