"""**Feature: coder-deployment-guide, Property 4: Static Control Plane**

Nothing scales coderd but the stack file: no autoscaler of any kind targets its Deployment, its replicas are a constant, and its nodes
follow neither clock nor autoscaler (requirement 4.1, POL-04, CDR-03, EKS-21).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from pulumi_policy import Severity

from policy import helm, node_scaling, tokens
from policy.crossguard import DOCUMENTATION, Property
from policy.graph import Graph, Node
from policy.infrastructure_services import group_of
from policy.stack import Stack
from policy.systems import SYSTEMS, static_groups
from policy.values import Props, Unknown, Value, at, leaves, mapping, plain, sequence, text
from policy.verdict import Verdict

DEPLOYMENT = "coder"  # what the chart calls it (helm/libcoder/templates/_helpers.tpl, coder.name) unless nameOverride says otherwise
NAMESPACE = "coder"

# Where the kinds of scaler say what they scale; a scaler of another make is known by the same words.
REFERENCES = (("spec", "scaleTargetRef"), ("spec", "targetRef"), ("spec", "scaleTarget"), ("spec", "workloadRef"))
PASSIVE_MODES = frozenset({"Off", "Initial"})  # a VerticalPodAutoscaler that only advises, or only looks at a pod's start
_SCALE_COMMAND = re.compile(
    r"(?:deployments?(?:\.(?:v1\.)?apps)?[/\s]+|deploy[/\s]+|/deployments/)([a-z0-9][a-z0-9.-]*|--all|-l|--selector)(?:/scale)?"
)
_COMMANDED_NAMESPACE = re.compile(r"(?:(?:^|\s)(?:-n|--namespace)[=\s]+|/namespaces/)([a-z0-9][a-z0-9-]*)")
MANY = frozenset({"--all", "-l", "--selector"})  # whatever there is: coderd's among them
_SCALE_WORDS = ("scale", "replicas")


def targets_deployment(manifest: Value, name: str) -> bool | Unknown:
    """Whether a scaler of any kind scales the Deployment of that name, in whichever namespace; UNKNOWN where it can't be told."""
    kind = text(at(manifest, "kind")) or ""
    for path in REFERENCES:
        reference = at(manifest, *path)
        if isinstance(reference, Unknown):
            return Unknown.UNKNOWN
        target, target_kind = at(reference, "name"), at(reference, "kind")
        if isinstance(target, Unknown):
            return Unknown.UNKNOWN
        # KEDA takes a reference without a kind for a Deployment
        if target == name and (target_kind in (None, "Deployment") or isinstance(target_kind, Unknown)):
            passive = kind.startswith("VerticalPodAutoscaler") and at(manifest, "spec", "updatePolicy", "updateMode") in PASSIVE_MODES
            return not passive
    return False


def commands_to_scale(manifest: Value) -> Iterator[str]:
    """The Deployments that a pod's command or arguments scale, such as `kubectl scale deployment/coder --replicas=1`."""
    for leaf in leaves(at(manifest, "spec")):
        if isinstance(leaf, str) and any(word in leaf for word in _SCALE_WORDS):
            yield from _SCALE_COMMAND.findall(leaf)
    for container in _containers(at(manifest, "spec")):
        words = " ".join(str(leaf) for key in ("command", "args") for leaf in leaves(at(container, key)))
        if any(word in words for word in _SCALE_WORDS):
            yield from _SCALE_COMMAND.findall(words)


def commanded_namespace(manifest: Value) -> str | None:
    """The namespace that a pod's command names: `kubectl -n coder` means coder, wherever the job itself lives."""
    words = " ".join(
        str(leaf) for container in _containers(at(manifest, "spec")) for key in ("command", "args") for leaf in leaves(at(container, key))
    )
    found = _COMMANDED_NAMESPACE.search(words)
    return found[1] if found else None


def _scales_by_command(manifest: Value, name: str) -> bool:
    return not MANY.isdisjoint(named := {*commands_to_scale(manifest)}) or name in named


def _containers(spec: Value) -> Iterator[Value]:
    for path in (("jobTemplate", "spec", "template", "spec"), ("template", "spec"), ()):
        for kind in ("initContainers", "containers"):
            yield from sequence(at(spec, *path, kind))


def _scaler(node: Node, settings: Props, verdict: Verdict) -> None:
    """Any Kubernetes object, judged without the graph: one in coderd's namespace that scales coderd stops before it is made."""
    kind = tokens.kubernetes_kind(node.type)
    if kind is None:
        return
    if kind[1].endswith("List"):
        for item in sequence(node.get("items")):
            _manifest(node, item, settings, verdict)
        return
    _manifest(node, {**node.props, "kind": kind[1]}, settings, verdict)


def _manifest(node: Node, manifest: Value, settings: Props, verdict: Verdict) -> None:
    name = text(settings.get("deployment")) or DEPLOYMENT
    hit = targets_deployment(manifest, name)
    if hit is False and not _scales_by_command(manifest, name):
        return
    namespace = commanded_namespace(manifest) or at(manifest, "metadata", "namespace")
    if isinstance(hit, Unknown):
        verdict.undecided(node, "what it scales is unknown")
    elif isinstance(namespace, Unknown):
        verdict.undecided(node, f"it scales a Deployment {name} in a namespace that is unknown")
    elif namespace in (text(settings.get("namespace")) or NAMESPACE, None):
        verdict.wrong(node, f"scales coderd's Deployment {name}; remove it: coderd's replicas are coder.replicas in the stack file")


def _release(node: Node, settings: Props, verdict: Verdict) -> None:
    """The values of coderd's release: a constant number of replicas, and no scaler among the extra templates."""
    if helm.chart_of(node) != helm.CODER:
        for manifest in _manifests(node.get("values")):
            if targets_deployment(manifest, text(settings.get("deployment")) or DEPLOYMENT) is True:
                verdict.wrong(node, f"brings a {at(manifest, 'kind')} for coderd in its values; remove it")
        return
    count = helm.replicas(node)
    if isinstance(count, Unknown):
        verdict.undecided(node, "its replicas are unknown")
    elif count is None or count < 1:
        shown = node.get("values", helm.CODER, "replicaCount")
        verdict.wrong(node, f"has {shown!r} as coder.replicaCount; set a whole number, at least 1, in coder.replicas")
    if node.get("valueYamlFiles"):
        verdict.wrong(node, "takes values from files, which no policy reads; put every value into `values`")
    name = text(node.get("values", "nameOverride")) or text(settings.get("deployment")) or DEPLOYMENT
    for template in sequence(node.get("values", "extraTemplates")):
        for manifest in _documents(template):
            if targets_deployment(manifest, name) is True:
                verdict.wrong(node, f"brings a {at(manifest, 'kind')} for coderd in extraTemplates; remove it")


def _manifests(values: Value) -> Iterator[Value]:
    """The objects that stand in the values of another chart: as they are, or as text."""
    if isinstance(values, str) and "kind:" in values:
        yield from _documents(values)
    elif isinstance(values, dict):
        if "kind" in values:
            yield values
        for inner in values.values():
            yield from _manifests(inner)
    elif isinstance(values, list):
        for inner in values:
            yield from _manifests(inner)


def _documents(template: Value) -> list[Value]:
    """The objects of an extra template, which is an object or text; text that is no YAML before Helm renders it is searched by line."""
    if not isinstance(template, str):
        return [template]
    try:
        return [plain(document) for document in yaml.safe_load_all(template)]
    except yaml.YAMLError:
        names = re.findall(r"(?:scaleTargetRef|targetRef):.*?\bname:\s*[\"']?([\w.-]+)", template, re.DOTALL)
        return [{"kind": "scaler", "spec": {"scaleTargetRef": {"name": name}}} for name in names]


def _kubernetes(node: Node, settings: Props, verdict: Verdict) -> None:
    if node.type == tokens.RELEASE:
        _release(node, settings, verdict)
    else:
        _scaler(node, settings, verdict)


def _static_node_group(node: Node, settings: Props, verdict: Verdict) -> None:
    """A node group for coderd carries no tag that invites an autoscaler."""
    del settings
    names = {name for need in SYSTEMS.values() for name in static_groups(need)}
    if group_of(node) in names:
        for key in sorted({**mapping(node.get("tags")), **mapping(node.get("tagsAll"))}):
            if key.startswith(node_scaling.DISCOVERY_TAGS):
                verdict.wrong(node, f"carries the tag {key}, by which an autoscaler finds it; coderd's nodes are static: remove it")


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Judge what needs the graph: coderd's namespace, how many replicas its system asks for, and what points at its nodes."""
    graph = stack.graph
    need = stack.need(settings)
    releases = helm.releases(graph, helm.CODER)
    verdict.saw(*releases)
    if not releases:
        verdict.wrong(None, f"the stack has no Helm release of the chart {helm.CODER}: there is no control plane to judge")
    for release in releases:
        count = helm.replicas(release)
        if need is not None and isinstance(count, int) and count < need.coderd_replicas:
            verdict.wrong(release, f"runs {count} replicas; {stack.system} needs {need.coderd_replicas} at least: raise coder.replicas")
        _scalers_of(graph, release, verdict)
    if need is not None:
        node_scaling.relations(graph, static_groups(need), verdict)


def _scalers_of(graph: Graph, release: Node, verdict: Verdict) -> None:
    """Scalers whose namespace only the graph tells, or where coderd does not live under its usual names."""
    namespace = helm.namespace_of(graph, release, "namespace")
    name = text(release.get("values", "nameOverride")) or DEPLOYMENT
    for node in graph.nodes:
        kind = tokens.kubernetes_kind(node.type)
        if kind is None or node.get("spec") is None:
            continue
        manifest: Value = {**node.props, "kind": kind[1]}
        if targets_deployment(manifest, name) is not True and not _scales_by_command(manifest, name):
            continue
        lives_in = commanded_namespace(manifest) or helm.object_namespace(graph, node)
        if isinstance(lives_in, Unknown) or isinstance(namespace, Unknown):
            verdict.undecided(node, f"it scales a Deployment {name} in a namespace that is unknown")
            continue
        verdict.settle(node)
        if lives_in == namespace:
            verdict.wrong(node, f"scales coderd's Deployment {name}; remove it: coderd's replicas are coder.replicas in the stack file")


PROPERTY = Property(
    number=4,
    slug="static-control-plane",
    title="Static Control Plane",
    description="Nothing but the stack file changes how many coderd run, or on how many nodes.",
    severity=Severity.HIGH,
    tags=("coderd", "availability"),
    remediation="Remove the autoscaler; change coder.replicas or the node group's size in the stack file instead.",
    url=f"{DOCUMENTATION}/infrastructure/scale-utility.md",
    relations=relations,
    resources={"kubernetes:": _kubernetes, tokens.NODE_GROUP: _static_node_group},
    settings={
        "namespace": {"type": "string", "description": "Where coderd's Deployment lives.", "default": NAMESPACE},
        "deployment": {"type": "string", "description": "What coderd's Deployment is called.", "default": DEPLOYMENT},
        "system": {"type": "string", "enum": sorted(SYSTEMS), "description": "The system to judge by."},
    },
)
