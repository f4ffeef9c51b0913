"""Certificate and records on the graph."""

from __future__ import annotations

import pytest

from components.dns import Certificate, CertificateArgs, Records, RecordsArgs, Regional, validated_hosts
from tests.components.conftest import Deploy
from tests.components.graph import Graph

HOSTS = ("coder.example.com", "*.coder.example.com")
RECORD, CERTIFICATE = "aws:route53/record:Record", "aws:acm/certificate:Certificate"
VALIDATION, CHECK = "aws:acm/certificateValidation:CertificateValidation", "aws:route53/healthCheck:HealthCheck"


def certificate(deploy: Deploy, *hosts: str, preview: bool = False) -> Graph:
    return deploy(lambda: Certificate("certificate", CertificateArgs(zone_name="coder.example.com", hosts=hosts or HOSTS)), preview=preview)


def records(deploy: Deploy, *, preview: bool = False) -> Graph:
    args = RecordsArgs(
        zone_id="Z0LOCAL",
        access_host=HOSTS[0],
        wildcard_host=HOSTS[1],
        load_balancer_dns_name="balancer.elb.us-east-1.amazonaws.com",
        load_balancer_zone_id="Z26RNL4JYFTOTI",
    )
    return deploy(lambda: Records("records", args), preview=preview)


def test_the_certificate_covers_both_hosts_and_is_validated_by_dns(deploy: Deploy):
    """DNS-04, DNS-05, Property 12."""
    inputs = certificate(deploy).one(CERTIFICATE).inputs
    assert inputs["domainName"] == "coder.example.com"
    assert inputs["subjectAlternativeNames"] == ["*.coder.example.com"]
    assert inputs["validationMethod"] == "DNS"
    assert "privateKey" not in inputs  # issued by ACM, which renews it


def test_host_and_wildcard_share_one_validation_record(deploy: Deploy):
    """DNS-04: ACM asks for the same record twice, and Route 53 refuses a second one of a name."""
    record = certificate(deploy).one(RECORD)
    assert record.name == "certificate-coder.example.com"
    assert record.inputs["name"] == "_acme.coder.example.com."
    assert (record.inputs["type"], record.inputs["records"]) == ("CNAME", ["_value.acm-validations.aws."])
    assert record.inputs["zoneId"] == "Z0LOCAL"


@pytest.mark.parametrize(
    ("hosts", "validated"),
    [
        (("coder.example.com", "*.coder.example.com"), ["coder.example.com"]),
        (("coder.example.com", "*.apps.example.com"), ["apps.example.com", "coder.example.com"]),
        (
            ("b.example.com", "*.b.example.com", "us-east-2.b.example.com", "*.us-east-2.b.example.com"),
            ["b.example.com", "us-east-2.b.example.com"],
        ),
        (("Coder.Example.com.", "*.coder.example.com"), ["coder.example.com"]),
    ],
)
def test_each_name_is_validated_once(hosts: tuple[str, ...], validated: list[str]):
    """DNS-04, DNS-09."""
    assert validated_hosts(hosts) == validated


def test_the_certificate_is_given_out_only_when_issued(deploy: Deploy):
    """DNS-10, DNS-04, CDR-26."""
    graph = certificate(deploy)
    validation = graph.one(VALIDATION)
    assert graph.reference(validation, "certificateArn") == [graph.one(CERTIFICATE)]
    assert graph.waits_for(validation, graph.one(RECORD))
    _, outputs = graph.component("coder-eks:dns:Certificate")
    assert outputs["arn"] == validation.outputs["certificateArn"]


def test_the_zone_is_looked_up_and_not_made(deploy: Deploy):
    """DNS-01."""
    graph = certificate(deploy)
    assert not graph.of("aws:route53/zone:Zone")
    assert graph.component("coder-eks:dns:Certificate")[1]["zone_id"] == "Z0LOCAL"


def test_a_host_that_acm_asks_nothing_for_is_an_error_that_names_it(deploy: Deploy):
    options = [{"domainName": "other.example.com", "resourceRecordName": "x", "resourceRecordType": "CNAME", "resourceRecordValue": "y"}]
    with pytest.raises(Exception, match=r"no record for coder\.example\.com, only for other\.example\.com"):
        deploy(
            lambda: Certificate("certificate", CertificateArgs(zone_name="example.com", hosts=HOSTS)),
            outputs={CERTIFICATE: {"domainValidationOptions": options}},
        )


def test_a_preview_of_an_empty_stack_knows_every_record(deploy: Deploy):
    """No resource is declared inside an apply: the names are in the settings."""
    urns = [node.urn for node in certificate(deploy, *HOSTS, "*.apps.coder.example.com").nodes]
    assert [node.urn for node in certificate(deploy, *HOSTS, "*.apps.coder.example.com", preview=True).nodes] == urns
    assert [node.urn for node in records(deploy, preview=True).nodes] == [node.urn for node in records(deploy).nodes]


def test_both_hosts_are_aliases_of_the_load_balancer_in_its_own_zone(deploy: Deploy):
    """DNS-02, DNS-03, DNS-13, Property 12: the alias carries the balancer's zone id, not that of the records."""
    found = {node.inputs["name"]: node.inputs for node in records(deploy).of(RECORD)}
    assert set(found) == set(HOSTS)
    for inputs in found.values():
        assert (inputs["type"], inputs["zoneId"]) == ("A", "Z0LOCAL")
        (alias,) = inputs["aliases"]
        assert (alias["name"], alias["zoneId"]) == ("balancer.elb.us-east-1.amazonaws.com", "Z26RNL4JYFTOTI")


def test_the_access_host_is_checked_from_outside(deploy: Deploy):
    """DNS-11."""
    inputs = records(deploy).one(CHECK).inputs
    assert (inputs["type"], inputs["fqdn"], inputs["port"], inputs["resourcePath"]) == ("HTTPS", "coder.example.com", 443, "/healthz")
    assert inputs["enableSni"] is True


def test_declared_facts_are_inputs_and_outputs(deploy: Deploy):
    """Decision 10."""
    for graph, type_ in ((certificate(deploy), "coder-eks:dns:Certificate"), (records(deploy), "coder-eks:dns:Records")):
        component, outputs = graph.component(type_)
        assert component.inputs.items() <= outputs.items()
    assert component.inputs == {"access_host": HOSTS[0], "wildcard_host": HOSTS[1]}


def regional(deploy: Deploy, serves_access: bool = True) -> Graph:
    args = RecordsArgs(
        zone_id="Z0LOCAL",
        access_host="coderdemo.io",
        wildcard_host="*.coderdemo.io",
        load_balancer_dns_name="balancer.elb.us-west-2.amazonaws.com",
        load_balancer_zone_id="Z18D5FSROUN65G",
        regional=Regional(region="us-west-2", host="us-west-2.coderdemo.io", serves_access=serves_access),
    )
    return deploy(lambda: Records("hosts-us-west-2", args))


def test_a_region_of_several_has_hosts_of_its_own(deploy: Deploy):
    """DNS-08: simple records, which no health check takes away: they are for who wants this region and no other."""
    found = {node.inputs["name"]: node.inputs for node in regional(deploy, serves_access=False).of(RECORD)}
    assert set(found) == {"us-west-2.coderdemo.io", "*.us-west-2.coderdemo.io"}
    assert not any("setIdentifier" in inputs or "healthCheckId" in inputs for inputs in found.values())


def test_where_coderd_answers_its_hosts_are_chosen_by_latency_and_health(deploy: Deploy):
    """DNS-06, DNS-07, T-36: by region, told apart by identifier, left out while the region's own host fails its check."""
    graph = regional(deploy)
    check = graph.one(CHECK)
    assert (check.inputs["type"], check.inputs["fqdn"], check.inputs["resourcePath"]) == ("HTTPS", "us-west-2.coderdemo.io", "/healthz")
    chosen = [node for node in graph.of(RECORD) if node.inputs["name"] in ("coderdemo.io", "*.coderdemo.io")]
    assert len(chosen) == 2
    for node in chosen:
        assert node.inputs["setIdentifier"] == "us-west-2"
        assert node.inputs["latencyRoutingPolicies"] == [{"region": "us-west-2"}]
        assert graph.reference(node, "healthCheckId") == [check]
        assert node.inputs["aliases"][0]["name"] == "balancer.elb.us-west-2.amazonaws.com"  # DNS-13: the apex too


def test_a_name_that_stands_in_two_certificates_is_proven_once(deploy: Deploy):
    """DNS-09, T-67: ACM asks for the same record for a name in every certificate of an account."""
    first, second = ("coderdemo.io", "*.coderdemo.io"), ("coderdemo.io", "*.coderdemo.io", "us-west-2.coderdemo.io")

    def program() -> None:
        primary = Certificate("hosts", CertificateArgs(zone_name="coderdemo.io", hosts=first))
        Certificate("west", CertificateArgs(zone_name="coderdemo.io", hosts=second, proven=primary.proofs))

    graph = deploy(program)
    assert sorted(node.name for node in graph.of(RECORD)) == ["hosts-coderdemo.io", "west-us-west-2.coderdemo.io"]
    validation = graph.one(VALIDATION, "west")
    assert sorted(node.name for node in graph.reference(validation, "validationRecordFqdns")) == [
        "hosts-coderdemo.io",
        "west-us-west-2.coderdemo.io",
    ]
