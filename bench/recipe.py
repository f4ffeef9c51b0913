"""The engine's floor: from a stack's exported state to what a bare loop has to declare.

The floor has prod's resources, type by type, and nothing else of prod: no settings, no plan, no components' code, no tags, no policies. Its
inputs are the literals of the state. Where a literal came from another resource (an id, an ARN, a name inside of a policy document) the
floor takes it from that resource's output, because the local cloud refuses a reference to what does not exist, and because a first preview
has to see the same unknowns. So the floor orders its creates as prod does; it has no parents.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from bench.exported import Json, Raw, Resource
from bench.sdk_classes import SdkClass, sdk_class

Path: TypeAlias = "list[Json]"  # of keys and indices

SIGNATURE = "4dabf18193072939515e22adb298388d"  # this and the next two: pulumi/sdk v3.250.0, resource/sig
SECRET = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
SHORTEST = 4  # characters; a shorter output is equal to others by chance
SHORTEST_PART = 10  # the same for a text inside of another
MADE_UP = re.compile(r"[0-9a-f]{7,}|^arn:")  # what only the cloud can have given
ENGINE_KEYS = ("__defaults", "__internal")


def floor_recipe(resources: Sequence[Resource]) -> Raw:
    """The recipe of the floor for what a stack declares, exported with --show-secrets."""
    links = _Links.of(resources)
    return {"resources": [_entry(resource, index, links) for index, resource in enumerate(resources)]}


def with_token(recipe: Raw, token: str) -> Raw:
    """The recipe with another token of coderd: each Coder issues its own."""
    for entry in cast("list[dict[str, Raw]]", recipe["resources"]):
        if cast("str", entry["token"]) == "pulumi:providers:coderd":
            entry["inputs"]["token"] = {"$secret": token}
    return recipe


def floor_name(urn: str) -> str:
    """The logical name, with a mark of the parents that the floor does not have."""
    return f"{urn.rpartition('::')[2]}-{hashlib.sha256(urn.encode()).hexdigest()[:6]}"


def _entry(resource: Resource, index: int, links: _Links) -> Raw:
    """One turn of the loop. provider, depends_on: positions of earlier turns."""
    used: set[int] = set()
    inputs: dict[str, Json] = {}
    for name, value in resource.inputs.items():
        if name not in ENGINE_KEYS:
            needed = links.candidates(resource.property_dependencies.get(name, ()), index)
            inputs[name] = links.expression(value, needed, index, used)
    found = sdk_class(resource.type) if resource.custom else SdkClass()
    if found.name:
        inputs = {found.inputs[name]: value for name, value in inputs.items() if name in found.inputs}
    depends_on = {links.index[urn] for urn in resource.dependencies if urn in links.index} - used
    return {
        "name": floor_name(resource.urn),
        "token": resource.type,
        "custom": resource.custom,
        "module": found.module,
        "class": found.name,
        "inputs": inputs,
        "provider": links.index.get(resource.provider),
        "depends_on": [*sorted(depends_on)],
    }


@dataclass
class _Links:
    """Where each text of the state comes from. texts: by resource, text to the path of the output that has it."""

    index: dict[str, int]
    texts: list[dict[str, Path]]
    children: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])
    made_up: dict[str, tuple[int, Path]] = field(default_factory=dict[str, "tuple[int, Path]"])

    @classmethod
    def of(cls, resources: Sequence[Resource]) -> _Links:
        found = cls({resource.urn: index for index, resource in enumerate(resources)}, [_texts(resource) for resource in resources])
        for index, resource in enumerate(resources):
            found.children.setdefault(resource.parent, []).append(resource.urn)
            for text, path in found.texts[index].items():
                if len(text) >= SHORTEST_PART and MADE_UP.search(text) and path[-1] in {"id", "arn", "name"}:
                    found.made_up.setdefault(text, (index, path))
        return found

    def candidates(self, urns: Sequence[str], before: int) -> list[int]:
        """The earlier resources that a property depends on; for a component, its children."""
        found: list[int] = []
        waiting = list(urns)
        while waiting:
            urn = waiting.pop(0)
            if urn in self.index and self.index[urn] < before and self.index[urn] not in found:
                found.append(self.index[urn])
                waiting += self.children.get(urn, [])
        return found

    def expression(self, value: Json, needed: Sequence[int], before: int, used: set[int]) -> Json:
        """A value as the floor's loop reads it: literals, {"$ref"}, {"$text"}, {"$secret"}. used: what it refers to is added."""
        if isinstance(value, str):
            return self._text(value, needed, before, used)
        if isinstance(value, list):
            return [self.expression(each, needed, before, used) for each in value]
        if not isinstance(value, dict):
            return value
        if value.get(SIGNATURE) == SECRET:
            return {"$secret": self.expression(json.loads(str(value["plaintext"])), needed, before, used)}
        if value.get(SIGNATURE) == RESOURCE:
            return self._text(str(value["id"]), needed, before, used) if value.get("id") else value["urn"]
        return {key: self.expression(each, needed, before, used) for key, each in value.items() if key not in ENGINE_KEYS}

    def _text(self, text: str, needed: Sequence[int], before: int, used: set[int]) -> Json:
        for index in needed:
            if text in self.texts[index]:
                used.add(index)
                return {"$ref": [index, *self.texts[index][text]]}
        parts = {part: (index, path) for index in needed for part, path in self.texts[index].items() if len(part) >= SHORTEST_PART}
        parts |= {part: found for part, found in self.made_up.items() if found[0] < before}
        inside = sorted((part for part in parts if part in text), key=lambda part: (-len(part), part))
        if not inside:
            return text
        pieces: list[Json] = []
        for piece in re.split(f"({'|'.join(map(re.escape, inside))})", text):
            if piece in parts:
                index, path = parts[piece]
                used.add(index)
                pieces.append({"$ref": [index, *path]})
            elif piece:
                pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else {"$text": pieces}


def _texts(resource: Resource) -> dict[str, Path]:
    """Every text that a resource gives to others, with its path; the id and the ARN before what else may be equal."""
    if not resource.custom:
        return {}
    found: dict[str, Path] = {}
    for name in ("id", "arn", "name"):
        text = resource.id if name == "id" else resource.outputs.get(name)
        if isinstance(text, str) and text:
            found.setdefault(text, [name])
    given = {text for text, _ in _paths(dict(resource.inputs), [])}
    for text, path in _paths(dict(resource.outputs), []):
        # What the program gave is a literal of the floor's too; the rest is what the cloud adds.
        if len(text) >= SHORTEST and text not in given:
            found.setdefault(text, path)
    return found


def _paths(tree: Json | Mapping[str, Json], path: Path) -> Iterator[tuple[str, Path]]:
    """Every text in a value and its path. Secrets are left out: nothing refers to one by its text."""
    if isinstance(tree, str):
        yield tree, path
    elif isinstance(tree, list):
        for index, each in enumerate(tree):
            yield from _paths(each, [*path, index])
    elif isinstance(tree, dict) and SIGNATURE not in tree:
        for key, each in tree.items():
            yield from _paths(each, [*path, key])
