"""A stack file as a file: its YAML, its keys, and what none may hold. Loads no model, since every `pulumi` here asks it."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import yaml

if TYPE_CHECKING:
    from settings.model import Settings

Path: TypeAlias = "tuple[str | int, ...]"

PREFIX = "coder-eks:"
# Pulumi's sdk/go/common, read 2026-11: ProjectStack of workspace/project.go, and ParseKey of resource/config/key.go
TOP_LEVEL = ("config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment")
_KEY = re.compile(r"(?P<namespace>[^:]+):(config:)?(?P<name>[^:]+)")


class SettingsError(Exception):
    """Everything that is wrong with a stack file; problems: one sentence each, with file, key, value and remedy.

    rest: the settings without what is wrong, where they can stand so. left_out: the keys, below `coder-eks:`, that are another's there.
    """

    def __init__(self, file: str, problems: Iterable[str], rest: Settings | None = None, left_out: Iterable[str] = ()) -> None:
        self.file, self.rest, self.left_out = file, rest, tuple(left_out)
        self.problems = tuple(f"{file}: {problem}" for problem in problems)
        super().__init__("\n".join(self.problems))


def file_faults(content: Mapping[str, object]) -> list[tuple[Path, str]]:
    """What the engine refuses in its own words or passes over, whatever the settings are: keys and sentences. It takes an empty file."""
    config = content.get("config")
    if config is None:
        return list(misplaced(content))
    inside = cast("Mapping[str, object]", config)
    return [*misplaced(content), *(_no_config(config) if not isinstance(config, dict) else (*encrypted(inside), *strange_keys(inside)))]


def config_of(content: Mapping[str, object], file: str) -> Mapping[str, object]:
    """The `config:` mapping of a stack file. Raises SettingsError where there is none."""
    config = content.get("config")
    if wrong := list(_no_config(config)):
        raise SettingsError(file, [f"{path[0]}: {sentence}" for path, sentence in (*misplaced(content), *wrong)])
    return cast("Mapping[str, object]", config)


def read_config(path: pathlib.Path) -> Mapping[str, object]:
    """The `config:` mapping of a stack file on disk. Raises SettingsError."""
    return config_of(read_yaml(path), path.name)


def read_yaml(path: pathlib.Path) -> Mapping[str, object]:
    """A stack file as Pulumi reads it, the one place where YAML is read. Raises SettingsError where it can't be."""
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise SettingsError(path.name, (f"there is no such file in {path.parent}; write one, or name another stack",)) from None
    except UnicodeDecodeError:
        raise SettingsError(path.name, ("is not written in UTF-8; save it as UTF-8",)) from None
    except yaml.YAMLError as error:
        raise SettingsError(path.name, (f"is no YAML: {_yaml_text(error)}",)) from None
    except ValueError:  # Python converts no integer of more than 4300 digits
        raise SettingsError(path.name, ("holds a number that is too long to be read; write the one that was meant",)) from None
    except RecursionError:
        raise SettingsError(path.name, ("is nested too deeply to be read; write it as in Pulumi.prod.yaml",)) from None
    if content is not None and not isinstance(content, dict):
        raise SettingsError(
            path.name, (f"is {_kind(content)} as a whole; write config: and the sections below it, as in Pulumi.prod.yaml",)
        )
    return cast("Mapping[str, object]", content or {})


def parsed(text: str) -> object:
    """YAML as Pulumi's own reader has it."""
    return cast("object", yaml.load(text, Loader=_StackFileLoader))  # noqa: S506 derived from SafeLoader


def misplaced(content: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Keys beside `config:` that Pulumi would pass over in silence."""
    for key in map(str, content):
        if key not in TOP_LEVEL:
            meant = "did you mean {}?" if get_close_matches(key, TOP_LEVEL, n=1) else "remove it, or write it below config:"
            yield (key,), f"is no key of a stack file; {meant.format(*get_close_matches(key, TOP_LEVEL, n=1))}"


def encrypted(config: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Values that `pulumi config set --secret` wrote, which no stack file of this project holds."""
    for path, value in _places(config, ()):
        if isinstance(value, Mapping) and set(cast("Mapping[object, object]", value)) == {"secure"}:
            yield path, "is encrypted here; put the value into AWS Secrets Manager and write its name"


def strange_keys(config: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Keys below `config:` that nothing reads: those of no namespace, of none that is here, or that its provider does not know."""
    for key in map(str, config):
        named = _KEY.fullmatch(key)
        if ":" not in key:
            yield (key,), f"has no namespace, so that nothing reads it; write {PREFIX}{key}, or remove it"
        elif named is None:
            yield (key,), f"is no key; write <namespace>:<name>, such as {PREFIX}system"
        elif named["namespace"] not in (PREFIX.removesuffix(":"), "pulumi"):
            known = provider_keys(named["namespace"])
            if named["name"] not in known:
                meant = get_close_matches(named["name"], known, n=1)
                remedy = f"did you mean {named['namespace']}:{meant[0]}?" if meant else f"remove it, or write a key of {PREFIX}"
                yield (key,), f"is read by no provider here; {remedy}"


def provider_keys(namespace: str) -> list[str]:
    """What a provider takes from a stack file, as the source of its SDK says; nothing where there is no such provider."""
    sdk = find_spec(f"pulumi_{namespace}") if namespace.isidentifier() else None
    module = pathlib.Path(sdk.origin).parent / "config/vars.py" if sdk and sdk.origin else None
    return re.findall(r"__config__\.get\w*\('(\w+)'\)", module.read_text(encoding="utf-8")) if module and module.is_file() else []


def texts(config: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Every text in a file, wherever it stands."""
    for path, value in _places(config, ()):
        if isinstance(value, str):
            yield path, value


def _places(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    yield path, value
    entries: Iterable[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value).items()
    elif isinstance(value, list | tuple):
        entries = enumerate(cast("list[object]", value))
    for key, entry in entries:
        yield from _places(entry, (*path, key if isinstance(key, int) and not isinstance(value, Mapping) else str(key)))


def _no_config(config: object) -> Iterator[tuple[Path, str]]:
    if config is None:
        yield ("config",), "is missing; write the sections below it, as in Pulumi.prod.yaml"
    elif not isinstance(config, dict):
        yield ("config",), f"is {_kind(config)}; write the sections below it, as in Pulumi.prod.yaml"


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else "a single value"


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
