"""The local cloud's process, spoken to by its own command: `python -m localcloud`."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tools.install import ROOT, SetupError


class CloudError(SetupError):
    """The local cloud did not do what it was asked; the text carries its words."""


@dataclass(frozen=True, order=True)
class Item:
    """Something in the local cloud. scope: its region or cluster, where it has one."""

    type: str
    id: str
    scope: str


@dataclass(frozen=True)
class Inventory:
    """resources: made by the program. prerequisites: seeded. left: what deletes leave on purpose, snapshots and recovery points."""

    resources: tuple[Item, ...]
    prerequisites: tuple[Item, ...]
    left: tuple[Item, ...]


@dataclass(frozen=True)
class Cloud:
    """state: the folder with the local cloud's database, log and address file."""

    state: Path

    def start(self) -> None:
        """Start the process, or reuse the one that runs on this state."""
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "start.lock").open("w") as lock:  # two commands at once start one
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._command("start")

    def stop(self) -> str:
        """Stop the process; its state stays."""
        return self._command("stop")

    def variables(self) -> dict[str, str]:
        """The environment variables that lead the engine and boto3 here instead of to AWS."""
        lines = (line.partition("=") for line in self._command("env").splitlines() if "=" in line)
        return {name: value for name, _, value in lines}

    def seed(self, content: str) -> None:
        """Make the prerequisites that are missing; what exists keeps its value."""
        with tempfile.NamedTemporaryFile("w", suffix=".json", dir=self.state) as file:  # readable by its owner only
            file.write(content)
            file.flush()
            self._command("seed", file.name)

    def inventory(self) -> Inventory:
        """What exists, as the local cloud reports it."""
        found = cast("dict[str, list[dict[str, str]]]", json.loads(self._command("inventory", "--json")))
        kinds = {
            key: tuple(Item(row["type"], row["id"], row["scope"]) for row in found[key]) for key in ("resources", "prerequisites", "left")
        }
        return Inventory(**kinds)

    def _command(self, verb: str, *arguments: str) -> str:
        command: Sequence[str] = [sys.executable, "-P", "-m", "localcloud", verb, "--state", str(self.state), *arguments]
        # From the project's folder, as the engine starts providers: templates are named relative to it.
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        if result.returncode != 0:
            words = (result.stderr or result.stdout).strip()
            raise CloudError(
                f"the local cloud could not {verb}: {words or f'exit code {result.returncode}'} (its log: {self.state}/localcloud.log)"
            )
        return result.stdout
