"""What a Helm release sends to its cluster, judged by the same rules: CrossGuard sees a release and not the objects in it (T-75).

Each rendered object is a node as the engine would hand it over, and everything that judges single resources judges it: the baseline's rules
and the properties' own. Relations over a stack are not asked: the stack's own objects are not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from policy import baseline
from policy.graph import Node
from policy.pack import PROPERTIES
from policy.verdict import Verdict

Manifest = Mapping[str, object]

# A chart takes its image as a repository and a tag, and the tag from its own version, which helm-version-pinned holds.
OF_CHARTS = frozenset({"k8s-pod-image-digest"})


@dataclass(frozen=True)
class Judged:
    """findings: sentences, each with its rule's id. judgements: how often a rule or a property judged an object."""

    objects: int
    judgements: int
    findings: tuple[str, ...]


def judge(manifests: Iterable[Manifest]) -> Judged:
    """Judge every object of a rendered chart."""
    nodes = [_node(each) for manifest in manifests for each in _objects(manifest)]
    said = [list(_said(node)) for node in nodes]
    findings = sorted({finding for of_node in said for found in of_node for finding in found})
    return Judged(len(nodes), sum(map(len, said)), tuple(findings))


def _objects(manifest: Manifest) -> Iterator[Manifest]:
    items = manifest.get("items")
    if str(manifest.get("kind")).endswith("List") and isinstance(items, list):
        yield from (cast("Manifest", item) for item in cast("list[object]", items))
    else:
        yield manifest


def _node(manifest: Manifest) -> Node:
    version, kind = str(manifest.get("apiVersion")), str(manifest.get("kind"))
    told = manifest.get("metadata")
    name = str(cast("Manifest", told).get("name")) if isinstance(told, dict) else kind
    token = f"kubernetes:{version if '/' in version else f'core/{version}'}:{kind}"
    return Node(urn=f"{kind} {name}", type_token=token, name=name, raw=manifest)


def _said(node: Node) -> Iterator[list[str]]:
    """What each rule and each property that speaks of an object says of it."""
    for rule in baseline.rules_of(node):
        if rule.id not in OF_CHARTS:
            fault = rule.check(node)
            yield [f"{rule.id}: {node.urn}: {fault} ({rule.source})"] if fault else []
    for found in PROPERTIES:
        ask = found.judge_of(node.type)
        if ask is not None:
            verdict = Verdict()
            ask(node, {}, verdict)
            yield [f"{found.id}: {node.urn}: {finding.message}" for finding in verdict.sorted_violations()]
