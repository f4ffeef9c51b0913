"""Golden stack files: `prod.happy.yaml` in full, and `prod.error.<what>.yaml` as a change to it.

A change is merged key by key; `null` takes a key away. The comment lines at its head are the messages, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from settings.stack_file import read_config

HERE = Path(__file__).parent
HAPPY = HERE / "prod.happy.yaml"
STACK_FILE = "Pulumi.prod.yaml"
PREFIX = "coder-eks:"
_HAPPY = dict(read_config(HAPPY))


def happy() -> dict[str, Any]:
    """The `config:` mapping of the happy case, free to change."""
    return deepcopy(_HAPPY)


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the keys of `change`."""
    result = dict(base)
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def messages(path: Path) -> list[str]:
    """The messages at the head of a golden case."""
    return [line.removeprefix("# ") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
