"""EC2: VPC peering connections, the other side's acceptance, and the options of each side.

Force-new and computed outputs: Terraform's AWS provider, internal/service/ec2/vpc_peering_connection*.go, read 2026-11-21. Acceptance and
options are no things of AWS's own: they carry the connection's id, and deleting them changes nothing in AWS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from localcloud.kinds.forms import constant, given
from localcloud.kinds.model import Kind, Reference, Request, Resource, Unique, Value
from localcloud.kinds.vpc import IN_VPC, OVER_PEERING, PEERING, VPC

ACCEPTER: Final = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
OPTIONS: Final = "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions"

_OPTIONS_OFF: Final = {side: constant(side, {"allowRemoteVpcDnsResolution": False}) for side in ("accepter", "requester")}


def _id(request: Request) -> str:
    return request.text("vpcPeeringConnectionId") or ""


def connection_of(request: Request) -> Resource | None:
    """The connection that acceptance, options or a route name, whichever region asked for it."""
    return next((each for each in request.world.everywhere(PEERING) if each.id == _id(request)), None)


def _told(name: str) -> Callable[[Request], Value]:
    """An output that the connection tells."""

    def tell(request: Request) -> Value:
        connection = connection_of(request)
        return connection.properties.get(name, "") if connection else ""

    return tell


def _status(request: Request) -> Value:
    return "active" if request.flag("autoAccept") else "pending-acceptance"


KINDS: Final = (
    Kind(
        token=PEERING,
        id="pcx-{hex17}",
        no_arn=True,
        references={
            "vpcId": IN_VPC,
            "peerVpcId": Reference(tokens=(VPC,), missing="InvalidVpcID.NotFound", any_region=True),
        },
        force_new=("peerOwnerId", "peerRegion", "peerVpcId", "vpcId"),
        outputs={
            "acceptStatus": _status,
            "peerOwnerId": "{account}",
            "peerRegion": given("peerRegion", lambda request: request.region),
            **_OPTIONS_OFF,
        },
        unique=(
            Unique(paths=("vpcId", "peerVpcId"), code="VpcPeeringConnectionAlreadyExists", message="{key} are peered already, by {id}"),
        ),
    ),
    Kind(
        token=ACCEPTER,
        id=_id,
        no_arn=True,
        references={"vpcPeeringConnectionId": OVER_PEERING},
        force_new=("vpcPeeringConnectionId",),
        outputs={
            "acceptStatus": _status,
            **{name: _told(name) for name in ("peerOwnerId", "peerRegion", "peerVpcId", "vpcId")},
            **_OPTIONS_OFF,
        },
    ),
    Kind(
        token=OPTIONS,
        id=_id,
        no_arn=True,
        references={"vpcPeeringConnectionId": OVER_PEERING},
        force_new=("vpcPeeringConnectionId",),
        outputs=_OPTIONS_OFF,
        taggable=False,
    ),
)
