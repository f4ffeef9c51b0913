"""The files of the catalogue, typed: contract, toolchains, bases, compositions, images (TPL-02, TPL-03, TPL-08, TPL-13 to TPL-16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from settings.names import SizeName, TemplateName
from settings.quantities import Duration

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(\+[0-9A-Za-z.-]+)?$")]
ContractVersion = Annotated[str, StringConstraints(pattern=r"^[1-9]\d*\.0$")]  # majors only: every change of it breaks (TPL-16)
Capability = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]+$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(min_length=1)]

_DURATION = TypeAdapter[timedelta](Duration)


def _never_is_zero(value: object) -> object:
    return timedelta() if value == "never" else _DURATION.validate_python(value)


Lapse = Annotated[timedelta, BeforeValidator(_never_is_zero)]  # `30d`, or `never`, which Coder writes as 0


class Manifest(BaseModel):
    """Base of all: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Flag(Manifest):
    """A capability that is there or not."""

    kind: Literal["flag"]


class Choice(Manifest):
    """A capability with several ways, the least privileged first; default: the way of a toolchain that asks for none."""

    kind: Literal["choice"]
    values: tuple[str, ...] = Field(min_length=1)
    default: str | None = None


class Alias(Manifest):
    """A toolchain's word for a capability, or for some of its ways (T-40)."""

    capability: Capability
    any_of: tuple[str, ...] = Field(min_length=1)


class Contract(Manifest):
    """What toolchains may ask and bases must take and give."""

    version: ContractVersion
    inputs: dict[str, str]
    outputs: dict[str, str]
    capabilities: dict[Capability, Annotated[Flag | Choice, Field(discriminator="kind")]]
    aliases: dict[Capability, Alias]


class Tool(Manifest):
    """Something that the bootstrap script installs."""

    name: Name
    version: Version


class Software(Manifest):
    """What a toolchain consists of."""

    languages: tuple[Tool, ...]
    tools: tuple[Tool, ...]
    libraries: tuple[Tool, ...] = ()


class Requests(Manifest):
    """What a toolchain asks of a base; a missing optional capability is switched off, no error."""

    required: tuple[Capability, ...]
    optional: tuple[Capability, ...] = ()


class Profiles(Manifest):
    """The sizes of a toolchain, in words of its own (T-43)."""

    profiles: tuple[Name, ...] = Field(min_length=1)
    default: Name

    @model_validator(mode="after")
    def _default_is_a_profile(self) -> Self:
        if self.default not in self.profiles:
            raise ValueError(f"default is {self.default}, which is none of the profiles; write one of {', '.join(self.profiles)}")
        return self


class Toolchain(Manifest):
    """`toolchain.yaml`: languages and tools, and nothing about where they run (TPL-03, TPL-07)."""

    name: Name
    version: Version
    contract: ContractVersion
    description: Text
    image: Name
    toolchain: Software
    capabilities: Requests
    compute: Profiles


class Provider(Manifest):
    """A Terraform provider, pinned."""

    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
    version: Version


class Base(Manifest):
    """`base.yaml`: where workspaces run, and what they can have there (TPL-08)."""

    name: Name
    version: Version
    contract: ContractVersion
    description: Text
    os: Literal["linux", "windows"]
    arch: Literal["amd64", "arm64"]
    providers: dict[str, Provider]
    capabilities: dict[Capability, bool | tuple[str, ...]]
    platform: tuple[str, ...] = ()


class Pin(Manifest):
    """A module of the catalogue at a version."""

    name: Name
    version: Version

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Lifecycle(Manifest):
    """What happens to workspaces that nobody uses (TPL-52)."""

    activity_bump: Lapse
    failure_ttl: Lapse
    dormant_after: Lapse
    delete_dormant_after: Lapse


class Composition(Manifest):
    """A toolchain on a base, as a template of Coder (TPL-01, TPL-27)."""

    name: TemplateName
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    description: Annotated[str, StringConstraints(max_length=127)]  # Coder's limit
    icon: Text
    toolchain: Pin
    base: Pin
    profiles: dict[Name, SizeName]
    lifecycle: Lifecycle


class Image(Manifest):
    """A container image by digest; the tag is for people."""

    image: Text
    digest: Digest

    @property
    def reference(self) -> str:
        """What a pod is given."""
        return f"{self.image}@{self.digest}"
