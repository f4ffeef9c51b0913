"""One reading of every resource for all policies.

The SDK's servicer turns a resource's message into values anew for each policy that looks at it: with 400 resources about 40 ms for each
resource policy and 60 ms for each stack policy, and again in Remediate although nothing here remediates (measured with SDK 1.21.0 on two
cores). Seventeen properties would cost two seconds of every preview. A single policy for all of them would be as quick, but CrossGuard
gives a policy one name, one level and one configuration, and an operator would see one line for seventeen properties.

So the policies stay the SDK's, one pair for each property, and only the loop around them is ours: read once, then ask each. The tests run
both loops over the same stacks and compare every answer; with the SDK's own the pack judges the same, only slower. The SDK keeps its
servicer to itself, so this leans on names of the pinned version 1.21.0, which the tests would miss at once.
"""

# The servicer is the SDK's own, and partly without types:
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# ruff: noqa: N802 - the methods' names are the protocol's

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import proto
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import policy as sdk
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policy.stack import Reading

if TYPE_CHECKING:
    import grpc


class OneReading(sdk._PolicyAnalyzerServicer):
    """The SDK's servicer, but that it reads each resource once."""

    def Remediate(self, request: proto.AnalyzeRequest, _context: grpc.ServicerContext | None) -> proto.RemediateResponse:
        """Nothing: no policy of this pack changes a resource."""
        del request
        return proto.RemediateResponse()

    def Analyze(self, request: proto.AnalyzeRequest, _context: grpc.ServicerContext | None) -> proto.AnalyzeResponse:
        """Ask every resource policy about one resource."""
        response = proto.AnalyzeResponse()
        props, opts, provider = _read(request.properties), self._get_resource_options(request), self._get_provider_resource(request)
        for policy, level in self._active():
            if isinstance(policy, ResourceValidationPolicy):
                config, tags = self._get_policy_config(policy.name), self._stack_tags()
                args = ResourceValidationArgs(request.type, props, request.urn, request.name, opts, provider, config, tags)
                with self._asking(response, policy, level) as report:
                    policy.validate(args, report)
        return response

    def AnalyzeStack(self, request: proto.AnalyzeStackRequest, _context: grpc.ServicerContext | None) -> proto.AnalyzeResponse:
        """Ask every stack policy about the same resources."""
        response = proto.AnalyzeResponse()
        resources = self._resources(request.resources)
        for policy, level in self._active():
            if isinstance(policy, StackValidationPolicy):
                args = StackValidationArgs(resources, self._get_policy_config(policy.name), self._stack_tags())
                with self._asking(response, policy, level) as report:
                    policy.validate(args, report)
        return response

    def _active(self) -> Iterator[tuple[Policy, EnforcementLevel]]:
        for policy in cast("list[Policy]", vars(self)["_PolicyAnalyzerServicer__policies"]):
            level = self._get_enforcement_level(policy)
            if level != EnforcementLevel.DISABLED:
                # nothing here remediates: what would be remediated stays a violation, as in the SDK
                yield policy, EnforcementLevel.MANDATORY if level == EnforcementLevel.REMEDIATE else level

    def _stack_tags(self) -> Mapping[str, str]:
        return cast("Mapping[str, str]", vars(self)["_PolicyAnalyzerServicer__stack_tags"])

    @contextmanager
    def _asking(self, response: proto.AnalyzeResponse, policy: Policy, level: EnforcementLevel) -> Generator[ReportViolation]:
        """What a policy reports to, and where it goes when it says that it does not apply."""
        try:
            yield self._create_report_violation(response, policy.name, policy.description, level, policy.severity)
        except sdk._NotApplicableError as reason:
            response.not_applicable.append(proto.PolicyNotApplicable(policy_name=policy.name, reason=reason.reason or ""))

    def _resources(self, messages: Sequence[proto.AnalyzerResource]) -> Reading:
        """The resources of a stack, joined with each other as the SDK joins them."""
        found = {
            message.urn: PolicyResource(
                message.type,
                _read(message.properties),
                message.urn,
                message.name,
                self._get_resource_options(message),
                self._get_provider_resource(message),
                None,
                [],
                {},
            )
            for message in messages
        }
        for message in messages:
            resource = found[message.urn]
            resource.parent = found.get(message.parent)
            resource.dependencies = [found[urn] for urn in message.dependencies if urn in found]
            resource.property_dependencies = {
                key: [found[urn] for urn in linked.urns if urn in found] for key, linked in message.propertyDependencies.items()
            }
        return Reading(found.values())


def _read(message: struct_pb2.Struct) -> Mapping[str, Any]:
    return unknown_checking_proxy(deserialize_properties(json_format.MessageToDict(message)))


def install() -> None:
    """Let the SDK's PolicyPack use this servicer."""
    sdk._PolicyAnalyzerServicer = OneReading
