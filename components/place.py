"""Where something of an environment is declared: in which region, by which provider, below which resource."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ProviderResource, Resource, ResourceOptions

from components.coder_values import Placement
from plan.model import NodeGroupPlan, Plan, RegionPlan
from settings.cluster import Role
from settings.model import Region, Settings
from settings.network import Tier


@dataclass(frozen=True, kw_only=True)
class Place:
    """One region of an environment: what is declared for it, what follows from that, and the options that its resources take."""

    settings: Settings
    plan: Plan
    region: str
    provider: aws.Provider
    parent: Resource

    @property
    def declared(self) -> Region:
        """The region's part of the stack file."""
        return self.settings.regions[self.region]

    @property
    def planned(self) -> RegionPlan:
        """The region's part of the plan."""
        return self.plan.regions[self.region]

    @property
    def opts(self) -> ResourceOptions:
        """For what is of AWS in this region."""
        return ResourceOptions(parent=self.parent, providers=[self.provider])

    def inside(self, *providers: ProviderResource) -> ResourceOptions:
        """For what is of AWS and of other providers, a cluster's for one."""
        return ResourceOptions(parent=self.parent, providers=[self.provider, *providers])

    def cidrs(self, tier: Tier) -> tuple[str, ...]:
        """The ranges of a tier's subnets, in zone order."""
        return tuple(subnet.cidr for subnet in self.planned.network.tier(tier.value).subnets)


def placement(plan: RegionPlan, role: Role) -> Placement:
    """The node group of a role; one per zone counts as one, by its label."""
    group: NodeGroupPlan = next(group for group in plan.node_groups if group.role == role)
    taint = group.taints[0]
    return Placement(key=taint.key, group=taint.value)
