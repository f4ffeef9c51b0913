"""An operator's terminal in a folder of its own: the project's commands, what they say, and what they leave in state and cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools import environment, events
from tools.cloud import Item
from tools.environment import CHECKPOINTS, Environment
from tools.events import Run
from tools.folders import CLI, HOME, POLICY_PACK, STACK_FILES, cloud_folder
from tools.install import ROOT

STACK = "prod"
UNDISTURBED = {CHECKPOINTS: "end"}
"""Further variables where nothing kills the engine."""
REMOVED = object()
"""As a value of `edited`: the key goes."""

# A `make test` around the tests hands its own variables down.
_MAKES_OWN = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "STACK", "UNPROTECT", "PYTEST")
# The engine's own, and what stands in the state only: no cloud holds it.
_NOT_IN_THE_CLOUD = ("pulumi:", "random:", "tls:")
_SCHEDULE = "aws:autoscaling/schedule:Schedule"


@dataclass(frozen=True)
class Said:
    """A finished command. code: its exit code. text: its output and its errors."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Terminal:
    """home: everything local. stack_files: the folder of Pulumi.<stack>.yaml. further: variables beside the outer ones."""

    home: Path
    stack_files: Path = ROOT
    further: Mapping[str, str] = field(default_factory=dict[str, str])
    stack: str = STACK

    @property
    def variables(self) -> dict[str, str]:
        outer = {name: value for name, value in os.environ.items() if name not in _MAKES_OWN}
        return {**outer, **self.further, HOME: str(self.home), STACK_FILES: str(self.stack_files)}

    def make(self, *words: str) -> Said:
        """`make up`, `make destroy UNPROTECT=prod`…; of this terminal's stack, unless the words name another."""
        return self._run("make", *([] if self.stack == STACK else [f"STACK={self.stack}"]), *words)

    def local(self, *words: str) -> Said:
        """`./local CMD…`."""
        return self._run(str(ROOT / "local"), *words)

    def engine(self, verb: str, *options: str, judged: bool = False) -> tuple[Said, Run]:
        """A pulumi command with its event log; what it said and what it did. judged: by the policy pack."""
        local, log = self.start(), self.home / "last.events.jsonl"
        log.unlink(missing_ok=True)
        copy = local.files.copy(self.stack)
        command = [local.variables[CLI], verb, "--stack", self.stack, "--config-file", str(copy), "--event-log", str(log)]
        command += ["--non-interactive", "--color", "never", "--suppress-progress", *options]
        command += ["--policy-pack", str(POLICY_PACK)] if judged else []
        said = self._run(*command, variables={**local.variables, "PULUMI_DEBUG_COMMANDS": "1"})
        return said, events.read(log)

    def up(self, *options: str) -> tuple[Said, Run]:
        """`pulumi up` without its preview and without the judge: for what is no test of them."""
        return self.engine("up", "--yes", "--skip-preview", *options)

    def cloud(self, verb: str, *words: str) -> Said:
        """A command of the local cloud itself: `delete TYPE ID`, `fault --kill-at 3`."""
        return self._run(sys.executable, "-P", "-m", "localcloud", verb, "--state", str(cloud_folder(self.home, self.stack)), *words)

    def start(self) -> Environment:
        """The environment, its local cloud running."""
        return environment.start(self.stack, self.variables)

    def with_file(self, folder: Path, changes: Mapping[str, object]) -> Terminal:
        """The same home, with another stack file: the committed one and some values changed."""
        return Terminal(self.home, edited(folder, changes, self.stack), self.further, self.stack)

    def export(self, *options: str) -> dict[str, Any]:
        """The deployment of `pulumi stack export`."""
        said = self.local("pulumi", "stack", "export", "--stack", self.stack, *options)
        assert said.code == 0, said.text
        return said.json()["deployment"]

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state."""
        return self.export().get("resources") or []

    def inventory(self) -> Counter[Item]:
        """What the program has made in the cloud, as the cloud tells it."""
        return Counter(_plain(item) for item in self.start().cloud.inventory().resources)

    def _run(self, *command: str, variables: Mapping[str, str] | None = None) -> Said:
        done = subprocess.run(command, env=dict(variables or self.variables), cwd=ROOT, capture_output=True, text=True, check=False)
        return Said(done.returncode, done.stdout, done.stderr)


def held(resources: list[dict[str, Any]]) -> Counter[Item]:
    """What the state says that the cloud holds."""
    return Counter(_item(each) for each in resources if each.get("custom") and not each["type"].startswith(_NOT_IN_THE_CLOUD))


def edited(folder: Path, changes: Mapping[str, object], stack: str = STACK) -> Path:
    """A folder with the committed stack file and some values changed: dotted keys below `coder-eks:`."""
    content = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    for key, value in changes.items():
        *above, last = f"coder-eks:{key}".split(".")
        section = content["config"]
        for name in above:
            section = section[name]
        if value is REMOVED:
            del section[last]
        else:
            section[last] = value
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


def git_status() -> str:
    """What git says of the work tree."""
    return subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _item(resource: dict[str, Any]) -> Item:
    """As the cloud lists it: by region; an action of an Auto Scaling group is named by its group too."""
    kind, name, outputs = resource["type"], resource["id"], resource["outputs"]
    return _plain(Item(kind, f"{outputs['autoscalingGroupName']},{name}" if kind == _SCHEDULE else name, ""))


def _plain(item: Item) -> Item:
    """Without what only one side tells: the scope, and the number that tells apart what coderd's provider gives no id."""
    return Item(item.type, "missing ID" if item.id.startswith("missing ID") else item.id, "")
