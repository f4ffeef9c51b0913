"""The manifests of the catalogue: contract, toolchains, bases (TPL-02, TPL-03, TPL-08, TPL-13 to TPL-16); docs/templates/format.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from composer.words import (
    Advisory,
    AppName,
    AppPath,
    Capability,
    ContractVersion,
    MachineType,
    Manifest,
    Name,
    ProviderSource,
    ProviderVersion,
    Text,
    ToolVersion,
    Version,
)
from settings.quantities import Cpu, Memory

Os = Literal["linux", "windows"]
Arch = Literal["amd64", "arm64"]


class Flag(Manifest):
    """A capability that is there or not."""

    kind: Literal["flag"]


class Choice(Manifest):
    """A capability with several ways, the least privileged first; default: the way of a toolchain that asks for none."""

    kind: Literal["choice"]
    values: tuple[str, ...] = Field(min_length=1)
    default: str | None = None

    @model_validator(mode="after")
    def _default_is_a_value(self) -> Self:
        if self.default is not None and self.default not in self.values:
            raise ValueError(f"default is {self.default}, which is none of the values; write one of {', '.join(self.values)}")
        return self


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

    @property
    def major(self) -> int:
        """The number of its version, which has no other (TPL-16)."""
        return int(self.version.partition(".")[0])

    @model_validator(mode="after")
    def _aliases_mean_something(self) -> Self:
        faults: list[str] = []
        for word, alias in self.aliases.items():
            kind = self.capabilities.get(alias.capability)
            if word in self.capabilities:
                faults.append(f"alias {word} is a capability as well; give it another name")
            if not isinstance(kind, Choice):
                faults.append(f"alias {word} is of {alias.capability}, which is no capability with ways; write one that has some")
            elif strange := [way for way in alias.any_of if way not in kind.values]:
                faults.append(f"alias {word} means {', '.join(strange)} of {alias.capability}; its ways are {', '.join(kind.values)}")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class Tool(Manifest):
    """Something that the bootstrap script or the image brings."""

    name: Name
    version: ToolVersion


class Software(Manifest):
    """What a toolchain consists of."""

    languages: tuple[Tool, ...]
    tools: tuple[Tool, ...]
    libraries: tuple[Tool, ...] = ()

    @property
    def everything(self) -> tuple[Tool, ...]:
        """Languages, tools and libraries, in the manifest's order."""
        return (*self.languages, *self.tools, *self.libraries)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _once("tool", [tool.name for tool in self.everything])
        return self


class Requests(Manifest):
    """What a toolchain asks of a base; a missing optional capability is switched off, no error."""

    required: tuple[Capability, ...]
    optional: tuple[Capability, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _once("required capability", self.required)
        _once("optional capability", self.optional)
        return self


class Profiles(Manifest):
    """The sizes of a toolchain, in words of its own (T-43)."""

    profiles: tuple[Name, ...] = Field(min_length=1)
    default: Name

    @model_validator(mode="after")
    def _default_is_a_profile(self) -> Self:
        _once("profile", self.profiles)
        if self.default not in self.profiles:
            raise ValueError(f"default is {self.default}, which is none of the profiles; write one of {', '.join(self.profiles)}")
        return self


class Fix(Manifest):
    """A flaw that this version of a toolchain mends by another version of a tool: it makes the change a patch (TPL-25, Property 17)."""

    tool: Name
    advisory: Advisory


class App(Manifest):
    """A web application that the bootstrap script starts: on loopback, since people come by coderd's tunnel (TPL-34). health: its path."""

    name: AppName
    title: Text
    icon: Text
    port: int = Field(ge=1024, le=65535)
    health: AppPath = "/"


class Toolchain(Manifest):
    """`toolchain.yaml`: languages and tools, and nothing about where they run (TPL-03, TPL-07)."""

    name: Name
    version: Version
    contract: ContractVersion
    description: Text
    os: Os = "linux"
    image: Name | None = None
    toolchain: Software
    capabilities: Requests
    compute: Profiles
    apps: tuple[App, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @model_validator(mode="after")
    def _apps_apart(self) -> Self:
        _once("application", [app.name for app in self.apps])
        _once("port", [str(app.port) for app in self.apps])
        return self

    @model_validator(mode="after")
    def _fixes_are_of_its_tools(self) -> Self:
        tools = [tool.name for tool in self.toolchain.everything]
        if strange := [fix.tool for fix in self.fixes if fix.tool not in tools]:
            raise ValueError(f"fixes names {', '.join(strange)}, which it does not bring; write some of {', '.join(tools)}")
        return self


def _offer(value: object) -> object:
    ways = cast("Sequence[object]", value) if isinstance(value, list | tuple) else None
    if isinstance(value, bool) or (ways is not None and all(isinstance(way, str) for way in ways)):
        return cast("object", value)
    raise ValueError(
        "a base offers a capability with true or false, or lists its ways; write true, false or a list such as [none, https-only]"
    )


Offer = Annotated[bool | tuple[str, ...], BeforeValidator(_offer)]


class Provider(Manifest):
    """A Terraform provider, pinned."""

    source: ProviderSource
    version: ProviderVersion


class Machine(Manifest):
    """An instance type that a base may start, and what it has."""

    type: MachineType
    cpu: Cpu
    memory: Memory
    gpus: int = Field(default=0, ge=0)


class Base(Manifest):
    """`base.yaml`: where workspaces run, and what they can have there (TPL-08)."""

    name: Name
    version: Version
    contract: ContractVersion
    description: Text
    os: Os
    arch: Arch
    coderd: Literal["internal", "external"] = "internal"
    machine_images: tuple[Name, ...] = ()
    machines: tuple[Machine, ...] = ()
    providers: dict[str, Provider]
    capabilities: dict[Capability, Offer]
    platform: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _machines_and_their_images(self) -> Self:
        if bool(self.machines) != bool(self.machine_images):
            raise ValueError(
                "machines and machine_images come together: write both for a base of virtual machines, neither for one of pods"
            )
        _once("instance type", [machine.type for machine in self.machines])
        return self


def _once(what: str, names: Sequence[str]) -> None:
    if twice := sorted({name for name in names if list(names).count(name) > 1}):
        raise ValueError(f"{what} {', '.join(twice)} is listed twice; remove one")
