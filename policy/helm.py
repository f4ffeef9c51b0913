"""Reading Helm releases and the environment variables that their values give a container."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policy import tokens
from policy.graph import Graph, Node
from policy.values import Props, Unknown, Value, at, has_unknown, integer, leaves, mapping, sequence, text

CODER = "coder"
PROVISIONER = "coder-provisioner"

_COMMANDS = ("command", "commandArgs")
_OF_A_PROXY = {"CODER_PRIMARY_ACCESS_URL", "CODER_PROXY_SESSION_TOKEN"}  # without them `coder wsproxy server` does not start

_ARCHIVE = re.compile(r"-v?\d+\.\d+\.\d+[^/]*$")  # the version in `coder-2.28.1.tgz`


def chart_of(release: Node) -> str | None:
    """The name of a release's chart, from a name, a path, an archive or an OCI address; none where it is unknown."""
    chart = text(release.get("chart"))
    if chart is None:
        return None
    return _ARCHIVE.sub("", chart.rstrip("/").rsplit("/", maxsplit=1)[-1].removesuffix(".tgz"))


def releases(graph: Graph, chart: str) -> list[Node]:
    """The releases of a chart. Coder's chart also installs workspace proxies, which are no coderd: see `proxies`."""
    return [node for node in graph.all(tokens.RELEASE) if chart_of(node) == chart and not is_proxy(node)]


def proxies(graph: Graph) -> list[Node]:
    """The releases of Coder's chart that are workspace proxies: no dashboard, no database, no builds."""
    return [node for node in graph.all(tokens.RELEASE) if chart_of(node) == CODER and is_proxy(node)]


def is_proxy(release: Node) -> bool:
    """Whether a release of Coder's chart runs a workspace proxy: by its flag, with its coderd and its token, and no command of its own.

    Arguments win over the flag (`coder.commandArgs`, in the chart's templates/_coder.tpl), and another command is no proxy at all.
    """
    values = mapping(release.get("values", CODER))
    told = {text(at(entry, "name")) for entry in sequence(values.get("env"))}
    return values.get("workspaceProxy") is True and not any(values.get(key) for key in _COMMANDS) and told >= _OF_A_PROXY


def namespace_of(graph: Graph, node: Node, *path: str) -> str | Unknown:
    """The namespace at that path: by value, else by the edge to a Namespace whose name is known; `default` where there is none."""
    value = node.get(*path)
    if (known := text(value)) is not None:
        return known
    if value is None and path[0] not in node.edges:
        return "default"
    namespace = graph.targets(node, path, tokens.NAMESPACE).only
    return (text(namespace.get("metadata", "name")) if namespace else None) or Unknown.UNKNOWN


def object_namespace(graph: Graph, node: Node) -> str | Unknown:
    """The namespace of a Kubernetes object."""
    return namespace_of(graph, node, "metadata", "namespace")


@dataclass(frozen=True)
class Variable:
    """What a container sees under a name. value: its text, UNKNOWN, or None where it is not set. spelt: what stands in the values."""

    value: str | Unknown | None
    spelt: Value = None


def effective(graph: Graph | None, release: Node, name: str) -> Variable:
    """An environment variable of a release's container, by Kubernetes' own rules: the last duplicate wins, `env` over `envFrom`.

    A flag on the command line means the same to Coder and wins over both. Without a graph nothing beyond the release can be looked up: a
    reference is then UNKNOWN.
    """
    if has_unknown([release.get("values", CODER, key) for key in _COMMANDS]):
        return Variable(Unknown.UNKNOWN)  # it may be the flag
    flag = _on_the_command_line(release, name)
    if flag is not None:
        return Variable(flag, flag)
    env = release.get("values", CODER, "env")
    if isinstance(env, Unknown):
        return Variable(Unknown.UNKNOWN)
    found: Variable | None = None
    for item in sequence(env):
        if isinstance(item, Unknown) or isinstance(at(item, "name"), Unknown):
            found = Variable(Unknown.UNKNOWN)  # it may be this one
        elif text(at(item, "name")) == name:
            found = _entry(graph, release, mapping(item))
    if found is not None:
        return found
    return _from_sources(graph, release, name)


def _on_the_command_line(release: Node, name: str) -> str | None:
    """What a release's own command or arguments say instead: `--secure-auth-cookie=false` for CODER_SECURE_AUTH_COOKIE."""
    said = " ".join(str(leaf) for key in _COMMANDS for leaf in leaves(release.get("values", CODER, key)))
    flag = name.removeprefix("CODER_").replace("_", "-").lower()
    found = re.findall(rf"(?:--{flag}|\b{name})(?![\w-])(?:[=\s]+(?!--)([^\s]+))?", said)
    return (found[-1] or "true") if found else None  # a flag by itself is true


def _entry(graph: Graph | None, release: Node, item: dict[str, Value]) -> Variable:
    if "valueFrom" in item:
        reference = at(item, "valueFrom", "configMapKeyRef")
        if reference is None:
            return Variable(Unknown.UNKNOWN, item["valueFrom"])  # a secret or a field: no policy reads those
        return _config_map_value(graph, release, at(reference, "name"), text(at(reference, "key")) or "")
    value = item.get("value")
    if isinstance(value, Unknown):
        return Variable(value)
    return Variable(value if isinstance(value, str) else None, value)


def _from_sources(graph: Graph | None, release: Node, name: str) -> Variable:
    sources = release.get("values", CODER, "envFrom")
    if isinstance(sources, Unknown):
        return Variable(Unknown.UNKNOWN)
    for source in reversed(sequence(sources)):
        prefix = text(at(source, "prefix")) or ""
        if not name.startswith(prefix):
            continue
        found = _config_map_value(graph, release, at(source, "configMapRef", "name"), name.removeprefix(prefix))
        if at(source, "configMapRef") is None:
            found = Variable(Unknown.UNKNOWN)  # a secret may hold it
        if found.value is not None:
            return found
    return Variable(None)


def _config_map_value(graph: Graph | None, release: Node, config_map: Value, key: str) -> Variable:
    if graph is None or not isinstance(config_map, str):
        return Variable(Unknown.UNKNOWN)
    namespace = namespace_of(graph, release, "namespace")
    for node in graph.all(tokens.CONFIG_MAP):
        if text(node.get("metadata", "name")) == config_map and object_namespace(graph, node) in (namespace, Unknown.UNKNOWN):
            value = node.get("data", key)
            return Variable(value if isinstance(value, str | Unknown) else None, value)
    return Variable(Unknown.UNKNOWN)


def selects(selector: Value, release: Node) -> bool:
    """Whether a selector matches the pods of coderd's chart, which carry its name and the release's."""
    name = text(release.get("values", "nameOverride")) or CODER
    instance = text(release.get("name")) or text(release.get("status", "name"))
    labels: Props = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": name}
    asked = mapping(selector)
    if instance is None:
        asked = {key: value for key, value in asked.items() if key != "app.kubernetes.io/instance"}
    else:
        labels["app.kubernetes.io/instance"] = instance
    pods = mapping(release.get("values", CODER, "podLabels"))
    return bool(asked) and all({**labels, **pods}.get(key) == value for key, value in asked.items())


def replicas(release: Node) -> int | Unknown | None:
    """`coder.replicaCount` of a release; None where it is no whole number."""
    count = release.get("values", CODER, "replicaCount")
    return count if isinstance(count, Unknown) else integer(count)


def containers(node: Node) -> Iterator[Value]:
    """The containers of a CronJob, Job or Deployment."""
    for path in (("spec", "jobTemplate", "spec", "template", "spec"), ("spec", "template", "spec")):
        for kind in ("initContainers", "containers"):
            yield from sequence(node.get(*path, kind))
