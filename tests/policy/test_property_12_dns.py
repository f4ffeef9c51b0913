"""**Feature: coder-deployment-guide, Property 12: DNS Completeness** (POL-12)"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.hosts import covers, host_of, normalised
from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.judge import assert_open, run
from tests.policy.mutants import Mutant, assert_caught, cases
from tests.policy.shapes import domains
from tests.policy.test_property_01_infrastructure import drop, put, remove, to
from tests.policy.test_property_06_external_provisioners import variable
from tests.policy.world import DEPLOYED, PREVIEW, Ref


def another_balancer(built: ProdLike, internal: bool = False) -> Ref:
    other = built.make(
        "other", "aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "internal": internal}, "dnsName", zoneId="Z999"
    )
    return Ref(other, "dnsName")


def alias(part: str, **change: object):
    def apply(built: ProdLike) -> None:
        target = built.parts[part].inputs["aliases"][0]
        target.update({key: value(built) if callable(value) else value for key, value in change.items()})

    return apply


def another_certificate(built: ProdLike) -> None:
    other = built.make("other-certificate", "aws:acm/certificate:Certificate", {"domainName": "coder.example.com"})
    built.parts["listener"].inputs["certificateArn"] = Ref(other, "arn")


def validates_another(built: ProdLike) -> None:
    other = built.make("other-certificate", "aws:acm/certificate:Certificate", {"domainName": "other.example.com"})
    built.parts["issued"].inputs["certificateArn"] = Ref(other, "arn")


def shown_directly(built: ProdLike) -> None:
    """The listener shows the certificate, and the validation is of another one."""
    validates_another(built)
    built.parts["listener"].inputs["certificateArn"] = Ref(built.parts["certificate"], "arn")


def private_zone(built: ProdLike) -> None:
    zone = built.make("inside", "aws:route53/zone:Zone", {"name": "example.com", "vpcs": [{"vpcId": Ref(built.parts["vpc"])}]})
    built.parts["access"].inputs["zoneId"] = Ref(zone)


MUTANTS = [
    Mutant("no record of the access host", "coder.example.com (CODER_ACCESS_URL) has no A record", remove("access"), whole=True),
    Mutant("no record of the wildcard", "*.coder.example.com (CODER_WILDCARD_ACCESS_URL) has no A record", remove("wildcard"), whole=True),
    Mutant(
        "a record of another host",
        "coder.example.com (CODER_ACCESS_URL) has no A record",
        put("access", "name", "code.example.com"),
        whole=True,
    ),
    Mutant("a look-alike wildcard", "has no A record", put("wildcard", "name", "*.coder.example.com.evil.test"), whole=True),
    Mutant("a CNAME at the apex", "has no A record", put("access", "type", "CNAME")),
    Mutant(
        "addresses instead of an alias", "is no ALIAS", lambda b: (drop("access", "aliases")(b), put("access", "records", ["192.0.2.1"])(b))
    ),
    Mutant(
        "an alias to another load balancer", "does not lead to the load balancer", alias("access", name=lambda b: another_balancer(b, True))
    ),
    Mutant("an alias to a bucket", "does not lead to the load balancer", alias("wildcard", name="s3-website.example.com"), (DEPLOYED,)),
    Mutant(
        "an alias to the certificate",
        "does not lead to the load balancer",
        lambda b: put("access", "aliases", [{"name": Ref(b.parts["certificate"], "domainName"), "zoneId": "Z1"}])(b),
    ),
    Mutant(
        "addresses of the new protocol that lead elsewhere",
        "is no ALIAS",
        lambda b: b.make(
            "sixth", "aws:route53/record:Record", {**b.parts["access"].inputs, "type": "AAAA", "aliases": None, "records": ["2001:db8::1"]}
        ),
    ),
    Mutant(
        "a record for one country only",
        "has geolocationRoutingPolicies, so that some get no address",
        put("access", "geolocationRoutingPolicies", [{"country": "DE"}]),
    ),
    Mutant("a private zone", "stands in the private zone coder-inside; coder.example.com must", private_zone),
    Mutant("an alias with coderd's own zone", "use the load balancer's zone", alias("access", zoneId="Z0123456789"), (DEPLOYED,)),
    Mutant("a certificate without the wildcard", "not *.coder.example.com", put("certificate", "subjectAlternativeNames", [])),
    Mutant("a certificate of another host", "not coder.example.com", put("certificate", "domainName", "code.example.com")),
    Mutant("a wildcard one level too high", "not *.coder.example.com", put("certificate", "subjectAlternativeNames", ["*.example.com"])),
    Mutant("another certificate at the listener", "shows a certificate that nothing validates", another_certificate),
    Mutant(
        "a certificate from elsewhere",
        "shows no certificate of this stack",
        put("listener", "certificateArn", "arn:aws:acm:::certificate/other"),
    ),
    Mutant("the validation of another certificate", "not coder.example.com", validates_another),
    Mutant("a certificate whose validation is another's", "nothing validates", shown_directly),
    Mutant("no validation", "shows a certificate that nothing validates", remove("issued"), (DEPLOYED,)),
    Mutant(
        "validation without records",
        "waits for records that the stack does not make",
        put("issued", "validationRecordFqdns", ["_x.example.com"]),
    ),
    Mutant(
        "validation that waits for another record",
        "proves another certificate",
        put(
            "issued",
            "validationRecordFqdns",
            lambda b: [
                Ref(
                    b.make(
                        "wrong",
                        "aws:route53/record:Record",
                        {"name": Ref(b.parts["vpc"], "id"), "type": "CNAME", "records": ["x"], "zoneId": "Z0123456789"},
                        "fqdn",
                    ),
                    "fqdn",
                )
            ],
        ),
    ),
    Mutant(
        "a wildcard of another domain",
        "is not below the base domain",
        variable("release", "CODER_WILDCARD_ACCESS_URL", value="*.coder.example.org"),
    ),
    Mutant("no wildcard host", "has no CODER_WILDCARD_ACCESS_URL", variable("release", "CODER_WILDCARD_ACCESS_URL")),
    Mutant(
        "another access host than declared",
        "is told coder.example.com as access host; the environment declares dev.coder.example.com",
        put("environment", "accessUrl", "https://dev.coder.example.com"),
    ),
    Mutant("no load balancer", "no internet-facing load balancer", remove("balancer"), whole=True),
    Mutant("an alias with values of its own", "is an ALIAS and has values of its own", put("access", "records", ["192.0.2.1"])),
    Mutant("validation by mail", "use DNS", put("certificate", "validationMethod", "EMAIL")),
    Mutant("no base domain", "declares no base domain; prod", put("environment", "baseDomain", None)),
    Mutant("no environment", "which declares the base domain", remove("environment"), whole=True),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 12)


def rfc6125(pattern: str, host: str) -> bool:
    """The oracle: labels from the right, a lone star for exactly one label, only the leftmost; a star in the host means the star itself."""
    given_, wanted = pattern.lower().rstrip(".").split("."), host.lower().rstrip(".").split(".")
    if len(given_) != len(wanted) or given_[1:] != wanted[1:]:
        return False
    return given_[0] == wanted[0] or (given_[0] == "*" and len(given_) > 1 and wanted[0] not in ("*", ""))


@settings(max_examples=300, deadline=None)
@given(
    first=st.sampled_from(["*", "a", "b", "aa"]), second=st.sampled_from(["*", "a", "x.a", "x.*", "b"]), domain=domains(), wanted=st.data()
)
def test_names_are_matched_as_rfc_6125_says(first: str, second: str, domain: str, wanted: st.DataObject) -> None:
    """**Feature: coder-deployment-guide, Property 12: DNS Completeness**"""
    pattern = wanted.draw(st.sampled_from([f"{first}.{domain}", domain, f"{first}.{domain}."]))
    host = wanted.draw(st.sampled_from([f"{second}.{domain}", domain, f"{second}.{domain}".upper()]))
    assert covers(pattern, host) == rfc6125(pattern, host)


@pytest.mark.parametrize(("pattern", "host"), [("*.a.test", ".a.test"), ("*", "test"), ("*.*.test", "a.*.test"), ("*.a.test", "*.a.tests")])
def test_a_star_stands_for_one_label_that_is_there(pattern: str, host: str) -> None:
    assert not covers(pattern, host)


NAME = st.sampled_from(["{apex}", "*.{apex}", "dev.{apex}", "*.dev.{apex}", "*.{parent}", "other.test"])


@settings(max_examples=120, deadline=None)
@given(
    shape=st.builds(Shape, domain=domains(), access_label=st.sampled_from(["", "dev"])),
    names=st.lists(NAME, min_size=1, max_size=4),
    spelling=st.sampled_from([str, str.upper, lambda name: f"{name}."]),
    gone=st.sampled_from([None, "access", "wildcard"]),
    mode=st.sampled_from([PREVIEW, DEPLOYED]),
)
def test_hosts_pass_iff_records_and_certificate_serve_them(shape: Shape, names: list[str], spelling, gone: str | None, mode: str) -> None:
    """**Feature: coder-deployment-guide, Property 12: DNS Completeness**

    Spelling in capitals or with a trailing dot changes nothing; the oracle asks each host of each name.
    """
    built = prod_like(shape)
    parent = shape.domain.partition(".")[2]
    certificate = [name.format(apex=shape.domain, parent=parent) for name in names]
    built.parts["certificate"].inputs.update(domainName=certificate[0], subjectAlternativeNames=certificate[1:])
    for part in ("access", "wildcard"):
        built.parts[part].inputs["name"] = spelling(built.parts[part].inputs["name"])
    if gone is not None:
        built.world.remove(built.parts[gone])
    hosts = [shape.access_host, shape.wildcard_host]
    served = all(any(rfc6125(name, host) for name in certificate) for host in hosts)
    assert (run(built.world, mode, number=12).violations(12) == []) == (served and gone is None)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Coder.Example.COM.", "coder.example.com"),
        ("\\052.coder.io", "*.coder.io"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("a..b", "a..b"),
        ("Bücher..example", "xn--bcher-kva..example"),  # what is no label spoils no other
        (f"{'A' * 64}.example", f"{'a' * 64}.example"),
    ],
)
def test_names_have_one_form(written: str, name: str) -> None:
    assert normalised(written) == name


def test_other_load_balancers_are_no_way_in() -> None:
    """One that answers inside only, and one that answers no HTTPS."""
    for internal, port in ((True, 443), (False, 80)):
        built = prod_like()
        other = another_balancer(built, internal)
        built.make("other-listener", "aws:lb/listener:Listener", {"loadBalancerArn": Ref(other.resource, "arn"), "port": port})
        assert run(built.world, DEPLOYED, number=12).violations(12) == []


def test_the_environment_need_not_say_the_access_url() -> None:
    built = prod_like()
    del built.parts["environment"].inputs["accessUrl"]
    assert run(built.world, DEPLOYED, number=12).violations(12) == []


def test_a_host_that_is_not_known_leaves_the_other_to_be_judged() -> None:
    built = prod_like()
    variable("release", "CODER_ACCESS_URL", value=Ref(built.parts["vpc"]))(built)
    assert_open(run(built.world, PREVIEW, number=12), 12, built.world.urn(built.parts["release"]), "CODER_ACCESS_URL is unknown")
    variable("release", "CODER_WILDCARD_ACCESS_URL")(built)
    assert any("has no CODER_WILDCARD" in line.message for line in run(built.world, PREVIEW, number=12).violations(12))


def test_the_host_of_a_url_is_without_port() -> None:
    assert host_of("https://Coder.Example.com:8443/path") == "coder.example.com"
    assert host_of("coder") is None


def test_without_a_base_domain_the_property_does_not_apply_to_a_system_of_another_kind() -> None:
    built = prod_like(Shape(stack="sandbox"))
    put("environment", "system", "sandbox")(built)
    drop("environment", "baseDomain")(built)
    outcome = run(built.world, DEPLOYED, number=12)
    assert outcome.violations(12) == []
    assert "no base domain is set" in outcome.not_applicable["property-12-dns"]


def test_a_name_inside_a_zone_of_the_stack_is_completed() -> None:
    """Route 53 adds the zone's name where it is missing."""
    built = prod_like()
    zone = built.make("zone", "aws:route53/zone:Zone", {"name": "example.com"})
    built.parts["access"].inputs.update(name="coder", zoneId=Ref(zone))
    assert run(built.world, PREVIEW, number=12).violations(12) == []


@pytest.mark.parametrize(("part", "key"), [("access", "name"), ("certificate", "subjectAlternativeNames")])
def test_an_unknown_is_left_open_with_its_urn(part: str, key: str) -> None:
    built = prod_like()
    built.parts[part].inputs[key] = Ref(built.parts["vpc"])
    outcome = run(built.world, PREVIEW, number=12)
    assert outcome.violations(12) == []
    assert "property-12-dns" not in outcome.passed
    assert any(f"property-12 not yet judged: {built.world.urn(built.parts[part])}" in line for line in outcome.advisories())


def test_the_listener_may_show_the_certificate_itself_once_it_is_validated() -> None:
    built = prod_like()
    built.parts["listener"].inputs["certificateArn"] = to("certificate", "arn")(built)
    assert run(built.world, PREVIEW, number=12).violations(12) == []
