"""**Feature: coder-deployment-guide, Property 12: DNS Completeness**

Where a base domain is set, the access host and the wildcard host lead to the load balancer, and the listener there shows an issued
certificate that serves both (requirement 6.4, POL-12, DNS-02, DNS-03).
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_policy import Severity

from policy import helm, tokens
from policy.crossguard import Property
from policy.graph import Graph, Node
from policy.hosts import covers, host_of, normalised, within
from policy.stack import Stack
from policy.values import Props, Unknown, at, integer, leaves, sequence, text
from policy.verdict import Verdict

ACCESS, WILDCARD = "CODER_ACCESS_URL", "CODER_WILDCARD_ACCESS_URL"
HTTPS = 443


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
    del settings
    facts, graph = stack.facts, stack.graph
    if facts is None:
        verdict.wrong(None, f"the stack has no single component of type {tokens.ENVIRONMENT}, which declares the base domain")
        return
    if facts.base_domain is None:
        verdict.not_applicable = "no base domain is set: coderd is reached by the load balancer's own name"
        return
    hosts = _hosts(stack, facts.base_domain, verdict)
    balancers = _balancers(graph)
    if not balancers:
        verdict.wrong(None, "the stack has no internet-facing load balancer that the hosts could lead to")
    for host, what in hosts:
        _leads_to(graph, host, what, balancers, verdict)
    for balancer in balancers:
        _shows_certificate(graph, balancer, [host for host, _ in hosts], verdict)
    _latency(graph, [host for host, _ in hosts], len(facts.regions), verdict)


def _hosts(stack: Stack, domain: str, verdict: Verdict) -> list[tuple[str, str]]:
    """The access host and the wildcard host, from what coderd is told; both below the base domain, the first as declared."""
    found: dict[str, str] = {}
    for release in helm.releases(stack.graph, helm.CODER):
        verdict.saw(release)
        for name in (ACCESS, WILDCARD):
            variable = helm.effective(stack.graph, release, name)
            if isinstance(variable.value, Unknown):
                verdict.undecided(release, f"{name} is unknown")
                continue
            host = host_of(variable.value or "") if name == ACCESS else normalised(variable.value or "")
            if not host:
                verdict.wrong(release, f"has no {name}; set it below {domain}")
            elif not within(host.removeprefix("*."), domain):
                verdict.wrong(release, f"has {name} {variable.value}, which is not below the base domain {domain}")
            else:
                found.setdefault(host, name)
        declared = host_of(stack.facts.access_url) if stack.facts and stack.facts.access_url else None
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
    facing = [node for node in graph.all(*tokens.LOAD_BALANCERS) if node.get("internal") is not True]
    return [node for node in facing if node.urn in ports] or facing


def record_host(graph: Graph, record: Node) -> str | Unknown | None:
    """The full name of a record: Route 53 adds the zone's name where it is not there yet."""
    name = record.get("name")
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else None
    host = normalised(name)
    zone = graph.targets(record, "zoneId", tokens.ZONE).only
    domain = text(zone.get("name")) if zone is not None else None
    return host if domain is None or within(host, domain) else f"{host}.{normalised(domain)}".lstrip(".")


def _leads_to(graph: Graph, host: str, what: str, balancers: Sequence[Node], verdict: Verdict) -> None:
    """An A record that is an ALIAS of the load balancer, in name and in zone."""
    named = [record for record in graph.all(tokens.RECORD) if record_host(graph, record) == host]
    records = [record for record in named if record.get("type") == "A"]
    verdict.saw(*records)
    if not records:
        vague = [
            record for record in graph.all(tokens.RECORD) if isinstance(record_host(graph, record), Unknown) and record.get("type") == "A"
        ]
        for record in vague:
            verdict.undecided(record, f"whether it is the record of {host} is unknown")
        if not vague:
            verdict.wrong(named[0] if named else None, f"{host} ({what}) has no A record; add an ALIAS to the load balancer")
        return
    for record in records:
        if not sequence(record.get("aliases")) and "aliases" not in record.edges:
            verdict.wrong(record, f"is no ALIAS; {host} must follow the load balancer, whose addresses change")
            continue
        name = graph.targets(record, ("aliases", 0, "name"), *tokens.LOAD_BALANCERS)
        if name.undecided:
            verdict.undecided(record, f"where {host} leads is unknown")
        elif name.only is None or name.only not in balancers:
            verdict.wrong(record, f"does not lead to the load balancer; alias {host} to its DNS name")
        else:
            _zone_of(record, name.only, verdict)


def _zone_of(record: Node, balancer: Node, verdict: Verdict) -> None:
    """An ALIAS needs the load balancer's own hosted zone, which is not coderd's."""
    given, own = record.get("aliases", 0, "zoneId"), balancer.get("zoneId")
    if text(given) is not None and text(own) is not None and given != own:
        verdict.wrong(record, f"names the zone {given} beside the load balancer's name; use the load balancer's zone {own}")


def _shows_certificate(graph: Graph, balancer: Node, hosts: Sequence[str], verdict: Verdict) -> None:
    for listener in graph.pointing(balancer, "loadBalancerArn", *tokens.LISTENERS):
        if integer(listener.get("port")) != HTTPS:
            continue
        verdict.saw(listener)
        target = graph.targets(listener, "certificateArn", tokens.CERTIFICATE_VALIDATION, tokens.CERTIFICATE)
        if target.undecided:
            verdict.undecided(listener, "its certificate is unknown")
            continue
        certificate = _issued(graph, listener, target.nodes, verdict)
        if certificate is not None:
            _serves(certificate, hosts, verdict)


def _issued(graph: Graph, listener: Node, found: Sequence[Node], verdict: Verdict) -> Node | None:
    """The certificate that a listener shows, when it is one that this stack has validated."""
    validations = [node for node in found if node.type == tokens.CERTIFICATE_VALIDATION]
    certificates = [node for node in found if node.type == tokens.CERTIFICATE]
    if not found:
        verdict.wrong(listener, "shows no certificate of this stack; use the one that the stack validates")
        return None
    certificate = certificates[0] if certificates else None
    if not validations and certificate is not None:
        validations = graph.pointing(certificate, "certificateArn", tokens.CERTIFICATE_VALIDATION)
    if not validations:
        verdict.wrong(listener, "shows a certificate that nothing validates; wait for its validation")
        return None
    validation = validations[0]
    validated = graph.targets(validation, "certificateArn", tokens.CERTIFICATE)
    verdict.saw(validation, *validated.nodes)
    if validated.undecided:
        verdict.undecided(validation, "the certificate that it validates is unknown")
        return None
    if validated.only is None or (certificate is not None and validated.only is not certificate):
        verdict.wrong(validation, "validates another certificate than the listener shows")
        return None
    _proven(graph, validation, validated.only, verdict)
    return validated.only


def _proven(graph: Graph, validation: Node, certificate: Node, verdict: Verdict) -> None:
    """A validation by DNS waits for records that were made from the certificate's own options."""
    records = graph.targets(validation, "validationRecordFqdns", tokens.RECORD)
    verdict.saw(*records.nodes)
    if records.undecided:
        verdict.undecided(validation, "its records are unknown")
    elif validation.get("validationRecordFqdns") is not None and not records.nodes:
        known = [leaf for leaf in leaves(validation.get("validationRecordFqdns")) if isinstance(leaf, str)]
        names = {record_host(graph, record) for record in graph.all(tokens.RECORD)}
        if not known or not {normalised(name) for name in known} <= names:
            verdict.wrong(validation, "waits for records that the stack does not make; use the certificate's validation options")
    for record in records.nodes:
        made_from = {urn for key in ("name", "records", "type") for urn in record.edges.get(key, ())}
        if made_from and certificate.urn not in made_from:
            verdict.wrong(record, f"proves another certificate than {certificate.name}; use that one's validation options")


def _serves(certificate: Node, hosts: Sequence[str], verdict: Verdict) -> None:
    names = [certificate.get("domainName"), *sequence(certificate.get("subjectAlternativeNames"))]
    known = [name for name in names if isinstance(name, str)]
    for host in hosts:
        if any(covers(name, host) for name in known):
            continue
        if any(isinstance(name, Unknown) for name in names) or isinstance(certificate.get("subjectAlternativeNames"), Unknown):
            verdict.undecided(certificate, f"whether it serves {host} is unknown")
        else:
            verdict.wrong(certificate, f"serves {', '.join(sorted(known)) or 'no name'}, not {host}; add that to its names")


def _latency(graph: Graph, hosts: Sequence[str], regions: int, verdict: Verdict) -> None:
    """With several regions, each host has a record for each, told apart by identifier and watched by a health check."""
    if regions < 2:
        return
    for host in hosts:
        records = [record for record in graph.all(tokens.RECORD) if record_host(graph, record) == host and record.get("type") == "A"]
        identifiers = [text(record.get("setIdentifier")) for record in records]
        if len(records) < regions:
            verdict.wrong(records[0] if records else None, f"{host} has {len(records)} records for {regions} regions; give each region one")
        if len(set(identifiers)) != len(identifiers) or None in identifiers:
            verdict.wrong(records[0] if records else None, f"{host} has records that share a set_identifier; give each its own")
        for record in records:
            if record.get("healthCheckId") is None and "healthCheckId" not in record.edges:
                verdict.wrong(record, "has no health check; without one a dead region keeps its clients")
            if not sequence(record.get("latencyRoutingPolicies")) and at(record.get("latencyRoutingPolicies"), "region") is None:
                verdict.wrong(record, "has no latency routing; give it its region")


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
