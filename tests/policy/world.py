"""A stack's resources as the engine hands them to policies, from a description in which one resource names another.

`preview` is the first preview of an empty stack: whatever a resource gets from the cloud is unknown, edges are known. `deployed` is the
state after an update: every value is known, and edges too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

PREVIEW, DEPLOYED = "preview", "deployed"


@dataclass(frozen=True)
class Ref:
    """What another resource gets from the cloud: `id` of a subnet. text: around it, with `{}` for the value."""

    resource: Resource
    output: str = "id"
    text: str = "{}"


@dataclass(eq=False)
class Resource:
    """One resource. outputs: what the cloud adds, by name, known once it is deployed."""

    type: str
    name: str
    inputs: dict[str, Any]
    outputs: dict[str, Any] = field(default_factory=dict)
    parent: Resource | None = None
    region: str | None = None

    def __repr__(self) -> str:
        return f"<{self.type}::{self.name}>"

    def resolve(self, value: Any, mode: str) -> Any:
        if isinstance(value, Ref):
            if mode == PREVIEW:
                return UNKNOWN_STRING_VALUE
            target = value.resource
            known = target.outputs.get(value.output, target.inputs.get(value.output))
            return value.text.format(target.resolve(known, mode))
        if isinstance(value, dict):
            return {key: self.resolve(item, mode) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, mode) for item in value]
        return value


@dataclass(frozen=True)
class Rendered:
    """One resource as a policy sees it. inputs for resource policies, outputs for stack policies."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    parent: str
    edges: dict[str, list[str]]
    region: str | None
    ignored: tuple[str, ...] = ()


class World:
    """The resources of one stack."""

    def __init__(self, stack: str = "prod") -> None:
        self.stack = stack
        self.resources: list[Resource] = []
        self.root = self.add("pulumi:pulumi:Stack", f"coder-eks-{stack}", {})

    def add(self, type_token: str, name: str, inputs: dict[str, Any], /, **options: Any) -> Resource:
        resource = Resource(type_token, name, inputs, **options)
        self.resources.append(resource)
        return resource

    def all(self, type_token: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == type_token]

    def one(self, type_token: str, test: Callable[[Resource], bool] = lambda _: True) -> Resource:
        return next(resource for resource in self.all(type_token) if test(resource))

    def remove(self, *gone: Resource) -> None:
        self.resources = [resource for resource in self.resources if resource not in gone]

    def urn(self, resource: Resource) -> str:
        return f"urn:pulumi:{self.stack}::coder-eks::{resource.type}::{resource.name}"

    def render(self, mode: str) -> list[Rendered]:
        return [self._render(resource, mode) for resource in self.resources]

    def _render(self, resource: Resource, mode: str) -> Rendered:
        inputs = resource.resolve(resource.inputs, mode)
        added = dict.fromkeys(resource.outputs, UNKNOWN_STRING_VALUE) if mode == PREVIEW else resource.resolve(resource.outputs, mode)
        edges = {key: sorted({self.urn(ref.resource) for ref in _refs(value)}) for key, value in resource.inputs.items()}
        return Rendered(
            urn=self.urn(resource),
            type=resource.type,
            name=resource.name,
            inputs=inputs,
            # the provider of a cluster that does not exist yet has no address: the engine gives its objects no outputs
            outputs={} if mode == PREVIEW and resource.type.startswith("kubernetes:") else {**added, **inputs},
            parent=self.urn(resource.parent or self.root) if resource is not self.root else "",
            edges={key: urns for key, urns in edges.items() if urns},
            region=resource.region,
        )


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _refs(item)
