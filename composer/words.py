"""What the files of the catalogue are written in: names, versions, digests."""

from __future__ import annotations

import functools
from typing import Annotated, TypeVar, cast

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from settings.names import Form

_SEMVER = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"


def _text(pattern: str, what: str, example: str) -> tuple[object, ...]:
    return StringConstraints(strict=True), AfterValidator(Form(pattern, what, example).check)


Name = Annotated[str, *_text(r"[a-z][a-z0-9.-]{0,38}[a-z0-9]|[a-z]", "name", "swdev-toolchain, in lower case")]
Version = Annotated[str, *_text(_SEMVER, "version", "1.2.0, in full and without a v")]
ToolVersion = Annotated[
    str, *_text(r"\d+(\.\d+){0,3}([+-][0-9A-Za-z.-]+)?", "version of a tool", '"3.12.14", in quotes, as its publisher has it')
]
ProviderVersion = Annotated[str, *_text(r"\d+\.\d+\.\d+", "version of a Terraform provider", "2.19.0, one version and no range")]
ProviderSource = Annotated[str, *_text(r"[a-z0-9-]+/[a-z0-9-]+", "source of a Terraform provider", "coder/coder")]
ContractVersion = Annotated[  # majors only: every change of it breaks (TPL-16)
    str, *_text(r"[1-9]\d*\.0", "version of the contract", '"1.0", in quotes; it has majors only')
]
Capability = Annotated[str, *_text(r"[a-z][a-z-]+", "name of a capability", "network-egress, with hyphens")]
AppName = Annotated[str, *_text(r"[a-z0-9]+(-[a-z0-9]+)*", "name of an application", "jupyter, with single hyphens: it is part of a host")]
AppPath = Annotated[str, *_text(r"/[A-Za-z0-9._~/-]*", "path of an application", "/api")]
Digest = Annotated[str, *_text(r"sha256:[0-9a-f]{64}", "digest", "sha256: and 64 hexadecimal digits, as the registry tells it")]
MachineImageId = Annotated[str, *_text(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", "id of a machine image", "ami- and 17 hexadecimal digits")]
MachineType = Annotated[str, *_text(r"[a-z][a-z0-9-]+\.[a-z0-9-]+", "instance type", "m5.xlarge")]
Reference = Annotated[  # registry/path:tag, no digest: that stands beside it
    str, *_text(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+:[A-Za-z0-9_.-]+", "image", "docker.io/codercom/enterprise-base:ubuntu, with a tag")
]
Commit = Annotated[str, *_text(r"[0-9a-f]{40}", "Git commit", "all 40 hexadecimal digits")]
TreeHash = Annotated[str, *_text(r"[0-9a-f]{64}", "hash of a folder", "64 hexadecimal digits, as `templates resolve` writes it")]
Advisory = Annotated[
    str, *_text(r"CVE-\d{4}-\d{4,}|[A-Z][A-Za-z0-9]*(-[A-Za-z0-9:]+)+", "advisory", "CVE-2026-12345 or GHSA-xxxx-xxxx-xxxx")
]
Prefix = Annotated[
    str, *_text(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*", "registry", "docker.io/codercom, a host and the first parts of a path")
]
Owner = Annotated[str, *_text(r"amazon|aws-marketplace|\d{12}", "owner of machine images", "amazon, or 12 digits in quotes")]
Text = Annotated[str, StringConstraints(strict=True, min_length=1)]


class Manifest(BaseModel):
    """Base of all: unknown keys are errors, values never change, and no error text carries an input."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


F = TypeVar("F", bound=Manifest)


def manifest(model: type[F], content: bytes) -> F:
    """A manifest from its YAML; raises YAMLError or ValidationError. Judges meet the same files again and again: they are read once."""
    return cast("F", _manifest(model, content))


@functools.lru_cache(maxsize=1024)
def _manifest(model: type[Manifest], content: bytes) -> Manifest:
    return model.model_validate(yaml.safe_load(content))
