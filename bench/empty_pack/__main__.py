"""A pack that judges nothing: what CrossGuard itself costs. The SDK refuses a pack without policies, so it has one that is disabled."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack, ReportViolation, StackValidationArgs, StackValidationPolicy


def _nothing(args: StackValidationArgs, report: ReportViolation) -> None:
    del args, report


PolicyPack(
    name="empty",
    policies=[
        StackValidationPolicy(name="nothing", description="Judges nothing.", validate=_nothing, enforcement_level=EnforcementLevel.DISABLED)
    ],
)
