"""What moto refuses, the local cloud refuses, too; and what moto takes although AWS refuses it, the local cloud refuses.

moto is a floor, not an oracle. Each case is one bad request, put to both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from localcloud.kinds.model import Refused
from tests.localcloud.account import Account, allow, trust

REGION = "us-east-1"


class Request(NamedTuple):
    """One bad request to both: an operation of boto3, a resource of the local cloud."""

    moto: Callable[[Callable[[str], Any]], object]
    local: Callable[[Account], object]


@cache
def _client(service: str) -> Any:
    """One client of a service: moto catches what it sends."""
    return boto3.client(service, region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local")


def _vpc(clients: Callable[[str], Any]) -> str:
    return clients("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def _subnets(clients: Callable[[str], Any], *zones: str) -> list[str]:
    vpc = _vpc(clients)
    made = [
        clients("ec2").create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for number, zone in enumerate(zones)
    ]
    return [each["Subnet"]["SubnetId"] for each in made]


def _twice(make: Callable[[], object]) -> None:
    make()
    make()


def _group(clients: Callable[[str], Any]) -> str:
    return clients("ec2").create_security_group(VpcId=_vpc(clients), GroupName="a", Description="a")["GroupId"]


def _role(clients: Callable[[str], Any]) -> str:
    return clients("iam").create_role(RoleName="a", AssumeRolePolicyDocument=trust("eks"))["Role"]["Arn"]


def _cluster(clients: Callable[[str], Any], *zones: str, **more: Any) -> object:
    return clients("eks").create_cluster(
        name="a", roleArn=_role(clients), resourcesVpcConfig={"subnetIds": _subnets(clients, *zones)}, **more
    )


def _subnet_group(clients: Callable[[str], Any], *zones: str) -> object:
    return clients("rds").create_db_subnet_group(DBSubnetGroupName="a", DBSubnetGroupDescription="a", SubnetIds=_subnets(clients, *zones))


def _aurora(clients: Callable[[str], Any], **more: Any) -> object:
    asked = {
        "DBClusterIdentifier": "a",
        "Engine": "aurora-postgresql",
        "MasterUsername": "coder",
        "MasterUserPassword": "correct-horse",
        **more,
    }
    return clients("rds").create_db_cluster(**asked)


def _balancer(clients: Callable[[str], Any], *zones: str) -> str:
    made = clients("elbv2").create_load_balancer(Name="a", Type="network", Scheme="internal", Subnets=_subnets(clients, *zones))
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def _targets(clients: Callable[[str], Any]) -> str:
    made = clients("elbv2").create_target_group(Name="a", Port=80, Protocol="TCP", VpcId=_vpc(clients), TargetType="ip")
    return made["TargetGroups"][0]["TargetGroupArn"]


def _permission(port: int) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]


def _record(name: str, zone: str) -> dict[str, Any]:
    record = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    return {"HostedZoneId": zone, "ChangeBatch": {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}}


def _zone(clients: Callable[[str], Any]) -> str:
    return clients("route53").create_hosted_zone(Name="example.com", CallerReference="a")["HostedZone"]["Id"]


def _local(token: str, **inputs: Any) -> Callable[[Account], object]:
    return lambda account: account.make(token, **{name: value(account) if callable(value) else value for name, value in inputs.items()})


def _local_twice(token: str, **inputs: Any) -> Callable[[Account], object]:
    return lambda account: _twice(lambda: _local(token, **inputs)(account))


_GONE_VPC, _GONE_SUBNET, _GONE_GROUP = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
_RULE = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/16"}
_IN = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_POINT = "192.0.2.1"

REQUESTS: dict[str, Request] = {
    "a VPC of /15": Request(lambda c: c("ec2").create_vpc(CidrBlock="10.0.0.0/15"), _local("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/15")),
    "a VPC without an address": Request(lambda c: c("ec2").create_vpc(CidrBlock="ten"), _local("aws:ec2/vpc:Vpc", cidrBlock="ten")),
    "a subnet outside its VPC": Request(
        lambda c: c("ec2").create_subnet(VpcId=_vpc(c), CidrBlock="10.1.0.0/24"),
        _local("aws:ec2/subnet:Subnet", vpcId=lambda account: account.vpc.id, cidrBlock="10.1.0.0/24"),
    ),
    "a subnet over another": Request(
        lambda c: (vpc := _vpc(c), _twice(lambda: c("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24"))),
        _local_twice("aws:ec2/subnet:Subnet", vpcId=lambda account: account.vpc.id, cidrBlock="10.0.0.0/24"),
    ),
    "a subnet in no VPC": Request(
        lambda c: c("ec2").create_subnet(VpcId=_GONE_VPC, CidrBlock="10.0.0.0/24"),
        _local("aws:ec2/subnet:Subnet", vpcId=_GONE_VPC, cidrBlock="10.0.0.0/24"),
    ),
    "a subnet in no zone": Request(
        lambda c: c("ec2").create_subnet(VpcId=_vpc(c), CidrBlock="10.0.0.0/24", AvailabilityZone="us-east-1z"),
        _local("aws:ec2/subnet:Subnet", vpcId=lambda account: account.vpc.id, cidrBlock="10.0.0.0/24", availabilityZone="us-east-1z"),
    ),
    "a second internet gateway": Request(
        lambda c: (
            vpc := _vpc(c),
            _twice(
                lambda: c("ec2").attach_internet_gateway(
                    VpcId=vpc, InternetGatewayId=c("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
                )
            ),
        ),
        _local_twice("aws:ec2/internetGateway:InternetGateway", vpcId=lambda account: account.vpc.id),
    ),
    "a route table of no VPC": Request(
        lambda c: c("ec2").create_route_table(VpcId=_GONE_VPC), _local("aws:ec2/routeTable:RouteTable", vpcId=_GONE_VPC)
    ),
    "a security group twice": Request(
        lambda c: (vpc := _vpc(c), _twice(lambda: c("ec2").create_security_group(VpcId=vpc, GroupName="a", Description="a"))),
        _local_twice("aws:ec2/securityGroup:SecurityGroup", vpcId=lambda account: account.vpc.id, name="a"),
    ),
    "a rule twice": Request(
        lambda c: (
            group := _group(c),
            _twice(lambda: c("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=_permission(443))),
        ),
        _local_twice(_IN, securityGroupId=lambda account: account.group.id, **_RULE),
    ),
    "a rule of no group": Request(
        lambda c: c("ec2").authorize_security_group_ingress(GroupId=_GONE_GROUP, IpPermissions=_permission(443)),
        _local(_IN, securityGroupId=_GONE_GROUP, **_RULE),
    ),
    "a NAT gateway in no subnet": Request(
        lambda c: c("ec2").create_nat_gateway(SubnetId=_GONE_SUBNET, ConnectivityType="private"),
        _local("aws:ec2/natGateway:NatGateway", subnetId=_GONE_SUBNET, connectivityType="private"),
    ),
    "an instance without a good image": Request(
        lambda c: c("ec2").run_instances(ImageId="ubuntu", MinCount=1, MaxCount=1),
        _local("aws:ec2/instance:Instance", ami="ubuntu", instanceType="t3.micro", subnetId=lambda account: account.subnets[0]),
    ),
    "a launch template twice": Request(
        lambda c: _twice(
            lambda: c("ec2").create_launch_template(LaunchTemplateName="abc", LaunchTemplateData={"InstanceType": "t3.micro"})
        ),
        _local_twice("aws:ec2/launchTemplate:LaunchTemplate", name="abc", instanceType="t3.micro"),
    ),
    "a role twice": Request(
        lambda c: _twice(lambda: c("iam").create_role(RoleName="a", AssumeRolePolicyDocument=trust("ec2"))),
        _local_twice("aws:iam/role:Role", name="a", assumeRolePolicy=trust("ec2")),
    ),
    "a policy that is no JSON": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument="{"), _local("aws:iam/policy:Policy", name="a", policy="{")
    ),
    "a policy with an unknown version": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument=allow().replace("2012-10-17", "2020-01-01")),
        _local("aws:iam/policy:Policy", name="a", policy=allow().replace("2012-10-17", "2020-01-01")),
    ),
    "a policy without a resource": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument=allow().replace('"Resource": "*"', '"Sid": "a"')),
        _local("aws:iam/policy:Policy", name="a", policy=allow().replace('"Resource": "*"', '"Sid": "a"')),
    ),
    "an action without a service": Request(
        lambda c: c("iam").create_policy(PolicyName="a", PolicyDocument=allow("GetObject")),
        _local("aws:iam/policy:Policy", name="a", policy=allow("GetObject")),
    ),
    "an attachment to no role": Request(
        lambda c: c("iam").attach_role_policy(RoleName="a", PolicyArn="arn:aws:iam::123456789012:policy/a"),
        _local("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="a", policyArn="arn:aws:iam::123456789012:policy/a"),
    ),
    "an EKS cluster twice": Request(
        lambda c: (
            role := _role(c),
            subnets := _subnets(c, "a", "b"),
            _twice(lambda: c("eks").create_cluster(name="a", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})),
        ),
        _local_twice(
            "aws:eks/cluster:Cluster",
            name="a",
            roleArn=lambda account: account.role["arn"],
            vpcConfig=lambda account: {"subnetIds": account.subnets},
        ),
    ),
    "nodes of no cluster": Request(
        lambda c: c("eks").create_nodegroup(clusterName="a", nodegroupName="a", nodeRole=_role(c), subnets=_subnets(c, "a")),
        lambda account: account.make("aws:eks/nodeGroup:NodeGroup", **account.nodes(clusterName="a")),
    ),
    "a subnet group of no subnet": Request(
        lambda c: c("rds").create_db_subnet_group(DBSubnetGroupName="a", DBSubnetGroupDescription="a", SubnetIds=[_GONE_SUBNET]),
        _local("aws:rds/subnetGroup:SubnetGroup", name="a", subnetIds=[_GONE_SUBNET]),
    ),
    "a DB cluster twice": Request(
        lambda c: _twice(lambda: _aurora(c)),
        lambda account: _twice(lambda: account.make("aws:rds/cluster:Cluster", **account.database(clusterIdentifier="a"))),
    ),
    "an unknown engine": Request(
        lambda c: _aurora(c, Engine="aurora-oracle"),
        lambda account: account.make("aws:rds/cluster:Cluster", **account.database(engine="aurora-oracle")),
    ),
    "a cluster that is protected": Request(
        lambda c: (_aurora(c, DeletionProtection=True), c("rds").delete_db_cluster(DBClusterIdentifier="a", SkipFinalSnapshot=True)),
        lambda account: account.delete(account.make("aws:rds/cluster:Cluster", **account.database(deletionProtection=True))),
    ),
    "a balancer twice": Request(
        lambda c: (subnets := _subnets(c, "a"), _twice(lambda: c("elbv2").create_load_balancer(Name="a", Type="network", Subnets=subnets))),
        _local_twice(
            "aws:lb/loadBalancer:LoadBalancer", name="a", loadBalancerType="network", internal=True, subnets=lambda account: account.subnets
        ),
    ),
    "a balancer in no subnet": Request(
        lambda c: c("elbv2").create_load_balancer(Name="a", Type="network", Subnets=[_GONE_SUBNET]),
        _local("aws:lb/loadBalancer:LoadBalancer", name="a", loadBalancerType="network", subnets=[_GONE_SUBNET]),
    ),
    "a balancer with too long a name": Request(
        lambda c: c("elbv2").create_load_balancer(Name="a" * 33, Type="network", Subnets=_subnets(c, "a")),
        _local("aws:lb/loadBalancer:LoadBalancer", name="a" * 33, loadBalancerType="network", subnets=lambda account: account.subnets),
    ),
    "a listener of no balancer": Request(
        lambda c: c("elbv2").create_listener(
            LoadBalancerArn=f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/net/a/0123456789abcdef",
            Port=80,
            Protocol="TCP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": _targets(c)}],
        ),
        _local(
            "aws:lb/listener:Listener",
            loadBalancerArn=f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/net/a/0123456789abcdef",
            port=80,
            protocol="TCP",
            defaultActions=lambda account: [{"type": "forward", "targetGroupArn": account.targets["arn"]}],
        ),
    ),
    "a listener on a missing certificate": Request(
        lambda c: c("elbv2").create_listener(
            LoadBalancerArn=_balancer(c, "a"),
            Port=443,
            Protocol="TLS",
            Certificates=[{"CertificateArn": f"arn:aws:acm:{REGION}:123456789012:certificate/a"}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": _targets(c)}],
        ),
        _local(
            "aws:lb/listener:Listener",
            loadBalancerArn=lambda account: account.balancer["arn"],
            port=443,
            protocol="TLS",
            certificateArn=f"arn:aws:acm:{REGION}:123456789012:certificate/a",
            defaultActions=lambda account: [{"type": "forward", "targetGroupArn": account.targets["arn"]}],
        ),
    ),
    "a record of no zone": Request(
        lambda c: c("route53").change_resource_record_sets(**_record("a.example.com", "Z0123456789ABCDEFGHIJ")),
        _local("aws:route53/record:Record", zoneId="Z0123456789ABCDEFGHIJ", name="a.example.com", type="A", ttl=60, records=[_POINT]),
    ),
    "a record twice": Request(
        lambda c: (zone := _zone(c), _twice(lambda: c("route53").change_resource_record_sets(**_record("a.example.com", zone)))),
        _local_twice(
            "aws:route53/record:Record", zoneId=lambda account: account.zone.id, name="a.example.com", type="A", ttl=60, records=[_POINT]
        ),
    ),
    "a zone with records": Request(
        lambda c: (
            zone := _zone(c),
            c("route53").change_resource_record_sets(**_record("a.example.com", zone)),
            c("route53").delete_hosted_zone(Id=zone),
        ),
        lambda account: (
            account.make("aws:route53/record:Record", zoneId=account.zone.id, name="a.example.com", type="A", ttl=60, records=[_POINT]),
            account.delete(account.zone),
        ),
    ),
    "an alias of no key": Request(
        lambda c: c("kms").create_alias(AliasName="alias/a", TargetKeyId="11111111-2222-4333-8444-555555555555"),
        _local("aws:kms/alias:Alias", name="alias/a", targetKeyId="11111111-2222-4333-8444-555555555555"),
    ),
    "an alias that is AWS's own": Request(
        lambda c: c("kms").create_alias(AliasName="alias/aws/a", TargetKeyId=c("kms").create_key()["KeyMetadata"]["KeyId"]),
        _local("aws:kms/alias:Alias", name="alias/aws/a", targetKeyId=lambda account: account.key.id),
    ),
    "a log group twice": Request(
        lambda c: _twice(lambda: c("logs").create_log_group(logGroupName="a")), _local_twice("aws:cloudwatch/logGroup:LogGroup", name="a")
    ),
    "logs kept for 91 days": Request(
        lambda c: (c("logs").create_log_group(logGroupName="a"), c("logs").put_retention_policy(logGroupName="a", retentionInDays=91)),
        _local("aws:cloudwatch/logGroup:LogGroup", name="a", retentionInDays=91),
    ),
    "a secret twice": Request(
        lambda c: _twice(lambda: c("secretsmanager").create_secret(Name="a", SecretString="a")),
        _local_twice("aws:secretsmanager/secret:Secret", name="a"),
    ),
    "a secret whose name waits": Request(
        lambda c: (
            c("secretsmanager").create_secret(Name="a", SecretString="a"),
            c("secretsmanager").delete_secret(SecretId="a"),
            c("secretsmanager").create_secret(Name="a", SecretString="a"),
        ),
        lambda account: (
            account.delete(account.make("aws:secretsmanager/secret:Secret", name="a")),
            account.make("aws:secretsmanager/secret:Secret", name="a"),
        ),
    ),
    "a value of no secret": Request(
        lambda c: c("secretsmanager").put_secret_value(SecretId="a", SecretString="a"),
        _local("aws:secretsmanager/secretVersion:SecretVersion", secretId="a", secretString="a"),
    ),
    "a backup vault twice": Request(
        lambda c: _twice(lambda: c("backup").create_backup_vault(BackupVaultName="ab")), _local_twice("aws:backup/vault:Vault", name="ab")
    ),
    "a bucket with a bad name": Request(lambda c: c("s3").create_bucket(Bucket="Ab_c"), _local("aws:s3/bucket:Bucket", bucket="Ab_c")),
    "a policy of no bucket": Request(
        lambda c: c("s3").put_bucket_policy(Bucket="abc", Policy=allow(Principal="*")),
        _local("aws:s3/bucketPolicy:BucketPolicy", bucket="abc", policy=allow(Principal="*")),
    ),
    "a subscription of no topic": Request(
        lambda c: c("sns").subscribe(TopicArn=f"arn:aws:sns:{REGION}:123456789012:a", Protocol="email", Endpoint="a@example.com"),
        _local(
            "aws:sns/topicSubscription:TopicSubscription",
            topic=f"arn:aws:sns:{REGION}:123456789012:a",
            protocol="email",
            endpoint="a@example.com",
        ),
    ),
    "a FIFO queue without its ending": Request(
        lambda c: c("sqs").create_queue(QueueName="a", Attributes={"FifoQueue": "true"}),
        _local("aws:sqs/queue:Queue", name="a", fifoQueue=True),
    ),
    "a schedule of no group": Request(
        lambda c: c("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="a", MinSize=0, MaxSize=1, AvailabilityZones=["us-east-1a"]
        ),
        _local("aws:autoscaling/group:Group", name="a", minSize=0, maxSize=1, launchTemplate={"id": "lt-0123456789abcdef0"}),
    ),
    "a subnet group in one zone": Request(
        lambda c: _subnet_group(c, "a", "a"),
        lambda account: account.make("aws:rds/subnetGroup:SubnetGroup", subnetIds=[account.subnet(7, "a").id, account.subnet(8, "a").id]),
    ),
    "Aurora backups for 90 days": Request(
        lambda c: _aurora(c, BackupRetentionPeriod=90),
        lambda account: account.make("aws:rds/cluster:Cluster", **account.database(backupRetentionPeriod=90)),
    ),
    "a minimum above the maximum of ACU": Request(
        lambda c: _aurora(c, ServerlessV2ScalingConfiguration={"MinCapacity": 8, "MaxCapacity": 4}),
        lambda account: account.make(
            "aws:rds/cluster:Cluster", **account.database(serverlessv2ScalingConfiguration={"minCapacity": 8, "maxCapacity": 4})
        ),
    ),
    "an unknown engine version": Request(
        lambda c: _aurora(c, EngineVersion="99.9"),
        lambda account: account.make("aws:rds/cluster:Cluster", **account.database(engineVersion="99.9")),
    ),
    "a trust policy that trusts nobody": Request(
        lambda c: c("iam").create_role(RoleName="a", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []})),
        _local("aws:iam/role:Role", assumeRolePolicy=json.dumps({"Version": "2012-10-17", "Statement": []})),
    ),
    "an EKS cluster in one zone": Request(
        lambda c: _cluster(c, "a"),
        _local(
            "aws:eks/cluster:Cluster",
            name="a",
            roleArn=lambda account: account.role["arn"],
            vpcConfig=lambda account: {"subnetIds": account.subnets[:1]},
        ),
    ),
    "an EKS version of long ago": Request(
        lambda c: _cluster(c, "a", "b", version="1.10"),
        _local(
            "aws:eks/cluster:Cluster",
            name="a",
            version="1.10",
            roleArn=lambda account: account.role["arn"],
            vpcConfig=lambda account: {"subnetIds": account.subnets},
        ),
    ),
    "a TLS listener without a certificate": Request(
        lambda c: c("elbv2").create_listener(
            LoadBalancerArn=_balancer(c, "a"), Port=443, Protocol="TLS", DefaultActions=[{"Type": "forward", "TargetGroupArn": _targets(c)}]
        ),
        _local(
            "aws:lb/listener:Listener",
            loadBalancerArn=lambda account: account.balancer["arn"],
            port=443,
            protocol="TLS",
            defaultActions=lambda account: [{"type": "forward", "targetGroupArn": account.targets["arn"]}],
        ),
    ),
    "a subnet in use goes": Request(
        lambda c: (
            subnets := _subnets(c, "a"),
            c("elbv2").create_load_balancer(Name="a", Type="network", Subnets=subnets),
            c("ec2").delete_subnet(SubnetId=subnets[0]),
        ),
        lambda account: (account.balancer, account.aws.delete(account.call("aws:ec2/subnet:Subnet", "a"), account.subnets[0], {})),
    ),
    "a load balancer twice in one zone": Request(
        lambda c: _balancer(c, "a", "a"),
        lambda account: account.make(
            "aws:lb/loadBalancer:LoadBalancer",
            loadBalancerType="network",
            internal=True,
            subnets=[account.subnet(7, "a").id, account.subnet(8, "a").id],
        ),
    ),
    "a NAT gateway without an internet gateway": Request(
        lambda c: c("ec2").create_nat_gateway(
            SubnetId=_subnets(c, "a")[0], AllocationId=c("ec2").allocate_address(Domain="vpc")["AllocationId"]
        ),
        lambda account: account.make(
            "aws:ec2/natGateway:NatGateway", subnetId=account.subnets[0], allocationId=account.make("aws:ec2/eip:Eip").id
        ),
    ),
    "a record with a wrong address": Request(
        lambda c: c("route53").change_resource_record_sets(
            **json.loads(json.dumps(_record("a.example.com", _zone(c))).replace(_POINT, "192.0.2.256"))
        ),
        lambda account: account.make(
            "aws:route53/record:Record", zoneId=account.zone.id, name="a.example.com", type="A", ttl=60, records=["192.0.2.256"]
        ),
    ),
    "a plan with a schedule that is no cron": Request(
        lambda c: c("backup").create_backup_plan(
            BackupPlan={
                "BackupPlanName": "a",
                "Rules": [
                    {
                        "RuleName": "a",
                        "TargetBackupVaultName": c("backup").create_backup_vault(BackupVaultName="ab")["BackupVaultName"],
                        "ScheduleExpression": "daily",
                    }
                ],
            }
        ),
        lambda account: account.make(
            "aws:backup/plan:Plan", rules=[{"ruleName": "a", "targetVaultName": account.vault.id, "schedule": "daily"}]
        ),
    ),
}


# moto 5.2.5 takes these although AWS (or its Terraform provider) refuses them: the local cloud goes beyond moto
MOTO_TAKES = frozenset(
    {
        "Aurora backups for 90 days",
        "a NAT gateway without an internet gateway",
        "a TLS listener without a certificate",
        "a balancer twice",
        "a balancer with too long a name",
        "a bucket with a bad name",
        "a load balancer twice in one zone",
        "a minimum above the maximum of ACU",
        "a plan with a schedule that is no cron",
        "a record with a wrong address",
        "a second internet gateway",
        "a subnet group in one zone",
        "a subnet in use goes",
        "a trust policy that trusts nobody",
        "an EKS cluster in one zone",
        "an EKS version of long ago",
        "an alias that is AWS's own",
        "an instance without a good image",
        "an unknown engine version",
        "logs kept for 91 days",
    }
)


@pytest.fixture(autouse=True)
def moto(monkeypatch):
    """An empty account of moto's, without its 500 images, and without a way to a real one."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        yield


def _refused(act: Callable[[], object], *faults: type[Exception]) -> bool:
    try:
        act()
    except faults:
        return True
    return False


# moto tells a code that botocore's model does not list
@pytest.mark.filterwarnings("ignore:Exception.*does not match an error shape")
@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_what_moto_or_aws_refuses_is_refused_here(name, tmp_path):
    request = REQUESTS[name]
    assert _refused(lambda: request.local(Account(tmp_path)), Refused)
    assert _refused(lambda: request.moto(_client), ClientError, ParamValidationError) is (name not in MOTO_TAKES)


def test_the_cases_that_moto_takes_are_cases():
    assert set(REQUESTS) >= MOTO_TAKES
