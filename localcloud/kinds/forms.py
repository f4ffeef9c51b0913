"""Forms that several tables share: random ids, addresses, dates, values as plain dicts."""

from __future__ import annotations

import json
import secrets
import string
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Final
from uuid import uuid4

from localcloud.kinds.model import ACCOUNT, PARTITION, Request, Resource, Value

LOWER: Final = string.ascii_lowercase + string.digits
UPPER: Final = string.ascii_uppercase + string.digits
HEX: Final = "0123456789abcdef"

# RFC 5737: the ranges that documentation may use; no public address of the local cloud belongs to anybody
_PUBLIC_RANGES: Final = (IPv4Network("203.0.113.0/24"), IPv4Network("198.51.100.0/24"), IPv4Network("192.0.2.0/24"))


def characters(alphabet: str, count: int) -> str:
    """That many random ones."""
    return "".join(secrets.choice(alphabet) for _ in range(count))


def arn(service: str, region: str, rest: str) -> str:
    """An ARN of this account; `region` is "" for what is global."""
    return f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{rest}"


def hashcode(text: str) -> int:
    """What Terraform's provider hashes into ids that AWS does not give (CRC-32, IEEE)."""
    return zlib.crc32(text.encode())


def now() -> str:
    """This moment, RFC 3339, seconds."""
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(_request: Request) -> Value:
    """An output that is this moment."""
    return now()


def uuid() -> str:
    """A random one."""
    return str(uuid4())


def given(path: str, otherwise: Callable[[Request], Value]) -> Callable[[Request], Value]:
    """An output that is the input where there is one, else the old output, else computed: the provider's "optional and computed"."""

    def compute(request: Request) -> Value:
        if (value := request.inputs.get(path)) is not None:
            return value
        return otherwise(request)

    return compute


def constant(path: str, value: Value) -> Callable[[Request], Value]:
    """The input where there is one, else this value."""
    return given(path, lambda _request: value)


def entry(value: Value) -> Mapping[str, Value]:
    """An object, or {} for anything else."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Value) -> list[Value]:
    """A list, or [] for anything else."""
    return list(value) if isinstance(value, list) else []


def whole(value: Value, otherwise: int = 0) -> int:
    """A whole number from what the engine sends (floats), else another."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def network(cidr: str) -> IPv4Network | None:
    """The IPv4 network that a text names, host bits allowed; None where it is none."""
    try:
        found = ip_network(cidr, strict=False)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def address_in(cidr: str) -> str:
    """A random host address of a subnet; AWS keeps the first four and the last one."""
    found = network(cidr)
    if found is None or found.num_addresses < 16:  # AWS has no smaller subnets
        return ""
    return str(found[4 + secrets.randbelow(found.num_addresses - 5)])


def public_address(taken: Iterable[str]) -> str:
    """The next free public address."""
    used = set(taken)
    hosts = (str(host) for block in _PUBLIC_RANGES for host in block.hosts())
    return next((host for host in hosts if host not in used), str(IPv4Address("203.0.113.1")))


def public_name(address: str, region: str) -> str:
    """The name that EC2 gives a public address."""
    zone = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{zone}.amazonaws.com"


def private_name(address: str, region: str) -> str:
    """The name that EC2 gives a private address."""
    zone = "ec2" if region == "us-east-1" else f"{region}.compute"
    return f"ip-{address.replace('.', '-')}.{zone}.internal"


def first(found: Iterable[Resource]) -> Resource | None:
    """The first, or None."""
    return next(iter(found), None)


def parsed(text: str | None) -> Value:
    """What a JSON text says; None where it is none."""
    try:
        return json.loads(text or "")
    except json.JSONDecodeError:
        return None
