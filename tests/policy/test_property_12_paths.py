"""**Feature: coder-deployment-guide, Property 12: DNS Completeness** (POL-12): records and certificates of other forms"""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tests.policy.graphs import ProdLike, prod_like
from tests.policy.judge import assert_open, run
from tests.policy.mutants import Mutant, assert_caught, assert_lawful, cases
from tests.policy.test_property_01_infrastructure import Change, declared, drop, put, remove
from tests.policy.world import DEPLOYED, PREVIEW, Ref

MODES = pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
BALANCER, CERTIFICATE, LISTENER, RECORD = (
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:acm/certificate:Certificate",
    "aws:lb/listener:Listener",
    "aws:route53/record:Record",
)


def at_the_apex_of_its_zone(built: ProdLike) -> None:
    """Route 53 completes an empty name to the zone's."""
    zone = built.make("zone", "aws:route53/zone:Zone", {"name": "coder.example.com"})
    built.parts["access"].inputs.update(name="", zoneId=Ref(zone))


def proven_by_name(*names: str) -> Change:
    """The validation waits for names that are written out; the record of the first is there."""

    def change(built: ProdLike) -> None:
        built.parts["proof"].inputs["name"] = "_proof.coder.example.com"
        built.parts["proof"].outputs.pop("fqdn")
        built.parts["issued"].inputs["validationRecordFqdns"] = list(names)

    return change


def proven_by_another(*names: str) -> Change:
    """The record of the proof is made from another certificate, for names of which ACM may ask the same."""

    def change(built: ProdLike) -> None:
        built.parts["certificate"].inputs.update(domainName="*.coder.example.com", subjectAlternativeNames=["*.example.com"])
        other = built.make(
            "other", CERTIFICATE, {"domainName": names[0], "subjectAlternativeNames": list(names[1:])}, "domainValidationOptions"
        )
        for key in ("name", "records"):
            built.parts["proof"].inputs[key] = Ref(other, "domainValidationOptions")

    return change


def answered_by_another(built: ProdLike) -> None:
    """The proof has a name of its own, and another certificate's answer."""
    other = built.make("other", CERTIFICATE, {"domainName": "other.test"}, "domainValidationOptions")
    built.parts["proof"].inputs.update(name="_proof.coder.example.com", records=[Ref(other, "domainValidationOptions")])


def from_a_config_map(built: ProdLike) -> None:
    """coderd reads its access URL from a ConfigMap of the stack."""
    metadata = {"name": "told", "namespace": built.home}
    built.make("told", "kubernetes:core/v1:ConfigMap", {"metadata": metadata, "data": {"url": "https://coder.example.com"}})
    env = built.parts["release"].inputs["values"]["coder"]["env"]
    (item,) = [item for item in env if item["name"] == "CODER_ACCESS_URL"]
    item.pop("value")
    item["valueFrom"] = {"configMapKeyRef": {"name": "told", "key": "url"}}


LAWFUL: dict[str, Change] = {
    "a record at the apex of its zone": at_the_apex_of_its_zone,
    "a proof that is written out": proven_by_name("_proof.coder.example.com"),
    "a proof of a certificate of the same first name": proven_by_another("example.com"),
    "a proof of a certificate of the same second name": proven_by_another("other.test", "example.com"),
    "a proof of a certificate of the same wildcard": proven_by_another("*.example.com"),
    "an access URL in a ConfigMap": from_a_config_map,
}


@MODES
@pytest.mark.parametrize("name", LAWFUL)
def test_another_form_is_lawful(name: str, mode: str) -> None:
    assert "property-12-dns" in assert_lawful(LAWFUL[name], mode, 12).passed


def a_plain_listener_first(built: ProdLike) -> None:
    """Before the listener on 443, in the order in which they are looked at."""
    inputs = {"loadBalancerArn": Ref(built.parts["balancer"], "arn"), "port": 80, "protocol": "TCP"}
    built.make("a-plain-one", LISTENER, inputs)
    built.parts["listener"].inputs["certificateArn"] = "arn:aws:acm:::certificate/other"


def without_https(built: ProdLike) -> None:
    """The access host leads to a balancer of this stack that answers on port 80 alone."""
    other = built.make("other", BALANCER, {"loadBalancerType": "network", "internal": False}, "dnsName", zoneId="Z999")
    built.make("plain", LISTENER, {"loadBalancerArn": Ref(other, "arn"), "port": 80})
    built.parts["access"].inputs["aliases"] = [{"name": Ref(other, "dnsName"), "zoneId": Ref(other, "zoneId")}]


def two_faults(built: ProdLike) -> None:
    """The record of the old protocol is no ALIAS, and that of the new one leads elsewhere."""
    inputs = {**built.parts["access"].inputs, "type": "AAAA", "aliases": [{"name": "elsewhere.test", "zoneId": "Z999"}]}
    built.make("sixth", RECORD, inputs)
    drop("access", "aliases")(built)


MUTANTS = [
    Mutant("another certificate behind a plain listener", "shows no certificate of this stack", a_plain_listener_first),
    Mutant("a balancer that answers no HTTPS", "does not lead to the load balancer", without_https),
    Mutant("no listener at all", "no internet-facing load balancer with a listener on 443", remove("listener"), whole=True),
    Mutant("two faults of one host", "does not lead to the load balancer", two_faults, (DEPLOYED,)),
    Mutant(
        "the validation of a certificate of elsewhere",
        "validates a certificate that is not of this stack",
        put("issued", "certificateArn", "arn:aws:acm:::certificate/other"),
    ),
    Mutant(
        "validation that waits for nothing", "waits for records that the stack does not make", put("issued", "validationRecordFqdns", [])
    ),
    Mutant(
        "validation that waits for one name too many",
        "waits for records that the stack does not make",
        proven_by_name("_proof.coder.example.com", "_other.coder.example.com"),
    ),
    Mutant("the answer of another certificate", "proves another certificate", answered_by_another),
    Mutant(
        "the only region without its own host's record",
        "us.coder.example.com (region us-east-1) has no A record",
        declared("host", "us.coder.example.com"),
        whole=True,
    ),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 12)


# part, property, and what is not known of it
UNKNOWN = [
    ("listener", "certificateArn", "its certificate is unknown"),
    ("issued", "certificateArn", "the certificate that it validates is unknown"),
    ("issued", "validationRecordFqdns", "its records are unknown"),
    ("access", "aliases", "where coder.example.com leads is unknown"),
]


@pytest.mark.parametrize(("part", "key", "why"), UNKNOWN)
def test_what_is_unknown_is_left_open(part: str, key: str, why: str) -> None:
    built = prod_like()
    put(part, key, UNKNOWN_STRING_VALUE)(built)
    assert_open(run(built.world, PREVIEW, number=12), 12, built.world.urn(built.parts[part]), why)
