"""**Feature: coder-deployment-guide, Property 12: DNS Completeness** (POL-12), in several regions (DNS-06 to DNS-09, DNS-12, T-36, T-67)"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.policy.judge import assert_named, lawful, run
from tests.policy.regions import ENTRANCE, HOST, PRIMARY, SECOND, Two, two_regions
from tests.policy.world import DEPLOYED, PREVIEW, Ref

MODES = pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
LAW = lawful({"need": {"zones": 3, "nat": ["gateway-per-az"], "instances": 3, "retentionDays": 35}})


@MODES
@pytest.mark.parametrize("serves", ["proxy", "shared-database"])
def test_two_regions_are_lawful(serves: str, mode: str) -> None:
    """Properties 8 and 12: the second region has an entrance of its own."""
    outcome = run(two_regions(serves).built.world, mode, LAW)
    assert [line.message for number in (8, 12) for line in outcome.violations(number)] == []


@MODES
def test_a_proxys_region_has_no_entrance_before_the_second_visit(mode: str) -> None:
    """Decision 7: a proxy needs a token of coderd, and a balancer without a proxy behind it answers nobody."""
    two = two_regions(visit=1)
    two.built.world.remove(*(two.west.parts[part] for part in ENTRANCE))
    assert run(two.built.world, mode, LAW, number=12).violations(12) == []


def gone(part: str) -> Callable[[Two], None]:
    return lambda two: two.built.world.remove(two.west.parts[part])


def put(part: str, key: str, value: object) -> Callable[[Two], None]:
    return lambda two: two.west.parts[part].inputs.update({key: value(two) if callable(value) else value})


def to_the_primary(two: Two) -> list[object]:
    balancer = two.built.parts["balancer"]
    return [{"name": Ref(balancer, "dnsName"), "zoneId": Ref(balancer, "zoneId")}]


def no_access(two: Two) -> None:
    two.built.world.remove(two.built.parts["access"], two.west.parts["access"])


def one_record_for_all(two: Two) -> None:
    two.built.world.remove(two.built.parts["access"])
    two.west.parts["access"].inputs.pop("setIdentifier")


WHOLE = ("has no A record", "has no internet-facing load balancer", "has 0 records for 2 regions")  # nothing is left that could be named
MUTANTS = [
    ("proxy", "no record of the region", f"{HOST} (region {SECOND}) has no A record", gone("region")),
    ("proxy", "no wildcard of the region", f"*.{HOST} (region {SECOND}) has no A record", gone("region-wildcard")),
    ("proxy", "the region's host leads to another region", "does not lead to the load balancer", put("region", "aliases", to_the_primary)),
    (
        "proxy",
        "a certificate without the region's wildcard",
        f"not *.{HOST}",
        put("certificate", "subjectAlternativeNames", ["*.coder.example.com", HOST]),
    ),
    (
        "proxy",
        "the other region's certificate",
        f"ACM's are regional: use one of {SECOND}",
        put("listener", "certificateArn", lambda two: Ref(two.built.parts["issued"], "certificateArn")),
    ),
    ("proxy", "no load balancer", f"{SECOND} has no internet-facing load balancer", gone("balancer")),
    (
        "proxy",
        "a record that sends people to a proxy",
        "where no coderd answers",
        lambda two: (
            two.west.make(
                "stray",
                "aws:route53/record:Record",
                {
                    "zoneId": "Z0123456789",
                    "name": "coder.example.com",
                    "type": "A",
                    "aliases": two.west.parts["region"].inputs["aliases"],
                    "setIdentifier": SECOND,
                    "latencyRoutingPolicies": [{"region": SECOND}],
                    "healthCheckId": Ref(two.west.parts["check"]),
                },
            )
            and two.built.world.resources.append(two.west.parts["stray"])
        ),
    ),
    ("shared-database", "no record of coderd's second region", "has 1 records for 2 regions", gone("access")),
    ("shared-database", "one identifier for two", "share a set_identifier", put("wildcard", "setIdentifier", PRIMARY)),
    ("shared-database", "no health check", "has no health check", put("access", "healthCheckId", None)),
    (
        "shared-database",
        "a region without a host",
        f"declares no host of {SECOND}",
        lambda two: two.built.parts["environment"].inputs["regions"][SECOND].pop("host"),
    ),
    (
        "shared-database",
        "two regions without a host",
        f"declares no host of {SECOND}",
        lambda two: [region.pop("host") for region in two.built.parts["environment"].inputs["regions"].values()],
    ),
    ("shared-database", "no record of coderd at all", "coder.example.com has 0 records for 2 regions", no_access),
    ("shared-database", "one record, and no identifier", "share a set_identifier", one_record_for_all),
    ("shared-database", "no latency", "has no latency routing", put("access", "latencyRoutingPolicies", None)),
    ("shared-database", "people sent to the other region", "does not lead to the load balancer", put("access", "aliases", to_the_primary)),
]


@MODES
@pytest.mark.parametrize(("serves", "name", "reason", "apply"), MUTANTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_broken_fact_is_named(serves: str, name: str, reason: str, apply: Callable[[Two], object], mode: str) -> None:
    two = two_regions(serves)
    apply(two)
    del name
    assert_named(run(two.built.world, mode, LAW, number=12), 12, reason, whole=reason.endswith(WHOLE))


@MODES
def test_a_health_check_of_elsewhere_is_one(mode: str) -> None:
    two = two_regions("shared-database")
    put("access", "healthCheckId", "0f0f0f0f-0000-4000-8000-000000000000")(two)
    assert run(two.built.world, mode, LAW, number=12).violations(12) == []


@MODES
def test_a_proof_may_serve_two_certificates_of_one_name_and_no_other(mode: str) -> None:
    """ACM asks for the same record for a name in every certificate of an account."""
    two = two_regions()
    shared = [Ref(two.built.parts["proof"], "fqdn")]
    two.west.parts["issued"].inputs["validationRecordFqdns"] = shared
    assert run(two.built.world, mode, LAW, number=12).violations(12) == []
    two.built.parts["certificate"].inputs.update(domainName="other.test", subjectAlternativeNames=[])
    found = [line.message for line in run(two.built.world, mode, LAW, number=12).violations(12)]
    assert any("proves another certificate" in message for message in found), found
