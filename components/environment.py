"""A whole environment: what the stack file declares, composed of the components, one region or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, InvokeOptions, Resource, ResourceOptions

from components.backups import Backups, BackupsArgs
from components.cluster import Cluster, ClusterArgs
from components.coder_access import CoderAccess, CoderAccessArgs
from components.coder_environment import QuietHours
from components.coder_network import Surroundings
from components.coder_server import CoderServer, CoderServerArgs
from components.coder_values import HTTP_PORT, Placement
from components.database import Database, DatabaseArgs
from components.declared_facts import declared_facts
from components.dns import Certificate, CertificateArgs, Records, RecordsArgs
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.namespaces import CODER, PROVISIONERS, STORAGE_CLASS, WORKSPACE_SERVICE_ACCOUNT, WORKSPACES, workspace_limits
from components.network import Network, NetworkArgs
from components.provisioners import Provisioners, ProvisionersArgs
from components.templates import Templates, TemplatesArgs
from components.visits import FIRST_USER_SECRET, TOKEN_SECRET, has_value, kept_by_bootstrap, next_step
from composer import Instance
from plan.groups import workspace_requests
from plan.model import NodeGroupPlan, Plan, RegionPlan
from settings.cluster import IdentityMode, Role
from settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class EnvironmentArgs:
    """settings: what the operator declared. plan: what follows from it."""

    settings: Settings
    plan: Plan


class Environment(ComponentResource):
    """Network and cluster of every region; database, Coder and its hosts in the primary one (decisions 7 and 8).

    On the first visit there is no token of coderd: provisioners and templates are left out, and coderd lets its first user log in by
    password. `coder-eks bootstrap` makes that user and the token; the next update declares the rest and takes the password login away.
    """

    summary: dict[str, Input[object]]
    """The stack's outputs: what an operator wants to know next."""

    def __init__(self, name: str, args: EnvironmentArgs, opts: ResourceOptions | None = None) -> None:
        settings, self._args = args.settings, args
        primary = settings.primary_region
        providers = {region: aws.Provider(region, region=region) for region in settings.regions}
        token_name = TOKEN_SECRET.format(system=settings.system.name)
        visit = 2 if has_value(token_name, providers[primary]) else 1

        facts = declared_facts(settings, args.plan, visit)
        super().__init__("coder-eks:environment:Environment", name, dict(facts), opts)
        here = ResourceOptions(parent=self, providers=[providers[primary]])

        token = kept_by_bootstrap("coderd-token", token_name, "Token of coderd for Pulumi", here)
        kept_by_bootstrap("first-user", FIRST_USER_SECRET.format(system=settings.system.name), "Coder's first user and its password", here)
        networks: dict[str, Network] = {}
        clusters: dict[str, Cluster] = {}
        for region, provider in providers.items():
            networks[region], clusters[region] = self._foundation(region, provider)

        database = self._database(primary, networks[primary], here)
        balancer, hosts = self._entrance(networks[primary], here)
        server = self._coder(primary, networks[primary], clusters[primary], database, balancer, visit, here)
        if visit > 1:
            self._inside_coder(primary, clusters[primary], server, [balancer, hosts], token, providers[primary])

        self.summary = {
            "access_url": args.plan.access_url,
            "cluster": clusters[primary].name,
            "login_callback": settings.coder.login_callback,
            "database_endpoint": database.endpoint,
            "next_step": next_step(visit, settings.system.name),
            "coderd_token_secret": token_name,
            "region": primary,
        }
        self.register_outputs({**facts, **self.summary})

    def _foundation(self, region: str, provider: aws.Provider) -> tuple[Network, Cluster]:
        settings, plan = self._args.settings, self._args.plan.regions[region]
        declared = settings.regions[region]
        shared = settings.coder.provisioner_namespace.value == WORKSPACES
        opts = ResourceOptions(parent=self, providers=[provider])
        network = Network(
            region,
            NetworkArgs(
                plan=plan.network,
                system=settings.system.name,
                region=region,
                interface_endpoints=[endpoint.value for endpoint in declared.network.interface_endpoints],
                flow_log_retention_days=declared.network.flow_log_retention_days,
                data_protection=settings.system.data_protection,
            ),
            opts,
        )
        cluster = Cluster(
            region,
            ClusterArgs(
                cluster_name=f"coder-{settings.system.name}",
                system=settings.system.name,
                region=region,
                declared=declared.cluster,
                versions=settings.versions,
                node_groups=plan.node_groups,
                network=network,
                workspace_limits=workspace_limits(
                    settings.workload, self._published_sizes(), self._args.plan.capacity, plan.provisioners if shared else None
                ),
                provisioner_namespace=settings.coder.provisioner_namespace.value,
                data_protection=settings.system.data_protection,
            ),
            opts,
        )
        return network, cluster

    def _published_sizes(self) -> list[str]:
        published = self._args.settings.templates.published.values()
        return sorted({size for template in published for size in template.sizes})

    def _database(self, region: str, network: Network, here: ResourceOptions) -> Database:
        settings, control = self._args.settings, self._args.plan.control
        declared, system = settings.regions[region].database, settings.system
        database = Database(
            "database",
            DatabaseArgs(
                identifier=f"coder-{system.name}",
                engine_version=settings.versions.aurora_postgresql,
                zones=self._args.plan.regions[region].network.zones,
                subnet_ids=network.subnet_ids["database"],
                security_group_id=network.security_group_ids["database"],
                readers=declared.readers,
                min_acu=control.min_acu,
                max_acu=control.max_acu,
                retention_days=declared.retention_days,
                log_retention_days=settings.regions[region].cluster.log_retention_days,
                data_protection=system.data_protection,
            ),
            here,
        )
        copy = declared.copy_to_region
        Backups(
            "backups",
            BackupsArgs(
                vault_name=f"coder-{system.name}",
                resource_arns=[database.arn],
                retention_days=declared.snapshot_retention_days,
                copy_provider=aws.Provider(f"{copy}-copies", region=copy) if copy else None,
                copy_region=copy,
                data_protection=system.data_protection,
            ),
            here,
        )
        return database

    def _entrance(self, network: Network, here: ResourceOptions) -> tuple[LoadBalancer, Records]:
        """Certificate, then load balancer, then the hosts' records."""
        settings = self._args.settings
        coder = settings.coder
        certificate = Certificate(
            "hosts", CertificateArgs(zone_name=settings.system.base_domain, hosts=[coder.access_host, coder.wildcard_host]), here
        )
        balancer = LoadBalancer(
            "coder",
            LoadBalancerArgs(
                vpc_id=network.vpc_id,
                subnet_ids=network.subnet_ids["public"],
                security_group_id=network.security_group_ids["load-balancer"],
                certificate_arn=certificate.arn,
                tls_policy=coder.tls_policy.value,
                static_ips=coder.static_ips,
                data_protection=settings.system.data_protection,
                after=network.entrance,
            ),
            here,
        )
        hosts = Records(
            "hosts",
            RecordsArgs(
                zone_id=certificate.zone_id,
                access_host=coder.access_host,
                wildcard_host=coder.wildcard_host,
                load_balancer_dns_name=balancer.dns_name,
                load_balancer_zone_id=balancer.zone_id,
            ),
            here,
        )
        return balancer, hosts

    def _coder(
        self, region: str, network: Network, cluster: Cluster, database: Database, balancer: LoadBalancer, visit: int, here: ResourceOptions
    ) -> CoderServer:
        settings, plan = self._args.settings, self._args.plan
        tiers = {tier.name: tuple(subnet.cidr for subnet in tier.subnets) for tier in plan.regions[region].network.tiers}
        return CoderServer(
            CODER,
            CoderServerArgs(
                coder=settings.coder,
                control=plan.control,
                password_login=visit == 1,
                version=settings.versions.coder,
                chart_version=settings.versions.charts.coder,
                quiet_hours=QuietHours(settings.templates.auto_stop, settings.workload.timezone),
                region=region,
                namespace=cluster.namespaces[CODER],
                namespace_name=CODER,
                identity=cluster.identity,
                placement=placement(plan.regions[region], Role.CONTROL),
                surroundings=Surroundings(
                    vpc_cidr=plan.regions[region].network.cidr,
                    load_balancer_cidrs=tiers["public"],
                    database_cidrs=tiers["database"],
                    client_namespaces=tuple(sorted({settings.coder.provisioner_namespace.value, WORKSPACES})),
                    metrics_namespaces=(CODER,),
                    issuer=settings.coder.login_url,
                    pod_identity=settings.regions[region].cluster.identity is IdentityMode.POD_IDENTITY,
                ),
                add_ons=cluster.add_ons,
                database=database,
                vpc_id=network.vpc_id,
                target_group_arn=balancer.target_group_arn,
            ),
            ResourceOptions.merge(here, ResourceOptions(providers=[cluster.kubernetes])),
        )

    def _inside_coder(
        self,
        region: str,
        cluster: Cluster,
        server: CoderServer,
        entrance: Sequence[Resource],
        token: aws.secretsmanager.Secret,
        provider: aws.Provider,
    ) -> None:
        """What is made of a running Coder: its provider, the provisioners, then licence, groups and templates.

        All of it is asked of coderd at its access URL, so a destroy takes the way there, `entrance`, away after it.
        """
        settings, plan = self._args.settings, self._args.plan
        inside = ResourceOptions(parent=self, providers=[provider, cluster.kubernetes])
        value = aws.secretsmanager.get_secret_version_output(secret_id=token.id, opts=InvokeOptions(parent=self, provider=provider))
        access = CoderAccess("coderd", CoderAccessArgs(url=plan.access_url, token=value.secret_string, after=[server, *entrance]), inside)
        provisioners = Provisioners(
            PROVISIONERS,
            ProvisionersArgs(
                plan=plan.regions[region].provisioners,
                system=settings.system.name,
                region=region,
                chart_version=settings.versions.charts.coder_provisioner,
                coder_version=settings.versions.coder,
                coder_url=server.internal_url_text,
                coder_namespace=CODER,
                namespace=settings.coder.provisioner_namespace.value,
                namespaces=cluster.namespaces,
                workspace_namespace=WORKSPACES,
                placement=placement(plan.regions[region], Role.PROVISIONER),
                identity=cluster.identity,
                organization_id=access.organization_id,
                coderd=access.provider,
            ),
            inside,
        )
        Templates(
            "templates",
            TemplatesArgs(
                settings=settings.templates,
                workload=settings.workload,
                coder=settings.coder,
                license_secret=settings.coder.secrets.license,
                instance=self._instance(region, server),
                provisioner_tags=plan.regions[region].provisioners.tags,
                organization_id=access.organization_id,
                coderd=access.provider,
                provisioners=[provisioners.release],
            ),
            inside,
        )

    def _instance(self, region: str, server: CoderServer) -> Instance:
        """What the bases of the templates are told about this deployment."""
        plan, requests = self._args.plan.regions[region], workspace_requests(self._args.settings)
        return Instance(
            coder_url=server.internal_url_text,
            platform={
                "blocked_cidrs": [plan.network.cidr],
                "coder_namespace": CODER,
                "coder_port": HTTP_PORT,
                "namespace": WORKSPACES,
                "node_group": placement(plan, Role.WORKSPACE).group,
                "requests": {"cpu": float(requests.cpu), "memory": float(requests.memory)},
                "service_account": WORKSPACE_SERVICE_ACCOUNT,
                "storage_class": STORAGE_CLASS,
            },
        )


def placement(plan: RegionPlan, role: Role) -> Placement:
    """The node group of a role; one per zone counts as one, by its label."""
    group: NodeGroupPlan = next(group for group in plan.node_groups if group.role == role)
    taint = group.taints[0]
    return Placement(key=taint.key, group=taint.value)
