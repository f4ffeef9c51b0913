"""How the pack reads: values, unknowns, edges, kinds and charts."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy import proxy
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy import helm, tokens
from policy.graph import Graph, Node, Targets
from policy.values import UNKNOWN, at, has_unknown, integer, leaves, mapping, plain, properties, sequence, text


def test_an_unknown_is_a_value_and_never_an_exception() -> None:
    raw = unknown_checking_proxy({"a": UNKNOWN_STRING_VALUE, "b": [{"c": UNKNOWN_STRING_VALUE}, "x"], "d": 3.0, "e": {"f": True}})
    value = plain(raw)
    assert value == {"a": UNKNOWN, "b": [{"c": UNKNOWN}, "x"], "d": 3.0, "e": {"f": True}}
    assert at(value, "a", "deeper") is UNKNOWN
    assert at(value, "b", 0, "c") is UNKNOWN
    assert at(value, "b", 5) is None
    assert has_unknown(value)
    assert not UNKNOWN


@pytest.mark.parametrize(("value", "number"), [(3.0, 3), (3, 3), (3.5, None), (True, None), ("3", None), (None, None)])
def test_whole_numbers_are_read_as_such(value: Any, number: int | None) -> None:
    assert integer(value) == number


def node(name: str, kind: str = "aws:ec2/subnet:Subnet", parent: str = "", edges: dict[str, list[str]] | None = None, **props: Any) -> Node:
    return Node(urn=f"urn:{kind}::{name}", type_token=kind, name=name, raw=props, parent=parent, edges=edges)


VPC = "aws:ec2/vpc:Vpc"


@pytest.mark.parametrize(
    ("held", "edges", "nodes", "foreign", "undecided"),
    [
        ("vpc-1", ["vpc"], ["vpc"], (), False),  # by value
        ("vpc-1", [], ["vpc"], (), False),
        ("vpc-9", ["vpc"], [], ("vpc-9",), False),  # a value of something else, whatever the edge says
        (UNKNOWN, ["vpc"], ["vpc"], (), False),  # by edge
        ("", ["vpc"], ["vpc"], (), False),
        (UNKNOWN, ["subnet"], [], ("urn:aws:ec2/subnet:Subnet::subnet",), False),  # from something else
        (UNKNOWN, [], [], (), True),  # nobody can tell yet
        (None, [], [], (), False),  # there is nothing
        (None, ["vpc"], ["vpc"], (), False),  # what it was made from, though the engine tells no value
        (UNKNOWN, ["box"], ["inner"], (), False),  # an edge to a component means what it made
    ],
)
def test_a_property_leads_where_its_value_or_its_edge_says(
    held: Any, edges: list[str], nodes: list[str], foreign: tuple[str, ...], undecided: bool
) -> None:
    box = node("box", "some:component:Box")
    others = [node("vpc", VPC, id="vpc-1"), node("subnet", id="subnet-1"), box, node("inner", VPC, parent=box.urn, id="vpc-2")]
    urns = {item.name: item.urn for item in others}
    holder = node("holder", "aws:ec2/routeTable:RouteTable", edges={"vpcId": [urns[name] for name in edges]}, vpcId=held)
    found = Graph([*others, holder]).targets(holder, "vpcId", VPC)
    assert ([item.name for item in found.nodes], found.foreign, found.undecided) == (nodes, foreign, undecided)


def test_a_resource_that_does_not_tell_its_id_is_known_by_its_edge() -> None:
    """Some providers keep the id out of the outputs."""
    vpc = node("vpc", VPC)
    holder = node("holder", "aws:ec2/routeTable:RouteTable", edges={"vpcId": [vpc.urn]}, vpcId="vpc-1")
    assert Graph([vpc, holder]).targets(holder, "vpcId", VPC).only is vpc


@pytest.mark.parametrize(
    ("chart", "name"),
    [
        ("coder", "coder"),
        ("https://helm.coder.com/v2/coder-2.28.1.tgz", "coder"),
        ("oci://ghcr.io/coder/chart/coder", "coder"),
        ("./charts/coder-provisioner", "coder-provisioner"),
        ("coder-provisioner-2.28.1-rc.1.tgz", "coder-provisioner"),
        ("my-coder", "my-coder"),
    ],
)
def test_a_chart_is_known_by_its_last_name(chart: str, name: str) -> None:
    assert helm.chart_of(node("release", "kubernetes:helm.sh/v3:Release", chart=chart)) == name


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("kubernetes:apps/v1:Deployment", ("apps/v1", "Deployment")),
        ("kubernetes:helm.sh/v3:Release", ("helm.sh/v3", "Release")),
        ("aws:eks/cluster:Cluster", None),
        ("pulumi:providers:kubernetes", None),
        ("kubernetes", None),
        ("kubernetes:", None),
    ],
)
def test_a_kind_is_of_kubernetes_alone(token: str, kind: tuple[str, str] | None) -> None:
    assert tokens.kubernetes_kind(token) == kind


def test_a_value_is_found_by_its_path() -> None:
    value: Any = {"a": [{"b": 0}, "c"], "d": UNKNOWN}
    assert at(value) is value
    assert (at(value, "a", -1), at(value, "a", -2, "b"), at(value, "a", 1)) == ("c", 0, "c")
    assert [at(value, *path) for path in (("a", 2), ("a", -3), ("a", "b"), (0,), ("x", "y"), ("a", 1, "x"))] == [None] * 6
    assert at(value, "d", 0) is UNKNOWN


@pytest.mark.parametrize(
    "sentinel",
    [
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    ],
)
def test_every_kind_of_unknown_is_one(sentinel: str) -> None:
    assert properties({"a": sentinel, "b": [sentinel], "c": UNKNOWN}) == {"a": UNKNOWN, "b": [UNKNOWN], "c": UNKNOWN}


def test_a_value_of_another_form_is_nothing() -> None:
    assert (mapping([1]), sequence({"a": 1}), text(""), text(1), text("a")) == ({}, [], None, None, "a")
    assert (mapping({"a": 1}), sequence([1]), sequence("ab")) == ({"a": 1}, [1], [])
    assert list(leaves({"a": [1, None, {"b": UNKNOWN}], "c": ""})) == [1, UNKNOWN, ""]
    assert not has_unknown({"a": [1, ""]})
    assert isinstance(plain(object()), str)  # an asset: nobody looks inside


def test_what_outputs_leave_out_is_read_from_the_inputs() -> None:
    """At the first preview an object of a cluster that does not exist has no outputs."""
    raw = {"a": "made", "b": UNKNOWN_STRING_VALUE, "c": None, "e": ""}
    found = Node(urn="u", type_token="t", name="n", raw=raw, inputs={"a": "asked", "b": "asked", "c": "asked", "d": "asked", "e": "asked"})
    assert found.props == {"a": "made", "b": "asked", "c": "asked", "d": "asked", "e": ""}


def test_a_resource_lies_in_its_own_region_else_in_its_provider_s() -> None:
    def of(provider: str | None, **raw: str) -> str | None:
        return Node(urn="u", type_token="t", name="n", raw=raw, region=provider).region

    assert (of("east", region="west"), of("east"), of("east", region=""), of(None)) == ("west", "east", "east", None)


def test_the_graph_is_in_order_whatever_the_engine_s_is() -> None:
    last, first, other = node("b"), node("a"), node("a", VPC)
    graph = Graph([last, other, first])
    assert graph.nodes == (first, last, other)
    assert graph.all(VPC, last.type, "none") == [other, first, last]
    assert (graph.find(last.urn), graph.find("urn:gone")) == (last, None)
    child, grandchild = node("c", parent=first.urn), node("d", parent="urn:aws:ec2/subnet:Subnet::c")
    assert list(Graph([first, last, child, grandchild]).under(first.urn)) == [child, grandchild]
    assert list(Graph([first, last, child, grandchild]).under(last.urn)) == []


TABLE, CLUSTER, ENI = "aws:ec2/routeTable:RouteTable", tokens.EKS_CLUSTER, tokens.NETWORK_INTERFACE


def test_a_list_leads_to_each_that_it_names() -> None:
    """Also by what a type is called beside its id, and deep inside; what nobody is called is foreign."""
    a, b = node("a", id="subnet-a", arn="arn:a"), node("b", id="subnet-b")
    holder = node("holder", TABLE, subnets=[{"id": "subnet-a"}, "arn:a", "subnet-b", 7, "subnet-x"])
    found = Graph([a, b, holder]).targets(holder, "subnets", a.type)
    assert (found.nodes, found.foreign, found.undecided, found.only) == ((a, b), ("subnet-x",), False, None)
    assert Graph([a, b, holder]).targets(holder, ("subnets", 2), VPC, a.type).only is b
    assert Graph([a, b, holder]).targets(holder, ("subnets", 4), a.type).only is None
    assert Graph([a, b, holder]).targets(holder, ("subnets", 2), VPC).foreign == ("subnet-b",)


def test_what_is_half_known_leads_to_what_its_edges_add() -> None:
    a, b = node("a", id="subnet-a"), node("b", id=UNKNOWN)
    edges = {"subnets": [a.urn, b.urn]}
    known = node("holder", TABLE, edges=edges, subnets=["subnet-a", "subnet-b"])
    assert Graph([a, b, known]).targets(known, "subnets", a.type) == Targets((a, b))  # b does not tell its id yet
    foreign = node("holder", TABLE, edges=edges, subnets=["subnet-a", "subnet-b", "subnet-c"])
    found = Graph([a, b, foreign]).targets(foreign, "subnets", a.type)
    assert (found.nodes, found.foreign) == ((a, b), ("subnet-b", "subnet-c"))  # one name too many for what is linked
    half = node("holder", TABLE, edges={"subnets": [a.urn]}, subnets=["subnet-x", UNKNOWN])
    found = Graph([a, half]).targets(half, "subnets", a.type)
    assert (found.nodes, found.foreign, found.undecided) == ((a,), ("subnet-x",), False)


def test_of_two_of_one_name_the_one_of_its_region_is_meant() -> None:
    def cluster(region: str) -> Node:
        return Node(urn=f"urn:{region}", type_token=CLUSTER, name=region, raw={"name": "coder"}, region=region)

    def holder(region: str, **edges: list[str]) -> Node:
        return Node(urn="urn:h", type_token=TABLE, name="h", raw={"cluster": "coder"}, region=region, edges=edges)

    east, west = cluster("east"), cluster("west")
    for own in (east, west):
        asks = holder(own.name)
        assert Graph([east, west, asks]).targets(asks, "cluster", CLUSTER).only is own
    abroad = holder("south", cluster=[west.urn])  # in neither region: by what it was made from
    assert Graph([east, west, abroad]).targets(abroad, "cluster", CLUSTER).only is west
    unlinked = holder("south")
    assert Graph([east, west, unlinked]).targets(unlinked, "cluster", CLUSTER).nodes == (east, west)


def test_what_is_of_no_region_is_meant_from_each() -> None:
    """IAM and Route 53: two roles of one name are both meant, but for what the edge says."""
    roles = [Node(urn=f"urn:{name}", type_token=tokens.ROLE, name=name, raw={"name": "coder"}, region=name) for name in ("east", "west")]
    asks = Node(urn="urn:h", type_token=TABLE, name="h", raw={"role": "coder"}, region="east")
    assert Graph([*roles, asks]).targets(asks, "role", tokens.ROLE).nodes == tuple(roles)


def test_who_points_at_a_resource_is_found() -> None:
    card, other = node("card", ENI, id="eni-1"), node("other", ENI, id="eni-2")
    routes = [node("r1", tokens.ROUTE, eni="eni-1"), node("r2", tokens.ROUTE, eni="eni-2"), node("r3", tokens.ROUTE)]
    assert Graph([card, other, *routes]).pointing(card, "eni", tokens.ROUTE) == [routes[0]]
    assert Graph([card, other, *routes]).pointing(card, "eni", VPC) == []


def test_a_resource_is_called_by_what_its_type_is_called() -> None:
    balancer = node("b", tokens.LOAD_BALANCERS[0], dnsName="b.elb.example.org")
    record = node("r", tokens.RECORD, records=["b.elb.example.org"])
    assert Graph([balancer, record]).targets(record, "records", *tokens.LOAD_BALANCERS).only is balancer


def test_what_nobody_says_of_a_resource_is_not_so() -> None:
    found = Node(urn="u", type_token="t", name="n", raw={})
    assert (found.parent, found.protect, found.ignored, found.region) == ("", False, (), None)
