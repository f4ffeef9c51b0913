"""What Route 53 and ACM refuse. Codes: errors of the two API references."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from localcloud.kinds.acm import CERTIFICATE, CERTIFICATE_VALIDATION, unproven
from localcloud.kinds.elb import LOAD_BALANCER
from localcloud.kinds.forms import listed
from localcloud.kinds.model import Request
from localcloud.kinds.route53 import HEALTH_CHECK, RECORD, ZONE, full_name, normal
from localcloud.refusals import CREATE, WRITES, row

_POLICIES: Final = ("cidrRoutingPolicy", "failoverRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy",
                    "latencyRoutingPolicies", "multivalueAnswerRoutingPolicy", "weightedRoutingPolicies")  # fmt: skip
_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(\*\.)?({_LABEL}\.)*{_LABEL}\.?", re.IGNORECASE)


def _zone_name(request: Request) -> str:
    zone = request.world.get(ZONE, request.text("zoneId") or "")
    return normal(zone.text("name")) if zone else ""


def _nameless_zone(request: Request) -> str | None:
    name = request.text("name")
    if name is None:
        return "The domain name is missing" if request.inputs.get("name") is None else None
    return None if _NAME.fullmatch(name) and not name.startswith("*") else f"The domain name {name!r} is invalid"


def _outside(request: Request) -> str | None:
    """The provider puts the zone's name behind a name that does not end in it: seen by its own top-level domain."""
    name, zone = normal(request.text("name") or ""), _zone_name(request)
    if not zone or not (request.text("name") or "").endswith(".") or name == zone or name.endswith(f".{zone}"):
        return None
    return f"RRSet with DNS name {name}. is not permitted in zone {zone}."


def _bad_name(request: Request) -> str | None:
    name = request.text("name")
    return None if not name or _NAME.fullmatch(name) else f"FATAL problem: DomainLabelEmpty or illegal character in {name!r}"


def _twice(request: Request) -> str | None:
    mine = (full_name(request), request.text("type"), request.text("setIdentifier") or "")
    for other in request.world.all(RECORD):
        theirs = (normal(other.text("fqdn")), other.text("type"), other.text("setIdentifier"))
        if (
            other.text("zoneId") == request.text("zoneId")
            and mine == theirs
            and other.id != request.id
            and not request.flag("allowOverwrite")
        ):
            return f"Tried to create resource record set [name='{mine[0]}.', type='{mine[1]}'] but it already exists"
    return None


def _beside_cname(request: Request) -> str | None:
    name, kind = full_name(request), request.text("type")
    if kind == "CNAME" and name == _zone_name(request):
        return f"RRSet of type CNAME with DNS name {name}. is not permitted at apex in zone {name}."
    for other in request.world.all(RECORD):
        same = other.text("zoneId") == request.text("zoneId") and normal(other.text("fqdn")) == name and other.text("type") != kind
        if same and "CNAME" in (kind, other.text("type")):
            return f"RRSet of type {kind} with DNS name {name}. is not permitted as it conflicts with other records with the same DNS name"
    return None


def _content(request: Request) -> str | None:
    alias, records = bool(request.inputs.get("aliases")), bool(request.inputs.get("records"))
    if alias == records:
        return "give records and a ttl, or an alias: exactly one of the two"
    if records and request.inputs.get("ttl") is None:
        return "Missing field 'TTL' in the resource record set"
    return "An alias has no ttl" if alias and request.inputs.get("ttl") is not None else None


def _values(request: Request) -> str | None:
    kind, parsers = request.text("type"), {"A": IPv4Address, "AAAA": IPv6Address}
    for value in request.texts("records[*]"):
        if kind in parsers:
            try:
                parsers[kind](value)
            except AddressValueError:
                return f"Invalid Resource Record: '{value}' is no value of type {kind}"
        if kind in {"CNAME", "NS", "PTR"} and not _NAME.fullmatch(value):
            return f"Invalid Resource Record: '{value}' is no domain name"
    names = listed(request.inputs.get("records"))
    return "A CNAME has one value" if kind == "CNAME" and len(names) > 1 else None


def _alias(request: Request) -> str | None:
    """A balancer of this account must exist, in the hosted zone of its region; a record of the same zone must exist, too."""
    for item in request.items("aliases[*]"):
        name, zone = item.get("name"), item.get("zoneId")
        if not isinstance(name, str) or not isinstance(zone, str):
            continue
        host = normal(name).removeprefix("dualstack.")
        if zone == request.text("zoneId"):
            known = any(normal(each.text("fqdn")) == host for each in request.world.all(RECORD))
        elif ".elb." in host:
            known = any(
                each.text("dnsName").lower() == host and each.text("zoneId") == zone for each in request.world.everywhere(LOAD_BALANCER)
            )
        else:
            known = True  # other services' names are not in the tables
        if not known:
            what = f"{name}., type {request.text('type')} in zone {zone}"
            return f"Tried to create an alias that targets {what}, but the alias target name does not lie within the target zone"
    return None


def _routing(request: Request) -> str | None:
    given = [path for path in _POLICIES if request.inputs.get(path)]
    if len(given) > 1:
        return f"one routing policy, not {' and '.join(given)}"
    if bool(given) != bool(request.inputs.get("setIdentifier")):
        return "a record with a routing policy has a setIdentifier, and only such a record"
    return None


def _health_target(request: Request) -> str | None:
    kind = request.text("type") or ""
    if kind.startswith(("HTTP", "TCP")) and not (request.inputs.get("fqdn") or request.inputs.get("ipAddress")):
        return "A health check of an endpoint needs fqdn or ipAddress"
    return "Missing field 'Port' of a TCP health check" if kind == "TCP" and request.inputs.get("port") is None else None


def _certificate_names(request: Request) -> str | None:
    if request.inputs.get("domainName") is None:
        return None if request.inputs.get("privateKey") else "A certificate has a domainName"
    for name in (request.text("domainName") or "example.com", *request.texts("subjectAlternativeNames[*]")):
        if not _NAME.fullmatch(name) or "." not in name.removeprefix("*.") or name.endswith("."):
            return f"Value {name!r} at 'domainName' failed to satisfy constraint: a domain name, perhaps with *. in front"
    return None


def _proofs(request: Request) -> str | None:
    """The provider waits for the certificate until its time is up."""
    certificate = request.world.find(CERTIFICATE, "arn", request.text("certificateArn") or "")
    if certificate is None:
        return None
    missing = unproven(certificate, request.world)
    if missing:
        state = "timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION')"
        return f"{state}: Route 53 has no record {', '.join(missing)} with ACM's value"
    return None


def _listed_proofs(request: Request) -> str | None:
    """The names that a validation lists are checked against the certificate's own."""
    certificate = request.world.find(CERTIFICATE, "arn", request.text("certificateArn") or "")
    names = request.texts("validationRecordFqdns[*]")
    if certificate is None or not names or not request.knows("validationRecordFqdns[*]"):
        return None
    needed = {normal(each) for each in certificate.texts("domainValidationOptions[*].resourceRecordName")}
    missing = sorted(needed - {normal(name) for name in names})
    return f"missing {', '.join(missing)} DNS validation record" if missing else None


_BATCH: Final = "InvalidChangeBatch"
REFUSALS: Final = (
    row(ZONE, "InvalidDomainName", "a zone has a domain name", _nameless_zone, CREATE),
    row(RECORD, _BATCH, "a record lies in its zone", _outside, CREATE),
    row(RECORD, _BATCH, "a record has a domain name", _bad_name, CREATE),
    row(RECORD, _BATCH, "no record twice", _twice, WRITES),
    row(RECORD, _BATCH, "a CNAME stands alone, and not at the apex", _beside_cname, WRITES),
    row(RECORD, _BATCH, "values with a time to live, or an alias", _content, WRITES),
    row(RECORD, _BATCH, "values fit the type", _values, WRITES),
    row(RECORD, _BATCH, "the alias target exists", _alias, WRITES),
    row(RECORD, "InvalidInput", "one routing policy with a set identifier", _routing, WRITES),
    row(HEALTH_CHECK, "InvalidInput", "a health check has a target", _health_target, CREATE),
    row(CERTIFICATE, "ValidationException", "certificates are for domain names", _certificate_names, CREATE),
    row(CERTIFICATE_VALIDATION, "ValidationTimeout", "the records of a validation exist", _proofs, CREATE),
    row(CERTIFICATE_VALIDATION, "InvalidParameterValue", "a validation lists all records", _listed_proofs, CREATE),
)
