"""**Feature: coder-deployment-guide, Property 1: Infrastructure Provisioning Completeness**

For every required type the stack has as many resources as the system needs and the stack declares, and they are joined as designed
(requirements 2.1 to 2.4, POL-01). Counts and what the environment declares stand here, the network's relations in
`infrastructure_network.py`, those of cluster, database and load balancer in `infrastructure_services.py`, those between regions in
`infrastructure_links.py`.
"""

from __future__ import annotations

from pulumi_policy import Severity

from policy import infrastructure_links, infrastructure_network, infrastructure_services, tokens
from policy.crossguard import DOCUMENTATION, Property
from policy.facts import PROXY, RegionFacts
from policy.graph import Node
from policy.region import Region
from policy.stack import Stack
from policy.systems import CONFIG, GROUP_KEY, SYSTEMS, SystemNeed
from policy.values import Props, Unknown, at, integer, mapping, sequence, text
from policy.verdict import Verdict


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Judge every declared region against the system's needs."""
    facts = stack.facts
    if facts is None:
        found = len(stack.graph.all(tokens.ENVIRONMENT))
        verdict.wrong(
            None, f"the stack has {found} components of type {tokens.ENVIRONMENT}; declare exactly one, which says what the stack is"
        )
        return
    need = stack.need(settings)
    if need is None:
        verdict.wrong(facts.node, f"system is {facts.system!r}; use one of {', '.join(sorted(SYSTEMS))}")
        return
    if facts.system is not None and stack.system != facts.system:
        verdict.wrong(facts.node, f"declares the system {facts.system} in a stack called {stack.system}; a stack is what its name says")
    if not facts.regions:
        verdict.wrong(facts.node, "declares no region; name at least one under coder-eks:regions")
    verdict.saw(facts.node)
    regions = {name: Region(name, each, need, stack.graph, alone=len(facts.regions) == 1) for name, each in facts.regions.items()}
    for name, region in regions.items():
        _declares_enough(facts.node, f"{name} declares", stack.system, region.facts, need, verdict)
        _counts(region, facts.visit, verdict)
        infrastructure_network.relations(region, verdict)
        infrastructure_services.relations(region, verdict)
    infrastructure_links.relations(stack.graph, list(regions.values()), verdict)


def _declares_enough(node: Node, said: str, system: str | None, region: RegionFacts, need: SystemNeed, verdict: Verdict) -> None:
    """A stack may declare more than its system needs, never less."""
    if region.zones is not None and region.zones < need.zones:
        verdict.wrong(node, f"{said} {region.zones} zones; {system} needs {need.zones}: set network.zones to that")
    if region.nat is not None and region.nat not in need.nat:
        verdict.wrong(node, f"{said} nat {region.nat}; {system} may use {' or '.join(need.nat)}: set network.nat")
    for tier in need.tiers:
        if region.tiers and tier not in region.tiers:
            verdict.wrong(node, f"{said} no tier {tier}; {system} needs {', '.join(need.tiers)}")
    for group in need.node_groups:
        if region.node_groups and group not in region.node_groups:
            verdict.wrong(node, f"{said} no node group {group}; {system} needs {', '.join(need.node_groups)}")
    if region.readers is not None and 1 + region.readers < need.instances:
        verdict.wrong(node, f"{said} {region.readers} readers; {system} needs {need.instances - 1}: set database.readers")
    if region.database_engine is not None and region.database_engine != need.database_engine:
        verdict.wrong(node, f"{said} the engine {region.database_engine}; {system} needs {need.database_engine}")


def _counts(region: Region, visit: int, verdict: Verdict) -> None:
    """As many of each as needed: too few is a gap, too many is something that nobody asked for and everybody pays."""
    proxied = region.facts.serves == PROXY and visit < 2  # a proxy needs a token of coderd: nothing would answer behind the balancer
    gateways = {"gateway-per-az": region.zones, "single-gateway": 1}.get(region.facts.nat or region.need.nat[0], 0)
    needs = (
        ("VPC", 1, (tokens.VPC,)),
        ("subnets", len(region.need.tiers) * region.zones, (tokens.SUBNET,)),
        ("internet gateway", 1, (tokens.INTERNET_GATEWAY,)),
        ("NAT gateways", gateways, (tokens.NAT_GATEWAY,)),
        ("EKS cluster", 1, (tokens.EKS_CLUSTER,)),
        ("load balancer", 0 if proxied else 1, tokens.LOAD_BALANCERS),
    )
    for what, count, types in needs:
        found = region.all(*types)
        verdict.saw(*found)
        if len(found) != count:
            names = ", ".join(node.name for node in found) or "none"
            too_many = next(iter(found[count:]), None)
            verdict.wrong(too_many, f"{region.name} has {len(found)} of {what}, and needs {count}; found: {names}")


def _node_group(node: Node, settings: Props, verdict: Verdict) -> None:
    """A node group says which it is by label and taint alike, and can run at least one node."""
    del settings
    label, taints = at(mapping(node.get("labels")), GROUP_KEY), node.get("taints")
    if isinstance(label, Unknown) or isinstance(taints, Unknown):
        verdict.undecided(node, "its labels or taints are unknown")
        return
    taint = next((mapping(item) for item in sequence(taints) if text(at(item, "key")) == GROUP_KEY), None)
    if text(label) is None or taint is None:
        verdict.wrong(node, f"has no label and taint {GROUP_KEY}; give it both, with the group's name as value")
    elif text(taint.get("value")) != text(label) or text(taint.get("effect")) != "NO_SCHEDULE":
        verdict.wrong(
            node,
            f"has the label {GROUP_KEY}={label} and the taint {taint.get('value')}:{taint.get('effect')}; they must match: NO_SCHEDULE",
        )
    if integer(node.get("scalingConfig", "maxSize")) == 0:
        verdict.wrong(node, "can never run a node: its maxSize is 0")


def _schedule(node: Node, settings: Props, verdict: Verdict) -> None:
    """The clock makes a group smaller, and never closes it (T-30)."""
    del settings
    for key in ("maxSize", "desiredCapacity"):
        if integer(node.get(key)) == 0:
            verdict.wrong(node, f"leaves no node at all: its {key} is 0")


def _database_instance(node: Node, settings: Props, verdict: Verdict) -> None:
    """No database answers the internet (NET-17)."""
    del settings
    if node.get("publiclyAccessible") is True:
        verdict.wrong(node, "is publicly accessible; set publicly_accessible to false")


PROPERTY = Property(
    number=1,
    slug="infrastructure",
    title="Infrastructure Provisioning Completeness",
    description="Everything that the system needs is there, as often as it needs it, and joined as designed.",
    severity=Severity.HIGH,
    tags=("network", "cluster", "database", "availability"),
    remediation="Restore the resource or the reference that the message names; what a system needs stands in policy/systems.py.",
    url=f"{DOCUMENTATION}/infrastructure/validated-architectures/index.md",
    relations=relations,
    resources={
        tokens.NODE_GROUP: _node_group,
        tokens.SCHEDULE: _schedule,
        tokens.DATABASE_CLUSTER_INSTANCE: _database_instance,
        tokens.DATABASE_INSTANCE: _database_instance,
    },
    settings=CONFIG,
)
