"""What the provider's own validators refuse at preview: forms of ARNs, names, enumerations, ranges, addresses. One row per input.

The other `refusals_*.py` hold what AWS refuses at the call. Source: `ValidateFunc` of Terraform's AWS provider at d5102ec2 (5.32,
2023-12-18), the enumerations of pulumi-aws 7.51.1. A provider names no AWS code: InvalidParameterValue stands for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from localcloud.kinds.cloudwatch import EVENT_RULE, LOG_GROUP, METRIC_ALARM, RETENTION_DAYS
from localcloud.kinds.compute import INSTANCE, LAUNCH_TEMPLATE
from localcloud.kinds.eks import ACCESS_ENTRY, ACCESS_POLICY, ADDON, CLUSTER, NODE_GROUP, POD_IDENTITY
from localcloud.kinds.elb import LISTENER, LOAD_BALANCER, TARGET_GROUP
from localcloud.kinds.forms import whole
from localcloud.kinds.iam import ATTACHMENT, INSTANCE_PROFILE, OIDC_PROVIDER, POLICY, ROLE, ROLE_POLICY
from localcloud.kinds.kms import ALIAS, KEY
from localcloud.kinds.messaging import PROTOCOLS, QUEUE, SUBSCRIPTION
from localcloud.kinds.model import Operation, Refusal, Request, values_at
from localcloud.kinds.rds import CLUSTER as DB_CLUSTER
from localcloud.kinds.rds import CLUSTER_INSTANCE
from localcloud.kinds.rds import INSTANCE as DB_INSTANCE
from localcloud.kinds.rds_groups import CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP, SUBNET_GROUP
from localcloud.kinds.route53 import HEALTH_CHECK, RECORD
from localcloud.kinds.secretsmanager import SECRET, SECRET_POLICY, SECRET_VERSION
from localcloud.kinds.security_groups import EGRESS_RULE, INGRESS_RULE, NETWORK_ACL_RULE, SECURITY_GROUP_RULE
from localcloud.kinds.vpc import EIP, NAT_GATEWAY, ROUTE, SUBNET, VPC
from localcloud.kinds.vpc_endpoints import ENDPOINT, FLOW_LOG

When = Callable[[Request], "str | None"]
ALWAYS: Final = (Operation.CHECK, Operation.CREATE, Operation.UPDATE)
WRITES: Final = (Operation.CREATE, Operation.UPDATE)
CHECK: Final = (Operation.CHECK,)
CREATE: Final = (Operation.CREATE,)
UPDATE: Final = (Operation.UPDATE,)
DELETE: Final = (Operation.DELETE,)
_BAD_VALUE: Final = "InvalidParameterValue"


def row(tokens: str | tuple[str, ...], code: str, name: str, when: When, on: tuple[Operation, ...] = WRITES, key: str = "") -> Refusal:
    """A refusal in one line; `when` returns the whole sentence."""
    return Refusal(name=name, tokens=(tokens,) if isinstance(tokens, str) else tokens, operations=on, code=code, when=when, property=key)


def _short(token: str) -> str:
    return token.rpartition(":")[2]


def form(tokens: str | tuple[str, ...], path: str, pattern: str, words: str, code: str = _BAD_VALUE) -> Refusal:
    """The text at the path matches a pattern."""
    matcher = re.compile(pattern, re.DOTALL)

    def when(request: Request) -> str | None:
        return next((f"{path}: {text!r} {words}" for text in request.texts(path) if not matcher.fullmatch(text)), None)

    name = _short(tokens if isinstance(tokens, str) else tokens[0])
    return row(tokens, code, f"{name}.{path} {words}", when, ALWAYS, path.partition("[")[0])


def one_of(tokens: str | tuple[str, ...], path: str, allowed: Iterable[object]) -> Refusal:
    """The value at the path is one of a list."""
    values = tuple(allowed)
    shown = ", ".join(map(str, values))

    def when(request: Request) -> str | None:
        given = [value for value in values_at(request.inputs, path) if isinstance(value, str | int | float)]
        return next((f"{path}: {value!r} is none of {shown}" for value in given if value not in values), None)

    name = _short(tokens if isinstance(tokens, str) else tokens[0])
    return row(tokens, "InvalidParameterValue", f"{name}.{path} is one of a list", when, ALWAYS, path.partition("[")[0])


def within(tokens: str | tuple[str, ...], path: str, low: float, high: float, code: str = _BAD_VALUE) -> Refusal:
    """The number at the path lies in a range, ends included."""
    limits = f"from {_plain(low)} to {_plain(high)}"

    def when(request: Request) -> str | None:
        given = [value for value in values_at(request.inputs, path) if isinstance(value, int | float) and not isinstance(value, bool)]
        return next((f"{path}: {_plain(value)} is not {limits}" for value in given if not low <= value <= high), None)

    name = _short(tokens if isinstance(tokens, str) else tokens[0])
    return row(tokens, code, f"{name}.{path} {limits}", when, ALWAYS, path.partition("[")[0])


def _plain(number: float) -> str:
    """Every digit, as AWS's own limits are written."""
    return f"{number:.0f}" if number == int(number) else f"{number:g}"


def _network_of(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def cidr(tokens: str | tuple[str, ...], *paths: str) -> Refusal:
    """The text is a network's own address with its prefix: no host bits are set."""

    def when(request: Request) -> str | None:
        for path in paths:
            for text in request.texts(path):
                if "/" not in text or _network_of(text) is None:
                    return f"{path}: {text!r} is not a CIDR block (or host bits are set)"
        return None

    name = _short(tokens if isinstance(tokens, str) else tokens[0])
    return row(tokens, "InvalidParameterValue", f"{name}.{paths[0]} is a network address", when, ALWAYS, paths[0].partition("[")[0])


def exactly_one(tokens: str | tuple[str, ...], *paths: str, code: str = "InvalidParameterCombination") -> Refusal:
    """One of the inputs is given, and no other."""

    def when(request: Request) -> str | None:
        given = [path for path in paths if request.inputs.get(path) not in (None, "", [], False)]
        return None if len(given) == 1 else f"give exactly one of {', '.join(paths)}; given: {', '.join(given) or 'none'}"

    name = _short(tokens if isinstance(tokens, str) else tokens[0])
    return row(tokens, code, f"{name}: exactly one of {', '.join(paths)}", when, ALWAYS)


ARN: Final = r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws|aws-managed)?:.+"
_ARNS: Final = (
    (FLOW_LOG, "iamRoleArn"), (FLOW_LOG, "logDestination"), (CLUSTER, "roleArn"), (CLUSTER, "encryptionConfig.provider.keyArn"),
    (NODE_GROUP, "nodeRoleArn"),
    (ADDON, "serviceAccountRoleArn"), (ACCESS_ENTRY, "principalArn"), (ACCESS_POLICY, "policyArn"), (ACCESS_POLICY, "principalArn"),
    (POD_IDENTITY, "roleArn"), (DB_CLUSTER, "kmsKeyId"), (DB_CLUSTER, "monitoringRoleArn"), (DB_CLUSTER, "performanceInsightsKmsKeyId"),
    (CLUSTER_INSTANCE, "monitoringRoleArn"), (DB_INSTANCE, "kmsKeyId"), (DB_INSTANCE, "monitoringRoleArn"),
    (ATTACHMENT, "policyArn"), (ROLE, "permissionsBoundary"), (ROLE, "managedPolicyArns[*]"), (LISTENER, "loadBalancerArn"),
    (LISTENER, "certificateArn"),
    (LISTENER, "defaultActions[*].targetGroupArn"), (SECRET_POLICY, "secretArn"), (LOG_GROUP, "kmsKeyId"), (EVENT_RULE, "roleArn"),
    (METRIC_ALARM, "alarmActions[*]"), (METRIC_ALARM, "okActions[*]"), ("aws:backup/vault:Vault", "kmsKeyArn"),
    ("aws:backup/plan:Plan", "rules[*].copyActions[*].destinationVaultArn"), ("aws:backup/selection:Selection", "iamRoleArn"),
    ("aws:acm/certificateValidation:CertificateValidation", "certificateArn"),
)  # fmt: skip
_PORTS: Final = ((LISTENER, "port", 1), (TARGET_GROUP, "port", 1), (DB_CLUSTER, "port", 1150), (SECURITY_GROUP_RULE, "fromPort", -1),
                 (SECURITY_GROUP_RULE, "toPort", -1), (INGRESS_RULE, "fromPort", -1), (INGRESS_RULE, "toPort", -1),
                 (EGRESS_RULE, "fromPort", -1),
                 (EGRESS_RULE, "toPort", -1))  # fmt: skip
_IDENTIFIER: Final = r"[a-z](?!.*--)[a-z0-9-]{0,62}(?<!-)"
_POLICY_NAME: Final = r"[\w+=,.@-]{1,128}"
_BALANCER_NAME: Final = r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?"
_WINDOW: Final = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"
_DAYS: Final = "(mon|tue|wed|thu|fri|sat|sun)"
_WEEKLY: Final = rf"(?i:{_DAYS}):([01]\d|2[0-3]):[0-5]\d-(?i:{_DAYS}):([01]\d|2[0-3]):[0-5]\d"

_STATES_OF_MISSING: Final = ("breaching", "ignore", "missing", "notBreaching")
_COMPARISONS: Final = (
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "GreaterThanUpperThreshold", "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold", "LessThanOrEqualToThreshold", "LessThanThreshold",
)  # fmt: skip
_RECORD_TYPES: Final = (
    "A",
    "AAAA",
    "CAA",
    "CNAME",
    "DS",
    "HTTPS",
    "MX",
    "NAPTR",
    "NS",
    "PTR",
    "SOA",
    "SPF",
    "SRV",
    "SSHFP",
    "SVCB",
    "TLSA",
    "TXT",
)
_LOG_TYPES: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_HEALTH_CHECKS: Final = ("CALCULATED", "CLOUDWATCH_METRIC", "HTTP", "HTTPS", "HTTPS_STR_MATCH", "HTTP_STR_MATCH", "RECOVERY_CONTROL", "TCP")


def _recovery_window(request: Request) -> str | None:
    days = request.number("recoveryWindowInDays")
    return None if days is None or days == 0 or 7 <= days <= 30 else f"recoveryWindowInDays: {whole(days)} is neither 0 nor from 7 to 30"


REFUSALS: Final = (
    *(form(token, path, ARN, "is not an ARN") for token, path in _ARNS),
    *(within(token, path, low, 65535) for token, path, low in _PORTS),
    # EC2
    cidr(VPC, "cidrBlock"),
    cidr(SUBNET, "cidrBlock", "ipv6CidrBlock"),
    cidr(ROUTE, "destinationCidrBlock", "destinationIpv6CidrBlock"),
    cidr(NETWORK_ACL_RULE, "cidrBlock", "ipv6CidrBlock"),
    cidr(SECURITY_GROUP_RULE, "cidrBlocks[*]", "ipv6CidrBlocks[*]"),
    cidr((INGRESS_RULE, EGRESS_RULE), "cidrIpv4", "cidrIpv6"),
    exactly_one((INGRESS_RULE, EGRESS_RULE), "cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"),
    one_of(VPC, "instanceTenancy", ("default", "dedicated")),
    one_of(EIP, "domain", ("vpc",)),
    one_of(NAT_GATEWAY, "connectivityType", ("public", "private")),
    one_of(SECURITY_GROUP_RULE, "type", ("ingress", "egress")),
    one_of(NETWORK_ACL_RULE, "ruleAction", ("allow", "deny")),
    one_of(ENDPOINT, "vpcEndpointType", ("Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork")),
    one_of(FLOW_LOG, "trafficType", ("ACCEPT", "ALL", "REJECT")),
    one_of(FLOW_LOG, "logDestinationType", ("cloud-watch-logs", "kinesis-data-firehose", "s3")),
    one_of(FLOW_LOG, "maxAggregationInterval", (60, 600)),
    one_of((LAUNCH_TEMPLATE, INSTANCE), "metadataOptions.httpTokens", ("optional", "required")),
    one_of((LAUNCH_TEMPLATE, INSTANCE), "metadataOptions.httpEndpoint", ("enabled", "disabled")),
    within((LAUNCH_TEMPLATE, INSTANCE), "metadataOptions.httpPutResponseHopLimit", 1, 64),
    form(LAUNCH_TEMPLATE, "name", r"[A-Za-z0-9().\-/_]{3,128}", "is not 3 to 128 of letters, digits and ().-/_"),
    form(LAUNCH_TEMPLATE, "userData", r"[A-Za-z0-9+/=\s]*", "is not base64"),
    one_of(LAUNCH_TEMPLATE, "tagSpecifications[*].resourceType",
           ("instance", "volume", "network-interface", "elastic-gpu", "spot-instances-request")),
    # EKS
    form(CLUSTER, "name", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", "is not 1 to 100 of letters, digits, - and _"),
    one_of(CLUSTER, "enabledClusterLogTypes[*]", _LOG_TYPES),
    one_of(CLUSTER, "encryptionConfig.resources[*]", ("secrets",)),
    one_of(CLUSTER, "accessConfig.authenticationMode", ("API", "API_AND_CONFIG_MAP", "CONFIG_MAP")),
    cidr(CLUSTER, "vpcConfig.publicAccessCidrs[*]", "kubernetesNetworkConfig.serviceIpv4Cidr"),
    one_of(NODE_GROUP, "capacityType", ("CAPACITY_BLOCK", "ON_DEMAND", "SPOT")),
    one_of(NODE_GROUP, "taints[*].effect", ("NO_EXECUTE", "NO_SCHEDULE", "PREFER_NO_SCHEDULE")),
    within(NODE_GROUP, "scalingConfig.minSize", 0, 1000),
    within(NODE_GROUP, "scalingConfig.desiredSize", 0, 1000),
    within(NODE_GROUP, "scalingConfig.maxSize", 1, 1000),
    form(NODE_GROUP, "nodeGroupName", r"[0-9A-Za-z][A-Za-z0-9_-]{0,62}", "is not 1 to 63 of letters, digits, - and _"),
    one_of(ADDON, "resolveConflictsOnCreate", ("NONE", "OVERWRITE")),
    one_of(ADDON, "resolveConflictsOnUpdate", ("NONE", "OVERWRITE", "PRESERVE")),
    one_of(ACCESS_ENTRY, "type", ("EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX", "STANDARD")),
    one_of(ACCESS_POLICY, "accessScope.type", ("cluster", "namespace")),
    # RDS
    form(DB_CLUSTER, "clusterIdentifier", _IDENTIFIER, "is not 1 to 63 of lower case letters, digits and single hyphens"),
    form((CLUSTER_INSTANCE, DB_INSTANCE), "identifier", _IDENTIFIER, "is not 1 to 63 of lower case letters, digits and single hyphens"),
    form((DB_CLUSTER, DB_INSTANCE), "finalSnapshotIdentifier", r"[A-Za-z](?!.*--)[0-9A-Za-z-]*(?<!-)",
         "is not letters, digits and single hyphens"),
    form(SUBNET_GROUP, "name", r"(?!default\Z)[a-z0-9._ -]{1,255}",
         "is not lower case letters, digits, '.', '_', '-' and blanks, or is `default`"),
    form((CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP), "name", r"[a-z](?!.*--)[0-9a-z.-]*(?<!-)",
         "is not lower case letters, digits, '.' and single hyphens"),
    one_of((CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP), "parameters[*].applyMethod", ("immediate", "pending-reboot")),
    within(DB_CLUSTER, "backupRetentionPeriod", 0, 35),
    within(DB_INSTANCE, "backupRetentionPeriod", 0, 35),
    within(DB_CLUSTER, "serverlessv2ScalingConfiguration.minCapacity", 0, 256),
    within(DB_CLUSTER, "serverlessv2ScalingConfiguration.maxCapacity", 1, 256),
    within(CLUSTER_INSTANCE, "promotionTier", 0, 15),
    one_of((DB_CLUSTER, CLUSTER_INSTANCE, DB_INSTANCE), "monitoringInterval", (0, 1, 5, 10, 15, 30, 60)),
    one_of(DB_CLUSTER, "engine", ("aurora-mysql", "aurora-postgresql", "mysql", "postgres")),
    one_of(DB_CLUSTER, "enabledCloudwatchLogsExports[*]", ("audit", "error", "general", "iam-db-auth-error", "instance", "postgresql",
                                                           "slowquery", "upgrade")),
    form(DB_CLUSTER, "preferredBackupWindow", _WINDOW, "is not hh24:mi-hh24:mi"),
    form(DB_INSTANCE, "backupWindow", _WINDOW, "is not hh24:mi-hh24:mi"),
    form((DB_CLUSTER, CLUSTER_INSTANCE), "preferredMaintenanceWindow", _WEEKLY, "is not ddd:hh24:mi-ddd:hh24:mi"),
    # IAM
    form(ROLE, "name", r"[\w+=,.@-]{1,64}", "is not 1 to 64 of letters, digits and _+=,.@-"),
    form((ROLE_POLICY, POLICY, INSTANCE_PROFILE), "name", _POLICY_NAME, "is not 1 to 128 of letters, digits and _+=,.@-"),
    form((ROLE, POLICY, INSTANCE_PROFILE), "path", r"/|/[!-~]+/", "does not begin and end with /"),
    within(ROLE, "maxSessionDuration", 3600, 43200),
    form(OIDC_PROVIDER, "url", r"https://[^?#]+", "is not an https URL"),
    form(OIDC_PROVIDER, "thumbprintLists[*]", r"[0-9A-Fa-f]{40}", "is not 40 hexadecimal digits"),
    # balancers, names, keys, secrets, logs, messages
    form((LOAD_BALANCER, TARGET_GROUP), "name", _BALANCER_NAME,
         "is not 1 to 32 of letters, digits and inner hyphens, or begins with internal-"),
    one_of(LOAD_BALANCER, "loadBalancerType", ("application", "gateway", "network")),
    one_of(LISTENER, "protocol", ("GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP")),
    one_of(TARGET_GROUP, "protocol", ("GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP")),
    one_of(TARGET_GROUP, "targetType", ("alb", "instance", "ip", "lambda")),
    one_of(TARGET_GROUP, "healthCheck.protocol", ("HTTP", "HTTPS", "TCP")),
    within(TARGET_GROUP, "healthCheck.interval", 5, 300),
    within(TARGET_GROUP, "healthCheck.timeout", 2, 120),
    within(TARGET_GROUP, "healthCheck.healthyThreshold", 2, 10),
    within(TARGET_GROUP, "healthCheck.unhealthyThreshold", 2, 10),
    one_of(RECORD, "type", _RECORD_TYPES),
    one_of(HEALTH_CHECK, "type", _HEALTH_CHECKS),
    one_of(HEALTH_CHECK, "requestInterval", (10, 30)),
    within(HEALTH_CHECK, "failureThreshold", 1, 10),
    within(KEY, "deletionWindowInDays", 7, 30),
    within(KEY, "rotationPeriodInDays", 90, 2560),
    form(ALIAS, "name", r"alias/(?!aws/)[A-Za-z0-9/_-]+",
         "does not begin with alias/ and go on with letters, digits, / _ - (aws/ is AWS's own)"),
    form(SECRET, "name", r"[A-Za-z0-9/_+=.@-]{1,512}", "is not 1 to 512 of letters, digits and /_+=.@-"),
    row(SECRET, "InvalidParameterException", "Secret.recoveryWindowInDays", _recovery_window, ALWAYS, "recoveryWindowInDays"),
    exactly_one(SECRET_VERSION, "secretString", "secretBinary", "secretStringWo"),
    one_of(LOG_GROUP, "retentionInDays", RETENTION_DAYS),
    form(LOG_GROUP, "name", r"(?!aws/)[.\-_/#A-Za-z0-9]{1,512}", "is not 1 to 512 of letters, digits and .-_/#"),
    one_of(LOG_GROUP, "logGroupClass", ("DELIVERY", "INFREQUENT_ACCESS", "STANDARD")),
    one_of(METRIC_ALARM, "treatMissingData", _STATES_OF_MISSING),
    one_of(METRIC_ALARM, "comparisonOperator", _COMPARISONS),
    one_of(SUBSCRIPTION, "protocol", PROTOCOLS),
    within(QUEUE, "messageRetentionSeconds", 60, 1_209_600),
    within(QUEUE, "visibilityTimeoutSeconds", 0, 43200),
    within(QUEUE, "delaySeconds", 0, 900),
)  # fmt: skip
