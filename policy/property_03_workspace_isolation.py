"""**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation**

No workspace reaches another on any port, nor the Kubernetes API, the database or the node's metadata (requirement 3.1c, POL-03, TPL-31,
NET-29, T-25, T-45). In the graph: the workspaces' namespace denies what nobody allows, and the CNI enforces it. In each template: its own
Terraform, read from the folder that is pushed (`isolation.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import cast

from pulumi_policy import Severity

from composer.hcl import UnreadableError
from policy import helm, isolation, tokens
from policy.crossguard import Property
from policy.facts import FIRST_VISIT
from policy.graph import Graph, Node
from policy.infrastructure_services import group_of
from policy.ingress import open_ranges
from policy.quota_demand import launch_template
from policy.stack import Stack
from policy.templates import Pushed
from policy.terraform import Symbol, module_of
from policy.values import Props, Unknown, Value, at, mapping, plain, sequence, text
from policy.verdict import Verdict

NAMESPACE = isolation.NAMESPACE
NAME_LABEL = "app.kubernetes.io/name"
NODES = "coder-ws"  # their node group in every row of systems.py that has one
WORKSPACE_TAG = "coder.com/workspace"
LETS_IN = "is of workspaces and lets in what may be another of them; desktops and shells go through coderd: remove the rule"
# Where a rule of a security group says whom it lets in, inside the group and beside it: security groups, and anything else
GROUPS = ("securityGroups", "sourceSecurityGroupId", "referencedSecurityGroupId")
NO_GROUP = ("self", "cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "cidrIpv4", "cidrIpv6", "prefixListId")
# Kinds of policy that decide before a NetworkPolicy is asked: sigs.k8s.io/network-policy-api, and EKS's own of the VPC CNI
OVERRULING = frozenset({"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"})


def _add_on(node: Node, settings: Props, verdict: Verdict) -> None:
    """The CNI enforces network policies only when it is told to."""
    del settings
    if node.get("addonName") != "vpc-cni":
        return
    values = node.get("configurationValues")
    if isinstance(values, Unknown):
        verdict.undecided(node, "its configuration is unknown")
    elif str(_json(values).get("enableNetworkPolicy")).lower() != "true":
        verdict.wrong(node, 'does not enforce network policies; set enableNetworkPolicy to "true" in its configuration')


def _json(value: Value) -> Props:
    if isinstance(value, dict):
        return value
    try:
        return mapping(plain(cast("object", json.loads(value)))) if isinstance(value, str) else {}
    except json.JSONDecodeError:
        return {}


def _security_group(node: Node, settings: Props, verdict: Verdict) -> None:
    """A security group that the stack makes for workspaces lets no address in, and not itself."""
    del settings
    if WORKSPACE_TAG in mapping(node.get("tags")) and not all(map(_from_groups, sequence(node.get("ingress")))):
        verdict.wrong(node, LETS_IN)


def _from_groups(rule: Value) -> bool:
    """Whether a rule lets in security groups only: in a range, a prefix list or the group itself are other workspaces."""
    return _said(rule, GROUPS) is not None and _said(rule, NO_GROUP) is None


def _said(rule: Value, keys: Iterable[str]) -> str | None:
    """The first of those keys that a rule sets, known or not."""
    return next((key for key in keys if isinstance(at(rule, key), Unknown) or at(rule, key)), None)


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """The namespace's rules, the add-on of each cluster, and every template's own."""
    del settings
    graph = stack.graph
    _namespace(stack, verdict)
    _guards(stack, verdict)
    for cluster in graph.all(tokens.EKS_CLUSTER):
        verdict.saw(cluster)
        _enforced(graph, cluster, verdict)
    if not stack.pushed:
        if stack.visit == 1:
            verdict.postponed = FIRST_VISIT
        else:
            verdict.wrong(None, "the stack pushes no template, so nothing says how workspaces are isolated")
        return
    ranges = [text(node.get("cidrBlock")) for node in graph.all(tokens.VPC)]
    for template in stack.pushed:
        verdict.saw(template.node)
        for fault in _template(template, [cidr for cidr in ranges if cidr]):
            verdict.wrong(template.node, fault)


def _guards(stack: Stack, verdict: Verdict) -> None:
    """What stands in front of workspaces' machines and nodes: nothing comes in but from groups where no workspace is (NET-29, NET-33)."""
    graph, guards = stack.graph, _groups_of_workspaces(stack)
    for cluster in graph.all(tokens.EKS_CLUSTER):
        if not any(cluster.region in (None, guard.region) for guard in guards.values()):  # a state may not tell a child's region
            verdict.wrong(cluster, f"has no security group of workspaces beside it; mark theirs by the tag {WORKSPACE_TAG}")
    for guard in guards.values():
        verdict.saw(guard)
        for index in range(len(sequence(guard.get("ingress")))):
            _source(graph, guard, ("ingress", index, "securityGroups"), guards, verdict)
    for rule in graph.all(tokens.SECURITY_GROUP_RULE, tokens.INGRESS_RULE):
        target = graph.targets(rule, "securityGroupId", tokens.SECURITY_GROUP)
        if target.undecided:
            verdict.undecided(rule, "whether its security group is of workspaces is unknown")
        if target.urns.isdisjoint(guards) or not any(open_ranges(rule)):
            continue
        verdict.saw(rule)
        group = _said(rule.props, GROUPS)
        if group is None or not _from_groups(rule.props):
            verdict.wrong(rule, LETS_IN)
        else:
            _source(graph, rule, (group,), guards, verdict)


def _groups_of_workspaces(stack: Stack) -> dict[str, Node]:
    """The security groups that workspaces are in, by URN: those that are marked so, and whatever their nodes have."""
    graph = stack.graph
    marked = [group for group in graph.all(tokens.SECURITY_GROUP) if WORKSPACE_TAG in mapping(group.get("tags"))]
    nodes = [node for node in graph.all(tokens.NODE_GROUP) if group_of(node) in {NODES, *stack.workspace_groups}]
    templates = [template for node in nodes if (template := launch_template(graph, node))]
    worn = [
        group
        for template in templates
        for path in ("vpcSecurityGroupIds", "networkInterfaces")
        for group in graph.targets(template, path, tokens.SECURITY_GROUP).nodes
    ]
    return {group.urn: group for group in [*marked, *worn]}


def _source(graph: Graph, node: Node, path: tuple[str | int, ...], guards: Mapping[str, Node], verdict: Verdict) -> None:
    source = graph.targets(node, path, tokens.SECURITY_GROUP)
    if source.undecided:
        verdict.undecided(node, "which security group it lets in is unknown")
    elif source.foreign or not source.urns.isdisjoint(guards):
        verdict.wrong(node, LETS_IN)


def _namespace(stack: Stack, verdict: Verdict) -> None:
    """Default deny in both directions, and nothing beside it that lets workspaces in."""
    graph, called = stack.graph, _names_of_workspaces(stack)
    namespaces = [node for node in graph.all(tokens.NAMESPACE) if text(node.get("metadata", "name")) == NAMESPACE]
    policies = [node for node in graph.all(tokens.NETWORK_POLICY) if helm.object_namespace(graph, node) == NAMESPACE]
    verdict.saw(*namespaces, *policies)
    if not namespaces:
        verdict.wrong(None, f"the stack makes no namespace {NAMESPACE}; workspaces have one of their own")
    denied = {direction for node in policies if _of_all(node) for direction in _denied(node)}
    for direction in ("Ingress", "Egress"):
        if direction not in denied and namespaces:
            verdict.wrong(namespaces[0], f"has no NetworkPolicy that denies {direction} by default; add one with an empty podSelector")
    for node in policies:
        others = _selected_names(node)
        if called is None or not others or others & called:  # else of other pods in the namespace, such as demo's provisioners
            _of_workspaces(node, verdict)
    for node in graph.nodes:
        kind = tokens.kubernetes_kind(node.type)
        if kind and kind[1] in OVERRULING:
            verdict.wrong(node, f"is a {kind[1]}, which overrules {NAMESPACE}'s NetworkPolicies and which no policy reads; remove it")
    foreign = [node for node in graph.all(tokens.NETWORK_POLICY) if helm.object_namespace(graph, node) is Unknown.UNKNOWN]
    for node in foreign:
        verdict.undecided(node, "its namespace is unknown")


def _of_workspaces(node: Node, verdict: Verdict) -> None:
    """What a policy that selects workspaces opens for all of them."""
    if "Ingress" in _directions(node) and sequence(node.get("spec", "ingress")):
        verdict.wrong(node, f"lets something into every pod of {NAMESPACE} that it selects; workspaces take no connection")
    for rule in sequence(node.get("spec", "egress")):
        if not sequence(mapping(rule).get("to")):
            verdict.wrong(node, f"lets every pod of {NAMESPACE} out to anywhere; name where to")
        elif not all(map(_resolver_or_coderd, sequence(mapping(rule).get("to")))):
            verdict.wrong(node, f"lets every pod of {NAMESPACE} out to more than DNS and coderd; each template grants what its mode does")


def _names_of_workspaces(stack: Stack) -> set[str] | None:
    """What the templates' pods are called by their label; None where one of them has no such name, so that any selector may mean it."""
    names: set[str] = set()
    for template in stack.pushed:
        try:
            pods = [] if template.fault else list(isolation.pods(module_of(template.files, "base/", template.inputs)))
        except UnreadableError:
            return None
        for pod in pods:
            labels = cast("object", pod.labels)
            name = cast("dict[str, object]", labels).get(NAME_LABEL) if isinstance(labels, dict) else None
            if not isinstance(name, str) or isinstance(name, Symbol):
                return None
            names.add(name)
    return names


def _selected_names(node: Node) -> set[str]:
    """The only names of pods that a policy can select; empty where its selector does not go by name."""
    label = node.get("spec", "podSelector", "matchLabels", NAME_LABEL)
    names = {label} if isinstance(label, str) else set[str]()
    for item in sequence(node.get("spec", "podSelector", "matchExpressions")):
        if at(item, "key") == NAME_LABEL and at(item, "operator") == "In":
            names |= {value for value in sequence(at(item, "values")) if isinstance(value, str)}
    return names


def _of_all(node: Node) -> bool:
    selector = node.get("spec", "podSelector")
    return selector is not None and not mapping(selector).get("matchLabels") and not mapping(selector).get("matchExpressions")


def _directions(node: Node) -> set[str]:
    """As Kubernetes takes them where none is given: Ingress always, Egress where there are such rules."""
    given = {str(item) for item in sequence(node.get("spec", "policyTypes"))}
    return given or {"Ingress", *(["Egress"] if sequence(node.get("spec", "egress")) else [])}


def _resolver_or_coderd(peer: Value) -> bool:
    """Whether a peer is pods of one of the two namespaces that every workspace reaches."""
    selector = at(peer, "namespaceSelector")
    place = at(selector, "matchLabels", isolation.NAMESPACE_LABEL)
    pods = at(peer, "podSelector", "matchLabels")
    return place in (isolation.DNS, isolation.CODERD) and not at(selector, "matchExpressions") and bool(mapping(pods))


def _denied(node: Node) -> Iterator[str]:
    for direction in ("Ingress", "Egress"):
        if direction in _directions(node) and not sequence(node.get("spec", direction.lower())):
            yield direction


def _enforced(graph: Graph, cluster: Node, verdict: Verdict) -> None:
    interfaces = [node for node in graph.pointing(cluster, "clusterName", tokens.ADD_ON) if node.get("addonName") == "vpc-cni"]
    verdict.saw(*interfaces)
    if not interfaces:
        verdict.wrong(cluster, "has no vpc-cni add-on of this stack, so nothing enforces network policies; add it with enableNetworkPolicy")


def _template(template: Pushed, vpcs: list[str]) -> Iterator[str]:
    if template.fault:
        yield template.fault
        return
    try:
        module = module_of(template.files, "base/", template.inputs)
    except UnreadableError as error:
        yield f"{error}; nobody can see what it opens"
        return
    yield from isolation.faults(template, module, [ip_network(cidr) for cidr in vpcs])


PROPERTY = Property(
    number=3,
    slug="workspace-isolation",
    title="Workspace Network Isolation",
    description="No workspace reaches another, the Kubernetes API, the database or its node's metadata.",
    severity=Severity.CRITICAL,
    tags=("network", "templates", "privacy"),
    remediation="Restore the base's NetworkPolicy or security group, the default deny of coder-ws, and the flag of the vpc-cni add-on.",
    url="https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html",
    relations=relations,
    resources={
        tokens.ADD_ON: _add_on,
        tokens.SECURITY_GROUP: _security_group,
    },
)
