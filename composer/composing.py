"""A composition, from the catalogue to a directory that Coder takes as a template version (TPL-22, TPL-50)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from composer import effective, fitting, hcl, interfaces, overrides, portability, provenance
from composer.archive import LIMIT, left_out, pack
from composer.bill import bill
from composer.catalog import AnyModule, Catalog, Module
from composer.errors import CompositionError
from composer.files import content_hash, read
from composer.manifests import Base, Contract, Toolchain
from composer.matching import mismatches, select
from composer.provenance import BILL, CONTRACT, PROVENANCE, ROOT, Provenance, Source
from composer.publications import Composition, Lifecycle, Permit, Pin, version_of
from composer.rendering import Instance, Parts, root_module
from settings.names import closest
from settings.templates import Channel
from settings.workload import Size

_HASH_LENGTH = 12  # 48 bits tell the versions of one template apart
_OFTEN_SECRET = re.compile(rb"(AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|ghp_[A-Za-z0-9]{36}|xox[abp]-[A-Za-z0-9-]{10,})")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What a stack file says of all templates: sizes, channel, further permits; today: in UTC, no permit holds without it."""

    sizes: Mapping[str, Size]
    instance: Instance
    channel: Channel = Channel.PINNED
    permits: Sequence[Permit] = ()
    today: date = date.max


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A template version. files: path to content; content_hash: SHA-256 of all of them; provenance: what it is made of (Property 15)."""

    composition: Composition
    files: Mapping[str, bytes]
    content_hash: str
    provenance: Provenance

    @property
    def lifecycle(self) -> Lifecycle:
        """What happens to workspaces that nobody uses."""
        return self.composition.lifecycle

    @property
    def version_name(self) -> str:
        """Both versions and the content; whatever changes, the name does, as Coder requires."""
        pins = f"{self.provenance.toolchain.version}-{self.provenance.base.version}"
        return f"{pins}-{self.content_hash[:_HASH_LENGTH]}"

    def write(self, root: Path) -> Path:
        """Writes the folder `<root>/<name>-<hash>`, unless it stands already, and returns it; OSError where it cannot be written."""
        folder = root / f"{self.composition.name}-{self.content_hash[:_HASH_LENGTH]}"
        if folder.is_dir() and read(folder) == self.files:
            return folder
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".") as unfinished:
            for path, content in self.files.items():
                target = Path(unfinished) / "folder" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            if folder.exists():  # somebody changed it: it moves aside and goes with the temporary folder
                folder.rename(Path(unfinished) / "changed")
            try:
                (Path(unfinished) / "folder").rename(folder)
            except OSError:
                if not folder.is_dir():  # else another run wrote the same content first
                    raise
        return folder


def compose(catalog: Catalog, name: str, deployment: Deployment, offered: Sequence[str] | None = None) -> Composed:
    """The composition of that name; offered: of the sizes, all of its own by default.

    Raises CompositionError with everything that keeps it from being made.
    """
    composition = composition_of(catalog, name)
    channel = composition.channel or deployment.channel
    toolchain = catalog.toolchain(version_of(composition.toolchain, channel, catalog.lock))
    base = catalog.base(version_of(composition.base, channel, catalog.lock))
    contract = catalog.contracts.get(base.manifest.contract)
    if contract is None:
        raise CompositionError([f"{name}: contract {base.manifest.contract} of {base.manifest.name} is not in the catalogue"])
    offered = list(dict.fromkeys(composition.profiles.values())) if offered is None else offered
    problems = [
        *mismatches(contract, toolchain.manifest, base.manifest, (other.manifest for other in catalog.bases.values())),
        *fitting.size_faults(composition, toolchain.manifest, deployment.sizes, offered),
        *_module_faults(contract, toolchain, base),
        *_instance_faults(base.manifest, deployment.instance),
    ]
    if not problems:
        problems += _override_faults(composition, contract, toolchain, base, deployment)
    if problems:
        raise CompositionError(f"{name}: {problem}" for problem in problems)

    sizes = fitting.in_order(deployment.sizes, offered)
    try:
        starts = fitting.starts(catalog, composition, toolchain.manifest, base.manifest, sizes, deployment.instance.region)
    except CompositionError as error:
        raise CompositionError(f"{name}: {problem}" for problem in error.problems) from None
    tree = effective.settings(contract, toolchain.manifest, select(contract, toolchain.manifest, base.manifest))
    profile, given = effective.inputs(tree, composition.overrides, hcl.variables(base.files))
    files = {f"toolchain/{path}": content for path, content in toolchain.pushed.items()}
    files |= {f"base/{path}": content for path, content in base.pushed.items()}
    made_from = provenance.artifacts({**files, "images.tf": "\n".join(starts.images.values()).encode()})
    sources = _source(catalog, toolchain), _source(catalog, base)
    metadata = provenance.shown_metadata(name, channel, *sources, contract.version, made_from, files)
    parts = Parts(
        composition=composition,
        base=base.manifest,
        sizes=sizes,
        default=composition.profiles[profile],
        starts=starts,
        given=given,
        metadata=metadata,
        apps=toolchain.manifest.apps,
    )
    files[CONTRACT] = (contract.model_dump_json(indent=1) + "\n").encode()
    files[ROOT] = root_module(parts, hcl.variables(base.files), deployment.instance)
    files[BILL] = bill(name, toolchain.manifest, base.manifest, provenance.modules(files), made_from.model_dump(mode="json"))
    told = Provenance(
        composition=name,
        channel=channel,
        toolchain=sources[0],
        base=sources[1],
        contract=contract.version,
        artifacts=made_from,
        profiles=dict(sorted(composition.profiles.items())),
        sizes=tuple(sizes),
        overrides=composition.overrides,
        permits=tuple(overrides.used(composition.overrides, (*composition.permits, *deployment.permits))),
        metadata=metadata,
        files=provenance.digests(files),
    )
    files = dict(sorted({**files, PROVENANCE: told.written()}.items()))
    _check_archive(name, files)
    return Composed(composition=composition, files=files, content_hash=content_hash(files), provenance=told)


def composition_of(catalog: Catalog, name: str) -> Composition:
    """The composition of that name; CompositionError with the name that was perhaps meant."""
    if found := catalog.compositions.get(name):
        return found
    meant = closest(name, sorted(catalog.compositions))
    remedy = f"did you mean {meant}?" if meant else f"there is: {', '.join(sorted(catalog.compositions)) or 'none'}"
    raise CompositionError([f"{name} is no composition of the catalogue; {remedy}"])


def _module_faults(contract: Contract, toolchain: Module[Toolchain], base: Module[Base]) -> Iterator[str]:
    yield from (f"{toolchain.manifest.name}: {sentence}" for sentence in portability.faults(toolchain.files))
    yield from interfaces.toolchain_faults(toolchain.manifest.name, toolchain.files)
    base_faults = interfaces.base_faults(contract, base.manifest, base.files)
    yield from base_faults or interfaces.app_faults(toolchain.manifest, base.manifest, base.files)


def _instance_faults(base: Base, instance: Instance) -> Iterator[str]:
    for key in base.platform:
        if key not in instance.platform:
            yield f"{base.name} asks the deployment for {key}, which it does not tell; it tells {', '.join(sorted(instance.platform))}"
    nodes = instance.platform.get("architecture", base.arch)
    if "node_group" in base.platform and nodes != base.arch:  # TPL-48: the agent and the image are of one architecture
        yield f"{base.name} makes workspaces of {base.arch}, and the workspace nodes are {nodes}; give them types of {base.arch}"
    if base.coderd == "external" and not instance.access_url:
        yield f"{base.name} reaches coderd by its access URL, which the deployment does not tell"


def _override_faults(
    composition: Composition, contract: Contract, toolchain: Module[Toolchain], base: Module[Base], deployment: Deployment
) -> list[str]:
    return [
        *overrides.faults(
            composition.overrides,
            optional=overrides.optional_flags(contract, toolchain.manifest),
            profiles=toolchain.manifest.compute.profiles,
            permits=(*composition.permits, *deployment.permits),
            today=deployment.today,
        ),
        *effective.override_faults(contract, toolchain.manifest, base.manifest, hcl.variables(base.files), composition.overrides),
    ]


def _source(catalog: Catalog, module: AnyModule) -> Source:
    name, version = module.manifest.name, module.manifest.version
    release = catalog.lock.release(Pin(name=name, version=version))
    return Source(name=name, version=version, commit=release.commit if release else None, files=content_hash(module.pushed))


def _check_archive(name: str, files: Mapping[str, bytes]) -> None:
    """Refuses what Coder would (size), and what template files must never hold: everybody may read them, forever (TPL-44, T-49)."""
    secrets = (path for path, content in files.items() if _OFTEN_SECRET.search(content))
    problems = [f"{name}: {path} holds what looks like a secret; keep it in Secrets Manager" for path in secrets]
    problems += [
        f"{name}: {path} would not be uploaded, since its name is that of a hidden file, a state or variables" for path in left_out(files)
    ]
    if (size := len(pack(files))) >= LIMIT:
        problems.append(f"{name}: the archive has {size} bytes; Coder takes less than {LIMIT}: move what is large into the image")
    if problems:
        raise CompositionError(problems)
