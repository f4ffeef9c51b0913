"""The loop of our own: one reading answers as the SDK's own loop does; and the pack around it."""

# The SDK keeps its servicer to itself:
# pyright: reportPrivateUsage=false

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy import policy as sdk
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.one_reading import OneReading, install
from policy.pack import NAME, POLICIES, PROPERTIES
from policy.values import properties
from tests.policy import (
    test_property_01_infrastructure,
    test_property_04_static_control_plane,
    test_property_06_external_provisioners,
    test_property_08_https,
    test_property_12_dns,
)
from tests.policy.graphs import Shape, prod_like
from tests.policy.judge import Outcome, run, servicer
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

    reads: list[Struct] = []
    original = one_reading._read

    def read(message: Struct) -> Mapping[str, Any]:
        reads.append(message)
        return original(message)

    monkeypatch.setattr(one_reading, "_read", read)
    world = prod_like().world
    run(world, DEPLOYED)
    assert len(reads) == 2 * len(world.resources)  # its inputs for the resource policies, its outputs for the stack policies


def test_every_policy_says_what_it_is() -> None:
    """Names noun first, and everything that a reader of the pack may ask."""
    names = [policy.name for policy in POLICIES]
    assert len(names) == len(set(names))
    for policy in POLICIES:
        for words in (policy.display_name, policy.description, policy.remediation_steps):
            assert words
            assert words[-1] in ".)e" or words[-1].isalnum()
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


THING = "test:index/thing:Thing"


def resource(name: str, **props: Any) -> proto.AnalyzerResource:
    made = proto.AnalyzerResource(urn=f"urn:{name}", type=THING, name=name)
    made.properties.update(props)
    return made


def told_of(args: Any) -> list[object]:
    """All that a policy is handed."""
    if isinstance(args, sdk.ResourceValidationArgs):
        own = [
            args.resource_type,
            args.urn,
            args.name,
            properties(args.props),
            args.opts.ignore_changes,
            args.provider and args.provider.name,
        ]
        return [*own, args.get_config(), dict(args.stack_tags)]
    resources: list[object] = [
        (
            each.resource_type,
            each.urn,
            each.name,
            properties(each.props),
            each.opts.ignore_changes,
            each.provider and each.provider.name,
            each.parent and each.parent.urn,
            [other.urn for other in each.dependencies],
            {key: [other.urn for other in others] for key, others in each.property_dependencies.items()},
        )
        for each in args.resources
    ]
    return [*resources, args.get_config(), dict(args.stack_tags)]


@pytest.mark.parametrize("level", ["disabled", "advisory", "mandatory", "remediate"])
def test_the_loop_hands_over_what_the_sdk_s_does(level: str) -> None:
    """Whatever a policy may ask of a resource, at every level of enforcement."""
    handed: list[list[object]] = []

    def validate(args: Any, report: Any) -> None:
        handed.append(told_of(args))
        report("said", "urn:said")
        args.not_applicable()

    policies: list[Policy] = [
        ResourceValidationPolicy("of-resources", "Of resources.", validate),
        StackValidationPolicy("of-stacks", "Of stacks.", validate),
        ResourceValidationPolicy("off", "Off.", validate, enforcement_level=EnforcementLevel.DISABLED),
    ]
    parent, child = resource("parent", a=1), resource("child", b=["c", UNKNOWN_STRING_VALUE])
    child.parent, child.provider.name = parent.urn, "east"
    child.options.ignoreChanges.extend(["b"])
    child.dependencies.extend([parent.urn, "urn:gone"])
    child.propertyDependencies["b"].urns.extend(["urn:gone", parent.urn])
    parent.parent = "urn:gone"
    request = proto.AnalyzeRequest(urn="urn:x", type=THING, name="x")
    request.properties.update({"a": 1})
    request.provider.name = "west"
    answers: list[object] = []
    for kind in (OneReading, sdk._PolicyAnalyzerServicer):
        asked = servicer(kind, {name: {"enforcementLevel": level, "key": "value"} for name in ("of-resources", "of-stacks")}, policies)
        asked.ConfigureStack(proto.AnalyzerStackConfigureRequest(tags={"owner": "platform"}), None)
        answers.append((asked.Analyze(request, None), asked.AnalyzeStack(proto.AnalyzeStackRequest(resources=[child, parent]), None)))
    assert answers[0] == answers[1]
    half = len(handed) // 2
    assert handed[:half] == handed[half:]
    assert half == (0 if level == "disabled" else 2)


def test_nothing_is_remediated() -> None:
    made = servicer().Remediate(proto.AnalyzeRequest(), None)
    assert (list(made.remediations), list(made.not_applicable)) == ([], [])


def test_the_loop_takes_the_place_of_the_sdk_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the name by which the SDK's PolicyPack starts it."""
    monkeypatch.setattr(sdk, "_PolicyAnalyzerServicer", None)
    install()
    assert sdk._PolicyAnalyzerServicer is OneReading
