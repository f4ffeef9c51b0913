"""The `templates` section: what the second visit publishes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from pydantic import Field

from settings.names import GroupName, OverridePath, SizeName, TemplateName, closest
from settings.quantities import Duration, Lapse, TimeOfDay
from settings.section import Fault, Section
from settings.workload import Flag


class Channel(StrEnum):
    """Which versions of toolchains and bases are taken (TPL-26)."""

    STABLE = "stable"  # what has been promoted
    BETA = "beta"  # what is to be promoted
    PINNED = "pinned"  # one tag, changed by hand


class On(StrEnum):
    """What the workspaces of a template are."""

    PODS = "pods"  # of the cluster: they count in its capacity and its limits
    EC2 = "ec2"  # instances of their own, started on demand (EKS-37)


class Published(Section):
    """One workspace template."""

    runs_on: On = Field(default=On.PODS, description="Pods of the cluster, or EC2 instances.", examples=["ec2"])
    groups: tuple[GroupName, ...] = Field(min_length=1, description="Coder groups that may use it (TPL-36).", examples=["[developers]"])
    sizes: tuple[SizeName, ...] = Field(min_length=1, description="Sizes that it offers.", examples=["[sw-dev-small]"])
    activity_bump: Lapse | None = Field(default=None, description="By how much activity moves the stop.", examples=["1h"])
    failure_ttl: Lapse | None = Field(default=None, description="After which a failed workspace is stopped (TPL-52).", examples=["1d"])
    dormant_after: Lapse | None = Field(default=None, description="After which an unused workspace is locked.", examples=["30d"])
    delete_dormant_after: Lapse | None = Field(default=None, description="After which a locked one is deleted.", examples=["never"])

    @property
    def lifecycle(self) -> Mapping[str, object]:
        """What is said here instead of in the composition."""
        keys = ("activity_bump", "failure_ttl", "dormant_after", "delete_dormant_after")
        return {key: value for key in keys if (value := getattr(self, key)) is not None}


class Permit(Section):
    """What an override of a composition may change beyond the rule, until when (Property 16)."""

    template: TemplateName = Field(description="Name of the composition.", examples=["pod-swdev"])
    path: OverridePath = Field(description="Path of the override.", examples=["capabilities.network-egress"])
    reason: str = Field(min_length=1, description="Why it is needed.", examples=["load test of June"])
    approver: str = Field(min_length=1, description="Who of the platform's owners said yes.", examples=["platform-lead"])
    expires: date = Field(description="Last day, in UTC.", examples=["2026-12-31"])


class Templates(Section):
    """Which templates exist and when their workspaces run."""

    channel: Channel = Field(description="Which versions of toolchains and bases.", examples=["stable"])
    ec2: Flag = Field(default=True, description="Whether templates on EC2 are published; false leaves them out (reference before 1.2).")
    always_on: tuple[TemplateName, ...] = Field(
        default=(), description="Templates that may run around the clock (TPL-30).", examples=["[]"]
    )
    auto_start: TimeOfDay = Field(description="When workspaces start, in the workload's time zone.", examples=["07:00"])
    auto_stop: TimeOfDay = Field(description="When workspaces stop, in the workload's time zone.", examples=["18:00"])
    time_to_live: Duration = Field(description="Longest run of a workspace that nobody extends (Property 7).", examples=["10h"])
    published: dict[TemplateName, Published] = Field(description="Templates by name.")
    permits: tuple[Permit, ...] = Field(default=(), description="Exceptions to what overrides may change (Property 16).", examples=["[]"])

    @property
    def active(self) -> Mapping[str, Published]:
        """Those that are made, by name: all, or all but the ones on EC2."""
        return {name: template for name, template in sorted(self.published.items()) if self.ec2 or template.runs_on is On.PODS}

    @property
    def pod_sizes(self) -> frozenset[str]:
        """Every size that a pod may have."""
        return frozenset(size for template in self.active.values() if template.runs_on is On.PODS for size in template.sizes)

    def faults(self) -> Iterable[Fault]:
        """Workspaces stop after they start; only a published template may run around the clock, or be permitted something."""
        if self.auto_start >= self.auto_stop:
            yield Fault(
                ("auto_stop",),
                f"workspaces stop at {self.auto_stop:%H:%M}, not after they start at {self.auto_start:%H:%M}; write a later time",
            )
        named = [(("always_on", index), name) for index, name in enumerate(self.always_on)]
        named += [(("permits", index), permit.template) for index, permit in enumerate(self.permits)]
        for path, name in named:
            if name not in self.published:
                meant = closest(name, sorted(self.published))
                where = (*path, "template") if path[0] == "permits" else path
                yield Fault(where, f"{name} is not published; " + (f"did you mean {meant}?" if meant else "remove it"))
