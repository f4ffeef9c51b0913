"""A bad request to moto and to the local cloud: how either is asked, and what most requests need first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import boto3

from tests.localcloud.account import Account, trust

REGION = "us-east-1"


class Request(NamedTuple):
    """One bad request to both: an operation of boto3, a resource of the local cloud."""

    moto: Callable[[Callable[[str], Any]], object]
    local: Callable[[Account], object]


@cache
def client(service: str) -> Any:
    """One client of a service: moto catches what it sends."""
    return boto3.client(service, region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local")


def vpc(clients: Callable[[str], Any]) -> str:
    return clients("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def subnets(clients: Callable[[str], Any], *zones: str) -> list[str]:
    network = vpc(clients)
    made = [
        clients("ec2").create_subnet(VpcId=network, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for number, zone in enumerate(zones)
    ]
    return [each["Subnet"]["SubnetId"] for each in made]


def twice(make: Callable[[], object]) -> None:
    make()
    make()


def group(clients: Callable[[str], Any]) -> str:
    return clients("ec2").create_security_group(VpcId=vpc(clients), GroupName="a", Description="a")["GroupId"]


def role(clients: Callable[[str], Any]) -> str:
    return clients("iam").create_role(RoleName="a", AssumeRolePolicyDocument=trust("eks"))["Role"]["Arn"]


def cluster(clients: Callable[[str], Any], *zones: str, **more: Any) -> object:
    return clients("eks").create_cluster(
        name="a", roleArn=role(clients), resourcesVpcConfig={"subnetIds": subnets(clients, *zones)}, **more
    )


def subnet_group(clients: Callable[[str], Any], *zones: str) -> object:
    return clients("rds").create_db_subnet_group(DBSubnetGroupName="a", DBSubnetGroupDescription="a", SubnetIds=subnets(clients, *zones))


def aurora(clients: Callable[[str], Any], **more: Any) -> object:
    asked = {
        "DBClusterIdentifier": "a",
        "Engine": "aurora-postgresql",
        "MasterUsername": "coder",
        "MasterUserPassword": "correct-horse",
        **more,
    }
    return clients("rds").create_db_cluster(**asked)


def balancer(clients: Callable[[str], Any], *zones: str) -> str:
    made = clients("elbv2").create_load_balancer(Name="a", Type="network", Scheme="internal", Subnets=subnets(clients, *zones))
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def targets(clients: Callable[[str], Any]) -> str:
    made = clients("elbv2").create_target_group(Name="a", Port=80, Protocol="TCP", VpcId=vpc(clients), TargetType="ip")
    return made["TargetGroups"][0]["TargetGroupArn"]


def permission(port: int) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]


def record(name: str, zone: str) -> dict[str, Any]:
    record = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    return {"HostedZoneId": zone, "ChangeBatch": {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}}


def zone(clients: Callable[[str], Any]) -> str:
    return clients("route53").create_hosted_zone(Name="example.com", CallerReference="a")["HostedZone"]["Id"]


def local(token: str, **inputs: Any) -> Callable[[Account], object]:
    return lambda account: account.make(token, **{name: value(account) if callable(value) else value for name, value in inputs.items()})


def local_twice(token: str, **inputs: Any) -> Callable[[Account], object]:
    return lambda account: twice(lambda: local(token, **inputs)(account))


GONE_VPC, GONE_SUBNET, GONE_GROUP = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
RULE = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"}
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ADDRESS = "192.0.2.1"
