"""What differs between the inputs before and after, as the engine shows it, and which of it forces a replacement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from localcloud.kinds.model import UNKNOWN, Value, values_at

Change = Literal["add", "delete", "update"]
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_TOP_KEY: Final = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Difference:
    """One changed property. `path` is the engine's form: `ingress[0].cidrBlocks`, `tags["a.b"]`."""

    path: str
    change: Change
    replaces: bool = False

    @property
    def top(self) -> str:
        """The top property."""
        match = _TOP_KEY.match(self.path)
        return match.group() if match else self.path


def differences(old: Mapping[str, Value], new: Mapping[str, Value], force_new: Iterable[str] = ()) -> list[Difference]:
    """Every changed leaf; those under a force-new path (or above one whose value changed) replace."""
    forced = [path for path in force_new if values_at(old, path) != values_at(new, path)]
    return [
        Difference(path, change, any(_concerns(path, each) for each in forced))
        for key in sorted(old.keys() | new.keys())
        if not key.startswith("__")
        for path, change in _compare(_join("", key), old.get(key), new.get(key))
    ]


def _compare(path: str, old: Value, new: Value) -> Iterator[tuple[str, Change]]:
    if old == new or _same_document(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare(_join(path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _compare(f"{path}[{index}]", before, after)
    elif old is None or new is None:
        yield path, "add" if old is None else "delete"
    else:
        yield path, "update"


def _same_document(old: Value, new: Value) -> bool:
    """Whether two JSON documents (policies) say the same in other words."""
    if not (isinstance(old, str) and isinstance(new, str) and old[:1] in "{[" and new[:1] in "{["):
        return False
    try:
        return json.loads(old) == json.loads(new)
    except ValueError:
        return False


def _join(path: str, key: str) -> str:
    if _PLAIN_KEY.match(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key)}]"


def _concerns(path: str, forced: str) -> bool:
    """Whether a changed path lies under a force-new path, or the other way round."""
    shown = re.sub(r"\[\d+\]", "[*]", path)
    return any(a == b or a.startswith((f"{b}.", f"{b}[")) for a, b in ((shown, forced), (forced, shown)))


def known(value: Value) -> bool:
    """Whether nothing in the value is unknown."""
    if isinstance(value, Mapping):
        return all(known(each) for each in value.values())
    if isinstance(value, list):
        return all(known(each) for each in value)
    return value is not UNKNOWN
