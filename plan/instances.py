"""EC2 instance types that nodes may have: the one table of what a node is.

vCPU, memory and architecture: Karpenter's generated reference of instance types, aws/karpenter-provider-aws at 1d92708, 2026-07-11.
Interfaces and addresses: its generated VPC limits of 2026-08-06, same commit.
EBS attachments: the EBS CSI driver's generated limits, kubernetes-sigs/aws-ebs-csi-driver at 429e202 (v1.64.0), 2026-08-19;
a type that is not in its table has 27, shared with network interfaces.
"""

from __future__ import annotations

from dataclasses import dataclass

from settings.names import closest

AMD64, ARM64 = "amd64", "arm64"


@dataclass(frozen=True)
class InstanceType:
    """What a node of one type has.

    memory_gib: nominal. addresses: IPv4 addresses of one interface, its own included.
    attachments: EBS volumes with the root volume; shared: interfaces beyond the first take one each.
    """

    name: str
    vcpus: int
    memory_gib: int
    architecture: str
    interfaces: int
    addresses: int
    attachments: int
    shared: bool

    @property
    def max_pods(self) -> int:
        """Pods with an address each, and the two that every node has on the host network (AWS's formula)."""
        return self.interfaces * (self.addresses - 1) + 2

    @property
    def volumes_at_boot(self) -> int:
        """Data volumes that a node takes before it has more than one interface."""
        return self.attachments - 1

    @property
    def volumes(self) -> int:
        """Data volumes that a node takes with all its interfaces: what can be relied on."""
        return self.volumes_at_boot - (self.interfaces - 1 if self.shared else 0)


def find(name: str) -> InstanceType | None:
    """The type of that name, None where the table has none."""
    return INSTANCE_TYPES.get(name)


def unknown(name: str) -> str:
    """A sentence about a type that is not in the table."""
    meant = closest(name, list(INSTANCE_TYPES))
    remedy = f"did you mean {meant}?" if meant else f"write one of the families {', '.join(FAMILIES)}"
    return f"{name} is not in the table of instance types (plan/instances.py); {remedy}"


# name: vCPU, GiB, architecture, interfaces, addresses of each, EBS attachments, shared with interfaces
_ROWS: dict[str, tuple[int, int, str, int, int, int, bool]] = {
    "m5.large": (2, 8, AMD64, 3, 10, 27, True),
    "m5.xlarge": (4, 16, AMD64, 4, 15, 27, True),
    "m5.2xlarge": (8, 32, AMD64, 4, 15, 27, True),
    "m5.4xlarge": (16, 64, AMD64, 8, 30, 27, True),
    "m5.8xlarge": (32, 128, AMD64, 8, 30, 27, True),
    "m5.12xlarge": (48, 192, AMD64, 8, 30, 27, True),
    "m5.16xlarge": (64, 256, AMD64, 15, 50, 27, True),
    "m5.24xlarge": (96, 384, AMD64, 15, 50, 27, True),
    "m6i.large": (2, 8, AMD64, 3, 10, 27, True),
    "m6i.xlarge": (4, 16, AMD64, 4, 15, 27, True),
    "m6i.2xlarge": (8, 32, AMD64, 4, 15, 27, True),
    "m6i.4xlarge": (16, 64, AMD64, 8, 30, 27, True),
    "m6i.8xlarge": (32, 128, AMD64, 8, 30, 27, True),
    "m6i.12xlarge": (48, 192, AMD64, 8, 30, 27, True),
    "m6i.16xlarge": (64, 256, AMD64, 15, 50, 27, True),
    "m6i.24xlarge": (96, 384, AMD64, 15, 50, 27, True),
    "m7i.large": (2, 8, AMD64, 3, 10, 32, False),
    "m7i.xlarge": (4, 16, AMD64, 4, 15, 32, False),
    "m7i.2xlarge": (8, 32, AMD64, 4, 15, 32, False),
    "m7i.4xlarge": (16, 64, AMD64, 8, 30, 32, False),
    "m7i.8xlarge": (32, 128, AMD64, 8, 30, 32, False),
    "m7i.12xlarge": (48, 192, AMD64, 8, 30, 32, False),
    "m7i.16xlarge": (64, 256, AMD64, 15, 50, 48, False),
    "m7i.24xlarge": (96, 384, AMD64, 15, 50, 64, False),
    "m7i.48xlarge": (192, 768, AMD64, 15, 50, 128, False),
    "m7g.large": (2, 8, ARM64, 3, 10, 27, True),
    "m7g.xlarge": (4, 16, ARM64, 4, 15, 27, True),
    "m7g.2xlarge": (8, 32, ARM64, 4, 15, 27, True),
    "m7g.4xlarge": (16, 64, ARM64, 8, 30, 27, True),
    "m7g.8xlarge": (32, 128, ARM64, 8, 30, 27, True),
    "m7g.12xlarge": (48, 192, ARM64, 8, 30, 27, True),
    "m7g.16xlarge": (64, 256, ARM64, 15, 50, 27, True),
    "m8g.large": (2, 8, ARM64, 3, 10, 32, False),
    "m8g.xlarge": (4, 16, ARM64, 4, 15, 32, False),
    "m8g.2xlarge": (8, 32, ARM64, 4, 15, 32, False),
    "m8g.4xlarge": (16, 64, ARM64, 8, 30, 32, False),
    "m8g.8xlarge": (32, 128, ARM64, 8, 30, 32, False),
    "m8g.12xlarge": (48, 192, ARM64, 8, 30, 32, False),
    "m8g.16xlarge": (64, 256, ARM64, 15, 50, 48, False),
    "m8g.24xlarge": (96, 384, ARM64, 15, 50, 64, False),
    "m8g.48xlarge": (192, 768, ARM64, 15, 50, 128, False),
    "c5.large": (2, 4, AMD64, 3, 10, 27, True),
    "c5.xlarge": (4, 8, AMD64, 4, 15, 27, True),
    "c5.2xlarge": (8, 16, AMD64, 4, 15, 27, True),
    "c5.4xlarge": (16, 32, AMD64, 8, 30, 27, True),
    "c5.9xlarge": (36, 72, AMD64, 8, 30, 27, True),
    "c5.12xlarge": (48, 96, AMD64, 8, 30, 27, True),
    "c5.18xlarge": (72, 144, AMD64, 15, 50, 27, True),
    "c5.24xlarge": (96, 192, AMD64, 15, 50, 27, True),
    "c6i.large": (2, 4, AMD64, 3, 10, 27, True),
    "c6i.xlarge": (4, 8, AMD64, 4, 15, 27, True),
    "c6i.2xlarge": (8, 16, AMD64, 4, 15, 27, True),
    "c6i.4xlarge": (16, 32, AMD64, 8, 30, 27, True),
    "c6i.8xlarge": (32, 64, AMD64, 8, 30, 27, True),
    "c6i.12xlarge": (48, 96, AMD64, 8, 30, 27, True),
    "c6i.16xlarge": (64, 128, AMD64, 15, 50, 27, True),
    "c6i.24xlarge": (96, 192, AMD64, 15, 50, 27, True),
    "c7i.large": (2, 4, AMD64, 3, 10, 32, False),
    "c7i.xlarge": (4, 8, AMD64, 4, 15, 32, False),
    "c7i.2xlarge": (8, 16, AMD64, 4, 15, 32, False),
    "c7i.4xlarge": (16, 32, AMD64, 8, 30, 32, False),
    "c7i.8xlarge": (32, 64, AMD64, 8, 30, 32, False),
    "c7i.12xlarge": (48, 96, AMD64, 8, 30, 32, False),
    "c7i.16xlarge": (64, 128, AMD64, 15, 50, 48, False),
    "c7i.24xlarge": (96, 192, AMD64, 15, 50, 64, False),
    "c7i.48xlarge": (192, 384, AMD64, 15, 50, 128, False),
    "c7g.large": (2, 4, ARM64, 3, 10, 27, True),
    "c7g.xlarge": (4, 8, ARM64, 4, 15, 27, True),
    "c7g.2xlarge": (8, 16, ARM64, 4, 15, 27, True),
    "c7g.4xlarge": (16, 32, ARM64, 8, 30, 27, True),
    "c7g.8xlarge": (32, 64, ARM64, 8, 30, 27, True),
    "c7g.12xlarge": (48, 96, ARM64, 8, 30, 27, True),
    "c7g.16xlarge": (64, 128, ARM64, 15, 50, 27, True),
    "r5.large": (2, 16, AMD64, 3, 10, 27, True),
    "r5.xlarge": (4, 32, AMD64, 4, 15, 27, True),
    "r5.2xlarge": (8, 64, AMD64, 4, 15, 27, True),
    "r5.4xlarge": (16, 128, AMD64, 8, 30, 27, True),
    "r5.8xlarge": (32, 256, AMD64, 8, 30, 27, True),
    "r5.12xlarge": (48, 384, AMD64, 8, 30, 27, True),
    "r5.16xlarge": (64, 512, AMD64, 15, 50, 27, True),
    "r5.24xlarge": (96, 768, AMD64, 15, 50, 27, True),
    "r6i.large": (2, 16, AMD64, 3, 10, 27, True),
    "r6i.xlarge": (4, 32, AMD64, 4, 15, 27, True),
    "r6i.2xlarge": (8, 64, AMD64, 4, 15, 27, True),
    "r6i.4xlarge": (16, 128, AMD64, 8, 30, 27, True),
    "r6i.8xlarge": (32, 256, AMD64, 8, 30, 27, True),
    "r6i.12xlarge": (48, 384, AMD64, 8, 30, 27, True),
    "r6i.16xlarge": (64, 512, AMD64, 15, 50, 27, True),
    "r6i.24xlarge": (96, 768, AMD64, 15, 50, 27, True),
    "r7i.large": (2, 16, AMD64, 3, 10, 32, False),
    "r7i.xlarge": (4, 32, AMD64, 4, 15, 32, False),
    "r7i.2xlarge": (8, 64, AMD64, 4, 15, 32, False),
    "r7i.4xlarge": (16, 128, AMD64, 8, 30, 32, False),
    "r7i.8xlarge": (32, 256, AMD64, 8, 30, 32, False),
    "r7i.12xlarge": (48, 384, AMD64, 8, 30, 32, False),
    "r7i.16xlarge": (64, 512, AMD64, 15, 50, 48, False),
    "r7i.24xlarge": (96, 768, AMD64, 15, 50, 64, False),
    "r7i.48xlarge": (192, 1536, AMD64, 15, 50, 128, False),
    "r7g.large": (2, 16, ARM64, 3, 10, 27, True),
    "r7g.xlarge": (4, 32, ARM64, 4, 15, 27, True),
    "r7g.2xlarge": (8, 64, ARM64, 4, 15, 27, True),
    "r7g.4xlarge": (16, 128, ARM64, 8, 30, 27, True),
    "r7g.8xlarge": (32, 256, ARM64, 8, 30, 27, True),
    "r7g.12xlarge": (48, 384, ARM64, 8, 30, 27, True),
    "r7g.16xlarge": (64, 512, ARM64, 15, 50, 27, True),
    "t3.large": (2, 8, AMD64, 3, 12, 27, True),
    "t3.xlarge": (4, 16, AMD64, 4, 15, 27, True),
    "t3.2xlarge": (8, 32, AMD64, 4, 15, 27, True),
    "t4g.large": (2, 8, ARM64, 3, 12, 27, True),
    "t4g.xlarge": (4, 16, ARM64, 4, 15, 27, True),
    "t4g.2xlarge": (8, 32, ARM64, 4, 15, 27, True),
}

INSTANCE_TYPES = {name: InstanceType(name, *row) for name, row in _ROWS.items()}
FAMILIES = tuple(dict.fromkeys(name.split(".")[0] for name in INSTANCE_TYPES))
