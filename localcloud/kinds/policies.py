"""Policy documents as IAM reads them: identity policies, trust policies, resource policies. A fault is a sentence.

Source: "IAM JSON policy elements reference" and "IAM and AWS STS quotas" of the IAM guide (read 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from localcloud.kinds.forms import entry, listed, parsed
from localcloud.kinds.model import Value

TRUST_SIZE: Final = 2048  # characters, white space not counted; default quota of a role's trust policy
MANAGED_SIZE: Final = 6144
INLINE_SIZE: Final = 10240  # all inline policies of a role together
_VERSIONS: Final = ("2008-10-17", "2012-10-17")
_ACTION: Final = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")
_RESOURCE: Final = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+|arn:\*.*", re.DOTALL)
_OPERATOR: Final = re.compile(
    r"(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals|EqualsIgnoreCase|Like)|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?"
    r"|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like)|Null)(IfExists)?"
)
_SERVICE: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_ELEMENTS: Final = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}


class PolicyType(StrEnum):
    """Whose policy it is: what an identity may do, who may assume a role, who may use a resource."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"


def size(document: str) -> int:
    """Characters as IAM counts them: white space is free."""
    return len(re.sub(r"\s", "", document))


def texts(value: Value) -> list[str]:
    """One text, or a list of them."""
    return [value] if isinstance(value, str) else [each for each in listed(value) if isinstance(each, str)]


def statements(document: str | None) -> list[Mapping[str, Value]]:
    """The statements; one alone may stand without a list."""
    found = entry(parsed(document)).get("Statement")
    return [found] if isinstance(found, Mapping) else [each for each in listed(found) if isinstance(each, Mapping)]


def principals(document: str | None, kind: str) -> list[str]:
    """Whom the Allow statements name as principals of a kind (Service, AWS, Federated)."""
    allowed = [statement for statement in statements(document) if statement.get("Effect") == "Allow"]
    return [each for statement in allowed for each in texts(entry(statement.get("Principal")).get(kind))]


def fault(document: str, kind: PolicyType) -> str | None:
    """The first fault of a document; None where it is well formed."""
    policy = parsed(document)
    if not isinstance(policy, Mapping):
        return "This policy contains invalid Json"
    if policy.get("Version", _VERSIONS[0]) not in _VERSIONS:
        return "The policy must contain a valid version string."
    unknown = sorted(set(policy) - {"Version", "Id", "Statement"})
    if unknown:
        return f"Syntax errors in policy: {unknown[0]} is no element of it."
    if not statements(document):
        return "Syntax errors in policy: it has no Statement."
    sids = [sid for statement in statements(document) if isinstance(sid := statement.get("Sid"), str) and sid]
    if len(set(sids)) < len(sids):
        return "Statement IDs (SID) in a single policy must be unique."
    return next((found for statement in statements(document) for found in _statement_faults(statement, kind)), None)


def _statement_faults(statement: Mapping[str, Value], kind: PolicyType) -> Iterator[str]:
    unknown = sorted(set(statement) - _ELEMENTS)
    if unknown:
        yield f"Syntax errors in policy: {unknown[0]} is no element of a statement."
    if statement.get("Effect") not in {"Allow", "Deny"}:
        yield f"Syntax errors in policy: Effect is Allow or Deny, not {statement.get('Effect')!r}."
    sid = statement.get("Sid", "")
    if kind is not PolicyType.RESOURCE and isinstance(sid, str) and not re.fullmatch(r"[A-Za-z0-9]*", sid):
        yield f"Statement IDs (SID) must be alpha-numeric: {sid!r}."
    yield from _action_faults(statement)
    yield from _principal_faults(statement, kind)
    yield from _resource_faults(statement, kind)
    for operator in sorted(entry(statement.get("Condition"))):
        if not _OPERATOR.fullmatch(operator):
            yield f"Syntax errors in policy: {operator} is no condition operator."


def _action_faults(statement: Mapping[str, Value]) -> Iterator[str]:
    if ("Action" in statement) == ("NotAction" in statement):
        yield "Policy statement must contain actions."
    for action in [*texts(statement.get("Action")), *texts(statement.get("NotAction"))]:
        if not _ACTION.fullmatch(action):
            yield f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}"


def _principal_faults(statement: Mapping[str, Value], kind: PolicyType) -> Iterator[str]:
    named = "Principal" in statement or "NotPrincipal" in statement
    if kind is PolicyType.IDENTITY and named:
        yield "Policy document should not specify a principal."
    if kind is not PolicyType.IDENTITY and not named:
        yield "Missing required field Principal."
    principal = statement.get("Principal")
    if isinstance(principal, str) and principal != "*":
        yield f'Invalid principal in policy: "{principal}"'
    for service in texts(entry(principal).get("Service")):
        if not _SERVICE.fullmatch(service):
            yield f'Invalid principal in policy: "SERVICE":"{service}"'
    for name in sorted(set(entry(principal)) - {"AWS", "CanonicalUser", "Federated", "Service"}):
        yield f'Invalid principal in policy: "{name}"'


def _resource_faults(statement: Mapping[str, Value], kind: PolicyType) -> Iterator[str]:
    named = ("Resource" in statement) + ("NotResource" in statement)
    if kind is PolicyType.TRUST and named:
        yield "Has prohibited field Resource."
    if kind is PolicyType.IDENTITY and named != 1:
        yield "Policy statement must contain resources."
    for resource in [*texts(statement.get("Resource")), *texts(statement.get("NotResource"))]:
        if not _RESOURCE.fullmatch(resource):
            yield f'Resource {resource} must be in ARN format or "*".'
