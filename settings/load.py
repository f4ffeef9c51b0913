"""From a stack file to `Settings`, or to every sentence that says what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel, ValidationError, create_model

from settings.model import Settings, between_sections
from settings.names import closest, secret_kind
from settings.problems import key_text, sentences

PREFIX = "coder-eks:"
_FIELDS = Settings.model_fields
# Each section on its own, so that a fault in one hides no other's
_ENVELOPES: dict[str, type[BaseModel]] = {
    name: create_model(name, **cast("dict[str, Any]", {name: (field.annotation, field)})) for name, field in _FIELDS.items()
}


class SettingsError(Exception):
    """Everything that is wrong with a stack file; problems: one sentence each, with file, key, value and remedy."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(config: Mapping[str, object], file: str) -> Settings:
    """Settings from the `config:` mapping of a stack file; `file` is its name in messages.

    Keys of other namespaces are left alone, and a section without anything is none. Raises SettingsError with all faults.
    """
    secrets = dict(_secrets(config))
    found = [*secrets.items(), *_unknown_sections(config)]
    sections: dict[str, object] = {}
    for name, field in _FIELDS.items():
        if config.get(PREFIX + name) is not None:
            found += [fault for fault in _read(name, config[PREFIX + name], sections) if fault[0] not in secrets]
        elif field.is_required():
            found.append((PREFIX + name, f"is missing; add the section ({(field.description or '').rstrip('.')})"))
        else:
            sections[name] = field.default
    found += [(PREFIX + key_text(fault.path), fault.sentence) for fault in between_sections(sections)]
    if found:
        raise SettingsError(tuple(_printable(f"{file}: {key}: {sentence}") for key, sentence in dict.fromkeys(found)))
    return Settings.model_validate(sections)


def _printable(sentence: str) -> str:
    """One line, whatever a value holds."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in sentence)


def load_file(path: str | Path) -> Settings:
    """Settings of a stack file on disk, the one place where YAML is read. Raises SettingsError."""
    path = Path(path)
    return load(read_config(path), path.name)


def read_config(path: Path) -> Mapping[str, object]:
    """The `config:` mapping of a stack file. Raises SettingsError where there is none."""
    config = read_yaml(path).get("config")
    if not isinstance(config, dict):
        raise SettingsError((f"{path.name}: config: is missing; write the sections below it, as in Pulumi.prod.yaml",))
    return cast("Mapping[str, object]", config)


def read_yaml(path: Path) -> Mapping[str, object]:
    """A stack file as Pulumi reads it; nothing where it is no mapping. Raises SettingsError where it can't be read."""
    try:
        content = cast("object", yaml.load(path.read_text(encoding="utf-8"), Loader=_StackFileLoader))  # noqa: S506 derived from SafeLoader
    except (FileNotFoundError, IsADirectoryError):
        raise SettingsError((f"{path.name}: there is no such file in {path.parent}; write one, or name another stack",)) from None
    except UnicodeDecodeError:
        raise SettingsError((f"{path.name}: is not written in UTF-8; save it as UTF-8",)) from None
    except yaml.YAMLError as error:
        raise SettingsError((f"{path.name}: is no YAML: {_yaml_text(error)}",)) from None
    except RecursionError:
        raise SettingsError((f"{path.name}: is nested too deeply to be read; write it as in Pulumi.prod.yaml",)) from None
    return cast("Mapping[str, object]", content) if isinstance(content, dict) else {}


def _read(name: str, value: object, sections: dict[str, object]) -> list[tuple[str, str]]:
    """Read one section into `sections`, or return its faults as keys and sentences."""
    try:
        sections[name] = getattr(_ENVELOPES[name].model_validate({name: value}), name)
    except ValidationError as error:
        return [(PREFIX + key_text(path), sentence) for path, sentence in sentences(_ENVELOPES[name], error)]
    return []


def _unknown_sections(config: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key in map(str, config):
        if key.startswith(PREFIX) and key.removeprefix(PREFIX) not in _FIELDS:
            meant = closest(key.removeprefix(PREFIX), list(_FIELDS))
            known = ", ".join(PREFIX + name for name in _FIELDS)
            yield key, f"is no section; did you mean {PREFIX}{meant}?" if meant else f"is no section; the sections are {known}"


def _secrets(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, str]]:
    """Values that look like secrets, which no stack file holds; their text is not repeated."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        if set(entries) == {"secure"}:
            yield key_text(path), "is encrypted here; put the value into AWS Secrets Manager and write its name"
        for key, entry in entries.items():
            yield from _secrets(entry, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(cast("list[object]", value)):
            yield from _secrets(entry, (*path, index))
    elif isinstance(value, str) and (kind := secret_kind(value)) and str(path[0]).startswith(PREFIX):
        yield key_text(path), f"holds what looks like {kind}; revoke it, put the new one into AWS Secrets Manager and write its name here"


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
