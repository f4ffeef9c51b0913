"""Where the local environment lies, told by variables that a second environment, beside the first, sets otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tools.install import ROOT
from tools.stack_files import StackFiles

HOME = "CODER_EKS_HOME"  # the folder of everything local; .local of this clone if unset
STACK_FILES = "CODER_EKS_STACK_FILES"  # the folder of the stack files; this clone if unset
CLI = "CODER_EKS_PULUMI"  # set inside the environment: the real CLI, behind tools/bin/pulumi
CLOUDS = "clouds"
SHIM = ROOT / "tools" / "bin"
POLICY_PACK = ROOT / "policy"
DEFAULT_STACK = "prod"


def cloud_folder(home: Path, stack: str) -> Path:
    """Where a stack's local cloud keeps its state: each stack has one of its own, as it has an AWS account and a Coder of its own."""
    return home / CLOUDS / stack


def home_folder(environment: Mapping[str, str]) -> Path:
    """The folder that holds everything local."""
    return Path(environment.get(HOME) or ROOT / ".local").absolute()


def stack_files(environment: Mapping[str, str]) -> StackFiles:
    """The stack files and their copies."""
    originals = Path(environment.get(STACK_FILES) or ROOT).absolute()
    return StackFiles(originals=originals, copies=home_folder(environment) / "stacks")
