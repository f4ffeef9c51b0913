"""What coderd's database is to everything else, and what Aurora and RDS have in common."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi_aws as aws
import pulumi_random as random
from pulumi import ComponentResource, CustomTimeouts, Output, ResourceOptions

DATABASE_NAME = "coder"
MASTER_USERNAME = "coder_admin"  # makes the role that coderd logs in as (decision 5); nothing else uses it
PORT = 5432

# The RSA 2048 root of the region: what RDS shows unless told otherwise; components/rds_certificates holds all three current roots.
SERVER_CERTIFICATE = "rds-ca-rsa2048-g1"

# UTC, outside of 07:00 to 18:00 in America/New_York, apart from each other as AWS asks, and before the daily snapshot of backups.py.
BACKUP_WINDOW = "05:00-06:00"
MAINTENANCE_WINDOW = "sun:07:00-sun:08:00"

PARAMETERS: Mapping[str, str] = {
    "log_connections": "1",
    "log_disconnections": "1",
    "log_lock_waits": "1",
    "log_min_duration_statement": "1000",  # ms; coderd's own queries are far below
    "rds.force_ssl": "1",  # DB-07: a connection without TLS is refused
    "ssl_min_protocol_version": "TLSv1.2",
}
INSIGHTS_DAYS = 7  # of Performance Insights, free of charge; the API of Database Insights' standard mode since July 2026

# A fresh cluster or instance has no published duration; a restore was seen to take 40 minutes. A timeout costs nothing unless it strikes.
SLOW = CustomTimeouts(create="2h", update="2h", delete="2h")


class PostgreSql(ComponentResource):
    """A PostgreSQL that coderd logs in to by IAM, at one endpoint, with no pooler between (DB-16, DB-21, DB-22)."""

    arn: Output[str]
    endpoint: Output[str]
    """Host name of the one that writes."""
    port: Output[int]
    resource_id: Output[str]
    """What the right to log in names (`rds-db:connect`)."""
    secret_arn: Output[str]
    """In Secrets Manager: JSON with username and password of the master user."""
    key_arn: Output[str] | None
    """The key of our own that the secret lies under; None where it is AWS's, for which nobody needs a right."""


def own_key(name: str, identifier: str, child: ResourceOptions, data: ResourceOptions) -> aws.kms.Key:
    """One key for storage, the master password and performance data (DB-06)."""
    key = aws.kms.Key(
        name,
        description=f"Storage and master password of the database {identifier}",
        enable_key_rotation=True,
        deletion_window_in_days=30,  # the longest: a snapshot is lost with its key
        opts=data,
    )
    aws.kms.Alias(name, name=f"alias/{identifier}-database", target_key_id=key.key_id, opts=child)
    return key


def final_snapshot(name: str, identifier: str, opts: ResourceOptions) -> Output[str]:
    """The name of the snapshot that a deletion leaves (DB-19): AWS refuses a second one of one name, so each life has its own."""
    life = random.RandomId(f"{name}-life", byte_length=4, opts=opts)
    return life.hex.apply(lambda suffix: f"{identifier}-final-{suffix}")
