"""A stack's exported state, read into types. Raw JSON goes no further than this file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Raw: TypeAlias = "dict[str, Json]"

STACK_TYPE = "pulumi:pulumi:Stack"
_DEFAULT_PROVIDER = re.compile(r"pulumi:providers:\w+::default(_.*)?")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a state. provider: a provider's URN, "" for none. property_dependencies: input to the URNs that its value came of."""

    urn: str
    type: str
    custom: bool
    id: str
    parent: str
    provider: str
    inputs: Mapping[str, Json]
    outputs: Mapping[str, Json]
    dependencies: Sequence[str]
    property_dependencies: Mapping[str, Sequence[str]]

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def is_declared(self) -> bool:
        """Whether a program declares it: the stack and default providers come with any program."""
        return self.type != STACK_TYPE and not _DEFAULT_PROVIDER.fullmatch(f"{self.type}::{self.name}")


def raw_resources(state: Raw) -> list[Raw]:
    """`deployment.resources` of an export; empty where there are none."""
    deployment = cast("dict[str, list[Raw] | None]", state["deployment"])
    return deployment.get("resources") or []


def declared(state: Raw) -> list[Resource]:
    """What the stack's program declared, each resource after what it depends on."""
    return [resource for resource in map(_read, raw_resources(state)) if resource.is_declared]


def counts(resources: Sequence[Resource]) -> dict[str, int]:
    """How many resources of each type there are."""
    found: dict[str, int] = {}
    for resource in resources:
        found[resource.type] = found.get(resource.type, 0) + 1
    return dict(sorted(found.items()))


def _read(raw: Raw) -> Resource:
    return Resource(
        urn=cast("str", raw["urn"]),
        type=cast("str", raw["type"]),
        custom=bool(raw.get("custom")),
        id=cast("str", raw.get("id") or ""),
        parent=cast("str", raw.get("parent") or ""),
        provider=cast("str", raw.get("provider") or "").rpartition("::")[0],  # the state has the provider's id behind its URN
        inputs=cast("Raw", raw.get("inputs") or {}),
        outputs=cast("Raw", raw.get("outputs") or {}),
        dependencies=cast("list[str]", raw.get("dependencies") or []),
        property_dependencies=cast("dict[str, list[str]]", raw.get("propertyDependencies") or {}),
    )
