"""**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation**

The part of pods: the policies that base-k8s makes for any set of workspaces, judged over every ordered pair by network_policies.py.
tests/real/test_templates.py holds the same policies, made by OpenTofu, to a real API server.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalog.modules import Module
from tests.catalog.network_policies import Address, Pod, Policy, allowed

BASE = Path(__file__).parents[2] / "catalog/bases/k8s"
WORKSPACES, CODER, SYSTEM = "coder-ws", "coder", "kube-system"
VPC, IMDS, IMDS_POD_IDENTITY, DATABASE, API_SERVER = "10.0.0.0/16", "169.254.169.254", "169.254.170.23", "10.0.208.17", "10.0.48.9"
OUTSIDE = "198.51.100.7"
EGRESS = {"none": set[tuple[str, int]](), "https-only": {("TCP", 443)}, "unrestricted": {("TCP", 443), ("TCP", 22), ("UDP", 3478)}}
PACKETS = [("TCP", 443), ("TCP", 22), ("TCP", 5432), ("UDP", 3478), ("UDP", 53), ("TCP", 8080)]


@dataclass(frozen=True)
class Workspace:
    """owner: may change, when a prebuilt workspace is claimed (T-82)."""

    id: str
    name: str
    owner: str
    egress: str

    def variables(self) -> dict[str, Any]:
        return {
            "workspace_id": self.id,
            "workspace_name": self.name,
            "owner": self.owner,
            "network_egress": self.egress,
            "gui_vnc": False,
            "namespace": WORKSPACES,
            "coder_namespace": CODER,
            "coder_port": 8080,
            "blocked_cidrs": [VPC],
        }

    def made(self) -> Module:
        return Module(BASE, self.variables())

    def policy(self) -> Policy:
        (made,) = self.made().made("kubernetes_network_policy_v1", "workspace")
        return as_object(made)

    def pod(self, number: int) -> Pod:
        labels = self.made().local("labels")
        return Pod(WORKSPACES, labels, f"10.0.144.{number}", {"kubernetes.io/metadata.name": WORKSPACES})


def as_object(made: Mapping[str, Any]) -> Policy:
    """The provider's arguments as Kubernetes has them."""
    (metadata,), (spec,) = made["metadata"], made["spec"]
    return {
        "metadata": metadata,
        "spec": {
            "podSelector": _selector(spec["pod_selector"][0]),
            "policyTypes": spec["policy_types"],
            "egress": [{"to": [_peer(peer) for peer in rule["to"]], "ports": rule.get("ports", [])} for rule in spec["egress"]],
            "ingress": [
                {"from": [_peer(peer) for peer in rule.get("from", [])], "ports": rule.get("ports", [])} for rule in spec.get("ingress", [])
            ],
        },
    }


def _peer(peer: Mapping[str, Any]) -> dict[str, Any]:
    if "ip_block" in peer:
        return {"ipBlock": peer["ip_block"][0]}
    names = {"namespace_selector": "namespaceSelector", "pod_selector": "podSelector"}
    return {new: _selector(peer[old][0]) for old, new in names.items() if old in peer}


def _selector(selector: Mapping[str, Any]) -> dict[str, Any]:
    return {"matchLabels": selector.get("match_labels", {})}


CODERD = Pod(CODER, {"app.kubernetes.io/name": "coder", "pod": "coder-1"}, "10.0.48.20", {"kubernetes.io/metadata.name": CODER})
DNS = Pod(SYSTEM, {"k8s-app": "kube-dns"}, "10.0.48.30", {"kubernetes.io/metadata.name": SYSTEM})
OTHERS = [
    Pod(SYSTEM, {"k8s-app": "metrics-server"}, "10.0.48.31", {"kubernetes.io/metadata.name": SYSTEM}),
    Pod("coder-prov", {"app.kubernetes.io/name": "coder-provisioner"}, "10.0.96.5", {"kubernetes.io/metadata.name": "coder-prov"}),
    Pod(
        WORKSPACES, {"k8s-app": "kube-dns", "app.kubernetes.io/name": "coder"}, "10.0.144.250", {"kubernetes.io/metadata.name": WORKSPACES}
    ),
]

ids = st.uuids(version=4).map(str)
workspaces = st.builds(
    Workspace,
    id=ids,
    name=st.sampled_from(["dev", "mine", "prebuild"]),
    owner=st.sampled_from(["ada", "prebuilds"]),
    egress=st.sampled_from(sorted(EGRESS)),
)
sets = st.lists(workspaces, min_size=2, max_size=6, unique_by=lambda workspace: workspace.id)


def faults(pods: Sequence[Pod], policies: Sequence[Policy], egress: Sequence[str]) -> list[str]:
    """Everything that the property forbids, or that a workspace lacks."""
    found = [
        f"{a.address} reaches {b.address} at {protocol} {port}"
        for a, b in permutations(pods, 2)
        for protocol, port in PACKETS
        if allowed(a, b, port, protocol, policies)
    ]
    closed = [Address(IMDS), Address(IMDS_POD_IDENTITY), Address(DATABASE), Address(API_SERVER), *OTHERS]
    for pod, mode in zip(pods, egress, strict=True):
        found += [
            f"{pod.address} reaches {place.address} at {protocol} {port}"
            for place in closed
            for protocol, port in [*PACKETS, ("TCP", 80)]
            if allowed(pod, place, port, protocol, policies)
        ]
        if not all(allowed(pod, DNS, 53, protocol, policies) for protocol in ("UDP", "TCP")):
            found.append(f"{pod.address} has no DNS")
        if not allowed(pod, CODERD, 8080, "TCP", policies):
            found.append(f"{pod.address} does not reach coderd")
        reached = {(protocol, port) for protocol, port in PACKETS[:4] if allowed(pod, Address(OUTSIDE), port, protocol, policies)}
        if reached != EGRESS[mode] | ({("TCP", 5432)} if mode == "unrestricted" else set()):
            found.append(f"{pod.address} reaches {sorted(reached)} outside, with {mode}")
        found += [f"{other.address} reaches {pod.address}" for other in OTHERS if allowed(other, pod, 22, "TCP", policies)]
    return found


@settings(max_examples=100, deadline=None)
@given(sets)
def test_no_workspace_reaches_another_and_each_has_dns_coderd_and_its_egress(made: list[Workspace]):
    """NET-36, TPL-31, TPL-32, EKS-32."""
    pods = [workspace.pod(number) for number, workspace in enumerate(made, 1)]
    assert faults(pods, [workspace.policy() for workspace in made], [workspace.egress for workspace in made]) == []


@settings(max_examples=100, deadline=None)
@given(sets, st.data())
def test_a_claimed_prebuild_stays_isolated(made: list[Workspace], data: st.DataObject):
    """T-82: its owner and name change, its policy is not made anew."""
    policies = [workspace.policy() for workspace in made]
    claimed = data.draw(st.sampled_from(made))
    now = [Workspace(w.id, "renamed", "grace", w.egress) if w is claimed else w for w in made]
    assert faults([w.pod(number) for number, w in enumerate(now, 1)], policies, [w.egress for w in now]) == []


A, B = (Workspace(str(UUID(int=number, version=4)), "dev", "ada", "https-only") for number in (1, 2))


def _widened_peer(spec: dict[str, Any]) -> None:
    spec["egress"].append({"to": [{"podSelector": {}}], "ports": []})


def _no_exception(spec: dict[str, Any]) -> None:
    spec["egress"][2]["to"][0]["ipBlock"]["except"] = ["169.254.0.0/16"]


def _imds_open(spec: dict[str, Any]) -> None:
    spec["egress"][2]["to"][0]["ipBlock"]["except"] = [VPC]


def _by_owner(spec: dict[str, Any]) -> None:
    spec["podSelector"]["matchLabels"] = {"com.coder.workspace.owner": "ada"}


def _ingress_only(spec: dict[str, Any]) -> None:
    spec["policyTypes"] = ["Ingress"]


def _no_dns(spec: dict[str, Any]) -> None:
    del spec["egress"][0]


def _any_namespace(spec: dict[str, Any]) -> None:
    del spec["egress"][1]["to"][0]["namespaceSelector"]


MUTANTS = [_widened_peer, _no_exception, _imds_open, _by_owner, _ingress_only, _no_dns, _any_namespace]


@pytest.mark.parametrize("mutate", MUTANTS)
def test_a_widened_policy_is_found(mutate: Any):
    policies = [copy.deepcopy(dict(w.policy())) for w in (A, B)]
    for policy in policies:
        mutate(policy["spec"])
        if mutate is _widened_peer:
            policy["spec"]["ingress"].append({"from": [{"podSelector": {}}], "ports": []})
    assert faults([A.pod(1), B.pod(2)], policies, ["https-only", "https-only"]) != []


def test_the_policy_names_no_owner():
    """T-82."""
    assert "'ada'" not in str(A.policy())
