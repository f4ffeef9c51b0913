"""The `templates` section: what the second visit publishes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from settings.names import GroupName, SizeName, TemplateName, closest
from settings.quantities import Duration, TimeOfDay
from settings.section import Fault, Section


class Channel(StrEnum):
    """Which versions of toolchains and bases are taken (TPL-26)."""

    STABLE = "stable"  # what has been promoted
    BETA = "beta"  # what is to be promoted
    PINNED = "pinned"  # one tag, changed by hand


class Published(Section):
    """One workspace template."""

    groups: tuple[GroupName, ...] = Field(min_length=1, description="Coder groups that may use it (TPL-36).", examples=["[developers]"])
    sizes: tuple[SizeName, ...] = Field(min_length=1, description="Sizes that it offers.", examples=["[sw-dev-small]"])


class Templates(Section):
    """Which templates exist and when their workspaces run."""

    channel: Channel = Field(description="Which versions of toolchains and bases.", examples=["stable"])
    always_on: tuple[TemplateName, ...] = Field(
        default=(), description="Templates that may run around the clock (TPL-30).", examples=["[]"]
    )
    auto_start: TimeOfDay = Field(description="When workspaces start, in the workload's time zone.", examples=["07:00"])
    auto_stop: TimeOfDay = Field(description="When workspaces stop, in the workload's time zone.", examples=["18:00"])
    time_to_live: Duration = Field(description="Longest run of a workspace that nobody extends (Property 7).", examples=["10h"])
    published: dict[TemplateName, Published] = Field(description="Templates by name.")

    def faults(self) -> Iterable[Fault]:
        """Workspaces stop after they start; only a published template may run around the clock."""
        if self.auto_start >= self.auto_stop:
            yield Fault(
                ("auto_stop",),
                f"workspaces stop at {self.auto_stop:%H:%M}, not after they start at {self.auto_start:%H:%M}; write a later time",
            )
        for index, name in enumerate(self.always_on):
            if name not in self.published:
                meant = closest(name, sorted(self.published))
                yield Fault(("always_on", index), f"{name} is not published; " + (f"did you mean {meant}?" if meant else "remove it"))
