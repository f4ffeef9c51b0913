"""A workspace proxy: what a secondary region runs instead of a Coder of its own (DNS-09, T-36, T-65)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_coderd as coderd
from pulumi import Input, Resource

from components.coder_values import Placement
from components.identity import ClusterIdentity


@dataclass(frozen=True, kw_only=True)
class WorkspaceProxyArgs:
    """What a proxy needs: everything of its own region but primary_url, version and coderd.

    region: AWS's name; it is the proxy's name in Coder as well. namespace_name: the name that `namespace` resolves to. primary_url:
    coderd's access URL. access_url: the proxy's own, with scheme. wildcard_host: of apps, `*.us-west-2.example.com`. version,
    chart_version: coderd's (CDR-42). replicas, cpu, memory: Kubernetes quantities; requests equal limits. vpc_cidr, load_balancer_cidrs:
    of the region's VPC and its public subnets. add_ons: of the region's cluster, which run first: External Secrets, the load balancer
    controller. coderd: the provider of CoderAccess. The component takes the region's AWS provider and its cluster's Kubernetes provider
    by `providers`.
    """

    system: str
    region: str
    namespace: Input[str]
    namespace_name: str
    primary_url: str
    access_url: str
    wildcard_host: str
    version: str
    chart_version: str
    replicas: int
    cpu: str
    memory: str
    identity: ClusterIdentity
    placement: Placement
    vpc_id: Input[str]
    vpc_cidr: str
    load_balancer_cidrs: tuple[str, ...]
    target_group_arn: Input[str]
    add_ons: Sequence[Resource]
    coderd: coderd.Provider
