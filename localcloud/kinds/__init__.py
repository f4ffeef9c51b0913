"""The tables: every resource type, refusal and data source of AWS that the local cloud knows, by token.

Each module of this package exposes `KINDS: tuple[Kind, ...]` and, where it has data sources, `INVOKES: Mapping[str, Invoke]`;
each module `localcloud/refusals*.py` exposes `REFUSALS: tuple[Refusal, ...]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from localcloud.kinds.model import Invoke, Kind, Refusal

_HERE: Final = Path(__file__).parent


def _tables() -> Iterator[ModuleType]:
    for path in sorted(_HERE.glob("*.py")):
        if path.stem not in {"__init__", "model"}:
            yield import_module(f"{__name__}.{path.stem}")


def _collect_kinds() -> Mapping[str, Kind]:
    kinds: dict[str, Kind] = {}
    for module in _tables():
        rows: tuple[Kind, ...] = getattr(module, "KINDS", ())
        for kind in rows:
            if kind.token in kinds:
                raise ValueError(f"{module.__name__}: {kind.token} has a row already")
            kinds[kind.token] = kind
    return kinds


def _collect_invokes() -> Mapping[str, Invoke]:
    invokes: dict[str, Invoke] = {}
    for module in _tables():
        invokes.update(getattr(module, "INVOKES", {}))
    return invokes


def _collect_refusals() -> Mapping[str, tuple[Refusal, ...]]:
    by_token: dict[str, tuple[Refusal, ...]] = {}
    for path in sorted(_HERE.parent.glob("refusals*.py")):
        rows: tuple[Refusal, ...] = import_module(f"localcloud.{path.stem}").REFUSALS
        for refusal in rows:
            for token in refusal.tokens:
                by_token[token] = (*by_token.get(token, ()), refusal)
    return by_token


KINDS: Final = _collect_kinds()
INVOKES: Final = _collect_invokes()
REFUSALS: Final = _collect_refusals()
