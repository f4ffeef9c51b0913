"""A property as CrossGuard policies, on one made up for it: what the runtime is told, what each policy is handed, and what it answers."""

# The SDK keeps its servicer to itself:
# pyright: reportPrivateUsage=false

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Policy, Severity, StackValidationPolicy
from pulumi_policy import policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy import inputs, not_judged
from policy.crossguard import PAGES, Property
from policy.graph import Node
from policy.one_reading import OneReading
from policy.stack import Reading, Stack, stack_of
from policy.values import Props, Unknown, properties
from policy.verdict import Verdict
from tests.policy.judge import servicer

THING, LONE, BRANCH = "test:index/thing:Thing", "test:index/lone:Lone", "test:branch/"
ROOT = "urn:pulumi:test::p::pulumi:pulumi:Stack::p-test"
seen: list[tuple[Node, Props]] = []


def judge(node: Node, settings: Props, verdict: Verdict) -> None:
    seen.append((node, settings))
    if node.get("broken") is True:
        verdict.wrong(node, f"is broken; {settings.get('hint')}")
    for key in ("first", "second"):
        if isinstance(node.get(key), Unknown):
            verdict.undecided(node, f"{key} is unknown")


def of_branches(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    verdict.wrong(node, "is a branch")


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    for node in stack.graph.all(THING):
        if node.get("settled") is True:
            verdict.settle(node)
        if node.get("alone") is True:
            verdict.wrong(node, f"is alone; {settings.get('hint')}")
    for node in stack.graph.all(LONE):  # of which nothing shows by itself
        if node.get("alone") is True:
            verdict.wrong(node, "is alone")
        else:
            verdict.saw(node)
    if stack.graph.all("test:index/first:First"):
        verdict.postponed = "first visit"
    if stack.graph.all("test:index/none:None"):
        verdict.not_applicable = "no things"


PROPERTY = Property(
    number=7,
    slug="things",
    title="Things",
    description="Things are whole.",
    severity=Severity.HIGH,
    tags=("whole", "things"),
    remediation="Mend it.",
    url="https://example.org",
    relations=relations,
    resources={THING: judge, f"{BRANCH}leaf:": of_branches},
    settings={"hint": {"type": "string"}},
)
CONFIG = {name: {"hint": "mend it"} for name in ("property-07-things", "property-07-things-inputs")}


def resource(token: str, name: str, **props: Any) -> proto.AnalyzerResource:
    made = proto.AnalyzerResource(urn=f"urn:pulumi:test::p::{token}::{name}", type=token, name=name)
    made.properties.update(props)
    return made


def stack_says(
    *resources: proto.AnalyzerResource, policies: list[Policy] | None = None, kind: type[Any] = OneReading
) -> proto.AnalyzeResponse:
    """The answer of the stack policies about those resources and a root."""
    root = resource("pulumi:pulumi:Stack", "p-test")
    asked = policies or [*PROPERTY.policies(), not_judged.POLICY]
    return servicer(kind, CONFIG, asked).AnalyzeStack(proto.AnalyzeStackRequest(resources=[*resources, root]), None)


def alone(token: str, **props: Any) -> proto.AnalyzeResponse:
    """The answer of the resource policy about one resource."""
    request = proto.AnalyzeRequest(urn="urn:alone", type=token, name="alone")
    request.properties.update(props)
    request.options.ignoreChanges.extend(["first"])
    request.options.protect = True
    return servicer(config=CONFIG, policies=PROPERTY.policies()).Analyze(request, None)


def lines(response: proto.AnalyzeResponse) -> list[tuple[str, str, str]]:
    return [(each.policyName, each.urn, each.message.partition("\n")[2]) for each in response.diagnostics]


def waived(response: proto.AnalyzeResponse) -> list[tuple[str, str]]:
    return [(each.policy_name, each.reason) for each in response.not_applicable]


def test_the_runtime_is_told_all_of_a_property() -> None:
    info = servicer(policies=PROPERTY.policies()).GetAnalyzerInfo(None, None)
    both = {
        "description": "Things are whole.",
        "enforcementLevel": "MANDATORY",
        "configSchema": {"properties": {"hint": {"type": "string"}}},
        "severity": "POLICY_SEVERITY_HIGH",
        "framework": {
            "name": "coder-deployment-guide",
            "version": "1",
            "reference": "Correctness properties",
            "specification": "docs/requirements.md",
        },
        "tags": ["whole", "things"],
        "remediationSteps": "Mend it.",
        "url": f"{PAGES}#property-7",
    }
    assert [json_format.MessageToDict(each) for each in info.policies] == [
        {
            **both,
            "name": "property-07-things-inputs",
            "displayName": "Property 7: Things (single resources)",
            "policyType": "POLICY_TYPE_RESOURCE",
        },
        {**both, "name": "property-07-things", "displayName": "Property 7: Things", "policyType": "POLICY_TYPE_STACK"},
    ]
    assert [policy.enforcement_level for policy in PROPERTY.policies()] == [EnforcementLevel.MANDATORY] * 2  # whatever the pack's is


def test_a_property_of_relations_alone_is_one_policy_without_settings() -> None:
    bare = Property(
        number=8,
        slug="bare",
        title="Bare",
        description="Bare.",
        severity=Severity.LOW,
        tags=(),
        remediation="None.",
        url="",
        relations=relations,
    )
    (policy,) = bare.policies()
    assert isinstance(policy, StackValidationPolicy)
    assert policy.config_schema is None


@pytest.mark.parametrize(
    ("token", "found"),
    [
        (THING, judge),
        (f"{THING}s", None),  # only what ends in a colon is a beginning
        (f"{BRANCH}leaf:Leaf", of_branches),
        (f"{BRANCH}other:Leaf", None),
        ("test:index/other:Other", None),
    ],
)
def test_a_type_is_judged_by_its_name_or_its_beginning(token: str, found: object) -> None:
    assert PROPERTY.judge_of(token) is found


def test_a_resource_is_stopped_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    seen.clear()
    monkeypatch.setattr(inputs, "_inputs", {})
    response = alone(THING, broken=True, first=UNKNOWN_STRING_VALUE)
    assert lines(response) == [("property-07-things-inputs", "", "property-07: alone: is broken; mend it")]
    assert waived(response) == []
    ((node, settings),) = seen
    assert (node.urn, node.type, node.name, node.ignored, node.protect) == ("urn:alone", THING, "alone", ("first",), True)
    assert settings == {"hint": "mend it"}
    assert properties(inputs.declared_with("urn:alone") or {}) == {"broken": True, "first": Unknown.UNKNOWN}


def test_what_a_resource_leaves_open_is_not_green() -> None:
    response = alone(THING, first=UNKNOWN_STRING_VALUE)
    assert lines(response) == []
    assert waived(response) == [("property-07-things-inputs", "property-07 not yet judged: first is unknown")]
    assert (lines(alone(THING)), waived(alone(THING))) == ([], [])


def test_a_resource_that_a_property_does_not_speak_of_is_waived() -> None:
    assert waived(alone("test:index/other:Other")) == [
        ("property-07-things-inputs", "property-07 does not speak of test:index/other:Other")
    ]


def test_a_stack_is_judged_by_relations_and_pinned_to_the_resource() -> None:
    """What a resource shows by itself was told before; the stack policy says the rest."""
    response = stack_says(resource(THING, "a", alone=True, broken=True, first=UNKNOWN_STRING_VALUE))
    urn = f"urn:pulumi:test::p::{THING}::a"
    assert lines(response) == [
        ("property-07-things", urn, "property-07: a: is alone; mend it"),
        ("not-yet-judged", urn, f"property-07 not yet judged: {urn}: first is unknown"),
    ]
    assert waived(response) == []


def test_a_violation_says_enough() -> None:
    """No second one about a stack in which nothing else was judged."""
    response = stack_says(resource(LONE, "a", alone=True))
    assert lines(response) == [("property-07-things", f"urn:pulumi:test::p::{LONE}::a", "property-07: a: is alone")]


def test_the_sdk_s_own_list_of_resources_is_read_as_well() -> None:
    parts = [resource(THING, "a", alone=True, first=UNKNOWN_STRING_VALUE), resource(LONE, "b", alone=True)]
    assert stack_says(*parts, kind=sdk._PolicyAnalyzerServicer) == stack_says(*parts)


def test_what_is_open_is_counted_once_and_told_by_name() -> None:
    """As often as a policy asks for it, and unless the rest of the stack settles it."""
    open_twice = resource(THING, "a", first=UNKNOWN_STRING_VALUE, second=UNKNOWN_STRING_VALUE)
    settled = resource(THING, "b", first=UNKNOWN_STRING_VALUE, settled=True)
    response = stack_says(open_twice, settled)
    told = f"property-07 not yet judged: {open_twice.urn}: "
    assert lines(response) == [("not-yet-judged", open_twice.urn, f"{told}{key} is unknown") for key in ("first", "second")]
    assert waived(response) == [("property-07-things", "property-07 not yet judged: 2 things are unknown before the update")]


def test_the_first_visit_is_told_of_the_stack() -> None:
    response = stack_says(resource("test:index/first:First", "x"))
    assert lines(response) == [("not-yet-judged", ROOT, "property-07 not judged: first visit")]
    assert waived(response) == [("property-07-things", "property-07 not judged: first visit")]


def test_what_was_judged_is_handed_to_the_report_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str | None, dict[str, int]]] = []

    def after(stack: Stack, verdicts: dict[str, Verdict]) -> None:
        told.append((stack.urn, {name: len(each.judged) for name, each in verdicts.items()}))

    monkeypatch.setattr(not_judged, "after", after)
    stack_says(resource(THING, "a"), resource(THING, "b"), resource(LONE, "c"))
    stack_says(policies=[not_judged.POLICY])
    assert told == [(ROOT, {"property-07": 3}), (ROOT, {})]


@pytest.mark.parametrize(
    ("token", "said", "reasons"),
    [
        (THING, [], []),  # green: something was judged
        ("test:index/none:None", [], [("property-07-things", "no things")]),
        (
            "test:index/other:Other",
            [("property-07-things", ROOT, "property-07: nothing of what this property speaks of is in the stack")],
            [],
        ),
        ("pulumi:providers:aws", [], [("property-07-things", "the stack is empty")]),
    ],
)
def test_green_means_judged(token: str, said: list[tuple[str, str, str]], reasons: list[tuple[str, str]]) -> None:
    response = stack_says(resource(token, "x"))
    assert (lines(response), waived(response)) == (said, reasons)


def test_a_reading_is_worked_out_once_for_all_policies() -> None:
    reading = Reading()
    assert stack_of(reading) is stack_of(reading)


def test_a_resource_of_the_stack_is_read_with_all_that_the_engine_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it hangs, what it was made from, what it was declared with, and its provider's region."""
    parent, child = resource(THING, "parent"), resource(THING, "child", a="made", b=UNKNOWN_STRING_VALUE)
    child.parent = parent.urn
    child.provider.name = "west"
    child.provider.properties.update({"region": "us-west-2"})
    child.propertyDependencies["a"].urns.append(parent.urn)
    child.options.ignoreChanges.append("b")
    child.options.protect = True
    monkeypatch.setattr(inputs, "_inputs", {child.urn: {"a": "asked", "b": "asked"}})
    graph = servicer(policies=PROPERTY.policies())._resources([child, parent]).stack.graph
    found, above = graph.find(child.urn), graph.find(parent.urn)
    assert found is not None
    assert above is not None
    assert (found.parent, found.edges, found.region) == (parent.urn, {"a": [parent.urn]}, "us-west-2")
    assert (found.props, found.ignored, found.protect) == ({"a": "made", "b": "asked"}, ("b",), True)
    assert (above.parent, above.edges, above.region, above.ignored, above.protect) == ("", {}, None, (), False)
