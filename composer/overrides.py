"""What the overrides of a composition may change (Property 16, TPL-24); catalog/policy/overrides.rego says the same to OPA."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import cast

from pydantic import JsonValue

from composer.manifests import Contract, Flag, Toolchain
from composer.publications import Permit

Tree = Mapping[str, JsonValue]

PROFILE = "compute_profile.default"
CAPABILITIES = "capabilities"


class Why(StrEnum):
    """Why an override is refused."""

    KEY = "key"  # a key that is empty or holds a dot, which would make two paths look alike
    VALUE = "value"  # an allowed path with a value that does not belong there
    PROTECTED = "protected"  # nobody permitted it
    EXPIRED = "expired"  # somebody did, until a day that is over


@dataclass(frozen=True, order=True)
class Refusal:
    """A leaf of the tree by its path, and why it may not be."""

    path: str
    why: Why


def leaves(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], JsonValue]]:
    """Every path to a value that is no filled mapping, with the value: lists, nulls and empty mappings are values."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def optional_flags(contract: Contract, toolchain: Toolchain) -> list[str]:
    """The capabilities that overrides may switch: optional ones without ways. A way is identity, network policy or secrets."""
    return sorted(word for word in toolchain.capabilities.optional if isinstance(contract.capabilities.get(word), Flag))


def refusals(
    overrides: Tree, *, optional: Collection[str], profiles: Collection[str], permits: Collection[Permit], today: date
) -> list[Refusal]:
    """What may not be, in order of the paths. optional: capabilities that may be switched. today: in UTC."""
    return sorted(
        Refusal(".".join(path), why) for path, value in leaves(overrides) if (why := _why(path, value, optional, profiles, permits, today))
    )


def faults(overrides: Tree, *, optional: Collection[str], profiles: Collection[str], permits: Collection[Permit], today: date) -> list[str]:
    """The same as sentences."""
    found = refusals(overrides, optional=optional, profiles=profiles, permits=permits, today=today)
    allowed = [PROFILE, *(f"{CAPABILITIES}.{name}" for name in sorted(optional))]
    ends = {permit.path: permit.expires for permit in sorted(permits, key=lambda permit: permit.expires)}

    def remedy(refusal: Refusal) -> str:
        match refusal.why:
            case Why.KEY:
                return "keys are without dots; write them nested"
            case Why.VALUE:
                return f"write one of {', '.join(sorted(profiles))}" if refusal.path == PROFILE else "write true or false"
            case Why.PROTECTED:
                return f"overrides change {', '.join(allowed)} only; drop it, or add a permit with path, reason, approver and expires"
            case Why.EXPIRED:
                return f"its permit ended on {ends[refusal.path]}; have it renewed, or drop the override"

    return [f"override {refusal.path}: {remedy(refusal)}" for refusal in found]


def used(overrides: Tree, permits: Collection[Permit]) -> list[Permit]:
    """The permits that a tree of overrides needs, by path and end."""
    paths = {".".join(path) for path, _ in leaves(overrides)}
    return sorted((permit for permit in permits if permit.path in paths), key=lambda permit: (permit.path, permit.expires))


def applied(tree: Tree, overrides: Tree) -> dict[str, JsonValue]:
    """A tree with the overrides' leaves in place of its own."""
    result = dict(tree)
    for key, value in overrides.items():
        below = result.get(key)
        if isinstance(value, dict) and value:
            result[key] = applied(cast("Tree", below) if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _why(
    path: tuple[str, ...], value: JsonValue, optional: Collection[str], profiles: Collection[str], permits: Collection[Permit], today: date
) -> Why | None:
    joined = ".".join(path)
    if any(not key or "." in key for key in path):
        return Why.KEY
    if joined == PROFILE:
        return None if isinstance(value, str) and value in profiles else Why.VALUE
    if len(path) == 2 and path[0] == CAPABILITIES and path[1] in optional:
        return None if isinstance(value, bool) else Why.VALUE
    ends = [permit.expires for permit in permits if permit.path == joined and permit.reason.strip() and permit.approver.strip()]
    if not ends:
        return Why.PROTECTED
    return None if max(ends) >= today else Why.EXPIRED
