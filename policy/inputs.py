"""What each resource was declared with: remembered from the resource policies for the stack policies that follow.

Stack policies see outputs. At the first preview of an empty stack the cluster does not exist, so its Kubernetes provider has no address
yet, and the engine gives every object in it no outputs at all: neither values of a release nor a selector. The engine has shown the
same object's inputs to the resource policies before.
"""

from __future__ import annotations

from collections.abc import Mapping

_inputs: dict[str, Mapping[str, object]] = {}


def remember(urn: str, props: Mapping[str, object]) -> None:
    """Keep the inputs of a resource; the newest count."""
    _inputs[urn] = props


def declared_with(urn: str) -> Mapping[str, object] | None:
    """The inputs of a resource; none where no resource policy ran."""
    return _inputs.get(urn)
