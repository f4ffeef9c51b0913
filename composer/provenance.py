"""What a composed template is made of, and whether that is true of its files (Property 15, TPL-23)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

import yaml
from pydantic import JsonValue, ValidationError

from composer import hcl
from composer.bill import bill
from composer.files import content_hash
from composer.manifests import Base, Contract, Toolchain
from composer.publications import Permit
from composer.words import Commit, ContractVersion, Manifest, Name, TreeHash, Version, manifest
from settings.names import TemplateName
from settings.problems import key_text, sentences
from settings.templates import Channel

PROVENANCE, ROOT, BILL, CONTRACT = "provenance.json", "main.tf.json", "sbom.cdx.json", "contract.json"

_PINNED = re.compile(r"(?<![\w./:@-])[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9._-]+)+(?::[A-Za-z0-9_.-]+)?@sha256:[0-9a-f]{64}(?![0-9a-f])")
_MACHINE = re.compile(r"(?<![\w-])ami-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![\w-])")
_IMAGE_KEYS = {"image", "ami", "image_id"}

F = TypeVar("F", bound=Manifest)


class Source(Manifest):
    """A module: commit and channel's tag where it is released. files: the hash of what of it is pushed."""

    name: Name
    version: Version
    commit: Commit | None
    files: TreeHash

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class Artifacts(Manifest):
    """Everything that a workspace starts from, by what never moves."""

    images: tuple[str, ...]
    machine_images: tuple[str, ...]


class Provenance(Manifest):
    """`provenance.json` of a pushed template. metadata: what people see beside a workspace. files: path to hash, without this one."""

    composition: TemplateName
    channel: Channel
    toolchain: Source
    base: Source
    contract: ContractVersion
    artifacts: Artifacts
    profiles: dict[Name, str]
    sizes: tuple[str, ...]
    overrides: dict[str, JsonValue]
    permits: tuple[Permit, ...]
    metadata: dict[str, str]
    files: dict[str, str]

    def written(self) -> bytes:
        """The file's bytes."""
        return (json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def artifacts(files: Mapping[str, bytes]) -> Artifacts:
    """The images that the Terraform of a template names, wherever it does."""
    texts = [content.decode(errors="replace") for path, content in files.items() if hcl.is_terraform(path)]
    return Artifacts(
        images=tuple(sorted({match for text in texts for match in _PINNED.findall(text)})),
        machine_images=tuple(sorted({match for text in texts for match in _MACHINE.findall(text)})),
    )


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Path to `sha256:…`, without the manifest itself."""
    return {path: f"sha256:{hashlib.sha256(content).hexdigest()}" for path, content in sorted(files.items()) if path != PROVENANCE}


def modules(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of toolchain and base."""
    return {path: content for path, content in files.items() if path.startswith(("toolchain/", "base/"))}


def literal(text: str) -> str:
    """A text as Terraform must take it word for word: its templates begin with these two."""
    return text.replace("${", "$${").replace("%{", "%%{")


def read(files: Mapping[str, bytes]) -> Provenance | list[str]:
    """The manifest of a pushed template, or what is wrong with it."""
    return _read(files, PROVENANCE, Provenance)


def faults(files: Mapping[str, bytes]) -> list[str]:
    """Everything of which the manifest of a template speaks and its files do not, or the other way round; files: as they were pushed."""
    told = read(files)
    if isinstance(told, list):
        return told
    found = [*_hash_faults(told, files)]
    if files[PROVENANCE] != told.written():
        found.append(f"{PROVENANCE}: this is not how the composer writes it, byte for byte; it was edited")
    toolchain, base = _read(files, "toolchain/toolchain.yaml", Toolchain), _read(files, "base/base.yaml", Base)
    contract = _read(files, CONTRACT, Contract)
    found += [sentence for part in (toolchain, base, contract) if isinstance(part, list) for sentence in part]
    if isinstance(toolchain, list) or isinstance(base, list) or isinstance(contract, list):
        return found
    found += [*_module_faults(told, toolchain, base, files), *_root_faults(told, files)]
    if told.contract != contract.version:
        found.append(f"{PROVENANCE}: contract is {told.contract}, its file is {contract.version}")
    expected = bill(told.composition, toolchain, base, modules(files), cast("dict[str, list[str]]", told.artifacts.model_dump(mode="json")))
    if files.get(BILL) != expected:
        found.append(f"{BILL}: this is not the bill of materials of these files")
    return found


def _module_faults(told: Provenance, toolchain: Toolchain, base: Base, files: Mapping[str, bytes]) -> Iterator[str]:
    for kind, source, module in (("toolchain", told.toolchain, toolchain), ("base", told.base, base)):
        if (source.name, source.version) != (module.name, module.version):
            yield f"{PROVENANCE}: {kind} is {source}, its files are {module.name}@{module.version}"
        own = {path.removeprefix(f"{kind}/"): content for path, content in files.items() if path.startswith(f"{kind}/")}
        if source.files != content_hash(own):
            yield f"{PROVENANCE}: the files of {kind} are others than those of {source}"


def _root_faults(told: Provenance, files: Mapping[str, bytes]) -> Iterator[str]:
    """What the Terraform starts and shows."""
    try:
        referenced, shown, floating = artifacts(files), _shown(files), list(_floating(files))
    except (hcl.UnreadableError, KeyError, IndexError, TypeError, AttributeError) as error:
        yield f"{ROOT}: this is no root module of ours: {error}"
        return
    yield from floating
    if referenced != told.artifacts:
        yield f"{PROVENANCE}: artifacts are {_list(told.artifacts)}, the template starts {_list(referenced)}"
    if shown != told.metadata:
        yield f"{PROVENANCE}: the metadata shown beside a workspace are others than those recorded"
    for key, value in metadata(told, files).items():
        if told.metadata.get(key) != value:
            yield f"{PROVENANCE}: metadata: {key} is {told.metadata.get(key)}, not {value}"


def metadata(told: Provenance, files: Mapping[str, bytes]) -> dict[str, str]:
    """What people see beside a workspace, as it follows from the rest (TPL-23); images: those that there are to choose from."""
    return shown_metadata(told.composition, told.channel, told.toolchain, told.base, told.contract, told.artifacts, modules(files))


def shown_metadata(
    composition: str,
    channel: Channel,
    toolchain: Source,
    base: Source,
    contract: str,
    made_from: Artifacts,
    module_files: Mapping[str, bytes],
) -> dict[str, str]:
    """As metadata, from the parts."""
    commits = {f"{kind} commit": source.commit for kind, source in (("toolchain", toolchain), ("base", base)) if source.commit}
    return {
        "composition": composition,
        "channel": channel.value,
        "toolchain": str(toolchain),
        "base": str(base),
        "contract": contract,
        "images": ", ".join((*made_from.images, *made_from.machine_images)),
        "modules": f"sha256:{content_hash(module_files)}",
        **commits,
    }


def _hash_faults(told: Provenance, files: Mapping[str, bytes]) -> Iterator[str]:
    have = digests(files)
    yield from (f"{path} is missing; {PROVENANCE} lists it" for path in sorted(set(told.files) - set(have)))
    yield from (f"{path} is not in {PROVENANCE}; it was added later" for path in sorted(set(have) - set(told.files)))
    yield from (
        f"{path} is not what {PROVENANCE} lists; it was changed"
        for path in sorted(set(have) & set(told.files))
        if have[path] != told.files[path]
    )


def _floating(files: Mapping[str, bytes]) -> Iterator[str]:
    """Images that are named by a tag, which may move."""
    for path, content in sorted(files.items()):
        if hcl.is_terraform(path):
            yield from (f"{path}: image {image} has no digest; a tag moves" for image in _images(hcl.parse(path, content)))


def _images(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in cast("Mapping[str, object]", value).items():
            yield from _images(each, name)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _images(each, key)
    elif (
        isinstance(value, str)
        and key in _IMAGE_KEYS
        and value
        and "${" not in value
        and not (_PINNED.fullmatch(value) or _MACHINE.fullmatch(value))
    ):
        yield value


def _shown(files: Mapping[str, bytes]) -> dict[str, str]:
    """The metadata as the root module hands them to the base."""
    root = hcl.parse(ROOT, files[ROOT])
    given = cast("dict[str, str]", root["module"][0]["base"]["provenance"])
    return {key: value.replace("$${", "${").replace("%%{", "%{") for key, value in given.items()}


def _read(files: Mapping[str, bytes], path: str, model: type[F]) -> F | list[str]:
    if path not in files:
        return [f"{path} is missing; this is no template of ours"]
    try:
        return model.model_validate(json.loads(files[path])) if path.endswith(".json") else manifest(model, files[path])
    except (yaml.YAMLError, UnicodeDecodeError, json.JSONDecodeError) as error:
        return [f"{path}: this cannot be read: {' '.join(str(error).split())}"]
    except ValidationError as error:
        return [f"{path}: {key_text(keys)}: {sentence}" for keys, sentence in sentences(model, error)]


def _list(found: Artifacts) -> str:
    return ", ".join((*found.images, *found.machine_images)) or "none"
