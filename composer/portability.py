"""Whether a toolchain says nothing about where it runs (Property 13, TPL-07): each kind of file is parsed, and judged as what it is.

Terraform: only variables, outputs and locals; every value. Scripts: every word and string of bash, Dockerfiles and PowerShell. YAML and
JSON: every key and value. Comments of all of them: every word. Prose (Markdown, descriptions): concrete ids and ARNs alone.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

import yaml
from pydantic import ValidationError

from composer import hcl, infrastructure, scripts
from composer.files import read
from composer.manifests import Toolchain
from settings.problems import key_text, sentences

_BLOCKS = {"variable", "output", "locals", "terraform"}
_PROSE = {"description", "error_message", "title", "summary", "$comment", "comment"}
_TEXT = {".md", ".txt", ".rst", ".adoc", ""}
# After a blank or at the start of a line, as in HCL, shells, YAML and JSON with comments; and blocks, PowerShell's too
_COMMENT = re.compile(r"(?m:(?<!\S)(?:#|//).*$)|(?s:/\*.*?\*/|<#.*?#>)")
_TOOL_LISTS = {"languages", "tools", "libraries"}

__all__ = ["faults", "portable", "read"]


def portable(folder: Path) -> bool:
    """Whether the toolchain of a folder is."""
    return not faults(read(folder))


def faults(files: Mapping[str, bytes]) -> list[str]:
    """A sentence for each thing that ties a toolchain to an infrastructure; files: path below its folder to content."""
    found = dict.fromkeys(sentence for path, content in sorted(files.items()) for sentence in _file(path, content))
    return [*found, *([] if "toolchain.yaml" in files else ["toolchain.yaml is missing; a toolchain says what it is there"])]


@functools.lru_cache(maxsize=1024)
def _file(path: str, content: bytes) -> tuple[str, ...]:
    """Of one file; judges meet the same ones again and again."""
    return tuple(_found(path, content))


def _found(path: str, content: bytes) -> Iterator[str]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield f"{path}: this is no text, so nobody can see what is in it; let the bootstrap download it"
        return
    for number, line in enumerate(text.splitlines(), 1):
        yield from (f"{path}:{number}: {what}; {_REMEDY}" for what in infrastructure.concrete(line))
    if PurePosixPath(path).suffix not in _TEXT or scripts.language(path, text):
        comments = (match[0] for match in _COMMENT.finditer(text))
        yield from (f"{path}: in a comment: {what}; {_REMEDY}" for each in comments for what in infrastructure.in_comment(each))
    try:
        yield from (f"{path}: {what}; {_REMEDY}" for what in _parsed(path, content, text))
    except (hcl.UnreadableError, json.JSONDecodeError, yaml.YAMLError) as error:
        yield f"{path}: {' '.join(str(error).removeprefix(f'{path}: ').split())}; nobody can see what is in it"


_REMEDY = "a toolchain asks for capabilities, the base knows where"


def _parsed(path: str, content: bytes, text: str) -> Iterator[str]:
    name = PurePosixPath(path)
    kind = scripts.language(path, text)
    if hcl.is_terraform(path):
        yield from _terraform(path, content)
    elif path == "toolchain.yaml":
        yield from _manifest(text)
    elif kind is not None:
        yield from _script(kind, content)
    elif name.suffix in {".yaml", ".yml", ".json", ".jsonc"}:
        yield from _data(text, is_json=name.suffix.startswith(".json"))
    elif name.suffix not in _TEXT or name.name.startswith("."):
        for line in text.splitlines():
            yield from _line(line.partition("#")[0])


def _terraform(path: str, content: bytes) -> Iterator[str]:
    for kind, bodies in hcl.parse(path, content).items():
        for body in bodies:
            if kind in {"resource", "data"}:
                yield from (f"{kind} {label} is declared" for label in body)
            elif kind not in _BLOCKS:
                yield f"a block {kind} {' '.join(body) if kind in {'provider', 'module'} else ''}".rstrip() + " is declared"
            elif kind == "terraform":
                yield from (f"terraform.{key} is declared" for key in body if key != "required_version")
            else:
                yield from _tree(body)


def _manifest(text: str) -> Iterator[str]:
    """Keys of the schema only; names of tools are names, whatever they are spelt like."""
    content: Any = yaml.safe_load(text)
    try:
        Toolchain.model_validate(content)
    except ValidationError as error:
        yield from (f"{key_text(path)}: {sentence}" for path, sentence in sentences(Toolchain, error))
    else:
        software = cast("dict[str, Any]", content["toolchain"])
        for tool in (each for group in _TOOL_LISTS for each in software.get(group, [])):
            yield from infrastructure.in_value(str(tool["version"]))
        yield from _tree({key: value for key, value in content.items() if key != "toolchain"})


def _script(kind: scripts.Language, content: bytes) -> Iterator[str]:
    for piece in scripts.pieces(kind, content):
        match piece.role:
            case scripts.Role.NAME:
                yield from infrastructure.in_key(piece.text)
            case scripts.Role.WORD:
                yield from infrastructure.in_value(piece.text)
            case scripts.Role.EMBEDDED:
                for line in piece.text.splitlines():
                    yield from _line(line)


def _line(line: str) -> Iterator[str]:
    """A line of a file in a file, or of one whose language is unknown."""
    yield from infrastructure.in_manifest_line(line)
    yield from infrastructure.in_value(line)
    for name, value in re.findall(r"^\s*([A-Za-z_][\w.-]*)\s*[:=]\s*(\S+)\s*$", line):
        yield from infrastructure.in_key(name)
        yield from infrastructure.in_value(value.strip("\"'"))


def _data(text: str, *, is_json: bool) -> Iterator[str]:
    for document in [json.loads(_without_comments(text))] if is_json else list(yaml.safe_load_all(text)):
        yield from _tree(document)


def _without_comments(text: str) -> str:
    """JSON with comments and trailing commas, as devcontainer.json has them."""
    whole = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda match: match[1] or "", text, flags=re.DOTALL)
    return re.sub(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', lambda match: match[1] or "", whole)


def _tree(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in cast("Mapping[object, object]", value).items():
            yield from infrastructure.in_key(str(name))
            yield from _tree(each, str(name))
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _tree(each, key)
    elif isinstance(value, str) and key not in _PROSE:
        yield from _text(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from infrastructure.in_value(str(value))


def _text(value: str) -> Iterator[str]:
    """A literal, a heredoc or an expression with literals in it."""
    if value.startswith("<<") or "\n" in value:
        for line in value.splitlines():
            yield from _line(line)
        return
    yield from infrastructure.in_value(value)
    if "${" in value:
        for literal in re.findall(r'"((?:\\.|[^"\\])*)"', value):
            yield from infrastructure.in_value(literal)
