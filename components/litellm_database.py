"""A database for LiteLLM, which the demo document names and describes nowhere (T-63): there only where the stack file asks for it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from components.database import Database, DatabaseArgs
from components.network import Network
from components.place import Place
from components.postgresql import PORT
from settings.cluster import Role
from settings.database import Acu
from settings.database import Database as DatabaseSettings
from settings.versions import Versions

LITELLM = "litellm"


def litellm_identifier(system: str) -> str:
    """Name of the cluster in AWS."""
    return f"coder-{system}-{LITELLM}"


@dataclass(frozen=True, kw_only=True)
class LitellmDatabaseArgs:
    """declared: coderd's, whose version, readers and retention this one has. acu: capacity of each instance.

    log_retention_days: of PostgreSQL's log. data_protection: whether AWS and the engine refuse to delete the data.
    """

    system: str
    declared: DatabaseSettings
    acu: Acu
    versions: Versions
    network: Network
    log_retention_days: int
    data_protection: bool


class LitellmDatabase(ComponentResource):
    """A cluster beside coderd's with a key, a master secret and a security group of its own (DB-04).

    It is open to the control nodes, where LiteLLM would run, and to nothing else: neither to workspaces nor to another region. It is
    restored to a point in time as coderd's is; the snapshots of AWS Backup are coderd's alone.
    """

    endpoint: Output[str]
    secret_arn: Output[str]

    def __init__(self, name: str, args: LitellmDatabaseArgs, opts: ResourceOptions | None = None) -> None:
        identifier = litellm_identifier(args.system)
        super().__init__("coder-eks:litellm_database:LitellmDatabase", name, {"identifier": identifier}, opts)
        database = Database(
            name,
            DatabaseArgs(
                identifier=identifier,
                engine_version=args.declared.engine_version or args.versions.aurora_postgresql,
                zones=args.network.zones,
                subnet_ids=args.network.subnet_ids["database"],
                security_group_id=self._security_group(name, args.network).id,
                readers=args.declared.readers,
                min_acu=args.acu.min,
                max_acu=args.acu.max,
                retention_days=args.declared.retention_days,
                log_retention_days=args.log_retention_days,
                data_protection=args.data_protection,
                database_name=LITELLM,
                master_username=f"{LITELLM}_admin",
            ),
            ResourceOptions(parent=self),
        )
        self.endpoint, self.secret_arn = database.endpoint, database.secret_arn
        self.register_outputs({"endpoint": self.endpoint, "secret_arn": self.secret_arn})

    def _security_group(self, name: str, network: Network) -> aws.ec2.SecurityGroup:
        child = ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=network.vpc_id,
            description="database of LiteLLM",
            revoke_rules_on_delete=True,
            tags={"Name": name},
            opts=child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-control",
            security_group_id=group.id,
            description="LiteLLM",
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            referenced_security_group_id=network.security_group_ids[Role.CONTROL.value],
            opts=child,
        )
        return group


def litellm_database(place: Place, network: Network) -> LitellmDatabase | None:
    """LiteLLM's database in the primary region; None where the stack file names none."""
    settings, declared = place.settings, place.declared
    if declared.litellm_database is None:
        return None
    return LitellmDatabase(
        f"{LITELLM}-database",
        LitellmDatabaseArgs(
            system=settings.system.name,
            declared=settings.primary_database,
            acu=declared.litellm_database.acu,
            versions=settings.versions,
            network=network,
            log_retention_days=declared.cluster.log_retention_days,
            data_protection=settings.system.data_protection,
        ),
        place.opts,
    )
