"""The smallest inputs that AWS takes, for each row of the tables; and the property of each whose change replaces it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.localcloud.account import Account, allow, trust

Inputs = Callable[[Account], dict[str, Any]]
_AWS_ROLE_POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"


def _encryption(account: Account) -> dict[str, Any]:
    return {"bucket": account.bucket.id, "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}


def _public_nat(account: Account) -> dict[str, Any]:
    assert account.gateway.id
    return {"subnetId": account.subnets[0], "allocationId": account.make("aws:ec2/eip:Eip", domain="vpc").id}


def _entry(account: Account) -> dict[str, Any]:
    return {"clusterName": account.cluster.id, "principalArn": account.role["arn"]}


def _policy_of_entry(account: Account) -> dict[str, Any]:
    account.make("aws:eks/accessEntry:AccessEntry", **_entry(account))
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    return {**_entry(account), "policyArn": policy, "accessScope": {"type": "cluster"}}


def _validation(account: Account) -> dict[str, Any]:
    account.prove(account.certificate)
    return {"certificateArn": account.certificate["arn"]}


def _plan(account: Account) -> dict[str, Any]:
    return {"rules": [{"ruleName": "daily", "targetVaultName": account.vault.id, "schedule": "cron(0 5 * * ? *)"}]}


def _selection(account: Account) -> dict[str, Any]:
    plan = account.make("aws:backup/plan:Plan", **_plan(account))
    return {"planId": plan.id, "iamRoleArn": account.role["arn"], "resources": [account.db_cluster["arn"]]}


def _listener(account: Account) -> dict[str, Any]:
    action = {"type": "forward", "targetGroupArn": account.targets["arn"]}
    return {"loadBalancerArn": account.balancer["arn"], "port": 443, "protocol": "TCP", "defaultActions": [action]}


def _anybody(action: str, resource: str = "*") -> str:
    return allow(action, resource, Principal="*")


def _scaling_group(account: Account) -> str:
    return account.node_group["resources"][0]["autoscalingGroups"][0]["name"]


def dashboard(**more: Any) -> str:
    """A dashboard of one widget."""
    widget = {"type": "metric", "properties": {"region": "us-east-1", "metrics": [["AWS/RDS", "CPUUtilization"]]}, **more}
    return json.dumps({"widgets": [widget]})


def trail_bucket(account: Account, actions: tuple[str, ...] = ("s3:GetBucketAcl", "s3:PutObject")) -> str:
    """A bucket that CloudTrail may use."""
    bucket = account.make("aws:s3/bucket:Bucket")
    statement = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": list(actions), "Resource": "*"}
    account.make(
        "aws:s3/bucketPolicy:BucketPolicy", bucket=bucket.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    return bucket.id


def trail(account: Account) -> dict[str, Any]:
    """A trail into such a bucket."""
    return {"s3BucketName": trail_bucket(account)}


MINIMAL: Mapping[str, Inputs] = {
    "aws:ec2/vpc:Vpc": lambda _: {"cidrBlock": "10.9.0.0/16"},
    "aws:ec2/subnet:Subnet": lambda account: {"vpcId": account.vpc.id, "cidrBlock": "10.0.200.0/24"},
    "aws:ec2/internetGateway:InternetGateway": lambda account: {"vpcId": account.vpc.id},
    "aws:ec2/routeTable:RouteTable": lambda account: {"vpcId": account.vpc.id},
    "aws:ec2/route:Route": lambda account: {
        "routeTableId": account.table.id,
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": account.gateway.id,
    },
    "aws:ec2/routeTableAssociation:RouteTableAssociation": lambda account: {
        "routeTableId": account.table.id,
        "subnetId": account.subnets[0],
    },
    "aws:ec2/eip:Eip": lambda _: {"domain": "vpc"},
    "aws:ec2/natGateway:NatGateway": _public_nat,
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": lambda account: {"vpcId": account.vpc.id, "peerVpcId": account.other_vpc.id},
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter": lambda account: {
        "vpcPeeringConnectionId": account.peering.id,
        "autoAccept": True,
    },
    "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions": lambda account: {
        "vpcPeeringConnectionId": account.make(
            "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter", vpcPeeringConnectionId=account.peering.id, autoAccept=True
        ).id
    },
    "aws:ec2/networkInterface:NetworkInterface": lambda account: {"subnetId": account.subnets[0]},
    "aws:ec2/securityGroup:SecurityGroup": lambda account: {"vpcId": account.vpc.id},
    "aws:ec2/securityGroupRule:SecurityGroupRule": lambda account: {
        "securityGroupId": account.group.id,
        "type": "ingress",
        "protocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrBlocks": ["10.0.0.0/16"],
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": lambda account: {
        "securityGroupId": account.group.id,
        "ipProtocol": "tcp",
        "fromPort": 8080,
        "toPort": 8080,
        "cidrIpv4": "10.0.0.0/16",
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": lambda account: {
        "securityGroupId": account.group.id,
        "ipProtocol": "-1",
        "referencedSecurityGroupId": account.group.id,
    },
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": lambda account: {"vpcId": account.vpc.id},
    "aws:ec2/networkAcl:NetworkAcl": lambda account: {"vpcId": account.vpc.id},
    "aws:ec2/networkAclRule:NetworkAclRule": lambda account: {
        "networkAclId": account.acl.id,
        "ruleNumber": 100,
        "protocol": "-1",
        "ruleAction": "allow",
        "cidrBlock": "0.0.0.0/0",
    },
    "aws:ec2/networkAclAssociation:NetworkAclAssociation": lambda account: {"networkAclId": account.acl.id, "subnetId": account.subnets[0]},
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda account: {"vpcId": account.vpc.id, "serviceName": "com.amazonaws.us-east-1.s3"},
    "aws:ec2/flowLog:FlowLog": lambda account: {
        "vpcId": account.vpc.id,
        "trafficType": "ALL",
        "logDestination": account.log_group["arn"],
        "iamRoleArn": account.role["arn"],
    },
    "aws:ec2/launchTemplate:LaunchTemplate": lambda _: {},
    "aws:ec2/instance:Instance": lambda account: {
        "ami": "ami-0123456789abcdef0",
        "instanceType": "t3.micro",
        "subnetId": account.subnets[0],
    },
    "aws:cloudwatch/logGroup:LogGroup": lambda _: {},
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda _: {
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 1,
        "metricName": "CPUUtilization",
        "namespace": "AWS/RDS",
        "period": 60,
        "statistic": "Average",
        "threshold": 80,
    },
    "aws:cloudwatch/dashboard:Dashboard": lambda _: {"dashboardName": "coder", "dashboardBody": dashboard()},
    "aws:cloudwatch/eventRule:EventRule": lambda _: {"scheduleExpression": "rate(5 minutes)"},
    "aws:cloudwatch/eventTarget:EventTarget": lambda account: {
        "rule": account.make("aws:cloudwatch/eventRule:EventRule", scheduleExpression="rate(5 minutes)")["name"],
        "arn": account.topic["arn"],
    },
    "aws:kms/key:Key": lambda _: {},
    "aws:kms/alias:Alias": lambda account: {"name": "alias/coder", "targetKeyId": account.key.id},
    "aws:iam/role:Role": lambda _: {"assumeRolePolicy": trust("ec2")},
    "aws:iam/rolePolicy:RolePolicy": lambda account: {"role": account.role.id, "policy": allow()},
    "aws:iam/policy:Policy": lambda _: {"policy": allow()},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda account: {"role": account.role.id, "policyArn": _AWS_ROLE_POLICY},
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": lambda account: {
        "url": account.cluster["identities"][0]["oidcs"][0]["issuer"],
        "clientIdLists": ["sts.amazonaws.com"],
    },
    "aws:iam/instanceProfile:InstanceProfile": lambda account: {"role": account.role.id},
    "aws:eks/cluster:Cluster": lambda account: {
        "name": "demo",
        "roleArn": account.role["arn"],
        "vpcConfig": {"subnetIds": account.subnets},
    },
    "aws:eks/nodeGroup:NodeGroup": lambda account: account.nodes(),
    "aws:eks/addon:Addon": lambda account: {"clusterName": account.cluster.id, "addonName": "vpc-cni"},
    "aws:eks/accessEntry:AccessEntry": _entry,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _policy_of_entry,
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": lambda account: {
        "clusterName": account.cluster.id,
        "namespace": "coder",
        "serviceAccount": "coder",
        "roleArn": account.role["arn"],
    },
    "aws:autoscaling/group:Group": lambda account: {
        "minSize": 0,
        "maxSize": 1,
        "vpcZoneIdentifiers": account.subnets,
        "launchTemplate": {"id": account.make("aws:ec2/launchTemplate:LaunchTemplate").id},
    },
    "aws:autoscaling/schedule:Schedule": lambda account: {
        "autoscalingGroupName": _scaling_group(account),
        "scheduledActionName": "up",
        "recurrence": "45 6 * * 1-5",
        "minSize": 2,
        "timeZone": "America/New_York",
    },
    "aws:autoscaling/tag:Tag": lambda account: {
        "autoscalingGroupName": _scaling_group(account),
        "tag": {"key": "Owner", "value": "platform", "propagateAtLaunch": True},
    },
    "aws:rds/subnetGroup:SubnetGroup": lambda account: {"subnetIds": account.subnets},
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": lambda _: {"family": "aurora-postgresql16"},
    "aws:rds/parameterGroup:ParameterGroup": lambda _: {"family": "postgres16"},
    "aws:rds/cluster:Cluster": lambda account: account.database(),
    "aws:rds/clusterInstance:ClusterInstance": lambda account: {
        "clusterIdentifier": account.db_cluster.id,
        "engine": "aurora-postgresql",
        "instanceClass": "db.serverless",
    },
    "aws:rds/instance:Instance": lambda account: {
        "engine": "postgres",
        "engineVersion": "16.8",
        "instanceClass": "db.t3.medium",
        "allocatedStorage": 20,
        "username": "coder",
        "manageMasterUserPassword": True,
        "dbSubnetGroupName": account.subnet_group["name"],
        "skipFinalSnapshot": True,
    },
    "aws:secretsmanager/secret:Secret": lambda _: {"recoveryWindowInDays": 0},
    "aws:secretsmanager/secretVersion:SecretVersion": lambda account: {"secretId": account.secret.id, "secretString": "value"},
    "aws:secretsmanager/secretPolicy:SecretPolicy": lambda account: {
        "secretArn": account.secret["arn"],
        "policy": _anybody("secretsmanager:GetSecretValue"),
    },
    "aws:backup/vault:Vault": lambda _: {},
    "aws:backup/vaultPolicy:VaultPolicy": lambda account: {
        "backupVaultName": account.vault.id,
        "policy": _anybody("backup:CopyIntoBackupVault"),
    },
    "aws:backup/plan:Plan": _plan,
    "aws:backup/selection:Selection": _selection,
    "aws:lb/loadBalancer:LoadBalancer": lambda account: {"loadBalancerType": "network", "internal": True, "subnets": account.subnets},
    "aws:lb/targetGroup:TargetGroup": lambda account: {"port": 8080, "protocol": "TCP", "targetType": "ip", "vpcId": account.vpc.id},
    "aws:lb/listener:Listener": _listener,
    "aws:acm/certificate:Certificate": lambda _: {"domainName": "coder.example.com", "validationMethod": "DNS"},
    "aws:acm/certificateValidation:CertificateValidation": _validation,
    "aws:route53/zone:Zone": lambda _: {"name": "example.org"},
    "aws:route53/record:Record": lambda account: {
        "zoneId": account.zone.id,
        "name": "a.example.com",
        "type": "A",
        "ttl": 60,
        "records": ["192.0.2.1"],
    },
    "aws:route53/healthCheck:HealthCheck": lambda _: {"type": "HTTPS", "fqdn": "coder.example.com"},
    "aws:sns/topic:Topic": lambda _: {},
    "aws:sns/topicSubscription:TopicSubscription": lambda account: {
        "topic": account.topic["arn"],
        "protocol": "email",
        "endpoint": "on-call@example.com",
    },
    "aws:sns/topicPolicy:TopicPolicy": lambda account: {
        "arn": account.topic["arn"],
        "policy": allow("sns:Publish", account.topic["arn"], Principal={"Service": "cloudwatch.amazonaws.com"}),
    },
    "aws:sqs/queue:Queue": lambda _: {},
    "aws:sqs/queuePolicy:QueuePolicy": lambda account: {
        "queueUrl": account.make("aws:sqs/queue:Queue").id,
        "policy": allow("sqs:SendMessage", "*", Principal={"Service": "events.amazonaws.com"}),
    },
    "aws:ssm/parameter:Parameter": lambda _: {"name": "/coder/prod/routing", "type": "String", "value": "{}"},
    "aws:amp/workspace:Workspace": lambda _: {"alias": "coder-prod"},
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": lambda account: {
        "name": "coder",
        "workspaceId": account.make("aws:amp/workspace:Workspace").id,
        "data": "groups: [{name: coder, rules: [{alert: Slow, expr: up == 0}]}]",
    },
    "aws:amp/alertManagerDefinition:AlertManagerDefinition": lambda account: {
        "workspaceId": account.make("aws:amp/workspace:Workspace").id,
        "definition": "alertmanager_config: |\n  {route: {receiver: sns}, receivers: [{name: sns}]}\n",
    },
    "aws:amp/scraper:Scraper": lambda account: {
        "scrapeConfiguration": "scrape_configs: [{job_name: coderd}]",
        "source": {"eks": {"clusterArn": account.cluster["arn"], "subnetIds": account.subnets, "securityGroupIds": [account.group.id]}},
        "destination": {"amp": {"workspaceArn": account.make("aws:amp/workspace:Workspace")["arn"]}},
    },
    "aws:budgets/budget:Budget": lambda _: {"budgetType": "COST", "limitAmount": "100", "limitUnit": "USD", "timeUnit": "MONTHLY"},
    "aws:cloudtrail/trail:Trail": trail,
    "aws:s3/bucket:Bucket": lambda _: {},
    "aws:s3/bucketPolicy:BucketPolicy": lambda account: {
        "bucket": account.bucket.id,
        "policy": _anybody("s3:GetObject", f"{account.bucket['arn']}/*"),
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": lambda account: {"bucket": account.bucket.id},
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _encryption,
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": _encryption,
    "aws:s3/bucketVersioning:BucketVersioning": lambda account: {
        "bucket": account.bucket.id,
        "versioningConfiguration": {"status": "Enabled"},
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda account: {
        "bucket": account.bucket.id,
        "rules": [{"id": "old", "status": "Enabled", "expiration": {"days": 90}}],
    },
}
