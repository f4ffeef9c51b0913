"""Whom coderd hears and speaks to: the policies' specs, judged by a small evaluator of NetworkPolicy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from components.coder_network import Surroundings, coderd, database_role
from components.coder_values import SELECTOR

AROUND = Surroundings(
    vpc_cidr="10.0.0.0/16",
    load_balancer_cidrs=("10.0.0.0/20", "10.0.16.0/20"),
    database_cidrs=("10.0.208.0/21", "10.0.216.0/21"),
    client_namespaces=("coder-ws", "coder-prov"),
    metrics_namespaces=("monitoring",),
    issuer="https://idp.example.com",
    pod_identity=False,
)


@dataclass(frozen=True)
class Peer:
    """An address, and the pod behind it where there is one."""

    address: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


CLIENT = Peer("203.0.113.7")
HEALTH_CHECK = Peer("10.0.3.4")
EC2_IN_VPC = Peer("10.0.150.9")
DATABASE = Peer("10.0.208.7")
IMDS = Peer("169.254.169.254")
PEER = Peer("10.0.50.2", "coder", SELECTOR)
PROMETHEUS = Peer("10.0.50.9", "monitoring", {"app": "prometheus"})
WORKSPACE = Peer("10.0.150.3", "coder-ws")
PROVISIONER = Peer("10.0.100.3", "coder-prov")
STRANGER = Peer("10.0.50.3", "default")
DNS = Peer("10.0.50.4", "kube-system", {"k8s-app": "kube-dns"})


def matches(peer: Peer, rule: Mapping[str, Any], home: str = "coder") -> bool:
    """Whether one entry of `from` or `to` names a peer, as Kubernetes documents it."""
    if block := rule.get("ip_block"):
        address = ip_address(peer.address)
        return address in ip_network(block["cidr"]) and not any(address in ip_network(cidr) for cidr in block.get("except_", ()))
    namespace, pods = rule.get("namespace_selector"), rule.get("pod_selector")
    if peer.namespace is None:
        return False
    in_namespace = peer.namespace == (namespace["match_labels"]["kubernetes.io/metadata.name"] if namespace else home)
    return in_namespace and (not pods or pods["match_labels"].items() <= peer.labels.items())


def allowed(rules: Sequence[Mapping[str, Any]], peer: Peer, port: int, protocol: str = "TCP") -> bool:
    """Whether any rule lets a peer and port through."""
    return any(
        any(matches(peer, entry) for entry in rule.get("from_", rule.get("to", ())))
        and any(
            (entry["protocol"], entry["port"]) == (protocol, port) for entry in rule.get("ports", [{"protocol": protocol, "port": port}])
        )
        for rule in rules
    )


@pytest.mark.parametrize(
    ("peer", "port", "heard"),
    [
        (CLIENT, 8080, True),  # T-24: the balancer keeps clients' addresses
        (HEALTH_CHECK, 8080, True),
        (WORKSPACE, 8080, True),  # NET-34
        (PROVISIONER, 8080, True),  # PRV-05
        (PEER, 8080, True),  # CDR-04
        (PEER, 6222, True),  # CDR-04: replicas on every port
        (PROMETHEUS, 2112, True),  # CDR-28
        (STRANGER, 8080, False),
        (EC2_IN_VPC, 8080, False),  # NET-35: through the front door
        (PROMETHEUS, 8080, False),
        (WORKSPACE, 2112, False),
        (CLIENT, 2112, False),
    ],
)
def test_coderd_hears(peer: Peer, port: int, heard: bool):
    """NET-32, NET-33."""
    assert allowed(coderd(AROUND)["ingress"], peer, port) is heard


@pytest.mark.parametrize(
    ("peer", "port", "protocol", "reached"),
    [
        (DNS, 53, "UDP", True),
        (DNS, 53, "TCP", True),
        (DATABASE, 5432, "TCP", True),
        (CLIENT, 443, "TCP", True),  # identity provider, Git host, AWS
        (PEER, 8080, "TCP", True),  # CDR-04
        (IMDS, 80, "TCP", False),
        (IMDS, 443, "TCP", False),
        (STRANGER, 5432, "TCP", False),
        (WORKSPACE, 22, "TCP", False),
        (CLIENT, 80, "TCP", False),
    ],
)
def test_coderd_speaks_to(peer: Peer, port: int, protocol: str, reached: bool):
    """NET-33."""
    assert allowed(coderd(AROUND)["egress"], peer, port, protocol) is reached


def test_an_identity_provider_on_a_port_of_its_own_is_reached():
    egress = coderd(replace(AROUND, issuer="https://idp.example.com:8443/realms/coder"))["egress"]
    assert allowed(egress, CLIENT, 8443)
    assert allowed(egress, CLIENT, 443)


@pytest.mark.parametrize("pod_identity", [True, False])
def test_the_credentials_agent_is_reached_under_pod_identity_only(pod_identity: bool):
    """EKS-28."""
    assert allowed(coderd(replace(AROUND, pod_identity=pod_identity))["egress"], Peer("169.254.170.23"), 80) is pod_identity


def test_the_job_reaches_names_and_the_database_and_nobody_reaches_it():
    spec = database_role(AROUND, {"app": "job"})
    assert spec["ingress"] == []
    assert allowed(spec["egress"], DNS, 53, "UDP")
    assert allowed(spec["egress"], DATABASE, 5432)
    assert not any(allowed(spec["egress"], peer, port) for peer in (CLIENT, PEER, IMDS) for port in (80, 443, 5432, 8080))


def test_each_policy_holds_both_directions_of_its_own_pods():
    for spec, labels in ((coderd(AROUND), SELECTOR), (database_role(AROUND, {"app": "job"}), {"app": "job"})):
        assert spec["policy_types"] == ["Ingress", "Egress"]
        assert spec["pod_selector"] == {"match_labels": labels}
