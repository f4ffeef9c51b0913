"""`coder-eks templates …`: the catalogue's compositions, made, judged, compared and versioned (CIC-03, TPL-20 to TPL-26)."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from composer import judging, publishing, versioning
from composer.archive import unpack
from composer.catalog import AnyModule, Catalog, load_catalog
from composer.composing import Composed, Deployment, compose
from composer.errors import CompositionError
from composer.files import read
from composer.publications import Pin
from operations import releases
from operations.catalog_git import Repository
from operations.failure import ExitCode, Failure
from operations.stack import Stack
from plan import PlanError, make_plan
from settings.model import Settings
from settings.templates import Channel


@dataclass(frozen=True)
class Row:
    """A composition as a list shows it. sizes, groups: as published by the stack, empty where it is not."""

    name: str
    toolchain: str
    base: str
    channel: str
    version: str
    sizes: tuple[str, ...]
    groups: tuple[str, ...]


def catalogue(folder: Path) -> Catalog:
    """Read; Failure with all faults."""
    try:
        return load_catalog(folder)
    except CompositionError as error:
        raise Failure(ExitCode.USAGE, error.problems) from None


def deployment(settings: Settings, template: str, today: date, channel: Channel | None = None) -> Deployment:
    """What a stack tells the composer of one template."""
    try:
        return publishing.deployment(settings, make_plan(settings), template, today, channel)
    except PlanError as error:
        raise Failure(ExitCode.USAGE, error.problems) from None


def offered(catalog: Catalog, settings: Settings, name: str) -> list[str] | None:
    """The sizes that a stack publishes of a template, or those of its own that the stack has; None: a composition that is not there."""
    if published := settings.templates.published.get(name):
        return list(published.sizes)
    composition = catalog.compositions.get(name)
    if composition is None:
        return None
    return [size for size in dict.fromkeys(composition.profiles.values()) if size in settings.workload.sizes]


def composed(catalog: Catalog, settings: Settings, name: str, today: date, channel: Channel | None = None) -> Composed:
    """One composition for a stack; Failure with everything that keeps it from being made."""
    try:
        return compose(catalog, name, deployment(settings, name, today, channel), offered(catalog, settings, name))
    except CompositionError as error:
        raise Failure(ExitCode.USAGE, error.problems) from None


def rows(catalog: Catalog, settings: Settings, today: date) -> list[Row]:
    """Every composition, as the stack would publish it; what cannot be made says so in its version."""
    return [_row(catalog, settings, name, today) for name in sorted(catalog.compositions)]


def _row(catalog: Catalog, settings: Settings, name: str, today: date) -> Row:
    composition, published = catalog.compositions[name], settings.templates.active.get(name)
    try:
        made = composed(catalog, settings, name, today)
        version, toolchain, base = made.version_name, made.provenance.toolchain, made.provenance.base
        pins = str(toolchain), str(base)
    except Failure as failure:
        version, pins = f"not made: {failure.problems[0]}", (str(composition.toolchain), str(composition.base))
    channel = composition.channel or settings.templates.channel
    sizes, groups = (published.sizes, published.groups) if published else ((), ())
    return Row(name, *pins, channel.value, version, tuple(sizes), tuple(sorted(groups)))


def check(catalog: Catalog, stacks: Sequence[Stack], repository: Repository | None, today: date) -> list[str]:
    """The gate: every composition is made for every stack that publishes it, and judged by its own files; versions follow their tags."""
    problems: list[str] = []
    made: set[str] = set()
    for stack in stacks:
        settings = stack.settings()
        for name in settings.templates.published:
            problems += [f"Pulumi.{stack.name}.yaml: {problem}" for problem in _judged(catalog, settings, name, today)]
            made.add(name)
    for name in sorted(set(catalog.compositions) - made):
        problems += _unpublished(catalog, [stack.settings() for stack in stacks], name, today)
    for module in releases.modules(catalog):
        pin = Pin(name=module.manifest.name, version=module.manifest.version)
        problems += versioning.moved(module, catalog.lock.release(pin))
    problems += releases.faults(catalog, repository) if repository else ()
    return list(dict.fromkeys(problems))


def _unpublished(catalog: Catalog, stacks: Sequence[Settings], name: str, today: date) -> list[str]:
    """A composition that nobody publishes is right where it is for one stack that has its sizes; the others may lack its images."""
    tried = [_judged(catalog, settings, name, today) for settings in stacks if offered(catalog, settings, name)]
    return min(tried, key=len, default=[f"{name}: no stack has one of its sizes; name one of workload.sizes under profiles"])


def _judged(catalog: Catalog, settings: Settings, name: str, today: date) -> list[str]:
    try:
        files = composed(catalog, settings, name, today).files
    except Failure as failure:
        return list(failure.problems)
    return [f"{name}: {sentence}" for found in judging.file_faults(files, today).values() for sentence in found]


def rego(catalog: Path) -> list[str] | None:
    """What `opa test` says of the catalogue's policies; None: there is no opa on PATH."""
    opa = shutil.which("opa")
    if opa is None:
        return None
    folders = [str(path) for path in (catalog / "policy", *sorted(catalog.glob("bases/*/policies"))) if path.is_dir()]
    problems: list[str] = []
    for folder in folders:
        done = subprocess.run([opa, "test", folder], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            problems.append(f"{folder}: its Rego tests fail: {' '.join((done.stdout + done.stderr).split())}")
    return problems


def pushed(path: Path) -> dict[str, bytes]:
    """The files of a template folder, or of an archive as coderd hands it out; Failure where it is none."""
    try:
        return read(path) if path.is_dir() else unpack(path.read_bytes())
    except FileNotFoundError:
        raise Failure(ExitCode.MISSING, f"{path} is not there; give a folder of a composed template, or its archive") from None
    except CompositionError as error:
        raise Failure(ExitCode.USAGE, [f"{path}: {problem}" for problem in error.problems]) from None


def verify(files: Mapping[str, bytes], today: date) -> list[str]:
    """Everything that a pushed template claims and its files do not bear out, by property."""
    return [f"Property {number}: {sentence}" for number, found in judging.file_faults(files, today).items() for sentence in found]


def difference(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[str]:
    """Unified differences of two templates, file by file; manifest and bill of materials last, since they follow from the rest."""
    last = {"provenance.json", "sbom.cdx.json"}
    for path in sorted({*old, *new}, key=lambda path: (path in last, path)):
        if old.get(path) != new.get(path):
            before_lines, lines = (files.get(path, b"").decode(errors="replace").splitlines(keepends=True) for files in (old, new))
            yield from difflib.unified_diff(before_lines, lines, f"old/{path}", f"new/{path}")


def at(repository: Repository | None, reference: str, folder: Path) -> Catalog:
    """The catalogue as it was at a reference, written to a folder first."""
    if repository is None:
        raise Failure(ExitCode.MISSING, "the catalogue is in no Git repository; compare with a folder or an archive instead")
    for path, content in repository.files(repository.commit(reference)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return catalogue(folder)


def write_version(catalog: Path, module: AnyModule, version: str) -> Path:
    """Writes a module's version into its manifest, which it returns; comments stay."""
    for manifest in (*sorted(catalog.glob("toolchains/*/toolchain.yaml")), *sorted(catalog.glob("bases/*/base.yaml"))):
        if manifest.read_bytes() == module.files.get(manifest.name):
            text = manifest.read_text(encoding="utf-8")
            manifest.write_text(re.sub(r"(?m)^version:\s*\S+", f"version: {version}", text, count=1), encoding="utf-8")
            return manifest
    raise Failure(ExitCode.MISSING, f"{module.manifest.name} {module.manifest.version} has no manifest below {catalog}")
