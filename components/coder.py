"""Coder in its region: the database with its backups, coderd, and what is made of a running coderd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pulumi_aws as aws
from pulumi import InvokeOptions, Resource, ResourceOptions

from components.backups import Backups, BackupsArgs
from components.coder_access import CoderAccess, CoderAccessArgs
from components.coder_database import CoderDatabaseArgs, coder_database
from components.coder_environment import QuietHours
from components.coder_network import Surroundings
from components.coder_server import CoderServer, CoderServerArgs
from components.entrance import Entrance
from components.foundation import Foundation
from components.namespaces import CODER, PROVISIONERS, WORKSPACES
from components.network import Network
from components.place import Place, placement
from components.postgresql import PostgreSql
from components.provisioners import Provisioners, ProvisionersArgs
from components.templates import Templates, TemplatesArgs
from components.workspace_machines import WorkspaceMachines, WorkspaceMachinesArgs
from composer.composing import Composed
from settings.cluster import IdentityMode, Role
from settings.network import Tier
from settings.observability import Prometheus


def database(place: Place, network: Network) -> PostgreSql:
    """coderd's database and its backups, the only ones of the environment."""
    settings, system, control = place.settings, place.settings.system, place.plan.control
    declared = settings.primary_database
    made = coder_database(
        "database",
        CoderDatabaseArgs(
            system=system.name,
            declared=declared,
            control=control,
            versions=settings.versions,
            network=network,
            log_retention_days=place.declared.cluster.log_retention_days,
            data_protection=system.data_protection,
        ),
        place.opts,
    )
    copy = declared.copy_to_region
    Backups(
        "backups",
        BackupsArgs(
            vault_name=f"coder-{system.name}",
            resource_arns=[made.arn],
            retention_days=declared.snapshot_retention_days,
            copy_provider=aws.Provider(f"{copy}-copies", region=copy) if copy else None,
            copy_region=copy,
            data_protection=system.data_protection,
        ),
        place.opts,
    )
    return made


def coder_server(
    place: Place, base: Foundation, database: PostgreSql, entrance: Entrance, visit: int, after: Sequence[Resource] = ()
) -> CoderServer:
    """coderd behind its load balancer, in the primary region or, on the same database, in another one (T-36).

    visit: on the first one its first user logs in by password. after: what stands first, beside the add-ons.
    """
    settings, plan, cluster, home = place.settings, place.plan, base.cluster, place.settings.primary_region
    at_home = place.region == home
    return CoderServer(
        CODER if at_home else f"{CODER}-{place.region}",
        CoderServerArgs(
            coder=settings.coder,
            control=plan.control,
            password_login=visit == 1,
            version=settings.versions.coder,
            chart_version=settings.versions.charts.coder,
            quiet_hours=QuietHours(settings.templates.auto_stop, settings.workload.timezone),
            region=home,
            namespace=cluster.namespaces[CODER],
            namespace_name=CODER,
            identity=cluster.identity,
            placement=placement(place.planned, Role.CONTROL),
            surroundings=Surroundings(
                vpc_cidr=place.planned.network.cidr,
                load_balancer_cidrs=place.cidrs(Tier.PUBLIC),
                database_cidrs=place.cidrs(Tier.DATABASE, home),
                relay_cidrs=place.planned.network.relay_cidrs,
                client_namespaces=tuple(sorted({settings.coder.provisioner_namespace.value, WORKSPACES})),
                metrics_namespaces=(CODER,),
                metrics_cidrs=collector_cidrs(place) if at_home else (),
                traces=settings.observability.tracing and at_home,
                issuer=settings.coder.login_url,
                pod_identity=place.declared.cluster.identity is IdentityMode.POD_IDENTITY,
            ),
            add_ons=[*cluster.add_ons, *after],
            database=database,
            vpc_id=base.network.vpc_id,
            target_group_arn=entrance.balancer.target_group_arn,
        ),
        ResourceOptions.merge(place.opts, ResourceOptions(providers=[cluster.kubernetes])),
    )


def collector_cidrs(place: Place) -> tuple[str, ...]:
    """Where a managed collector reads metrics from: the subnets of the control nodes; none where a pod does it (OBS-05)."""
    if place.plan.observability.prometheus is not Prometheus.MANAGED:
        return ()
    return tuple(subnet.cidr for subnet in place.planned.network.tier_of(Role.CONTROL.value).subnets)


def inside_coder(
    place: Place,
    base: Foundation,
    server: CoderServer,
    answering: Sequence[Resource],
    token: aws.secretsmanager.Secret,
    token_made_on: date,
    versions: Mapping[str, Composed],
) -> CoderAccess:
    """What is made of a running Coder: its provider and licence, the provisioners, then groups and templates.

    All of it is asked of coderd at its access URL, so a destroy takes all that answers there, `answering`, away after it. The
    provisioner key is as old as the token: a new token makes a new key (PRV-07). versions: of the published templates, by name.
    """
    settings, cluster = place.settings, base.cluster
    inside = place.inside(cluster.kubernetes)
    value = aws.secretsmanager.get_secret_version_output(
        secret_id=token.id, opts=InvokeOptions(parent=place.parent, provider=place.provider)
    )
    access = CoderAccess(
        "coderd",
        CoderAccessArgs(
            url=place.plan.access_url,
            token=value.secret_string,
            after=answering,
            license_secret=settings.coder.secrets.license,
        ),
        inside,
    )
    provisioners = Provisioners(
        PROVISIONERS,
        ProvisionersArgs(
            plan=place.planned.provisioners,
            system=settings.system.name,
            region=place.region,
            chart_version=settings.versions.charts.coder_provisioner,
            coder_version=settings.versions.coder,
            coder_url=server.internal_url_text,
            coder_namespace=CODER,
            namespace=settings.coder.provisioner_namespace.value,
            namespaces=cluster.namespaces,
            workspace_namespace=WORKSPACES,
            placement=placement(place.planned, Role.PROVISIONER),
            identity=cluster.identity,
            organization_id=access.organization_id,
            coderd=access.provider,
            key_made_on=token_made_on,
            licensed=access.licensed,
            metrics_cidrs=collector_cidrs(place),
        ),
        inside,
    )
    WorkspaceMachines("workspace-machines", WorkspaceMachinesArgs(system=settings.system.name, region=place.region), inside)
    Templates(
        "templates",
        TemplatesArgs(
            settings=settings.templates,
            versions=versions,
            workload=settings.workload,
            coder=settings.coder,
            licensed=access.licensed,
            provisioner_tags=place.planned.provisioners.tags,
            organization_id=access.organization_id,
            coderd=access.provider,
            provisioners=[provisioners.release],
        ),
        inside,
    )
    return access
