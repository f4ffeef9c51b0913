"""The baseline: what the public guidance asks of any cluster, as one group of the pack (anchors: CIS EKS Benchmark, AWS, Coder).

A finding carries its rule's id. One policy judges resources before they are made; a second one counts what each rule judged, and speaks
for what only the whole stack shows. An exception is an entry of the config with reason, owner and the last day (POL-20).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy import baseline_aws, baseline_kubernetes, tokens
from policy.baseline_rules import Rule
from policy.crossguard import FRAMEWORK, PAGES, latest
from policy.facts import PRIMARY
from policy.graph import Graph, Node
from policy.inputs import remember
from policy.stack import Stack, stack_of
from policy.values import Props, mapping, properties, sequence, text
from policy.verdict import Finding, Verdict

NAME = "baseline"
RULES: tuple[Rule, ...] = (*baseline_aws.RULES, *baseline_kubernetes.RULES)


@functools.cache
def _of_type(token: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if token in rule.types)


def rules_of(node: Node) -> Iterator[Rule]:
    """The rules that speak of a resource."""
    return (rule for rule in _of_type(node.type) if rule.applies(node))


def findings(node: Node, settings: Props, day: date) -> Iterator[str]:
    """What is wrong with a resource, each sentence with its rule's id."""
    for rule in rules_of(node):
        fault = rule.check(node)
        if fault is not None and not _excepted(rule.id, node, settings, day):
            yield f"{rule.id}: {node.name}: {fault} ({rule.source})"


def _excepted(rule: str, node: Node, settings: Props, day: date) -> bool:
    entries = [mapping(item) for item in sequence(settings.get("exceptions"))]
    own = [entry for entry in entries if entry.get("rule") == rule and text(entry.get("resource")) in (None, node.name, node.urn)]
    return any(str(entry.get("expires")) >= day.isoformat() for entry in own)


def over(settings: Props, day: date) -> Iterator[str]:
    """Exceptions that ended, or speak of no rule."""
    known = {rule.id for rule in RULES}
    for item in sequence(settings.get("exceptions")):
        entry = mapping(item)
        rule = entry.get("rule")
        if rule not in known:
            yield f"an exception speaks of {rule}, which is no rule; remove it"
        elif str(entry.get("expires")) < day.isoformat():
            who = f"{entry.get('owner')}: {entry.get('reason')}"
            yield f"the exception of {rule} ended on {entry.get('expires')} ({who}); mend it, or renew the exception"


def _today(settings: Props) -> date:
    given = text(settings.get("today"))
    return date.fromisoformat(given) if given else datetime.now(UTC).date()


def _validate_resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
    remember(args.urn, args.props)
    node = Node(urn=args.urn, type_token=args.resource_type, name=args.name, raw=args.props)
    settings = properties(args.get_config())
    if not _of_type(args.resource_type):
        args.not_applicable("no rule speaks of this type")
    for finding in findings(node, settings, _today(settings)):
        report(f"{NAME} {finding}", None)


def judge(stack: Stack, settings: Props) -> Verdict:
    """What only the whole stack shows, and how many resources each rule judged."""
    verdict = Verdict()
    for node in stack.graph.nodes:
        for rule in rules_of(node):
            verdict.rules[rule.id] += 1
            verdict.saw(node)
    verdict.violations.extend(Finding("", f"exceptions: {fault}") for fault in over(settings, _today(settings)))
    verdict.violations.extend(Finding(node.urn, f"{rule}: {node.name}: {fault}") for node, rule, fault in _relations(stack))
    return verdict


def _relations(stack: Stack) -> Iterator[tuple[Node, str, str]]:
    """Resource, rule and fault of what no resource shows by itself."""
    graph = stack.graph
    for balancer in graph.all(*tokens.LOAD_BALANCERS):
        if baseline_aws.leaving(balancer) and not _let_go(stack, balancer):
            fault = "is tagged as leaving, and its region is none beside the primary one that is let go; remove that tag"
            yield balancer, "elb-deletion-protection", fault
    logged = {urn for log in graph.all(baseline_aws.FLOW_LOG) for urn in graph.targets(log, "vpcId", tokens.VPC).urns}
    for vpc in graph.all(tokens.VPC):
        if vpc.urn not in logged:
            yield vpc, "vpc-flow-logs-everywhere", "has no flow log; add one (AWS Security Hub EC2.6)"
    for group in graph.all(tokens.NODE_GROUP):
        template = graph.targets(group, ("launchTemplate", "id"), tokens.LAUNCH_TEMPLATE).only
        if template is not None and baseline_aws.for_nat(template):
            yield template, "ec2-launch-template-of-nodes", "starts nodes and is tagged as a NAT instance's; remove that tag"
    for template in graph.all(tokens.LAUNCH_TEMPLATE):
        if baseline_aws.for_nat(template) and not _carries_traffic(template, graph):
            fault = "is tagged as a NAT instance's, and no route leads to an interface that it attaches; remove that tag"
            yield template, "ec2-launch-template-no-public-address", fault


def _let_go(stack: Stack, node: Node) -> bool:
    """Whether the stack file lets a region go that is not the primary one: `regions.<region>.data_protection: false`."""
    regions = stack.facts.regions.items() if stack.facts else ()
    return any(name == node.region and region.leaving and region.serves != PRIMARY for name, region in regions)


def _carries_traffic(template: Node, graph: Graph) -> bool:
    """Whether a route leads to an interface that what it starts is told of, and that carries others' packets."""
    told = [found for urn in template.edges.get("userData", ()) if (found := graph.find(urn)) is not None]
    cards = [node for node in told if node.type == tokens.NETWORK_INTERFACE and node.get("sourceDestCheck") is False]
    return any(graph.pointing(card, "networkInterfaceId", tokens.ROUTE) for card in cards)


def _validate_stack(args: StackValidationArgs, report: ReportViolation) -> None:
    stack = stack_of(args.resources)
    if stack.empty:
        args.not_applicable("the stack is empty")
    verdict = latest[NAME] = judge(stack, properties(args.get_config()))
    for finding in verdict.sorted_violations():
        report(f"{NAME} {finding.message}", finding.urn or stack.urn)


_SCHEMA = PolicyConfigSchema(
    properties={
        "exceptions": {
            "type": "array",
            "description": "What may break a rule for a while.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["rule", "reason", "owner", "expires"],
                "properties": {
                    "rule": {"type": "string"},
                    "resource": {"type": "string", "description": "Name or URN; without it every resource."},
                    "reason": {"type": "string", "minLength": 1},
                    "owner": {"type": "string", "minLength": 1},
                    "expires": {"type": "string", "description": "Last day, as 2026-12-31, in UTC."},
                },
            },
        },
        "today": {"type": "string", "description": "The day to judge by, instead of the clock's."},
    }
)
_DESCRIPTION = "What the public guidance asks of any cluster: CIS EKS Benchmark, AWS, Coder."
_REMEDIATION = "Do what the finding says, or add an exception with reason, owner and an end to this policy's config."
POLICIES: tuple[Policy, ...] = (
    ResourceValidationPolicy(
        name=f"{NAME}-inputs",
        display_name="Baseline (single resources)",
        description=_DESCRIPTION,
        validate=_validate_resource,
        enforcement_level=EnforcementLevel.MANDATORY,
        config_schema=_SCHEMA,
        severity=Severity.HIGH,
        framework=FRAMEWORK,
        tags=["baseline", "cis", "aws"],
        remediation_steps=_REMEDIATION,
        url=f"{PAGES}#baseline",
    ),
    StackValidationPolicy(
        name=NAME,
        display_name="Baseline",
        description=_DESCRIPTION,
        validate=_validate_stack,
        enforcement_level=EnforcementLevel.MANDATORY,
        config_schema=_SCHEMA,
        severity=Severity.HIGH,
        framework=FRAMEWORK,
        tags=["baseline", "cis", "aws"],
        remediation_steps=_REMEDIATION,
        url=f"{PAGES}#baseline",
    ),
)
