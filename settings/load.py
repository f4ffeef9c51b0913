"""From a stack file to `Settings`, or to every sentence that says what is wrong with it."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, cast

from pydantic import BaseModel, ValidationError, create_model

from settings.model import Settings, between_sections
from settings.names import closest, secret_kind
from settings.problems import find_field, key_text, sentences
from settings.stack_file import PREFIX, Path, SettingsError, config_of, encrypted, misplaced, parsed, read_yaml, strange_keys, texts

_FIELDS = Settings.model_fields
# Each section on its own, so that a fault in one hides no other's
_ENVELOPES: dict[str, type[BaseModel]] = {
    name: create_model(name, **cast("dict[str, Any]", {name: (field.annotation, field)})) for name, field in _FIELDS.items()
}


def load(config: Mapping[str, object], file: str, beside: Iterable[tuple[Path, str]] = ()) -> Settings:
    """Settings from the `config:` mapping of a stack file; `file` is its name in messages.

    A section without anything is none. beside: faults of the file outside of `config:`. Raises SettingsError with all faults.
    """
    secret = [*encrypted(config), *_secrets(config)]
    secrets = {path for path, _ in secret}
    found = [*beside, *secret, *strange_keys(config), *_unknown_sections(config)]
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
        wrong = [(str(path[0]).removeprefix(PREFIX), *path[1:]) for path, _ in found if str(path[0]).startswith(PREFIX)]
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
            entries[path[-1]] = parsed(example) if isinstance(example, str) else example


def _printable(sentence: str) -> str:
    """One line, whatever a value holds."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in sentence)


def load_file(path: str | pathlib.Path) -> Settings:
    """Settings of a stack file on disk. Raises SettingsError."""
    path = pathlib.Path(path)
    content = read_yaml(path)
    return load(config_of(content, path.name), path.name, misplaced(content))


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


def _secrets(config: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Values that look like secrets, which no stack file holds; their text is not repeated."""
    for path, text in texts({key: value for key, value in config.items() if str(key).startswith(PREFIX)}):
        if kind := secret_kind(text):
            yield path, f"holds what looks like {kind}; revoke it, put the new one into AWS Secrets Manager and write its name here"
