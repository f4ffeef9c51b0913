"""Property 8 in the cluster and at the edge of a security group: one object by itself.

**Feature: coder-deployment-guide, Property 8: HTTPS Enforcement** (POL-08, CDR-25)
"""

from __future__ import annotations

from typing import Any

import pytest

from policy import tokens
from policy.graph import Node
from policy.https_kubernetes import judge
from policy.ingress import Opened, of_everybody, open_ranges
from policy.values import UNKNOWN
from policy.verdict import Verdict

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
STRICT = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
PLAIN, LEFT_OPEN = "answers the internet without TLS", "is unknown"


def annotated(**said: Any) -> dict[str, Any]:
    return {PREFIX + key.replace("_", "-"): value for key, value in said.items()}


TLS = {"ssl_cert": "arn", "ssl_negotiation_policy": STRICT}
HTTP_AND_HTTPS = [{"name": "https", "port": 443}, {"name": "api", "port": 8443}]


def service(annotations: Any, ports: Any = None, kind: Any = "LoadBalancer") -> Node:
    return object_of(tokens.SERVICE, metadata={"annotations": annotations}, spec={"type": kind, "ports": ports or [{"port": 443}]})


def chart(name: str, values: Any) -> Node:
    return object_of(tokens.RELEASE, chart=f"oci://example.com/charts/{name}", values=values)


def coder(**parts: Any) -> Node:
    return chart("coder", {"coder": parts})


def object_of(type_token: str, **props: Any) -> Node:
    return Node(urn="urn", type_token=type_token, name="tried", raw=props)


BROKEN: dict[str, tuple[Node, list[str]]] = {
    "an Ingress": (object_of(tokens.INGRESS), ["is an Ingress"]),
    "a Gateway": (object_of(tokens.GATEWAYS[1]), ["is a Gateway"]),
    "a Service without a certificate": (service({}), [PLAIN]),
    "no annotations at all": (service(None), [PLAIN]),
    "TLS on another port": (service(annotated(**TLS, ssl_ports="8443"), [{"port": 443}]), [f"{PLAIN} on 443"]),
    "TLS on one of two": (service(annotated(**TLS, ssl_ports="https"), HTTP_AND_HTTPS), [f"{PLAIN} on 8443"]),
    "no TLS policy": (service(annotated(ssl_cert="arn")), ["names no security policy"]),
    "coder's chart as it comes": (coder(), [PLAIN]),
    "coder's load balancer by name": (coder(service={"enable": True, "type": "LoadBalancer"}), [PLAIN]),
    "coder's load balancer with TLS on 443 alone": (coder(service={"annotations": annotated(**TLS, ssl_ports="443")}), [f"{PLAIN} on 80"]),
    "coder's Ingress": (coder(service={"enable": False}, ingress={"enable": True}), ["coder.ingress.enable"]),
    "coder's load balancer and Ingress": (coder(ingress={"enable": True}), [PLAIN, "coder.ingress.enable"]),
    "another chart's load balancer": (chart("board", {"a": {"b": {"type": "LoadBalancer"}}}), [f"a.b makes a load balancer that {PLAIN}"]),
    "another chart's, without a policy": (
        chart("board", {"a": {"type": "LoadBalancer", "annotations": annotated(ssl_cert="arn")}}),
        ["a names no security policy"],
    ),
    "another chart's Ingress": (chart("board", {"a": {"ingress": {"enabled": True}}}), ["a.ingress makes an Ingress"]),
}
LAWFUL: dict[str, Node] = {
    "a Service in the cluster": service({}, kind="ClusterIP"),
    "an internal load balancer": service(annotated(scheme="internal")),
    "an internal one, as it was once written": service(annotated(internal="true")),
    "TLS on every port": service(annotated(**TLS), HTTP_AND_HTTPS),
    "TLS on every port, by a star": service(annotated(**TLS, ssl_ports="*"), HTTP_AND_HTTPS),
    "TLS on ports by name and number": service(annotated(**TLS, ssl_ports="https, 8443"), HTTP_AND_HTTPS),
    "coder without a Service": coder(service={"enable": False}),
    "coder with a Service in the cluster": coder(service={"type": "ClusterIP"}),
    "coder with an internal load balancer": coder(service={"annotations": annotated(scheme="internal")}),
    "coder with TLS on its port": coder(service={"annotations": annotated(**TLS, ssl_ports="http")}),
    "coder's Ingress switched off": coder(service={"enable": False}, ingress={"enable": False}),
    "coder's Ingress switched off, whose host is not known yet": coder(
        service={"enable": False}, ingress={"enable": False, "host": UNKNOWN}
    ),
    "another chart's load balancer with TLS on the ports that it names": chart(
        "board", {"a": {"type": "LoadBalancer", "annotations": annotated(**TLS, ssl_ports="443")}}
    ),
    "another chart's Service": chart("board", {"a": {"type": "ClusterIP"}, "ingress": {"enabled": False}, "b": {"enabled": True}}),
    "another chart's internal load balancer": chart("board", {"a": {"type": "LoadBalancer", "annotations": annotated(scheme="internal")}}),
}
OPEN: dict[str, tuple[Node, str]] = {
    "a Service of which nothing is known": (object_of(tokens.SERVICE, spec=UNKNOWN), "its type is unknown"),
    "a Service of an unknown type": (service({}, kind=UNKNOWN), "its type is unknown"),
    "unknown annotations": (service(UNKNOWN), "its annotations are unknown"),
    "a certificate that does not exist yet": (service(annotated(**{**TLS, "ssl_cert": UNKNOWN})), "its annotations are unknown"),
    "unknown values": (chart("coder", UNKNOWN), "makes a load balancer is unknown"),
    "an unknown switch": (coder(service={"enable": UNKNOWN}), "makes a load balancer is unknown"),
    "an unknown type of the chart's Service": (coder(service={"type": UNKNOWN}), "makes a load balancer is unknown"),
    "coder's certificate that does not exist yet": (
        coder(service={"annotations": annotated(**{**TLS, "ssl_cert": UNKNOWN})}),
        "makes a load balancer is unknown",
    ),
    "an unknown switch of the Ingress": (coder(service={"enable": False}, ingress={"enable": UNKNOWN}), "is unknown"),
}


def judged(node: Node) -> Verdict:
    verdict = Verdict()
    judge(node, verdict)
    assert {each.urn for each in (*verdict.violations, *verdict.open)} <= {"urn"}
    return verdict


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_internet_would_reach_in_the_clear_is_named(name: str) -> None:
    node, reasons = BROKEN[name]
    found = judged(node)
    assert found.open == []
    assert len(found.violations) == len(reasons)
    assert all(reason in each.message for each, reason in zip(found.violations, reasons, strict=True)), found.violations


@pytest.mark.parametrize("name", LAWFUL)
def test_what_nobody_reaches_or_speaks_tls_is_lawful(name: str) -> None:
    found = judged(LAWFUL[name])
    assert (found.violations, found.open) == ([], [])


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_known_yet_is_left_open(name: str) -> None:
    node, what = OPEN[name]
    found = judged(node)
    assert found.violations == []
    assert [what in each.message for each in found.open] == [True]


@pytest.mark.parametrize(
    ("source", "everybody"),
    [
        ("0.0.0.0/0", True),
        ("10.1.2.3/0", True),
        ("128.0.0.0/1", True),
        ("10.0.0.0/7", True),
        ("10.0.0.0/8", False),
        ("10.1.2.3/32", False),
        ("::/0", True),
        ("2000::/3", True),
        ("fc00::/15", True),
        ("fd00::/16", False),
        ("pl-63a5400a", False),
    ],
)
def test_everybody_is_a_large_part_of_the_internet(source: str, everybody: bool) -> None:
    assert of_everybody(source) is everybody


EVERYBODY = {"cidrBlocks": ["0.0.0.0/0"]}
EVERY = Opened("-1", None, None, ("0.0.0.0/0",))


def https(protocol: str) -> Opened:
    return Opened(protocol, 443, 443, ("0.0.0.0/0",))


@pytest.mark.parametrize(
    ("rule", "opened", "told"),
    [
        ({"protocol": "tcp", "fromPort": 443, "toPort": 443, **EVERYBODY}, https("tcp"), "tcp 443"),
        ({"protocol": "TCP", "fromPort": 443, "toPort": 443, **EVERYBODY}, https("tcp"), "tcp 443"),
        ({"protocol": "6", "fromPort": 443, "toPort": 443, **EVERYBODY}, https("tcp"), "tcp 443"),
        ({"protocol": "17", "fromPort": 443, "toPort": 443, **EVERYBODY}, https("udp"), "udp 443"),
        ({"protocol": "-1", "fromPort": 443, "toPort": 443, **EVERYBODY}, EVERY, "every port"),
        ({"protocol": "all", "fromPort": 0, "toPort": 0, **EVERYBODY}, EVERY, "every port"),
        ({"fromPort": 443, "toPort": 443, **EVERYBODY}, EVERY, "every port"),
        ({"protocol": "tcp", "fromPort": 1, "toPort": 2, "ipv6CidrBlocks": ["::/0"]}, Opened("tcp", 1, 2, ("::/0",)), "tcp 1 to 2"),
        ({"protocol": "tcp", "cidrBlocks": [UNKNOWN]}, Opened("tcp", None, None, UNKNOWN), "every port"),
    ],
)
def test_an_opening_is_read_however_it_is_written(rule: dict[str, Any], opened: Opened, told: str) -> None:
    """Inside a group, as a rule of the old kind and of the new; what it lets out is none."""
    new = {**rule, "ipProtocol": rule.get("protocol"), "protocol": "unheard-of"}
    written = [
        object_of(tokens.SECURITY_GROUP, ingress=[rule], egress=[rule]),
        object_of(tokens.DEFAULT_SECURITY_GROUP, ingress=[rule]),
        object_of(tokens.SECURITY_GROUP_RULE, type="ingress", **rule),
        object_of(tokens.INGRESS_RULE, **new),
    ]
    assert [list(open_ranges(node)) for node in written] == [[opened]] * 4
    assert str(opened) == told
    assert list(open_ranges(object_of(tokens.SECURITY_GROUP_RULE, type="egress", **rule))) == []
