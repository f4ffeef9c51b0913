"""What workspace templates are told about a deployment, all known before anything is made: template folders are named by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from plan.groups import workspace_requests
from plan.model import Plan, RegionPlan
from settings.cluster import Role
from settings.model import Settings

Fact: TypeAlias = "str | int | float | Sequence[str] | Mapping[str, str | float]"

CODER, WORKSPACES = "coder", "coder-ws"  # namespaces
CODERD_PORT = 8080  # fixed by the Coder chart
WORKSPACE_SERVICE_ACCOUNT = "coder-workspace"
STORAGE_CLASS = "gp3"
ENVIRONMENT_TAG = "Environment"
MACHINE_TAG = "Coder_Provisioned"  # on everything that a workspace build makes in EC2
MACHINE_PROFILE = "coder-{system}-workspace"  # instance profile of EC2 workspaces


@dataclass(frozen=True)
class TemplateFacts:
    """coder_url: in the cluster, past NAT and load balancer (NET-34). platform: what bases ask for, by the names of their variables."""

    coder_url: str
    access_url: str
    region: str
    platform: Mapping[str, Fact]


def template_facts(settings: Settings, plan: Plan, region: str) -> TemplateFacts:
    """What the templates of the region with coderd are told (docs/templates/format.md)."""
    system, here = settings.system.name, plan.regions[region]
    requests = workspace_requests(settings)
    return TemplateFacts(
        coder_url=f"http://coder.{CODER}.svc.cluster.local:{CODERD_PORT}",
        access_url=plan.access_url,
        region=region,
        platform={
            "architecture": workspace_architecture(here),
            "blocked_cidrs": _networks(settings, region),
            "coder_namespace": CODER,
            "coder_port": CODERD_PORT,
            "instance_profile": MACHINE_PROFILE.format(system=system),
            "machine_tags": {MACHINE_TAG: "true", ENVIRONMENT_TAG: system},
            "namespace": WORKSPACES,
            "node_group": workspace_group(here),
            "region": region,
            "requests": {"cpu": float(requests.cpu), "memory": float(requests.memory)},
            "service_account": WORKSPACE_SERVICE_ACCOUNT,
            "storage_class": STORAGE_CLASS,
            "subnet_tags": {ENVIRONMENT_TAG: system, "Tier": here.network.tier_of(Role.WORKSPACE.value).name},
            "vpc_tags": {ENVIRONMENT_TAG: system, "Name": region},
        },
    )


def _networks(settings: Settings, region: str) -> list[str]:
    """Every region's VPC (POL-03), this one's first. Of regions that are switched off too: workspaces keep the rules that they were
    started with, and a region switched on later is closed to them from its first minute.
    """
    return [str(settings.regions[name].network.cidr) for name in (region, *sorted(set(settings.regions) - {region}))]


def workspace_architecture(plan: RegionPlan) -> str:
    """What the nodes of workspaces run, `amd64` or `arm64`, and with them image and agent (TPL-48); the settings allow one only."""
    groups = (group.architecture for group in plan.node_groups if group.role == Role.WORKSPACE)
    return next(groups, None) or next(pool.architectures[0] for pool in plan.pools if pool.role == Role.WORKSPACE)


def workspace_group(plan: RegionPlan) -> str:
    """The value of the label and taint of the nodes that workspaces run on; groups of the zones, or pools, count as one."""
    return next(nodes.taints[0].value for nodes in (*plan.node_groups, *plan.pools) if nodes.role == Role.WORKSPACE)
