"""What joins the networks of two regions: a peering connection, its acceptance, and routes on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components.network import Network

PUBLIC = "public"  # the route table that balancers and NAT are under: nothing there speaks to another region's private addresses


@dataclass(frozen=True, kw_only=True)
class Side:
    """One region of a link. cidr: of its VPC."""

    region: str
    cidr: str
    network: Network
    provider: aws.Provider


@dataclass(frozen=True, kw_only=True)
class RegionLinkArgs:
    """requester: the region that asks to be joined, and that the link goes away with. accepter: the primary one."""

    requester: Side
    accepter: Side


class RegionLink(ComponentResource):
    """VPC peering between two regions (NET-39): routes of every private and database table, names resolved to private addresses.

    Peering carries only what the security groups and NACLs of both sides let in; by itself it opens nothing. It is not transitive: a
    region that is linked to the primary one reaches no third. AWS refuses VPCs whose ranges overlap (T-12).
    """

    connection_id: Output[str]
    """Known once the connection is active."""

    def __init__(self, name: str, args: RegionLinkArgs, opts: ResourceOptions | None = None) -> None:
        asks, accepts = args.requester, args.accepter
        facts = {"requester": asks.region, "accepter": accepts.region}
        super().__init__("coder-eks:region_link:RegionLink", name, dict(facts), opts)

        connection = aws.ec2.VpcPeeringConnection(
            name,
            vpc_id=asks.network.vpc_id,
            peer_vpc_id=accepts.network.vpc_id,
            peer_region=accepts.region,
            tags={"Name": name},
            opts=self._in(asks),
        )
        accepted = aws.ec2.VpcPeeringConnectionAccepter(
            name, vpc_peering_connection_id=connection.id, auto_accept=True, tags={"Name": name}, opts=self._in(accepts)
        )
        self.connection_id = accepted.id
        # AWS changes each side's options in its own region, and only of an active connection
        aws.ec2.PeeringConnectionOptions(
            f"{name}-requester",
            vpc_peering_connection_id=self.connection_id,
            requester={"allow_remote_vpc_dns_resolution": True},
            opts=self._in(asks),
        )
        aws.ec2.PeeringConnectionOptions(
            f"{name}-accepter",
            vpc_peering_connection_id=self.connection_id,
            accepter={"allow_remote_vpc_dns_resolution": True},
            opts=self._in(accepts),
        )
        self._routes(name, asks, accepts)
        self._routes(name, accepts, asks)
        self.register_outputs({**facts, "connection_id": self.connection_id})

    def _routes(self, name: str, side: Side, other: Side) -> None:
        """From every table of one side but the public one to the other side's VPC."""
        for label, table_id in sorted(side.network.route_table_ids.items()):
            if label != PUBLIC:
                aws.ec2.Route(
                    f"{name}-{side.region}-{label}",
                    route_table_id=table_id,
                    destination_cidr_block=other.cidr,
                    vpc_peering_connection_id=self.connection_id,
                    opts=self._in(side),
                )

    def _in(self, side: Side) -> ResourceOptions:
        return ResourceOptions(parent=self, provider=side.provider)
