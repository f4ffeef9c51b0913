"""Reads a catalogue folder. Every fault of every file is reported at once, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar, cast

import yaml
from pydantic import ValidationError

from composer.errors import CompositionError
from composer.files import read
from composer.manifests import Base, Contract, Toolchain
from composer.publications import Composition, Container, Image, Lock, MachineImage, Pin, Registry
from composer.words import Manifest
from settings.problems import key_text, sentences

M = TypeVar("M", bound=Manifest)
F = TypeVar("F", bound=Manifest)
K = TypeVar("K", str, tuple[str, str])
T = TypeVar("T")

CATALOG = Path(__file__).parents[1] / "catalog"  # beside the rooms, wherever the program runs
_NOTHING: Mapping[str, object] = {}
_NOT_PUSHED = {"tests", "build", "policies"}  # for the authors of a module, no part of a workspace


@dataclass(frozen=True)
class Module(Generic[M]):
    """A toolchain or a base with its files: path below its folder to content."""

    manifest: M
    files: Mapping[str, bytes]

    @property
    def pushed(self) -> dict[str, bytes]:
        """Without what is for its authors."""
        return {path: content for path, content in self.files.items() if path.partition("/")[0] not in _NOT_PUSHED}


AnyModule = Module[Toolchain] | Module[Base]


@dataclass(frozen=True)
class Catalog:
    """Everything that compositions can be made of."""

    contracts: Mapping[str, Contract]
    toolchains: Mapping[tuple[str, str], Module[Toolchain]]
    bases: Mapping[tuple[str, str], Module[Base]]
    images: Mapping[str, Image]
    compositions: Mapping[str, Composition]
    registries: Sequence[Registry] = ()
    lock: Lock = field(default_factory=Lock)

    def toolchain(self, pin: Pin) -> Module[Toolchain]:
        """The toolchain of that name and version; CompositionError names those there are."""
        return _pinned("toolchain", self.toolchains, pin)

    def base(self, pin: Pin) -> Module[Base]:
        """The base of that name and version; CompositionError names those there are."""
        return _pinned("base", self.bases, pin)


def load_catalog(folder: Path) -> Catalog:
    """The catalogue of a folder; CompositionError has a sentence for every fault."""
    if not folder.is_dir():
        raise CompositionError([f"{folder} is no folder; the catalogue is the folder `catalog` of the repository"])
    reader = _Reader(folder, [])
    problems = reader.problems
    toolchains = [Module(manifest, read(path.parent)) for path, manifest in reader.each("toolchains/*/toolchain.yaml", Toolchain)]
    bases = [Module(manifest, read(path.parent)) for path, manifest in reader.each("bases/*/base.yaml", Base)]
    locks = [lock for _, lock in reader.each("lock.yaml", Lock)]
    catalog = Catalog(
        contracts=_by([c for _, c in reader.each("contract/*.yaml", Contract)], lambda c: c.version, "contract", problems),
        toolchains=_by(toolchains, lambda m: (m.manifest.name, m.manifest.version), "toolchain", problems),
        bases=_by(bases, lambda m: (m.manifest.name, m.manifest.version), "base", problems),
        images=reader.images("images.yaml"),
        compositions=_by([c for _, c in reader.each("compositions/*.yaml", Composition)], lambda c: c.name, "composition", problems),
        registries=reader.registries("registries.yaml"),
        lock=locks[0] if locks else Lock(),
    )
    if problems:
        raise CompositionError(problems)
    return catalog


@dataclass(frozen=True)
class _Reader:
    """Reads files below a folder, and gathers what is wrong with them."""

    folder: Path
    problems: list[str]

    def each(self, pattern: str, model: type[F]) -> Iterator[tuple[Path, F]]:
        """The files of a pattern that are right, in order."""
        for path in sorted(self.folder.glob(pattern)):
            if (content := self._yaml(path)) is not None and (read := self._read(path, model, content)) is not None:
                yield path, read

    def images(self, name: str) -> dict[str, Image]:
        """Container images and machine images by name."""
        found: dict[str, Image] = {}
        content = self._yaml(self.folder / name) if (self.folder / name).is_file() else _NOTHING
        for key, value in self._mapping(self.folder / name, content).items():
            model = MachineImage if _has(value, "machine_image") else Container
            read = self._read(self.folder / name, model, value, key)
            if read is not None:
                found[key] = read
        return found

    def registries(self, name: str) -> tuple[Registry, ...]:
        """Where images may come from."""
        path = self.folder / name
        content = self._yaml(path) if path.is_file() else _NOTHING
        entries = [Registry.model_construct(prefix=key, reason=str(value)) for key, value in self._mapping(path, content).items()]
        return tuple(read for each in entries if (read := self._read(path, Registry, each.model_dump(), each.prefix)) is not None)

    def _mapping(self, path: Path, content: object) -> dict[str, object]:
        if isinstance(content, dict) and all(isinstance(key, str) for key in cast("dict[object, object]", content)):
            return cast("dict[str, object]", content)
        if content is not None:
            self.problems.append(f"{path.relative_to(self.folder)}: names and what they mean belong here; write a mapping")
        return {}

    def _yaml(self, path: Path) -> object:
        try:
            content: object = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            self.problems.append(f"{path.relative_to(self.folder)}: this is no YAML: {' '.join(str(error).split())}")
            return None
        return _NOTHING if content is None else content

    def _read(self, path: Path, model: type[F], content: object, key: str = "") -> F | None:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for found, sentence in sentences(model, error):
                keys = key_text((*([key] if key else []), *found))
                self.problems.append(f"{path.relative_to(self.folder)}: {keys + ': ' if keys else ''}{sentence}")
            return None


def _has(value: object, key: str) -> bool:
    return isinstance(value, dict) and key in value


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
