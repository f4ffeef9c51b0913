"""Every release's values are held to the record of its chart (decision 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.chart_keys import RECORDS, Record, UnknownChartValueError, check, record
from tests.components import clusters
from tests.components.graph import Graph
from tools.chart_keys import keys

CHARTS = sorted(file.stem for file in RECORDS.glob("*.txt"))
COMPONENTS = RECORDS.parent
RELEASE = "kubernetes:helm.sh/v3:Release"


@pytest.mark.parametrize("chart", CHARTS)
def test_a_record_says_what_was_read_where_and_when(chart: str):
    found = record(chart)
    assert found.chart == chart
    assert found.read.year >= 2026
    assert "/" in found.source
    few = {"karpenter-crd"}  # kinds, and annotations of theirs
    assert len(found.known) >= 30 or chart in few, "a chart has more values than that: was the file read whole?"
    assert not found.keys & found.open_keys


@pytest.mark.parametrize("file", sorted(COMPONENTS.glob("*.py")), ids=lambda file: file.stem)
def test_no_release_is_declared_without_its_values_being_checked(file: Path):
    """Decision 4: whoever adds a chart reads it first."""
    source = file.read_text(encoding="utf-8")
    assert source.count("helm.v3.Release(") <= source.count("chart_keys.check(")


def _releases(graph: Graph) -> dict[str, tuple[str, dict[str, Any]]]:
    return {node.inputs["chart"].rpartition("/")[2]: (node.inputs["version"], node.inputs["values"]) for node in graph.of(RELEASE)}


@pytest.mark.parametrize("graph", [clusters.prod, clusters.other, clusters.with_karpenter], ids=["prod", "other", "karpenter"])
def test_the_releases_of_a_cluster_say_nothing_that_their_charts_ignore(graph: Any):
    releases = _releases(graph())
    assert len(releases) >= 4
    for chart, (version, values) in releases.items():
        check(chart, version, values)


@pytest.mark.parametrize(
    ("chart", "version", "values", "sentence"),
    [
        (
            "external-secrets",
            "2.9.0",
            {"webook": {"replicaCount": 2}},
            "webook is no value of the chart external-secrets; did you mean webhook",
        ),
        ("external-secrets", "2.9.0", {"webhook": {"replicas": 2}}, "webhook.replicas is no value of the chart external-secrets"),
        ("metrics-server", "3.13.1", {"replicaCount": 2}, "replicaCount is no value of the chart metrics-server"),
        ("metrics-server", "3.13.1", {"image": "v1"}, "image is no value of the chart metrics-server"),
        ("metrics-server", "3.13.1", {"replicas": {"min": 1}}, "replicas is no value of the chart metrics-server"),
        ("metrics-server", "4.0.0", {}, "metrics-server 4.0.0 is not covered by components/chart_records/metrics-server.txt"),
        ("metrics-server", "3.12.9", {}, "which was read for 3.13.1; pin a version of the same major number"),
        ("nginx", "1.0.0", {}, "chart nginx has no record; write its keys to components/chart_records/nginx.txt"),
    ],
)
def test_what_a_chart_would_ignore_is_a_sentence(chart: str, version: str, values: dict[str, Any], sentence: str):
    with pytest.raises(UnknownChartValueError) as raised:
        check(chart, version, values)
    assert sentence in raised.value.problems[0]


def test_all_faults_are_told_at_once():
    with pytest.raises(UnknownChartValueError) as raised:
        check("metrics-server", "9.0.0", {"one": 1, "two": 2, "image": {"tags": "v1"}})
    assert len(raised.value.problems) == 4


def test_what_a_chart_hands_on_is_not_looked_into():
    """Kubernetes' own schema is its judge."""
    check(
        "metrics-server", "3.14.0", {"nodeSelector": {"a.b/c": "d"}, "resources": {"limits": {"cpu": "1"}}, "tolerations": [{"key": "a"}]}
    )


def test_values_of_a_chart_inside_a_chart_are_held_to_its_record():
    outer = Record("outer", "1.0.0", "", record("coder").read, frozenset({"a"}), frozenset(), {"metrics": "metrics-server"})
    assert list(outer.unknown({"a": 1, "metrics": {"replicas": 2}})) == []
    (problem,) = outer.unknown({"metrics": {"replica": 2}})
    assert problem == "metrics: replica is no value of the chart metrics-server; did you mean replicas?"


@given(st.sampled_from([chart for chart in CHARTS if record(chart).keys]), st.data())
def test_a_key_with_one_letter_more_is_no_longer_known(chart: str, data: st.DataObject):
    known = record(chart)
    path = data.draw(st.sampled_from(sorted(known.keys))).split(".")
    place = data.draw(st.integers(0, len(path) - 1))
    path[place] += "x"
    tree: Any = 1
    for name in reversed(path):
        tree = {name: tree}
    assert len(list(known.unknown(tree))) == 1


def test_the_keys_of_a_values_file():
    """tools/chart_keys.py: open where the chart hands on, or where nothing says of what type a value is."""
    text = "a: 1\nb: {c: [], d: {}, e: null}\nresources: {limits: {cpu: 1}}\nextraEnv: []\n"
    assert list(keys(yaml.safe_load(text))) == ["a", "b.c", "b.d.*", "b.e.*", "resources.*", "extraEnv"]
