"""Scripts of toolchains, parsed by their languages' grammars: words and texts, without comments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

import tree_sitter_bash
import tree_sitter_powershell
from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser


class Language(StrEnum):
    """What a script is written in; a Dockerfile's instructions are read as a shell's commands."""

    BASH = "bash"
    POWERSHELL = "powershell"


class Role(StrEnum):
    """What a piece of a script is."""

    WORD = "word"  # an argument or a text
    NAME = "name"  # of a variable that is set
    EMBEDDED = "embedded"  # a file in the script: here-document or here-string


@dataclass(frozen=True)
class Piece:
    """A part of a script, without its quotes."""

    role: Role
    text: str


_GRAMMARS = {
    Language.BASH: Grammar(tree_sitter_bash.language()),
    Language.POWERSHELL: Grammar(tree_sitter_powershell.language()),
}
_PARSERS = {language: Parser(grammar) for language, grammar in _GRAMMARS.items()}
_ROLES = {
    **dict.fromkeys(("word", "string", "raw_string", "ansi_c_string", "number", "concatenation", "regex", "command_name"), Role.WORD),
    **dict.fromkeys(("expandable_string_literal", "verbatim_string_characters", "verbatim_string_literal", "string_literal"), Role.WORD),
    **dict.fromkeys(("generic_token", "path_command_name", "simple_name", "array_literal_expression"), Role.WORD),
    "heredoc_body": Role.EMBEDDED,
    "expandable_here_string_literal": Role.EMBEDDED,
    "verbatim_here_string_characters": Role.EMBEDDED,
    "variable_name": Role.NAME,
}
_CONTAINERS = {"array_literal_expression", "string_literal", "command_name"}  # their parts are pieces of their own


def language(path: str, text: str) -> Language | None:
    """By the file's name, or its first line."""
    name = PurePosixPath(path)
    if name.suffix in {".ps1", ".psm1", ".psd1"}:
        return Language.POWERSHELL
    first = text.partition("\n")[0]
    is_shell = (
        name.suffix in {".sh", ".bash", ".bats"} or name.name in {".bashrc", ".profile"} or (first.startswith("#!") and "sh" in first)
    )
    return Language.BASH if is_shell or name.name.startswith(("Dockerfile", "Containerfile")) else None


def pieces(kind: Language, content: bytes) -> Iterator[Piece]:
    """Every word, text and name of a script, in order; comments are none."""
    pending = [_PARSERS[kind].parse(content).root_node]
    while pending:
        node = pending.pop()
        role = None if node.type == "comment" or (node.type in _CONTAINERS and node.child_count) else _ROLES.get(node.type)
        if role is Role.NAME and not _is_set(node):
            role = None
        if role is not None:
            yield Piece(role, _unquoted(node))
        if node.type != "comment" and role is not Role.EMBEDDED:
            pending.extend(reversed(node.children))


def _is_set(name: Node) -> bool:
    """Whether a variable's name stands on the left of an assignment; one that is read says nothing."""
    return name.parent is not None and name.parent.type in {"variable_assignment", "declaration_command"}


def _unquoted(node: Node) -> str:
    text = (node.text or b"").decode(errors="replace").strip()
    for quote in ("@'", '@"'):
        if text.startswith(quote):
            return text[2:-2]
    text = text.removeprefix("$") if text.startswith("$'") else text
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
