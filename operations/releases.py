"""What the Git tags of a catalogue released, and whether today's versions follow it (Property 17, TPL-16, TPL-19).

A module's version has the tag `<name>/v<version>`, the contract's `contract/v<version>`. Nothing is released without its tag: until then
a version may change, and every channel takes what compositions pin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import yaml
from pydantic import ValidationError

from composer import versioning
from composer.catalog import AnyModule, Catalog, Module
from composer.channels import CONTRACT, tag_of
from composer.manifests import Base, Contract, Toolchain
from composer.versioning import Bump, Change
from composer.words import manifest
from operations.catalog_git import Repository
from operations.failure import ExitCode, Failure
from operations.resolving import module_files

M = TypeVar("M", Toolchain, Base, Contract)


@dataclass(frozen=True)
class Step:
    """From what was released to today's files. needs: the least bump of all changes. wanted: the version that follows, written: today's."""

    name: str
    before: str
    written: str
    wanted: str
    needs: Bump
    changes: tuple[Change, ...]

    @property
    def is_right(self) -> bool:
        """Whether today's version is the one that follows."""
        return self.written.partition("-")[0] == self.wanted


def module_step(module: AnyModule, repository: Repository, reference: str | None = None) -> Step | None:
    """A module since its last tag, or since a reference; None: there was none."""
    earlier = _earlier(module, repository, reference)
    if earlier is None:
        return None
    before, changes = earlier.manifest.version, versioning.changes(earlier, module)
    needs = versioning.bump(earlier, module)
    return Step(module.manifest.name, before, module.manifest.version, needs.of(before), needs, tuple(changes))


def contract_step(contract: Contract, repository: Repository, reference: str | None = None) -> Step | None:
    """The contract since its last tag, or since a reference; None: there was none. Only what breaks asks for a version (TPL-16)."""
    earlier = [each for each in _contracts_before(contract, repository, [reference] if reference else None).values() if each]
    if not earlier:
        return None
    before = max(earlier, key=lambda contract: contract.major)
    changes = versioning.contract_changes(before, contract)
    needs = max((change.bump for change in changes), default=Bump.NONE)
    wanted = versioning.contract_version(before, contract)
    return Step(CONTRACT, before.version, contract.version, wanted, needs, tuple(changes))


def faults(catalog: Catalog, repository: Repository) -> Iterator[str]:
    """Versions that don't follow what was released."""
    for module in modules(catalog):
        yield from _module_faults(module, repository)
    for contract in catalog.contracts.values():
        for tag, before in _contracts_before(contract, repository).items():
            yield from (f"{fault} (tag {tag} has the other)" for fault in versioning.contract_faults(before, contract))


def untagged(catalog: Catalog, repository: Repository) -> list[str]:
    """The tags to make: of versions that nothing has released yet."""
    made = repository.tags()
    versions = [(CONTRACT, version) for version in catalog.contracts]
    versions += [(module.manifest.name, module.manifest.version) for module in modules(catalog)]
    return sorted(tag for name, version in versions if (tag := tag_of(name, version)) not in made)


def modules(catalog: Catalog) -> list[AnyModule]:
    """Toolchains, then bases, by name and version."""
    return [*(module for _, module in sorted(catalog.toolchains.items())), *(module for _, module in sorted(catalog.bases.items()))]


def _module_faults(module: AnyModule, repository: Repository) -> list[str]:
    earlier = _earlier(module, repository)
    if earlier is None:
        return []
    name, version = module.manifest.name, module.manifest.version
    if earlier.manifest.version != version:
        return versioning.faults(earlier, module)
    wanted = versioning.bump(earlier, module).of(version)
    same = earlier.files == module.files
    return [] if same else [f"{name} {version} is not what its tag has; a released version never changes: write version {wanted}"]


def _earlier(module: AnyModule, repository: Repository, reference: str | None = None) -> AnyModule | None:
    """The module at its highest tag that is not above its version, or at a reference; None: there was none."""
    name = module.manifest.name
    if reference is None:
        versions = repository.releases().get(name, {})
        known = [version for version in versions if not versioning.is_above(version, module.manifest.version)]
        if not known:
            return None
        reference = versions[versioning.highest(known)]
    there = module_files(repository, repository.commit(reference), name)
    if there is None:
        return None
    kind, files = there
    if kind == "toolchains":
        return Module(_read(Toolchain, files["toolchain.yaml"], f"{reference}: toolchain {name}"), files)
    return Module(_read(Base, files["base.yaml"], f"{reference}: base {name}"), files)


def _contracts_before(contract: Contract, repository: Repository, references: list[str] | None = None) -> Mapping[str, Contract]:
    """By tag, what must stay: the contract of the same version in every release up to today, whichever module's; else the version before.

    A released module relies on the contract that was beside it, so additions since the contract's own tag are promises too.
    """
    found = {tag: _contracts_at(repository, tag) for tag in references or repository.released_before_today()}
    same = {tag: there[contract.version] for tag, there in found.items() if contract.version in there}
    if same:
        return same
    older = [(tag, each) for tag, there in found.items() for each in there.values() if each.major < contract.major]
    return dict([max(older, key=lambda pair: pair[1].major)]) if older else {}


def _contracts_at(repository: Repository, reference: str) -> dict[str, Contract]:
    files = repository.files(repository.commit(reference), "contract")
    read = [_read(Contract, content, f"{reference}: contract/{path}") for path, content in files.items() if path.endswith(".yaml")]
    return {contract.version: contract for contract in read}


def _read(model: type[M], content: bytes, where: str) -> M:
    try:
        return manifest(model, content)
    except (ValidationError, yaml.YAMLError) as error:
        raise Failure(
            ExitCode.USAGE, f"{where} can't be read any more: {' '.join(str(error).split())}; keep what it is written in"
        ) from None
