"""`coder-eks templates resolve`: writes `lock.yaml`, and the folders of module versions that a channel takes (TPL-26, TPL-39)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import cast

import yaml

from composer.catalog import Catalog
from composer.files import content_hash
from composer.publications import Container, Lock, MachineImage, Release, Resolved, ResolvedMachine
from operations.artifacts import Artifacts
from operations.catalog_git import Repository
from operations.failure import ExitCode, Failure
from settings.templates import Channel

KINDS = {"toolchains": "toolchain.yaml", "bases": "base.yaml"}
_HEADER = """\
# Written by `coder-eks templates resolve`: what tags, searches and channels meant when it ran.
# The composer has no network and reads this.
"""


def resolve(
    catalog: Catalog, folder: Path, repository: Repository | None, artifacts: Artifacts | None, regions: Sequence[str], today: date
) -> tuple[Lock, list[str], ExitCode]:
    """The new lock file's content, sentences about what did not answer, and an exit code; artifacts None: releases and channels alone.

    What does not answer keeps what it had. Folders of versions that are missing are written below the catalogue.
    """
    lock, failures = catalog.lock, list[Failure]()
    images, machines = dict(lock.images), {name: dict(found) for name, found in lock.machine_images.items()}
    for name, image in sorted(catalog.images.items()) if artifacts else ():
        assert artifacts is not None
        if isinstance(image, Container):
            with _kept(name, failures):
                images[name] = Resolved(digest=artifacts.digest(image.image), source=image.image, read=today)
            continue
        for region in regions:
            with _kept(name, failures):
                machines.setdefault(name, {})[region] = _in_region(image, artifacts, region, today)
    problems = [problem for failure in failures for problem in failure.problems]
    code = failures[-1].code if failures else ExitCode.DONE
    releases, channels = lock.releases, lock.channels
    if repository is not None:
        releases = _releases(repository, problems)
        channels = _channels(repository)
        _vendor(repository, catalog, folder, channels)
    resolved = Lock(images=images, machine_images=machines, releases=releases, channels=channels)
    return resolved, problems, ExitCode.BLOCKED if problems and code is ExitCode.DONE else code


def text(lock: Lock) -> str:
    """The file, sorted: the same content has the same bytes."""
    return _HEADER + yaml.safe_dump(lock.model_dump(mode="json", exclude_defaults=True), sort_keys=True, width=140)


@contextmanager
def _kept(name: str, failures: list[Failure]) -> Generator[None]:
    """What does not answer is noted and stops nothing else."""
    try:
        yield
    except Failure as failure:
        failures.append(Failure(failure.code, [f"image {name}: {problem}" for problem in failure.problems]))


def _in_region(image: MachineImage, artifacts: Artifacts, region: str, today: date) -> ResolvedMachine:
    identity, name = artifacts.machine_image(image.machine_image, region)
    return ResolvedMachine(id=identity, name=name, source="ec2:DescribeImages", read=today)


def module_files(repository: Repository, reference: str, module: str) -> tuple[str, dict[str, bytes]] | None:
    """Kind and files of a module at a commit, by its name and not its folder's."""
    for kind, manifest in KINDS.items():
        everything = repository.files(reference, kind)
        for path, content in everything.items():
            parts = path.split("/")
            if len(parts) == 2 and parts[1] == manifest and _name(content) == module:
                return kind, {each.partition("/")[2]: body for each, body in everything.items() if each.startswith(f"{parts[0]}/")}
    return None


def _name(manifest: bytes) -> str | None:
    try:
        read: object = yaml.safe_load(manifest)
    except yaml.YAMLError:
        return None
    return str(cast("dict[str, object]", read).get("name")) if isinstance(read, dict) else None


def _releases(repository: Repository, problems: list[str]) -> dict[str, dict[str, Release]]:
    found: dict[str, dict[str, Release]] = {}
    commits = repository.tags()
    for module, versions in repository.releases().items():
        for version, tag in versions.items():
            there = module_files(repository, tag, module)
            if there is None:
                problems.append(f"tag {tag} has no module {module}; remove the tag, or name it after a module of the catalogue")
                continue
            found.setdefault(module, {})[version] = Release(tag=tag, commit=commits[tag], files=content_hash(there[1]))
    return found


def _channels(repository: Repository) -> dict[Channel, dict[str, str]]:
    found: dict[Channel, dict[str, str]] = {}
    for channel in (Channel.STABLE, Channel.BETA):
        for module, versions in repository.releases().items():
            if version := repository.channel(channel, versions):
                found.setdefault(channel, {})[module] = version
    return found


def _vendor(repository: Repository, catalog: Catalog, folder: Path, channels: dict[Channel, dict[str, str]]) -> None:
    """Writes versions that a channel takes and the catalogue does not have."""
    have = {*catalog.toolchains, *catalog.bases}
    releases = repository.releases()
    for module, version in sorted({pair for taken in channels.values() for pair in taken.items()} - have):
        there = module_files(repository, releases[module][version], module)
        for path, content in there[1].items() if there else ():
            target = folder / (there[0] if there else "") / f"{module}-{version}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
