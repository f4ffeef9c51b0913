"""Property 4 on nodes: neither clock nor autoscaler changes how many nodes coderd has (EKS-21).

A node group's Auto Scaling group is called by EKS when it is made, so that a name that somebody wrote down means nobody knows whose.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy import helm, tokens
from policy.graph import Graph, Node
from policy.infrastructure_services import group_of
from policy.values import at, has_unknown, leaves, sequence, text
from policy.verdict import Verdict

AUTOSCALER = "cluster-autoscaler"
DISCOVERY_TAGS = ("k8s.io/cluster-autoscaler/", "karpenter.sh/discovery", "kubernetes.io/cluster-autoscaler/")
GIVEN_TO_ALL = (*DISCOVERY_TAGS, "eks:", "kubernetes.io/cluster/")  # by EKS, on the group of every managed node group


def relations(graph: Graph, groups: Sequence[str], verdict: Verdict) -> None:
    """Neither a schedule nor a scaling policy nor an autoscaler's tag or list means one of those node groups."""
    sought = {key for node in graph.all(tokens.RELEASE) if helm.chart_of(node) == AUTOSCALER for key in _sought(node, verdict)}
    for node in graph.all(tokens.RELEASE):
        if helm.chart_of(node) == AUTOSCALER:
            for index in range(len(sequence(node.get("values", "autoscalingGroups")))):
                _changes(graph, node, ("values", "autoscalingGroups", index, "name"), groups, verdict)
    for node in graph.all(tokens.SCHEDULE, tokens.SCALING_POLICY, tokens.GROUP_TAG):
        key = text(node.get("tag", "key")) or ""
        if node.type != tokens.GROUP_TAG or key in sought or key.startswith(DISCOVERY_TAGS):
            _changes(graph, node, ("autoscalingGroupName",), groups, verdict)


def _sought(release: Node, verdict: Verdict) -> set[str]:
    """The tags of its own by which an autoscaler finds what it scales."""
    verdict.saw(release)
    discovery = release.get("values", "autoDiscovery")
    keys = {leaf.partition("=")[0] for leaf in leaves(at(discovery, "tags")) if isinstance(leaf, str)}
    own = {key for key in keys if not key.startswith(GIVEN_TO_ALL)}
    if has_unknown(at(discovery, "tags")):
        verdict.undecided(release, "the tags by which it finds nodes are unknown")
    elif at(discovery, "clusterName") is not None and not own:
        verdict.wrong(
            release, "finds every node group, coderd's too, by tags that EKS gives to all; name one of its own in autoDiscovery.tags"
        )
    return own


def _changes(graph: Graph, node: Node, path: tuple[str | int, ...], groups: Sequence[str], verdict: Verdict) -> None:
    target = graph.targets(node, path, tokens.NODE_GROUP)
    if target.undecided:
        verdict.undecided(node, "the node group that it changes is unknown")
    static = [group for group in graph.all(tokens.NODE_GROUP) if group_of(group) in groups]
    nameless = [group for group in static if not any(isinstance(leaf, str) for leaf in leaves(group.get("resources")))]
    for group in target.nodes:
        verdict.saw(group)
        if group in static:
            verdict.wrong(node, f"changes the size of {group.name}; coderd's nodes are static: remove it")
    for name in target.foreign:
        if any(f"-{group}-" in f"-{name}-" for group in groups):
            verdict.wrong(node, f"changes the size of {name}; coderd's nodes are static: remove it")
        elif nameless and not name.startswith("urn:"):
            verdict.undecided(node, f"whether {name} is of coderd's nodes is unknown")
