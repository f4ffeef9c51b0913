"""Whether a resource's inputs fit its Python SDK: names, required properties, kinds of values; at every depth.

The real providers refuse what this finds, so a misspelt property fails a unit test and not a deployment.
"""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Awaitable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from pulumi import Asset, Output, Resource
from pulumi import _types as sdk_types  # the one place where the SDK keeps wire names and their types
from pulumi.output import Unknown

SCALARS: tuple[type, ...] = (str, int, float, bool)


@cache
def args_class(resource: type[Resource]) -> type | None:
    """The class of a resource's inputs, or None where the SDK has none (CustomResource, ConfigGroup)."""
    module = sys.modules[resource.__module__]
    for name in (f"{resource.__name__}InitArgs", f"{resource.__name__}Args"):
        found = getattr(module, name, None)
        if found is not None and sdk_types.is_input_type(found):
            return found
    return None


@cache
def _required(inputs: type) -> frozenset[str]:
    """Wire names of the properties that have no default."""
    names = sdk_types.input_type_py_to_pulumi_names(inputs)
    parameters = inspect.signature(inputs.__init__).parameters.values()
    return frozenset(names[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty)


def faults(resource: type[Resource], inputs: Mapping[str, Any]) -> list[str]:
    """What the provider would refuse, as `path: fault` sentences."""
    found = args_class(resource)
    return [] if found is None else list(_object_faults(found, inputs, ""))


def _object_faults(expected: type, value: Mapping[str, Any], path: str) -> typing.Iterator[str]:
    known = sdk_types.input_type_types(expected)
    for name in sorted(_required(expected) - value.keys()):
        yield f"{path}{name}: required, missing"
    for name, item in value.items():
        if name in known:
            yield from _faults(known[name], item, f"{path}{name}")
        elif not name.startswith("__"):
            yield f"{path}{name}: no such property of {expected.__name__}"


def _faults(expected: Any, value: Any, path: str) -> typing.Iterator[str]:
    """Faults of a value against a type annotation of the SDK; a union is satisfied by the member with the fewest."""
    if value is None or isinstance(value, Asset | Output | Unknown):
        return
    members = _members(expected)
    if Any in members or not members:
        return
    yield from min((list(_member_faults(member, value, path)) for member in members), key=len)


def _members(expected: Any) -> list[Any]:
    """The plain types of an annotation, without awaitables, outputs and the typed dictionaries that repeat an args class."""
    origin = typing.get_origin(expected)
    if origin in (typing.Union, types.UnionType):
        members = [plain for member in typing.get_args(expected) for plain in _members(member)]
        return [m for m in members if not (isinstance(m, type) and typing.is_typeddict(m))] or members
    if origin in (Output, Awaitable) or expected in (type(None), Output):
        return []
    return [expected]


def _member_faults(expected: Any, value: Any, path: str) -> typing.Iterator[str]:
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin is Literal:
        if value not in arguments:
            yield f"{path}: {value!r} is none of {arguments}"
    elif origin is not None and issubclass(origin, Mapping):
        yield from _mapping_faults(arguments, value, path)
    elif origin is not None and issubclass(origin, Sequence):
        yield from _sequence_faults(arguments, value, path)
    elif isinstance(expected, type) and sdk_types.is_input_type(expected):
        if isinstance(value, Mapping):
            yield from _object_faults(expected, value, f"{path}.")
        else:
            yield f"{path}: {value!r} is no {expected.__name__}"
    elif isinstance(expected, type) and issubclass(expected, SCALARS):
        yield from _scalar_faults(expected, value, path)


def _mapping_faults(arguments: tuple[Any, ...], value: Any, path: str) -> typing.Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: {value!r} is no map"
        return
    for key, item in value.items():
        yield from _faults(arguments[1], item, f"{path}.{key}")


def _sequence_faults(arguments: tuple[Any, ...], value: Any, path: str) -> typing.Iterator[str]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        yield f"{path}: {value!r} is no list"
        return
    for index, item in enumerate(value):
        yield from _faults(arguments[0], item, f"{path}[{index}]")


def _scalar_faults(expected: type, value: Any, path: str) -> typing.Iterator[str]:
    """Numbers arrive from the wire as float; an integer that has a fraction is a fault."""
    if issubclass(expected, bool):
        fits = isinstance(value, bool)
    elif issubclass(expected, int):
        fits = isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
    elif issubclass(expected, float):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if not fits:
        yield f"{path}: {value!r} is no {expected.__name__}"
