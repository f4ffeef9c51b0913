"""Which stacks have a file in a folder; a leaf, so that local commands ask it without loading the settings' models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_DEPLOYMENT = ".deploy.yaml"  # Pulumi.<stack>.deploy.yaml: settings of Pulumi Deployments, no stack of its own


def stack_files(folder: Path) -> Mapping[str, Path]:
    """Every `Pulumi.<stack>.yaml` by the stack's name, in order."""
    files = [path for path in sorted(folder.glob("Pulumi.*.yaml")) if not path.name.endswith(_DEPLOYMENT)]
    return {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in files}
