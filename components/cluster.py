"""The EKS cluster of one region, with its nodes, controllers and namespaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as kubernetes
from pulumi import ComponentResource, Input, InvokeOutputOptions, Output, Resource, ResourceOptions

from components.add_ons import AddOnsArgs, before_nodes, on_nodes
from components.add_ons_access import Place
from components.add_ons_charts import ChartsArgs, charts, secrets_identity
from components.cluster_encryption import ClusterKeys, cluster_keys, control_plane_log_group
from components.identity import ClusterIdentity
from components.karpenter import Karpenter, KarpenterArgs
from components.namespaces import PROVISIONERS, WORKSPACES, WorkspaceLimits, bounds, name_of, namespaces, storage_class
from components.network import Network
from components.node_groups import NodeGroup, NodeGroupArgs, node_role, subnets_of
from components.tags import ENVIRONMENT
from plan.model import NodeGroupPlan, PoolPlan
from settings.cluster import Cluster as ClusterSettings
from settings.cluster import Role
from settings.versions import Versions

LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"]  # all there are


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A person's or a runner's role that may use the Kubernetes API. policy: of EKS, `AmazonEKSClusterAdminPolicy`."""

    name: str
    principal_arn: Input[str]
    policy: str


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """cluster_name: in AWS, `coder-prod`. declared: the cluster section of the region. workspace_limits: bounds of coder-ws.

    pools: of Karpenter, none without it. tags: of what Karpenter makes, which no transformation of the program reaches.
    data_protection: whether AWS and the engine refuse to delete the cluster and the keys that its disks and logs are readable with.
    """

    cluster_name: str
    system: str
    region: str
    declared: ClusterSettings
    versions: Versions
    node_groups: Sequence[NodeGroupPlan]
    network: Network
    workspace_limits: WorkspaceLimits
    data_protection: bool
    operators: Sequence[Operator] = ()
    pools: Sequence[PoolPlan] = ()
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    provisioner_namespace: str = PROVISIONERS


class Cluster(ComponentResource):
    """Control plane by pulumi-eks, node groups and add-ons of our own (EKS-01 to EKS-08, EKS-12 to EKS-28, EKS-31 to EKS-33, EKS-40).

    Raises ValueError where the plan has no node group with the role control.
    """

    name: Output[str]
    arn: Output[str]
    scaling_groups: dict[str, Output[str]]
    """Auto Scaling groups by the plan's name of their node group, for whoever watches them."""
    kubernetes: kubernetes.Provider
    identity: ClusterIdentity
    oidc_provider_arn: Output[str]
    oidc_issuer: Output[str]
    namespaces: dict[str, Output[str]]
    add_ons: list[Resource]
    """What workloads wait for: nodes, names, volumes, controllers."""
    certificate_authority: Output[str]
    security_group_id: Output[str]
    volume_key_arn: Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        facts = _facts(args)
        super().__init__("coder-eks:cluster:Cluster", name, dict(facts), opts)
        self._child, self._args = ResourceOptions(parent=self), args
        control = next((group for group in args.node_groups if group.role == Role.CONTROL), None)
        if control is None:
            raise ValueError("cluster.node_groups: no group has the role control; nothing could run CoreDNS and the controllers")

        invoke = InvokeOutputOptions(parent=self)
        account_id = aws.get_caller_identity_output(opts=invoke).account_id
        partition = aws.get_partition_output(opts=invoke).partition
        place = Place(partition=partition, region=args.region, account_id=account_id)
        keys = cluster_keys(name, args.cluster_name, args.region, account_id, partition, parent=self, protect=args.data_protection)
        made = self._control_plane(name, keys, control)
        plane = made.eks_cluster
        self.name = plane.apply(lambda cluster: cluster.name)
        self.arn = plane.apply(lambda cluster: cluster.arn)
        self._identify(name, made)

        add_ons = AddOnsArgs(
            identity=self.identity,
            versions=args.versions.in_cluster(args.declared.kubernetes_version),
            cni=args.declared.cni,
            control=control,
            place=place,
            system=args.system,
            volume_key_arn=keys.volumes.arn,
        )
        first = before_nodes(name, add_ons, self._child)
        nodes = self._nodes(name, partition, keys, first)
        self.scaling_groups = {plan.name: made.scaling_group_name for plan, (_, made) in zip(args.node_groups, nodes, strict=True)}
        operators = [self._operator(name, operator, partition) for operator in args.operators]

        self.kubernetes = kubernetes.Provider(
            name, kubeconfig=made.kubeconfig_json, cluster_identifier=args.cluster_name, opts=self._after(*operators)
        )
        self._offer(name, keys, nodes, on_nodes(name, add_ons, _of_role(nodes, control), self._child), control, place)

        self.certificate_authority = plane.apply(lambda cluster: cluster.certificate_authority).apply(lambda found: found.data or "")
        self.security_group_id = args.network.cluster_security_group.id
        self.volume_key_arn = keys.volumes.arn
        self.register_outputs(
            {
                "name": self.name,
                "oidc_provider_arn": self.oidc_provider_arn,
                "oidc_issuer": self.oidc_issuer,
                "namespaces": self.namespaces,
                "security_group_id": self.security_group_id,
                **facts,
            }
        )

    def _after(self, *resources: Resource) -> ResourceOptions:
        return ResourceOptions.merge(self._child, ResourceOptions(depends_on=list(resources)))

    def _control_plane(self, name: str, keys: ClusterKeys, control: NodeGroupPlan) -> eks.Cluster:
        """The API in the control nodes' subnets, with one security group of ours (EKS-02 to EKS-05); no nodes, no add-ons, no issuer yet.

        The log group comes first: EKS would else make one that is kept for ever, and unencrypted.
        """
        args, access = self._args, self._args.declared.api_access
        logs = aws.cloudwatch.LogGroup(
            f"{name}-control-plane",
            name=control_plane_log_group(args.cluster_name),
            retention_in_days=args.declared.log_retention_days,
            kms_key_id=keys.logs.arn,
            opts=self._child,
        )
        return eks.Cluster(
            name,
            name=args.cluster_name,
            version=args.declared.kubernetes_version,
            vpc_id=args.network.vpc_id,
            subnet_ids=args.network.subnet_ids[control.tier][: args.declared.api_zones],  # AWS takes no other zones later (NET-40)
            cluster_security_group=args.network.cluster_security_group,
            skip_default_security_groups=True,  # nodes have a group for each role (NET-18)
            skip_default_node_group=True,
            create_oidc_provider=False,
            authentication_mode=eks.AuthenticationMode.API,
            endpoint_private_access=True,
            endpoint_public_access=not access.private,
            public_access_cidrs=None if access.private else [str(cidr) for cidr in access.cidrs],
            enabled_cluster_log_types=list(LOG_TYPES),
            encryption_config_key_arn=keys.secrets.arn,
            deletion_protection=args.data_protection,
            # Add-ons are ours: pinned, with roles of their own, in the order that they need.
            bootstrap_self_managed_addons=False,
            use_default_vpc_cni=True,  # says that pulumi-eks is to make none
            kube_proxy_addon_options={"enabled": False},
            coredns_addon_options={"enabled": False},
            opts=self._after(logs),
        )

    def _identify(self, name: str, made: eks.Cluster) -> None:
        """The cluster's issuer as an identity provider of the account (EKS-04); AWS asks for no thumbprint of it any more."""
        provider = aws.iam.OpenIdConnectProvider(name, url=made.oidc_provider_url, client_id_lists=["sts.amazonaws.com"], opts=self._child)
        self.oidc_provider_arn, self.oidc_issuer = provider.arn, made.oidc_issuer
        self.identity = ClusterIdentity(
            mode=self._args.declared.identity,
            cluster_name=self.name,
            oidc_provider_arn=self.oidc_provider_arn,
            oidc_issuer=self.oidc_issuer,
        )

    def _nodes(self, name: str, partition: Input[str], keys: ClusterKeys, first: Sequence[Resource]) -> list[tuple[str, NodeGroup]]:
        """Every node group with its role; one IAM role for the groups of one name."""
        args, network = self._args, self._args.network
        roles = {group: node_role(name, group, partition, self._child) for group in dict.fromkeys(g.group for g in args.node_groups)}
        return [
            (
                plan.role,
                NodeGroup(
                    f"{name}-{plan.name}",
                    NodeGroupArgs(
                        plan=plan,
                        system=args.system,
                        cluster_name=self.name,
                        kubernetes_version=args.declared.kubernetes_version,
                        role_arn=roles[plan.group][0].arn,
                        subnet_ids=subnets_of(plan, network.zones, network.subnet_ids),
                        security_group_id=network.security_group_ids[plan.role],
                        volume_key_arn=keys.volumes.arn,
                        after=[*first, *network.ways[plan.role], *roles[plan.group][1]],
                    ),
                    self._child,
                ),
            )
            for plan in args.node_groups
        ]

    def _operator(self, name: str, operator: Operator, partition: Input[str]) -> Resource:
        entry = aws.eks.AccessEntry(
            f"{name}-{operator.name}", cluster_name=self.name, principal_arn=operator.principal_arn, opts=self._child
        )
        return aws.eks.AccessPolicyAssociation(
            f"{name}-{operator.name}",
            cluster_name=self.name,
            principal_arn=entry.principal_arn,
            policy_arn=Output.concat("arn:", partition, f":eks::aws:cluster-access-policy/{operator.policy}"),
            access_scope={"type": "cluster"},
            opts=self._child,
        )

    def _offer(
        self,
        name: str,
        keys: ClusterKeys,
        nodes: Sequence[tuple[str, NodeGroup]],
        system: Sequence[Resource],
        control: NodeGroupPlan,
        place: Place,
    ) -> None:
        """Everything inside the cluster: controllers, namespaces with their bounds, the class of disks."""
        args, inside = self._args, ResourceOptions(parent=self, provider=self.kubernetes)
        secrets = secrets_identity(name, self.identity, place, self._child)
        if secrets is not None:
            self.identity = replace(self.identity, secrets_role_arn=secrets.role_arn)
        controllers = charts(
            name,
            ChartsArgs(
                identity=self.identity,
                versions=args.versions.charts,
                autoscaler=args.versions.in_cluster(args.declared.kubernetes_version).autoscaler,
                control=control,
                place=place,
                system=args.system,
                vpc_id=args.network.vpc_id,
                cluster_autoscaler=not args.pools,
                cert_manager=args.declared.cert_manager,
            ),
            [*system, *([secrets] if secrets is not None else [])],  # EKS looks at associations when a pod starts
            self._child,
            inside,
        )
        spaces = namespaces(name, args.declared.kubernetes_version, args.provisioner_namespace, inside)
        self.namespaces = {space: name_of(made) for space, made in spaces.items()}
        bounds(f"{name}-{WORKSPACES}", self.namespaces[WORKSPACES], args.workspace_limits, inside)
        disks = storage_class(name, keys.volumes.arn, system, inside)
        self.add_ons = [*(made.group for _, made in nodes), *system, *controllers, disks]
        if args.pools:
            self.add_ons += self._karpenter(name, keys, [*system, *controllers], control, place)

    def _karpenter(self, name: str, keys: ClusterKeys, after: Sequence[Resource], control: NodeGroupPlan, place: Place) -> list[Resource]:
        """Its pools, for workloads to wait for."""
        args = self._args
        made = Karpenter(
            f"{name}-karpenter",
            KarpenterArgs(
                cluster_name=args.cluster_name,
                pools=args.pools,
                version=args.versions.charts.karpenter,
                image_release=args.versions.node_images.al2023,
                identity=self.identity,
                control=control,
                place=place,
                volume_key_arn=keys.volumes.arn,
                tags={ENVIRONMENT: args.system, **args.tags},
                after=after,
                ways=args.network.ways,
            ),
            ResourceOptions(parent=self, providers=[self.kubernetes]),
        )
        return made.ready


def _of_role(nodes: Sequence[tuple[str, NodeGroup]], plan: NodeGroupPlan) -> list[Resource]:
    return [group.group for role, group in nodes if role == plan.role]


def _facts(args: ClusterArgs) -> dict[str, object]:
    """What policies hold the graph against."""
    declared = args.declared
    return {
        "cluster_name": args.cluster_name,
        "region": args.region,
        "kubernetes_version": declared.kubernetes_version,
        "api_access": str(declared.api_access),
        "identity": declared.identity.value,
        "cni": declared.cni.value,
        "log_retention_days": declared.log_retention_days,
        "node_groups": [
            {
                "name": g.name,
                "group": g.group,
                "tier": g.tier,
                "role": g.role,
                "zones": list(g.zones),
                "instance_type": g.instance_type,
                "min": g.min,
                "max": g.max,
            }
            for g in args.node_groups
        ],
    }
