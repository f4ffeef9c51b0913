"""Property 12 on one host and one load balancer: the record leads there, and the listener shows a certificate that serves the host."""

from __future__ import annotations

from collections.abc import Sequence

from policy import tokens
from policy.graph import Graph, Node
from policy.hosts import covers, normalised, within
from policy.values import Unknown, integer, sequence, text
from policy.verdict import Verdict

HTTPS = 443
ADDRESSES = ("A", "AAAA")
# How Route 53 keeps a record from some clients (developer guide, "Choosing a routing policy", read 2026-11)
PARTIAL = (
    "cidrRoutingPolicy",
    "failoverRoutingPolicies",
    "geolocationRoutingPolicies",
    "geoproximityRoutingPolicy",
    "weightedRoutingPolicies",
)


def record_host(graph: Graph, record: Node) -> str | Unknown | None:
    """The full name of a record: Route 53 adds the zone's name where it is not there yet."""
    name = record.get("name")
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else None
    host = normalised(name)
    zone = graph.targets(record, "zoneId", tokens.ZONE).only
    domain = text(zone.get("name")) if zone is not None else None
    return host if domain is None or within(host, domain) else f"{host}.{normalised(domain)}".removeprefix(".")


def leads_to(graph: Graph, host: str, what: str, balancers: Sequence[Node], verdict: Verdict, region: str | None = None) -> None:
    """An A record that is an ALIAS of the load balancer, in name and in zone. region: of several records, those for who is near it."""
    named = [record for record in graph.all(tokens.RECORD) if record_host(graph, record) == host]
    named = [record for record in named if region in (None, latency_region(record) or region)]
    records = [record for record in named if record.get("type") == "A"]
    verdict.saw(*records)
    for record in [each for each in named if each.get("type") in ADDRESSES]:
        _answers_everybody(graph, record, host, verdict)
    if not records:
        vague = [
            record for record in graph.all(tokens.RECORD) if isinstance(record_host(graph, record), Unknown) and record.get("type") == "A"
        ]
        for record in vague:
            verdict.undecided(record, f"whether it is the record of {host} is unknown")
        if not vague:
            verdict.wrong(named[0] if named else None, f"{host} ({what}) has no A record; add an ALIAS to the load balancer")
        return
    for record in [*records, *(each for each in named if each.get("type") == "AAAA")]:
        aliases = record.get("aliases")
        if not aliases and not isinstance(aliases, Unknown):
            verdict.wrong(record, f"is no ALIAS; {host} must follow the load balancer, whose addresses change")
            continue
        name = graph.targets(record, ("aliases", 0, "name"), *tokens.LOAD_BALANCERS)
        if name.undecided:
            verdict.undecided(record, f"where {host} leads is unknown")
        elif name.only is None or name.only not in balancers:
            verdict.wrong(record, f"does not lead to the load balancer; alias {host} to its DNS name")
        else:
            _zone_of(record, name.only, verdict)


def _answers_everybody(graph: Graph, record: Node, host: str, verdict: Verdict) -> None:
    """A record of a private zone, or one that Route 53 gives to some only, leaves the others without an address."""
    zone = graph.targets(record, "zoneId", tokens.ZONE).only
    if zone is not None and sequence(zone.get("vpcs")):
        verdict.wrong(record, f"stands in the private zone {zone.name}; {host} must have its record in a public one")
    given = [key for key in PARTIAL if record.get(key)]
    if given:
        verdict.wrong(record, f"has {', '.join(given)}, so that some get no address of {host}; route by latency or not at all")


def latency_region(record: Node) -> str | None:
    """The region that a record is for; none where it is for everybody, or the region is unknown."""
    return text(record.get("latencyRoutingPolicies", 0, "region"))


def _zone_of(record: Node, balancer: Node, verdict: Verdict) -> None:
    """An ALIAS needs the load balancer's own hosted zone, which is not coderd's."""
    given, own = record.get("aliases", 0, "zoneId"), balancer.get("zoneId")
    if text(given) is not None and text(own) is not None and given != own:
        verdict.wrong(record, f"names the zone {given} beside the load balancer's name; use the load balancer's zone {own}")


def shows_certificate(graph: Graph, balancer: Node, hosts: Sequence[str], verdict: Verdict) -> None:
    """The listener on 443 shows an issued certificate of its own region that serves every host."""
    for listener in graph.pointing(balancer, "loadBalancerArn", *tokens.LISTENERS):
        if integer(listener.get("port")) != HTTPS:
            continue
        verdict.saw(listener)
        target = graph.targets(listener, "certificateArn", tokens.CERTIFICATE_VALIDATION, tokens.CERTIFICATE)
        if target.undecided:
            verdict.undecided(listener, "its certificate is unknown")
        elif (certificate := _issued(graph, listener, target.nodes, verdict)) is not None:
            _serves(certificate, hosts, verdict)
            if None not in (certificate.region, listener.region) and certificate.region != listener.region:
                verdict.wrong(listener, f"shows a certificate of {certificate.region}; ACM's are regional: use one of {listener.region}")


def _issued(graph: Graph, listener: Node, found: Sequence[Node], verdict: Verdict) -> Node | None:
    """The certificate that a listener shows, when it is one that this stack has validated."""
    if not found:
        verdict.wrong(listener, "shows no certificate of this stack; use the one that the stack validates")
        return None
    validations = list(found)
    if found[0].type == tokens.CERTIFICATE:  # shown by itself, instead of what waits for its validation
        validations = graph.pointing(found[0], "certificateArn", tokens.CERTIFICATE_VALIDATION)
    if not validations:
        verdict.wrong(listener, "shows a certificate that nothing validates; wait for its validation")
        return None
    validation = validations[0]
    validated = graph.targets(validation, "certificateArn", tokens.CERTIFICATE)
    verdict.saw(validation, *validated.nodes)
    if validated.undecided:
        verdict.undecided(validation, "the certificate that it validates is unknown")
        return None
    if validated.only is None:
        verdict.wrong(validation, "validates a certificate that is not of this stack; validate the one that the listener shows")
        return None
    _proven(graph, validation, validated.only, verdict)
    return validated.only


def _proven(graph: Graph, validation: Node, certificate: Node, verdict: Verdict) -> None:
    """A validation by DNS waits for records that were made from the certificate's own options."""
    records = graph.targets(validation, "validationRecordFqdns", tokens.RECORD)
    verdict.saw(*records.nodes)
    if records.undecided:
        verdict.undecided(validation, "its records are unknown")
    elif validation.get("validationRecordFqdns") is not None:
        names = {record_host(graph, record) for record in graph.all(tokens.RECORD)}
        nothing = not records.nodes and not records.foreign
        if nothing or any(normalised(name) not in names for name in records.foreign):
            verdict.wrong(validation, "waits for records that the stack does not make; use the certificate's validation options")
    for record in records.nodes:
        made_from = {urn for key in ("name", "records") for urn in record.edges.get(key, ())}
        # ACM asks for one and the same record for a name in every certificate of an account
        alike = {each.urn for each in graph.all(tokens.CERTIFICATE) if _proves(each) & _proves(certificate)}
        if made_from and not made_from & {certificate.urn, *alike}:
            verdict.wrong(record, f"proves another certificate than {certificate.name}; use that one's validation options")


def _proves(certificate: Node) -> set[str]:
    """The names that its validation proves; a wildcard is proven with its parent."""
    names = [certificate.get("domainName"), *sequence(certificate.get("subjectAlternativeNames"))]
    return {normalised(name).removeprefix("*.") for name in names if isinstance(name, str)}


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
