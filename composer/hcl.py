"""Terraform modules, parsed: which variables they take, which outputs they give, which blocks they declare."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

Block = Mapping[str, Any]

_PARSER = Parser(Language(tree_sitter_hcl.language()))
_CONSTANTS = {"true": True, "false": False, "null": None}
_TEXTS = {"string_lit", "quoted_template", "heredoc_template"}
_NO_PARTS = {"comment", "tuple_start", "tuple_end", "object_start", "object_end", "block_start", "block_end"}


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
        return _body(_tree(content))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UnreadableError(f"this is no Terraform: {error}") from None
    except RecursionError:
        raise UnreadableError("this is nested too deeply to be read") from None


def _tree(content: bytes) -> Node | None:
    """The body of a file; none where it is empty."""
    root = _PARSER.parse(content).root_node
    if root.has_error:
        line, column = next(node for node in _below(root) if node.is_error or node.is_missing).start_point
        raise UnreadableError(f"this is no Terraform: line {line + 1}, column {column + 1}")
    return next((node for node in root.named_children if node.type == "body"), None)


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _below(child)


def _body(body: Node | None) -> dict[str, Any]:
    """Attributes to values, block types to lists of blocks, a label of a block being a key of its own."""
    found: dict[str, Any] = {}
    for node in [] if body is None else body.named_children:
        if node.type == "attribute":
            name, value = _parts(node)
            if _text(name) in found:
                raise UnreadableError(f"this is no Terraform: line {node.start_point.row + 1} sets {_text(name)} again")
            found[_text(name)] = _value(value)
        elif node.type == "block":
            kind, *labels = (each for each in node.named_children if each.type in {"identifier", "string_lit"})
            block: Any = _body(next((each for each in node.named_children if each.type == "body"), None))
            for label in reversed(labels):
                block = {_unquoted(label): block}
            listed = found.setdefault(_text(kind), [])
            if not isinstance(listed, list):
                raise UnreadableError(f"this is no Terraform: line {node.start_point.row + 1} has a block where {_text(kind)} is set")
            cast("list[Any]", listed).append(block)
    return found


def _value(node: Node) -> Any:  # noqa: ANN401 whatever a file holds
    """A literal as it is, a text without its quotes; any other expression as `${...}`."""
    parts = _parts(node)
    match node.type:
        case "expression" | "literal_value" | "collection_value" | "template_expr" if len(node.children) == 1:
            return _value(parts[0])
        case "string_lit" | "quoted_template":
            return _unquoted(node)
        case "heredoc_template":
            return _text(node)
        case "numeric_lit":
            return _number(_text(node))
        case "bool_lit" | "null_lit":
            return _CONSTANTS[_text(node)]
        case "tuple":
            return [_value(each) for each in parts]
        case "object":
            return {_key(key): _value(value) for key, value in map(_parts, parts)}
        case "operation" if re.fullmatch(r"-[0-9.]+", _text(node)):
            return _number(_text(node))
        case _:
            return f"${{{_written(node)}}}"


def _key(node: Node) -> str:
    """A key of an object: a name stands for itself, and an expression in parentheses is one."""
    return _text(node) if node.named_children[0].type == "variable_expr" and not _text(node).startswith("(") else str(_value(node))


def _written(node: Node) -> str:
    """An expression's source in one line, without comments and commas before a bracket; an object's items with commas between them."""
    if node.type == "object":
        return "{" + ", ".join(" = ".join(map(_written, _parts(item))) for item in _parts(node)) + "}"
    if not node.children or node.type in _TEXTS:
        return _text(node)
    written, end = "", node.start_byte
    for child in node.children:
        if child.type != "comment":
            written += (" " if child.start_byte > end else "") + _written(child)
            end = child.end_byte
    return re.sub(r",\s*([\])])$", r"\1", written)


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _parts(node: Node) -> list[Node]:
    """What a node consists of, without its brackets and comments."""
    return [child for child in node.named_children if child.type not in _NO_PARTS]


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _unquoted(node: Node) -> str:
    text = _text(node)
    return text[1:-1] if text.startswith('"') else text


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
