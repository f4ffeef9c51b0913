"""How many workspaces a node holds, and how many nodes that makes (requirements 4.2).

The arithmetic of EKS' own images: what the kubelet keeps, then what daemons take, then how often a request fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from plan.instances import InstanceType
from settings.quantities import CpuQuantity, MemoryQuantity
from settings.workload import Compute, Requests, Size

# Shares of CPU that the kubelet keeps, by core: 6 % of the first, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest
_KUBELET_CPU = ((1, Fraction(6, 100)), (2, Fraction(1, 100)), (4, Fraction(5, 1000)), (10**6, Fraction(25, 10000)))
_KUBELET_MIB, _KUBELET_MIB_PER_POD, _EVICTION_MIB = 255, 11, 100

DAEMON_MILLICPU, DAEMON_MIB = 300, 512  # CNI, kube-proxy, EBS driver, log agent: requirements 4.2
DAEMON_PODS = 3  # of those, the ones with an address of their own


@dataclass(frozen=True)
class Request:
    """What one pod asks of the scheduler. volumes: EBS volumes that it brings."""

    millicpu: int
    mebibytes: Fraction
    volumes: int = 1

    @classmethod
    def of_size(cls, size: Size, shares: Requests) -> Request:
        """A workspace's request: a share of its size (T-14)."""
        return cls(ceil(size.cpu.millicpu * shares.cpu), size.memory.mebibytes * shares.memory)

    @classmethod
    def whole(cls, compute: Compute, volumes: int = 0) -> Request:
        """A pod with requests equal to limits."""
        return cls(compute.cpu.millicpu, compute.memory.mebibytes, volumes)

    @property
    def cpu_text(self) -> str:
        """As Kubernetes writes it."""
        return str(CpuQuantity(self.millicpu))

    @property
    def memory_text(self) -> str:
        """As Kubernetes writes it, rounded up to whole MiB."""
        return str(MemoryQuantity(ceil(self.mebibytes) * 1024**2))


@dataclass(frozen=True)
class Fit:
    """How many pods of one kind a node holds. limits: how many each resource alone would allow."""

    per_node: int
    limits: Mapping[str, int]

    @property
    def limited_by(self) -> str:
        """What runs out first, such as `CPU and memory`."""
        return " and ".join(name for name, limit in self.limits.items() if limit == self.per_node)


def allocatable_millicpu(instance: InstanceType) -> int:
    """CPU that pods can have, in thousandths of a vCPU."""
    reserved, start = Fraction(0), 0
    for end, share in _KUBELET_CPU:
        reserved += share * 1000 * max(0, min(instance.vcpus, end) - start)
        start = end
    return instance.vcpus * 1000 - int(reserved)


def allocatable_mib(instance: InstanceType) -> int:
    """Memory that pods can have, in MiB of the nominal size."""
    return instance.memory_gib * 1024 - _KUBELET_MIB - _KUBELET_MIB_PER_POD * instance.max_pods - _EVICTION_MIB


def free_millicpu(instance: InstanceType) -> int:
    """CPU beside the daemons, in thousandths of a vCPU."""
    return max(0, allocatable_millicpu(instance) - DAEMON_MILLICPU)


def free_mib(instance: InstanceType) -> int:
    """Memory beside the daemons, in MiB."""
    return max(0, allocatable_mib(instance) - DAEMON_MIB)


def fit(instance: InstanceType, request: Request) -> Fit:
    """How many such pods a node of that type holds, by CPU, memory, pods and EBS attachments."""
    limits = {
        "CPU": free_millicpu(instance) // request.millicpu,
        "memory": int(free_mib(instance) / request.mebibytes),
        "pods": instance.max_pods - DAEMON_PODS,
    }
    if request.volumes:
        limits["EBS volumes"] = instance.volumes // request.volumes
    return Fit(min(limits.values()), limits)


def nodes_for(pods: int, per_node: int) -> int:
    """Nodes that hold so many pods; ValueError where a node holds none."""
    if per_node < 1:
        raise ValueError("no node holds one")
    return -(-pods // per_node)


def split(total: int, parts: int) -> tuple[int, ...]:
    """A total over zones, as even as it goes; the first ones carry the rest, the sum is exact."""
    each, rest = divmod(total, parts)
    return tuple(each + (index < rest) for index in range(parts))
