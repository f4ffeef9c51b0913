"""Which class of an SDK declares a resource type, from the table that a generated SDK registers itself with."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class SdkClass:
    """module, name: of the class; "" where the SDK has none (a custom resource's kind). inputs: wire name to Python's."""

    module: str = ""
    name: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])


@cache
def sdk_class(token: str) -> SdkClass:
    """The class of a resource type or of a provider."""
    package = token.split(":")[0]
    if package == "pulumi":
        module, name = f"pulumi_{token.rpartition(':')[2]}", "Provider"
    else:
        module, name = _classes(package).get(token, ("", ""))
    if not module:
        return SdkClass()
    found = importlib.import_module(module)
    resource: type = getattr(found, name)
    return SdkClass(module, name, _properties(getattr(found, f"{name}Args", resource)) | _properties(resource))


def _properties(of: type) -> dict[str, str]:
    members: dict[str, object] = dict(vars(of))
    return {getattr(each.fget, "_pulumi_name", name): name for name, each in members.items() if isinstance(each, property)}


@cache
def _classes(package: str) -> dict[str, tuple[str, str]]:
    """Resource tokens of a package to module and class."""
    text = Path(str(importlib.import_module(f"pulumi_{package}").__file__)).read_text()
    table = re.search(r'resource_modules="""(.*?)"""', text, re.DOTALL)
    modules: list[_Module] = json.loads(table.group(1)) if table else []
    return {token: (str(module["fqn"]), name) for module in modules for token, name in module["classes"].items()}


_Module = dict[str, dict[str, str]]
