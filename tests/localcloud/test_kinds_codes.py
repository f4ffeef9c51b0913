"""The codes of the tables are AWS's own: each is an error of the service's model in botocore, or documented beside it."""

from __future__ import annotations

import botocore.session
import pytest

from localcloud import aws_rules
from localcloud.kinds import KINDS

_SERVICES = {
    "acm": "acm", "amp": "amp", "autoscaling": "autoscaling", "backup": "backup", "budgets": "budgets", "cloudtrail": "cloudtrail",
    "eks": "eks", "iam": "iam", "kms": "kms", "lb": "elbv2", "rds": "rds", "route53": "route53", "secretsmanager": "secretsmanager",
    "sns": "sns", "sqs": "sqs", "ssm": "ssm",
}  # fmt: skip
# Common to all services, or in the documentation of a service and not in its model
BESIDE_THE_MODEL = {
    "": {"InvalidParameterValue", "InvalidParameterCombination", "ValidationError", "ValidationException"},
    "acm": {"ValidationTimeout"},  # the provider's own: it waits until its time is up
    "amp": {"DependencyViolation"},  # EC2's own
    "autoscaling": {"DependencyViolation"},
    # EC2's own, and health issues
    "eks": {"DependencyViolation", "InsufficientNumberOfReplicas", "NodeCreationFailure", "Ec2SecurityGroupNotFound"},
    "rds": {"DependencyViolation"},
    # EC2's, ACM's, and what a listener answers
    "lb": {"DependencyViolation", "InvalidIPAddress.InUse", "ResourceInUseException", "UnsupportedCertificate"},
    "route53": {"InvalidVPCId"},
    "secretsmanager": {"MalformedPolicyDocument"},  # the provider's, before the call
    "kms": {"MalformedPolicyDocument"},
    "backup": {"MalformedPolicyDocument"},
    "sns": {"MalformedPolicyDocument", "InvalidAttributeValue", "NotFound", "InvalidParameter"},
    "sqs": {"MalformedPolicyDocument", "KmsNotFound", "QueueNameExists", "InvalidAttributeValue"},
}  # fmt: skip


def _modelled(service: str) -> set[str]:
    model = botocore.session.get_session().get_service_model(service)
    return {
        name for shape in model.error_shapes for name in (shape.name, shape.metadata.get("error", {}).get("code"), shape.error_code) if name
    }


def _codes(token: str) -> set[str]:
    kind = KINDS[token]
    codes = {rule.missing for rule in kind.references.values()} | {rule.blocks for rule in kind.references.values() if rule.blocks}
    return codes | {rule.code for rule in kind.unique} | {row.code for row in aws_rules.REFUSALS.get(token, ())}


@pytest.mark.parametrize("module", sorted(_SERVICES))
def test_every_code_is_one_of_the_service(module):
    used = {code for token in KINDS if token.startswith(f"aws:{module}/") for code in _codes(token)}
    known = _modelled(_SERVICES[module]) | BESIDE_THE_MODEL[""] | BESIDE_THE_MODEL.get(module, set())
    assert sorted(used - known) == []
