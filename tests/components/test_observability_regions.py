"""Alarms of an environment in several regions: each beside its topic, Route 53's where its metrics are, trail and budget once."""

from __future__ import annotations

import functools
from pathlib import Path

from components.environment import Environment, EnvironmentArgs
from plan import make_plan
from settings.load import load
from settings.stack_file import read_config
from tests.components.environments import CALLS
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.settings.cases import merged

FILE = Path(__file__).parents[2] / "Pulumi.demo.yaml"
ALARM, TOPIC = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:sns/topic:Topic"


@functools.cache
def everywhere(visit: int = 2) -> Graph:
    """demo with all of its regions switched on."""
    config = read_config(FILE)
    regions = config["coder-eks:regions"]
    assert isinstance(regions, dict)
    settings = load(merged(config, {"coder-eks:regions": {region: {"deployed": True} for region in regions}}), FILE.name)
    token = {"aws:secretsmanager/getSecrets:getSecrets": {"arns": ["arn:of-the-token"], "names": ["coder/demo/coderd-token"]}}
    calls = {**CALLS, **token} if visit > 1 else {}
    return record(lambda: Environment("coder", EnvironmentArgs(settings=settings, plan=make_plan(settings))), calls=calls)


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

    assert {region_of(node) for node in watched} == {"us-east-1-health"}
    assert {node.inputs["name"].removeprefix("coder-demo-").rpartition("-access")[0] for node in watched} >= {"us-east-2"}
    assert len({node.inputs["name"] for node in watched}) == len(watched)


def test_a_regions_proxy_is_watched_from_when_it_is_there():
    """OBS-12, OBS-16, OBS-17: its host, its balancer, its certificate; on the first visit there is none."""
    names = {node.inputs["name"] for node in everywhere().of(ALARM)}
    first = {node.inputs["name"] for node in everywhere(1).of(ALARM)}

    for region in ("us-west-2", "eu-west-2"):
        assert f"coder-demo-{region}-proxy-host-down" in names
        assert f"coder-demo-{region}-proxy-host-down" not in first
    watched = [node.name for node in everywhere().of(ALARM)]
    assert {f"{region}-{kind}" for region in ("us-west-2", "eu-west-2") for kind in ("no-healthy-proxy", "certificate-expires")} <= set(
        watched
    )


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
