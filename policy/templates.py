"""The templates that a stack pushes, read from their folders: what they say of themselves elsewhere counts for nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from composer import judging
from policy import tokens
from policy.graph import Graph, Node
from policy.values import Unknown, mapping, sequence, text

PROJECT = "CODER_EKS_PROJECT"  # environment variable: the folder that a template's folder is relative to, where that is not the pack's
_LARGEST = 4 * 1024 * 1024  # bytes of a folder that is read; coderd takes 1 MiB as an archive


@dataclass(frozen=True)
class Pushed:
    """A template's active version. folder: as the program gives it. fault: why it can't be read; then there are no files."""

    node: Node
    folder: str
    version: str | None
    files: Mapping[str, bytes]
    fault: str | None = None
    _faults: dict[date, Mapping[int, Sequence[str]]] = field(default_factory=dict[date, Mapping[int, Sequence[str]]], repr=False)

    @property
    def name(self) -> str:
        """The template's name in Coder."""
        return text(self.node.get("name")) or self.node.name

    def faults(self, today: date) -> Mapping[int, Sequence[str]]:
        """What the files say against each of Properties 13 to 17, recomputed once."""
        if today not in self._faults:
            self._faults[today] = judging.file_faults(self.files, today)
        return self._faults[today]

    @cached_property
    def root(self) -> Mapping[str, Any]:
        """The root module; empty where it is none."""
        try:
            found = cast("object", json.loads(self.files.get("main.tf.json", b"{}")))
        except (UnicodeDecodeError, json.JSONDecodeError):
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """What the root module hands to the base."""
        none: Mapping[str, Any] = {}
        return next((body for name, body in self.blocks("module") if name == "base"), none)

    def blocks(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The blocks of a kind in the root module, by their first label; Terraform takes one mapping, or a list of them."""
        return [
            (name, cast("dict[str, Any]", body) if isinstance(body, dict) else {})
            for named in _each(self.root.get(kind))
            if isinstance(named, dict)
            for name, content in cast("dict[str, Any]", named).items()
            for body in _each(content)
        ]


def _each(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def project() -> Path:
    """The folder with the program and its stack files."""
    return Path(os.environ.get(PROJECT) or Path(__file__).resolve().parent.parent)


def pushed(graph: Graph) -> list[Pushed]:
    """The active version of every template, its folder read."""
    return [_pushed(node) for node in graph.all(tokens.TEMPLATE)]


def _pushed(node: Node) -> Pushed:
    versions = node.get("versions")
    active = [version for item in sequence(versions) if (version := mapping(item)).get("active") is True]
    folder = active[0].get("directory") if len(active) == 1 else None
    if isinstance(versions, Unknown) or isinstance(folder, Unknown):
        return Pushed(node, "", None, {}, "its folder is unknown; compose templates before the update, not from outputs")
    if text(folder) is None:
        return Pushed(node, "", None, {}, f"has {len(active)} active versions with a folder; exactly one is what people get")
    place = str(folder)
    version = text(active[0].get("name"))
    path = project() / place
    try:
        return Pushed(node, place, version, _read(path))
    except OSError as error:
        return Pushed(
            node, place, version, {}, f"its folder {place} can't be read ({error.strerror or error}); judge it where it is composed"
        )


def _read(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    if not path.is_dir():
        raise OSError("no such folder")
    for parent, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(parent, name)
            total += file.stat().st_size
            if total > _LARGEST:
                raise OSError(f"larger than {_LARGEST} bytes")
            found[file.relative_to(path).as_posix()] = file.read_bytes()
    return found
