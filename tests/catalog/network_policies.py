"""What Kubernetes' network policies let through, worked out from their text by the rules of their public description; nothing of ours.

A pod that a policy selects for a direction takes or sends there only what some policy of that direction grants; a packet between two pods
needs both ends' consent. A namespace selector with a pod selector means pods that both fit; a pod selector alone means the policy's own
namespace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Policy = Mapping[str, Any]  # an object of kind NetworkPolicy


@dataclass(frozen=True)
class Pod:
    """A pod, with the labels of its namespace and an address."""

    namespace: str
    labels: Mapping[str, str]
    address: str
    namespace_labels: Mapping[str, str]


@dataclass(frozen=True)
class Address:
    """Something outside of the cluster's pods."""

    address: str


Peer = Pod | Address


def allowed(source: Pod, target: Peer, port: int, protocol: str, policies: Sequence[Policy]) -> bool:
    """Whether a packet of the source reaches that port of the target."""
    if not _lets(source, target, port, protocol, policies, "Egress"):
        return False
    return not isinstance(target, Pod) or _lets(target, source, port, protocol, policies, "Ingress")


def _lets(pod: Pod, peer: Peer, port: int, protocol: str, policies: Sequence[Policy], direction: str) -> bool:
    selecting = [policy for policy in policies if _selects(policy, pod) and direction in _types(policy)]
    side, rules = ("to", "egress") if direction == "Egress" else ("from", "ingress")
    if not selecting:
        return True
    return any(
        _peers(rule.get(side), peer, policy) and _ports(rule.get("ports"), port, protocol)
        for policy in selecting
        for rule in policy["spec"].get(rules) or ()
    )


def _types(policy: Policy) -> Sequence[str]:
    spec = policy["spec"]
    return spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"])


def _selects(policy: Policy, pod: Pod) -> bool:
    return policy["metadata"]["namespace"] == pod.namespace and _fits(policy["spec"].get("podSelector") or {}, pod.labels)


def _peers(peers: Sequence[Mapping[str, Any]] | None, peer: Peer, policy: Policy) -> bool:
    return not peers or any(_peer(one, peer, policy) for one in peers)


def _peer(one: Mapping[str, Any], peer: Peer, policy: Policy) -> bool:
    if "ipBlock" in one:
        block, address = one["ipBlock"], ip_address(peer.address)
        return address in ip_network(block["cidr"]) and not any(address in ip_network(out) for out in block.get("except") or ())
    if not isinstance(peer, Pod):
        return False
    spaces = one.get("namespaceSelector")
    here = peer.namespace == policy["metadata"]["namespace"] if spaces is None else _fits(spaces, peer.namespace_labels)
    return here and _fits(one.get("podSelector") or {}, peer.labels)


def _ports(ports: Sequence[Mapping[str, Any]] | None, port: int, protocol: str) -> bool:
    return not ports or any(
        one.get("protocol", "TCP") == protocol
        and (one.get("port") is None or int(one["port"]) <= port <= int(one.get("endPort", one["port"])))
        for one in ports
    )


def _fits(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    for expression in selector.get("matchExpressions") or ():
        value, operator = labels.get(expression["key"]), expression["operator"]
        there = {"In": value in expression.get("values", ()), "Exists": value is not None}
        there |= {"NotIn": not there["In"], "DoesNotExist": not there["Exists"]}
        if not there[operator]:
            return False
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
