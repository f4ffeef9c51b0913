"""What a workspace gets of its base: capabilities by the contract, then what overrides change of it (TPL-22, TPL-24)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from composer.interfaces import GPUS, MACHINES, USER, variable
from composer.manifests import Base, Choice, Contract, Toolchain
from composer.matching import Match, demand
from composer.overrides import CAPABILITIES, Tree, applied

INPUTS = "inputs"


def settings(contract: Contract, toolchain: Toolchain, match: Match) -> dict[str, JsonValue]:
    """The tree that overrides change: profile, capabilities by name, and other inputs of the base."""
    return {
        "compute_profile": {"default": toolchain.compute.default},
        CAPABILITIES: {
            name: match.flags[name] if name in match.flags else match.choices.get(name)
            for name in sorted(contract.capabilities)
            if name in match.flags or name in match.choices
        },
        INPUTS: {},
    }


def override_faults(
    contract: Contract, toolchain: Toolchain, base: Base, variables: Mapping[str, object], overrides: Tree
) -> Iterator[str]:
    """Overrides that change nothing there is, or give a base what it cannot do; who may is another question (overrides.py)."""
    for key, below in overrides.items():
        if key not in {"compute_profile", CAPABILITIES, INPUTS} or not isinstance(below, dict):
            yield f"override {key}: there is compute_profile, {CAPABILITIES} and {INPUTS}, each with keys of its own"
    yield from _capability_faults(contract, toolchain, base, overrides)
    wired = {*contract.inputs, *map(variable, contract.capabilities), MACHINES, GPUS, USER}
    inputs = overrides.get(INPUTS)
    for name in inputs if isinstance(inputs, dict) else ():
        if name in wired:
            yield f"override {INPUTS}.{name}: the composer fills it; drop the override"
        elif name not in variables:
            yield f"override {INPUTS}.{name}: {base.name} has no such variable; drop the override"
    profile = overrides.get("compute_profile")
    for name in profile if isinstance(profile, dict) else ():
        if name != "default":
            yield f"override compute_profile.{name}: there is compute_profile.default only"


def _capability_faults(contract: Contract, toolchain: Toolchain, base: Base, overrides: Tree) -> Iterator[str]:
    below = overrides.get(CAPABILITIES)
    for name, value in below.items() if isinstance(below, dict) else ():
        kind, offer = contract.capabilities.get(name), base.capabilities.get(name)
        path = f"override {CAPABILITIES}.{name}"
        needed = [
            asked for word in toolchain.capabilities.required if (asked := demand(contract, word)) is not None and asked.capability == name
        ]
        if kind is None:
            yield f"{path}: contract {contract.version} has no such capability; write one of {', '.join(sorted(contract.capabilities))}"
        elif isinstance(kind, Choice):
            ways = offer if isinstance(offer, tuple) else ()
            if value not in ways:
                yield f"{path}: {base.name} offers {', '.join(ways) or 'none'}; write one of these"
            elif any(value not in asked.ways for asked in needed):
                yield f"{path}: {toolchain.name} requires {needed[0].word}; drop the override"
        elif value is True and offer is not True:
            yield f"{path}: {base.name} does not offer it; drop the override"
        elif value is False and needed:
            yield f"{path}: {toolchain.name} requires it; drop the override"


def inputs(tree: Tree, overrides: Tree, variables: Mapping[str, object]) -> tuple[str, dict[str, JsonValue]]:
    """The default profile, and what the base is given for its capabilities and other inputs, by variables that it declares."""
    whole = applied(tree, overrides)
    capabilities, others, profile = whole[CAPABILITIES], whole[INPUTS], whole["compute_profile"]
    assert isinstance(capabilities, dict) and isinstance(others, dict) and isinstance(profile, dict)  # noqa: PT018 one fact: settings() made it
    given = {variable(name): value for name, value in capabilities.items() if variable(name) in variables}
    return str(profile["default"]), {**given, **others}
