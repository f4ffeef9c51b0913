"""The advisory lines for what no property could judge, so that a preview never looks greener than it is.

Two forms, stable for whoever reads the event log, each a line of its own below the policy's description:
`property-06 not judged: first visit: ...` and `property-12 not yet judged: <urn>: ...`.
"""

from __future__ import annotations

from collections.abc import Callable

from pulumi_policy import EnforcementLevel, ReportViolation, Severity, StackValidationArgs, StackValidationPolicy

from policy.crossguard import FRAMEWORK, latest
from policy.stack import Stack, stack_of
from policy.verdict import Verdict

after: Callable[[Stack, dict[str, Verdict]], None] = lambda _stack, _verdicts: None  # noqa: E731 - the pack puts its report here


def _validate(args: StackValidationArgs, report: ReportViolation) -> None:
    stack = stack_of(args.resources)
    for identity, verdict in sorted(latest.items()):
        if verdict.postponed:
            report(f"{identity} not judged: {verdict.postponed}", stack.urn)
        for finding in verdict.sorted_open():
            report(f"{identity} not yet judged: {finding.urn}: {finding.message}", finding.urn)
    after(stack, dict(latest))
    latest.clear()


POLICY = StackValidationPolicy(
    name="not-yet-judged",
    display_name="What is not judged yet",
    description="What a property could not judge yet; the next preview, or the update, can.",
    validate=_validate,
    enforcement_level=EnforcementLevel.ADVISORY,
    severity=Severity.LOW,
    framework=FRAMEWORK,
    tags=["advisory"],
    remediation_steps="Nothing now. Run the preview again once the resources exist, or `coder-eks bootstrap` after the first visit.",
)
