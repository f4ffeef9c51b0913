"""More of what the provider refuses at preview: for each row, an input that it refuses and a near one that it takes."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud import aws_rules, refusals_inputs
from localcloud.kinds import KINDS
from localcloud.kinds.model import Operation, Request
from localcloud.world import View
from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.test_refusals_check import put

_ACL, _NODES, _TEMPLATE = "aws:ec2/networkAcl:NetworkAcl", "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
_IN, _OUT = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_RULE, _ENDPOINT = "aws:ec2/securityGroupRule:SecurityGroupRule", "aws:ec2/vpcEndpoint:VpcEndpoint"
_VAULT, _PLAN, _SELECTION = "aws:backup/vault:Vault", "aws:backup/plan:Plan", "aws:backup/selection:Selection"
_CERTIFICATE, _BALANCER, _TARGETS = "aws:acm/certificate:Certificate", "aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"
_ROLE, _HEALTH = "aws:iam/role:Role", "aws:route53/healthCheck:HealthCheck"
_RULES, _TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
_ALARM, _DASHBOARD = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/dashboard:Dashboard"
_VERSIONING, _BUDGET = "aws:s3/bucketVersioning:BucketVersioning", "aws:budgets/budget:Budget"
_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_SSE = "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm"
_PARAMETER, _KMS_KEY = "aws:ssm/parameter:Parameter", "aws:kms/key:Key"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-4333-8444-555555555555"


_TOPIC, _LIFECYCLE = "aws:sns/topic:Topic", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_RECORD, _SIZE = "aws:route53/record:Record", "blockDeviceMappings[*].ebs.volumeSize"
_TRANSPARENCY = "options.certificateTransparencyLoggingPreference"
_PARAMETER_GROUPS = ("aws:rds/clusterParameterGroup:ClusterParameterGroup", "aws:rds/parameterGroup:ParameterGroup")


def _ssl(value: str) -> list[dict[str, Any]]:
    return [{"name": "rds.force_ssl", "value": value, "applyMethod": "pending-reboot"}]


def _acl(**more: Any) -> list[dict[str, Any]]:
    return [{"ruleNo": 100, "action": "allow", "protocol": "6", "cidrBlock": "0.0.0.0/0", "fromPort": 443, "toPort": 443, **more}]


# row, token, path, refused, accepted
CASES: list[tuple[str, str, str, Any, Any]] = [
    *((f"NetworkAcl.{way}[*].ruleNo from 1 to 32766", _ACL, way, _acl(ruleNo=32767), _acl(ruleNo=32766)) for way in ("ingress", "egress")),
    *((f"NetworkAcl.{way}[*].fromPort from 0 to 65535", _ACL, way, _acl(fromPort=-1), _acl(fromPort=0)) for way in ("ingress", "egress")),
    *((f"NetworkAcl.{way}[*].toPort from 0 to 65535", _ACL, way, _acl(toPort=65536), _acl(toPort=65535)) for way in ("ingress", "egress")),
    *(
        (f"NetworkAcl.{way}[*].action is one of a list", _ACL, way, _acl(action="permit"), _acl(action="deny"))
        for way in ("ingress", "egress")
    ),
    *(
        (f"NetworkAcl.{way}[*].cidrBlock is a network address", _ACL, way, _acl(cidrBlock="10.0.0.1/16"), _acl(cidrBlock="10.0.0.0/16"))
        for way in ("ingress", "egress")
    ),
    ("an inline ACL rule's protocol exists", _ACL, "ingress", _acl(protocol="https"), _acl(protocol="tcp")),
    (
        "an inline ACL rule for all protocols has port 0",
        _ACL,
        "egress",
        _acl(protocol="-1", fromPort=0, toPort=65535),
        _acl(protocol="-1", fromPort=0, toPort=0),
    ),
    *(
        ("SecurityGroupIngressRule.description is not up to 255 of EC2's characters", token, "description", bad, good)
        for token in (_IN, _OUT, _RULE)
        for bad, good in (("coderd's port", "port of coderd"), ("a" * 256, "a" * 255))
    ),
    ("NodeGroup.amiType is one of a list", _NODES, "amiType", "AL2023_x86_64", "AL2023_x86_64_STANDARD"),
    ("NodeGroup.updateConfig.maxUnavailable from 1 to 100", _NODES, "updateConfig", {"maxUnavailable": 101}, {"maxUnavailable": 100}),
    (
        "NodeGroup.updateConfig.maxUnavailablePercentage from 1 to 100",
        _NODES,
        "updateConfig",
        {"maxUnavailablePercentage": 101},
        {"maxUnavailablePercentage": 33},
    ),
    (
        "NodeGroup.updateConfig says one number",
        _NODES,
        "updateConfig",
        {"maxUnavailable": 1, "maxUnavailablePercentage": 33},
        {"maxUnavailable": 1},
    ),
    ("NodeGroup.updateConfig says one number", _NODES, "updateConfig", {}, {"maxUnavailablePercentage": 33}),
    (
        "LaunchTemplate.blockDeviceMappings[*].ebs.volumeType is one of a list",
        _TEMPLATE,
        "blockDeviceMappings[*].ebs.volumeType",
        "ssd",
        "gp3",
    ),
    (
        "LaunchTemplate.blockDeviceMappings[*].ebs.kmsKeyId is not an ARN",
        _TEMPLATE,
        "blockDeviceMappings[*].ebs.kmsKeyId",
        "alias/disks",
        _KEY,
    ),
    (
        "LaunchTemplate.instanceInitiatedShutdownBehavior is one of a list",
        _TEMPLATE,
        "instanceInitiatedShutdownBehavior",
        "hibernate",
        "terminate",
    ),
    ("Vault.name is not 2 to 50 of letters, digits, - and _", _VAULT, "name", "coder.prod", "coder-prod"),
    ("Plan.rules[*].ruleName is not 1 to 50 of letters, digits and -_.", _PLAN, "rules[*].ruleName", "every day", "every-day"),
    ("Plan.rules[*].targetVaultName is not 2 to 50 of letters, digits, - and _", _PLAN, "rules[*].targetVaultName", "a.b", "a-b"),
    ("Selection.name is not 1 to 50 of letters, digits and -_.", _SELECTION, "name", "a" * 51, "a" * 50),
    (
        "Selection.selectionTags[*].type is one of a list",
        _SELECTION,
        "selectionTags",
        [{"type": "StringEquals", "key": "a", "value": "b"}],
        [{"type": "STRINGEQUALS", "key": "a", "value": "b"}],
    ),
    ("Certificate.validationMethod is one of a list", _CERTIFICATE, "validationMethod", "dns", "DNS"),
    ("Certificate.keyAlgorithm is one of a list", _CERTIFICATE, "keyAlgorithm", "ECDSA_P256", "EC_prime256v1"),
    ("Certificate.domainName ends with a period", _CERTIFICATE, "domainName", "coder.example.com.", "coder.example.com"),
    ("a certificate says how it is validated", _CERTIFICATE, "validationMethod", "", "DNS"),
    ("LoadBalancer.ipAddressType is one of a list", _BALANCER, "ipAddressType", "ipv6", "dualstack"),
    ("TargetGroup.deregistrationDelay from 0 to 3600", _TARGETS, "deregistrationDelay", 3601, 3600),
    ("TargetGroup.healthCheck.path is not 1 to 1024 characters", _TARGETS, "healthCheck.path", "/" * 1025, "/healthz"),
    ("Role.description", _ROLE, "description", "a" * 1001, "a" * 1000),
    ("Role.description", _ROLE, "description", "the “coder” role", 'the "coder" role'),
    *(
        (f"HealthCheck.{key} has more than 255 characters", _HEALTH, key, "a" * 256, "a" * 255)
        for key in ("resourcePath", "fqdn", "searchString")
    ),
    ("EventRule.name is not 1 to 64 of letters, digits and -_.", _RULES, "name", "spot interruption", "spot-interruption"),
    ("EventTarget.arn is not an ARN", _TARGET, "arn", "coder-prod-critical", "arn:aws:sns:us-east-1:123456789012:coder-prod-critical"),
    ("EventTarget.targetId is not 1 to 64 of letters, digits and -_.", _TARGET, "targetId", "a" * 65, "a" * 64),
    ("MetricAlarm.statistic is one of a list", _ALARM, "statistic", "p99", "Maximum"),
    ("MetricAlarm.evaluationPeriods from 1 to 60480", _ALARM, "evaluationPeriods", 0, 1),
    ("Dashboard.dashboardName is not 1 to 255 of letters, digits, - and _", _DASHBOARD, "dashboardName", "coder.prod", "coder-prod"),
    ("BucketVersioning.versioningConfiguration.status is one of a list", _VERSIONING, "versioningConfiguration.status", "On", "Enabled"),
    (f"BucketServerSideEncryptionConfiguration.{_SSE} is one of a list", _ENCRYPTION, _SSE, "aws-kms", "aws:kms"),
    ("Budget.budgetType is one of a list", _BUDGET, "budgetType", "COSTS", "COST"),
    ("Budget.timeUnit is one of a list", _BUDGET, "timeUnit", "WEEKLY", "MONTHLY"),
    *(
        (f"Budget.notifications[*].{key} is one of a list", _BUDGET, f"notifications[*].{key}", bad, good)
        for key, bad, good in (
            ("comparisonOperator", "MORE_THAN", "GREATER_THAN"),
            ("notificationType", "PREDICTED", "FORECASTED"),
            ("thresholdType", "PERCENT", "PERCENTAGE"),
        )
    ),
    ("Parameter.type is one of a list", _PARAMETER, "type", "Text", "String"),
    ("Parameter.tier is one of a list", _PARAMETER, "tier", "Premium", "Advanced"),
    ("Key.keyUsage is one of a list", _KMS_KEY, "keyUsage", "ENCRYPT", "ENCRYPT_DECRYPT"),
    ("Key.customerMasterKeySpec is one of a list", _KMS_KEY, "customerMasterKeySpec", "AES_256", "SYMMETRIC_DEFAULT"),
    ("HealthCheck.port from 1 to 65535", _HEALTH, "port", 65536, 65535),
    ("LaunchTemplate.blockDeviceMappings[*].ebs.volumeSize from 0 to 65536", _TEMPLATE, _SIZE, 10**9, 65536),
    (f"Certificate.{_TRANSPARENCY} is one of a list", _CERTIFICATE, _TRANSPARENCY, "MAYBE", "DISABLED"),
    ("EventTarget.input is JSON", _TARGET, "input", "{'a': 1}", '{"a": 1}'),
    ("EventTarget.input has more than 8192 characters", _TARGET, "input", f'"{"a" * 8191}"', f'"{"a" * 8190}"'),
    ("Topic.displayName has more than 100 characters", _TOPIC, "displayName", "a" * 101, "a" * 100),
    ("BucketLifecycleConfiguration.rules[*].expiration.days from 1 to 2147483647", _LIFECYCLE, "rules[*].expiration.days", 0, 1),
    ("Record.ttl from 0 to 2147483647", _RECORD, "ttl", -5, 0),
    *(("rds.force_ssl is on or off", group, "parameters", _ssl("maybe"), _ssl("1")) for group in _PARAMETER_GROUPS),
    ("VpcEndpoint.policy is JSON", _ENDPOINT, "policy", "{'Version': '2012-10-17'}", '{"Version": "2012-10-17", "Statement": []}'),
]


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


@pytest.mark.parametrize(("name", "token", "path", "bad", "good"), CASES, ids=lambda value: str(value)[:50])
def test_an_input_is_refused_at_preview_and_a_near_one_is_not(account, name, token, path, bad, good, monkeypatch):
    (row,) = [row for row in refusals_inputs.REFUSALS if row.name == name]
    assert token in row.tokens
    inputs = MINIMAL[token](account)
    monkeypatch.setattr(aws_rules, "REFUSALS", {token: (row,)})
    assert _failures(account, token, put(inputs, path, bad))
    assert _failures(account, token, put(inputs, path, good)) == []


def _failures(account: Account, token: str, inputs: dict[str, Any]) -> list[str]:
    request = Request(KINDS[token], Operation.CHECK, account.region, "case", inputs, None, View(account.store, account.region))
    return [failure.reason for failure in aws_rules.check_refusals(request)]


def test_every_row_has_a_case():
    assert {row.name for row in refusals_inputs.REFUSALS} == {name for name, *_ in CASES}
