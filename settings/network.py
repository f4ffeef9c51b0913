"""The `network` section of a region."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.addresses import Cidr
from settings.names import InstanceType, ZoneName
from settings.quantities import shown
from settings.section import Fault, Section
from settings.workload import Flag


class NatMode(StrEnum):
    """How private subnets reach the internet (NET-16)."""

    GATEWAY_PER_AZ = "gateway-per-az"  # prod: a zone keeps its egress when another fails (NET-13)
    SINGLE_GATEWAY = "single-gateway"  # reference: accepted for the MVP (NET-14, T-37)
    INSTANCE = "instance"  # demo: fck-nat, for cost (NET-15)


class Tier(StrEnum):
    """What a subnet is for; each has routes, a NACL and a security group of its own (NET-18)."""

    PUBLIC = "public"  # NAT gateways and the NLB
    CONTROL = "control"  # coderd and what the cluster itself needs
    PROVISIONER = "provisioner"  # runs Terraform with the right to make workspaces
    WORKSPACE = "workspace"  # runs what users bring
    PRIVATE = "private"  # reference: one for all nodes (NET-08, T-10); their security groups still tell them apart
    DATABASE = "database"  # no internet route in either direction (NET-17)


class InterfaceEndpoint(StrEnum):
    """AWS services that can be reached without the internet (NET-22, NET-24)."""

    AUTOSCALING = "autoscaling"  # the cluster autoscaler reads and sets group sizes
    EC2 = "ec2"  # the CNI attaches addresses, the EBS driver volumes
    ECR_API = "ecr.api"  # image pulls: manifests and tokens
    ECR_DKR = "ecr.dkr"  # image pulls: layers' addresses
    EKS = "eks"  # AWS's API of clusters; it does not serve the Kubernetes API (T-21)
    EKS_AUTH = "eks-auth"  # Pod Identity
    ELASTICLOADBALANCING = "elasticloadbalancing"  # the load balancer controller
    LOGS = "logs"  # CloudWatch Logs
    SECRETSMANAGER = "secretsmanager"  # External Secrets
    STS = "sts"  # IAM roles for service accounts


class NatInstance(Section):
    """NAT on instances of our own, for `nat: instance` (NET-15)."""

    instance_type: InstanceType = Field(default="t4g.nano", description="Graviton type; t4g.nano carries 5 Gbit/s.", examples=["t4g.nano"])
    per_zone: Flag = Field(default=False, description="One in each zone, or one in the first zone for all (T-37).", examples=[False])

    def faults(self) -> Iterable[Fault]:
        """The pinned image is for Arm."""
        if "g" not in self.instance_type.partition(".")[0][1:]:
            yield Fault(("instance_type",), f"{self.instance_type} is not of Graviton, which the image is made for; write t4g.nano")


def _log_retention(days: int) -> int:
    if days not in LOG_RETENTION_DAYS:
        fitting = next((known for known in LOG_RETENTION_DAYS if known > days), LOG_RETENTION_DAYS[-1])
        raise ValueError(f"{days} is no retention that CloudWatch Logs takes; the next one it takes is {fitting}")
    return days


# RetentionInDays of PutRetentionPolicy, CloudWatch Logs API reference, read 2026-11 (pulumi_aws 7.51 lists the same)
LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
LogRetention = Annotated[int, Field(strict=True, json_schema_extra={"enum": list(LOG_RETENTION_DAYS)}), AfterValidator(_log_retention)]


class Network(Section):
    """VPC, subnets, way out."""

    cidr: Cidr = Field(description="Range of the VPC, /16 to /28.", examples=["10.0.0.0/16"])
    zones: int = Field(strict=True, ge=2, le=6, description="Availability zones; each tier has one subnet in each.", examples=[3])
    zone_names: tuple[ZoneName, ...] | None = Field(
        default=None,
        description="Which zones, where the letters from a on do not serve: `coder-eks preflight` tells them.",
        examples=["[us-east-1b, us-east-1c, us-east-1d]"],
    )
    nat: NatMode = Field(description="How private subnets reach the internet.", examples=["gateway-per-az"])
    nat_instance: NatInstance | None = Field(default=None, description="Size and number of NAT instances; with nat: instance only.")
    tiers: dict[Tier, tuple[Cidr, ...]] | None = Field(
        default=None, description="Subnets of every tier, one per zone; computed from the demand where it is left out."
    )
    reserved: tuple[Cidr, ...] = Field(default=(), description="Ranges of the VPC that stay free.", examples=["[10.0.192.0/20]"])
    interface_endpoints: tuple[InterfaceEndpoint, ...] = Field(
        default=(), description="AWS services with an endpoint in the VPC.", examples=["[ecr.api, ecr.dkr]"]
    )
    flow_log_retention_days: LogRetention = Field(default=90, description="Days that VPC flow logs are kept (NET-20).", examples=[90])

    def faults(self) -> Iterable[Fault]:
        """As many zones as are named, a subnet in each; which tiers there are is the region's to say, whether ranges fit the plan's."""
        if self.zone_names is not None and not len(self.zone_names) == len(set(self.zone_names)) == self.zones:
            named = ", ".join(self.zone_names)
            yield Fault(("zone_names",), f"{named}: zones is {self.zones}; write so many, each once, or leave the key out")
        for tier, subnets in (self.tiers or {}).items():
            if len(subnets) != self.zones:
                yield Fault(
                    ("tiers", tier.value),
                    f"{len(subnets)} subnets for {self.zones} zones; write one subnet per zone: {_as_list(subnets, self.zones)}",
                )
        if self.nat_instance is not None and self.nat is not NatMode.INSTANCE:
            yield Fault(("nat_instance",), f"nat is {self.nat.value}, which has none; remove it, or write nat: instance")
        for endpoint in sorted({endpoint for endpoint in self.interface_endpoints if self.interface_endpoints.count(endpoint) > 1}):
            yield Fault(("interface_endpoints",), f"{shown(endpoint.value)} stands here twice; write it once")


def _as_list(subnets: tuple[IPv4Network, ...], zones: int) -> str:
    kept = [str(subnet) for subnet in subnets[:zones]]
    return f"[{', '.join(kept + ['…'] * (zones - len(kept)))}]"
