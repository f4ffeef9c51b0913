"""A composition, from the catalogue to a directory that Coder takes as a template version (TPL-22, TPL-50)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from composer.catalog import Catalog
from composer.errors import CompositionError
from composer.manifests import Base, Contract, Toolchain
from composer.matching import mismatches, select
from composer.publications import Composition, Container, Lifecycle
from composer.rendering import Json, root_module
from settings.names import closest
from settings.quantities import CpuQuantity, MemoryQuantity
from settings.workload import Size

ARCHIVE_LIMIT = 1024 * 1024  # bytes that coderd takes as one template version (provider coder/coderd 0.0.23, facts of its template)
_HASH_LENGTH = 12  # 48 bits tell the versions of one template apart
_OFTEN_SECRET = re.compile(rb"(AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|ghp_[A-Za-z0-9]{36}|xox[abp]-[A-Za-z0-9-]{10,})")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What a Coder deployment tells its templates: where coderd is inside the cluster, and what the bases ask for as `platform`."""

    coder_url: str
    platform: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A template version. files: path to content; content_hash: SHA-256 of all of them; provenance: what it is made of (Property 15)."""

    composition: Composition
    files: Mapping[str, bytes]
    content_hash: str
    provenance: Mapping[str, Json]

    @property
    def lifecycle(self) -> Lifecycle:
        """What happens to workspaces that nobody uses."""
        return self.composition.lifecycle

    @property
    def version_name(self) -> str:
        """Both versions and the content; whatever changes, the name does, as Coder requires."""
        pins = f"{self.composition.toolchain.version}-{self.composition.base.version}"
        return f"{pins}-{self.content_hash[:_HASH_LENGTH]}".replace("+", "_")

    def write(self, root: Path) -> Path:
        """Writes the folder `<root>/<name>-<hash>`, unless it stands already, and returns it; OSError where it cannot be written."""
        folder = root / f"{self.composition.name}-{self.content_hash[:_HASH_LENGTH]}"
        if folder.is_dir() and _content(folder) == self.files:
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


def compose(catalog: Catalog, name: str, *, sizes: Mapping[str, Size], offered: Sequence[str], instance: Instance) -> Composed:
    """The composition of that name, with the offered ones of the sizes; CompositionError says everything that keeps it from being made."""
    composition = catalog.compositions.get(name)
    if composition is None:
        meant = closest(name, sorted(catalog.compositions))
        remedy = f"did you mean {meant}?" if meant else f"there is: {', '.join(sorted(catalog.compositions)) or 'none'}"
        raise CompositionError([f"{name} is no composition of the catalogue; {remedy}"])
    toolchain = catalog.toolchain(composition.toolchain)
    base = catalog.base(composition.base)
    contract = catalog.contracts.get(base.manifest.contract)
    if contract is None:
        raise CompositionError([f"{name}: contract {base.manifest.contract} of {composition.base} is not in the catalogue"])
    problems = [
        *mismatches(contract, toolchain.manifest, base.manifest, (other.manifest for other in catalog.bases.values())),
        *_size_problems(composition, toolchain.manifest, sizes, offered),
        *_platform_problems(base.manifest, instance),
    ]
    image, complaint = _image(catalog, composition, toolchain.manifest)
    problems += [complaint] if complaint else []
    if problems:
        raise CompositionError(f"{name}: {problem}" for problem in problems)

    modules = {f"toolchain/{path}": content for path, content in toolchain.files.items()}
    modules |= {f"base/{path}": content for path, content in base.files.items()}
    made_of = _made_of(composition, contract, image, modules)
    main = root_module(
        composition,
        toolchain.manifest,
        base.manifest,
        sizes={size: sizes[size] for size in sorted(offered, key=lambda name: _smallest_first(name, sizes[name]))},
        match=select(contract, toolchain.manifest, base.manifest),
        image=image,
        coder_url=instance.coder_url,
        platform={key: instance.platform[key] for key in base.manifest.platform},
        provenance=made_of,
    )
    files = {**modules, "main.tf.json": main}
    provenance = _provenance(made_of, [image], files)
    files["provenance.json"] = (json.dumps(provenance, indent=2, sort_keys=True) + "\n").encode()
    files = dict(sorted(files.items()))
    _check_archive(name, files)
    return Composed(composition=composition, files=files, content_hash=_hash(files), provenance=provenance)


def _image(catalog: Catalog, composition: Composition, toolchain: Toolchain) -> tuple[str, str | None]:
    """The container image by digest, or a sentence about why there is none."""
    found = catalog.images.get(toolchain.image) if toolchain.image else None
    if not isinstance(found, Container):
        return "", f"image {toolchain.image} of {composition.toolchain} is no container of images.yaml; add it with its digest"
    locked = catalog.lock.images.get(str(toolchain.image))
    digest = found.digest or (locked.digest if locked else None)
    if digest is None:
        return "", f"image {toolchain.image} has no digest; run `coder-eks templates resolve`"
    return found.at(digest), None


def _size_problems(composition: Composition, toolchain: Toolchain, sizes: Mapping[str, Size], offered: Sequence[str]) -> Iterable[str]:
    if missing := [profile for profile in toolchain.compute.profiles if profile not in composition.profiles]:
        yield f"{toolchain.name} has the profiles {', '.join(missing)}, which the composition gives no size; add them under profiles"
    if unknown := [profile for profile in composition.profiles if profile not in toolchain.compute.profiles]:
        yield f"{', '.join(unknown)} under profiles is no profile of {toolchain.name}; remove it"
    reachable = set(composition.profiles.values())
    for size in offered:
        if size not in sizes:
            yield f"size {size} is published, but not one of workload.sizes; add it there, or publish another"
        elif size not in reachable:
            yield f"size {size} is published, but no profile of {toolchain.name} has it; publish some of {', '.join(sorted(reachable))}"
    if not offered:
        yield "no size is published; publish at least one"


def _smallest_first(name: str, size: Size) -> tuple[CpuQuantity, MemoryQuantity, MemoryQuantity, str]:
    return size.cpu, size.memory, size.storage, name


def _platform_problems(base: Base, instance: Instance) -> Iterable[str]:
    for key in base.platform:
        if key not in instance.platform:
            yield f"{base.name} asks the deployment for {key}, which it does not tell; it tells {', '.join(sorted(instance.platform))}"


def _made_of(composition: Composition, contract: Contract, image: str, modules: Mapping[str, bytes]) -> dict[str, str]:
    """What is shown beside a workspace: everything that a person needs to find the sources again."""
    return {
        "composition": composition.name,
        "toolchain": f"{composition.toolchain.name}@{composition.toolchain.version}",
        "base": f"{composition.base.name}@{composition.base.version}",
        "contract": contract.version,
        "image": image,
        "modules": f"sha256:{_hash(modules)}",
    }


def _provenance(made_of: Mapping[str, str], images: Sequence[str], files: Mapping[str, bytes]) -> dict[str, Json]:
    return {
        **made_of,
        "artifacts": {"images": list(images)},
        "files": {path: f"sha256:{hashlib.sha256(content).hexdigest()}" for path, content in sorted(files.items())},
    }


def _hash(files: Mapping[str, bytes]) -> str:
    lines = (f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _check_archive(name: str, files: Mapping[str, bytes]) -> None:
    """Refuses what Coder would (size), and what template files must never hold: everybody may read them, forever (TPL-44, T-49)."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    secrets = (path for path, content in files.items() if _OFTEN_SECRET.search(content))
    problems = [f"{name}: {path} holds what looks like a secret; keep it in Secrets Manager" for path in secrets]
    if (size := len(archive.getvalue())) > ARCHIVE_LIMIT:
        problems.append(f"{name}: the archive has {size} bytes; Coder takes {ARCHIVE_LIMIT}: move what is large into the image")
    if problems:
        raise CompositionError(problems)


def _content(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for parent, _, names in os.walk(folder):
        for file in names:
            path = Path(parent) / file
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found
