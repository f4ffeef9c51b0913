"""What EC2 refuses (vpc, security): every row with an input that AWS refuses and a near one that it takes."""

from __future__ import annotations

import pytest

from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.pairs import Act, Pair, changed, deleted, judge, made, rows, untested

_VPC, _SUBNET, _GATEWAY = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/internetGateway:InternetGateway"
_ROUTE, _ASSOCIATION, _NAT = "aws:ec2/route:Route", "aws:ec2/routeTableAssociation:RouteTableAssociation", "aws:ec2/natGateway:NatGateway"
_ENDPOINT, _FLOW = "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/flowLog:FlowLog"
_GROUP, _RULE = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/securityGroupRule:SecurityGroupRule"
_IN = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_ACL, _ACL_RULE, _ACL_LINK = (
    "aws:ec2/networkAcl:NetworkAcl",
    "aws:ec2/networkAclRule:NetworkAclRule",
    "aws:ec2/networkAclAssociation:NetworkAclAssociation",
)
_INSTANCE = "aws:ec2/instance:Instance"
_PEERING, _ACCEPTER = (
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
)
_OPTIONS = "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions"
ROWS = rows("refusals_vpc", "refusals_security", "refusals_peering")


def _interface(**more: object) -> dict:
    return {"serviceName": "com.amazonaws.us-east-1.sts", "vpcEndpointType": "Interface", **more}


def _same(account: Account, token: str) -> None:
    """Make the minimal one twice."""
    inputs = MINIMAL[token](account)
    account.make(token, **inputs)
    account.make(token, **inputs)


def _two_private_names(account: Account, service: str) -> None:
    account.make(_ENDPOINT, vpcId=account.vpc.id, **_interface(privateDnsEnabled=True))
    account.make(_ENDPOINT, vpcId=account.vpc.id, vpcEndpointType="Interface", serviceName=service, privateDnsEnabled=True)


def _two_gateway_endpoints(account: Account, service: str) -> None:
    for name in ("com.amazonaws.us-east-1.s3", service):
        account.make(_ENDPOINT, vpcId=account.vpc.id, serviceName=name, routeTableIds=[account.table.id])


def _public_then_gateway_goes(account: Account) -> None:
    account.make(_NAT, **MINIMAL[_NAT](account))
    account.delete(account.gateway)


def _database_then_subnet_goes(account: Account, *, spare: bool) -> None:
    subnet = account.subnet(9, "a")
    group = account.make("aws:rds/subnetGroup:SubnetGroup", subnetIds=[subnet.id, account.subnets[1]])
    if not spare:
        account.make("aws:rds/cluster:Cluster", **account.database(dbSubnetGroupName=group["name"]))
    account.delete(subnet)


def _other_gateway(account: Account) -> str:
    return account.make(_GATEWAY, vpcId=account.other_vpc.id).id


def _rules(account: Account, ports: tuple[int, int]) -> None:
    """The same permission by two kinds of rule resources."""
    account.make(_RULE, **MINIMAL[_RULE](account))
    account.make(_IN, securityGroupId=account.group.id, ipProtocol="6", fromPort=ports[0], toPort=ports[1], cidrIpv4="10.0.0.0/16")


def _acl_of(count: int) -> Act:
    rules = [
        {"ruleNo": 100 + number, "action": "allow", "protocol": "6", "cidrBlock": "0.0.0.0/0", "fromPort": 443, "toPort": 443}
        for number in range(count)
    ]
    return made(_ACL, ingress=rules)


WEST = "us-west-2"


def _far_peering(account: Account) -> str:
    """A connection that another region's VPC has to accept."""
    far = account.make(_VPC, cidrBlock="10.8.0.0/16", enableDnsHostnames=True, region=WEST)
    return account.make(_PEERING, vpcId=account.vpc.id, peerVpcId=far.id, peerRegion=WEST).id


def _accepted(account: Account, region: str) -> str:
    return account.make(_ACCEPTER, vpcPeeringConnectionId=_far_peering(account), autoAccept=True, region=region).id


def _options(region: str, **sides: object) -> Act:
    return lambda account: account.make(_OPTIONS, vpcPeeringConnectionId=_accepted(account, WEST), region=region, **sides)


def _resolved(account: Account, **vpc: object) -> None:
    """Names of the other VPC, over a peering inside one region."""
    other = account.make(_VPC, cidrBlock="10.8.0.0/16", **vpc)
    peering = account.make(_PEERING, vpcId=account.vpc.id, peerVpcId=other.id, autoAccept=True)
    account.make(_OPTIONS, vpcPeeringConnectionId=peering.id, requester={"allowRemoteVpcDnsResolution": True})


def _peered_route(account: Account, table_vpc: str | None = None) -> None:
    table = account.make("aws:ec2/routeTable:RouteTable", vpcId=table_vpc) if table_vpc else account.table
    account.make(_ROUTE, routeTableId=table.id, destinationCidrBlock="10.1.0.0/16", vpcPeeringConnectionId=account.peering.id)


PAIRS = {
    "a network ACL has room for 20 rules each way": Pair(_acl_of(21), _acl_of(20)),
    "flow logs have fields that exist": Pair(
        made(_FLOW, logFormat="${version} ${src-addr}"), made(_FLOW, logFormat="${version} ${srcaddr} ${flow-direction}")
    ),
    "EC2 knows the protocol": Pair(made(_IN, ipProtocol="https"), made(_IN, ipProtocol="tcp")),
    "a VPC is from /16 to /28": Pair(made(_VPC, cidrBlock="10.0.0.0/15"), made(_VPC, cidrBlock="10.0.0.0/28")),
    "a VPC has a range": Pair(made(_VPC, cidrBlock=None), made(_VPC)),
    "a subnet is from /16 to /28": Pair(made(_SUBNET, cidrBlock="10.0.0.0/29"), made(_SUBNET, cidrBlock="10.0.0.0/28")),
    "a subnet lies in its VPC": Pair(made(_SUBNET, cidrBlock="10.1.0.0/24"), made(_SUBNET, cidrBlock="10.0.255.0/24")),
    "subnets do not overlap": Pair(
        lambda account: (account.subnet(0, "a"), made(_SUBNET, cidrBlock="10.0.0.128/25")(account)),
        lambda account: (account.subnet(0, "a"), made(_SUBNET, cidrBlock="10.0.1.128/25")(account)),
    ),
    "a subnet is in a zone of the region": Pair(made(_SUBNET, availabilityZone="us-east-1g"), made(_SUBNET, availabilityZone="us-east-1f")),
    "a database holds its subnets": Pair(
        lambda account: _database_then_subnet_goes(account, spare=False), lambda account: _database_then_subnet_goes(account, spare=True)
    ),
    "public addresses hold the internet gateway": Pair(_public_then_gateway_goes, deleted(_GATEWAY)),
    "Route: exactly one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId": Pair(
        made(_ROUTE, destinationIpv6CidrBlock="::/0"), made(_ROUTE)
    ),
    next(row.name for row in ROWS if "carrierGatewayId" in row.name): Pair(made(_ROUTE, gatewayId=None), made(_ROUTE)),
    "a route's target is in the table's VPC": Pair(made(_ROUTE, gatewayId=_other_gateway), made(_ROUTE)),
    "a destination has one route": Pair(made(_ROUTE, destinationCidrBlock="10.0.0.0/16"), made(_ROUTE, destinationCidrBlock="10.9.0.0/16")),
    "RouteTableAssociation: exactly one of subnetId, gatewayId": Pair(
        made(_ASSOCIATION, gatewayId=lambda account: account.gateway.id), made(_ASSOCIATION)
    ),
    "table and subnet are in one VPC": Pair(made(_ASSOCIATION, subnetId=lambda account: account.other_subnets[0]), made(_ASSOCIATION)),
    "a public NAT gateway has an address, a private one none": Pair(
        made(_NAT, allocationId=None), made(_NAT, allocationId=None, connectivityType="private")
    ),
    "a public NAT gateway's VPC has an internet gateway": Pair(
        made(_NAT, subnetId=lambda account: account.other_subnets[0]),
        lambda account: (_other_gateway(account), made(_NAT, subnetId=lambda account: account.other_subnets[0])(account)),
    ),
    "the service exists in the region": Pair(
        made(_ENDPOINT, serviceName="com.amazonaws.us-west-2.s3"), made(_ENDPOINT, serviceName="com.amazonaws.us-east-1.dynamodb")
    ),
    "the type fits the service": Pair(made(_ENDPOINT, serviceName="com.amazonaws.us-east-1.sts"), made(_ENDPOINT, **_interface())),
    "an endpoint has one subnet in a zone": Pair(
        made(_ENDPOINT, **_interface(subnetIds=lambda account: [account.subnet(0, "a").id, account.subnet(1, "a").id])),
        made(_ENDPOINT, **_interface(subnetIds=lambda account: account.subnets)),
    ),
    "an endpoint's subnets, groups and tables are in its VPC": Pair(
        made(_ENDPOINT, **_interface(securityGroupIds=lambda account: [account.other_group.id])),
        made(_ENDPOINT, **_interface(securityGroupIds=lambda account: [account.group.id])),
    ),
    "one private DNS name of a service in a VPC with DNS": Pair(
        lambda account: _two_private_names(account, "com.amazonaws.us-east-1.sts"),
        lambda account: _two_private_names(account, "com.amazonaws.us-east-1.ec2"),
    ),
    "a route table has one gateway endpoint of a service": Pair(
        lambda account: _two_gateway_endpoints(account, "com.amazonaws.us-east-1.s3"),
        lambda account: _two_gateway_endpoints(account, "com.amazonaws.us-east-1.dynamodb"),
    ),
    next(row.name for row in ROWS if row.name.startswith("FlowLog: exactly one")): Pair(
        made(_FLOW, subnetId=lambda account: account.subnets[0]), made(_FLOW, subnetId=lambda account: account.subnets[0], vpcId=None)
    ),
    "flow logs to CloudWatch need a role": Pair(
        made(_FLOW, iamRoleArn=None),
        made(_FLOW, iamRoleArn=None, logDestinationType="s3", logDestination=lambda account: account.bucket["arn"]),
    ),
    "no flow log twice": Pair(
        lambda account: _same(account, _FLOW), lambda account: (made(_FLOW)(account), made(_FLOW, trafficType="REJECT")(account))
    ),
    # peering
    "peered VPCs do not overlap": Pair(
        made(_PEERING, peerVpcId=lambda account: account.make(_VPC, cidrBlock="10.0.128.0/17").id), made(_PEERING)
    ),
    "no request accepts itself in another region": Pair(made(_PEERING, autoAccept=True, peerRegion=WEST), made(_PEERING, autoAccept=True)),
    "the other VPC is in the region that is named": Pair(made(_PEERING, peerRegion=WEST), _far_peering),
    "a peering is accepted in the other VPC's region": Pair(
        lambda account: _accepted(account, account.region), lambda account: _accepted(account, WEST)
    ),
    "only an active peering has options": Pair(
        lambda account: account.make(_OPTIONS, vpcPeeringConnectionId=account.peering.id), made(_OPTIONS)
    ),
    "each side's options are set in its region": Pair(
        _options(WEST, requester={"allowRemoteVpcDnsResolution": True}), _options(WEST, accepter={"allowRemoteVpcDnsResolution": True})
    ),
    "names are resolved over a peering by VPCs with DNS": Pair(_resolved, lambda account: _resolved(account, enableDnsHostnames=True)),
    "a route over a peering is of one of its VPCs": Pair(
        lambda account: _peered_route(account, account.make(_VPC, cidrBlock="10.8.0.0/16").id), _peered_route
    ),
    # security groups, network ACLs, instances
    "host names need DNS": Pair(made(_VPC, enableDnsHostnames=True, enableDnsSupport=False), made(_VPC, enableDnsSupport=False)),
    "a group's name and description have EC2's characters": Pair(made(_GROUP, name="sg-coder"), made(_GROUP, name="coder-sg")),
    "there is no default VPC": Pair(made(_GROUP, vpcId=None), made(_GROUP)),
    "no rule twice": Pair(lambda account: _rules(account, (443, 443)), lambda account: _rules(account, (443, 444))),
    "TCP and UDP rules have a port range": Pair(made(_IN, fromPort=None), made(_IN, fromPort=8079)),
    "groups that name each other are in one VPC": Pair(
        made(_IN, cidrIpv4=None, referencedSecurityGroupId=lambda account: account.other_group.id),
        made(_IN, cidrIpv4=None, referencedSecurityGroupId=lambda account: account.group.id),
    ),
    "a rule has a source": Pair(made(_RULE, cidrBlocks=None), made(_RULE, cidrBlocks=None, self=True)),
    "ACL rules are numbered from 1 to 32766": Pair(made(_ACL_RULE, ruleNumber=32767), made(_ACL_RULE, ruleNumber=32766)),
    "an ACL rule has ports and a range": Pair(made(_ACL_RULE, protocol="tcp"), made(_ACL_RULE, protocol="tcp", fromPort=443, toPort=443)),
    "inline ACL rules have their own numbers": Pair(
        made(
            _ACL,
            ingress=[
                {"action": "allow", "fromPort": 0, "toPort": 0, "protocol": "-1", "ruleNo": number, "cidrBlock": "0.0.0.0/0"}
                for number in (1, 1)
            ],
        ),
        made(
            _ACL,
            ingress=[
                {"action": "allow", "fromPort": 0, "toPort": 0, "protocol": "-1", "ruleNo": number, "cidrBlock": "0.0.0.0/0"}
                for number in (1, 2)
            ],
        ),
    ),
    "ACL and subnet are in one VPC": Pair(made(_ACL_LINK, subnetId=lambda account: account.other_subnets[0]), made(_ACL_LINK)),
    "an instance has an image": Pair(made(_INSTANCE, ami="ubuntu"), made(_INSTANCE, ami="ami-01234567")),
    "the instance type exists": Pair(made(_INSTANCE, instanceType="m5.3xlarge"), made(_INSTANCE, instanceType="m5.2xlarge")),
    "an instance's groups are in its VPC": Pair(
        made(_INSTANCE, vpcSecurityGroupIds=lambda account: [account.other_group.id]),
        made(_INSTANCE, vpcSecurityGroupIds=lambda account: [account.group.id]),
    ),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_ec2_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []


def test_dns_can_be_turned_off_later_only_without_host_names(tmp_path):
    changed(_VPC, {"enableDnsHostnames": True}, {"enableDnsHostnames": False, "enableDnsSupport": False})(Account(tmp_path))
