"""More of what the provider's own validators refuse at preview, one row per input; the first part is refusals.py.

Source: `ValidateFunc` of Terraform's AWS provider at d5102ec2 (5.32, 2023-12-18); enumerations: botocore 1.44.5 (2026). With a code of its
own: what AWS refuses itself, by botocore's service models.
"""

from __future__ import annotations

import re
from typing import Final

from localcloud.kinds.acm import CERTIFICATE
from localcloud.kinds.backup import PLAN, SELECTION, VAULT
from localcloud.kinds.budgets import BUDGET
from localcloud.kinds.cloudwatch import DASHBOARD, EVENT_RULE, EVENT_TARGET, METRIC_ALARM
from localcloud.kinds.compute import LAUNCH_TEMPLATE
from localcloud.kinds.eks import NODE_GROUP
from localcloud.kinds.elb import LOAD_BALANCER, TARGET_GROUP
from localcloud.kinds.forms import entry, parsed, whole
from localcloud.kinds.iam import ROLE
from localcloud.kinds.kms import KEY
from localcloud.kinds.messaging import TOPIC
from localcloud.kinds.model import Refusal, Request, Value
from localcloud.kinds.rds_groups import CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP
from localcloud.kinds.route53 import HEALTH_CHECK, RECORD
from localcloud.kinds.s3 import ENCRYPTION, LIFECYCLE, VERSIONING
from localcloud.kinds.security_groups import EGRESS_RULE, INGRESS_RULE, NETWORK_ACL, SECURITY_GROUP_RULE
from localcloud.kinds.ssm import PARAMETER
from localcloud.kinds.vpc_endpoints import ENDPOINT
from localcloud.refusals import ALWAYS, ARN, cidr, form, one_of, row, within

_AMI_TYPES: Final = (
    "AL2023_ARM_64_NVIDIA", "AL2023_ARM_64_STANDARD", "AL2023_x86_64_NEURON", "AL2023_x86_64_NVIDIA", "AL2023_x86_64_STANDARD",
    "AL2_ARM_64", "AL2_x86_64", "AL2_x86_64_GPU", "BOTTLEROCKET_ARM_64", "BOTTLEROCKET_ARM_64_FIPS", "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS", "BOTTLEROCKET_x86_64", "BOTTLEROCKET_x86_64_FIPS", "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS", "CUSTOM", "WINDOWS_CORE_2019_x86_64", "WINDOWS_CORE_2022_x86_64", "WINDOWS_CORE_2025_x86_64",
    "WINDOWS_FULL_2019_x86_64", "WINDOWS_FULL_2022_x86_64", "WINDOWS_FULL_2025_x86_64",
)  # fmt: skip
_VOLUME_TYPES: Final = ("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard")
_KEY_ALGORITHMS: Final = ("EC_prime256v1", "EC_secp384r1", "EC_secp521r1", "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096")
_BUDGET_TYPES: Final = (
    "COST", "RI_COVERAGE", "RI_UTILIZATION", "SAVINGS_PLANS_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "USAGE",
)  # fmt: skip
_KEY_SPECS: Final = (
    "ECC_NIST_EDWARDS25519", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "HMAC_224", "HMAC_256", "HMAC_384",
    "HMAC_512", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ML_KEM_1024", "ML_KEM_512", "ML_KEM_768", "RSA_2048", "RSA_3072", "RSA_4096",
    "SM2", "SYMMETRIC_DEFAULT",
)  # fmt: skip
_DESCRIPTION: Final = r"[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]{0,255}"
# networkACLProtocolNumber: numbers, `all`, and these names
_ACL_PROTOCOLS: Final = frozenset({"all", "-1", "ah", "esp", "icmp", "tcp", "udp"})
_WAYS: Final = ("ingress", "egress")
_INTEGER: Final = 2**31 - 1


def _acl_protocol(request: Request) -> str | None:
    named = [text for way in _WAYS for text in request.texts(f"{way}[*].protocol")]
    return next((f"{name!r} is no protocol" for name in named if name.lower() not in _ACL_PROTOCOLS and not name.isdecimal()), None)


def _acl_all_ports(request: Request) -> str | None:
    """EC2 stores no ports of such a rule: the provider asks for 0."""
    for way in _WAYS:
        for rule in request.items(f"{way}[*]"):
            low, high = (whole(rule.get(key)) for key in ("fromPort", "toPort"))
            if str(rule.get("protocol")).lower() in {"-1", "all"} and (low or high):
                return f"to_port ({high}) and from_port ({low}) must both be 0 to use the 'all' \"-1\" protocol!"
    return None


def _update_config(request: Request) -> str | None:
    value = request.inputs.get("updateConfig")
    if not isinstance(value, dict):
        return None
    given = [key for key in ("maxUnavailable", "maxUnavailablePercentage") if entry(value).get(key)]
    return (
        None if len(given) == 1 else f"give exactly one of maxUnavailable and maxUnavailablePercentage; given: {', '.join(given) or 'none'}"
    )


def _certificate_way(request: Request) -> str | None:
    ways = ("certificateAuthorityArn", "privateKey", "validationMethod")
    given = [key for key in ways if request.inputs.get(key)]
    return None if given else "`certificateAuthorityArn` or `validationMethod` must be set when creating an ACM certificate"


def _delay(request: Request) -> str | None:
    value: Value = request.inputs.get("deregistrationDelay")
    given = whole(value) if isinstance(value, int | float) else int(value) if isinstance(value, str) and value.isdecimal() else None
    fits = given is None or 0 <= given <= 3600
    return None if fits else f"deregistrationDelay: {given} is not from 0 to 3600"


def _role_description(request: Request) -> str | None:
    text = request.text("description") or ""
    if len(text) > 1000:
        return f"description has {len(text)} characters, at most 1000 are taken"
    return "description cannot contain specially formatted single or double quotes" if re.search("[\u201c\u2018]", text) else None


def _endpoint_policy(request: Request) -> str | None:
    text = request.text("policy")
    return '"policy" contains an invalid JSON' if text and parsed(text) is None else None


def _target_input(request: Request) -> str | None:
    text = request.text("input")
    return f"Input for target {request.text('targetId')} is not a valid JSON text." if text and parsed(text) is None else None


def _force_ssl(request: Request) -> str | None:
    """1 (on) or 0 (off): Amazon RDS User Guide, "Requiring an SSL connection to a PostgreSQL DB instance"."""
    given = [str(item.get("value")) for item in request.items("parameters[*]") if item.get("name") == "rds.force_ssl"]
    return next((f"invalid parameter value: {value} for rds.force_ssl" for value in given if value not in ("0", "1")), None)


def _acl_numbers() -> tuple[Refusal, ...]:
    limits = (("ruleNo", 1, 32766), ("fromPort", 0, 65535), ("toPort", 0, 65535))
    return tuple(within(NETWORK_ACL, f"{way}[*].{key}", low, high) for way in _WAYS for key, low, high in limits)


_BAD: Final = "InvalidParameterValue"
REFUSALS: Final = (
    *_acl_numbers(),
    *(one_of(NETWORK_ACL, f"{way}[*].action", ("allow", "deny", "ALLOW", "DENY")) for way in _WAYS),
    *(cidr(NETWORK_ACL, f"{way}[*].cidrBlock", f"{way}[*].ipv6CidrBlock") for way in _WAYS),
    row(NETWORK_ACL, _BAD, "an inline ACL rule's protocol exists", _acl_protocol, ALWAYS),
    row(NETWORK_ACL, _BAD, "an inline ACL rule for all protocols has port 0", _acl_all_ports, ALWAYS),
    form((INGRESS_RULE, EGRESS_RULE, SECURITY_GROUP_RULE), "description", _DESCRIPTION, "is not up to 255 of EC2's characters"),
    one_of(NODE_GROUP, "amiType", _AMI_TYPES),
    within(NODE_GROUP, "updateConfig.maxUnavailable", 1, 100),
    within(NODE_GROUP, "updateConfig.maxUnavailablePercentage", 1, 100),
    row(NODE_GROUP, _BAD, "NodeGroup.updateConfig says one number", _update_config, ALWAYS, "updateConfig"),
    one_of(LAUNCH_TEMPLATE, "blockDeviceMappings[*].ebs.volumeType", _VOLUME_TYPES),
    within(LAUNCH_TEMPLATE, "blockDeviceMappings[*].ebs.volumeSize", 0, 65536),  # GiB of gp3 and io2; 0 is left out by the provider
    form(LAUNCH_TEMPLATE, "blockDeviceMappings[*].ebs.kmsKeyId", ARN, "is not an ARN"),
    one_of(LAUNCH_TEMPLATE, "instanceInitiatedShutdownBehavior", ("stop", "terminate")),
    form(VAULT, "name", r"[0-9A-Za-z_-]{2,50}", "is not 2 to 50 of letters, digits, - and _"),
    form(PLAN, "rules[*].ruleName", r"[0-9A-Za-z_.-]{1,50}", "is not 1 to 50 of letters, digits and -_."),
    form(PLAN, "rules[*].targetVaultName", r"[0-9A-Za-z_-]{2,50}", "is not 2 to 50 of letters, digits, - and _"),
    form(SELECTION, "name", r"[0-9A-Za-z_.-]{1,50}", "is not 1 to 50 of letters, digits and -_."),
    one_of(SELECTION, "selectionTags[*].type", ("STRINGEQUALS",)),
    one_of(CERTIFICATE, "validationMethod", ("DNS", "EMAIL", "HTTP")),
    one_of(CERTIFICATE, "keyAlgorithm", _KEY_ALGORITHMS),
    one_of(CERTIFICATE, "options.certificateTransparencyLoggingPreference", ("DISABLED", "ENABLED")),
    row(CERTIFICATE, _BAD, "a certificate says how it is validated", _certificate_way, ALWAYS),
    form(CERTIFICATE, "domainName", r".*[^.]", "ends with a period"),
    one_of(LOAD_BALANCER, "ipAddressType", ("dualstack", "dualstack-without-public-ipv4", "ipv4")),
    row(TARGET_GROUP, _BAD, "TargetGroup.deregistrationDelay from 0 to 3600", _delay, ALWAYS, "deregistrationDelay"),
    form(TARGET_GROUP, "healthCheck.path", r".{1,1024}", "is not 1 to 1024 characters"),
    row(ROLE, _BAD, "Role.description", _role_description, ALWAYS, "description"),
    form(EVENT_RULE, "name", r"[0-9A-Za-z_.-]{1,64}", "is not 1 to 64 of letters, digits and -_."),
    form(EVENT_TARGET, "arn", ARN, "is not an ARN"),
    form(EVENT_TARGET, "targetId", r"[0-9A-Za-z_.-]{1,64}", "is not 1 to 64 of letters, digits and -_."),
    row(EVENT_TARGET, "ValidationException", "EventTarget.input is JSON", _target_input, ALWAYS, "input"),
    form(EVENT_TARGET, "input", r".{0,8192}", "has more than 8192 characters", "ValidationException"),
    # No model says it; CloudFormation passes on the API's refusal (getlift/lift, issue 348)
    form(TOPIC, "displayName", r".{0,100}", "has more than 100 characters", "InvalidParameter"),
    one_of(METRIC_ALARM, "statistic", ("Average", "Maximum", "Minimum", "SampleCount", "Sum")),
    within(METRIC_ALARM, "evaluationPeriods", 1, 60_480),  # a week of the shortest periods
    form(DASHBOARD, "dashboardName", r"[0-9A-Za-z_-]{1,255}", "is not 1 to 255 of letters, digits, - and _"),
    one_of(VERSIONING, "versioningConfiguration.status", ("Disabled", "Enabled", "Suspended")),
    one_of(ENCRYPTION, "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm", ("AES256", "aws:fsx", "aws:kms", "aws:kms:dsse")),
    within(LIFECYCLE, "rules[*].expiration.days", 1, _INTEGER, "InvalidArgument"),
    within(RECORD, "ttl", 0, _INTEGER, "InvalidInput"),
    row((CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP), _BAD, "rds.force_ssl is on or off", _force_ssl, ALWAYS, "parameters"),
    one_of(BUDGET, "budgetType", _BUDGET_TYPES),
    one_of(BUDGET, "timeUnit", ("ANNUALLY", "CUSTOM", "DAILY", "MONTHLY", "QUARTERLY")),
    one_of(BUDGET, "notifications[*].comparisonOperator", ("EQUAL_TO", "GREATER_THAN", "LESS_THAN")),
    one_of(BUDGET, "notifications[*].notificationType", ("ACTUAL", "FORECASTED")),
    one_of(BUDGET, "notifications[*].thresholdType", ("ABSOLUTE_VALUE", "PERCENTAGE")),
    one_of(PARAMETER, "type", ("SecureString", "String", "StringList")),
    one_of(PARAMETER, "tier", ("Advanced", "Intelligent-Tiering", "Standard")),
    one_of(KEY, "keyUsage", ("ENCAPSULATE_DECAPSULATE", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "SIGN_VERIFY")),
    one_of(KEY, "customerMasterKeySpec", _KEY_SPECS),
    within(HEALTH_CHECK, "port", 1, 65535),
    form(HEALTH_CHECK, "resourcePath", r".{0,255}", "has more than 255 characters"),
    form(HEALTH_CHECK, "fqdn", r".{0,255}", "has more than 255 characters"),
    form(HEALTH_CHECK, "searchString", r".{0,255}", "has more than 255 characters"),
    row(ENDPOINT, _BAD, "VpcEndpoint.policy is JSON", _endpoint_policy, ALWAYS, "policy"),
)
