"""Property 3 inside a template: what its Terraform lets in and out of a workspace (TPL-31, TPL-32, NET-29, T-25, T-45).

For pods every NetworkPolicy of the template is read as Kubernetes reads it: policies add up, and what none of them speaks of is open. For
machines a security group of their own that lets nothing in.
"""

# A value of Terraform may be anything, and its parsed form has no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# ruff: noqa: ANN401

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, cast

from policy.templates import Pushed
from policy.terraform import Module, Symbol, nested

Network = IPv4Network | IPv6Network

METADATA = (ip_network("169.254.169.254/32"), ip_network("fd00:ec2::254/128"))  # EC2's instance metadata, IPv4 and IPv6
DNS, CODERD = "kube-system", "coder"  # the namespaces that every workspace reaches: resolver and coderd
WORKLOADS = ("deployment", "pod", "stateful_set", "daemon_set", "daemonset", "job", "cron_job", "replication_controller")
OPAQUE = ("kubernetes_manifest", "kubectl_manifest", "kubectl_file_documents", "helm_release")
NAMESPACE = "coder-ws"  # where the stack denies what nobody allows
NAMESPACE_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Pod:
    """A workload of the template: the labels of its pods, their namespace, and whether they share the node's network."""

    kind: str
    name: str
    labels: Any
    namespace: Any
    spec: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


def faults(pushed: Pushed, module: Module, vpcs: Sequence[Network]) -> Iterator[str]:
    """Everything that joins two workspaces, or leads from one where none may go."""
    for kind, name, _ in module.resources(*OPAQUE):
        yield f"{kind}.{name} may make anything, and no policy reads what; write it as a resource of its own kind"
    found = list(pods(module))
    machines = list(module.resources("aws_instance", "aws_spot_instance_request", "aws_launch_template"))
    if not found and not machines:
        yield "starts neither a pod nor a machine that a policy could judge"
    for pod in found:
        yield from _pod(pod, module, pushed, vpcs)
    if machines:
        yield from _machines(module)


def pods(module: Module) -> Iterator[Pod]:
    """Every workload of a template."""
    for kind, name, body in module.resources(*(f"kubernetes_{each}" for each in WORKLOADS)):
        meta = first(body.get("metadata"))
        holder = body if kind.startswith("kubernetes_pod") else _inner(body)
        labels = module.value(first(holder.get("metadata")).get("labels", {}))
        yield Pod(kind, name, labels, module.value(meta.get("namespace", "default")), first(holder.get("spec")))


def _inner(body: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = first(body.get("spec"))
    for step in ("job_template", "spec"):
        if step == "job_template" and step not in spec:
            break
        spec = first(spec.get(step))
    return first(spec.get("template"))


def first(value: Any) -> Mapping[str, Any]:
    """The one block of a list, or the mapping itself; empty where there is neither."""
    found = cast("list[Any]", value)[0] if isinstance(value, list) and value else value
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


def _pod(pod: Pod, module: Module, pushed: Pushed, vpcs: Sequence[Network]) -> Iterator[str]:
    yield from _where(pod, module)
    if not isinstance(pod.labels, Mapping):
        yield f"{pod} has labels that can't be told; write them plainly"
        return
    selecting = [(name, body) for _, name, body in module.resources("kubernetes_network_policy") if _selects(module, body, pod)]
    for direction in ("Ingress", "Egress"):
        if not any(direction in _types(module, body) and _stands(module, body) for _, body in selecting):
            yield f"{pod} has no NetworkPolicy for {direction} that selects it by its workspace; whatever is not spoken of is open"
    for name, body in selecting:
        spec = first(body.get("spec"))
        if not _of_this_workspace(module, spec) and any(
            _may_be_a_workspace(within, peer, pod, own=True)
            for inside, rule in nested(module, spec, "ingress")
            for within, peer in nested(inside, rule, "from")
        ):
            yield f"kubernetes_network_policy.{name}: it lets this workspace into every other that it selects; select by the workspace"
        for inside, rule in nested(module, spec, "ingress"):
            yield from (f"kubernetes_network_policy.{name}: {fault}" for fault in _ingress(inside, rule, pod, vpcs))
        for inside, rule in nested(module, spec, "egress"):
            yield from (f"kubernetes_network_policy.{name}: {fault}" for fault in _egress(inside, rule, pushed, vpcs))


def _where(pod: Pod, module: Module) -> Iterator[str]:
    """Whether policies apply to it at all."""
    if not re.fullmatch(r"kubernetes_deployment(_v1)?", pod.kind):
        yield f"{pod} is no Deployment; the VPC CNI enforces policies on pods of one only: make it one"
    if module.value(pod.spec.get("host_network", False)) is not False:
        yield f"{pod} shares its node's network, where no NetworkPolicy applies; remove host_network"
    if pod.namespace != NAMESPACE:
        yield f"{pod} runs in the namespace {pod.namespace}, where nothing is denied by default; run it in {NAMESPACE}"


def _of_this_workspace(module: Module, spec: Mapping[str, Any]) -> bool:
    """Whether a policy selects by what only this workspace has: policies add up, so a wider one opens other workspaces."""
    labels = module.value(first(spec.get("pod_selector")).get("match_labels"))
    return isinstance(labels, Mapping) and any(isinstance(value, Symbol) for value in labels.values())


def _stands(module: Module, body: Mapping[str, Any]) -> bool:
    """Whether a resource is there whatever the workspace does."""
    count = module.value(body.get("count", 1))
    return isinstance(count, int) and count >= 1 and "for_each" not in body


def _types(module: Module, body: Mapping[str, Any]) -> list[Any]:
    found = module.value(first(body.get("spec")).get("policy_types"))
    return found if isinstance(found, list) else []


def _selects(module: Module, body: Mapping[str, Any], pod: Pod) -> bool:
    """Whether a policy speaks of a pod: same namespace, and each label of the selector among the pod's."""
    if module.value(first(body.get("metadata")).get("namespace", "default")) != pod.namespace:
        return False
    selector = first(first(body.get("spec")).get("pod_selector"))
    labels = module.value(selector.get("match_labels", {}))
    if selector.get("match_expressions") or not isinstance(labels, Mapping):
        return False
    return all(key in pod.labels and pod.labels[key] == value for key, value in labels.items())


def _ingress(module: Module, rule: Mapping[str, Any], pod: Pod, vpcs: Sequence[Network]) -> Iterator[str]:
    peers = list(nested(module, rule, "from"))
    if not peers:
        yield "an ingress rule without `from` lets every workspace in; name who may"
    for inside, peer in peers:
        if "ip_block" in peer:
            for block in _ranges(inside, peer):
                if block is None or any(_reaches(block, vpc) for vpc in vpcs):
                    yield "an ingress rule lets in a range in which workspaces are; remove it"
        elif _may_be_a_workspace(inside, peer, pod):
            yield "an ingress rule lets other workspaces in; select by what no workspace has"


def _may_be_a_workspace(module: Module, peer: Mapping[str, Any], pod: Pod, *, own: bool = False) -> bool:
    """Whether a peer's selectors match another workspace's pod: its labels are this one's, but those that only this workspace has.

    own: whether they match this workspace's pod, or another's.
    """
    # expressions beside labels only narrow what the labels choose
    places = module.value(first(peer.get("namespace_selector")).get("match_labels"))
    if isinstance(places, Mapping):
        place = places.get(NAMESPACE_LABEL)
        if isinstance(place, str) and not isinstance(place, Symbol) and isinstance(pod.namespace, str) and place != pod.namespace:
            return False
    if "pod_selector" not in peer:
        return True
    labels = module.value(first(peer.get("pod_selector")).get("match_labels"))
    if not isinstance(labels, Mapping):
        return True
    assert isinstance(pod.labels, Mapping)
    mine = cast("Mapping[str, Any]", pod.labels)
    return all(mine.get(key) == value and (own or not isinstance(value, Symbol)) for key, value in labels.items())


def _egress(module: Module, rule: Mapping[str, Any], pushed: Pushed, vpcs: Sequence[Network]) -> Iterator[str]:
    peers = list(nested(module, rule, "to"))
    if not peers:
        yield "an egress rule without `to` leads everywhere; name where to"
    mode = pushed.inputs.get("network_egress", "none")
    for inside, peer in peers:
        if "ip_block" in peer:
            if mode == "none":
                yield "an egress rule grants a range in the mode none; grant nothing"
            if mode == "https-only" and not _only_https(inside, rule):
                yield "an egress rule grants more than TCP 443 in the mode https-only; name that port"
            for block in _ranges(inside, peer):
                if block is None:
                    yield "an egress rule grants ranges that can't be told; write cidr and except plainly"
                    continue
                yield from (
                    f"an egress rule reaches instance metadata ({place}); except it" for place in METADATA if _reaches(block, place)
                )
                yield from (
                    f"an egress rule reaches the VPC ({vpc}), its API server and database; except it"
                    for vpc in vpcs
                    if _reaches(block, vpc)
                )
        elif not _named(inside, peer):
            yield "an egress rule grants more than DNS, coderd and what the mode gives; remove it"


def _named(module: Module, peer: Mapping[str, Any]) -> bool:
    """Whether a peer is the resolver or coderd, by namespace and label."""
    places = module.value(first(peer.get("namespace_selector")).get("match_labels"))
    if not isinstance(places, Mapping) or places.get(NAMESPACE_LABEL) not in (DNS, CODERD):
        return False
    labels = module.value(first(peer.get("pod_selector")).get("match_labels"))
    return isinstance(labels, Mapping) and bool(labels)


def _only_https(module: Module, rule: Mapping[str, Any]) -> bool:
    ports = [(inside.value(port.get("port")), inside.value(port.get("protocol"))) for inside, port in nested(module, rule, "ports")]
    return bool(ports) and all(str(port) == "443" and protocol == "TCP" for port, protocol in ports)


def _ranges(module: Module, peer: Mapping[str, Any]) -> Iterator[tuple[Network, list[Network]] | None]:
    """The ranges of a peer, each with what it leaves out; None for one that can't be told."""
    for written in peer["ip_block"] if isinstance(peer["ip_block"], list) else [peer["ip_block"]]:
        cidr, left_out = module.value(written.get("cidr")), module.value(written.get("except", []))
        try:
            yield ip_network(cidr), [ip_network(each) for each in left_out]
        except (ValueError, TypeError):
            yield None


def _reaches(block: tuple[Network, list[Network]], place: Network) -> bool:
    """Whether any address of a place is in a range and not left out."""
    cidr, left_out = block
    if cidr.version != place.version or not cidr.overlaps(place):
        return False
    inside: list[Any] = [place if place.subnet_of(cast("Any", cidr)) else cidr]
    for hole in left_out:
        if hole.version == place.version:
            inside = [rest for part in inside for rest in _without(part, hole)]
    return bool(inside)


def _without(part: Any, hole: Any) -> list[Any]:
    if part.subnet_of(hole):
        return []
    return list(part.address_exclude(hole)) if hole.subnet_of(part) else [part]


def _machines(module: Module) -> Iterator[str]:
    """Each machine in a security group of the template's own that lets nothing in."""
    closed: set[str] = set()
    for kind, name, body in module.resources("aws_security_group"):
        if any(True for _ in nested(module, body, "ingress")):
            yield f"{kind}.{name} lets something in; desktops and shells go through coderd: remove the rule"
        else:
            closed.add(f"aws_security_group.{name}.id")
    for kind, name, body in module.resources("aws_security_group_rule", "aws_vpc_security_group_ingress_rule"):
        if kind != "aws_security_group_rule" or module.value(body.get("type")) != "egress":
            yield f"{kind}.{name} lets something in; desktops and shells go through coderd: remove the rule"
    for kind, name, body in module.resources("aws_instance", "aws_spot_instance_request", "aws_launch_template"):
        groups = module.value(body.get("vpc_security_group_ids"))
        if not isinstance(groups, list) or not groups:
            yield f"{kind}.{name} is in the VPC's default security group, with whatever is there; give it one of its own"
        elif not all(str(group) in closed for group in groups):
            yield f"{kind}.{name} is in a security group that is not the template's own or lets something in; give it one of its own"
        if "network_interface" in body or "security_groups" in body:
            yield f"{kind}.{name} has interfaces or groups that this policy does not read; use vpc_security_group_ids"
