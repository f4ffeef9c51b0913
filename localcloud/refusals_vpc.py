"""What EC2 refuses about networks.

Codes: "Error codes for the Amazon EC2 API" (EC2 developer guide); states of NAT gateways: VPC user guide.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import Final

from localcloud.kinds.compute import INSTANCE
from localcloud.kinds.elb import LOAD_BALANCER
from localcloud.kinds.forms import network
from localcloud.kinds.model import Request, Resource
from localcloud.kinds.rds import CLUSTER
from localcloud.kinds.rds import INSTANCE as DB_INSTANCE
from localcloud.kinds.rds_groups import SUBNET_GROUP
from localcloud.kinds.vpc import (
    DESTINATIONS,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SUBNET,
    VPC,
)
from localcloud.kinds.vpc_endpoints import ENDPOINT, FLOW_LOG, GATEWAY_SERVICES, INTERFACE_SERVICES
from localcloud.kinds.zones import zones
from localcloud.refusals import ALWAYS, CREATE, DELETE, exactly_one, row

_TARGETS: Final = ("carrierGatewayId", "coreNetworkArn", "egressOnlyGatewayId", "gatewayId", "localGatewayId", "natGatewayId",
                   "networkInterfaceId",
                   "odbNetworkArn", "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId")  # fmt: skip
# "Flow log records", Available fields, versions 2 to 10 (Amazon VPC User Guide, read 2026-11-21)
_LOG_FIELDS: Final = frozenset(
    {
        "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start",
        "end", "action", "log-status", "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr",
        "region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction",
        "traffic-path", "ecs-cluster-arn", "ecs-cluster-name", "ecs-container-instance-arn", "ecs-container-instance-id",
        "ecs-container-id", "ecs-second-container-id", "ecs-service-name", "ecs-task-definition-arn", "ecs-task-arn", "ecs-task-id",
        "reject-reason", "resource-id", "encryption-status",
    }
)  # fmt: skip


def _vpc_size(request: Request) -> str | None:
    found = network(request.text("cidrBlock") or "")
    if found is None or 16 <= found.prefixlen <= 28:
        return None
    return f"The CIDR '{found}' is invalid: a VPC is from /16 to /28"


def _vpc_without_range(request: Request) -> str | None:
    given = any(request.inputs.get(path) for path in ("cidrBlock", "ipv4IpamPoolId"))
    return None if given else "The request must contain the parameter cidrBlock or ipv4IpamPoolId"


def _subnet_size(request: Request) -> str | None:
    found = network(request.text("cidrBlock") or "")
    return f"The CIDR '{found}' is invalid: a subnet is from /16 to /28" if found and not 16 <= found.prefixlen <= 28 else None


def _subnet_outside(request: Request) -> str | None:
    mine = network(request.text("cidrBlock") or "")
    vpc = request.world.get(VPC, request.text("vpcId") or "")
    whole = network(vpc.text("cidrBlock")) if vpc else None
    return f"The CIDR '{mine}' is outside the VPC's {whole}" if mine and whole and not mine.subnet_of(whole) else None


def _subnet_overlaps(request: Request) -> str | None:
    mine = network(request.text("cidrBlock") or "")
    for other in request.world.all(SUBNET):
        theirs = network(other.text("cidrBlock"))
        if mine and theirs and other.id != request.id and other.text("vpcId") == request.text("vpcId") and mine.overlaps(theirs):
            return f"The CIDR '{mine}' conflicts with another subnet: {other.id} {theirs}"
    return None


def _subnet_zone(request: Request) -> str | None:
    zone, known = request.text("availabilityZone"), zones(request.region)
    if not zone or not known or zone in known:
        return None
    return f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in: {', '.join(known)}"


def _subnet_in_use(request: Request) -> str | None:
    """A database has network interfaces in every subnet of its subnet group."""
    for group in request.world.all(SUBNET_GROUP):
        if request.id not in group.texts("subnetIds[*]"):
            continue
        for database in (*request.world.all(CLUSTER), *request.world.all(DB_INSTANCE)):
            if database.text("dbSubnetGroupName") == group.text("name"):
                return f"The subnet '{request.id}' has dependencies: the database {database.id} and cannot be deleted"
    return None


def _public_addresses(request: Request) -> str | None:
    """A gateway can't leave a VPC in which something has a public address."""
    vpc = request.text("vpcId")
    inside = {subnet.id for subnet in request.world.all(SUBNET) if subnet.text("vpcId") == vpc}
    for token in (NAT_GATEWAY, INSTANCE):
        for each in request.world.all(token):
            if each.text("publicIp") and each.text("subnetId") in inside:
                return f"Network {vpc} has some mapped public address(es): {each.id}. Please unmap those before detaching the gateway"
    for each in request.world.all(LOAD_BALANCER):
        if each.text("vpcId") == vpc and each.properties.get("internal") is not True:
            return f"Network {vpc} has some mapped public address(es): {each.text('name')}. Please unmap those before detaching the gateway"
    return None


def _vpc_of(request: Request, token: str, path: str) -> str:
    """The VPC of what an input names; "" where it is unknown."""
    found = request.world.get(token, request.text(path) or "")
    if found is None:
        return ""
    if token in (NAT_GATEWAY, NETWORK_INTERFACE):
        subnet = request.world.get(SUBNET, found.text("subnetId"))
        return subnet.text("vpcId") if subnet else found.text("vpcId")
    return found.text("vpcId")


def _route_elsewhere(request: Request) -> str | None:
    table = _vpc_of(request, ROUTE_TABLE, "routeTableId")
    for token, path in (
        (INTERNET_GATEWAY, "gatewayId"),
        (NAT_GATEWAY, "natGatewayId"),
        (NETWORK_INTERFACE, "networkInterfaceId"),
        (ENDPOINT, "vpcEndpointId"),
    ):
        target = request.world.get(token, request.text(path) or "")
        if target is not None and (vpc := _vpc_of(request, token, path)) != table:
            return (
                f"route table {request.text('routeTableId')} and {path} {target.id} belong to different networks ({table}, {vpc or 'none'})"
            )
    return None


def _route_doubled(request: Request) -> str | None:
    """The table's own inline routes, and the local one, are routes as well."""
    table = request.world.get(ROUTE_TABLE, request.text("routeTableId") or "")
    if table is None:
        return None
    vpc = request.world.get(VPC, table.text("vpcId"))
    local = [vpc.text("cidrBlock")] if vpc else []
    destination = request.text("destinationCidrBlock")
    taken = destination in [*table.texts("routes[*].cidrBlock"), *local]
    return f"The route identified by {destination} already exists in {table.id}" if destination and taken else None


def _association_elsewhere(request: Request) -> str | None:
    table, subnet = _vpc_of(request, ROUTE_TABLE, "routeTableId"), _vpc_of(request, SUBNET, "subnetId")
    return f"Route table ({table}) and subnet ({subnet}) belong to different networks" if table and subnet and table != subnet else None


def _nat_address(request: Request) -> str | None:
    public = request.text("connectivityType") != "private"
    if not public and request.text("allocationId"):
        return "allocationId is not supported with connectivityType = 'private'"
    zonal = request.inputs.get("availabilityMode") in (None, "zonal")
    if public and zonal and request.inputs.get("allocationId") is None:
        return "The request must contain the parameter allocationId"
    return "The request must contain the parameter subnetId" if zonal and request.inputs.get("subnetId") is None else None


def _nat_gateway(request: Request) -> str | None:
    if request.text("connectivityType") == "private":
        return None
    vpc = _vpc_of(request, SUBNET, "subnetId")
    attached = any(each.text("vpcId") == vpc for each in request.world.all(INTERNET_GATEWAY))
    return f"Network {vpc} has no Internet gateway attached" if vpc and not attached else None


def _service(request: Request) -> str:
    return (request.text("serviceName") or "").removeprefix(f"com.amazonaws.{request.region}.")


def _unknown_service(request: Request) -> str | None:
    name = request.text("serviceName") or ""
    if name.startswith(("com.amazonaws.vpce.", "com.amazonaws.s3-global")):
        return None
    return (
        None
        if not name or _service(request) in {*INTERFACE_SERVICES, *GATEWAY_SERVICES}
        else f"The Vpc Endpoint Service '{name}' does not exist"
    )


def _endpoint_type(request: Request) -> str | None:
    kind, service = request.text("vpcEndpointType"), _service(request)
    gateway_only, interface_only = service not in INTERFACE_SERVICES, service not in GATEWAY_SERVICES
    if (kind == "Gateway" and interface_only) or (kind == "Interface" and gateway_only and service in GATEWAY_SERVICES):
        return f"Endpoint type ({kind}) does not match available service types of {service}"
    if kind == "Gateway" and (request.texts("subnetIds[*]") or request.texts("securityGroupIds[*]") or request.flag("privateDnsEnabled")):
        return "Gateway endpoints take route tables, no subnets, security groups or private DNS"
    return None


def _endpoint_subnets(request: Request) -> list[Resource]:
    return [subnet for each in request.texts("subnetIds[*]") if (subnet := request.world.get(SUBNET, each))]


def _endpoint_zones(request: Request) -> str | None:
    for one, other in combinations(_endpoint_subnets(request), 2):
        if one.text("availabilityZone") == other.text("availabilityZone"):
            return f"Found another VPC endpoint subnet in the availability zone of {one.id}: {other.id}"
    return None


def _endpoint_elsewhere(request: Request) -> str | None:
    named = [*_endpoint_subnets(request), *request.referred("routeTableIds[*]"), *request.referred("securityGroupIds[*]")]
    wrong = [each.id for each in named if each.text("vpcId") != request.text("vpcId")]
    return f"{', '.join(wrong)} belong(s) to another VPC than {request.text('vpcId')}" if wrong else None


def _private_names(request: Request) -> str | None:
    if not request.flag("privateDnsEnabled"):
        return None
    vpc = request.world.get(VPC, request.text("vpcId") or "")
    if vpc and not (vpc.properties.get("enableDnsSupport") is True and vpc.properties.get("enableDnsHostnames") is True):
        return f"Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc.id}"
    for other in request.world.all(ENDPOINT):
        same = all(other.text(path) == request.text(path) for path in ("vpcId", "serviceName"))
        if same and other.id != request.id and other.properties.get("privateDnsEnabled") is True:
            name = request.text("serviceName")
            return f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name}: {other.id}"
    return None


def _gateway_doubled(request: Request) -> str | None:
    tables = set(request.texts("routeTableIds[*]"))
    for other in request.world.all(ENDPOINT):
        shared = sorted(tables & set(other.texts("routeTableIds[*]")))
        if shared and other.id != request.id and other.text("serviceName") == request.text("serviceName"):
            return f"route table {shared[0]} already has a route with destination-prefix-list-id {other.text('prefixListId')}"
    return None


def _log_role(request: Request) -> str | None:
    needed = request.text("logDestinationType") == "cloud-watch-logs" and request.inputs.get("iamRoleArn") is None
    return "DeliverLogsPermissionArn (iamRoleArn) is required to deliver flow logs to CloudWatch Logs" if needed else None


def _log_doubled(request: Request) -> str | None:
    paths = ("vpcId", "subnetId", "trafficType", "logDestination", "logDestinationType")
    for other in request.world.all(FLOW_LOG):
        if other.id != request.id and all(other.properties.get(path) == request.inputs.get(path) for path in paths):
            return f"There is an existing flow log with the same configuration and log destination: {other.id}"
    return None


def _log_fields(request: Request) -> str | None:
    fields = re.findall(r"\$\{([^}]*)\}", request.text("logFormat") or "")
    unknown = [name for name in fields if name not in _LOG_FIELDS]
    if unknown:
        return f"Unknown fields provided: {', '.join(unknown)}"
    return "logFormat names no field; one is written as ${srcaddr}" if request.text("logFormat") and not fields else None


REFUSALS: Final = (
    row(VPC, "InvalidVpc.Range", "a VPC is from /16 to /28", _vpc_size, ALWAYS, "cidrBlock"),
    row(VPC, "MissingParameter", "a VPC has a range", _vpc_without_range, ALWAYS, "cidrBlock"),
    row(SUBNET, "InvalidSubnet.Range", "a subnet is from /16 to /28", _subnet_size, CREATE),
    row(SUBNET, "InvalidSubnet.Range", "a subnet lies in its VPC", _subnet_outside, CREATE),
    row(SUBNET, "InvalidSubnet.Conflict", "subnets do not overlap", _subnet_overlaps, CREATE),
    row(SUBNET, "InvalidParameterValue", "a subnet is in a zone of the region", _subnet_zone, CREATE),
    row(SUBNET, "DependencyViolation", "a database holds its subnets", _subnet_in_use, DELETE),
    row(INTERNET_GATEWAY, "DependencyViolation", "public addresses hold the internet gateway", _public_addresses, DELETE),
    exactly_one(ROUTE, *DESTINATIONS, code="MissingParameter"),
    exactly_one(ROUTE, *_TARGETS, code="MissingParameter"),
    row(ROUTE, "InvalidParameterValue", "a route's target is in the table's VPC", _route_elsewhere),
    row(ROUTE, "RouteAlreadyExists", "a destination has one route", _route_doubled, CREATE),
    exactly_one(ROUTE_TABLE_ASSOCIATION, "subnetId", "gatewayId", code="MissingParameter"),
    row(ROUTE_TABLE_ASSOCIATION, "InvalidParameterValue", "table and subnet are in one VPC", _association_elsewhere, CREATE),
    row(NAT_GATEWAY, "MissingParameter", "a public NAT gateway has an address, a private one none", _nat_address, ALWAYS),
    row(NAT_GATEWAY, "Gateway.NotAttached", "a public NAT gateway's VPC has an internet gateway", _nat_gateway, CREATE),
    row(ENDPOINT, "InvalidServiceName", "the service exists in the region", _unknown_service, CREATE),
    row(ENDPOINT, "InvalidParameter", "the type fits the service", _endpoint_type),
    row(ENDPOINT, "DuplicateSubnetsInSameZone", "an endpoint has one subnet in a zone", _endpoint_zones),
    row(ENDPOINT, "InvalidParameter", "an endpoint's subnets, groups and tables are in its VPC", _endpoint_elsewhere),
    row(ENDPOINT, "InvalidParameter", "one private DNS name of a service in a VPC with DNS", _private_names),
    row(ENDPOINT, "RouteAlreadyExists", "a route table has one gateway endpoint of a service", _gateway_doubled),
    exactly_one(FLOW_LOG, "eniId", "regionalNatGatewayId", "subnetId", "transitGatewayId", "transitGatewayAttachmentId", "vpcId"),
    row(FLOW_LOG, "InvalidParameter", "flow logs have fields that exist", _log_fields, CREATE),
    row(FLOW_LOG, "MissingParameter", "flow logs to CloudWatch need a role", _log_role, CREATE),
    row(FLOW_LOG, "FlowLogAlreadyExists", "no flow log twice", _log_doubled, CREATE),
)
