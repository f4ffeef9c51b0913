"""The `system` and `workload` sections: which system this is, and how many workspaces at which hours."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import Field, Strict

from settings.names import AccountId, Host, SizeName, SystemName, TagValue, TimeZone, closest
from settings.quantities import Cpu, Days, Memory, Percentage, Share, TimeOfDay, Volume, percent
from settings.section import Fault, Section

Flag = Annotated[bool, Strict()]
MOST = 10**9 - 1  # nine digits, as of amounts (settings/quantities.py): more than there is of anything
Count = Annotated[int, Strict(), Field(ge=0, le=MOST)]
Positive = Annotated[int, Strict(), Field(ge=1, le=MOST)]


class Sizing(StrEnum):
    """Which node types and control plane a stack asks for (T-14, T-71)."""

    DESIGN = "design"  # the documents' figures as declared, with warnings where they do not hold
    VALIDATED = "validated"  # what Coder's published architecture asks for at this scale


class System(Section):
    """Which system this stack is, its domain, its owner, and whether its data is protected."""

    name: SystemName = Field(description="Name of the system; every cloud name and tag carries it.", examples=["prod"])
    sizing: Sizing = Field(description="Declared node types, or the ones of Coder's published architecture.", examples=["design"])
    base_domain: Host = Field(description="Domain of the public hosted zone that Coder's hosts are in.", examples=["coder.example.com"])
    owner: TagValue = Field(description="Team that owns the system; becomes the tag Owner.", examples=["platform"])
    cost_center: TagValue = Field(description="Who pays; becomes the tag CostCenter.", examples=["developer-experience"])
    account_id: AccountId | None = Field(
        default=None, description="AWS account that the stack belongs to; the preflight refuses another.", examples=['"123456789012"']
    )
    data_protection: Flag = Field(default=True, description="Whether database, backups and keys refuse deletion.", examples=[True])


class Compute(Section):
    """CPU and memory of one pod; requests equal limits."""

    cpu: Cpu = Field(description="vCPUs, or thousandths such as 500m.", examples=[1])
    memory: Memory = Field(description="Memory in powers of 1024, such as 4Gi.", examples=["4Gi"])


class Size(Compute):
    """What one workspace has."""

    storage: Volume = Field(description="Volume of the home directory in powers of 1024, such as 100Gi.", examples=["100Gi"])


class Peak(Section):
    """The hours with full capacity, in local time."""

    from_: TimeOfDay = Field(alias="from", description="When full capacity must stand, in quotes.", examples=["07:00"])
    until: TimeOfDay = Field(description="When full capacity may begin to fall, in quotes.", examples=["18:00"])
    days: Days = Field(description="Days with a peak.", examples=["[mon, tue, wed, thu, fri]"])
    workspaces: Positive = Field(description="Workspaces that run at once at the peak.", examples=[3000])

    def faults(self) -> Iterable[Fault]:
        """A peak ends on the day it begins."""
        if self.from_ >= self.until:
            yield Fault(("until",), f"the peak ends at {self.until:%H:%M}, not after its start at {self.from_:%H:%M}; write a later time")


class OffHours(Section):
    """Outside the peak."""

    workspaces: Count = Field(description="Workspaces that run at once outside the peak.", examples=[300])


class Users(Section):
    """Who works here."""

    count: Positive = Field(description="People with an account.", examples=[1000])
    workspaces_each: Positive = Field(description="Most workspaces that one person may have.", examples=[3])


class Requests(Section):
    """What a workspace pod requests, as a share of its size: less than 100% is overcommitted (T-14)."""

    cpu: Share = Field(description="Requested share of a size's CPU.", examples=["25%"])
    memory: Share = Field(description="Requested share of a size's memory; under 50% invites out-of-memory kills.", examples=["50%"])


class Workload(Section):
    """How many workspaces at which hours, and how large they are."""

    timezone: TimeZone = Field(description="IANA time zone that all times of this file are in.", examples=["America/New_York"])
    peak: Peak = Field(
        description="The hours with full capacity.", examples=['{ from: "07:00", until: "18:00", days: [mon], workspaces: 3000 }']
    )
    off_hours: OffHours = Field(description="All other hours.", examples=["{ workspaces: 300 }"])
    users: Users = Field(description="How many people, how many workspaces each.", examples=["{ count: 1000, workspaces_each: 3 }"])
    average: Size = Field(description="The size that capacity is computed with.", examples=["{ cpu: 4, memory: 8Gi, storage: 100Gi }"])
    requests: Requests = Field(description="Share of a size that a workspace pod requests.", examples=["{ cpu: 25%, memory: 50% }"])
    growth: Percentage = Field(description="Headroom that the address plan keeps.", examples=["20%"])
    provisioner: Compute = Field(description="One provisioner; each runs one build.", examples=["{ cpu: 1, memory: 1Gi }"])
    sizes: dict[SizeName, Size] = Field(
        min_length=1, description="Sizes that templates offer, by name.", examples=["{ small: { cpu: 2, memory: 4Gi, storage: 20Gi } }"]
    )
    mix: dict[SizeName, Share] = Field(
        default_factory=dict, description="Shares of the peak by size, which the capacity plan tries out.", examples=["{ small: 100% }"]
    )

    def faults(self) -> Iterable[Fault]:
        """Hours and people must agree on how many workspaces there can be."""
        if self.off_hours.workspaces > self.peak.workspaces:
            yield Fault(
                ("off_hours", "workspaces"),
                f"{self.off_hours.workspaces} is more than the peak's {self.peak.workspaces}; write at most {self.peak.workspaces}",
            )
        most = self.users.count * self.users.workspaces_each
        if self.peak.workspaces > most:
            yield Fault(
                ("peak", "workspaces"),
                f"{self.peak.workspaces} is more than {self.users.count} users with {self.users.workspaces_each} each can have; "
                f"write at most {most}, or raise users",
            )
        for name in (name for name in self.mix if name not in self.sizes):
            meant = closest(name, sorted(self.sizes))
            yield Fault(
                ("mix", name),
                f"{name} is not in sizes; " + (f"did you mean {meant}?" if meant else f"write one of {', '.join(self.sizes)}"),
            )
        if self.mix and (total := sum(self.mix.values())) != 1:
            yield Fault(("mix",), f"the shares add up to {percent(Fraction(total))}; make them 100%")
