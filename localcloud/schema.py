"""Whether inputs fit the schema that a package's SDK tells: unknown, missing and mistyped properties, each with its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final

from localcloud.kinds.model import UNKNOWN, Value
from localcloud.sdk_source import AnyOf, EnumOf, ListOf, MapOf, ObjectOf, ResourceSource, Scalar, Sdk, Shape, Type

ASSET_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
ENGINE_SETTINGS: Final = frozenset({"version", "pluginDownloadURL"})  # on every provider: which plugin serves it
_INTERNAL: Final = "__"  # the engine's and the bridges' own keys, such as __defaults
_PYTHON_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int, float),
}
_ARTICLES: Final = {"string": "text", "boolean": "true or false", "number": "a number", "integer": "an integer"}


@dataclass(frozen=True)
class Failure:
    """One fault of the inputs: where, and a sentence."""

    property: str
    reason: str


@cache
def sdk(package: str) -> Sdk:
    """The installed SDK of a Pulumi package: "aws" → pulumi_aws.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    return Sdk(f"pulumi_{package.replace('-', '_')}")


@cache
def resource(package: str, token: str) -> ResourceSource | None:
    """The schema of a resource type; None where the SDK does not know the type."""
    return sdk(package).resource(token)


def check(package: str, token: str, inputs: Mapping[str, Value], *, open_ended: bool = False) -> list[Failure]:
    """Every fault of the inputs of a resource. `open_ended`: further top properties are allowed (a custom resource's)."""
    source = resource(package, token)
    if source is None:
        near = get_close_matches(token, sdk(package).tokens, n=1)
        return [Failure("", f"{token} is no resource type of {package}{_perhaps(near)}")]
    return list(_check_shape(sdk(package), source.inputs, inputs, "", open_ended))


def check_provider(package: str, inputs: Mapping[str, Value]) -> list[Failure]:
    """Faults of a provider's configuration: its keys only, since the engine hands nested values over as JSON text."""
    known = sdk(package).provider_inputs()
    return [_unexpected(known, name, name) for name in inputs if name not in known and name not in ENGINE_SETTINGS]


@cache
def computed(package: str, token: str) -> frozenset[str]:
    """The outputs that the cloud fills in where the program does not: all but the optional ones."""
    source = resource(package, token)
    return frozenset(name for name, each in source.outputs.items() if each.required) if source else frozenset()


@cache
def has_input(package: str, token: str, name: str) -> bool:
    """Whether a resource type takes this input."""
    source = resource(package, token)
    return source is not None and name in source.inputs


@cache
def has_output(package: str, token: str, name: str) -> bool:
    """Whether a resource type gives this output."""
    source = resource(package, token)
    return source is not None and name in source.outputs


def _check_shape(package: Sdk, shape: Shape, value: Mapping[str, Value], path: str, open_ended: bool) -> Iterator[Failure]:
    for name, item in value.items():
        where = f"{path}.{name}" if path else name
        if name in shape:
            if item is not None:
                yield from _check_type(package, shape[name].type, item, where)
        elif not open_ended and not name.startswith(_INTERNAL):
            yield _unexpected(shape, name, where)
    for name, each in shape.items():
        if each.required and value.get(name) is None:
            where = f"{path}.{name}" if path else name
            yield Failure(where, f"missing required property {where}")


def _check_type(package: Sdk, kind: Type, value: Value, path: str) -> Iterator[Failure]:
    if value is UNKNOWN or value is None:
        return
    match kind:
        case Scalar() | EnumOf():
            yield from _check_plain(kind, value, path)
        case ListOf() | MapOf():
            yield from _check_items(package, kind, value, path)
        case ObjectOf():
            yield from _check_object(package, kind, value, path)
        case AnyOf(types):
            yield from _check_any(package, types, value, path)


def _check_plain(kind: Scalar | EnumOf, value: Value, path: str) -> Iterator[Failure]:
    if isinstance(kind, EnumOf):
        if value not in kind.values:
            yield Failure(path, f"{path}: {value!r} is none of {', '.join(map(str, kind.values))}")
    elif kind.name == "asset":
        if not (isinstance(value, Mapping) and ASSET_SIGNATURE in value):
            yield _mistyped(path, "an asset or archive", value)
    elif kind.name != "any":
        wrong = not isinstance(value, _PYTHON_TYPES[kind.name]) or (isinstance(value, bool) and kind.name != "boolean")
        if wrong or (kind.name == "integer" and isinstance(value, float) and not value.is_integer()):
            yield _mistyped(path, _ARTICLES[kind.name], value)


def _check_items(package: Sdk, kind: ListOf | MapOf, value: Value, path: str) -> Iterator[Failure]:
    if isinstance(kind, ListOf) and isinstance(value, list):
        for index, each in enumerate(value):
            yield from _check_type(package, kind.item, each, f"{path}[{index}]")
    elif isinstance(kind, MapOf) and isinstance(value, dict):
        for key, each in value.items():
            yield from _check_type(package, kind.item, each, f"{path}.{key}")
    else:
        yield _mistyped(path, "a list" if isinstance(kind, ListOf) else "a map", value)


def _check_object(package: Sdk, kind: ObjectOf, value: Value, path: str) -> Iterator[Failure]:
    shape = package.shape(kind)
    if shape is None:
        return
    if isinstance(shape, EnumOf):
        yield from _check_type(package, shape, value, path)
    elif not isinstance(value, dict):
        yield _mistyped(path, "an object", value)
    else:
        yield from _check_shape(package, shape, value, path, open_ended=False)


def _check_any(package: Sdk, types: tuple[Type, ...], value: Value, path: str) -> Iterator[Failure]:
    """A union: text beside its enumeration is open, as in the real schema; else the faults of the type that comes nearest."""
    faults = [list(_check_type(package, each, value, path)) for each in types]
    if all(faults):
        yield from min(faults, key=lambda found: (found[0].property == path, len(found)))


def _unexpected(shape: Shape, name: str, where: str) -> Failure:
    return Failure(where, f"unknown property {where}{_perhaps(get_close_matches(name, shape, n=1))}")


def _perhaps(near: list[str]) -> str:
    return f"; did you mean {near[0]}?" if near else ""


def _mistyped(path: str, expected: str, value: Value) -> Failure:
    return Failure(path, f"{path} must be {expected}, not {_named(value)}")


def _named(value: Value) -> str:
    """What a value is, without telling text that may be a secret."""
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


_EMPTY: Final[Mapping[str, Value]] = {"string": "", "boolean": False, "number": 0, "integer": 0}


@cache
def empty_outputs(package: str, token: str) -> Mapping[str, Value]:
    """Computed outputs with the empty value of their type: what an API tells of an attribute that nothing has set."""
    source = resource(package, token)
    empty: dict[str, Value] = {}
    for name, each in source.outputs.items() if source else ():
        if not each.required or name in {"arn", "tagsAll", "region"}:
            continue
        if isinstance(each.type, Scalar) and each.type.name in _EMPTY:
            empty[name] = _EMPTY[each.type.name]
        elif isinstance(each.type, ListOf):
            empty[name] = []
        elif isinstance(each.type, MapOf):
            empty[name] = {}
    return empty
