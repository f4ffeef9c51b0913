"""The forms that rules of the baseline take: one resource, one question; what is unknown yet is asked again after the update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from policy.graph import Node
from policy.values import Unknown, Value, integer, sequence

Check = Callable[[Node], str | None]


@dataclass(frozen=True)
class Rule:
    """id: as its source has it, or our own letters and a number. source: where it comes from. types: type tokens that it judges.

    check: what is wrong and what to do, as the end of a sentence that begins with the resource; None where all is well. applies: which of
    the types' resources it speaks of.
    """

    id: str
    source: str
    types: tuple[str, ...]
    check: Check
    applies: Callable[[Node], bool] = lambda _: True


EMPTY: tuple[Value, ...] = (None, "", [], {})


def value_of(node: Node, path: str) -> Value:
    """What stands at `a.b`; AWS's provider keeps some booleans as text."""
    found = node.get(*path.split("."))
    return True if found == "true" else found


def equals(path: str, wanted: bool | str, fault: str) -> Check:
    """That property has that value."""
    return lambda node: None if isinstance(value := value_of(node, path), Unknown) or value == wanted else fault


def differs(path: str, unwanted: bool | str, fault: str) -> Check:
    """That property has not that value; left out is well."""
    return lambda node: fault if value_of(node, path) == unwanted else None


def present(path: str, fault: str) -> Check:
    """That property is given, or made from another resource."""
    return lambda node: fault if value_of(node, path) in EMPTY and path not in node.edges else None


def absent(path: str, fault: str) -> Check:
    """That property is left out, or empty."""
    return lambda node: None if isinstance(value := value_of(node, path), Unknown) or value in EMPTY else fault


def at_least(path: str, least: int, fault: str) -> Check:
    """That number is not smaller."""

    def check(node: Node) -> str | None:
        value = value_of(node, path)
        number = integer(value)
        return None if isinstance(value, Unknown) or (number is not None and number >= least) else fault

    return check


def at_most(path: str, most: int, fault: str) -> Check:
    """That number is not larger; left out is well."""

    def check(node: Node) -> str | None:
        number = integer(value_of(node, path))
        return fault if number is not None and number > most else None

    return check


def holds(path: str, wanted: Sequence[str], fault: str) -> Check:
    """That list has all of these."""

    def check(node: Node) -> str | None:
        value = value_of(node, path)
        return None if isinstance(value, Unknown) or all(each in sequence(value) for each in wanted) else fault

    return check


def begins(path: str, beginnings: tuple[str, ...], fault: str) -> Check:
    """That text begins with one of these."""

    def check(node: Node) -> str | None:
        value = value_of(node, path)
        return None if isinstance(value, Unknown) or (isinstance(value, str) and value.startswith(beginnings)) else fault

    return check
