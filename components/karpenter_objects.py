"""What Karpenter is told in the cluster: its chart's values, an EC2NodeClass and a NodePool for each pool. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pulumi import Input, Output

from components.add_ons_charts import Chart, account, placed
from components.node_groups import EFFECTS, ROOT_DEVICE
from components.tags import DISCOVERY_TAG, ROLE_TAG, TIER_TAG
from plan.model import NodeGroupPlan, PoolPlan
from settings.karpenter import Consolidation

CONTROLLER = "karpenter"  # chart, release and service account
REPOSITORY = "oci://public.ecr.aws/karpenter"
NODE_CLASS_API, NODE_POOL_API = "karpenter.k8s.aws/v1", "karpenter.sh/v1"

# A node is replaced after a month for its image's sake; without a grace period it waits for pods that may not be disturbed (T-83).
EXPIRE_AFTER = timedelta(days=30)
HIGHEST_WEIGHT = 100  # of a NodePool: 1 to 100 (its schema); Karpenter tries the heaviest first

# Names in Karpenter's schema (pkg/apis/crds/karpenter.sh_nodepools.yaml at v1.14.1)
_POLICIES = {Consolidation.WHEN_EMPTY: "WhenEmpty", Consolidation.WHEN_UNDERUTILIZED: "WhenEmptyOrUnderutilized"}


def definitions_chart(version: str) -> Chart:
    """Karpenter's kinds, before Karpenter and after it: a controller without them does not start, objects without them can't go."""
    return Chart(name="karpenter-crd", version=version, repository=REPOSITORY, values={})


def controller_chart(
    version: str,
    cluster_name: str,
    region: str,
    queue_name: Input[str],
    control: NodeGroupPlan,
    annotations: Mapping[str, Output[str]],
) -> Chart:
    """Two controllers on the control nodes, never on nodes of their own making (T-68).

    Keys: charts/karpenter/values.yaml of aws/karpenter-provider-aws at v1.14.1.
    """
    compute = {"cpu": "250m", "memory": "1Gi"}  # memory as its guide asks for; CPU by need, an idle controller takes little
    return Chart(
        name=CONTROLLER,
        version=version,
        repository=REPOSITORY,
        skip_definitions=True,
        values={
            "replicas": 2,
            "serviceAccount": account(CONTROLLER, annotations),
            "settings": {"clusterName": cluster_name, "interruptionQueue": queue_name},
            "controller": {
                "env": [{"name": "AWS_REGION", "value": region}],  # the node's metadata is out of a pod's reach
                "resources": {"requests": compute, "limits": {"memory": compute["memory"]}},
            },
            **placed(control),
        },
    )


def node_class(
    plan: PoolPlan, *, image_release: str, cluster_name: str, profile: Input[str], volume_key_arn: Input[str], tags: Mapping[str, str]
) -> dict[str, object]:
    """What a pool's nodes are: the same as a node group's, image, disk, metadata and all (EKS-11, EKS-31, EKS-32, NET-30)."""
    return {
        "amiSelectorTerms": [{"alias": f"al2023@{image_release}"}],
        "instanceProfile": profile,
        "subnetSelectorTerms": [{"tags": {DISCOVERY_TAG: cluster_name, TIER_TAG: plan.tier}}],
        "securityGroupSelectorTerms": [{"tags": {DISCOVERY_TAG: cluster_name, ROLE_TAG: plan.role}}],
        "blockDeviceMappings": [
            {
                "deviceName": ROOT_DEVICE,
                "ebs": {
                    "deleteOnTermination": True,
                    "encrypted": True,
                    "kmsKeyID": volume_key_arn,
                    "volumeSize": f"{plan.root_disk_gib}Gi",
                    "volumeType": "gp3",
                },
            }
        ],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "tags": dict(sorted(tags.items())),
    }


def node_pool(plan: PoolPlan, weight: int) -> dict[str, object]:
    """How many nodes, of which types, and when they go (EKS-12, EKS-22, EKS-38, T-83)."""
    return {
        "weight": weight,
        "limits": {"cpu": plan.cpu_limit, "memory": plan.memory_limit},
        "disruption": {
            "consolidationPolicy": _POLICIES[plan.consolidation],
            "consolidateAfter": f"{plan.consolidate_after_seconds}s",
            "budgets": [{"nodes": f"{plan.disrupted_percent}%"}],
        },
        "template": {
            "metadata": {"labels": dict(sorted(plan.labels.items()))},
            "spec": {
                "nodeClassRef": {"group": NODE_CLASS_API.partition("/")[0], "kind": "EC2NodeClass", "name": plan.name},
                "expireAfter": f"{EXPIRE_AFTER // timedelta(hours=1)}h",
                "taints": [{"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]} for taint in plan.taints],
                "requirements": [
                    _one_of("karpenter.sh/capacity-type", plan.capacity_types),
                    _one_of("kubernetes.io/arch", plan.architectures),
                    _one_of("kubernetes.io/os", ("linux",)),
                    _one_of("node.kubernetes.io/instance-type", plan.instance_types),
                    _one_of("topology.kubernetes.io/zone", plan.zones),
                ],
            },
        },
    }


def _one_of(key: str, values: tuple[str, ...]) -> dict[str, object]:
    return {"key": key, "operator": "In", "values": list(values)}
