"""States of any size for `pulumi policy analyze`: prod's state several times over, each copy a region of its own."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from bench.exported import STACK_TYPE, Json, Raw, raw_resources

ENVIRONMENT = "coder-eks:environment:Environment"
SHARED = (STACK_TYPE, ENVIRONMENT)  # one in a stack, however large
AWS_ID = re.compile(r"\b([a-z]+-)([0-9a-f]{17})\b")


def multiplied(state: Raw, size: int) -> Raw:
    """A state with `size` resources: whole copies, and of the last one as many resources as are missing.

    A copy has URNs, ids and a region of its own, and the Environment declares that region, so that policies that look for a region's
    resources find them all, and find no other copy's.
    """
    resources = raw_resources(state)
    own = [resource for resource in resources if resource["type"] not in SHARED]
    made = copy.deepcopy([resource for resource in resources if resource["type"] in SHARED])
    regions: list[str] = []
    while len(made) < size:
        made += _copy(own, len(regions))[: size - len(made)]
        regions.append(_region(len(regions)))
    for resource in made:
        if resource["type"] == ENVIRONMENT:
            _declare(resource, regions)
    return {**state, "deployment": {**cast("Raw", state["deployment"]), "resources": [*made]}}


def _copy(resources: Sequence[Raw], number: int) -> list[Raw]:
    """One copy, the first unchanged. The texts are changed as texts: ids stand in ARNs and in policy documents too."""
    if number == 0:
        return copy.deepcopy(list(resources))
    text = AWS_ID.sub(lambda found: f"{found[1]}{number:04x}{found[2][4:]}", json.dumps(resources))
    copied: list[Raw] = json.loads(text.replace(_region(0), _region(number)))
    names = {str(resource["urn"]): f"{resource['urn']}-{number}" for resource in copied}
    return [cast("Raw", _renamed(resource, names)) for resource in copied]


def _renamed(tree: Json, names: Mapping[str, str]) -> Json:
    """A value with other URNs; a reference to a provider is a URN and an id."""
    if isinstance(tree, str):
        if tree in names:
            return names[tree]
        urn, separator, rest = tree.rpartition("::")
        return f"{names[urn]}{separator}{rest}" if urn in names else tree
    if isinstance(tree, list):
        return [_renamed(each, names) for each in tree]
    if isinstance(tree, dict):
        return {key: _renamed(each, names) for key, each in tree.items()}
    return tree


def _region(number: int) -> str:
    return f"us-east-1{number or ''}"


def _declare(environment: Raw, regions: Sequence[str]) -> None:
    """The declared facts of one region hold for each copy."""
    for side in ("inputs", "outputs"):
        facts = cast("dict[str, Raw]", environment.get(side) or {})
        if facts.get("regions"):
            first = next(iter(facts["regions"].values()))
            facts["regions"] = {region: copy.deepcopy(first) for region in regions}
