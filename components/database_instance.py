"""PostgreSQL on RDS for coderd: one instance with a standby in another zone, and read replicas where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_random as random
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
from settings.database import DatabaseKey

ENGINE = "postgres"
PASSWORD_LENGTH = 32  # characters; RDS takes 8 to 128 for PostgreSQL, without / " @ and blanks (Amazon RDS API reference, CreateDBInstance)


@dataclass(frozen=True, kw_only=True)
class DatabaseInstanceArgs:
    """What the database needs.

    identifier: name of the instance in AWS, `coder-reference`. secret_name: of the master password. engine_version: pinned, `16.8`.
    instance_class: of the instance, its standby and its replicas. storage_gib, storage_most_gib: at the start, and how far AWS grows it.
    zones: replicas go round them. subnet_ids: the database tier, at least two zones (DB-05). replicas: for reading (DB-17).
    key: whose key encrypts. retention_days: point-in-time recovery, 1 to 35, AWS's limit. log_retention_days: of PostgreSQL's log.
    data_protection: whether AWS and the engine refuse to delete the data.
    """

    identifier: str
    secret_name: str
    engine_version: str
    instance_class: str
    storage_gib: int
    storage_most_gib: int
    zones: Sequence[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    replicas: int
    key: DatabaseKey
    retention_days: int
    log_retention_days: int
    data_protection: bool


class DatabaseInstance(PostgreSql):
    """An RDS instance, Multi-AZ (DB-02, DB-05 to DB-10, DB-12, DB-16, DB-17, DB-19 to DB-22).

    AWS chooses in which zone of the subnet group the primary stands, and changes it at a failover: it refuses a zone that is asked for.
    The master password is made here and kept in Secrets Manager, since RDS allows a password of its own no read replicas (decision 5): it
    is a secret of the state, and nothing but the job that makes coderd's role reads it. Replicas are for reading what must not weigh on
    coderd; coderd itself uses the instance alone. With `data_protection` the instance, its key, its password and the secret can be
    neither deleted nor replaced; without, a deletion leaves a final snapshot (DB-19).
    """

    replica_endpoints: list[Output[str]]

    def __init__(self, name: str, args: DatabaseInstanceArgs, opts: ResourceOptions | None = None) -> None:
        facts = {
            "engine": ENGINE,
            "engine_version": args.engine_version,
            "instance_class": args.instance_class,
            "multi_az": True,
            "replicas": args.replicas,
            "key": args.key.value,
            "retention_days": args.retention_days,
            "data_protection": args.data_protection,
        }
        super().__init__("coder-eks:database:DatabaseInstance", name, facts, opts)
        self._child = ResourceOptions(parent=self)
        self._data = ResourceOptions(parent=self, protect=args.data_protection)

        key = own_key(name, args.identifier, self._child, self._data) if args.key is DatabaseKey.OWN else None
        password = random.RandomPassword(f"{name}-master", length=PASSWORD_LENGTH, special=False, opts=self._data)
        secret = self._secret(name, args, password.result, key)
        parameters = self._parameters(name, args)
        instance = self._instance(name, args, password.result, parameters, key)
        replicas = [self._replica(name, index, args, instance, parameters, key) for index in range(args.replicas)]

        self.arn = instance.arn
        self.endpoint = instance.address
        self.replica_endpoints = [replica.address for replica in replicas]
        self.port = instance.port
        self.resource_id = instance.resource_id
        self.secret_arn = secret
        self.key_arn = key.arn if key else None
        self.register_outputs(
            {
                **facts,
                "arn": self.arn,
                "endpoint": self.endpoint,
                "replica_endpoints": self.replica_endpoints,
                "port": self.port,
                "resource_id": self.resource_id,
                "secret_arn": self.secret_arn,
            }
        )

    def _secret(self, name: str, args: DatabaseInstanceArgs, password: Output[str], key: aws.kms.Key | None) -> Output[str]:
        """ARN of what holds the master user and its password, in the form that RDS itself uses (DB-08); known with its value."""
        secret = aws.secretsmanager.Secret(
            f"{name}-master",
            name=args.secret_name,
            description=f"Master user of the database {args.identifier}",
            kms_key_id=key.arn if key else None,  # else AWS's own, aws/secretsmanager
            recovery_window_in_days=30 if args.data_protection else 0,  # a next environment needs the name at once
            opts=self._data,
        )
        value = Output.json_dumps({"username": MASTER_USERNAME, "password": password})
        version = aws.secretsmanager.SecretVersion(
            f"{name}-master", secret_id=secret.id, secret_string=Output.secret(value), opts=self._data
        )
        return Output.all(secret.arn, version.id).apply(lambda known: str(known[0]))

    def _parameters(self, name: str, args: DatabaseInstanceArgs) -> aws.rds.ParameterGroup:
        return aws.rds.ParameterGroup(
            name,
            family=f"{ENGINE}{args.engine_version.split('.', maxsplit=1)[0]}",
            description=f"TLS only and the log of {args.identifier}",
            parameters=[{"name": key, "value": value} for key, value in sorted(PARAMETERS.items())],
            opts=self._child,
        )

    def _instance(
        self, name: str, args: DatabaseInstanceArgs, password: Output[str], parameters: aws.rds.ParameterGroup, key: aws.kms.Key | None
    ) -> aws.rds.Instance:
        subnets = aws.rds.SubnetGroup(
            name, description=f"Database tier of {args.identifier}", subnet_ids=list(args.subnet_ids), opts=self._child
        )
        # before the instance: RDS would make it by itself, with logs that are never deleted
        log = aws.cloudwatch.LogGroup(
            name, name=f"/aws/rds/instance/{args.identifier}/postgresql", retention_in_days=args.log_retention_days, opts=self._child
        )
        return aws.rds.Instance(
            name,
            identifier=args.identifier,
            engine=ENGINE,
            engine_version=args.engine_version,
            allow_major_version_upgrade=False,  # DB-18, DB-20: a step of its own, after a snapshot
            auto_minor_version_upgrade=False,  # DB-20: the version is pinned
            apply_immediately=False,
            instance_class=args.instance_class,
            multi_az=True,
            db_name=DATABASE_NAME,
            username=MASTER_USERNAME,
            password=password,
            iam_database_authentication_enabled=True,
            port=PORT,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            parameter_group_name=parameters.name,
            ca_cert_identifier=SERVER_CERTIFICATE,
            storage_type="gp3",
            allocated_storage=args.storage_gib,
            max_allocated_storage=args.storage_most_gib,
            storage_encrypted=True,
            kms_key_id=key.arn if key else None,  # else AWS's own, aws/rds
            backup_retention_period=args.retention_days,  # point-in-time recovery: loses at most 5 minutes (Property 5)
            backup_window=BACKUP_WINDOW,
            maintenance_window=MAINTENANCE_WINDOW,
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=["postgresql"],
            performance_insights_enabled=True,
            performance_insights_kms_key_id=key.arn if key else None,
            performance_insights_retention_period=INSIGHTS_DAYS,
            deletion_protection=args.data_protection,
            delete_automated_backups=not args.data_protection,
            skip_final_snapshot=False,
            final_snapshot_identifier=final_snapshot(name, args.identifier, self._child),
            opts=ResourceOptions.merge(self._data, ResourceOptions(depends_on=[log], custom_timeouts=SLOW)),
        )

    def _replica(
        self,
        name: str,
        index: int,
        args: DatabaseInstanceArgs,
        source: aws.rds.Instance,
        parameters: aws.rds.ParameterGroup,
        key: aws.kms.Key | None,
    ) -> aws.rds.Instance:
        """Has its source's engine, version, user, subnets and encryption; no backups of its own, and no final snapshot: AWS takes none."""
        return aws.rds.Instance(
            f"{name}-replica-{index}",
            identifier=f"{args.identifier}-replica-{index}",
            replicate_source_db=source.identifier,
            instance_class=args.instance_class,
            availability_zone=args.zones[(index + 1) % len(args.zones)],
            auto_minor_version_upgrade=False,
            apply_immediately=False,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            parameter_group_name=parameters.name,
            ca_cert_identifier=SERVER_CERTIFICATE,
            iam_database_authentication_enabled=True,
            max_allocated_storage=args.storage_most_gib,
            backup_retention_period=0,
            maintenance_window=MAINTENANCE_WINDOW,
            copy_tags_to_snapshot=True,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=key.arn if key else None,
            performance_insights_retention_period=INSIGHTS_DAYS,
            skip_final_snapshot=True,
            opts=ResourceOptions.merge(self._child, ResourceOptions(custom_timeouts=SLOW)),
        )
