"""A property as CrossGuard policies.

Each property is two policies with one description: `<id>-inputs` judges a resource before it is made, `<id>` judges relations over the
whole stack, at the end of a preview (decision 10). Both are mandatory; pack config sets each one's level and settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.graph import Node
from policy.inputs import remember
from policy.stack import Stack, stack_of
from policy.values import Props, properties
from policy.verdict import Verdict

FRAMEWORK = PolicyComplianceFramework(
    name="coder-deployment-guide",
    version="1",
    reference="Correctness properties",
    specification="documents/prod-design.md",
)
DOCUMENTATION = "https://github.com/coder/coder/tree/main/docs/admin"

ResourceJudge = Callable[[Node, Props, Verdict], None]
StackJudge = Callable[[Stack, Props, Verdict], None]

# The last verdict of every property that ran, for the advisory lines of policy/not_judged.py, which ends each reading.
latest: dict[str, Verdict] = {}


@dataclass(frozen=True, kw_only=True)
class Property:
    """One of the correctness properties.

    number: as the design counts them. slug: completes the policy's name. remediation: what an operator does about a violation.
    resources: type token, or its prefix where it ends in `:`, to what judges one resource by its own properties.
    relations: judges the whole stack. settings: JSON schema of the pack config, by key.
    """

    number: int
    slug: str
    title: str
    description: str
    severity: Severity
    tags: tuple[str, ...]
    remediation: str
    url: str
    relations: StackJudge
    resources: Mapping[str, ResourceJudge] = field(default_factory=dict[str, ResourceJudge])
    settings: Mapping[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])

    @property
    def id(self) -> str:
        """`property-05`: how every message begins."""
        return f"property-{self.number:02}"

    @property
    def name(self) -> str:
        """The name of the stack policy."""
        return f"{self.id}-{self.slug}"

    def judge_of(self, type_token: str) -> ResourceJudge | None:
        """What judges a resource of that type by itself; none where the property does not speak of it."""
        found = self.resources.get(type_token)
        if found is not None:
            return found
        return next((judge for token, judge in self.resources.items() if token.endswith(":") and type_token.startswith(token)), None)

    def judge(self, stack: Stack, settings: Props) -> Verdict:
        """Judge the whole stack: relations, and what is still open in single resources."""
        verdict = Verdict()
        if stack.empty:
            verdict.not_applicable = "the stack is empty"
            return verdict
        alone = Verdict()
        for node in stack.graph.nodes:
            judge = self.judge_of(node.type)
            if judge is not None:
                judge(node, settings, alone)
                alone.saw(node)
        self.relations(stack, settings, verdict)
        verdict.open.extend(finding for finding in alone.open if finding.urn not in verdict.settled)
        verdict.judged |= alone.judged
        if not (verdict.judged or verdict.violations or verdict.open or verdict.postponed or verdict.not_applicable):
            verdict.wrong(None, "nothing of what this property speaks of is in the stack")
        return verdict

    def policies(self) -> list[Policy]:
        """The policies that make the property, each with all that a reader of the pack may ask."""
        schema = PolicyConfigSchema(properties=dict(self.settings)) if self.settings else None
        level = EnforcementLevel.MANDATORY
        framework = FRAMEWORK
        tags = list(self.tags)
        found: list[Policy] = []
        if self.resources:
            found.append(
                ResourceValidationPolicy(
                    name=f"{self.name}-inputs",
                    display_name=f"Property {self.number}: {self.title} (single resources)",
                    description=self.description,
                    validate=self._validate_resource,
                    enforcement_level=level,
                    config_schema=schema,
                    severity=self.severity,
                    framework=framework,
                    tags=tags,
                    remediation_steps=self.remediation,
                    url=self.url,
                )
            )
        found.append(
            StackValidationPolicy(
                name=self.name,
                display_name=f"Property {self.number}: {self.title}",
                description=self.description,
                validate=self._validate_stack,
                enforcement_level=level,
                config_schema=schema,
                severity=self.severity,
                framework=framework,
                tags=tags,
                remediation_steps=self.remediation,
                url=self.url,
            )
        )
        return found

    def _validate_resource(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        remember(args.urn, args.props)
        judge = self.judge_of(args.resource_type)
        if judge is None:
            args.not_applicable(f"{self.id} does not speak of {args.resource_type}")
            return
        verdict = Verdict()
        node = Node(urn=args.urn, type_token=args.resource_type, name=args.name, raw=args.props)
        judge(node, properties(args.get_config()), verdict)
        for finding in verdict.sorted_violations():
            report(f"{self.id}: {finding.message}", None)
        if verdict.open and not verdict.violations:
            args.not_applicable(f"{self.id} not yet judged: {verdict.open[0].message}")

    def _validate_stack(self, args: StackValidationArgs, report: ReportViolation) -> None:
        stack = stack_of(args.resources)
        verdict = latest[self.id] = self.judge(stack, properties(args.get_config()))
        for finding in verdict.sorted_violations():
            report(f"{self.id}: {finding.message}", finding.urn or stack.urn)
        # never green for what was not judged: a policy that is not applicable counts neither as passed nor as failed
        if verdict.violations:
            return
        if verdict.not_applicable:
            args.not_applicable(verdict.not_applicable)
        if verdict.postponed:
            args.not_applicable(f"{self.id} not judged: {verdict.postponed}")
        if verdict.open:
            args.not_applicable(f"{self.id} not yet judged: {len(set(verdict.open))} things are unknown before the update")
