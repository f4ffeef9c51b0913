"""What a pushed template's own files say of Properties 10 and 13 to 17, for a judge that trusts no declaration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError
from semver import Version

from composer import overrides, portability, provenance
from composer.files import read
from composer.manifests import Base, Contract, Toolchain
from composer.matching import mismatches, unsupported
from composer.provenance import CONTRACT, ROOT, Provenance
from composer.words import manifest
from settings.quantities import CpuQuantity, MemoryQuantity
from settings.templates import Channel

SizeFacts = tuple[CpuQuantity, MemoryQuantity, MemoryQuantity]


def faults(folder: Path, today: date) -> dict[int, list[str]]:
    """Sentences by property, 13 to 17, of the folder that `versions[].directory` names; OSError where it cannot be read."""
    return file_faults(read(folder), today)


def file_faults(files: Mapping[str, bytes], today: date) -> dict[int, list[str]]:
    """The same of the files themselves: path to content."""
    told = provenance.read(files)
    found: dict[int, list[str]] = {
        13: portability.faults({path.removeprefix("toolchain/"): each for path, each in files.items() if path.startswith("toolchain/")}),
        15: provenance.faults(files),
    }
    try:
        toolchain = manifest(Toolchain, files["toolchain/toolchain.yaml"])
        base = manifest(Base, files["base/base.yaml"])
        contract = Contract.model_validate_json(files[CONTRACT])
    except (KeyError, ValidationError, yaml.YAMLError) as error:
        unreadable = [f"toolchain, base or contract cannot be read: {' '.join(str(error).split())}"]
        return {**found, 14: unreadable, 16: unreadable, 17: unreadable}
    found[14] = mismatches(contract, toolchain, base)
    if isinstance(told, list):
        return {**found, 16: told, 17: told}
    found[14] += [*unsupported(toolchain, told.profiles), *_sizeless(told, files)]
    found[16] = overrides.faults(
        told.overrides,
        optional=overrides.optional_flags(contract, toolchain),
        profiles=toolchain.compute.profiles,
        permits=told.permits,
        today=today,
    )
    found[17] = _version_faults(told)
    return dict(sorted(found.items()))


def sizes(files: Mapping[str, bytes]) -> dict[str, SizeFacts]:
    """The sizes that a pushed template offers: vCPUs, memory and storage (Property 10). Raises KeyError or ValueError."""
    root = cast("dict[str, Any]", json.loads(files[ROOT]))
    declared = cast("dict[str, dict[str, object]]", root["locals"]["sizes"])
    offered = {option["value"] for option in root["data"]["coder_parameter"]["size"]["option"]}
    return {
        name: (CpuQuantity.parse(size["cpu"]), MemoryQuantity.parse(size["memory"]), MemoryQuantity.parse(size["storage"]))
        for name, size in sorted(declared.items())
        if name in offered
    }


def _sizeless(told: Provenance, files: Mapping[str, bytes]) -> Iterator[str]:
    """Offered sizes that no profile leads to: whoever forges the profiles' sizes can't make one up."""
    try:
        offered = sizes(files)
    except (KeyError, ValueError, TypeError, AttributeError):
        return  # Property 10 says it
    for profile, size in sorted(told.profiles.items()):
        if size in told.sizes and size not in offered:
            yield f"profile {profile} is of size {size}, which the root module does not offer"
    yield from (f"size {size} is offered, but no profile has it" for size in offered if size not in told.profiles.values())


def _version_faults(told: Provenance) -> list[str]:
    """Modules have one version in full each; only the beta channel takes a pre-release."""
    versions = {"toolchain": told.toolchain, "base": told.base}
    return [
        f"{kind} {source} is a pre-release, which channel {told.channel} does not take"
        for kind, source in versions.items()
        if told.channel is Channel.STABLE and Version.parse(source.version).prerelease
    ]
