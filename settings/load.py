"""From a stack file to `Settings`, or to every sentence that says what is wrong with it."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, cast

import yaml
from pydantic import BaseModel, ValidationError, create_model

from settings.model import Settings, between_sections
from settings.names import closest, secret_kind
from settings.problems import Path, find_field, key_text, sentences

PREFIX = "coder-eks:"
_FIELDS = Settings.model_fields
# Each section on its own, so that a fault in one hides no other's
_ENVELOPES: dict[str, type[BaseModel]] = {
    name: create_model(name, **cast("dict[str, Any]", {name: (field.annotation, field)})) for name, field in _FIELDS.items()
}


class SettingsError(Exception):
    """Everything that is wrong with a stack file; problems: one sentence each, with file, key, value and remedy.

    rest: the settings without what is wrong, where they can stand so. left_out: the keys, below `coder-eks:`, that are another's there.
    """

    def __init__(self, file: str, problems: Iterable[str], rest: Settings | None = None, left_out: Iterable[str] = ()) -> None:
        self.file, self.rest, self.left_out = file, rest, tuple(left_out)
        self.problems = tuple(f"{file}: {problem}" for problem in problems)
        super().__init__("\n".join(self.problems))


def load(config: Mapping[str, object], file: str) -> Settings:
    """Settings from the `config:` mapping of a stack file; `file` is its name in messages.

    Keys of other namespaces are left alone, and a section without anything is none. Raises SettingsError with all faults.
    """
    found = list(_secrets(config))
    secrets = {path for path, _ in found}
    found += _unknown_sections(config)
    sections: dict[str, object] = {}
    for name, field in _FIELDS.items():
        if config.get(PREFIX + name) is not None:
            found += [fault for fault in _read(name, config[PREFIX + name], sections) if fault[0] not in secrets]
        elif field.is_required():
            found.append(((PREFIX + name,), f"is missing; add the section ({(field.description or '').rstrip('.')})"))
        else:
            sections[name] = field.default
    found += [(_place(fault.path), fault.sentence) for fault in between_sections(sections)]
    if found:
        problems = [_printable(f"{key_text(path)}: {sentence}") for path, sentence in dict.fromkeys(found)]
        wrong = [(str(path[0]).removeprefix(PREFIX), *path[1:]) for path, _ in found]
        raise SettingsError(file, problems, _rest(config, wrong), map(key_text, wrong))
    return Settings.model_validate(sections)


def _place(path: Path) -> Path:
    return PREFIX + str(path[0]), *path[1:]


def _rest(config: Mapping[str, object], wrong: Iterable[Path]) -> Settings | None:
    """The settings, each wrong key left to its default or, where it has none, to its own example; None where they can't stand so."""
    rest = {name: deepcopy(config[PREFIX + name]) for name in _FIELDS if config.get(PREFIX + name) is not None}
    for path in wrong:
        _leave_out(rest, path)
    try:
        return Settings.model_validate(rest)
    except ValidationError:
        return None


def _leave_out(sections: dict[str, object], path: Path) -> None:
    """Take a wrong key away, and put its example where it has no default; of what stands in a list, the key that has the list."""
    while isinstance(path[-1], int):
        path = path[:-1]
    holder: object = sections
    for part in path[:-1]:
        holder = cast("dict[object, object]", holder).get(part) if isinstance(holder, dict) else None
    if isinstance(holder, dict):
        entries = cast("dict[object, object]", holder)
        entries.pop(path[-1], None)
        _, field = find_field(Settings, path)
        if field is not None and field.is_required() and field.examples:
            example = field.examples[0]
            entries[path[-1]] = _parsed(example) if isinstance(example, str) else example


def _printable(sentence: str) -> str:
    """One line, whatever a value holds."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in sentence)


def load_file(path: str | pathlib.Path) -> Settings:
    """Settings of a stack file on disk, the one place where YAML is read. Raises SettingsError."""
    path = pathlib.Path(path)
    return load(read_config(path), path.name)


def read_config(path: pathlib.Path) -> Mapping[str, object]:
    """The `config:` mapping of a stack file. Raises SettingsError where there is none."""
    config = read_yaml(path).get("config")
    if not isinstance(config, dict):
        raise SettingsError(path.name, ("config: is missing; write the sections below it, as in Pulumi.prod.yaml",))
    return cast("Mapping[str, object]", config)


def read_yaml(path: pathlib.Path) -> Mapping[str, object]:
    """A stack file as Pulumi reads it; nothing where it is no mapping. Raises SettingsError where it can't be read."""
    try:
        content = _parsed(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise SettingsError(path.name, (f"there is no such file in {path.parent}; write one, or name another stack",)) from None
    except UnicodeDecodeError:
        raise SettingsError(path.name, ("is not written in UTF-8; save it as UTF-8",)) from None
    except yaml.YAMLError as error:
        raise SettingsError(path.name, (f"is no YAML: {_yaml_text(error)}",)) from None
    except RecursionError:
        raise SettingsError(path.name, ("is nested too deeply to be read; write it as in Pulumi.prod.yaml",)) from None
    return cast("Mapping[str, object]", content) if isinstance(content, dict) else {}


def _parsed(text: str) -> object:
    return cast("object", yaml.load(text, Loader=_StackFileLoader))  # noqa: S506 derived from SafeLoader


def _read(name: str, value: object, sections: dict[str, object]) -> list[tuple[Path, str]]:
    """Read one section into `sections`, or return its faults as keys and sentences."""
    try:
        sections[name] = getattr(_ENVELOPES[name].model_validate({name: value}), name)
    except ValidationError as error:
        return [(_place(path), sentence) for path, sentence in sentences(_ENVELOPES[name], error)]
    return []


def _unknown_sections(config: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    for key in map(str, config):
        if key.startswith(PREFIX) and key.removeprefix(PREFIX) not in _FIELDS:
            meant = closest(key.removeprefix(PREFIX), list(_FIELDS))
            known = ", ".join(PREFIX + name for name in _FIELDS)
            yield (key,), f"is no section; did you mean {PREFIX}{meant}?" if meant else f"is no section; the sections are {known}"


def _secrets(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Values that look like secrets, which no stack file holds; their text is not repeated."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        if set(entries) == {"secure"}:
            yield path, "is encrypted here; put the value into AWS Secrets Manager and write its name"
        for key, entry in entries.items():
            yield from _secrets(entry, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(cast("list[object]", value)):
            yield from _secrets(entry, (*path, index))
    elif isinstance(value, str) and (kind := secret_kind(value)) and str(path[0]).startswith(PREFIX):
        yield path, f"holds what looks like {kind}; revoke it, put the new one into AWS Secrets Manager and write its name here"


class _StackFileLoader(yaml.SafeLoader):
    """Reads as Pulumi's own reader does: no base-60 numbers, no yes and no for true and false, no key twice, nothing inside itself."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: ARG002 what is made at once can't hold itself
        # PyYAML's stubs leave its node untyped
        return cast("object", super().construct_object(node, deep=True))  # pyright: ignore[reportUnknownMemberType]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands here twice; write it once", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_BOOL, _INT, _TIMESTAMP = (f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "timestamp"))
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_BOOL, _INT, _TIMESTAMP)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _first in "tTfF":
    _RESOLVERS.setdefault(_first, []).append((_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")))
for _first in "-+0123456789":
    _RESOLVERS.setdefault(_first, []).insert(0, (_INT, re.compile(r"^[-+]?(?:0|[1-9][0-9_]*)$")))
_StackFileLoader.yaml_implicit_resolvers = _RESOLVERS


def _yaml_text(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem} (line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1})"
    return str(error).splitlines()[0]
