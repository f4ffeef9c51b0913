"""Reads a catalogue folder. Every fault of every file is reported at once, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from composer.errors import CompositionError
from composer.manifests import Base, Composition, Contract, Image, Manifest, Name, Pin, Toolchain

M = TypeVar("M", bound=Manifest)
K = TypeVar("K", str, tuple[str, str])
T = TypeVar("T")

_NOT_RENDERED = {"tests", "build", "policies"}  # for the authors of a module, no part of a workspace


@dataclass(frozen=True)
class Module(Generic[M]):
    """A toolchain or a base with its files: path below its folder to content."""

    manifest: M
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Catalog:
    """Everything that compositions can be made of."""

    contracts: Mapping[str, Contract]
    toolchains: Mapping[tuple[str, str], Module[Toolchain]]
    bases: Mapping[tuple[str, str], Module[Base]]
    images: Mapping[str, Image]
    compositions: Mapping[str, Composition]

    def toolchain(self, pin: Pin) -> Module[Toolchain]:
        """The toolchain of that name and version; CompositionError names those there are."""
        return _pinned("toolchain", self.toolchains, pin)

    def base(self, pin: Pin) -> Module[Base]:
        """The base of that name and version; CompositionError names those there are."""
        return _pinned("base", self.bases, pin)


def load_catalog(folder: Path) -> Catalog:
    """The catalogue of a folder; CompositionError has a sentence for every fault."""
    problems: list[str] = []
    if not folder.is_dir():
        raise CompositionError([f"{folder} is no folder; the catalogue is the folder `catalog` of the repository"])

    def read(path: Path, adapter: TypeAdapter[T]) -> Iterator[T]:
        try:
            yield adapter.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            problems.append(f"{path.relative_to(folder)}: this is no YAML: {' '.join(str(error).split())}")
        except ValidationError as error:
            problems.extend(_sentences(path.relative_to(folder), error))

    def files(pattern: str) -> list[Path]:
        return sorted(folder.glob(pattern))

    contracts = [c for path in files("contract/*.yaml") for c in read(path, TypeAdapter(Contract))]
    toolchains = [
        Module(m, _files(path.parent)) for path in files("toolchains/*/toolchain.yaml") for m in read(path, TypeAdapter(Toolchain))
    ]
    bases = [Module(m, _files(path.parent)) for path in files("bases/*/base.yaml") for m in read(path, TypeAdapter(Base))]
    compositions = [c for path in files("compositions/*.yaml") for c in read(path, TypeAdapter(Composition))]
    images = {k: v for path in files("images.yaml") for found in read(path, TypeAdapter(dict[Name, Image])) for k, v in found.items()}

    catalog = Catalog(
        contracts=_by(contracts, lambda c: c.version, "contract", problems),
        toolchains=_by(toolchains, lambda m: (m.manifest.name, m.manifest.version), "toolchain", problems),
        bases=_by(bases, lambda m: (m.manifest.name, m.manifest.version), "base", problems),
        images=images,
        compositions=_by(compositions, lambda c: c.name, "composition", problems),
    )
    if problems:
        raise CompositionError(problems)
    return catalog


def _sentences(path: Path, error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        keys = ".".join(str(key) for key in fault["loc"])
        yield f"{path}: {keys + ': ' if keys else ''}{fault['msg'].removeprefix('Value error, ')}"


def _files(folder: Path) -> dict[str, bytes]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix(): (folder / path).read_bytes() for path in sorted(paths) if path.parts[0] not in _NOT_RENDERED}


def _by(items: list[T], key: Callable[[T], K], kind: str, problems: list[str]) -> dict[K, T]:
    found: dict[K, T] = {}
    for item in items:
        name = key(item)
        if name in found:
            shown = name if isinstance(name, str) else " ".join(name)
            problems.append(f"{kind} {shown} is in the catalogue twice; give one of them another name or version")
        found[name] = item
    return found


def _pinned(kind: str, modules: Mapping[tuple[str, str], Module[M]], pin: Pin) -> Module[M]:
    if found := modules.get((pin.name, pin.version)):
        return found
    there = ", ".join(" ".join(key) for key in sorted(modules)) or "none"
    raise CompositionError([f"{kind} {pin} is not in the catalogue; there is: {there}"])
