"""EC2: the VPC and its ways.

Force-new, defaults and computed outputs: Terraform's AWS provider, internal/service/ec2/vpc_*.go and ec2_eip.go at d5102ec2 (5.32,
2023-12-18), NAT gateways at 04088eaa; regional NAT gateways: the SDK of pulumi-aws 7.51.1. Error codes: "Error codes for the Amazon EC2
API" of the EC2 developer guide and the provider's errors.go.
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import address_in, constant, given, hashcode, public_address, public_name
from localcloud.kinds.model import Kind, Made, Reference, Request, Unique, Value
from localcloud.kinds.zones import zone_id, zones

VPC: Final = "aws:ec2/vpc:Vpc"
SUBNET: Final = "aws:ec2/subnet:Subnet"
INTERNET_GATEWAY: Final = "aws:ec2/internetGateway:InternetGateway"
ROUTE_TABLE: Final = "aws:ec2/routeTable:RouteTable"
ROUTE: Final = "aws:ec2/route:Route"
ROUTE_TABLE_ASSOCIATION: Final = "aws:ec2/routeTableAssociation:RouteTableAssociation"
EIP: Final = "aws:ec2/eip:Eip"
NETWORK_INTERFACE: Final = "aws:ec2/networkInterface:NetworkInterface"
NAT_GATEWAY: Final = "aws:ec2/natGateway:NatGateway"
PEERING: Final = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"

_SECURITY_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
_NETWORK_ACL: Final = "aws:ec2/networkAcl:NetworkAcl"

IN_VPC: Final = Reference(tokens=(VPC,), missing="InvalidVpcID.NotFound")
IN_SUBNET: Final = Reference(tokens=(SUBNET,), missing="InvalidSubnetID.NotFound")
# The connection is one in both regions, under one id
OVER_PEERING: Final = Reference(tokens=(PEERING,), missing="InvalidVpcPeeringConnectionID.NotFound", blocks=None, any_region=True)
# A route does not hold its target: AWS lets a NAT gateway go and leaves a black hole
_ROUTE_TARGETS: Final = {
    "gatewayId": Reference(tokens=(INTERNET_GATEWAY,), missing="InvalidGatewayID.NotFound", blocks=None, literal=r"local|vgw-.*"),
    "natGatewayId": Reference(tokens=(NAT_GATEWAY,), missing="NatGatewayNotFound", blocks=None),
    "networkInterfaceId": Reference(tokens=(NETWORK_INTERFACE,), missing="InvalidNetworkInterfaceID.NotFound", blocks=None),
    "vpcEndpointId": Reference(tokens=("aws:ec2/vpcEndpoint:VpcEndpoint",), missing="InvalidVpcEndpointId.NotFound", blocks=None),
    "vpcPeeringConnectionId": OVER_PEERING,
}
DESTINATIONS: Final = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")


def _defaults_of_vpc(request: Request) -> list[Made]:
    """A new VPC has a security group, a network ACL and a main route table of its own."""
    vpc: dict[str, Value] = {"vpcId": request.id, "ownerId": request.value("ownerId")}
    group: dict[str, Value] = {**vpc, "name": "default", "description": "default VPC security group"}
    return [
        Made(token=_SECURITY_GROUP, id=request.text("defaultSecurityGroupId") or "", properties=group),
        Made(token=_NETWORK_ACL, id=request.text("defaultNetworkAclId") or "", properties=vpc),
        Made(token=ROUTE_TABLE, id=request.text("mainRouteTableId") or "", properties=vpc),
    ]


def _destination(request: Request) -> str:
    return next((text for path in DESTINATIONS if (text := request.text(path))), "")


def _zone(request: Request) -> Value:
    """AWS takes any zone where none is asked for: here the first."""
    asked = request.text("availabilityZoneId")
    found = [name for name in zones(request.region) if asked is None or zone_id(name) == asked]
    return found[0] if found else ""


def _public_ip(request: Request) -> Value:
    return public_address(each.text("publicIp") for each in request.world.everywhere(EIP))


def _nat_public_ip(request: Request) -> Value:
    eip = request.world.get(EIP, request.text("allocationId") or "")
    return eip.text("publicIp") if eip else ""


def _nat_private_ip(request: Request) -> Value:
    subnet = request.world.get(SUBNET, request.text("subnetId") or "")
    return address_in(subnet.text("cidrBlock")) if subnet else ""


KINDS: Final = (
    Kind(
        token=VPC,
        id="vpc-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:vpc/{id}",
        references={},
        force_new=("cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"),
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        outputs={
            "ownerId": "{account}",
            "defaultNetworkAclId": "acl-{hex17}",
            "mainRouteTableId": "rtb-{hex17}",
            "defaultRouteTableId": "{mainRouteTableId}",
            "defaultSecurityGroupId": "sg-{hex17}",
            "dhcpOptionsId": "dopt-{hex17}",
            "enableDnsHostnames": constant("enableDnsHostnames", False),
            "enableNetworkAddressUsageMetrics": constant("enableNetworkAddressUsageMetrics", False),
            "ipv6AssociationId": "",
            "ipv6CidrBlock": constant("ipv6CidrBlock", ""),
            "ipv6CidrBlockNetworkBorderGroup": constant("ipv6CidrBlockNetworkBorderGroup", ""),
        },
        makes=_defaults_of_vpc,
    ),
    Kind(
        token=SUBNET,
        id="subnet-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:subnet/{id}",
        references={"vpcId": IN_VPC},
        force_new=("availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6Native", "outpostArn", "vpcId"),
        defaults=dict.fromkeys(
            (
                "assignIpv6AddressOnCreation",
                "enableDns64",
                "enableResourceNameDnsARecordOnLaunch",
                "enableResourceNameDnsAaaaRecordOnLaunch",
                "ipv6Native",
                "mapPublicIpOnLaunch",
            ),
            False,
        ),
        outputs={
            "ownerId": "{account}",
            "availabilityZone": given("availabilityZone", _zone),
            "availabilityZoneId": given("availabilityZoneId", lambda request: zone_id(request.text("availabilityZone") or "")),
            "privateDnsHostnameTypeOnLaunch": constant("privateDnsHostnameTypeOnLaunch", "ip-name"),
            "ipv6CidrBlockAssociationId": "",
        },
    ),
    Kind(
        token=INTERNET_GATEWAY,
        id="igw-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}",
        references={"vpcId": IN_VPC},
        force_new=(),
        outputs={"ownerId": "{account}"},
        unique=(Unique(paths=("vpcId",), code="Resource.AlreadyAssociated", message="{key} has an internet gateway attached already"),),
    ),
    Kind(
        token=ROUTE_TABLE,
        id="rtb-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:route-table/{id}",
        references={"vpcId": IN_VPC, **{f"routes[*].{path}": reference for path, reference in _ROUTE_TARGETS.items()}},
        force_new=("vpcId",),
        outputs={"ownerId": "{account}", "propagatingVgws": constant("propagatingVgws", []), "routes": constant("routes", [])},
    ),
    Kind(
        token=ROUTE,
        id=lambda request: f"r-{request.text('routeTableId')}{hashcode(_destination(request))}",
        no_arn=True,
        references={
            "routeTableId": Reference(tokens=(ROUTE_TABLE,), missing="InvalidRouteTableID.NotFound", blocks=None),
            **_ROUTE_TARGETS,
        },
        force_new=("routeTableId", *DESTINATIONS),
        outputs={
            "origin": "CreateRoute",
            "state": "active",
            "instanceId": "",
            "instanceOwnerId": "",
            "networkInterfaceId": constant("networkInterfaceId", ""),
        },
        unique=tuple(Unique(paths=("routeTableId", path), code="RouteAlreadyExists") for path in DESTINATIONS),
        taggable=False,
    ),
    Kind(
        token=ROUTE_TABLE_ASSOCIATION,
        id="rtbassoc-{hex17}",
        no_arn=True,
        references={
            "routeTableId": Reference(tokens=(ROUTE_TABLE,), missing="InvalidRouteTableID.NotFound"),
            "subnetId": Reference(tokens=(SUBNET,), missing="InvalidSubnetID.NotFound", blocks=None),
            "gatewayId": Reference(tokens=(INTERNET_GATEWAY,), missing="InvalidGatewayID.NotFound", blocks=None, literal="vgw-.*"),
        },
        force_new=("gatewayId", "subnetId"),
        unique=(
            Unique(paths=("subnetId",), code="Resource.AlreadyAssociated"),
            Unique(paths=("gatewayId",), code="Resource.AlreadyAssociated"),
        ),
        taggable=False,
    ),
    Kind(
        token=EIP,
        id="eipalloc-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}",
        references={"instance": Reference(tokens=("aws:ec2/instance:Instance",), missing="InvalidInstanceID.NotFound", blocks=None)},
        force_new=("address", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"),
        outputs={
            "allocationId": "{id}",
            "publicIp": _public_ip,
            "publicDns": lambda request: public_name(request.text("publicIp") or "", request.region),
            "domain": constant("domain", "vpc"),
            "networkBorderGroup": given("networkBorderGroup", lambda request: request.region),
            "publicIpv4Pool": constant("publicIpv4Pool", "amazon"),
            "instance": constant("instance", ""),
            "networkInterface": constant("networkInterface", ""),
            **dict.fromkeys(("associationId", "carrierIp", "customerOwnedIp", "privateDns", "privateIp", "ptrRecord"), ""),
        },
    ),
    Kind(
        token=NAT_GATEWAY,
        id="nat-{hex17}",
        no_arn=True,
        references={
            "subnetId": IN_SUBNET,
            "allocationId": Reference(tokens=(EIP,), missing="InvalidAllocationID.NotFound", blocks="InvalidIPAddress.InUse"),
            "secondaryAllocationIds[*]": Reference(tokens=(EIP,), missing="InvalidAllocationID.NotFound", blocks="InvalidIPAddress.InUse"),
            "vpcId": IN_VPC,
        },
        force_new=(
            "allocationId",
            "availabilityMode",
            "connectivityType",
            "privateIp",
            "secondaryPrivateIpAddressCount",
            "subnetId",
            "vpcId",
        ),
        defaults={"connectivityType": "public"},
        outputs={
            "networkInterfaceId": "eni-{hex17}",
            "associationId": "eipassoc-{hex17}",
            "publicIp": _nat_public_ip,
            "privateIp": given("privateIp", _nat_private_ip),
            "availabilityMode": constant("availabilityMode", "zonal"),
            "secondaryAllocationIds": constant("secondaryAllocationIds", []),
            "secondaryPrivateIpAddressCount": constant("secondaryPrivateIpAddressCount", 0),
            "secondaryPrivateIpAddresses": constant("secondaryPrivateIpAddresses", []),
            "regionalNatGatewayAddresses": [],
            **dict.fromkeys(("autoProvisionZones", "autoScalingIps", "regionalNatGatewayAutoMode", "routeTableId"), ""),
        },
        unique=(
            Unique(paths=("allocationId",), code="Resource.AlreadyAssociated", message="Elastic IP address {key} is associated already"),
        ),
    ),
)
