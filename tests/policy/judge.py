"""Runs the pack over a world: the SDK's own policy runtime, without the process around it."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf import struct_pb2
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Policy

from policy.baseline import RULES
from policy.graph import Graph, Node
from policy.inputs import remember
from policy.one_reading import OneReading
from policy.pack import NAME, POLICIES, PROPERTIES
from tests.policy.world import Rendered, World

if TYPE_CHECKING:
    from tests.policy.recorded import Recording

BASELINE = 0  # the number by which a run asks the baseline only
Config = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Line:
    """One diagnostic of a policy."""

    policy: str
    urn: str
    message: str
    mandatory: bool

    @property
    def property(self) -> int:
        return int(self.policy.removeprefix("property-")[:2]) if self.policy.startswith("property-") else 0


@dataclass(frozen=True)
class Outcome:
    """What a run of the pack reported. passed: stack policies that are green."""

    lines: tuple[Line, ...]
    not_applicable: dict[str, str] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()

    def violations(self, number: int | None = None) -> list[Line]:
        return [line for line in self.lines if line.mandatory and (number is None or line.property == number)]

    def advisories(self) -> list[str]:
        return [line.message for line in self.lines if not line.mandatory]


def _struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return _same(pickle.dumps(dict(values)))


@functools.lru_cache(maxsize=8192)
def _same(pickled: bytes) -> struct_pb2.Struct:
    """Made once: most resources of a broken stack are as they were, and a message copies what it is given."""
    struct = struct_pb2.Struct()
    struct.update(pickle.loads(pickled))
    return struct


def message(resource: Rendered) -> proto.AnalyzerResource:
    made = proto.AnalyzerResource(
        urn=resource.urn, type=resource.type, name=resource.name, properties=_struct(resource.outputs), parent=resource.parent
    )
    if resource.region is not None:
        made.provider.type = "pulumi:providers:aws"
        made.provider.properties.update({"region": resource.region})
    made.options.ignoreChanges.extend(resource.ignored)
    for key, urns in resource.edges.items():
        made.propertyDependencies[key].urns.extend(urns)
        made.dependencies.extend(urns)
    return made


def _asked(item: Rendered) -> proto.AnalyzeRequest:
    request = proto.AnalyzeRequest(urn=item.urn, type=item.type, name=item.name, properties=_struct(item.inputs))
    request.options.ignoreChanges.extend(item.ignored)
    return request


def servicer(kind: type[Any] = OneReading, config: Config | None = None, policies: Sequence[Policy] = POLICIES) -> Any:
    made = kind(NAME, "0.0.0", list(policies), EnforcementLevel.MANDATORY)
    request = proto.ConfigureAnalyzerRequest()
    for name, values in (config or {}).items():
        level = str(values.get("enforcementLevel", "mandatory")).upper()
        request.policyConfig[name].enforcementLevel = proto.EnforcementLevel.Value(level)
        request.policyConfig[name].properties.update({key: value for key, value in values.items() if key != "enforcementLevel"})
    made.Configure(request, None)
    return made


def run(
    world: World | Recording, mode: str, config: Config | None = None, kind: type[Any] = OneReading, *, number: int | None = None
) -> Outcome:
    """Ask the resource policies about every resource, then the stack policies about all; number: of one property only.

    One property alone is asked about the types that it speaks of; what the others would remember of the rest is remembered for it.
    """
    group = "" if number is None else "baseline" if number == BASELINE else f"property-{number:02}-"
    asked = [policy for policy in POLICIES if policy.name.startswith((group, "not-yet"))]
    judge, rendered = servicer(kind, config, asked), world.render(mode)
    spoken_of = [item for item in rendered if number is None or _speaks_of(number, item.type)]
    for item in rendered:
        remember(item.urn, item.inputs)
    responses = [judge.Analyze(_asked(item), None) for item in spoken_of]
    whole = judge.AnalyzeStack(proto.AnalyzeStackRequest(resources=[message(item) for item in rendered]), None)
    lines = [
        Line(found.policyName, found.urn or item.urn, found.message, found.enforcementLevel == proto.MANDATORY)
        for response, item in zip(responses, spoken_of, strict=True)
        for found in response.diagnostics
    ]
    lines += [Line(found.policyName, found.urn, found.message, found.enforcementLevel == proto.MANDATORY) for found in whole.diagnostics]
    assert not [line for line in lines if line.message.endswith(": None")]
    waived = {entry.policy_name: entry.reason for entry in whole.not_applicable}
    reported = {line.policy for line in lines}
    stack_policies = {policy.name for policy in asked if not policy.name.endswith("-inputs")}
    return Outcome(tuple(lines), waived, frozenset(stack_policies - waived.keys() - reported))


def _speaks_of(number: int, token: str) -> bool:
    if number == BASELINE:
        return any(token in rule.types for rule in RULES)
    return any(found.number == number and found.judge_of(token) is not None for found in PROPERTIES)


def assert_named(outcome: Outcome, number: int, reason: str, *, whole: bool = False) -> None:
    """The property's own policy says so, and of which resource. whole: of the stack, where there is no resource to name."""
    found = outcome.violations(number)
    said = [line for line in found if reason in line.message.partition("\n")[2]]  # without the description above it
    assert said, [line.message for line in found] or outcome.lines
    assert all(f"\nproperty-{number:02}: " in line.message for line in found), found
    pinned = [f"\nproperty-{number:02}: {line.urn.rpartition('::')[2]}: " in line.message for line in said]
    assert pinned == [not whole] * len(said), said


def assert_open(outcome: Outcome, number: int, urn: str, what: str) -> None:
    """Neither green nor a violation, and told of which resource and what is not known."""
    assert outcome.violations(number) == []
    assert not any(name.startswith(f"property-{number:02}-") for name in outcome.passed)
    told = f"property-{number:02} not yet judged: {urn}: "
    found = [line.partition(told)[2] for line in outcome.advisories() if told in line]
    assert any(what in line for line in found), outcome.advisories()


def graph_of(found: Recording) -> Graph:
    """A deployed recording as policies read it."""
    return Graph(
        Node(urn=each.urn, type_token=each.type, name=each.name, raw={**each.outputs, **each.inputs}, edges=each.edges, region=each.region)
        for each in found.entries
    )


def lawful(need: Mapping[str, Any]) -> Config:
    """Pack config that gives every property that table row."""
    return {f"property-{name}": dict(need) for name in ("01-infrastructure", "05-backup-rpo")}
