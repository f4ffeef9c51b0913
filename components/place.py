"""Where something of an environment is declared: in which region, by which provider, below which resource."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ProviderResource, Resource, ResourceOptions

from components.coder_values import Placement
from plan.model import NodeGroupPlan, Plan, PoolPlan, RegionPlan
from settings.cluster import Role
from settings.model import Settings
from settings.network import Tier
from settings.regions import Region


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

    def cidrs(self, tier: Tier, region: str | None = None) -> tuple[str, ...]:
        """The ranges of a tier's subnets, in zone order; of another region where one is given."""
        return tuple(subnet.cidr for subnet in self.plan.regions[region or self.region].network.tier(tier.value).subnets)


def architecture(plan: RegionPlan, role: Role) -> str:
    """What the processors of a role's nodes run: `amd64`, `arm64` (TPL-48). Workspaces have one, by the settings' own rule."""
    nodes = _nodes(plan, role)
    return nodes.architectures[0] if isinstance(nodes, PoolPlan) else nodes.architecture


def _nodes(plan: RegionPlan, role: Role) -> NodeGroupPlan | PoolPlan:
    return next(nodes for nodes in (*plan.node_groups, *plan.pools) if nodes.role == role)


def placement(plan: RegionPlan, role: Role) -> Placement:
    """The node group of a role, or its pools; several count as one, by their label."""
    taint = _nodes(plan, role).taints[0]
    return Placement(key=taint.key, group=taint.value)
