"""Alarms of an environment in several regions: each beside its topic, Route 53's where its metrics are, trail and budget once."""

from __future__ import annotations

import functools
from pathlib import Path

from components.environment import Environment, EnvironmentArgs
from plan import make_plan
from settings import load
from settings.load import read_config
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.settings.cases import merged

FILE = Path(__file__).parents[2] / "Pulumi.demo.yaml"
ALARM, TOPIC = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:sns/topic:Topic"


@functools.cache
def everywhere() -> Graph:
    """demo with all of its regions switched on, first visit."""
    config = read_config(FILE)
    regions = config["coder-eks:regions"]
    assert isinstance(regions, dict)
    settings = load(merged(config, {"coder-eks:regions": {region: {"deployed": True} for region in regions}}), FILE.name)
    return record(lambda: Environment("coder", EnvironmentArgs(settings=settings, plan=make_plan(settings))))


def region_of(node: Node) -> str:
    """The region of the provider that makes it."""
    return node.provider.split("::")[-2]


def test_an_alarm_tells_a_topic_of_its_own_region():
    """OBS-26: CloudWatch refuses another one."""
    graph = everywhere()

    for node in graph.of(ALARM):
        (topic,) = [found for found in graph.reference(node, "alarmActions") if found.type == TOPIC]
        assert region_of(topic) == region_of(node), node.name


def test_route_53_is_watched_where_its_metrics_are():
    """OBS-16, DNS-11: in us-east-1, by a provider for that alone, where the stack has no region there."""
    graph = everywhere()
    watched = [node for node in graph.of(ALARM) if (node.inputs.get("namespace") or "") == "AWS/Route53"]

    assert len(watched) == 4
    assert {region_of(node) for node in watched} == {"us-east-1-health"}
    assert all(node.inputs["name"].startswith("coder-demo-us-east-2-") for node in watched)


def test_nodes_are_watched_in_every_region():
    """OBS-11, EKS-30."""
    names = [node.name for node in everywhere().of(ALARM)]

    for region in ("us-east-2", "us-west-2", "eu-west-2"):
        assert f"{region}-nodes-missing-system" in names


def test_trail_budget_and_routing_table_are_there_once():
    """NET-37, OBS-25: a trail is of every region already."""
    graph = everywhere()

    for type_ in ("aws:cloudtrail/trail:Trail", "aws:budgets/budget:Budget", "aws:ssm/parameter:Parameter"):
        assert len(graph.of(type_)) == 1


def test_containers_log_in_their_own_region():
    """OBS-21."""
    groups = {node.inputs["name"] for node in everywhere().of("aws:cloudwatch/logGroup:LogGroup") if "/containers/" in node.inputs["name"]}

    assert groups == {
        f"/demo/{region}/containers/{kind}" for region in ("us-east-2", "us-west-2", "eu-west-2") for kind in ("coder", "others")
    }
