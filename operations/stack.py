"""Which stack a command is about: its file, its settings, its outputs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from operations.failure import ExitCode, Failure
from settings import Settings, SettingsError, load_file

_OUTPUT_SECONDS = 120  # a remote backend has to be asked


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
            raise Failure(ExitCode.USAGE, error.problems) from None

    def outputs(self) -> Mapping[str, object]:
        """What the last `pulumi up` exported; Failure where pulumi or the stack is not there."""
        outputs = self._ask("output", "--json", what="outputs", remedy=", or use --url")
        return cast("Mapping[str, object]", outputs) if isinstance(outputs, dict) else {}

    def resources(self) -> Sequence[Mapping[str, object]]:
        """What the stack's state holds, secrets encrypted; Failure where pulumi or the stack is not there."""
        state = cast("Mapping[str, Mapping[str, object]]", self._ask("export", what="state"))
        return cast("Sequence[Mapping[str, object]]", state["deployment"].get("resources") or [])

    def _ask(self, *words: str, what: str, remedy: str = "") -> object:
        command = ["pulumi", "stack", *words, "--stack", self.name]
        try:
            done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=_OUTPUT_SECONDS, check=False)
        except FileNotFoundError:
            url = ", or say where coderd is with --url or CODER_URL" if remedy else ""
            raise Failure(ExitCode.MISSING, f"pulumi is not on PATH; install it{url}") from None
        except subprocess.TimeoutExpired:
            problem = f"pulumi has not told the {what} of stack {self.name} within {_OUTPUT_SECONDS} seconds; is its backend reachable?"
            raise Failure(ExitCode.UNREACHABLE, problem) from None
        if done.returncode != 0:
            said = " ".join(done.stderr.split()).removeprefix("error: ") or f"exit code {done.returncode}"
            problem = f"pulumi does not tell the {what} of stack {self.name}: {said}; run `pulumi up --stack {self.name}` first{remedy}"
            raise Failure(ExitCode.MISSING, problem)
        return cast("object", json.loads(done.stdout))


def find_stack(name: str | None, folder: Path) -> Stack:
    """The stack of that name, or the only one that has a file in the folder; Failure lists those there are."""
    folder = folder.resolve()
    files = [path for path in sorted(folder.glob("Pulumi.*.yaml")) if not path.name.endswith(".deploy.yaml")]  # of Pulumi Deployments
    there = {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in files}
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
