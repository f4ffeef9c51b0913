"""Aurora PostgreSQL, for coderd and, where the stack file says so, LiteLLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.postgresql import (
    BACKUP_WINDOW,
    DATABASE_NAME,
    INSIGHTS_DAYS,
    MAINTENANCE_WINDOW,
    MASTER_USERNAME,
    PARAMETERS,
    PORT,
    SERVER_CERTIFICATE,
    SLOW,
    PostgreSql,
    final_snapshot,
    own_key,
)

ENGINE = "aurora-postgresql"

# Readers in tiers 0 and 1 keep at least the writer's capacity, so that a failover meets a warm instance; from tier 2 on they scale alone
# (Amazon Aurora User Guide, "How Aurora Serverless v2 works", read 2026-11).
LAST_WARM_TIER = 1


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    """What a database needs.

    identifier: name of the cluster in AWS, `coder-prod`. engine_version: pinned, `16.4`. zones: the instances go round them, the writer
    starts in the first. subnet_ids: the database tier, at least two zones (DB-05). readers: instances beside the writer. min_acu, max_acu:
    capacity of each instance in Aurora capacity units of about 2 GiB. retention_days: point-in-time recovery, 1 to 35, AWS's limit.
    log_retention_days: of PostgreSQL's log. data_protection: whether AWS and the engine refuse to delete the data. database_name,
    master_username: inside it.
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
    database_name: str = DATABASE_NAME
    master_username: str = MASTER_USERNAME


class Database(PostgreSql):
    """A Serverless v2 cluster: one writer and `readers` failover targets, one a zone (DB-01, DB-05 to DB-10, DB-15, DB-16, DB-19 to DB-22).

    RDS makes the master password, keeps it in Secrets Manager and rotates it: no state file and no Helm value holds it (DB-08). coderd logs
    in by IAM at the writer's endpoint (DB-16, DB-22), with no pooler between (DB-21). With `data_protection`, the cluster and its key
    can be neither deleted nor replaced; without, a deletion leaves a final snapshot (DB-19). The key goes too: the snapshot is readable
    until the key's 30 days of waiting are over, so copy it under another key, or cancel the key's deletion.
    """

    reader_endpoint: Output[str]

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

        key = own_key(name, args.identifier, self._child, self._data)
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
        return aws.rds.Cluster(
            name,
            cluster_identifier=args.identifier,
            engine=ENGINE,
            engine_version=args.engine_version,
            allow_major_version_upgrade=False,  # DB-18, DB-20: a step of its own, after a snapshot
            apply_immediately=False,
            database_name=args.database_name,
            master_username=args.master_username,
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
            final_snapshot_identifier=final_snapshot(name, args.identifier, self._child),
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
            performance_insights_enabled=True,
            performance_insights_kms_key_id=key.arn,
            performance_insights_retention_period=INSIGHTS_DAYS,
            opts=ResourceOptions.merge(self._child, ResourceOptions(custom_timeouts=SLOW)),
        )
