"""What the cluster offers to Coder: its namespaces, closed by default, bounded where users' pods run; the class of their disks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import Input, Output, Resource, ResourceOptions

from plan.model import CapacityPlan, ProvisionerPlan
from plan.templates import CODER, STORAGE_CLASS, WORKSPACE_SERVICE_ACCOUNT, WORKSPACES
from settings.quantities import CpuQuantity, MemoryQuantity
from settings.workload import Workload

PROVISIONERS = "coder-prov"

DNS_LABELS = {"k8s-app": "kube-dns"}  # what CoreDNS' pods carry, under its old name


@dataclass(frozen=True, kw_only=True)
class WorkspaceLimits:
    """Bounds of the workspaces' namespace, in Kubernetes' quantities (EKS-40).

    Of the whole namespace: pods (each with a volume), requested and greatest CPU and memory, storage. Of one container: what it gets when
    it says nothing, and the most; storage_max: of one volume.
    """

    pods: int
    requests_cpu: str
    requests_memory: str
    limits_cpu: str
    limits_memory: str
    storage: str
    default_cpu: str
    default_memory: str
    default_request_cpu: str
    default_request_memory: str
    max_cpu: str
    max_memory: str
    storage_max: str


def workspace_limits(
    workload: Workload, published: Collection[str], capacity: CapacityPlan, beside: ProvisionerPlan | None = None
) -> WorkspaceLimits:
    """The bounds that follow from the workload: room for the peak at the average size, and no workspace above the published sizes.

    published: names of sizes. beside: provisioners in the same namespace (T-53), which has room for them too. Raises ValueError where no
    published name is a size of the workload.
    """
    sizes = [size for name, size in workload.sizes.items() if name in published]
    if not sizes:
        raise ValueError("templates.published: no size of the workload is published; name one of workload.sizes")
    average, count = workload.average, capacity.workspaces
    request_cpu, request_memory = CpuQuantity.parse(capacity.request_cpu), MemoryQuantity.parse(capacity.request_memory)
    pods, cpu, memory = _room_beside(beside)
    builder = workload.provisioner if beside else average
    return WorkspaceLimits(
        pods=count + pods,
        requests_cpu=str(CpuQuantity(request_cpu.millicpu * count + cpu)),
        requests_memory=str(MemoryQuantity(request_memory.bytes * count + memory)),
        limits_cpu=str(CpuQuantity(average.cpu.millicpu * count + cpu)),
        limits_memory=str(MemoryQuantity(average.memory.bytes * count + memory)),
        storage=str(MemoryQuantity(average.storage.bytes * count)),
        default_cpu=str(average.cpu),
        default_memory=str(average.memory),
        default_request_cpu=str(request_cpu),
        default_request_memory=str(request_memory),
        max_cpu=str(max(*(size.cpu for size in sizes), builder.cpu)),
        max_memory=str(max(*(size.memory for size in sizes), builder.memory)),
        storage_max=str(max(size.storage for size in sizes)),
    )


def _room_beside(provisioners: ProvisionerPlan | None) -> tuple[int, int, int]:
    """Pods, thousandths of a CPU and bytes of provisioners, with the quarter more that an update starts, and the jobs that scale them."""
    if provisioners is None:
        return 0, 0, 0
    pods, jobs = -(-provisioners.replicas_peak * 5 // 4), 2
    each, job = (provisioners.cpu, provisioners.memory), ("50m", "64Mi")
    cpu = pods * CpuQuantity.parse(each[0]).millicpu + jobs * CpuQuantity.parse(job[0]).millicpu
    memory = pods * MemoryQuantity.parse(each[1]).bytes + jobs * MemoryQuantity.parse(job[1]).bytes
    return pods + jobs, cpu, memory


def namespaces(name: str, kubernetes_version: str, provisioners: str, opts: ResourceOptions) -> dict[str, kubernetes.core.v1.Namespace]:
    """Coder's namespace, the provisioners' and the workspaces', which may be one (T-53).

    With Pod Security labels (EKS-13), each closed both ways but for names (EKS-15).

    `baseline` is enforced: no privilege, host path, host network. `restricted` warns only: it would forbid sudo in a workspace.
    """
    made: dict[str, kubernetes.core.v1.Namespace] = {}
    for namespace in dict.fromkeys((CODER, provisioners, WORKSPACES)):
        levels = {"enforce": "baseline", "audit": "restricted", "warn": "restricted"}
        labels = {f"pod-security.kubernetes.io/{mode}": level for mode, level in levels.items()}
        labels |= {f"pod-security.kubernetes.io/{mode}-version": f"v{kubernetes_version}" for mode in levels}
        made[namespace] = kubernetes.core.v1.Namespace(
            f"{name}-{namespace}", metadata={"name": namespace, "labels": dict(sorted(labels.items()))}, opts=opts
        )
        closed_by_default(f"{name}-{namespace}", made[namespace].metadata.apply(lambda metadata: metadata.name or ""), opts)
    return made


def closed_by_default(name: str, namespace: Input[str], opts: ResourceOptions) -> None:
    """Nothing comes into a namespace's pods, and nothing leaves but questions to CoreDNS; whoever needs more says so in a policy."""
    kubernetes.networking.v1.NetworkPolicy(
        f"{name}-default-deny",
        metadata={"name": "default-deny", "namespace": namespace},
        spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        opts=opts,
    )
    kubernetes.networking.v1.NetworkPolicy(
        f"{name}-allow-dns",
        metadata={"name": "allow-dns", "namespace": namespace},
        spec={
            "pod_selector": {},
            "policy_types": ["Egress"],
            "egress": [
                {
                    "to": [
                        {
                            "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
                            "pod_selector": {"match_labels": DNS_LABELS},
                        }
                    ],
                    "ports": [{"port": 53, "protocol": protocol} for protocol in ("TCP", "UDP")],
                }
            ],
        },
        opts=opts,
    )


def bounds(name: str, namespace: Input[str], limits: WorkspaceLimits, opts: ResourceOptions) -> None:
    """ResourceQuota and LimitRange of the workspaces' namespace (EKS-40), and the service account that workspaces run as (EKS-36)."""
    kubernetes.core.v1.ResourceQuota(
        name,
        metadata={"name": "workspaces", "namespace": namespace},
        spec={
            "hard": {
                "limits.cpu": limits.limits_cpu,
                "limits.memory": limits.limits_memory,
                "persistentvolumeclaims": str(limits.pods),
                "pods": str(limits.pods),
                "requests.cpu": limits.requests_cpu,
                "requests.memory": limits.requests_memory,
                "requests.storage": limits.storage,
                "services.loadbalancers": "0",
                "services.nodeports": "0",
            }
        },
        opts=opts,
    )
    kubernetes.core.v1.LimitRange(
        name,
        metadata={"name": "workspaces", "namespace": namespace},
        spec={
            "limits": [
                {
                    "type": "Container",
                    "default": {"cpu": limits.default_cpu, "memory": limits.default_memory},
                    "default_request": {"cpu": limits.default_request_cpu, "memory": limits.default_request_memory},
                    "max": {"cpu": limits.max_cpu, "memory": limits.max_memory},
                },
                {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": limits.storage_max}},
            ]
        },
        opts=opts,
    )
    kubernetes.core.v1.ServiceAccount(
        name,
        metadata={"name": WORKSPACE_SERVICE_ACCOUNT, "namespace": namespace},
        automount_service_account_token=False,  # a workspace has no business with the Kubernetes API
        opts=opts,
    )


def storage_class(
    name: str, volume_key_arn: Input[str], after: Sequence[Resource], opts: ResourceOptions
) -> kubernetes.storage.v1.StorageClass:
    """gp3, encrypted with a key of ours, made where its pod lands, growable; the default (EKS-16, EKS-31).

    No VolumeSnapshotClass: its definition comes with the snapshot-controller add-on, and nothing here takes snapshots of volumes.
    """
    return kubernetes.storage.v1.StorageClass(
        f"{name}-gp3",
        metadata={"name": STORAGE_CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        provisioner="ebs.csi.aws.com",
        parameters={"encrypted": "true", "kmsKeyId": volume_key_arn, "type": "gp3"},
        reclaim_policy="Delete",
        volume_binding_mode="WaitForFirstConsumer",
        allow_volume_expansion=True,
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=list(after))),
    )


def name_of(namespace: kubernetes.core.v1.Namespace) -> Output[str]:
    """Its name, known when it exists."""
    return namespace.metadata.apply(lambda metadata: metadata.name or "")
