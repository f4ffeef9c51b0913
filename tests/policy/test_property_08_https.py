"""**Feature: coder-deployment-guide, Property 8: HTTPS Enforcement** (POL-08)"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.elbv2.ssl_policies import SSL_POLICIES
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.tls_policies import TLS_POLICIES, fault_of
from tests.policy.graphs import ProdLike, Shape, prod_like
from tests.policy.judge import Config, run
from tests.policy.mutants import Mutant, assert_caught, cases
from tests.policy.test_property_01_infrastructure import Change, drop, put, remove, to, to_all
from tests.policy.test_property_06_external_provisioners import setting, variable
from tests.policy.world import DEPLOYED, PREVIEW, Ref

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
OLD = Shape(old_rules=True)


def listener(**inputs: Any):
    def change(built: ProdLike) -> None:
        built.make("second", "aws:lb/listener:Listener", {"loadBalancerArn": Ref(built.parts["balancer"], "arn"), **inputs})

    return change


def exposed(annotations: dict[str, str], *ports: int):
    def change(built: ProdLike) -> None:
        spec = {"type": "LoadBalancer", "ports": [{"port": port} for port in ports or (443,)]}
        metadata = {"name": "out", "namespace": "coder", "annotations": annotations}
        built.make("out", "kubernetes:core/v1:Service", {"metadata": metadata, "spec": spec})

    return change


def group(**rule: Any):
    """A security group with a rule inside."""

    def change(built: ProdLike) -> None:
        built.make("loose", "aws:ec2/securityGroup:SecurityGroup", {"vpcId": Ref(built.parts["vpc"]), "ingress": [rule]})

    return change


def open_to(built: ProdLike, key: str, part: str) -> None:
    built.parts["open-rule"].inputs.update({"fromPort": 22, "toPort": 22, "cidrIpv4": None, key: part})


def from_map(built: ProdLike, name: str, value: str) -> None:
    """A variable of coderd from a ConfigMap of the stack instead."""
    place = {"name": "told", "namespace": "coder"}
    built.make("told", "kubernetes:core/v1:ConfigMap", {"metadata": place, "data": {"key": value}})
    release = built.parts["release"]
    release.inputs["namespace"] = "coder"
    env = [item for item in release.inputs["values"]["coder"]["env"] if item["name"] != name]
    env.append({"name": name, "valueFrom": {"configMapKeyRef": {"name": "told", "key": "key"}}})
    release.inputs["values"]["coder"]["env"] = env


RELEASE = "kubernetes:helm.sh/v3:Release"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
FRONT = {
    "viewerCertificate": {"minimumProtocolVersion": "TLSv1.2_2021"},
    "defaultCacheBehavior": {"viewerProtocolPolicy": "redirect-to-https"},
    "orderedCacheBehaviors": [{"viewerProtocolPolicy": "https-only"}],
}
ANYBODY = {"cidrBlocks": ["0.0.0.0/0"]}
MUTANTS = [
    Mutant("plain TCP", "answers the internet with TCP on 443", put("listener", "protocol", "TCP")),
    Mutant("plain HTTP beside it", "answers the internet with HTTP on 8081", listener(protocol="HTTP", port=8081)),
    Mutant(
        "plain HTTP under another type",
        "answers the internet with HTTP on 80",
        lambda b: b.make(
            "alb", "aws:alb/listener:Listener", {"loadBalancerArn": Ref(b.parts["balancer"], "arn"), "protocol": "HTTP", "port": 80}
        ),
    ),
    Mutant("STUN that nobody asked for", "answers the internet with UDP on 3478", listener(protocol="UDP", port=3478)),
    Mutant(
        "a redirect to plain HTTP",
        "answers the internet with HTTP on 80",
        listener(protocol="HTTP", port=80, defaultActions=[{"type": "redirect", "redirect": {"protocol": "HTTP"}}]),
    ),
    Mutant("AWS's default policy", "names no security policy", drop("listener", "sslPolicy")),
    Mutant("TLS 1.0", "which admits TLS 1.0", put("listener", "sslPolicy", "ELBSecurityPolicy-2016-08")),
    Mutant("ciphers without GCM", "admits ciphers without GCM", put("listener", "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06")),
    Mutant("a policy that nobody knows", "is not in the table", put("listener", "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-Res-2021-07")),
    Mutant("no certificate", "has no certificate", drop("listener", "certificateArn")),
    Mutant("a certificate of no name", "has no certificate", put("listener", "certificateArn", ""), (DEPLOYED,)),
    Mutant(
        "a plain listener after one of nobody knows which load balancer",
        "answers the internet with TCP on 443",
        lambda b: (
            b.make("early", "aws:lb/listener:Listener", {"protocol": "UDP", "loadBalancerArn": UNKNOWN_STRING_VALUE}),
            put("listener", "protocol", "TCP")(b),
        ),
        (PREVIEW,),
    ),
    Mutant(
        "a rule after a group that may be open",
        "opens coder-node-group to everybody",
        lambda b: (
            put("balancer-group", "ingress", [{"protocol": "tcp", "fromPort": 443, "toPort": 443, **ANYBODY}])(b),
            put("open-rule", "securityGroupId", to("node-group"))(b),
        ),
    ),
    Mutant(
        "an access URL in the clear in a ConfigMap", "must begin with https://", lambda b: from_map(b, "CODER_ACCESS_URL", "http://coder")
    ),
    Mutant(
        "a cookie for every page by a ConfigMap",
        "has CODER_SECURE_AUTH_COOKIE 'false'",
        lambda b: from_map(b, "CODER_SECURE_AUTH_COOKIE", "false"),
    ),
    Mutant(
        "a certificate that is none",
        "takes something that is no certificate",
        put("listener", "certificateArn", to("balancer", "arn")),
        (PREVIEW,),
    ),
    Mutant(
        "a listener of no load balancer here",
        "belongs to no load balancer",
        put("listener", "loadBalancerArn", "arn:aws:elasticloadbalancing:::loadbalancer/other"),
    ),
    Mutant("no listener", "faces the internet without a TLS listener", remove("listener")),
    Mutant("a load balancer without guards", "has no security group", drop("balancer", "securityGroups")),
    Mutant(
        "a load balancer behind a guard from elsewhere",
        "has no security group",
        put("balancer", "securityGroups", ["sg-0f00000000000000f"]),
    ),
    Mutant("nodes open to everybody", "opens coder-node-group to everybody", put("open-rule", "securityGroupId", to("node-group"))),
    Mutant(
        "nodes open to everybody by an old rule", "opens coder-node-group", put("open-rule", "securityGroupId", to("node-group")), shape=OLD
    ),
    Mutant(
        "the load balancer takes the nodes' guard",
        "opens coder-balancer-group to everybody",
        put("balancer", "securityGroups", to_all("endpoint-group")),
    ),
    *(
        Mutant(f"{part} of the internet", "lets everybody reach tcp 22", lambda b, key=key, part=part: open_to(b, key, part))
        for key, part in (("cidrIpv4", "128.0.0.0/1"), ("cidrIpv4", "10.0.0.0/0"), ("cidrIpv6", "2000::/3"))
    ),
    Mutant(
        "a public API for both halves",
        "shows the Kubernetes API to everybody",
        put("cluster", "vpcConfig", {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}),
    ),
    Mutant(
        "a Gateway",
        "is a Gateway, whose TLS no policy reads",
        lambda b: b.make("gateway", "kubernetes:gateway.networking.k8s.io/v1:Gateway", {"spec": {"listeners": [{"port": 80}]}}),
    ),
    Mutant(
        "a load balancer of another chart",
        "grafana.service makes a load balancer that answers the internet without TLS",
        lambda b: b.make("board", RELEASE, {"chart": "board", "values": {"grafana": {"service": {"type": "LoadBalancer"}}}}),
    ),
    Mutant(
        "an Ingress of another chart",
        "grafana.ingress makes an Ingress",
        lambda b: b.make("board", RELEASE, {"chart": "board", "values": {"grafana": {"ingress": {"enabled": True}}}}),
    ),
    Mutant("every port", "lets everybody reach every port", put("open-rule", "ipProtocol", "-1")),
    Mutant("a range of ports", "lets everybody reach tcp 443 to 8443", put("open-rule", "toPort", 8443)),
    Mutant("SSH", "lets everybody reach tcp 22", lambda b: b.parts["open-rule"].inputs.update(fromPort=22, toPort=22)),
    Mutant(
        "SSH over IPv6",
        "lets everybody reach tcp 22",
        lambda b: b.parts["open-rule"].inputs.update(fromPort=22, toPort=22, cidrIpv6="::/0", cidrIpv4=None),
    ),
    Mutant("the database", "lets everybody reach tcp 5432", put("inner-rule", "cidrIpv4", "0.0.0.0/0")),
    Mutant("a group open inside", "lets everybody reach tcp 8080", group(protocol="tcp", fromPort=8080, toPort=8080, **ANYBODY)),
    Mutant("a group open inside on 443", "is not the load balancer's", group(protocol="tcp", fromPort=443, toPort=443, **ANYBODY)),
    Mutant(
        "the default group open",
        "is not the load balancer's",
        lambda b: b.make(
            "default",
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            {"ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, **ANYBODY}]},
        ),
    ),
    Mutant("a public API", "shows the Kubernetes API to everybody", put("cluster", "vpcConfig", {"endpointPublicAccess": True})),
    Mutant("a public API by AWS's default", "shows the Kubernetes API to everybody", put("cluster", "vpcConfig", {})),
    Mutant(
        "a public API for all ranges",
        "shows the Kubernetes API to everybody",
        put("cluster", "vpcConfig", {"endpointPublicAccess": True, "publicAccessCidrs": ["10.0.0.0/8", "0.0.0.0/0"]}),
    ),
    Mutant("a Service as load balancer", "answers the internet without TLS", exposed({})),
    Mutant(
        "a Service without TLS on one port",
        "without TLS on 8080",
        exposed({PREFIX + "ssl-cert": "arn", PREFIX + "ssl-ports": "443"}, 443, 8080),
    ),
    Mutant("a Service with AWS's default policy", "names no security policy", exposed({PREFIX + "ssl-cert": "arn"})),
    Mutant("the chart's own load balancer", "set coder.service.enable to false", setting("release", {}, "values", "coder", "service")),
    Mutant("the chart's Ingress", "set coder.ingress.enable to false", setting("release", {"enable": True}, "values", "coder", "ingress")),
    Mutant("a classic load balancer", "is a classic load balancer", lambda b: b.make("old", "aws:elb/loadBalancer:LoadBalancer", {})),
    Mutant(
        "plain CloudFront",
        "answers plain HTTP",
        lambda b: b.make(
            "front",
            "aws:cloudfront/distribution:Distribution",
            {
                "viewerCertificate": {"minimumProtocolVersion": "TLSv1.2_2021"},
                "defaultCacheBehavior": {"viewerProtocolPolicy": "allow-all"},
            },
        ),
    ),
    *(
        Mutant(f"CloudFront with {name}", reason, lambda b, change=change: b.make("front", DISTRIBUTION, {**FRONT, **change}))
        for name, reason, change in (
            ("old TLS", "admits viewers below TLS 1.2", {"viewerCertificate": {"minimumProtocolVersion": "TLSv1"}}),
            ("a plain path", "answers plain HTTP", {"orderedCacheBehaviors": [{"viewerProtocolPolicy": "allow-all"}]}),
        )
    ),
    Mutant(
        "a group from elsewhere open",
        "opens a security group that is not in the stack to everybody",
        put("open-rule", "securityGroupId", "sg-0f00000000000000f"),
    ),
    Mutant(
        "an access URL in the clear", "must begin with https://", variable("release", "CODER_ACCESS_URL", value="http://coder.example.com")
    ),
    Mutant("no access URL", "must begin with https://", variable("release", "CODER_ACCESS_URL")),
    Mutant(
        "a cookie for every page", "has CODER_SECURE_AUTH_COOKIE 'false'", variable("release", "CODER_SECURE_AUTH_COOKIE", value="false")
    ),
    Mutant("a cookie left to the default", "has CODER_SECURE_AUTH_COOKIE not set", variable("release", "CODER_SECURE_AUTH_COOKIE")),
    Mutant(
        "an access URL declared in the clear",
        "declares the access URL http://",
        put("environment", "accessUrl", "http://coder.example.com"),
    ),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 8)


def strict(name: str) -> bool:
    """The oracle: moto's copy of AWS's own table of ciphers, read by the rule instead of by name."""
    policy = SSL_POLICIES.get(name)
    if policy is None:
        return False
    modern = set(policy["ssl_protocols"]) <= {"TLSv1.2", "TLSv1.3"}
    return modern and all(cipher.startswith("TLS_") or (cipher.startswith("ECDHE-") and "-GCM-" in cipher) for cipher in policy["ciphers"])


@pytest.mark.parametrize("name", sorted(SSL_POLICIES))
def test_the_table_agrees_with_aws_s_ciphers(name: str) -> None:
    assert (fault_of(name) is None) == strict(name)


def test_the_minimum_version_in_the_table_is_aws_s() -> None:
    versions = {"TLSv1": (1, 0), "TLSv1.1": (1, 1), "TLSv1.2": (1, 2), "TLSv1.3": (1, 3)}
    for name, policy in SSL_POLICIES.items():
        assert TLS_POLICIES[name].minimum == min(versions[item] for item in policy["ssl_protocols"]), name


@settings(max_examples=120, deadline=None)
@given(
    protocol=st.sampled_from(["TLS", "HTTPS", "TCP", "HTTP", "UDP", "TCP_UDP"]),
    port=st.sampled_from([80, 443, 3478, 8443]),
    policy=st.one_of(st.none(), st.sampled_from(sorted(SSL_POLICIES)), st.just("ELBSecurityPolicy-Unheard-Of")),
    certificate=st.booleans(),
    redirect=st.booleans(),
    internal=st.booleans(),
    stun=st.booleans(),
)
def test_a_listener_passes_iff_the_internet_meets_tls(
    protocol: str, port: int, policy: str | None, certificate: bool, redirect: bool, internal: bool, stun: bool
) -> None:
    """**Feature: coder-deployment-guide, Property 8: HTTPS Enforcement**"""
    built = prod_like()
    place = built.parts["balancer"]
    if internal:
        place = built.make("inner", "aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network", "internal": True}, "dnsName")
    inputs: dict[str, Any] = {
        "loadBalancerArn": Ref(place, "arn"),
        "protocol": protocol,
        "port": port,
        "defaultActions": [{"type": "forward"}],
    }
    if policy is not None:
        inputs["sslPolicy"] = policy
    if certificate:
        inputs["certificateArn"] = Ref(built.parts["issued"], "certificateArn")
    if redirect:
        inputs["defaultActions"] = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}]
    built.make("tried", "aws:lb/listener:Listener", inputs)
    config = {name: {"stun": stun} for name in ("property-08-https", "property-08-https-inputs")}
    found = [line for line in run(built.world, PREVIEW, config, number=8).violations(8) if line.urn.endswith("::coder-tried")]

    encrypted = protocol in ("TLS", "HTTPS")
    allowed = (protocol == "HTTP" and port == 80 and redirect) or (stun and protocol == "UDP" and port == 3478)
    good = (policy is not None and strict(policy) and certificate) if encrypted else (internal or allowed)
    assert (found == []) == good


@settings(max_examples=120, deadline=None)
@given(
    scheme=st.sampled_from([None, "internal", "internet-facing"]),
    old_internal=st.sampled_from([None, "true", "false"]),
    certificate=st.booleans(),
    covered=st.sampled_from([None, "*", "443", "443,8080", "https"]),
    policy=st.one_of(st.none(), st.sampled_from(sorted(SSL_POLICIES))),
    ports=st.sampled_from([(443,), (443, 8080)]),
)
def test_a_service_passes_iff_its_load_balancer_would(
    scheme: str | None, old_internal: str | None, certificate: bool, covered: str | None, policy: str | None, ports: tuple[int, ...]
) -> None:
    """**Feature: coder-deployment-guide, Property 8: HTTPS Enforcement**"""
    said = {
        "scheme": scheme,
        "internal": old_internal,
        "ssl-cert": "arn" if certificate else None,
        "ssl-ports": covered,
        "ssl-negotiation-policy": policy,
    }
    built = prod_like()
    exposed({PREFIX + key: value for key, value in said.items() if value is not None}, *ports)(built)
    found = [line for line in run(built.world, PREVIEW, number=8).violations(8) if line.urn.endswith("::coder-out")]

    inside = scheme == "internal" or old_internal == "true"
    tls_ports = set(ports) if covered in (None, "*") else {int(word) for word in covered.split(",") if word.isdigit()}
    good = inside or (certificate and set(ports) <= tls_ports and policy is not None and strict(policy))
    assert (found == []) == good


def test_a_redirect_on_port_80_and_an_allowed_stun_are_lawful() -> None:
    built = prod_like()
    listener(protocol="HTTP", port=80, defaultActions=[{"type": "redirect", "redirect": {"protocol": "HTTPS"}}])(built)
    assert run(built.world, DEPLOYED, number=8).violations(8) == []


def configured(**settings: bool) -> Config:
    return {f"property-08-https{part}": settings for part in ("", "-inputs")}


def test_stun_is_allowed_by_the_config_alone() -> None:
    built = prod_like()
    listener(protocol="UDP", port=3478)(built)
    built.parts["open-rule"].inputs.update(ipProtocol="udp", fromPort=3478, toPort=3478)
    assert run(built.world, DEPLOYED, configured(stun=True), number=8).violations(8) == []
    assert len(run(built.world, DEPLOYED, configured(stun=False), number=8).violations(8)) == 2


def test_a_public_api_is_allowed_by_the_config_alone() -> None:
    built = prod_like()
    built.parts["cluster"].inputs["vpcConfig"] = {"endpointPublicAccess": True}
    assert run(built.world, DEPLOYED, configured(publicApi=True), number=8).violations(8) == []
    assert run(built.world, DEPLOYED, configured(publicApi=False), number=8).violations(8) != []


LAWFUL: list[Change] = [
    put("listener", "certificateArn", to("certificate", "arn")),
    lambda built: built.parts["open-rule"].inputs.update(fromPort=80, toPort=80),
    lambda built: from_map(built, "CODER_ACCESS_URL", "https://coder.example.com"),
    lambda built: from_map(built, "CODER_SECURE_AUTH_COOKIE", "true"),
]


@pytest.mark.parametrize("lawful", LAWFUL)
def test_a_certificate_before_its_proof_a_rule_for_redirects_and_a_config_map_are_lawful(lawful: Change) -> None:
    built = prod_like()
    lawful(built)
    outcome = run(built.world, PREVIEW, number=8)
    assert outcome.violations(8) == []
    assert "property-08-https" in outcome.passed


def test_a_certificate_from_elsewhere_and_a_strict_distribution_are_lawful() -> None:
    built = prod_like()
    put("listener", "certificateArn", "arn:aws:acm:us-east-1:123456789012:certificate/other")(built)
    built.make("front", DISTRIBUTION, FRONT)
    assert run(built.world, DEPLOYED, number=8).violations(8) == []


@pytest.mark.parametrize(
    ("part", "key", "value", "what"),
    [
        ("listener", "protocol", UNKNOWN_STRING_VALUE, "its protocol is unknown"),
        ("listener", "loadBalancerArn", UNKNOWN_STRING_VALUE, "its load balancer is unknown"),
        ("listener", "certificateArn", UNKNOWN_STRING_VALUE, "its certificate is unknown"),
        ("open-rule", "securityGroupId", UNKNOWN_STRING_VALUE, "the security group that it opens is unknown"),
        ("release", "values", UNKNOWN_STRING_VALUE, "CODER_ACCESS_URL is unknown"),
        ("release", "values", UNKNOWN_STRING_VALUE, "CODER_SECURE_AUTH_COOKIE is unknown"),
        ("cluster", "vpcConfig", {"endpointPublicAccess": UNKNOWN_STRING_VALUE}, "whether its API is public is unknown"),
        ("balancer", "securityGroups", [UNKNOWN_STRING_VALUE], "its security groups are unknown"),
        (
            "cluster",
            "vpcConfig",
            {"endpointPublicAccess": True, "publicAccessCidrs": UNKNOWN_STRING_VALUE},
            "who may reach its API is unknown",
        ),
    ],
)
def test_what_is_unknown_is_told(part: str, key: str, value: Any, what: str) -> None:
    built = prod_like()
    built.parts[part].inputs[key] = value
    outcome = run(built.world, PREVIEW, number=8)
    assert outcome.violations(8) == []
    assert any(f"{built.world.urn(built.parts[part])}: {what}" in line for line in outcome.advisories()), outcome.advisories()


def test_named_ranges_may_reach_a_public_api() -> None:
    built = prod_like()
    built.parts["cluster"].inputs["vpcConfig"] = {"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]}
    assert run(built.world, DEPLOYED, number=8).violations(8) == []


@pytest.mark.parametrize(("part", "key"), [("listener", "sslPolicy"), ("open-rule", "cidrIpv4"), ("cluster", "vpcConfig")])
def test_an_unknown_is_left_open_with_its_urn(part: str, key: str) -> None:
    built = prod_like()
    built.parts[part].inputs[key] = Ref(built.parts["vpc"])
    outcome = run(built.world, PREVIEW, number=8)
    assert outcome.violations(8) == []
    assert "property-08-https" not in outcome.passed
    assert any(f"property-08 not yet judged: {built.world.urn(built.parts[part])}" in line for line in outcome.advisories())
