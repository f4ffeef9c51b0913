"""prod, really brought up by the engine on a local cloud: the Kubernetes objects of each visit, as they go to the API server."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from tools import environment
from tools.environment import Environment
from tools.folders import HOME
from tools.install import ROOT

STACK = "prod"
SECRET = "4dabf18193072939515e22adb298388d"  # how state marks a secret: pulumi SDK, Output wire format
Manifest = dict[str, Any]


class Visits:
    """A local environment of its own, started with the first question."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._local: Environment | None = None
        self._state: dict[str, Any] = {}

    @cached_property
    def first(self) -> list[Manifest]:
        """Every Kubernetes object of the first visit, in the order in which they were made."""
        self._local = environment.start(STACK, {**os.environ, HOME: str(self._home)})
        return objects(self._up(self._local))

    @cached_property
    def second(self) -> list[Manifest]:
        """Every Kubernetes object after the second visit."""
        assert self.first
        assert self._local is not None
        done = self._local.run([str(ROOT / ".venv" / "bin" / "coder-eks"), "bootstrap", "--stack", STACK])
        assert done.returncode == 0, done.stderr
        self._state = self._up(self._local)
        return objects(self._state)

    @property
    def resources(self) -> list[dict[str, Any]]:
        """What the state holds after the second visit."""
        assert self.second
        return self._state["deployment"]["resources"]

    @property
    def releases(self) -> dict[str, Manifest]:
        """The inputs of every Helm release after the second visit, by chart."""
        found = [_plain(one["inputs"]) for one in self.resources if one["type"] == "kubernetes:helm.sh/v3:Release"]
        return {release["chart"]: release for release in found}

    def close(self) -> None:
        if self._local is not None:
            self._local.cloud.stop()

    def _up(self, local: Environment) -> dict[str, Any]:
        done = local.pulumi("up", "--yes", "--skip-preview", "--suppress-progress", "--color", "never", "--stack", STACK)
        assert done.returncode == 0, f"{done.stdout[-5000:]}\n{done.stderr}"
        exported = local.pulumi("stack", "export", "--show-secrets", "--stack", STACK)
        assert exported.returncode == 0, exported.stderr
        return json.loads(exported.stdout)


def objects(state: dict[str, Any]) -> list[Manifest]:
    """The inputs of every object; a Helm release is none, but the cluster's own work."""
    return [
        _plain(resource["inputs"])
        for resource in state["deployment"]["resources"]
        if resource["type"].startswith("kubernetes:") and "helm.sh" not in resource["type"]
    ]


def _plain(value: Any) -> Any:
    """Secrets opened, as the provider sends them."""
    match value:
        case {**fields} if fields.get(SECRET):
            return _plain(json.loads(fields["plaintext"]))
        case {**fields}:
            return {key: _plain(field) for key, field in fields.items()}
        case [*items]:
            return [_plain(item) for item in items]
        case _:
            return value
