"""What nodes are for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from settings.network import Tier
from settings.section import Fault


class Role(StrEnum):
    """What runs on nodes; workloads of a role select its nodes, and each has a security group of its own (EKS-12, NET-18)."""

    CONTROL = "control"  # coderd and what the cluster itself needs
    PROVISIONER = "provisioner"  # runs Terraform with the right to make workspaces
    WORKSPACE = "workspace"  # runs what users bring


class CapacityType(StrEnum):
    """How instances are bought."""

    SPOT = "spot"  # cheaper, and taken back with two minutes' notice (EKS-38)
    ON_DEMAND = "on-demand"


NODE_TIERS = (*(Tier(role.value) for role in Role), Tier.PRIVATE)


def tier_faults(tier: Tier, role: Role | None) -> Iterable[Fault]:
    """Nodes are neither in public nor in database subnets, and their role is known."""
    if tier not in NODE_TIERS:
        yield Fault(("tier",), f"{tier.value} subnets hold no nodes; write control, provisioner, workspace, or private for all")
    elif tier is Tier.PRIVATE and role is None:
        yield Fault(("role",), "is missing: the private tier is shared by all nodes; write control, provisioner or workspace")
    elif tier is not Tier.PRIVATE and role not in (None, tier.value):
        yield Fault(("role",), f"{role} nodes are not of the tier {tier.value}; leave role out, or write tier: private for all groups")


def accelerator_fault(key: tuple[str | int, ...], instance_type: str) -> Iterable[Fault]:
    """No accelerators: those run as EC2 workspaces only (EKS-37)."""
    if instance_type[0] in "gp" or instance_type.startswith(("inf", "trn")):
        yield Fault(key, f"{instance_type} has accelerators, which run as EC2 workspaces only; write a type such as m5.2xlarge")
