"""What the root module of a pushed template hands to its base, against what toolchain, base and contract in the same folder say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import ValidationError

from composer.interfaces import GPUS, MACHINES, USER, variable
from composer.manifests import Base, Contract, Toolchain
from composer.matching import select
from composer.overrides import leaves
from composer.provenance import CONTRACT, Provenance, read
from composer.words import manifest
from policy.templates import Pushed


def parts(template: Pushed) -> tuple[Contract, Toolchain, Base] | None:
    """The manifests in the folder; None where one can't be read, which Property 14 says."""
    try:
        return (
            Contract.model_validate_json(template.files[CONTRACT]),
            manifest(Toolchain, template.files["toolchain/toolchain.yaml"]),
            manifest(Base, template.files["base/base.yaml"]),
        )
    except (KeyError, ValidationError, yaml.YAMLError):
        return None


def unwired(template: Pushed) -> Iterator[str]:
    """Inputs of the contract and of the platform that the root module leaves out."""
    found = parts(template)
    if found is None:
        return
    contract, _, base = found
    if not template.inputs:
        yield "has no root module that starts a base"
        return
    for name in sorted({*contract.inputs, *base.platform}):
        if name not in template.inputs:
            yield f"does not hand {name} to {base.name}; contract {contract.version} and the base ask for it"
    if template.inputs.get("source") != "./base":
        yield f"starts the base {template.inputs.get('source')}, which is not the one that is pushed"


def strayed(template: Pushed) -> Iterator[tuple[str, object]]:
    """Inputs that differ from what follows from contract, toolchain and base: the path of the override that each needs, and its value."""
    found = parts(template)
    if found is None:
        return
    contract, toolchain, base = found
    match = select(contract, toolchain, base)
    expected: dict[str, object] = {variable(name): value for name, value in match.flags.items()}
    expected |= {variable(name): value for name, value in match.choices.items()}
    words = {variable(name): name for name in contract.capabilities}
    known = {*contract.inputs, *base.platform, "source", MACHINES, GPUS, USER}
    for name, value in sorted(template.inputs.items()):
        if name in words:
            if value != expected.get(name):
                yield f"capabilities.{words[name]}", value
        elif name not in known:
            yield f"inputs.{name}", value


def overridden(template: Pushed) -> dict[str, object]:
    """Every path that the manifest tells as an override, with its value; nothing where it tells none."""
    told: Provenance | list[str] = read(template.files)
    if isinstance(told, list):
        return {}
    return {".".join(path): value for path, value in leaves(told.overrides)}


def written(value: Any) -> str:  # noqa: ANN401 - whatever an input holds
    """A value as a sentence shows it."""
    return value if isinstance(value, str) else json.dumps(value)
