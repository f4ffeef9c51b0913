"""Whether the Terraform of a module takes and gives what the contract says (TPL-13, TPL-14, TPL-21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from composer import hcl
from composer.manifests import Base, Choice, Contract, Flag, Toolchain

MACHINES, GPUS, USER = "instance_types", "gpu_count", "image_user"
_TOOLCHAIN_OUTPUTS = ("bootstrap_script", "runtime_env")
_SILENT = {"persistent-home"}  # a flag that a base offers by being as it is


def variable(capability: str) -> str:
    """The variable by which a base is told about a capability."""
    return capability.replace("-", "_")


def toolchain_faults(name: str, files: Mapping[str, bytes]) -> list[str]:
    """Outputs that are missing, and inputs that nobody would fill."""
    try:
        given, taken = hcl.outputs(files), hcl.variables(files)
    except hcl.UnreadableError as error:
        return [f"{name}: {error}"]
    return [
        *(f"{name} has no output {output}; the agent starts it" for output in _TOOLCHAIN_OUTPUTS if output not in given),
        *(f"{name}: variable {each} has no default; a toolchain stands alone" for each, what in sorted(taken.items()) if what.required),
    ]


def app_faults(toolchain: Toolchain, base: Base, files: Mapping[str, bytes]) -> Iterator[str]:
    """Applications of a toolchain that a base has of its own: an agent has one of a name."""
    own = {body.get("slug") for _, block in hcl.blocks(files, "resource") for body in block.get("coder_app", {}).values()}
    for app in toolchain.apps:
        if app.name in own:
            yield f"{toolchain.name} and {base.name} both have an application {app.name}; give the toolchain's another name"


def base_faults(contract: Contract, base: Base, files: Mapping[str, bytes]) -> list[str]:
    """What a base does not declare, and what it asks that nobody tells."""
    try:
        return list(_base_faults(contract, base, files))
    except hcl.UnreadableError as error:
        return [f"{base.name}: {error}"]


def _base_faults(contract: Contract, base: Base, files: Mapping[str, bytes]) -> Iterator[str]:
    taken, given = hcl.variables(files), hcl.outputs(files)
    name = base.name
    yield from (f"{name} has no variable {each}; contract {contract.version} gives it" for each in contract.inputs if each not in taken)
    yield from (f"{name} has no output {each}; contract {contract.version} wants it" for each in contract.outputs if each not in given)
    yield from (f"{name} has no variable {each}; base.yaml lists it under platform" for each in base.platform if each not in taken)
    for capability, kind in contract.capabilities.items():
        if _needs_variable(capability, kind, base) and variable(capability) not in taken:
            yield f"{name} offers {capability} and has no variable {variable(capability)} to be told by"
    yield from (
        f"{name} offers {each}, which contract {contract.version} does not know"
        for each in base.capabilities
        if each not in contract.capabilities
    )
    for capability, offer in base.capabilities.items():
        kind = contract.capabilities.get(capability)
        if isinstance(kind, Choice) and isinstance(offer, tuple) and (strange := [way for way in offer if way not in kind.values]):
            yield f"{name} offers {capability} {', '.join(strange)}; its ways are {', '.join(kind.values)}"
        elif (isinstance(kind, Choice) and offer is True) or (isinstance(kind, Flag) and isinstance(offer, tuple)):
            yield f"{name}: {capability} is {'a choice: list its ways' if isinstance(kind, Choice) else 'a flag: write true or false'}"
    if base.machines and MACHINES not in taken:
        yield f"{name} lists machines and has no variable {MACHINES} to be told by"
    known = {*contract.inputs, *base.platform, *map(variable, contract.capabilities), MACHINES, GPUS, USER}
    for each, what in sorted(taken.items()):
        if what.required and each not in known:
            yield f"{name}: variable {each} is filled by nobody; give it a default, or list it under platform"


def _needs_variable(capability: str, kind: Flag | Choice, base: Base) -> bool:
    offer = base.capabilities.get(capability)
    return (isinstance(offer, tuple) and len(offer) > 1) if isinstance(kind, Choice) else (offer is True and capability not in _SILENT)
