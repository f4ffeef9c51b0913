"""Terraform modules, parsed: which variables they take, which outputs they give, which blocks they declare."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import hcl2
import lark

Block = Mapping[str, Any]

_MARKS = {"__is_block__", "__comments__", "__inline_comments__"}


class UnreadableError(Exception):
    """A file that is no Terraform; a sentence."""


@dataclass(frozen=True)
class Variable:
    """type: as written, without blanks; "" for none. required: it has no default."""

    type: str
    required: bool


def is_terraform(path: str) -> bool:
    """Whether Terraform reads a file of that name."""
    return path.endswith((".tf", ".tf.json"))


def parse(path: str, content: bytes) -> Block:
    """Block types to lists of their blocks; UnreadableError says where it ends to be Terraform."""
    try:
        return _parse(path.endswith(".json"), content)
    except UnreadableError as error:
        raise UnreadableError(f"{path}: {error}") from None


@functools.lru_cache(maxsize=4096)
def _parse(is_json: bool, content: bytes) -> Block:
    try:
        text = content.decode()
        if is_json:
            read = cast("object", json.loads(text))
            blocks = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
            return {kind: body if isinstance(body, list) else [body] for kind, body in blocks.items()}
        return plain(cast("dict[str, Any]", hcl2.loads(text + "\n")))  # pyright: ignore[reportUnknownMemberType] its types are partial
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UnreadableError(f"this is no Terraform: {error}") from None
    except lark.exceptions.UnexpectedInput as error:
        raise UnreadableError(f"this is no Terraform: line {error.line}, column {error.column}") from None


def plain(value: object) -> Any:  # noqa: ANN401 whatever a file holds
    """A parsed value without the parser's marks, keys and literal texts without their quotes; expressions stay `${…}`."""
    if isinstance(value, dict):
        return {unquoted(key): plain(each) for key, each in cast("dict[str, object]", value).items() if key not in _MARKS}
    if isinstance(value, list):
        return [plain(each) for each in cast("list[object]", value)]
    return unquoted(value) if isinstance(value, str) else value


def unquoted(text: str) -> str:
    """`"a"` as `a`; anything else as it is."""
    return text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text


def blocks(files: Mapping[str, bytes], kind: str, *, below: str = "") -> Iterator[tuple[str, Block]]:
    """The blocks of a kind in the Terraform files of one folder, with their files. Raises UnreadableError."""
    for path, content in sorted(files.items()):
        inside = path.removeprefix(below)
        if path.startswith(below) and "/" not in inside and is_terraform(path):
            for block in parse(path, content).get(kind, []):
                yield path, block


def variables(files: Mapping[str, bytes], *, below: str = "") -> dict[str, Variable]:
    """The inputs of a module by name."""
    return {
        name: Variable(_joined(body.get("type", "")), "default" not in body)
        for _, block in blocks(files, "variable", below=below)
        for name, body in block.items()
    }


def outputs(files: Mapping[str, bytes], *, below: str = "") -> set[str]:
    """The outputs of a module."""
    return {name for _, block in blocks(files, "output", below=below) for name in block}


def _joined(value: object) -> str:
    return "".join(str(value).removeprefix("${").removesuffix("}").split()) if value else ""
