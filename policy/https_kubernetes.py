"""Property 8 inside the cluster: load balancers that a Service, an Ingress or coderd's chart would make, outside of the graph."""

from __future__ import annotations

from collections.abc import Iterator

from policy import helm, tokens
from policy.graph import Node
from policy.tls_policies import fault_of
from policy.values import Props, Unknown, Value, at, has_unknown, integer, mapping, sequence, text
from policy.verdict import Verdict

_PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
_PORTS_OF_CODER: list[Value] = [{"name": "http", "port": 80}]  # always there (templates/service.yaml of the chart, read 2026-11)


def judge(node: Node, verdict: Verdict) -> None:
    """Judge a Service, an Ingress or a release of coderd's chart."""
    if node.type == tokens.SERVICE:
        _service(node, node.get("spec"), node.get("metadata", "annotations"), verdict)
    elif node.type != tokens.RELEASE:
        kind = "an Ingress" if node.type == tokens.INGRESS else "a Gateway"
        verdict.wrong(node, f"is {kind}, whose TLS no policy reads; coderd stands behind the network load balancer of the stack")
    elif helm.chart_of(node) == helm.CODER:
        _chart(node, verdict)
    else:
        for path, fault in _opened((), node.get("values")):
            verdict.wrong(node, f"{'.'.join(path)} {fault}; reach it through the cluster")


def _service(node: Node, spec: Value, annotations: Value, verdict: Verdict) -> None:
    kind = at(spec, "type")
    if isinstance(kind, Unknown):
        verdict.undecided(node, "its type is unknown")
    elif kind == "LoadBalancer":
        if has_unknown(annotations):
            verdict.undecided(node, "its annotations are unknown")
        else:
            for fault in faults(mapping(annotations), sequence(at(spec, "ports"))):
                verdict.wrong(node, f"{fault}; use the stack's load balancer and a Service of type ClusterIP instead")


def faults(annotations: Props, ports: list[Value]) -> list[str]:
    """What is wrong with the load balancer that the AWS Load Balancer Controller would make for a Service; nothing for an internal one."""
    if text(annotations.get(_PREFIX + "scheme")) == "internal" or text(annotations.get(_PREFIX + "internal")) == "true":
        return []
    found: list[str] = []
    if text(annotations.get(_PREFIX + "ssl-cert")) is None:
        return ["makes a load balancer that answers the internet without TLS"]
    encrypted = text(annotations.get(_PREFIX + "ssl-ports"))
    if encrypted is not None and encrypted != "*":
        covered = {word.strip() for word in encrypted.split(",")}
        for port in ports:
            number, name = integer(at(port, "port")), text(at(port, "name"))
            if str(number) not in covered and name not in covered:
                found.append(f"makes a load balancer that answers the internet without TLS on {number}")
    fault = fault_of(text(annotations.get(_PREFIX + "ssl-negotiation-policy")))
    return [*found, fault] if fault else found


def _opened(path: tuple[str, ...], value: Value) -> Iterator[tuple[tuple[str, ...], str]]:
    """What the values of any other chart open, wherever its charts keep a Service or an Ingress."""
    found = mapping(value)
    if found.get("type") == "LoadBalancer":
        yield from ((path, fault) for fault in faults(mapping(found.get("annotations")), []))
    for key, inner in found.items():
        if key == "ingress" and at(inner, "enabled") is True:
            yield (*path, key), "makes an Ingress, whose TLS no policy reads"
        yield from _opened((*path, key), inner)


def _chart(node: Node, verdict: Verdict) -> None:
    """The chart's own Service is a load balancer unless told otherwise (CDR-25, T-76)."""
    coder = node.get("values", helm.CODER)
    enabled, kind, annotations = (at(coder, "service", key) for key in ("enable", "type", "annotations"))
    if has_unknown([enabled, kind, annotations, at(coder, "ingress", "enable")]):
        verdict.undecided(node, "whether its chart makes a load balancer is unknown")
    elif enabled is not False and kind in (None, "LoadBalancer"):
        for fault in faults(mapping(annotations), _PORTS_OF_CODER):
            verdict.wrong(node, f"{fault}; set coder.service.enable to false, the Service and load balancer are the stack's")
    if at(coder, "ingress", "enable") is True:
        verdict.wrong(node, "makes an Ingress; set coder.ingress.enable to false")
