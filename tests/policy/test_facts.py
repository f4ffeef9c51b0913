"""What a stack declares of itself, and the table of what each system must have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy import tokens
from policy.facts import Facts, GroupFacts, RegionFacts, TemplateFacts, declared, declared_templates
from policy.graph import Graph, Node
from policy.systems import SYSTEMS, GroupNeed, need_of, static_groups


def node(name: str, kind: str, **props: Any) -> Node:
    return Node(urn=f"urn:{kind}::{name}", type_token=kind, name=name, raw=props)


def environment(**outputs: Any) -> Graph:
    return Graph([node("coder", tokens.ENVIRONMENT, **outputs)])


def test_the_facts_are_what_the_environment_declares() -> None:
    primary: dict[str, Any] = {
        "zones": ["a", "b", "c"],
        "tiers": {"public": {}, "control": {}},
        "nat": "gateway-per-az",
        "nodeGroups": {
            "coder-ws": {"role": "workspace", "tier": "workspace", "instanceType": "m5.large", "min": 1.0, "max": 9.0},
            "coder-control": {"role": "control", "tier": "control"},
        },
        "pools": {"spot": {"role": "workspace"}, "base": {"role": "control"}},
        "database": {"engine": "aurora-postgresql", "readers": 2.0, "retentionDays": 35.0},
        "host": "coder.example.org",
        "litellm": True,
    }
    other = {"zones": 2.0, "tiers": ["public", ""], "serves": "proxy", "deployed": False, "link": "peering", "leaving": True}
    graph = environment(
        system="demo",
        baseDomain="example.org",
        accessUrl="https://coder.example.org",
        regions={"us-west-2": other, "us-east-1": primary},
        visit=2.0,
        workload={"workspaces": 100.0, "storageGib": 20.5},
    )
    facts = declared(graph)
    assert facts is not None
    assert facts == Facts(
        node=graph.nodes[0],
        system="demo",
        base_domain="example.org",
        access_url="https://coder.example.org",
        regions={
            "us-east-1": RegionFacts(
                zones=3,
                tiers=("control", "public"),
                nat="gateway-per-az",
                node_groups={
                    "coder-control": GroupFacts("control", None, None, None),
                    "coder-ws": GroupFacts("workspace", "m5.large", 1, 9),
                },
                database_engine="aurora-postgresql",
                readers=2,
                retention_days=35,
                host="coder.example.org",
                litellm=True,
                workspace_groups=("coder-ws", "spot"),
            ),
            "us-west-2": RegionFacts(
                zones=2,
                tiers=("public",),
                nat=None,
                node_groups={},
                database_engine=None,
                readers=None,
                retention_days=None,
                deployed=False,
                serves="proxy",
                linked=True,
                leaving=True,
            ),
        },
        visit=2,
        workspaces=100,
        storage_gib=20.5,
    )
    assert list(facts.regions) == ["us-east-1", "us-west-2"]
    assert facts.deployed == ("us-east-1",)
    assert facts.volumes_gib("us-east-1") == 2050


@pytest.mark.parametrize("workload", [{}, {"workspaces": 100}, {"storageGib": 20}, {"workspaces": 1, "storageGib": True}])
def test_a_stack_that_does_not_say_has_no_figure_of_volumes(workload: dict[str, Any]) -> None:
    facts = declared(environment(workload=workload))
    assert facts is not None
    assert facts.volumes_gib("us-east-1") is None


def test_facts_are_of_one_environment_alone() -> None:
    one, two = node("one", tokens.ENVIRONMENT), node("two", tokens.ENVIRONMENT)
    assert declared(Graph([one, two])) is None
    assert declared(Graph([])) is None
    found = declared(Graph([one]))
    assert found is not None
    assert (found.node, found.visit, found.regions) == (one, 1, {})


def test_a_program_with_what_is_inside_coder_is_on_its_second_visit() -> None:
    first = node("coder", tokens.ENVIRONMENT, visit=1.0)
    found = declared(Graph([first, node("t", tokens.TEMPLATE)]))
    assert found is not None
    assert found.visit == 2


def test_the_templates_are_what_their_component_declares() -> None:
    component = node("t", tokens.TEMPLATES, templates={"b": {}, "a": {}}, alwaysOn=["b", "", 3])
    assert declared_templates(Graph([component])) == TemplateFacts(component, ("a", "b"), ("b",))
    assert declared_templates(Graph([])) is None
    assert declared_templates(Graph([component, node("u", tokens.TEMPLATES)])) is None


def test_a_row_of_the_table_is_the_system_s() -> None:
    assert need_of("demo", {}) == SYSTEMS["demo"]
    assert need_of("demo", {"system": "prod"}) == SYSTEMS["prod"]
    assert (need_of("other", {}), need_of(None, {})) == (None, None)
    assert static_groups(SYSTEMS["prod"]) == ["coder-control"]


def test_pack_config_replaces_figures_of_a_row() -> None:
    config: Any = {
        "zones": 4.0,
        "public": "edge",
        "private": ["one", "two"],
        "isolated": "data",
        "nat": ["instance"],
        "nodeGroups": {"g": {"tier": "one", "scheduled": True, "minimum": 3.0}, "h": {"tier": "two", "scheduled": False, "minimum": 0.0}},
        "databaseEngine": "postgres",
        "instances": 5.0,
        "retentionDays": 8.0,
        "coderdReplicas": 6.0,
        "offered": ["platform"],
    }
    need = need_of("prod", {"need": config})
    assert need == replace(
        SYSTEMS["prod"],
        zones=4,
        public="edge",
        private=("one", "two"),
        isolated="data",
        nat=("instance",),
        node_groups={"g": GroupNeed("one", True, 3), "h": GroupNeed("two", False, 0)},
        database_engine="postgres",
        instances=5,
        retention_days=8,
        coderd_replicas=6,
        offered=("platform",),
    )
    assert need is not None
    assert (need.tiers, need.tier_of("h"), need.tier_of("x")) == (("edge", "one", "two", "data"), "two", None)
