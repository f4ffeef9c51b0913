"""`sizing: validated` is one line of the stack file: what it changes on the graph, and that nothing with data is made anew (T-71, T-72)."""

from __future__ import annotations

import re

from tests.components.environments import environment
from tests.components.graph import Graph
from tests.components.test_reference_upgrades import HOLD_DATA, Change, change_of

VALIDATED = "system: { sizing: validated }"
NODE_GROUP, RELEASE, SCHEDULE = "aws:eks/nodeGroup:NodeGroup", "kubernetes:helm.sh/v3:Release", "aws:autoscaling/schedule:Schedule"


def switched() -> Change:
    return change_of(environment(), environment(VALIDATED))


def types(change: Change) -> set[str]:
    return {node.type for node in change.deleted} | {urn.split("::")[2].rpartition("$")[2] for urn in change.replaced}


def release(graph: Graph, chart: str) -> dict[str, object]:
    (found,) = [node for node in graph.of(RELEASE) if node.inputs["chart"] == chart]
    return found.inputs["values"]


def test_the_switch_replaces_and_deletes_nothing_that_holds_data():
    """Decision 12: the database, its keys, vaults, namespaces and subnets stay; the database grows in place."""
    change = switched()
    held = {*HOLD_DATA, "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"}

    assert not types(change) & held, sorted(types(change))
    assert not [node.urn for node in change.deleted if node.protect]


def test_the_switch_replaces_node_groups_and_what_stands_on_them():
    """EKS makes a group of another type beside the old one; what is taken away belongs to the Prometheus of the chart."""
    change = switched()
    clock = {SCHEDULE, "aws:autoscaling/tag:Tag"}

    assert {urn.split("::")[2].rpartition("$")[2] for urn in change.replaced} - clock == {NODE_GROUP}
    assert all(re.match(r"observability-alertmanager", node.name) for node in change.deleted)


def test_the_switch_takes_coders_published_architecture():
    """T-14, T-71: 6 coderd of 4 vCPU and 12 GiB, m7i nodes, provisioners for a thousand builds in two minutes."""
    graph = environment(VALIDATED)
    coder, provisioners = release(graph, "coder")["coder"], release(graph, "coder-provisioner")["coder"]

    assert coder["replicaCount"] == 6
    assert coder["resources"]["requests"] == {"cpu": "4", "memory": "12Gi"}
    assert {node.inputs["instanceTypes"][0] for node in graph.of(NODE_GROUP)} == {"m7i.2xlarge", "c5.2xlarge", "m7i.12xlarge"}
    assert provisioners["replicaCount"] == 2  # the clock raises it
    peaks = [
        node.inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
        for node in graph.of("kubernetes:batch/v1:CronJob")
    ]
    assert ["--replicas=504"] in [args[-1:] for args in peaks]


def test_the_switch_takes_prometheus_off_the_control_nodes():
    """T-72."""
    change = switched()

    assert {node.type for node in change.made} >= {"aws:amp/workspace:Workspace", "aws:amp/scraper:Scraper"}
    assert release(environment(VALIDATED), "coder-observability")["prometheus"] == {"enabled": False}


def test_alarms_follow_the_switch():
    """OBS-17."""
    (alarm,) = [
        node for node in environment(VALIDATED).of("aws:cloudwatch/metricAlarm:MetricAlarm") if node.name == "us-east-1-coderd-missing"
    ]

    assert alarm.inputs["threshold"] == 6
