"""The engine's floor: declare what the recipe lists, by the SDK's own classes, in one loop."""

from __future__ import annotations

import importlib
import json
import os
import re
from pathlib import Path
from typing import Any, cast

import pulumi

made: list[Any] = []  # resources of classes that only the recipe knows


def value_of(expression: object) -> Any:
    """An input: a literal, an output of an earlier resource, or a text with such outputs in it."""
    if isinstance(expression, list):
        return [value_of(each) for each in cast("list[object]", expression)]
    if not isinstance(expression, dict):
        return expression
    known = cast("dict[str, Any]", expression)
    if "$ref" in known:
        index, top, *below = known["$ref"]
        return dug(getattr(made[index], snake(top)), below)
    if "$text" in known:
        return pulumi.Output.concat(*map(value_of, known["$text"]))
    if "$secret" in known:
        return pulumi.Output.secret(value_of(known["$secret"]))
    return {key: value_of(each) for key, each in known.items()}


def dug(output: pulumi.Output[Any], path: list[Any]) -> pulumi.Output[Any]:
    """What lies at a path of an output, whose objects have Python's names and whose maps have their own."""

    def dig(found: Any) -> Any:
        for step in path:
            found = found[step] if isinstance(step, int) or step in found else getattr(found, snake(step))
        return found

    return output.apply(dig) if path else output


def snake(name: str) -> str:
    """The Python name of a property."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


for each in json.loads(Path(os.environ["BENCH_RECIPE"]).read_text())["resources"]:
    provider = each["provider"]
    options = pulumi.ResourceOptions(
        provider=made[provider] if provider is not None else None,
        depends_on=[made[index] for index in each["depends_on"]],
    )
    inputs = {name: value_of(expression) for name, expression in each["inputs"].items()}
    if each["class"]:
        declare = getattr(importlib.import_module(each["module"]), each["class"])
        made.append(declare(each["name"], **inputs, opts=options))
    elif each["custom"]:
        made.append(pulumi.CustomResource(each["token"], each["name"], inputs, options))
    else:
        made.append(pulumi.ComponentResource(each["token"], each["name"], inputs, options))
