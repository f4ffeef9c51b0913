"""What a security group lets in, however it is written: inside the group, as a rule of the old kind or of the new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from policy import tokens
from policy.graph import Node
from policy.values import Unknown, Value, at, has_unknown, integer, leaves, sequence, text

_SOURCES = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")


WIDEST = {4: 8, 6: 16}  # a prefix shorter than this is no network of anybody's: 0.0.0.0/1 and 128.0.0.0/1 are everybody


def of_everybody(source: str) -> bool:
    """Whether a range of addresses is the internet, or a large part of it.

    >>> [of_everybody(each) for each in ("0.0.0.0/0", "128.0.0.0/1", "10.1.2.3/0", "2000::/3", "10.0.0.0/8", "fd00::/16")]
    [True, True, True, True, False, False]
    """
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return False
    return network.prefixlen < WIDEST[network.version]


@dataclass(frozen=True)
class Opened:
    """protocol: in small letters, `-1` for all. first, last: ports, none for all. sources: ranges of addresses."""

    protocol: str
    first: int | None
    last: int | None
    sources: tuple[str, ...] | Unknown

    def __str__(self) -> str:
        if self.first is None:
            return "every port"
        return f"{self.protocol} {self.first}" if self.first == self.last else f"{self.protocol} {self.first} to {self.last}"


def open_ranges(node: Node) -> Iterator[Opened]:
    """Every opening of a security group or rule; what it lets out is none."""
    if node.type in (tokens.SECURITY_GROUP, tokens.DEFAULT_SECURITY_GROUP):
        for item in sequence(node.get("ingress")):
            yield _opened(item, "protocol")
    elif node.type == tokens.SECURITY_GROUP_RULE:
        if text(node.get("type")) == "ingress":
            yield _opened(node.props, "protocol")
    elif node.type == tokens.INGRESS_RULE:
        yield _opened(node.props, "ipProtocol")


def _opened(rule: Value, protocol_key: str) -> Opened:
    protocol = (text(at(rule, protocol_key)) or "-1").lower()
    protocol = {"6": "tcp", "17": "udp", "all": "-1"}.get(protocol, protocol)
    found = [at(rule, key) for key in _SOURCES]
    everything = protocol == "-1"
    return Opened(
        protocol=protocol,
        first=None if everything else integer(at(rule, "fromPort")),
        last=None if everything else integer(at(rule, "toPort")),
        sources=Unknown.UNKNOWN
        if any(has_unknown(value) for value in found)
        else tuple(str(leaf) for value in found for leaf in leaves(value)),
    )
