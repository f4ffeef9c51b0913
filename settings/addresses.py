"""IPv4 ranges as a stack file writes them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

from settings.quantities import shown

# RFC 1918, and RFC 6598's shared range, which EKS takes for pods (T-03); the only ones a VPC here may use
VPC_RANGES = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
_PATTERN = r"^\d{1,3}(\.\d{1,3}){3}/([0-9]|[12][0-9]|3[0-2])$"


def network(value: object) -> IPv4Network:
    """A range from text; ValueError says what to write."""
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or not re.match(_PATTERN, value):
        raise ValueError(f"{shown(value)} is no address range; write one with its prefix length, such as 10.0.0.0/20")
    try:
        loose = IPv4Network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value} is no IPv4 range; write one such as 10.0.0.0/20") from None
    if value.split("/")[0] != str(loose.network_address):
        start = int(IPv4Address(value.split("/")[0]))
        there = IPv4Network((start, 33 - (start & -start).bit_length()))
        raise ValueError(f"{value} is no range: a /{loose.prefixlen} begins at {loose.network_address}; write {loose}, or {there} at most")
    return loose


def _private(cidr: IPv4Network) -> IPv4Network:
    if not any(cidr.subnet_of(allowed) for allowed in VPC_RANGES):
        *first, last = VPC_RANGES
        raise ValueError(f"{cidr} is not a private range; use one inside {', '.join(map(str, first))} or {last}")
    return cidr


def _sized(cidr: IPv4Network) -> IPv4Network:
    if not 16 <= cidr.prefixlen <= 28:
        raise ValueError(f"{cidr} is not of a size that AWS takes; write a range from /16 to /28")
    return cidr


def _runner(cidr: IPv4Network) -> IPv4Network:
    if cidr.prefixlen == 0:
        raise ValueError(f"{cidr} is everybody who has a way into the VPC; write the ranges that runners and operators come from")
    if not any(cidr.subnet_of(allowed) for allowed in VPC_RANGES):
        raise ValueError(
            f"{cidr} is not a private range, and the private endpoint is reached from private addresses only; "
            "write the runner's range in its own network, or list this one in api_access"
        )
    return cidr


# A range of a VPC or of a part of it
Cidr = Annotated[
    IPv4Network,
    PlainValidator(network),
    AfterValidator(_private),
    AfterValidator(_sized),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "format": "cidr"}),
]

# Where a runner comes from: a part of the VPC, or a network that is connected to it; of any size
RunnerCidr = Annotated[
    IPv4Network,
    PlainValidator(network),
    AfterValidator(_runner),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "format": "cidr"}),
]
