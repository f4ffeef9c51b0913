"""The bill of materials of a composition, in CycloneDX: what is installed, what it runs on, what makes it (requirements section 5, 11g)."""

# pyright: reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportUnknownMemberType=false
# The decorators of cyclonedx-python-lib hide what its classes are; a wrong call fails each test of a composition.

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from composer.files import content_hash
from composer.manifests import Base, Toolchain

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/coder-eks")  # of serial numbers, which follow from the content
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # the library wants one; it is taken out again, since the same content has the same bytes


def bill(name: str, toolchain: Toolchain, base: Base, modules: Mapping[str, bytes], artifacts: Mapping[str, list[str]]) -> bytes:
    """CycloneDX 1.6 in JSON. modules: the files of both below `toolchain/` and `base/`. artifacts: images and machine_images."""
    root = Component(
        name=name, version=f"{toolchain.version}+{base.version.replace('+', '.')}", type=ComponentType.PLATFORM, bom_ref="template"
    )
    components = [*_tools(toolchain), *_modules(toolchain, base, modules), *_providers(base), *_images(artifacts)]
    document = Bom(
        serial_number=uuid.uuid5(_NAMESPACE, f"{name} {content_hash(modules)} {json.dumps(artifacts, sort_keys=True)}"),
        components=components,
        metadata=BomMetaData(component=root, timestamp=_NO_TIME),
    )
    document.register_dependency(root, components)
    written = json.loads(JsonV1Dot6(document).output_as_string())
    del written["metadata"]["timestamp"]
    return (json.dumps(written, indent=1, sort_keys=True) + "\n").encode()


def _tools(toolchain: Toolchain) -> Iterator[Component]:
    kinds = {
        ComponentType.APPLICATION: (*toolchain.toolchain.languages, *toolchain.toolchain.tools),
        ComponentType.LIBRARY: toolchain.toolchain.libraries,
    }
    for kind, tools in kinds.items():
        for tool in tools:
            purl = PackageURL("generic", None, tool.name, tool.version)
            yield Component(name=tool.name, version=tool.version, type=kind, purl=purl, bom_ref=f"tool {tool.name}")


def _modules(toolchain: Toolchain, base: Base, modules: Mapping[str, bytes]) -> Iterator[Component]:
    for kind, manifest in (("toolchain", toolchain), ("base", base)):
        files = {path: content for path, content in modules.items() if path.startswith(f"{kind}/")}
        yield Component(
            name=manifest.name,
            version=manifest.version,
            type=ComponentType.LIBRARY,
            description=manifest.description,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content_hash(files))],
            bom_ref=kind,
        )


def _providers(base: Base) -> Iterator[Component]:
    for name, provider in sorted(base.providers.items()):
        organization, _, plugin = provider.source.partition("/")
        purl = PackageURL("terraform", organization, plugin, provider.version)
        yield Component(
            group=organization,
            name=f"terraform-provider-{plugin}",
            version=provider.version,
            type=ComponentType.LIBRARY,
            purl=purl,
            bom_ref=f"provider {name}",
        )


def _images(artifacts: Mapping[str, list[str]]) -> Iterator[Component]:
    for reference in artifacts["images"]:
        image, _, digest = reference.partition("@sha256:")
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
        yield Component(name=image, version=f"sha256:{digest}", type=ComponentType.CONTAINER, hashes=hashes, bom_ref=reference)
    for identity in artifacts["machine_images"]:
        yield Component(name=identity, type=ComponentType.OPERATING_SYSTEM, bom_ref=identity)
