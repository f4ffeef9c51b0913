"""The VPC of one region: its tiers over its zones, the ways between them and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, Resource, ResourceOptions

from components.network_logs import flow_logs
from components.network_nat_instances import nat_instances
from components.network_routes import endpoints, isolated_routes, nat_gateways, private_routes, public_routes, zone_letter
from components.network_rules import NODES, WORKSPACES, Party
from components.network_security import network_acls, rules_of, security_groups
from components.tags import DISCOVERY_TAG, ROLE_TAG, TIER_TAG, WORKSPACE_TAG
from plan.model import NetworkPlan, PoolPlan, TierPlan
from settings.cluster import Role
from settings.network import NatMode, Tier


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """system: names the log group. interface_endpoints: AWS services, `ecr.api`. flow_log_retention_days: as CloudWatch takes it.

    nat_release: of fck-nat's image, where NAT is an instance. pools: of Karpenter in the cluster of that name, which finds their subnets
    and security groups by tag (NET-30).
    data_protection: whether the engine refuses to delete the key that the flow logs are readable with.
    has_entrance: whether a load balancer faces the internet already; until then nothing is open to it.
    """

    plan: NetworkPlan
    system: str
    region: str
    interface_endpoints: Sequence[str]
    flow_log_retention_days: int
    data_protection: bool
    has_entrance: bool = True
    nat_release: str = ""
    cluster_name: str = ""
    pools: Sequence[PoolPlan] = ()


class Network(ComponentResource):
    """VPC, subnets, routes, NAT, endpoints, security groups, NACLs and flow logs (NET-01 to NET-07, NET-12 to NET-30).

    Lists are in zone order. Raises ValueError for tiers that AWS's NACL quota can't hold.
    """

    vpc_id: Output[str]
    subnet_ids: dict[str, list[Output[str]]]
    security_group_ids: dict[str, Output[str]]
    route_table_ids: dict[str, Output[str]]
    nat_public_ips: list[Output[str]]
    """Of NAT gateways; an instance's address changes when it is replaced."""
    zones: tuple[str, ...]
    cluster_security_group: aws.ec2.SecurityGroup
    """Of the Kubernetes API's interfaces; eks.Cluster takes the resource, not its id."""
    entrance: list[Resource]
    """What a public address waits for, and goes before: AWS refuses an internet-facing balancer in a VPC that has no internet gateway."""
    ways: dict[str, list[Resource]]
    """What a role's nodes wait for, and go before: without a route out or a rule they don't join, or leave while the cluster is drained."""

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        facts = _facts(args)
        super().__init__("coder-eks:network:Network", name, dict(facts), opts)
        child = ResourceOptions(parent=self)
        plan = args.plan

        vpc = aws.ec2.Vpc(name, cidr_block=plan.cidr, enable_dns_support=True, enable_dns_hostnames=True, tags={"Name": name}, opts=child)
        subnets = {
            subnet.name: aws.ec2.Subnet(
                f"{name}-{subnet.name}",
                vpc_id=vpc.id,
                cidr_block=subnet.cidr,
                availability_zone=subnet.zone,
                map_public_ip_on_launch=False,  # NAT gateways and the NLB bring their own addresses; nothing else is to have one
                tags={"Name": f"{name}-{subnet.name}", TIER_TAG: tier.name, **_discovery(tier), **_for_pools(args, tier)},
                opts=child,
            )
            for tier in plan.tiers
            for subnet in tier.subnets
        }
        by_tier = {Tier(tier.name): [subnets[subnet.name].id for subnet in tier.subnets] for tier in plan.tiers}

        gateway, public, self.entrance = public_routes(name, plan, vpc.id, subnets, child)
        gateways: dict[str, aws.ec2.NatGateway] = {}
        instances: dict[str, aws.ec2.NetworkInterface] = {}
        healers: list[Resource] = []
        if plan.nat is NatMode.INSTANCE:
            instances, healers = nat_instances(name, plan, vpc.id, subnets, args.region, args.nat_release, self.entrance, self)
        else:
            gateways = nat_gateways(name, plan, subnets, gateway, child)
        private, routes = private_routes(name, plan, vpc.id, subnets, {**gateways, **instances}, child)
        isolated = isolated_routes(name, plan, vpc.id, subnets, child)
        groups, rules = security_groups(name, vpc.id, plan, _group_tags(args), child, has_entrance=args.has_entrance)
        self.ways = {node.value: [*routes, *rules_of(node, rules), *healers] for node in NODES}
        network_acls(name, plan, vpc.id, by_tier, child)
        endpoints(
            name,
            args.region,
            vpc.id,
            args.interface_endpoints,
            [table.id for table in private.values()],
            by_tier[Tier(plan.tier_of(Role.CONTROL.value).name)],
            groups[Party.ENDPOINT].id,
            child,
        )
        flow_logs(name, args.system, args.region, vpc.id, args.flow_log_retention_days, parent=self, protect=args.data_protection)

        self.zones = plan.zones
        self.vpc_id = vpc.id
        self.subnet_ids = {tier.value: ids for tier, ids in by_tier.items()}
        self.security_group_ids = {party.value: group.id for party, group in groups.items()}
        self.cluster_security_group = groups[Party.CLUSTER]
        self.nat_public_ips = [gateway.public_ip for gateway in dict.fromkeys(gateways.values())]
        self.route_table_ids = {
            "public": public.id,
            **{f"private-{zone_letter(zone)}": table.id for zone, table in private.items()},
            "database": isolated.id,
        }
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "subnet_ids": self.subnet_ids,
                "security_group_ids": self.security_group_ids,
                "route_table_ids": self.route_table_ids,
                "nat_public_ips": self.nat_public_ips,
                **facts,
            }
        )


def _facts(args: NetworkArgs) -> dict[str, object]:
    """What policies hold the graph against."""
    return {
        "region": args.region,
        "cidr": args.plan.cidr,
        "zones": len(args.plan.zones),
        "nat": args.plan.nat.value,
        "tiers": sorted(tier.name for tier in args.plan.tiers),
        "runner_cidrs": list(args.plan.runner_cidrs),
        "interface_endpoints": sorted(set(args.interface_endpoints)),
        "flow_log_retention_days": args.flow_log_retention_days,
    }


def _for_pools(args: NetworkArgs, tier: TierPlan) -> dict[str, str]:
    """What Karpenter looks for, on subnets that a pool is in and on no other: coderd's nodes are static (Property 4)."""
    return {DISCOVERY_TAG: args.cluster_name} if tier.name in {pool.tier for pool in args.pools} else {}


def _group_tags(args: NetworkArgs) -> dict[Party, dict[str, str]]:
    """The same on the security groups of roles that have a pool, with the role; and the mark of those that workspaces have (Property 3)."""
    pools = {Party(role): {DISCOVERY_TAG: args.cluster_name, ROLE_TAG: role} for role in sorted({pool.role for pool in args.pools})}
    return {**pools, **{party: {**pools.get(party, {}), WORKSPACE_TAG: party.value} for party in WORKSPACES}}


def _discovery(tier: TierPlan) -> dict[str, str]:
    """What load balancer controllers look for (NET-30, EKS User Guide, "Route TCP and UDP traffic"); databases offer themselves to none."""
    if tier.isolated:
        return {}
    return {"kubernetes.io/role/elb": "1"} if tier.public else {"kubernetes.io/role/internal-elb": "1"}
