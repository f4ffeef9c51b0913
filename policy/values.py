"""Reading what the engine hands to a policy, so that an unknown is a value to look at and never an exception (decision 10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TypeAlias, cast

from pulumi_policy import proxy


class Unknown(Enum):
    """What the engine can't know during a preview, such as the id of a resource that does not exist yet."""

    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        return False


UNKNOWN = Unknown.UNKNOWN

Value: TypeAlias = "bool | int | float | str | Unknown | list[Value] | dict[str, Value] | None"
Props: TypeAlias = dict[str, Value]

_SENTINELS = frozenset(
    (
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    )
)


def plain(raw: object) -> Value:
    """The same value without the SDK's proxies; what they would raise on is UNKNOWN."""
    if raw is None or isinstance(raw, bool | int | float | Unknown):
        return raw
    if isinstance(raw, str):
        return UNKNOWN if raw in _SENTINELS else raw
    if isinstance(raw, Mapping):
        mapping = cast("Mapping[object, object]", raw)
        return {str(key): item(mapping, key) for key in mapping}
    if isinstance(raw, Sequence):
        sequence = cast("Sequence[object]", raw)
        return [item(sequence, index) for index in range(len(sequence))]
    return repr(raw)  # an asset or archive: no property looks inside


def properties(raw: Mapping[str, object]) -> Props:
    """The properties of a resource, plain."""
    return {key: item(raw, key) for key in raw}


def item(container: Mapping[object, object] | Mapping[str, object] | Sequence[object], key: object) -> Value:
    """What stands under a key or index, plain."""
    try:
        return plain(container[key])  # type: ignore[index]  # a mapping by its key, a sequence by its index
    except proxy.UnknownValueError:
        return UNKNOWN


def at(value: Value, *path: str | int) -> Value:
    """What stands at that path: UNKNOWN where a step is unknown, None where there is nothing."""
    for step in path:
        if isinstance(value, Unknown):
            return UNKNOWN
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def mapping(value: Value) -> Props:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Value) -> list[Value]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Value) -> str | None:
    """The value if it is a string that is not empty."""
    return value if isinstance(value, str) and value else None


def integer(value: Value) -> int | None:
    """The value if it is a whole number; the engine sends every number as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        return None
    return int(value)


def leaves(value: Value) -> Iterator[Value]:
    """Every scalar and UNKNOWN inside, in order."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif value is not None:
        yield value


def has_unknown(value: Value) -> bool:
    """Whether anything inside is unknown."""
    return any(isinstance(leaf, Unknown) for leaf in leaves(value))
