"""What EC2 refuses about VPC peering.

"Error codes for the Amazon EC2 API" (EC2 developer guide), ModifyVpcPeeringConnectionOptions (EC2 API reference) and the words that
Terraform's AWS provider quotes in internal/service/ec2/vpc_peering_connection.go, read 2026-11-21.
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import network
from localcloud.kinds.model import Request, Resource
from localcloud.kinds.vpc import PEERING, ROUTE, ROUTE_TABLE, VPC
from localcloud.kinds.vpc_peering import ACCEPTER, OPTIONS, connection_of
from localcloud.refusals import ALWAYS, CREATE, row

_SIDES: Final = {"requester": "vpcId", "accepter": "peerVpcId"}


def _vpc(request: Request, vpc_id: str) -> Resource | None:
    """A VPC, in whichever region."""
    return next((vpc for vpc in request.world.everywhere(VPC) if vpc.id == vpc_id), None)


def _overlap(request: Request) -> str | None:
    mine, theirs = (_vpc(request, request.text(path) or "") for path in ("vpcId", "peerVpcId"))
    here, there = (network(vpc.text("cidrBlock")) if vpc else None for vpc in (mine, theirs))
    if here is None or there is None or not here.overlaps(there):
        return None
    return f"Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range: {here} and {there}"


def _accepts_itself(request: Request) -> str | None:
    if request.inputs.get("peerRegion") is None or not request.flag("autoAccept"):
        return None
    return "`peer_region` cannot be set whilst `auto_accept` is `true`: the other region's side accepts"


def _peer_elsewhere(request: Request) -> str | None:
    """AWS looks for the other VPC in the region that the request names, or in its own."""
    said = request.text("peerRegion") or request.region
    peer = _vpc(request, request.text("peerVpcId") or "")
    return f"The vpc ID '{peer.id}' does not exist in {said} (it is in {peer.region})" if peer and peer.region != said else None


def _accepted_here(request: Request) -> str | None:
    connection = connection_of(request)
    where = connection.text("peerRegion") if connection else request.region
    if connection is None or where == request.region:
        return None
    return (
        f"Incorrect region ({request.region}) specified for this request. VPC peering connection {connection.id} must be accepted in "
        f"region {where}"
    )


def _active(request: Request, connection: Resource) -> bool:
    accepted = (each for each in request.world.everywhere(ACCEPTER) if each.id == connection.id)
    return any(each.properties.get("autoAccept") is True for each in (connection, *accepted))


def _options_of_inactive(request: Request) -> str | None:
    connection = connection_of(request)
    if connection is None or _active(request, connection):
        return None
    return f"Peering {connection.id} is not active. Peering options can be added only to active peerings."


def _options_elsewhere(request: Request) -> str | None:
    """Between regions each side's options are changed in its own."""
    connection = connection_of(request)
    if connection is None:
        return None
    regions = {"requester": connection.region, "accepter": connection.text("peerRegion")}
    for side, region in regions.items():
        if request.inputs.get(side) is not None and region != request.region:
            return f"The {side}'s options of {connection.id} are modified in region {region}, not in {request.region}"
    return None


def _names_without_dns(request: Request) -> str | None:
    connection = connection_of(request)
    if connection is None or not any(request.flag(f"{side}.allowRemoteVpcDnsResolution") for side in _SIDES):
        return None
    for path in _SIDES.values():
        vpc = _vpc(request, connection.text(path))
        if vpc and not (vpc.properties.get("enableDnsSupport") is True and vpc.properties.get("enableDnsHostnames") is True):
            return f"DNS resolution over {connection.id} requires enableDnsSupport and enableDnsHostnames of both VPCs; {vpc.id} lacks one"
    return None


def _route_elsewhere(request: Request) -> str | None:
    table = request.world.get(ROUTE_TABLE, request.text("routeTableId") or "")
    connection = connection_of(request)
    if table is None or connection is None or table.text("vpcId") in {connection.text(path) for path in _SIDES.values()}:
        return None
    return f"route table {table.id} and VPC peering connection {connection.id} belong to different networks"


REFUSALS: Final = (
    row(PEERING, "VpcPeeringConnectionFailed", "peered VPCs do not overlap", _overlap, CREATE),  # a status, "failed", that is waited for
    row(PEERING, "InvalidParameterCombination", "no request accepts itself in another region", _accepts_itself, ALWAYS, "autoAccept"),
    row(PEERING, "InvalidVpcID.NotFound", "the other VPC is in the region that is named", _peer_elsewhere, CREATE),
    row(ACCEPTER, "OperationNotPermitted", "a peering is accepted in the other VPC's region", _accepted_here, CREATE),
    row(OPTIONS, "OperationNotPermitted", "only an active peering has options", _options_of_inactive),
    row(OPTIONS, "OperationNotPermitted", "each side's options are set in its region", _options_elsewhere),
    row(OPTIONS, "InvalidParameterValue", "names are resolved over a peering by VPCs with DNS", _names_without_dns),
    row(ROUTE, "InvalidParameterValue", "a route over a peering is of one of its VPCs", _route_elsewhere),
)
