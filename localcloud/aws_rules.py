"""What every AWS call is held to: references exist, keys are free, no refusal applies, nothing still needs what is deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from localcloud.kinds import REFUSALS
from localcloud.kinds.model import Operation, Reference, Refused, Request, Resource, Unique, values_at
from localcloud.schema import Failure
from localcloud.store import Key, Record, Store


def check_refusals(request: Request) -> list[Failure]:
    """The refusals of the kind for this operation: failures of a check.

    Raises:
        Refused: an operation other than check is refused.
    """
    failures: list[Failure] = []
    for refusal in REFUSALS.get(request.kind.token, ()):
        if request.operation not in refusal.operations:
            continue
        reason = refusal.reason(request)
        if reason is not None and request.operation is not Operation.CHECK:
            raise Refused(refusal.code, reason)
        if reason is not None:
            failures.append(Failure(refusal.property, f"{refusal.code}: {reason}"))
    return failures


def _named(request: Request) -> Iterator[tuple[str, Reference, str]]:
    """Every value of every reference: path, rule, value."""
    for path, reference in request.kind.references.items():
        for value in values_at(request.inputs, path):
            if isinstance(value, str) and value and not (reference.literal and re.fullmatch(reference.literal, value)):
                yield path, reference, value


def check_references(request: Request) -> None:
    """Every reference names something that exists.

    Raises:
        Refused: with the code of the reference's row.
    """
    for path, reference, value in _named(request):
        if reference.target(request.world, value, request.region) is None:
            raise Refused(reference.missing, f"{path} {value!r} does not exist{_elsewhere(request, reference, value)}")


def _elsewhere(request: Request, reference: Reference, value: str) -> str:
    """Where it exists instead: a mix-up of regions is told."""
    for token in reference.tokens:
        for other in request.world.everywhere(token):
            if value in (other.id, other.properties.get(reference.attribute)):
                return f" in {request.region} (it is in {other.region})"
    return f" in {request.region}" if request.region else ""


def links(request: Request) -> list[tuple[Key, str, str | None]]:
    """What a resource refers to, for the store."""
    found: list[tuple[Key, str, str | None]] = []
    for path, reference, value in _named(request):
        target = reference.target(request.world, value, request.region)
        if target is not None:
            found.append(((target.token, target.region, target.id), path, reference.blocks))
    return found


def check_unique(store: Store, request: Request) -> None:
    """No other of the kind has the same key.

    Raises:
        Refused: with the code of the row.
    """
    for rule in request.kind.unique:
        mine = _key(rule, request.inputs)
        if mine is None:
            continue
        for record in store.of(request.kind.token):
            other = record.resource
            if other.id == request.id and request.old is not None:
                continue
            near = rule.all_regions or request.kind.global_ or other.region == request.region
            if near and _key(rule, other.properties) == mine:
                shown = ", ".join(f"{path} {value!r}" for path, value in zip(rule.paths, mine, strict=True))
                message = rule.message.replace("{key}", shown).replace("{token}", request.kind.token).replace("{id}", other.id)
                raise Refused(rule.code, message)


def _key(rule: Unique, source: object) -> list[object] | None:
    found = [values_at(source, path) for path in rule.paths]  # type: ignore[arg-type]  # properties are values
    return None if any(not values for values in found) else [values[0] if len(values) == 1 else values for values in found]


def refuse_while_needed(store: Store, record: Record) -> None:
    """Nothing that would break refers to it.

    Raises:
        Refused: with the code of the reference that blocks.
    """
    for other, path, blocks in store.referring(record.key):
        if blocks and other.owner != record.key:
            raise Refused(
                blocks, f"{record.resource.token} {record.resource.id} has a dependent object: {_shown(other.resource)} by its {path}"
            )


def _shown(resource: Resource) -> str:
    return f"{resource.token} {resource.id}"
