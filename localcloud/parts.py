"""Outputs with a dot in their name: parts that AWS adds to an object that the program gives (`vpcConfig.clusterSecurityGroupId`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from localcloud.kinds.model import Value

_T = TypeVar("_T")


def plain(forms: Mapping[str, _T]) -> dict[str, _T]:
    """Those that are outputs of their own."""
    return {name: form for name, form in forms.items() if "." not in name}


def dotted(forms: Mapping[str, _T]) -> dict[str, _T]:
    """Those that are parts of an input."""
    return {name: form for name, form in forms.items() if "." in name}


def with_parts(outputs: Mapping[str, Value], parts: Mapping[str, Value]) -> dict[str, Value]:
    """The outputs with the parts in the objects that are there; a part that the program gives itself stays."""
    merged = dict(outputs)
    for path, value in parts.items():
        top, *below = path.split(".")
        tree = merged.get(top)
        if isinstance(tree, Mapping):
            merged[top] = _with_part(tree, below, value)
    return merged


def _with_part(tree: Mapping[str, Value], path: list[str], value: Value) -> Mapping[str, Value]:
    name, *below = path
    found = tree.get(name)
    if not below:
        return tree if found is not None else {**tree, name: value}
    return {**tree, name: _with_part(found, below, value)} if isinstance(found, Mapping) else tree
