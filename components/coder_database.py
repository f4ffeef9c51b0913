"""Which database a stack file asks for: Aurora Serverless v2, or PostgreSQL on one RDS instance with a standby."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import ResourceOptions

from components.database import Database, DatabaseArgs
from components.database_instance import DatabaseInstance, DatabaseInstanceArgs
from components.network import Network
from components.postgresql import PostgreSql
from plan.model import ControlPlan
from settings.database import Database as DatabaseSettings
from settings.database import DatabaseEngine
from settings.quantities import GIB
from settings.versions import Versions


@dataclass(frozen=True, kw_only=True)
class CoderDatabaseArgs:
    """declared: the database section of the region. control: its capacity. log_retention_days: of PostgreSQL's log."""

    system: str
    declared: DatabaseSettings
    control: ControlPlan
    versions: Versions
    network: Network
    log_retention_days: int
    data_protection: bool


def coder_database(name: str, args: CoderDatabaseArgs, opts: ResourceOptions) -> PostgreSql:
    """coderd's database, by the declared engine. The settings have what the engine needs."""
    if args.declared.engine is DatabaseEngine.AURORA_POSTGRESQL:
        return _aurora(name, args, opts)
    return _instance(name, args, opts)


def _aurora(name: str, args: CoderDatabaseArgs, opts: ResourceOptions) -> Database:
    declared, control = args.declared, args.control
    assert control.min_acu is not None
    assert control.max_acu is not None
    return Database(
        name,
        DatabaseArgs(
            identifier=f"coder-{args.system}",
            engine_version=declared.engine_version or args.versions.aurora_postgresql,
            zones=args.network.zones,
            subnet_ids=args.network.subnet_ids["database"],
            security_group_id=args.network.security_group_ids["database"],
            readers=declared.readers,
            min_acu=control.min_acu,
            max_acu=control.max_acu,
            retention_days=declared.retention_days,
            log_retention_days=args.log_retention_days,
            data_protection=args.data_protection,
        ),
        opts,
    )


def _instance(name: str, args: CoderDatabaseArgs, opts: ResourceOptions) -> DatabaseInstance:
    declared, control = args.declared, args.control
    assert control.instance_class is not None
    assert declared.storage is not None
    return DatabaseInstance(
        name,
        DatabaseInstanceArgs(
            identifier=f"coder-{args.system}",
            secret_name=f"coder/{args.system}/database",
            engine_version=declared.engine_version or args.versions.postgresql,
            instance_class=control.instance_class,
            storage_gib=declared.storage.size.bytes // GIB,
            storage_most_gib=declared.storage.most.bytes // GIB,
            zones=args.network.zones,
            subnet_ids=args.network.subnet_ids["database"],
            security_group_id=args.network.security_group_ids["database"],
            replicas=declared.readers,
            key=declared.key,
            retention_days=declared.retention_days,
            log_retention_days=args.log_retention_days,
            data_protection=args.data_protection,
        ),
        opts,
    )
