"""How the pack reads: unknowns, edges, Helm values; and that one reading answers as the SDK's own loop does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy import policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy import helm
from policy.graph import Graph, Node
from policy.pack import NAME, POLICIES, PROPERTIES
from policy.values import UNKNOWN, at, has_unknown, integer, plain
from tests.policy import (
    test_property_01_infrastructure,
    test_property_04_static_control_plane,
    test_property_06_external_provisioners,
    test_property_08_https,
    test_property_12_dns,
)
from tests.policy.graphs import Shape, prod_like
from tests.policy.judge import Outcome, run
from tests.policy.shapes import law, shapes
from tests.policy.world import DEPLOYED, PREVIEW

SDK_SERVICER = sdk._PolicyAnalyzerServicer
MUTANTS = [
    *test_property_01_infrastructure.MUTANTS,
    *test_property_04_static_control_plane.MUTANTS,
    *test_property_06_external_provisioners.MUTANTS,
    *test_property_08_https.MUTANTS,
    *test_property_12_dns.MUTANTS,
]


def comparable(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.lines, sorted(outcome.not_applicable.items()), sorted(outcome.passed)


@settings(max_examples=30, deadline=None)  # the SDK's own loop is what costs
@given(shape=shapes(), mode=st.sampled_from([PREVIEW, DEPLOYED]), mutant=st.sampled_from([None, *MUTANTS]))
def test_one_reading_answers_as_the_sdk_does(shape: Shape, mode: str, mutant: Any) -> None:
    """The loop of our own is quicker and nothing else; a new SDK whose loop differs is caught here."""
    built = prod_like(shape if mutant is None else mutant.shape)
    if mutant is not None:
        mutant.apply(built)
    config = law(shape)
    assert comparable(run(built.world, mode, config)) == comparable(run(built.world, mode, config, SDK_SERVICER))


def test_each_resource_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from policy import one_reading

    reads: list[object] = []
    original = one_reading._read
    monkeypatch.setattr(one_reading, "_read", lambda message: reads.append(message) or original(message))
    world = prod_like().world
    run(world, DEPLOYED)
    assert len(reads) == 2 * len(world.resources)  # its inputs for the resource policies, its outputs for the stack policies


def test_every_policy_says_what_it_is() -> None:
    """Names noun first, and everything that a reader of the pack may ask."""
    names = [policy.name for policy in POLICIES]
    assert len(names) == len(set(names))
    for policy in POLICIES:
        for text in (policy.display_name, policy.description, policy.remediation_steps):
            assert text
            assert text[-1] in ".)e" or text[-1].isalnum()
        assert policy.severity is not None
        assert policy.framework is not None
        assert policy.tags
    for item in PROPERTIES:
        own = [policy for policy in POLICIES if policy.name in (item.name, f"{item.name}-inputs")]
        both = {ResourceValidationPolicy, StackValidationPolicy}
        assert {type(policy) for policy in own} == (both if item.resources else {StackValidationPolicy})
        assert all(policy.enforcement_level is EnforcementLevel.MANDATORY and policy.url for policy in own)
        assert own[0].name.startswith(f"property-{item.number:02}-")


def test_the_pack_starts_from_disk_in_any_folder(tmp_path: Path) -> None:
    """POL-18: as the language host starts it, `python -u -m pulumi.policy <engine> <pack>`; it prints its port and serves."""
    pack = Path(__file__).resolve().parent.parent.parent / "policy"
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(pack)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline()
        process.terminate()
        process.communicate()
    assert port.strip().isdigit()
    assert NAME == "coder-eks-properties"


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
