"""Aurora PostgreSQL for coderd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_random as random
from pulumi import ComponentResource, CustomTimeouts, Input, Output, ResourceOptions

ENGINE = "aurora-postgresql"
DATABASE_NAME = "coder"
MASTER_USERNAME = "coder_admin"  # makes the role that coderd logs in as (decision 5); nothing else uses it
PORT = 5432

# The RSA 2048 root of the region: what RDS shows unless told otherwise; components/rds_certificates holds all three current roots.
SERVER_CERTIFICATE = "rds-ca-rsa2048-g1"

# UTC, outside of 07:00 to 18:00 in America/New_York, apart from each other as AWS asks, and before the daily snapshot of backups.py.
BACKUP_WINDOW = "05:00-06:00"
MAINTENANCE_WINDOW = "sun:07:00-sun:08:00"

# Readers in tiers 0 and 1 keep at least the writer's capacity, so that a failover meets a warm instance; from tier 2 on they scale alone
# (Amazon Aurora User Guide, "How Aurora Serverless v2 works", read 2026-11).
LAST_WARM_TIER = 1

PARAMETERS = {
    "log_connections": "1",
    "log_disconnections": "1",
    "log_lock_waits": "1",
    "log_min_duration_statement": "1000",  # ms; coderd's own queries are far below
    "rds.force_ssl": "1",  # DB-07: a connection without TLS is refused
    "ssl_min_protocol_version": "TLSv1.2",
}

# A fresh cluster or instance has no published duration; a restore was seen to take 40 minutes. A timeout costs nothing unless it strikes.
SLOW = CustomTimeouts(create="2h", update="2h", delete="2h")


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """What a database needs.

    identifier: name of the cluster in AWS, `coder-prod`. engine_version: pinned, `16.4`. zones: the instances go round them, the writer
    starts in the first. subnet_ids: the database tier, at least two zones (DB-05). readers: instances beside the writer. min_acu, max_acu:
    capacity of each instance in Aurora capacity units of about 2 GiB. retention_days: point-in-time recovery, 1 to 35, AWS's limit.
    log_retention_days: of PostgreSQL's log. data_protection: whether AWS and the engine refuse to delete the data.
    """

    identifier: str
    engine_version: str
    zones: Sequence[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    readers: int
    min_acu: float
    max_acu: float
    retention_days: int
    log_retention_days: int
    data_protection: bool


class Database(ComponentResource):
    """A Serverless v2 cluster: one writer and `readers` failover targets, one a zone (DB-01, DB-05 to DB-10, DB-15, DB-16, DB-19 to DB-22).

    RDS makes the master password, keeps it in Secrets Manager and rotates it: no state file and no Helm value holds it (DB-08). coderd logs
    in by IAM at the writer's endpoint (DB-16, DB-22), with no pooler between (DB-21). With `data_protection`, the cluster and its key
    can be neither deleted nor replaced; without, a deletion leaves a final snapshot (DB-19). The key goes too: the snapshot is readable
    until the key's 30 days of waiting are over, so copy it under another key, or cancel the key's deletion.
    """

    arn: Output[str]
    endpoint: Output[str]
    reader_endpoint: Output[str]
    port: Output[int]
    resource_id: Output[str]
    secret_arn: Output[str]
    key_arn: Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        facts = {
            "engine": ENGINE,
            "engine_version": args.engine_version,
            "zones": sorted(args.zones),
            "readers": args.readers,
            "min_acu": args.min_acu,
            "max_acu": args.max_acu,
            "retention_days": args.retention_days,
            "data_protection": args.data_protection,
        }
        super().__init__("coder-eks:database:Database", name, facts, opts)
        self._child = ResourceOptions(parent=self)
        self._data = ResourceOptions(parent=self, protect=args.data_protection)

        key = self._key(name, args)
        cluster = self._cluster(name, args, key)
        instances = [self._instance(name, index, args, cluster, key) for index in range(1 + args.readers)]

        self.arn = cluster.arn
        # AWS gives the name with the cluster, but nobody answers there before there is an instance
        self.endpoint = Output.all(cluster.endpoint, *[instance.id for instance in instances]).apply(lambda known: str(known[0]))
        self.reader_endpoint = cluster.reader_endpoint
        self.port = cluster.port
        self.resource_id = cluster.cluster_resource_id
        self.secret_arn = cluster.master_user_secrets.apply(lambda secrets: secrets[0].secret_arn or "")
        self.key_arn = key.arn
        self.register_outputs(
            {
                **facts,
                "arn": self.arn,
                "endpoint": self.endpoint,
                "reader_endpoint": self.reader_endpoint,
                "port": self.port,
                "resource_id": self.resource_id,
                "secret_arn": self.secret_arn,
            }
        )

    def _key(self, name: str, args: DatabaseArgs) -> aws.kms.Key:
        """One key for storage, the managed password and performance data (DB-06)."""
        key = aws.kms.Key(
            name,
            description=f"Storage and master password of the database {args.identifier}",
            enable_key_rotation=True,
            deletion_window_in_days=30,  # the longest: a snapshot is lost with its key
            opts=self._data,
        )
        aws.kms.Alias(name, name=f"alias/{args.identifier}-database", target_key_id=key.key_id, opts=self._child)
        return key

    def _cluster(self, name: str, args: DatabaseArgs, key: aws.kms.Key) -> aws.rds.Cluster:
        subnets = aws.rds.SubnetGroup(
            name, description=f"Database tier of {args.identifier}", subnet_ids=list(args.subnet_ids), opts=self._child
        )
        parameters = aws.rds.ClusterParameterGroup(
            name,
            family=f"{ENGINE}{args.engine_version.split('.', maxsplit=1)[0]}",
            description=f"TLS only and the log of {args.identifier}",
            parameters=[{"name": key_, "value": value} for key_, value in sorted(PARAMETERS.items())],
            opts=self._child,
        )
        # before the cluster: RDS would make it by itself, with logs that are never deleted
        log = aws.cloudwatch.LogGroup(
            name, name=f"/aws/rds/cluster/{args.identifier}/postgresql", retention_in_days=args.log_retention_days, opts=self._child
        )
        # AWS refuses a second final snapshot of one name, so each life of the cluster has its own
        life = random.RandomId(f"{name}-life", byte_length=4, opts=self._child)
        return aws.rds.Cluster(
            name,
            cluster_identifier=args.identifier,
            engine=ENGINE,
            engine_version=args.engine_version,
            allow_major_version_upgrade=False,  # DB-18, DB-20: a step of its own, after a snapshot
            apply_immediately=False,
            database_name=DATABASE_NAME,
            master_username=MASTER_USERNAME,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=key.arn,
            iam_database_authentication_enabled=True,
            port=PORT,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            db_cluster_parameter_group_name=parameters.name,
            storage_encrypted=True,
            kms_key_id=key.arn,
            backup_retention_period=args.retention_days,  # point-in-time recovery: loses at most 5 minutes (Property 5)
            preferred_backup_window=BACKUP_WINDOW,
            preferred_maintenance_window=MAINTENANCE_WINDOW,
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=["postgresql"],
            serverlessv2_scaling_configuration={"min_capacity": args.min_acu, "max_capacity": args.max_acu},
            deletion_protection=args.data_protection,
            skip_final_snapshot=False,
            final_snapshot_identifier=life.hex.apply(lambda suffix: f"{args.identifier}-final-{suffix}"),
            opts=ResourceOptions.merge(self._data, ResourceOptions(depends_on=[log], custom_timeouts=SLOW)),
        )

    def _instance(self, name: str, index: int, args: DatabaseArgs, cluster: aws.rds.Cluster, key: aws.kms.Key) -> aws.rds.ClusterInstance:
        return aws.rds.ClusterInstance(
            f"{name}-{index}",
            identifier=f"{args.identifier}-{index}",
            cluster_identifier=cluster.id,
            instance_class="db.serverless",
            engine=aws.rds.EngineType.AURORA_POSTGRESQL,
            engine_version=cluster.engine_version,
            availability_zone=args.zones[index % len(args.zones)],
            promotion_tier=min(index, LAST_WARM_TIER),
            publicly_accessible=False,
            ca_cert_identifier=SERVER_CERTIFICATE,
            auto_minor_version_upgrade=False,  # DB-20: the version is pinned
            apply_immediately=False,
            copy_tags_to_snapshot=True,
            preferred_maintenance_window=MAINTENANCE_WINDOW,
            performance_insights_enabled=True,  # the API of Database Insights' standard mode since July 2026
            performance_insights_kms_key_id=key.arn,
            performance_insights_retention_period=7,  # days; free of charge
            opts=ResourceOptions.merge(self._child, ResourceOptions(custom_timeouts=SLOW)),
        )
