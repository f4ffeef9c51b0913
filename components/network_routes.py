"""Ways out of the VPC: internet gateway, NAT, route tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi_aws as aws
from pulumi import Input, Output, Resource, ResourceOptions

from components.network_rules import ANYWHERE
from plan.model import NetworkPlan
from settings.network import NatMode, Tier


def public_routes(
    name: str, plan: NetworkPlan, vpc_id: Input[str], subnets: Mapping[str, aws.ec2.Subnet], opts: ResourceOptions
) -> tuple[aws.ec2.InternetGateway, aws.ec2.RouteTable, list[Resource]]:
    """The internet gateway, one table for the public subnets with the route to it (NET-12), and what makes that way whole."""
    gateway = aws.ec2.InternetGateway(name, vpc_id=vpc_id, tags={"Name": name}, opts=opts)
    table = aws.ec2.RouteTable(f"{name}-public", vpc_id=vpc_id, tags={"Name": f"{name}-public"}, opts=opts)
    route = aws.ec2.Route(
        f"{name}-public-internet", route_table_id=table.id, destination_cidr_block=ANYWHERE, gateway_id=gateway.id, opts=opts
    )
    joined = [associate(f"{name}-{subnet.name}", subnets[subnet.name], table, opts) for subnet in plan.tier(Tier.PUBLIC.value).subnets]
    return gateway, table, [gateway, route, *joined]


def nat_gateways(
    name: str, plan: NetworkPlan, subnets: Mapping[str, aws.ec2.Subnet], gateway: aws.ec2.InternetGateway, opts: ResourceOptions
) -> dict[str, aws.ec2.NatGateway]:
    """The NAT gateway that each zone's private subnets use, by zone: its own, or the first zone's for all (NET-13, NET-14, T-37)."""
    public = plan.tier(Tier.PUBLIC.value).subnets
    needs_internet = ResourceOptions.merge(opts, ResourceOptions(depends_on=[gateway]))  # an address is of no use before
    made: dict[str, aws.ec2.NatGateway] = {}
    for subnet in public if plan.nat is NatMode.GATEWAY_PER_AZ else public[:1]:
        letter = zone_letter(subnet.zone)
        address = aws.ec2.Eip(f"{name}-nat-{letter}", domain="vpc", tags={"Name": f"{name}-nat-{letter}"}, opts=needs_internet)
        made[subnet.zone] = aws.ec2.NatGateway(
            f"{name}-{letter}",
            allocation_id=address.id,
            subnet_id=subnets[subnet.name].id,
            tags={"Name": f"{name}-{letter}"},
            opts=needs_internet,
        )
    first = made[public[0].zone]
    return {subnet.zone: made.get(subnet.zone, first) for subnet in public}


def private_routes(
    name: str,
    plan: NetworkPlan,
    vpc_id: Input[str],
    subnets: Mapping[str, aws.ec2.Subnet],
    nat: Mapping[str, aws.ec2.NatGateway | aws.ec2.NetworkInterface],
    opts: ResourceOptions,
) -> tuple[dict[str, aws.ec2.RouteTable], list[Resource]]:
    """One table for each zone, by zone, with the route to its NAT; control, provisioner and workspace subnets share it.

    And what makes the ways whole: a node that starts before them never joins.

    Their routes are the same, and isolation between them is the work of security groups and NACLs; so a zone's way out is changed in one
    place. A zone has its table even where all use one gateway: a gateway per zone is then a change of a route, of no subnet (NET-40).
    """
    tables: dict[str, aws.ec2.RouteTable] = {}
    ways: list[Resource] = []
    for zone in plan.zones:
        label = f"{name}-private-{zone_letter(zone)}"
        tables[zone] = table = aws.ec2.RouteTable(label, vpc_id=vpc_id, tags={"Name": label}, opts=opts)
        out = nat[zone]
        gateway_id, interface_id = (out.id, None) if isinstance(out, aws.ec2.NatGateway) else (None, out.id)
        ways.append(
            aws.ec2.Route(
                f"{label}-internet",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateway_id,
                network_interface_id=interface_id,
                opts=opts,
            )
        )
    private = [subnet for tier in plan.tiers if not tier.public and not tier.isolated for subnet in tier.subnets]
    ways += [associate(f"{name}-{subnet.name}", subnets[subnet.name], tables[subnet.zone], opts) for subnet in private]
    return tables, ways


def isolated_routes(
    name: str, plan: NetworkPlan, vpc_id: Input[str], subnets: Mapping[str, aws.ec2.Subnet], opts: ResourceOptions
) -> aws.ec2.RouteTable:
    """The table of the isolated tiers: the VPC's own range and nothing else, not even S3, of which a database is no client (NET-17)."""
    table = aws.ec2.RouteTable(f"{name}-database", vpc_id=vpc_id, tags={"Name": f"{name}-database"}, opts=opts)
    for tier in plan.tiers:
        for subnet in tier.subnets if tier.isolated else ():
            associate(f"{name}-{subnet.name}", subnets[subnet.name], table, opts)
    return table


def associate(name: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable, opts: ResourceOptions) -> Resource:
    """Put a subnet under a table; a subnet without one would take the VPC's main table."""
    return aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=opts)


def zone_letter(zone: str) -> str:
    """`a` of `us-east-1a`."""
    return zone[-1]


def endpoints(
    name: str,
    region: str,
    vpc_id: Input[str],
    services: Sequence[str],
    route_table_ids: Sequence[Input[str]],
    subnet_ids: Sequence[Input[str]],
    security_group_id: Input[str],
    opts: ResourceOptions,
) -> dict[str, Output[str]]:
    """Ids of the AWS endpoints in the VPC: S3 as a gateway on every private table (NET-21), interfaces with private DNS (NET-22, NET-24).

    Interfaces are in the subnets of the control nodes, one in each zone: every tier reaches those, and no other tier's NACL opens 443.
    """
    gateway = aws.ec2.VpcEndpoint(
        f"{name}-s3",
        vpc_id=vpc_id,
        service_name=f"com.amazonaws.{region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=list(route_table_ids),
        tags={"Name": f"{name}-s3"},
        opts=opts,
    )
    made = {"s3": gateway.id}
    for service in sorted(set(services)):
        label = f"{name}-{service.replace('.', '-')}"
        interface = aws.ec2.VpcEndpoint(
            label,
            vpc_id=vpc_id,
            service_name=f"com.amazonaws.{region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnet_ids),
            security_group_ids=[security_group_id],
            tags={"Name": label},
            opts=opts,
        )
        made[service] = interface.id
    return made
