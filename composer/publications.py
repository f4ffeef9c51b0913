"""Compositions, and what they are made of beside modules: images, the lock file, registries (TPL-26, TPL-27, TPL-36, TPL-39, TPL-51)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from composer.words import (
    Commit,
    Digest,
    MachineImageId,
    Manifest,
    Name,
    Owner,
    Prefix,
    Reference,
    Text,
    TreeHash,
    Version,
)
from settings.names import GroupName, OverridePath, RegionName, SizeName, TemplateName
from settings.quantities import Lapse
from settings.templates import Channel


class Pin(Manifest):
    """A module of the catalogue at a version; other channels than `pinned` take their own version of it."""

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


class Gpus(Manifest):
    """How many GPUs a size of a composition may have (TPL-51)."""

    least: int = Field(default=0, ge=0)
    most: int = Field(ge=0)

    @model_validator(mode="after")
    def _least_is_least(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least is {self.least} and most {self.most}; write a least that is not above the most")
        return self


class Permit(Manifest):
    """An exception to what overrides may change: what, why, by whom, until when (Property 16); the last day counts, in UTC."""

    path: OverridePath
    reason: Text
    approver: Text
    expires: date


class Composition(Manifest):
    """A toolchain on a base, as a template of Coder (TPL-01, TPL-27)."""

    name: TemplateName
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    description: Annotated[str, StringConstraints(max_length=127)]  # Coder's limit
    icon: Text
    channel: Channel | None = None
    toolchain: Pin
    base: Pin
    images: tuple[Name, ...] = ()
    profiles: dict[Name, SizeName]
    gpus: dict[SizeName, Gpus] = Field(default_factory=dict[str, Gpus])
    groups: tuple[GroupName, ...] = ()
    lifecycle: Lifecycle
    overrides: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    permits: tuple[Permit, ...] = ()

    @model_validator(mode="after")
    def _gpus_are_of_its_sizes(self) -> Self:
        sizes = sorted(set(self.profiles.values()))
        if strange := sorted(set(self.gpus) - set(sizes)):
            raise ValueError(f"gpus names {', '.join(strange)}, which no profile has; write some of {', '.join(sizes)}")
        return self


class Container(Manifest):
    """A container image; the tag is for people and for `templates resolve`, the digest is what runs. None: the lock file has it."""

    image: Reference
    digest: Digest | None = None

    def at(self, digest: str) -> str:
        """What a pod is given."""
        return f"{self.image}@{digest}"


class MachineSearch(Manifest):
    """How AWS is asked for a machine image: the newest of an owner whose name fits."""

    owner: Owner
    name: Text
    architecture: Literal["x86_64", "arm64"] = "x86_64"


class MachineImage(Manifest):
    """A machine image of EC2; its id in each region is in the lock file. user: who people are on it."""

    machine_image: MachineSearch
    user: Text


Image = Container | MachineImage


class Registry(Manifest):
    """A place that container images may come from (requirements section 5, supply chain)."""

    prefix: Prefix
    reason: Text


class Resolved(Manifest):
    """A digest, and where and when it was read."""

    digest: Digest
    source: Text
    read: date


class ResolvedMachine(Manifest):
    """The id of a machine image in one region, its full name, and where and when both were read."""

    id: MachineImageId
    name: Text
    source: Text
    read: date


class Release(Manifest):
    """A version of a module that has a Git tag: the tag, its commit, and the hash of the module's files, which never changes."""

    tag: Text
    commit: Commit
    files: TreeHash


class Lock(Manifest):
    """`lock.yaml`, as `coder-eks templates resolve` writes it: everything that moves elsewhere and must not here (TPL-39)."""

    images: dict[Name, Resolved] = Field(default_factory=dict[str, Resolved])
    machine_images: dict[Name, dict[RegionName, ResolvedMachine]] = Field(default_factory=dict[str, dict[str, ResolvedMachine]])
    releases: dict[Name, dict[Version, Release]] = Field(default_factory=dict[str, dict[str, Release]])
    channels: dict[Channel, dict[Name, Version]] = Field(default_factory=dict[Channel, dict[str, str]])

    def release(self, pin: Pin) -> Release | None:
        """What is recorded of a module's version; None: it has no tag yet."""
        return self.releases.get(pin.name, {}).get(pin.version)


def version_of(pin: Pin, channel: Channel, lock: Lock) -> Pin:
    """The version that a channel takes of a module: the pinned one, or what the lock file has for the channel (TPL-26).

    A module that the channel does not have yet is taken as pinned: a catalogue without tags has one version of everything.
    """
    if channel is Channel.PINNED:
        return pin
    return pin.model_copy(update={"version": lock.channels.get(channel, {}).get(pin.name, pin.version)})
