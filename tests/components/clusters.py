"""Recorded clusters: prod's, and one with everything that prod does not choose."""

from __future__ import annotations

import functools

from components.cluster import Cluster, ClusterArgs, Operator
from components.namespaces import WorkspaceLimits
from components.network import Network
from plan.model import NetworkPlan, NodeGroupPlan, PoolPlan
from settings.cluster import ApiAccess, CniMode, IdentityMode, NodeGroup, Scaling
from settings.cluster import Cluster as ClusterSettings
from settings.network import Tier
from settings.versions import Versions
from tests.components import plans
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.components.test_network import network_args

NODE_GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
ADD_ON, RELEASE = "aws:eks/addon:Addon", "kubernetes:helm.sh/v3:Release"
LIMITS = WorkspaceLimits(
    pods=3000,
    requests_cpu="1500",
    requests_memory="6000Gi",
    limits_cpu="12000",
    limits_memory="24000Gi",
    storage="300000Gi",
    default_cpu="4",
    default_memory="8Gi",
    default_request_cpu="500m",
    default_request_memory="2Gi",
    max_cpu="8",
    max_memory="16Gi",
    storage_max="100Gi",
)


def declared(identity: IdentityMode = IdentityMode.IRSA, cni: CniMode = CniMode.WARM_ENI, access: object = "private") -> ClusterSettings:
    tiers = {"coder-control": Tier.CONTROL, "coder-prov": Tier.PROVISIONER, "coder-ws": Tier.WORKSPACE}
    groups = {name: NodeGroup(tier=tier, instance_type="m5.large", min=1, max=3, scaling=Scaling.STATIC) for name, tier in tiers.items()}
    return ClusterSettings(
        kubernetes_version="1.33", api_access=ApiAccess.parse(access), identity=identity, cni=cni, log_retention_days=90, node_groups=groups
    )


def build(
    settings: ClusterSettings | None = None,
    *,
    groups: tuple[NodeGroupPlan, ...] | None = None,
    operators: tuple[Operator, ...] = (),
    pools: tuple[PoolPlan, ...] = (),
    plan: NetworkPlan | None = None,
    data_protection: bool = True,
    preview: bool = False,
) -> Graph:
    def program() -> None:
        network = Network("network", network_args(plan, data_protection=data_protection, pools=pools))
        Cluster(
            "cluster",
            ClusterArgs(
                cluster_name="coder-prod",
                system="prod",
                region="us-east-1",
                declared=settings or declared(),
                versions=Versions(),
                node_groups=plans.node_groups() if groups is None else groups,
                network=network,
                workspace_limits=LIMITS,
                operators=operators,
                pools=pools,
                tags={"Owner": "platform"},
                data_protection=data_protection,
            ),
        )

    graph = record(program, preview=preview)
    assert graph.faults == graph.warnings == ()
    return graph


@functools.cache
def prod() -> Graph:
    """Prod's cluster, recorded once."""
    return build()


OPERATOR = Operator(name="runner", principal_arn="arn:aws:iam::123456789012:role/deploy", policy="AmazonEKSClusterAdminPolicy")


@functools.cache
def other() -> Graph:
    """Everything that prod does not choose, in one cluster: a recording takes seconds."""
    zones = plans.ZONES[:2]
    arm = plans.node_group("system", "system", "private", zones, "t4g.xlarge", (2, 10, 2), architecture="arm64", role="control")
    builds = plans.node_group(
        "coder-prov", "coder-prov", "private", zones, "c5.2xlarge", (1, 20, 1), plans.scheduled(20, 1), role="provisioner"
    )
    return build(
        declared(IdentityMode.POD_IDENTITY, CniMode.PREFIX, ["203.0.113.0/24"]),
        groups=(arm, builds),
        plan=plans.shared_network(),
        operators=(OPERATOR,),
        data_protection=False,
    )


@functools.cache
def with_karpenter() -> Graph:
    """Demo's kind: two Graviton nodes for the system, everything else by Karpenter, cert-manager."""
    system = plans.node_group("system", "system", "control", plans.ZONES, "t4g.xlarge", (2, 10, 2), architecture="arm64")
    settings = declared().model_copy(update={"cert_manager": True})
    return build(settings, groups=(system,), pools=plans.pools(), data_protection=False)


def plane(graph: Graph) -> Node:
    return graph.one("eks:index:Cluster")
