"""Who may talk to coderd, and whom it may talk to: NetworkPolicy specs as pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pulumi_kubernetes.networking.v1 import (
    NetworkPolicyEgressRuleArgsDict,
    NetworkPolicyIngressRuleArgsDict,
    NetworkPolicyPeerArgsDict,
    NetworkPolicyPortArgsDict,
    NetworkPolicySpecArgsDict,
)

from components.coder_values import HTTP_PORT, METRICS_PORT, SELECTOR
from components.postgresql import PORT as DATABASE_PORT
from components.tracing import OTLP_PORT, TEMPO

HTTPS_PORT, DNS_PORT = 443, 53
ANYWHERE = "0.0.0.0/0"
LINK_LOCAL = "169.254.0.0/16"  # instance metadata; the hop limit of 1 keeps pods from it as well
POD_IDENTITY_AGENT = "169.254.170.23/32"  # hands out credentials at port 80 (EKS User Guide, "EKS Pod Identity", read 2026-11)
NAMESPACE_LABEL = "kubernetes.io/metadata.name"  # set by Kubernetes on every namespace


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where coderd stands.

    vpc_cidr: of the VPC. load_balancer_cidrs: public subnets, where the balancer's health checks come from. database_cidrs: of the
    database tier. client_namespaces: of provisioners and workspaces, which reach coderd in the cluster (NET-34). metrics_namespaces: of
    Prometheus; metrics_cidrs: where a managed collector's interfaces stand. traces: whether they go to the observability chart's Tempo.
    relay_cidrs: where another region's coderd on the same database runs.
    issuer: URL of the identity provider. pod_identity: whether credentials come from the agent on the node.
    """

    vpc_cidr: str
    load_balancer_cidrs: tuple[str, ...]
    database_cidrs: tuple[str, ...]
    client_namespaces: tuple[str, ...]
    metrics_namespaces: tuple[str, ...]
    issuer: str
    pod_identity: bool
    metrics_cidrs: tuple[str, ...] = ()
    traces: bool = False
    relay_cidrs: tuple[str, ...] = ()


def coderd(around: Surroundings) -> NetworkPolicySpecArgsDict:
    """The policy of coderd's pods (NET-32, NET-33, CDR-04, CDR-28).

    The load balancer keeps the addresses of clients (T-24), so that they arrive from the whole internet; what security groups let through
    is the balancer's traffic only. Addresses of the VPC are left out of that: pods come by their namespace, or not at all. Replicas
    reach each other on every port: they relay traffic, and newer releases form a cluster on a port of their own.
    """
    outside = [_block(ANYWHERE, but=around.vpc_cidr), *_blocks(around.load_balancer_cidrs)]
    ingress: list[NetworkPolicyIngressRuleArgsDict] = [
        {"from_": outside, "ports": _ports("TCP", HTTP_PORT)},
        {"from_": _namespaces(around.client_namespaces), "ports": _ports("TCP", HTTP_PORT)},
        {"from_": [*_namespaces(around.metrics_namespaces), *_blocks(around.metrics_cidrs)], "ports": _ports("TCP", METRICS_PORT)},
        {"from_": [_pods(SELECTOR)]},
    ]
    https = sorted({HTTPS_PORT, urlsplit(around.issuer).port or HTTPS_PORT})
    egress: list[NetworkPolicyEgressRuleArgsDict] = [
        _dns(),
        {"to": _blocks(around.database_cidrs), "ports": _ports("TCP", DATABASE_PORT)},
        {"to": [_block(ANYWHERE, but=LINK_LOCAL)], "ports": _ports("TCP", *https)},
        {"to": [_pods(SELECTOR)]},
    ]
    if around.relay_cidrs:
        egress.append({"to": _blocks(around.relay_cidrs), "ports": _ports("TCP", HTTP_PORT)})
    if around.traces:
        egress.append({"to": [_pods(TEMPO)], "ports": _ports("TCP", OTLP_PORT)})
    if around.pod_identity:
        egress.append({"to": [_block(POD_IDENTITY_AGENT)], "ports": _ports("TCP", 80)})
    return {"pod_selector": {"match_labels": SELECTOR}, "policy_types": ["Ingress", "Egress"], "ingress": ingress, "egress": egress}


def workspace_proxy(vpc_cidr: str, load_balancer_cidrs: Sequence[str]) -> NetworkPolicySpecArgsDict:
    """The policy of a workspace proxy's pods: clients come as they come to coderd, and it asks coderd by its public URL; no database."""
    ingress: list[NetworkPolicyIngressRuleArgsDict] = [
        {"from_": [_block(ANYWHERE, but=vpc_cidr), *_blocks(load_balancer_cidrs)], "ports": _ports("TCP", HTTP_PORT)},
        {"from_": [_pods(SELECTOR)]},
    ]
    egress: list[NetworkPolicyEgressRuleArgsDict] = [
        _dns(),
        {"to": [_block(ANYWHERE, but=LINK_LOCAL)], "ports": _ports("TCP", HTTPS_PORT)},
        {"to": [_pods(SELECTOR)]},
    ]
    return {"pod_selector": {"match_labels": SELECTOR}, "policy_types": ["Ingress", "Egress"], "ingress": ingress, "egress": egress}


def database_role(around: Surroundings, labels: Mapping[str, str]) -> NetworkPolicySpecArgsDict:
    """The policy of the job that makes coderd's role: names and the database, nothing else; nobody reaches it."""
    database: NetworkPolicyEgressRuleArgsDict = {"to": _blocks(around.database_cidrs), "ports": _ports("TCP", DATABASE_PORT)}
    return {"pod_selector": {"match_labels": labels}, "policy_types": ["Ingress", "Egress"], "ingress": [], "egress": [_dns(), database]}


def _dns() -> NetworkPolicyEgressRuleArgsDict:
    names: NetworkPolicyPeerArgsDict = {
        "namespace_selector": {"match_labels": {NAMESPACE_LABEL: "kube-system"}},
        "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
    }
    return {"to": [names], "ports": [*_ports("UDP", DNS_PORT), *_ports("TCP", DNS_PORT)]}


def _ports(protocol: Literal["TCP", "UDP"], *ports: int) -> list[NetworkPolicyPortArgsDict]:
    return [{"protocol": protocol, "port": port} for port in ports]


def _block(cidr: str, but: str | None = None) -> NetworkPolicyPeerArgsDict:
    return {"ip_block": {"cidr": cidr, "except_": [but]} if but else {"cidr": cidr}}


def _blocks(cidrs: Iterable[str]) -> list[NetworkPolicyPeerArgsDict]:
    return [_block(cidr) for cidr in cidrs]


def _namespaces(names: Iterable[str]) -> list[NetworkPolicyPeerArgsDict]:
    return [{"namespace_selector": {"match_labels": {NAMESPACE_LABEL: name}}} for name in sorted(names)]


def _pods(labels: Mapping[str, str]) -> NetworkPolicyPeerArgsDict:
    return {"pod_selector": {"match_labels": labels}}
