"""The two visits: what tells them apart, and what passes from one to the other (decision 7, ADR 0001)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pulumi_aws as aws
from pulumi import InvokeOptions, ResourceOptions

TOKEN_SECRET = "coder/{system}/coderd-token"  # noqa: S105 - the name of a secret, not its value
CURRENT = "AWSCURRENT"  # Secrets Manager's label
FIRST_USER_SECRET = "coder/{system}/first-user"  # noqa: S105


def kept_by_bootstrap(name: str, secret: str, description: str, opts: ResourceOptions) -> aws.secretsmanager.Secret:
    """A secret without a value: `coder-eks bootstrap` puts one there, and no state ever holds it."""
    return aws.secretsmanager.Secret(
        name,
        name=secret,
        description=f"{description}; coder-eks bootstrap writes it",
        recovery_window_in_days=0,  # worthless without its Coder, and a next environment needs the name at once
        opts=opts,
    )


def made_on(secret: str, provider: aws.Provider) -> date | None:
    """The day (UTC) of the current value of a secret of that name; None where there is no such secret, or it has no value yet.

    It tells the first visit from the later ones. Asked by filter, because asking for a secret that does not exist is an error.
    """
    options = InvokeOptions(provider=provider)
    found = aws.secretsmanager.get_secrets(filters=[{"name": "name", "values": [secret]}], opts=options)
    exact = [arn for arn, name in zip(found.arns, found.names, strict=True) if name == secret]  # the filter matches prefixes
    versions = [version for arn in exact for version in aws.secretsmanager.get_secret_versions(secret_id=arn, opts=options).versions]
    current = [version for version in versions if CURRENT in version.version_stages]
    return datetime.fromisoformat(current[0].created_time).astimezone(UTC).date() if current else None


def next_step(visit: int, system: str) -> str:
    """What the operator does after this update."""
    if visit == 1:
        return f"coder-eks bootstrap --stack {system}, then pulumi up again: provisioners and templates need a token of the running Coder"
    return "none: log in at the access URL"
