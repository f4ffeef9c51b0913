"""Reading Helm releases: what coderd's container sees, where it lives, and which pods are its (CDR-25, POL-06, POL-08, POL-09)."""

from __future__ import annotations

from typing import Any

import pytest

from policy import helm, tokens
from policy.graph import Graph, Node
from policy.helm import Variable
from policy.values import UNKNOWN, Value

NAME = "CODER_X_Y"


def object_of(type_token: str, name: str, namespace: Any = "coder", **props: Any) -> Node:
    return Node(urn=name, type_token=type_token, name=name, raw={"metadata": {"name": name, "namespace": namespace}, **props})


def release(values: Any, edges: dict[str, list[str]] | None = None, **props: Any) -> Node:
    raw = {"chart": "coder", "namespace": "coder", **props, "values": values}
    return Node(urn="release", type_token=tokens.RELEASE, name="release", raw=raw, edges=edges)


def config_map(name: str, namespace: Any = "coder", **data: Any) -> Node:
    return object_of(tokens.CONFIG_MAP, name, namespace, data=data)


MAPS = (
    config_map("told", **{NAME: "mapped", "X_Y": "without its prefix", "key": "keyed", "number": 5, "later": UNKNOWN}),
    config_map("second", **{NAME: "second"}),
    config_map("empty"),
    config_map("elsewhere", "other", key="of another namespace"),
    config_map("somewhere", UNKNOWN, key="of a namespace that is not known yet"),
)
GRAPH = Graph(MAPS)
NOT_SET, NOT_KNOWN = Variable(None), Variable(UNKNOWN)


def plain(value: Any) -> dict[str, Any]:
    return {"name": NAME, "value": value}


def keyed(name: Any, key: str | None = "key") -> dict[str, Any]:
    return {"name": NAME, "valueFrom": {"configMapKeyRef": {"name": name, "key": key}}}


def source(name: str, **more: Any) -> dict[str, Any]:
    return {"configMapRef": {"name": name}, **more}


SECRET: dict[str, Any] = {"secretKeyRef": {"name": "a", "key": "b"}}
OF_A_SECRET = {"name": NAME, "valueFrom": SECRET}
SEEN: dict[str, tuple[dict[str, Any], Variable]] = {
    "nothing": ({}, NOT_SET),
    "another variable": ({"env": [{"name": NAME + "Z", "value": "1"}]}, NOT_SET),
    "a text": ({"env": [plain("1")]}, Variable("1", "1")),
    "the last of two": ({"env": [plain("1"), plain("2")]}, Variable("2", "2")),
    "a number, which is no text": ({"env": [plain(0)]}, Variable(None, 0)),
    "an unknown value": ({"env": [plain(UNKNOWN)]}, NOT_KNOWN),
    "an unknown list": ({"env": UNKNOWN}, NOT_KNOWN),
    "an unknown entry that may be it": ({"env": [plain("1"), UNKNOWN]}, NOT_KNOWN),
    "an unknown name that may be it": ({"env": [plain("1"), {"name": UNKNOWN, "value": "2"}]}, NOT_KNOWN),
    "an unknown name before it": ({"env": [{"name": UNKNOWN}, plain("1")]}, Variable("1", "1")),
    "a secret": ({"env": [OF_A_SECRET]}, Variable(UNKNOWN, SECRET)),
    "a key of a ConfigMap": ({"env": [keyed("told")]}, Variable("keyed", "keyed")),
    "a key that it has not": ({"env": [keyed("told", "other")]}, NOT_SET),
    "no key": ({"env": [keyed("told", None)]}, NOT_SET),
    "a key that is no text": ({"env": [keyed("told", "number")]}, Variable(None, 5)),
    "a key of an unknown value": ({"env": [keyed("told", "later")]}, Variable(UNKNOWN, UNKNOWN)),
    "a ConfigMap of no stack": ({"env": [keyed("gone")]}, NOT_KNOWN),
    "a ConfigMap of an unknown name": ({"env": [keyed(UNKNOWN)]}, NOT_KNOWN),
    "a ConfigMap elsewhere": ({"env": [keyed("elsewhere")]}, NOT_KNOWN),
    "a ConfigMap somewhere": ({"env": [keyed("somewhere")]}, Variable(*["of a namespace that is not known yet"] * 2)),
    "a whole ConfigMap": ({"envFrom": [source("told")]}, Variable("mapped", "mapped")),
    "the last of two ConfigMaps": ({"envFrom": [source("told"), source("second")]}, Variable("second", "second")),
    "one that says nothing of it": ({"envFrom": [source("told"), source("empty")]}, Variable("mapped", "mapped")),
    "with a prefix": ({"envFrom": [source("told", prefix="CODER_")]}, Variable(*["without its prefix"] * 2)),
    "with another prefix": ({"envFrom": [source("told", prefix="OTHER_")]}, NOT_SET),
    "another prefix before it": ({"envFrom": [source("told"), source("told", prefix="OTHER_")]}, Variable("mapped", "mapped")),
    "a whole secret": ({"envFrom": [{"secretRef": {"name": "a"}}]}, NOT_KNOWN),
    "unknown sources": ({"envFrom": UNKNOWN}, NOT_KNOWN),
    "an entry before a source": ({"env": [plain("1")], "envFrom": [source("told")]}, Variable("1", "1")),
    "an entry that is not set before a source": ({"env": [plain(None)], "envFrom": [source("told")]}, NOT_SET),
    "a flag": ({"commandArgs": ["server", "--x-y=2"], "env": [plain("1")]}, Variable("2", "2")),
    "a flag, spelt apart": ({"commandArgs": ["server", "--x-y", "2"]}, Variable("2", "2")),
    "a flag by itself": ({"commandArgs": ["server", "--x-y"]}, Variable("true", "true")),
    "a flag before another": ({"commandArgs": ["server", "--x-y", "--z=1"]}, Variable("true", "true")),
    "the last of two flags": ({"command": ["coder", "--x-y=1"], "commandArgs": ["--x-y=2"]}, Variable("2", "2")),
    "a longer flag": ({"commandArgs": ["--x-y-z=2", "--x-yz=2"]}, NOT_SET),
    "the variable in a command": ({"command": ["sh", "-c", f"{NAME}=2 coder server"]}, Variable("2", "2")),
    "an argument that is not known yet": ({"commandArgs": ["server", UNKNOWN], "env": [plain("1")]}, NOT_KNOWN),
}


@pytest.mark.parametrize("name", SEEN)
def test_what_the_container_sees(name: str) -> None:
    """By Kubernetes' own rules; a flag wins over both."""
    values, seen = SEEN[name]
    assert helm.effective(GRAPH, release({"coder": values}), NAME) == seen


def test_without_a_graph_a_reference_is_not_known() -> None:
    assert helm.effective(None, release({"coder": {"env": [keyed("told")]}}), NAME) == NOT_KNOWN
    assert helm.effective(None, release({"coder": {"env": [plain("1")]}}), NAME) == Variable("1", "1")


PROXY: dict[str, Any] = {"workspaceProxy": True, "env": [{"name": "CODER_PRIMARY_ACCESS_URL"}, {"name": "CODER_PROXY_SESSION_TOKEN"}]}


@pytest.mark.parametrize(
    ("changes", "proxy"),
    [
        ({}, True),
        ({"workspaceProxy": "true"}, False),
        ({"workspaceProxy": False}, False),
        ({"env": PROXY["env"][:1]}, False),
        ({"env": []}, False),
        ({"commandArgs": ["server"]}, False),
        ({"command": ["coder"]}, False),
        ({"commandArgs": []}, True),
    ],
)
def test_a_proxy_is_one_by_its_flag_its_coderd_and_its_token(changes: dict[str, Any], proxy: bool) -> None:
    """With a command of its own the same chart runs whatever that says."""
    found = release({"coder": {**PROXY, **changes}})
    graph = Graph([found])
    assert helm.is_proxy(found) is proxy
    assert (helm.releases(graph, helm.CODER), helm.proxies(graph)) == (([], [found]) if proxy else ([found], []))
    assert helm.releases(graph, helm.PROVISIONER) == []


def test_a_chart_that_is_unknown_is_none_of_coder_s() -> None:
    found = release({"coder": PROXY}, chart=UNKNOWN)
    assert helm.chart_of(found) is None
    assert helm.proxies(Graph([found])) == helm.releases(Graph([found]), helm.CODER) == []
    assert helm.proxies(Graph([release({"coder": PROXY}, chart="other")])) == []


@pytest.mark.parametrize(
    "chart",
    [
        "coder",
        "coder-2.34.5.tgz",
        "./charts/coder/",
        "./charts/coder.tgz",
        "oci://ghcr.io/coder/chart/coder",
        "https://charts.example.com/v2/coder-2.34.5.tgz",
        "https://charts.example.com/v2/coder-v2.34.5-rc.1.tgz",
    ],
)
def test_a_chart_is_known_by_its_name_wherever_it_comes_from(chart: str) -> None:
    assert helm.chart_of(release({}, chart=chart)) == "coder"


@pytest.mark.parametrize("chart", ["coder-provisioner", "coder/other", "xcoder", "coder.tgz.example"])
def test_a_look_alike_is_another_chart(chart: str) -> None:
    assert helm.chart_of(release({}, chart=chart)) != "coder"


NAMESPACES = (
    Node(urn="known", type_token=tokens.NAMESPACE, name="n", raw={"metadata": {"name": "coder"}, "id": "coder"}),
    Node(urn="nameless", type_token=tokens.NAMESPACE, name="n", raw={"metadata": {}}),
)


@pytest.mark.parametrize(
    ("value", "edge", "namespace"),
    [
        ("apps", None, "apps"),
        (None, None, "default"),
        (UNKNOWN, "known", "coder"),
        (None, "known", "coder"),
        (UNKNOWN, "nameless", UNKNOWN),
        (UNKNOWN, None, UNKNOWN),
    ],
)
def test_a_namespace_is_known_by_value_or_by_edge(value: Any, edge: str | None, namespace: Any) -> None:
    edges = [edge] if edge else []
    found = release({}, {"namespace": edges} if edge else {}, namespace=value)
    inside = Node(
        urn="a", type_token=tokens.SERVICE, name="a", raw={"metadata": {"namespace": value}}, edges={"metadata": edges} if edge else {}
    )
    graph = Graph([*NAMESPACES, found, inside])
    assert helm.namespace_of(graph, found, "namespace") == helm.object_namespace(graph, inside) == namespace


PART, CALLED, INSTANCE = "app.kubernetes.io/part-of", "app.kubernetes.io/name", "app.kubernetes.io/instance"


@pytest.mark.parametrize(
    ("selector", "props", "matches"),
    [
        ({CALLED: "coder", PART: "coder"}, {}, True),
        ({CALLED: "api", PART: "api"}, {"values": {"nameOverride": "api"}}, True),
        ({CALLED: "coder"}, {"values": {"nameOverride": "api"}}, False),
        ({INSTANCE: "main"}, {"name": "main"}, True),
        ({INSTANCE: "other"}, {"name": "main"}, False),
        ({INSTANCE: "main"}, {"status": {"name": "main"}}, True),
        ({CALLED: "coder", INSTANCE: "whatever it gets"}, {}, True),
        ({INSTANCE: "whatever it gets"}, {}, False),  # nothing is left to compare
        ({"team": "platform"}, {"values": {"coder": {"podLabels": {"team": "platform"}}}}, True),
        ({"team": "platform"}, {}, False),
        ({}, {}, False),
        (None, {}, False),
        (UNKNOWN, {}, False),
    ],
)
def test_a_selector_matches_the_labels_of_coderd_s_pods(selector: Value, props: dict[str, Any], matches: bool) -> None:
    found = release(props.get("values", {}), **{key: value for key, value in props.items() if key != "values"})
    assert helm.selects(selector, found) is matches


@pytest.mark.parametrize(("count", "replicas"), [(3, 3), (3.0, 3), ("3", None), (1.5, None), (None, None), (UNKNOWN, UNKNOWN)])
def test_replicas_are_a_whole_number(count: Any, replicas: Any) -> None:
    assert helm.replicas(release({"coder": {"replicaCount": count}})) == replicas


def test_the_containers_of_every_kind_of_job_are_found() -> None:
    pod = {"spec": {"initContainers": [{"name": "first"}], "containers": [{"name": "second"}]}}
    for spec in ({"jobTemplate": {"spec": {"template": pod}}}, {"template": pod}):
        assert list(helm.containers(object_of(tokens.CRON_JOB, "job", spec=spec))) == [{"name": "first"}, {"name": "second"}]
