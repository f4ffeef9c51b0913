"""**Feature: coder-deployment-guide, Property 12: DNS Completeness**

Where a base domain is set, the access host and the wildcard host lead to the load balancer, and the listener there shows an issued
certificate that serves both (requirement 6.4, POL-12, DNS-02, DNS-03). In several regions each has hosts and a certificate of its own,
and the hosts of coderd have a record for each region where coderd answers (DNS-06 to DNS-09).
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_policy import Severity

from policy import helm, tokens
from policy.crossguard import Property
from policy.dns_paths import HTTPS, latency_region, leads_to, record_host, shows_certificate
from policy.facts import PROXY, Facts
from policy.graph import Graph, Node
from policy.hosts import host_of, normalised, within
from policy.stack import Stack
from policy.values import Props, Unknown, integer, text
from policy.verdict import Verdict

ACCESS, WILDCARD = "CODER_ACCESS_URL", "CODER_WILDCARD_ACCESS_URL"


def _record(node: Node, settings: Props, verdict: Verdict) -> None:
    """A record either is an ALIAS or has values of its own; an ALIAS follows its target's health."""
    del settings
    aliases = node.get("aliases")
    if isinstance(aliases, list) and aliases and node.get("records"):
        verdict.wrong(node, "is an ALIAS and has values of its own; Route 53 takes one of both")


def _certificate(node: Node, settings: Props, verdict: Verdict) -> None:
    """A certificate is validated by DNS, so that ACM renews it without anybody (DNS-05)."""
    del settings
    method = node.get("validationMethod")
    if not isinstance(method, Unknown) and method not in ("DNS", None):
        verdict.wrong(node, f"is validated by {method}; use DNS, which renews by itself")


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Join records, load balancer, listener, certificate and what coderd is told."""
    facts, graph = stack.facts, stack.graph
    if facts is None:
        verdict.wrong(None, f"the stack has no single component of type {tokens.ENVIRONMENT}, which declares the base domain")
        return
    if facts.base_domain is None and stack.need(settings) is not None:
        verdict.wrong(facts.node, f"declares no base domain; {stack.system} is reached by hosts of its own: set system.base_domain")
        return
    if facts.base_domain is None:
        verdict.not_applicable = "no base domain is set: coderd is reached by the load balancer's own name"
        return
    hosts = _hosts(graph, facts, facts.base_domain, verdict)
    if len(facts.regions) > 1 or any(region.host for region in facts.regions.values()):
        _several_regions(stack, facts, hosts, verdict)
        return
    balancers = _balancers(graph)
    if not balancers:
        verdict.wrong(None, f"the stack has no internet-facing load balancer with a listener on {HTTPS} that the hosts could lead to")
    for host, what in hosts:
        leads_to(graph, host, what, balancers, verdict)
    for balancer in balancers:
        shows_certificate(graph, balancer, [host for host, _ in hosts], verdict)


def _hosts(graph: Graph, facts: Facts, domain: str, verdict: Verdict) -> list[tuple[str, str]]:
    """The access host and the wildcard host, from what coderd is told; both below the base domain, the first as declared."""
    found: dict[str, str] = {}
    for release in helm.releases(graph, helm.CODER):
        verdict.saw(release)
        for name in (ACCESS, WILDCARD):
            variable = helm.effective(graph, release, name)
            if isinstance(variable.value, Unknown):
                verdict.undecided(release, f"{name} is unknown")
                continue
            told = variable.value or ""
            host = host_of(told) if name == ACCESS else normalised(told)
            if not host:
                verdict.wrong(release, f"has no {name}; set it below {domain}")
            elif not within(host, domain):
                verdict.wrong(release, f"has {name} {told}, which is not below the base domain {domain}")
            else:
                found.setdefault(host, name)
        declared = host_of(facts.access_url or "")
        if declared and ACCESS in found.values() and declared not in found:
            told = next(host for host, name in found.items() if name == ACCESS)
            verdict.wrong(release, f"is told {told} as access host; the environment declares {declared}")
    return sorted(found.items())


def _balancers(graph: Graph) -> list[Node]:
    """The load balancers that answer HTTPS to the internet."""
    ports = {
        target.urn
        for listener in graph.all(*tokens.LISTENERS)
        if integer(listener.get("port")) == HTTPS
        for target in graph.targets(listener, "loadBalancerArn", *tokens.LOAD_BALANCERS).nodes
    }
    return [node for node in graph.all(*tokens.LOAD_BALANCERS) if node.get("internal") is not True and node.urn in ports]


def _several_regions(stack: Stack, facts: Facts, hosts: Sequence[tuple[str, str]], verdict: Verdict) -> None:
    """Each region is reached by a host of its own, and the hosts of coderd lead to every region where coderd answers, and to no other."""
    graph = stack.graph
    # a proxy needs a token of coderd, so that its region has no way in before the second visit
    regions = {name: region for name, region in facts.regions.items() if region.serves != PROXY or facts.visit > 1}
    serving = sorted(name for name, region in regions.items() if region.serves != PROXY)
    for name, region in regions.items():
        balancers = [balancer for balancer in _balancers(graph) if balancer.region == name]
        if not balancers:
            verdict.wrong(None, f"{name} has no internet-facing load balancer with a listener on {HTTPS} that its hosts could lead to")
        own: list[tuple[str, str]] = []
        if region.host is None:
            verdict.wrong(facts.node, f"declares no host of {name}; each region of several has one")
        else:
            own = [(region.host, f"region {name}"), (f"*.{region.host}", f"region {name}")]
        for host, what in [*own, *hosts] if name in serving else own:
            leads_to(graph, host, what, balancers, verdict, region=name)
        for balancer in balancers:
            shows_certificate(graph, balancer, [host for host, _ in [*own, *hosts]], verdict)
    for host, _ in hosts:
        _latency(graph, host, serving, verdict)


def _latency(graph: Graph, host: str, serving: Sequence[str], verdict: Verdict) -> None:
    """A record for each region where coderd answers, told apart by identifier and watched by a health check (DNS-06, DNS-07)."""
    records = [record for record in graph.all(tokens.RECORD) if record_host(graph, record) == host and record.get("type") == "A"]
    identifiers = [text(record.get("setIdentifier")) for record in records]
    if len(records) < len(serving):
        verdict.wrong(
            records[0] if records else None, f"{host} has {len(records)} records for {len(serving)} regions; give each region one"
        )
    if len(set(identifiers)) != len(identifiers) or None in identifiers:
        verdict.wrong(records[0], f"{host} has records that share a set_identifier; give each its own")
    for record in records:
        if record.get("healthCheckId") is None:
            verdict.wrong(record, "has no health check; without one a dead region keeps its clients")
        region = latency_region(record)
        if region is None:
            verdict.wrong(record, "has no latency routing; give it its region")
        elif region not in serving:
            verdict.wrong(record, f"sends who is near {region} there, where no coderd answers; its workspace proxy serves neither host")


PROPERTY = Property(
    number=12,
    slug="dns",
    title="DNS Completeness",
    description="The access host and the wildcard host lead to the load balancer, which shows a certificate that serves both.",
    severity=Severity.HIGH,
    tags=("dns", "certificate"),
    remediation="Alias both hosts to the load balancer, and let its listener show the certificate that the stack validates for both.",
    url="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-to-elb-load-balancer.html",
    relations=relations,
    resources={tokens.RECORD: _record, tokens.CERTIFICATE: _certificate},
)
