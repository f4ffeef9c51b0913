"""**Feature: coder-deployment-guide, Property 5: Backup for an RPO of 15 minutes**

Every database can be restored to at most 15 minutes before a failure (requirement 8.4, POL-05, DB-09, DB-10, DB-19). Only point-in-time
recovery reaches that: AWS Backup's snapshots are an hour apart at best, so a backup plan beside a database changes nothing here.
"""

from __future__ import annotations

from pulumi_policy import Severity

from policy import tokens
from policy.crossguard import Property
from policy.graph import Node
from policy.stack import Stack
from policy.systems import CONFIG
from policy.values import Props, Unknown, integer, text
from policy.verdict import Verdict

MIN_RETENTION_DAYS = 1
MAX_RETENTION_DAYS = 35  # AWS's limit for automated backups (requirements T-31)
RECOVERY_LAG_MINUTES = 5  # how far RDS's newest restorable time lies behind, at most (RDS and Aurora user guides, point-in-time recovery)
RPO_MINUTES = 15
ENGINES = frozenset({"aurora-postgresql", "postgres"})


def worst_loss_minutes(engine: str | None, retention_days: int | None, snapshot_interval_minutes: float = float("inf")) -> float:
    """The longest span before a failure that a restore can lose: 5 minutes with point-in-time recovery, else up to the last snapshot."""
    restorable = engine in ENGINES and retention_days is not None and MIN_RETENTION_DAYS <= retention_days <= MAX_RETENTION_DAYS
    return RECOVERY_LAG_MINUTES if restorable else snapshot_interval_minutes


def _database(node: Node, settings: Props, verdict: Verdict) -> None:
    if node.get("replicateSourceDb") not in (None, ""):  # a read replica: its source has the backups
        return
    retention, engine = node.get("backupRetentionPeriod"), node.get("engine")
    if isinstance(retention, Unknown) or isinstance(engine, Unknown):
        verdict.undecided(node, "its engine or backup retention is unknown")
    elif worst_loss_minutes(text(engine), integer(retention)) > RPO_MINUTES:
        verdict.wrong(
            node,
            f"has no point-in-time recovery (engine {engine}, retention {retention} days); "
            f"set database.retention_days to {MIN_RETENTION_DAYS} to {MAX_RETENTION_DAYS}",
        )
    if isinstance(skipped := node.get("skipFinalSnapshot"), Unknown):
        verdict.undecided(node, "whether it leaves a final snapshot is unknown")
    elif skipped not in (None, False):
        verdict.wrong(node, "leaves no final snapshot; set skip_final_snapshot to false")
    if settings.get("deletionProtection", True) is True:
        protection = node.get("deletionProtection")
        if isinstance(protection, Unknown):
            verdict.undecided(node, "its deletion protection is unknown")
        elif protection is not True:
            verdict.wrong(
                node,
                "has no deletion protection; set system.data_protection to true. To delete it on purpose, set deletionProtection to false "
                "in the config of this policy",
            )


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Judge what the system asks beyond the law for all: how many days back."""
    databases = stack.graph.all(tokens.DATABASE_CLUSTER, tokens.DATABASE_INSTANCE)
    if not databases:
        verdict.wrong(None, "the stack has no database that a policy could judge")
    need = stack.need(settings)
    if need is None:
        return
    for database in databases:
        days = integer(database.get("backupRetentionPeriod"))
        if days is not None and days < need.retention_days and database.get("replicateSourceDb") in (None, ""):
            verdict.wrong(database, f"keeps {days} days; {stack.system} needs {need.retention_days}: raise database.retention_days")


PROPERTY = Property(
    number=5,
    slug="backup-rpo",
    title="Backup for an RPO of 15 minutes",
    description="Every database can be restored to at most 15 minutes before a failure.",
    severity=Severity.CRITICAL,
    tags=("database", "backup"),
    remediation="Set database.retention_days in the stack file, and system.data_protection to true.",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-pitr.html",
    relations=relations,
    resources={tokens.DATABASE_CLUSTER: _database, tokens.DATABASE_INSTANCE: _database},
    settings={
        **CONFIG,
        "deletionProtection": {
            "type": "boolean",
            "default": True,
            "description": "Whether a database must refuse deletion; false for the update that goes before a wanted destroy.",
        },
    },
)
