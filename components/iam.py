"""Policy documents by typed parts, which refuse what no document of ours may hold: wildcard actions, an open PassRole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from pulumi import Input, Output

VERSION = "2012-10-17"
ANY_RESOURCE = "*"  # for actions that AWS offers no resource for: Describe and List

Conditions = Mapping[str, Mapping[str, Input[str] | Sequence[Input[str]]]]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. principals: kind (`Service`, `AWS`, `Federated`) to who; empty in a policy that is attached to an identity.

    Raises ValueError for a wildcard in an action, and for an iam:PassRole to any role or to any service (EKS-24, EKS-27).
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[Input[str]] = ()
    principals: Mapping[str, Sequence[Input[str]]] = field(default_factory=dict[str, Sequence[Input[str]]])
    conditions: Conditions = field(default_factory=dict[str, dict[str, Input[str]]])
    effect: Literal["Allow", "Deny"] = "Allow"

    def __post_init__(self) -> None:
        wide = [action for action in self.actions if "*" in action or ":" not in action]
        if wide and self.effect == "Allow":
            raise ValueError(f"{self.sid}: {', '.join(wide)} allows more than it names; list the actions")
        if "iam:PassRole" in self.actions and self.effect == "Allow":
            passed_to = [key for tests in self.conditions.values() for key in tests]
            if ANY_RESOURCE in self.resources or "iam:PassedToService" not in passed_to:
                raise ValueError(f"{self.sid}: iam:PassRole needs the roles that may be passed and a condition on iam:PassedToService")

    def as_dict(self) -> dict[str, object]:
        """The statement in IAM's spelling, actions sorted, without empty parts."""
        parts: dict[str, object] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals:
            parts["Principal"] = {kind: _one_or_all(self.principals[kind]) for kind in sorted(self.principals)}
        parts["Action"] = sorted(self.actions)
        if self.resources:
            parts["Resource"] = _one_or_all(self.resources)
        if self.conditions:
            parts["Condition"] = {test: dict(sorted(self.conditions[test].items())) for test in sorted(self.conditions)}
        return parts


def _one_or_all(values: Sequence[Input[str]]) -> Input[str] | list[Input[str]]:
    return values[0] if len(values) == 1 else list(values)


def document(*statements: Statement) -> Output[str]:
    """A policy document as JSON; known as soon as everything in it is. Raises ValueError where two statements have one Sid."""
    sids = [statement.sid for statement in statements]
    if len(set(sids)) != len(sids):
        raise ValueError(f"two statements have one Sid among {', '.join(sids)}")
    return Output.json_dumps({"Version": VERSION, "Statement": [statement.as_dict() for statement in statements]})


def trusted_service(service: str, conditions: Conditions | None = None) -> Statement:
    """The statement that lets an AWS service, `rds.amazonaws.com`, take a role."""
    return Statement(sid="Service", actions=["sts:AssumeRole"], principals={"Service": [service]}, conditions=conditions or {})


def trusted_pod_identity() -> Statement:
    """The statement that lets EKS Pod Identity hand out a role; which pod gets it is said by the association (EKS-28)."""
    return Statement(sid="PodIdentity", actions=["sts:AssumeRole", "sts:TagSession"], principals={"Service": ["pods.eks.amazonaws.com"]})


def service_account_trust(provider_arn: Input[str], issuer: Input[str], namespace: str, service_account: str) -> Output[str]:
    """The trust document of a role that exactly one Kubernetes service account may take: its subject and its audience (EKS-26).

    issuer: of the cluster, without scheme. Raises ValueError where a name holds a wildcard.
    """
    if any(sign in namespace + service_account for sign in "*?"):
        raise ValueError(f"{namespace}/{service_account} names more than one service account")

    def trust(known: Sequence[str]) -> str:
        provider, host = known
        exactly = {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": f"system:serviceaccount:{namespace}:{service_account}"}
        statement = Statement(
            sid="ServiceAccount",
            actions=["sts:AssumeRoleWithWebIdentity"],
            principals={"Federated": [provider]},
            conditions={"StringEquals": exactly},
        )
        return json.dumps({"Version": VERSION, "Statement": [statement.as_dict()]})

    # The issuer is part of the conditions' keys, so the document is put together when it is known.
    return Output.all(provider_arn, issuer).apply(lambda known: trust(cast("Sequence[str]", known)))


def key_policy(account_id: Input[str], partition: Input[str], *statements: Statement) -> Output[str]:
    """A KMS key policy: the account administers the key through IAM, and the statements say who uses it beside.

    `kms:*` for the account is the form that AWS documents (KMS Developer Guide, "Default key policy", read 2026-11): with less, a key can
    end up with nobody able to manage it.
    """
    account = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": Output.concat("arn:", partition, ":iam::", account_id, ":root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return Output.json_dumps({"Version": VERSION, "Statement": [account, *(statement.as_dict() for statement in statements)]})


USE_KEY = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
REENCRYPT = ("kms:ReEncryptFrom", "kms:ReEncryptTo")


def logs_use_key(region: str, log_group_arn: Input[str]) -> Statement:
    """The statement that lets CloudWatch Logs encrypt one log group with a key."""
    return Statement(
        sid="Logs",
        actions=[*USE_KEY, *REENCRYPT],
        resources=["*"],
        principals={"Service": [f"logs.{region}.amazonaws.com"]},
        conditions={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": log_group_arn}},
    )


def volumes_use_key(region: str, account_id: Input[str]) -> list[Statement]:
    """The statements that let this account's principals use a key through EC2, for EBS volumes and nothing else.

    A condition rather than a list of principals, as in AWS's own aws/ebs key: the auto scaling service role that needs it does not exist in
    an account before its first group, and a key policy that names a missing role is refused.
    """
    through_ec2 = {"kms:CallerAccount": account_id, "kms:ViaService": f"ec2.{region}.amazonaws.com"}
    return [
        Statement(
            sid="Volumes",
            actions=[*USE_KEY, *REENCRYPT],
            resources=["*"],
            principals={"AWS": ["*"]},
            conditions={"StringEquals": through_ec2},
        ),
        Statement(
            sid="AttachVolumes",
            actions=["kms:CreateGrant"],
            resources=["*"],
            principals={"AWS": ["*"]},
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}, "StringEquals": through_ec2},
        ),
    ]
