"""The controllers that come as Helm charts, all on the control nodes, each with the role that its task needs (EKS-14, EKS-22, EKS-25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import Input, Output, Resource, ResourceOptions

from components import add_ons_access as access
from components import chart_keys
from components.add_ons import SYSTEM_NAMESPACE
from components.identity import ClusterIdentity, WorkloadIdentity, WorkloadIdentityArgs
from components.node_groups import AUTOSCALED_TAG, node_selector, tolerations
from plan.model import NodeGroupPlan
from settings.cluster import IdentityMode
from settings.versions import ChartVersions

EXTERNAL_SECRETS_NAMESPACE = EXTERNAL_SECRETS_ACCOUNT = "external-secrets"
CERT_MANAGER_NAMESPACE = "cert-manager"
TIMEOUT_SECONDS = 900  # the first pod of a chart may wait for its image on a fresh node

Values = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class ChartsArgs:
    """control: the node group that runs the controllers. vpc_id: told to whoever would else ask the node's metadata.

    cluster_autoscaler: whether there is one; Karpenter takes its place. cert_manager: whether there is one (T-66).
    """

    identity: ClusterIdentity
    versions: ChartVersions
    autoscaler: str
    control: NodeGroupPlan
    place: access.Place
    system: str
    vpc_id: Input[str]
    cluster_autoscaler: bool = True
    cert_manager: bool = False


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A pinned chart. name: of the release and, in the charts used here, of its service account.

    skip_definitions: of custom kinds, which a chart of their own installs.
    """

    name: str
    version: str
    repository: str
    values: Values
    namespace: str = SYSTEM_NAMESPACE
    skip_definitions: bool = False


def charts(name: str, args: ChartsArgs, after: Sequence[Resource], opts: ResourceOptions, inside: ResourceOptions) -> list[Resource]:
    """The releases. after: what they wait for. opts: for resources of AWS. inside: for resources in the cluster."""
    balancer = _identity(
        f"{name}-load-balancer-controller",
        "aws-load-balancer-controller",
        args,
        access.load_balancer_controller(args.place, args.system),
        opts,
    )
    releases = [load_balancer_controller(args, balancer.annotations), external_secrets(args), metrics_server(args)]
    identities = [balancer]
    if args.cluster_autoscaler:
        autoscaler = _identity(
            f"{name}-cluster-autoscaler",
            "cluster-autoscaler",
            args,
            access.cluster_autoscaler(args.place, args.identity.cluster_name),
            opts,
        )
        identities.append(autoscaler)
        releases.append(cluster_autoscaler(args, autoscaler.annotations))
    if args.cert_manager:
        releases.append(cert_manager(args))
    waiting = ResourceOptions.merge(inside, ResourceOptions(depends_on=[*after, *identities]))
    return [release(f"{name}-{chart.name}", chart, waiting) for chart in releases]


def secrets_identity(name: str, identity: ClusterIdentity, place: access.Place, opts: ResourceOptions) -> WorkloadIdentity | None:
    """What External Secrets is under pod-identity: may take the roles of its stores, and read nothing by its own (EKS-25, EKS-28).

    None under irsa, where each store's service account has its role.
    """
    if identity.mode is not IdentityMode.POD_IDENTITY:
        return None
    return WorkloadIdentity(
        f"{name}-external-secrets",
        WorkloadIdentityArgs(
            cluster=identity,
            namespace=EXTERNAL_SECRETS_NAMESPACE,
            service_account=EXTERNAL_SECRETS_ACCOUNT,
            statements=access.external_secrets(place),
        ),
        opts,
    )


def load_balancer_controller(args: ChartsArgs, annotations: Mapping[str, Output[str]]) -> Chart:
    """Keeps pods in target groups and makes nothing: balancers are resources of the program (T-76), so its other parts are off.

    Keys: helm/aws-load-balancer-controller/values.yaml of kubernetes-sigs/aws-load-balancer-controller at v3.5.0.
    """
    unused = ("ALBGatewayAPI", "EnableServiceController", "GatewayListenerSet", "NLBGatewayAPI")
    values: Values = {
        "clusterName": args.identity.cluster_name,
        "region": args.place.region,
        "vpcId": args.vpc_id,
        "replicaCount": 2,
        "serviceAccount": account("aws-load-balancer-controller", annotations),
        "controllerConfig": {"featureGates": dict.fromkeys(unused, False)},
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "enableBackendSecurityGroup": False,
        "enableServiceMutatorWebhook": False,  # else it stands between everybody and every new Service
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "keepTLSSecret": True,  # a new certificate at every update would be a change at every update
        "podDisruptionBudget": {"maxUnavailable": 1},
        **placed(args.control),
    }
    return Chart(
        name="aws-load-balancer-controller",
        version=args.versions.load_balancer_controller,
        repository="https://aws.github.io/eks-charts",
        values=values,
    )


def cluster_autoscaler(args: ChartsArgs, annotations: Mapping[str, Output[str]]) -> Chart:
    """Adds nodes for pods that find none, and takes nodes that are empty; never one with a workspace or a build on it (T-16, T-83).

    The threshold lies under the smallest workspace's request: a node above it is never a candidate. Keys:
    charts/cluster-autoscaler/values.yaml of kubernetes/autoscaler, flags: its FAQ, both read 2026-11.
    """
    values: Values = {
        "cloudProvider": "aws",
        "awsRegion": args.place.region,
        "image": {"tag": f"v{args.autoscaler}"},  # of the cluster's minor version, as its README asks
        "autoDiscovery": {"clusterName": args.identity.cluster_name, "tags": [AUTOSCALED_TAG]},
        "rbac": {"create": True, "serviceAccount": account("cluster-autoscaler", annotations)},
        "extraArgs": {
            "balance-similar-node-groups": True,  # workspace groups of the zones
            "expander": "least-waste",
            "ignore-daemonsets-utilization": True,
            "scale-down-unneeded-time": "10m",
            "scale-down-utilization-threshold": 0.01,
            "skip-nodes-with-local-storage": True,
        },
        **placed(args.control),
    }
    return Chart(
        name="cluster-autoscaler",
        version=args.versions.cluster_autoscaler,
        repository="https://kubernetes.github.io/autoscaler",
        values=values,
    )


def external_secrets(args: ChartsArgs) -> Chart:
    """Brings values from Secrets Manager into the cluster, with the role of each store: its own reads nothing (EKS-25).

    Keys: deploy/charts/external-secrets/values.yaml of external-secrets/external-secrets at v2.9.0.
    """
    on_control = placed(args.control)
    values: Values = {
        "installCRDs": True,
        "leaderElect": True,
        "replicaCount": 2,
        "processClusterExternalSecret": False,  # stores and secrets of one namespace only
        "processClusterGenerator": False,
        "processClusterPushSecret": False,
        "processClusterStore": False,
        "processPushSecret": False,
        "serviceAccount": {"create": True, "name": EXTERNAL_SECRETS_ACCOUNT},
        "webhook": {"replicaCount": 2, **on_control},
        "certController": on_control,
        **on_control,
    }
    return Chart(
        name="external-secrets",
        version=args.versions.external_secrets,
        repository="https://charts.external-secrets.io",
        namespace=EXTERNAL_SECRETS_NAMESPACE,
        values=values,
    )


def metrics_server(args: ChartsArgs) -> Chart:
    """What nodes and pods use. Keys: charts/metrics-server/values.yaml of kubernetes-sigs/metrics-server, read 2026-11."""
    values: Values = {"replicas": 2, "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1}, **placed(args.control)}
    return Chart(
        name="metrics-server",
        version=args.versions.metrics_server,
        repository="https://kubernetes-sigs.github.io/metrics-server/",
        values=values,
    )


def cert_manager(args: ChartsArgs) -> Chart:
    """Certificates for hosts inside the cluster, such as webhooks'; what the balancer shows is ACM's, which no pod can hold (T-66).

    No issuer is made: whoever wants a certificate brings one. Keys: deploy/charts/cert-manager/values.yaml of cert-manager/cert-manager
    at v1.21.1.
    """
    on_control = placed(args.control)
    values: Values = {
        "crds": {"enabled": True, "keep": False},  # with the release, so that a destroy leaves nothing
        "replicaCount": 2,
        "podDisruptionBudget": {"enabled": True},
        "webhook": {"replicaCount": 2, **on_control},
        "cainjector": {"replicaCount": 2, **on_control},
        "startupapicheck": on_control,
        **on_control,
    }
    return Chart(
        name="cert-manager",
        version=args.versions.cert_manager,
        repository="https://charts.jetstack.io",
        namespace=CERT_MANAGER_NAMESPACE,
        values=values,
    )


def placed(control: NodeGroupPlan) -> Values:
    """On the nodes of the control plane."""
    return {"nodeSelector": node_selector(control), "tolerations": tolerations(control)}


def account(name: str, annotations: Mapping[str, Output[str]]) -> Values:
    """A service account of the chart's own."""
    return {"create": True, "name": name, "annotations": dict(annotations)}


def _identity(
    name: str, service_account: str, args: ChartsArgs, statements: Sequence[access.Statement], opts: ResourceOptions
) -> WorkloadIdentity:
    return WorkloadIdentity(
        name,
        WorkloadIdentityArgs(cluster=args.identity, namespace=SYSTEM_NAMESPACE, service_account=service_account, statements=statements),
        opts,
    )


def release(name: str, chart: Chart, opts: ResourceOptions) -> kubernetes.helm.v3.Release:
    """A release by a fixed name, taken back whole where it does not come up; UnknownChartValueError for a value that the chart ignores."""
    chart_keys.check(chart.name, chart.version, chart.values)
    oci = chart.repository.startswith("oci://")
    return kubernetes.helm.v3.Release(
        name,
        name=chart.name,
        namespace=chart.namespace,
        create_namespace=chart.namespace != SYSTEM_NAMESPACE,
        chart=f"{chart.repository}/{chart.name}" if oci else chart.name,
        version=chart.version,
        repository_opts=None if oci else {"repo": chart.repository},
        skip_crds=chart.skip_definitions,
        values=chart.values,
        atomic=True,
        timeout=TIMEOUT_SECONDS,
        max_history=5,
        opts=opts,
    )
