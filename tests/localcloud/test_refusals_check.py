"""What the provider refuses at preview: for each input, one that it refuses and a near one that it takes."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from localcloud import aws_rules, refusals
from localcloud.kinds import KINDS
from localcloud.kinds.model import Operation, Refused, Request
from localcloud.world import View
from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL

_ROLE = "arn:aws:iam::123456789012:role/some"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-4333-8444-555555555555"
_FLOW, _EKS, _NODES, _ADDON = "aws:ec2/flowLog:FlowLog", "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup", "aws:eks/addon:Addon"
_DB, _DB_INSTANCE, _CLUSTER_INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"
_ENTRY, _SCOPE = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
_LISTENER, _TARGETS, _BALANCER = "aws:lb/listener:Listener", "aws:lb/targetGroup:TargetGroup", "aws:lb/loadBalancer:LoadBalancer"
_RULE, _IN, _OUT = (
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
_TEMPLATE, _IAM_ROLE, _ALARM = "aws:ec2/launchTemplate:LaunchTemplate", "aws:iam/role:Role", "aws:cloudwatch/metricAlarm:MetricAlarm"
_LOGS, _HEALTH, _QUEUE, _SECRET = (
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:route53/healthCheck:HealthCheck",
    "aws:sqs/queue:Queue",
    "aws:secretsmanager/secret:Secret",
)
_BAD_ARN = "some-role"

# token, path, refused, accepted
CASES: list[tuple[str, str, Any, Any]] = [
    (_FLOW, "iamRoleArn", _BAD_ARN, _ROLE),
    (_FLOW, "logDestination", "some-group", "arn:aws:logs:us-east-1:123456789012:log-group:some"),
    (_EKS, "roleArn", _BAD_ARN, _ROLE),
    (_EKS, "encryptionConfig.provider.keyArn", "11111111-2222-4333-8444-555555555555", _KEY),
    (_NODES, "nodeRoleArn", _BAD_ARN, _ROLE),
    (_ADDON, "serviceAccountRoleArn", _BAD_ARN, _ROLE),
    (_ENTRY, "principalArn", _BAD_ARN, _ROLE),
    (_SCOPE, "policyArn", "AmazonEKSViewPolicy", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"),
    (_SCOPE, "principalArn", _BAD_ARN, _ROLE),
    ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "roleArn", _BAD_ARN, _ROLE),
    (_DB, "kmsKeyId", "alias/coder", _KEY),
    (_DB, "monitoringRoleArn", _BAD_ARN, _ROLE),
    (_DB, "performanceInsightsKmsKeyId", "alias/coder", _KEY),
    (_CLUSTER_INSTANCE, "monitoringRoleArn", _BAD_ARN, _ROLE),
    (_DB_INSTANCE, "kmsKeyId", "alias/coder", _KEY),
    (_DB_INSTANCE, "monitoringRoleArn", _BAD_ARN, _ROLE),
    (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "policyArn",
        "AdministratorAccess",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    (_IAM_ROLE, "permissionsBoundary", "AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
    (_IAM_ROLE, "managedPolicyArns[*]", "AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
    (
        _LISTENER,
        "loadBalancerArn",
        "net/name",
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/name/0123456789abcdef",
    ),
    (_LISTENER, "certificateArn", "certificate", "arn:aws:acm:us-east-1:123456789012:certificate/some"),
    (
        _LISTENER,
        "defaultActions[*].targetGroupArn",
        "targets",
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/name/0123456789abcdef",
    ),
    (
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "secretArn",
        "coder/prod/oidc",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf",
    ),
    (_LOGS, "kmsKeyId", "alias/coder", _KEY),
    ("aws:cloudwatch/eventRule:EventRule", "roleArn", _BAD_ARN, _ROLE),
    (_ALARM, "alarmActions[*]", "topic", "arn:aws:sns:us-east-1:123456789012:topic"),
    (_ALARM, "okActions[*]", "topic", "arn:aws:sns:us-east-1:123456789012:topic"),
    ("aws:backup/vault:Vault", "kmsKeyArn", "alias/coder", _KEY),
    (
        "aws:backup/plan:Plan",
        "rules[*].copyActions[*].destinationVaultArn",
        "vault",
        "arn:aws:backup:us-west-2:123456789012:backup-vault:vault",
    ),
    ("aws:backup/selection:Selection", "iamRoleArn", _BAD_ARN, _ROLE),
    (
        "aws:acm/certificateValidation:CertificateValidation",
        "certificateArn",
        "certificate",
        "arn:aws:acm:us-east-1:123456789012:certificate/some",
    ),
    (_LISTENER, "port", 0, 1),
    (_TARGETS, "port", 65536, 65535),
    (_DB, "port", 1149, 1150),
    (_RULE, "fromPort", -2, -1),
    (_RULE, "toPort", 65536, 65535),
    (_IN, "fromPort", -2, -1),
    (_IN, "toPort", 65536, 65535),
    (_OUT, "fromPort", -2, -1),
    (_OUT, "toPort", 65536, 65535),
    ("aws:ec2/vpc:Vpc", "cidrBlock", "10.0.0.1/16", "10.0.0.0/16"),
    ("aws:ec2/subnet:Subnet", "cidrBlock", "10.0.0.1/24", "10.0.0.0/24"),
    ("aws:ec2/route:Route", "destinationCidrBlock", "10.0.0.1/8", "10.0.0.0/8"),
    ("aws:ec2/networkAclRule:NetworkAclRule", "cidrBlock", "anywhere", "0.0.0.0/0"),
    (_RULE, "cidrBlocks[*]", "10.0.0.1/16", "10.0.0.0/16"),
    (_IN, "cidrIpv4", "10.0.0.1", "10.0.0.1/32"),
    ("aws:ec2/vpc:Vpc", "instanceTenancy", "host", "dedicated"),
    ("aws:ec2/eip:Eip", "domain", "standard", "vpc"),
    ("aws:ec2/natGateway:NatGateway", "connectivityType", "hidden", "public"),
    (_RULE, "type", "in", "ingress"),
    ("aws:ec2/networkAclRule:NetworkAclRule", "ruleAction", "permit", "deny"),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType", "interface", "Interface"),
    (_FLOW, "trafficType", "all", "ALL"),
    (_FLOW, "logDestinationType", "cloudwatch", "s3"),
    (_FLOW, "maxAggregationInterval", 300, 60),
    (_TEMPLATE, "metadataOptions.httpTokens", "needed", "required"),
    (_TEMPLATE, "metadataOptions.httpEndpoint", "on", "enabled"),
    (_TEMPLATE, "metadataOptions.httpPutResponseHopLimit", 65, 64),
    (_TEMPLATE, "name", "a b", "a-b"),
    (_TEMPLATE, "userData", "#!/bin/sh", "IyEvYmluL3No"),
    (_TEMPLATE, "tagSpecifications[*].resourceType", "disk", "volume"),
    (_EKS, "name", "my.cluster", "my-cluster"),
    (_EKS, "enabledClusterLogTypes[*]", "apiserver", "api"),
    (_EKS, "encryptionConfig.resources[*]", "configmaps", "secrets"),
    (_EKS, "accessConfig.authenticationMode", "IAM", "API"),
    (_EKS, "vpcConfig.publicAccessCidrs[*]", "203.0.113.7", "203.0.113.7/32"),
    (_NODES, "capacityType", "spot", "SPOT"),
    (_NODES, "taints[*].effect", "NoSchedule", "NO_SCHEDULE"),
    (_NODES, "scalingConfig.minSize", -1, 0),
    (_NODES, "scalingConfig.desiredSize", -1, 0),
    (_NODES, "scalingConfig.maxSize", 0, 1),
    (_NODES, "nodeGroupName", "coder.ws", "coder-ws"),
    (_ADDON, "resolveConflictsOnCreate", "PRESERVE", "OVERWRITE"),
    (_ADDON, "resolveConflictsOnUpdate", "KEEP", "PRESERVE"),
    (_ENTRY, "type", "LINUX", "EC2_LINUX"),
    (_SCOPE, "accessScope.type", "all", "cluster"),
    (_DB, "clusterIdentifier", "Coder--db", "coder-db"),
    (_CLUSTER_INSTANCE, "identifier", "1-coder", "coder-1"),
    (_DB, "finalSnapshotIdentifier", "coder-", "coder-final"),
    ("aws:rds/subnetGroup:SubnetGroup", "name", "default", "coder"),
    ("aws:rds/clusterParameterGroup:ClusterParameterGroup", "name", "Coder", "coder"),
    ("aws:rds/clusterParameterGroup:ClusterParameterGroup", "parameters[*].applyMethod", "later", "pending-reboot"),
    (_DB, "backupRetentionPeriod", 36, 35),
    (_DB_INSTANCE, "backupRetentionPeriod", 36, 35),
    (_DB, "serverlessv2ScalingConfiguration.minCapacity", -0.5, 0),
    (_DB, "serverlessv2ScalingConfiguration.maxCapacity", 256.5, 256),
    (_CLUSTER_INSTANCE, "promotionTier", 16, 15),
    (_CLUSTER_INSTANCE, "monitoringInterval", 20, 30),
    (_DB, "engine", "aurora", "aurora-postgresql"),
    (_DB, "enabledCloudwatchLogsExports[*]", "postgres", "postgresql"),
    (_DB, "preferredBackupWindow", "7:00-8:00", "07:00-08:00"),
    (_DB_INSTANCE, "backupWindow", "7:00-8:00", "07:00-08:00"),
    (_DB, "preferredMaintenanceWindow", "sunday:05:00-06:00", "sun:05:00-sun:06:00"),
    (_IAM_ROLE, "name", "coder/role", "coder-role"),
    ("aws:iam/policy:Policy", "name", "a b", "a-b"),
    (_IAM_ROLE, "path", "coder", "/coder/"),
    (_IAM_ROLE, "maxSessionDuration", 3599, 3600),
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "url", "http://oidc.example.com", "https://oidc.example.com"),
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "thumbprintLists[*]", "9e99", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"),
    (_BALANCER, "name", "internal-coder", "coder-internal"),
    (_BALANCER, "loadBalancerType", "nlb", "network"),
    (_LISTENER, "protocol", "tls", "TLS"),
    (_TARGETS, "protocol", "tcp", "TCP"),
    (_TARGETS, "targetType", "pod", "ip"),
    (_TARGETS, "healthCheck.protocol", "TLS", "TCP"),
    (_TARGETS, "healthCheck.interval", 4, 5),
    (_TARGETS, "healthCheck.timeout", 121, 120),
    (_TARGETS, "healthCheck.healthyThreshold", 1, 2),
    (_TARGETS, "healthCheck.unhealthyThreshold", 11, 10),
    ("aws:route53/record:Record", "type", "ALIAS", "A"),
    (_HEALTH, "type", "UDP", "TCP"),
    (_HEALTH, "requestInterval", 20, 30),
    (_HEALTH, "failureThreshold", 11, 10),
    ("aws:kms/key:Key", "deletionWindowInDays", 6, 7),
    ("aws:kms/key:Key", "rotationPeriodInDays", 89, 90),
    ("aws:kms/alias:Alias", "name", "alias/aws/coder", "alias/coder"),
    (_SECRET, "name", "coder prod", "coder/prod"),
    (_SECRET, "recoveryWindowInDays", 6, 7),
    (_LOGS, "retentionInDays", 91, 90),
    (_LOGS, "name", "logs of coder", "/aws/eks/coder"),
    (_LOGS, "logGroupClass", "CHEAP", "INFREQUENT_ACCESS"),
    (_ALARM, "treatMissingData", "bad", "breaching"),
    (_ALARM, "comparisonOperator", "GreaterThan", "GreaterThanThreshold"),
    ("aws:sns/topicSubscription:TopicSubscription", "protocol", "slack", "email"),
    (_QUEUE, "messageRetentionSeconds", 59, 60),
    (_QUEUE, "visibilityTimeoutSeconds", 43201, 43200),
    (_QUEUE, "delaySeconds", 901, 900),
]
# token, the input that is one too many or missing
ONE_OF_SEVERAL: list[tuple[str, dict[str, Any]]] = [
    (_IN, {"cidrIpv4": "10.0.0.0/16", "cidrIpv6": "fd00::/8"}),
    ("aws:secretsmanager/secretVersion:SecretVersion", {"secretString": "a", "secretBinary": "YQ=="}),
]


def put(inputs: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The inputs with a value at a path; `[*]` is the one item of a list."""
    result = copy.deepcopy(inputs)
    place: Any = result
    *above, last = path.replace("[*]", ".*").split(".")
    for step, following in zip(above, [*above, last][1:], strict=True):
        empty: Any = [{}] if following == "*" else {}
        if step == "*":
            place[:] = place or [{}]
            place = place[0]
        else:
            place = place.setdefault(step, empty)
    if last == "*":
        place[:] = [value]
    else:
        place[last] = value
    return result


def _row(token: str, path: str):
    short = token.rpartition(":")[2]
    found = [
        row
        for row in refusals.REFUSALS
        if token in row.tokens and f".{path} " in f"{row.name} ".replace(row.tokens[0].rpartition(":")[2], short)
    ]
    assert found, (token, path)
    return found


def _failures(account: Account, token: str, inputs: dict[str, Any]) -> list[str]:
    request = Request(KINDS[token], Operation.CHECK, account.region, "case", inputs, None, View(account.store, account.region))
    return [failure.reason for failure in aws_rules.check_refusals(request)]


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


@pytest.mark.parametrize(("token", "path", "bad", "good"), CASES, ids=lambda value: str(value)[:60])
def test_an_input_is_refused_at_preview_and_a_near_one_is_not(account, token, path, bad, good, monkeypatch):
    inputs = MINIMAL[token](account)
    monkeypatch.setattr(aws_rules, "REFUSALS", {token: tuple(_row(token, path))})
    assert _failures(account, token, put(inputs, path, bad))
    assert _failures(account, token, put(inputs, path, good)) == []


@pytest.mark.parametrize(("token", "more"), ONE_OF_SEVERAL)
def test_only_one_of_several_inputs_is_taken(account, token, more):
    inputs = MINIMAL[token](account)
    with pytest.raises(Refused, match="exactly one"):
        account.make(token, **{**inputs, **more})
    assert account.refusal(token, **inputs) is None


def test_every_row_of_the_provider_has_a_case():
    tested = {row.name for token, path, _, _ in CASES for row in _row(token, path)}
    tested |= {row.name for token, _ in ONE_OF_SEVERAL for row in refusals.REFUSALS if token in row.tokens and "exactly one" in row.name}
    assert sorted({row.name for row in refusals.REFUSALS} - tested) == []
