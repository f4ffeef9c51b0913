"""Which stack a command is about: its file, its settings, its outputs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from composer import faults
from operations.failure import ExitCode, Failure
from operations.stack_names import stack_files
from settings.load import SettingsError, load_file
from settings.model import Settings

_SECONDS = 120  # a remote backend has to be asked
_LOCAL = "run this as `./local coder-eks …`"


@dataclass(frozen=True)
class Stack:
    """name: of the stack. file: its settings. folder: where pulumi runs."""

    name: str
    file: Path
    folder: Path

    def settings(self) -> Settings:
        """Typed and checked; Failure has every fault of the file."""
        try:
            return load_file(self.file)
        except SettingsError as error:
            today = datetime.now(UTC).date()
            raise Failure(ExitCode.USAGE, faults.of_settings(error, today)) from None

    def outputs(self) -> Mapping[str, object]:
        """What the last `pulumi up` exported; Failure where pulumi or the stack is not there."""
        told = self._ask("output", "--json", what="outputs", remedy=", or use --url", instead="say where coderd is with --url or CODER_URL")
        outputs = cast("object", json.loads(told))
        return cast("Mapping[str, object]", outputs) if isinstance(outputs, dict) else {}

    def exported(self) -> str:
        """The stack's state as `pulumi stack export` writes it, secrets encrypted; Failure where pulumi or the stack is not there."""
        return self._ask("export", what="state")

    def resources(self) -> Sequence[Mapping[str, object]]:
        """What the stack's state holds, secrets encrypted; Failure where pulumi or the stack is not there."""
        state = cast("Mapping[str, Mapping[str, object]]", json.loads(self.exported()))
        return cast("Sequence[Mapping[str, object]]", state["deployment"].get("resources") or [])

    def pulumi(
        self, *words: str, seconds: int = _SECONDS, environment: Mapping[str, str] | None = None, instead: str = _LOCAL
    ) -> subprocess.CompletedProcess[str]:
        """A command of pulumi's in the stack's folder, however it ends; Failure where there is no pulumi, or no answer in that time.

        environment: beside the operator's own. instead: what to do without a pulumi.
        """
        variables = {**os.environ, **(environment or {})}
        try:
            return subprocess.run(
                ["pulumi", *words], cwd=self.folder, env=variables, capture_output=True, text=True, timeout=seconds, check=False
            )
        except FileNotFoundError:
            raise Failure(ExitCode.MISSING, f"pulumi is not on PATH; install it, or {instead}") from None
        except subprocess.TimeoutExpired:
            problem = f"`pulumi {' '.join(words[:2])}` has not answered within {seconds} seconds; is its backend reachable?"
            raise Failure(ExitCode.UNREACHABLE, problem) from None

    def _ask(self, *words: str, what: str, remedy: str = "", instead: str = _LOCAL) -> str:
        done = self.pulumi("stack", *words, "--stack", self.name, instead=instead)
        if done.returncode != 0:
            said = " ".join(done.stderr.split()).removeprefix("error: ") or f"exit code {done.returncode}"
            problem = f"pulumi does not tell the {what} of stack {self.name}: {said}; run `pulumi up --stack {self.name}` first{remedy}"
            raise Failure(ExitCode.MISSING, problem)
        return done.stdout


def find_stack(name: str | None, folder: Path) -> Stack:
    """The stack of that name, or the only one that has a file in the folder; Failure lists those there are."""
    folder = folder.resolve()
    there = stack_files(folder)
    if name is None:
        if len(there) == 1:
            name = next(iter(there))
        elif there:
            raise Failure(ExitCode.USAGE, f"there are the stacks {', '.join(there)}; say which one with --stack")
        else:
            raise Failure(ExitCode.USAGE, f"{folder} has no Pulumi.<stack>.yaml; run the command in the project's folder, or use --project")
    if name not in there:
        raise Failure(ExitCode.USAGE, f"stack {name} has no file Pulumi.{name}.yaml in {folder}; there is: {', '.join(there) or 'none'}")
    return Stack(name, there[name], folder)
