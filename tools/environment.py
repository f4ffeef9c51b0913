"""The local environment: the real engine, a file backend and the local cloud, all under one ignored folder.

The same program and the same stack files deploy to AWS with a plain `pulumi up`; what differs here are environment variables only.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy.variables import PREFLIGHT
from tools.cloud import Cloud
from tools.folders import CLI, HOME, SHIM, cloud_folder, home_folder, stack_files
from tools.install import ROOT, SetupError, say
from tools.prerequisites import SECRETS_FILE, prerequisites, with_overrides
from tools.pulumi_cli import Cli, ensure, pinned_version, text
from tools.stack_files import StackFiles

# Of the operator's own environment nothing may lead a local command to a real account, cluster, backend or deployment.
FOREIGN = ("AWS_", "PULUMI_", "KUBE", "CODER_")
OURS = "CODER_EKS_"
# "end": the engine writes its state when it ends, not with every step; quicker, but a killed one leaves what no state knows: for tests
CHECKPOINTS = "CODER_EKS_CHECKPOINTS"
_AT_THE_END = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
LOCAL_QUOTAS = ROOT / "tools" / "local_quotas.json"
LANGUAGE_HOST = ROOT / "tools" / "language-host" / "pulumi-language-python"


@dataclass(frozen=True)
class Environment:
    """A started local environment of one stack. variables: the whole environment of a command inside it."""

    home: Path
    stack: str
    files: StackFiles
    cloud: Cloud
    cli: Cli
    variables: Mapping[str, str]

    @property
    def official_language_host(self) -> bool:
        """Whether the official Python language host is on PATH or beside the CLI; it wins over the fallback."""
        return _has_official_host(self.cli, self.variables)

    @property
    def logs(self) -> Path:
        """Where every run leaves its events and its text."""
        return self.home / "logs"

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command inside the environment, its output captured as text."""
        return subprocess.run(command, env=dict(self.variables), capture_output=True, text=True, check=False, cwd=ROOT)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the CLI on the copy of the stack file, its output captured as text."""
        return self.run([str(SHIM / "pulumi"), *arguments])


def start(stack: str, environment: Mapping[str, str] | None = None) -> Environment:
    """Bring up what a command on `stack` needs: CLI, local cloud with the operator's prerequisites, stack, copies.

    Raises SetupError with the sentence for the operator.
    """
    outer = os.environ if environment is None else environment
    home = home_folder(outer)
    files = stack_files(outer)
    files.refresh(stack)
    cli = ensure(outer)
    cloud = Cloud(cloud_folder(home, stack))
    cloud.start()
    _seed(cloud, stack, files, outer.get(SECRETS_FILE))
    variables = _variables(home, stack, cli, outer) | cloud.variables()
    _offer_language_host(cli, home, variables)
    _make_stack(stack, home, cli, variables)
    return Environment(home=home, stack=stack, files=files, cloud=cloud, cli=cli, variables=variables)


def _variables(home: Path, stack: str, cli: Cli, outer: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in outer.items() if name.startswith(OURS) or not name.startswith(FOREIGN)}
    folders = [SHIM, ROOT / ".venv" / "bin", cli.path.parent]
    for folder in (home / "state", home / "home", home / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    return kept | {
        HOME: str(home),
        CLI: str(cli.path),
        "PATH": os.pathsep.join([*map(str, folders), outer.get("PATH", os.defpath)]),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "local",  # guards made-up secrets in a folder of the operator's own
        "PULUMI_HOME": str(home / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        # A provider that the local cloud does not serve is an error at once, instead of five attempts to download it.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        "PULUMI_STACK": stack,
        # The report of a preflight on the local cloud's account, for Property 2; an operator's own one wins.
        PREFLIGHT: kept.get(PREFLIGHT, str(LOCAL_QUOTAS)),
        **(_AT_THE_END if kept.get(CHECKPOINTS) == "end" else {}),
    }


def _offer_language_host(cli: Cli, home: Path, variables: Mapping[str, str]) -> None:
    """Put the fallback into the plugin cache, where the engine looks last: on PATH and beside the CLI the official one wins."""
    link = home / "home" / "plugins" / f"language-python-v{text(pinned_version())}" / LANGUAGE_HOST.name
    if _has_official_host(cli, variables):
        link.unlink(missing_ok=True)
        if link.parent.is_dir():
            link.parent.rmdir()
    elif not link.is_symlink() or link.readlink() != LANGUAGE_HOST:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(LANGUAGE_HOST)


def _has_official_host(cli: Cli, variables: Mapping[str, str]) -> bool:
    folders = [str(cli.path.resolve().parent), *variables["PATH"].split(os.pathsep)]
    return any(os.access(Path(folder, LANGUAGE_HOST.name), os.X_OK) for folder in folders if folder)


def _seed(cloud: Cloud, stack: str, files: StackFiles, overrides: str | None) -> None:
    """Seed once for each set of names: the values that a stack has stay as they are."""
    seed = with_overrides(prerequisites(files.config(stack)), overrides)
    mark = cloud.state / f"seeded-{stack}"
    names = seed.names() + (f"overridden by {overrides}\n" if overrides else "")
    if not mark.exists() or mark.read_text() != names:
        cloud.seed(seed.to_json())
        mark.write_text(names)


def _make_stack(stack: str, home: Path, cli: Cli, variables: Mapping[str, str]) -> None:
    """Create the stack in the file backend, from an empty folder: `stack init` writes into the stack file beside Pulumi.yaml."""
    project = (ROOT / "Pulumi.yaml").read_text()
    name = next(line.split(":", 1)[1].strip() for line in project.splitlines() if line.startswith("name:"))
    if (home / "state" / ".pulumi" / "stacks" / name / f"{stack}.json").exists():
        return
    say(f"Stack {stack}: creating it in the file backend {home / 'state'}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        result = subprocess.run(
            [cli.path, "stack", "init", stack, "--non-interactive", "--no-select"],
            cwd=folder,
            env={**variables, "PULUMI_STACK": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode != 0 and "already exists" not in result.stderr:
        raise SetupError(f"the stack {stack} could not be created: {result.stderr.strip()}")
