"""A workspace proxy: what a secondary region runs instead of a Coder of its own (DNS-09, T-36, T-65)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_coderd as coderd
import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions

from components import coder_network
from components.coder_environment import SecretKey
from components.coder_pods import Pods
from components.coder_values import SERVICE_ACCOUNT, Placement, ProxyFacts, proxy_values
from components.identity import ClusterIdentity

TOKEN = SecretKey(name="coder-proxy-token", key="token")
ICON = "/emojis/1f310.png"  # a globe, of those that coderd serves itself


@dataclass(frozen=True, kw_only=True)
class WorkspaceProxyArgs:
    """What a proxy needs: everything of its own region but primary_url, version and coderd.

    region: AWS's name; it is the proxy's name in Coder as well. namespace_name: the name that `namespace` resolves to. primary_url:
    coderd's access URL. access_url: the proxy's own, with scheme. wildcard_host: of apps, `*.us-west-2.example.com`. version,
    chart_version: coderd's (CDR-42). replicas, cpu, memory: Kubernetes quantities; requests equal limits. vpc_cidr, load_balancer_cidrs:
    of the region's VPC and its public subnets. add_ons: of the region's cluster, which run first: External Secrets, the load balancer
    controller. coderd, licensed: the provider and the licence of CoderAccess.
    The component takes the region's AWS provider and its cluster's Kubernetes provider
    by `providers`.
    """

    system: str
    region: str
    namespace: Input[str]
    namespace_name: str
    primary_url: str
    access_url: str
    wildcard_host: str
    version: str
    chart_version: str
    replicas: int
    cpu: str
    memory: str
    identity: ClusterIdentity
    placement: Placement
    vpc_id: Input[str]
    vpc_cidr: str
    load_balancer_cidrs: tuple[str, ...]
    target_group_arn: Input[str]
    add_ons: Sequence[Resource]
    coderd: coderd.Provider
    licensed: Sequence[Resource] = ()


class WorkspaceProxy(ComponentResource):
    """Coder's chart as a proxy: apps, terminals and relays from nearby, no dashboard, no API, no database (CDR-43, T-36).

    It registers with coderd by a token of its own, which coderd tells once: state keeps it, encrypted, as it keeps a provisioner's key.
    It has no right in the cluster and none in AWS.
    """

    release: kubernetes.helm.v3.Release

    def __init__(self, name: str, args: WorkspaceProxyArgs, opts: ResourceOptions | None = None) -> None:
        facts = {
            "region": args.region,
            "version": args.version,
            "replicas": args.replicas,
            "primary_url": args.primary_url,
            "access_url": args.access_url,
            "wildcard_host": args.wildcard_host,
            "node_group": args.placement.group,
        }
        super().__init__("coder-eks:workspace_proxy:WorkspaceProxy", name, dict(facts), opts)
        self._child = ResourceOptions(parent=self)

        token = self._token(name, args)
        account = kubernetes.core.v1.ServiceAccount(
            name,
            metadata={"name": SERVICE_ACCOUNT, "namespace": args.namespace},
            automount_service_account_token=False,
            opts=self._child,
        )
        pods = Pods(
            name=name,
            namespace=args.namespace,
            vpc_id=args.vpc_id,
            target_group_arn=args.target_group_arn,
            add_ons=args.add_ons,
            parent=self,
        )
        around = pods.around(coder_network.workspace_proxy(args.vpc_cidr, args.load_balancer_cidrs))
        self.release = pods.release(args.chart_version, _values(args), [token, account, *around, *args.add_ons])
        self.register_outputs(dict(facts))

    def _token(self, name: str, args: WorkspaceProxyArgs) -> kubernetes.core.v1.Secret:
        proxy = coderd.WorkspaceProxy(
            name,
            name=args.region,
            display_name=args.region,
            icon=ICON,
            opts=ResourceOptions(
                parent=self, provider=args.coderd, additional_secret_outputs=["sessionToken"], depends_on=list(args.licensed)
            ),
        )
        return kubernetes.core.v1.Secret(
            name,
            metadata={"name": TOKEN.name, "namespace": args.namespace},
            string_data={TOKEN.key: Output.secret(proxy.session_token)},
            opts=self._child,
        )


def _values(args: WorkspaceProxyArgs) -> dict[str, object]:
    return proxy_values(
        ProxyFacts(
            version=args.version,
            replicas=args.replicas,
            cpu=args.cpu,
            memory=args.memory,
            placement=args.placement,
            primary_url=args.primary_url,
            access_url=args.access_url,
            wildcard_host=args.wildcard_host,
            token=TOKEN,
        )
    )
