"""Host names as DNS and TLS compare them."""

from __future__ import annotations

from urllib.parse import urlsplit


def normalised(host: str) -> str:
    """The name in small letters, without a trailing dot, international labels in their ASCII form; Route 53 writes `*` as `\\052`."""
    labels = host.strip().removesuffix(".").replace("\\052", "*").split(".")
    return ".".join(_ascii(label) for label in labels)


def _ascii(label: str) -> str:
    try:
        return label.encode("idna").decode("ascii").lower()
    except UnicodeError:  # too long or not allowed: no name in DNS, so it equals none
        return label.lower()


def host_of(url: str) -> str | None:
    """The host of a URL."""
    host = urlsplit(url).hostname
    return normalised(host) if host else None


def covers(pattern: str, host: str) -> bool:
    """Whether a certificate's name serves a host, by RFC 6125: a `*` stands alone as the first label and for exactly one label.

    A wildcard as host is served by the same wildcard only: no other name matches whatever stands for it.
    """
    pattern, host = normalised(pattern), normalised(host)
    if pattern == host:
        return True
    first, _, rest = pattern.partition(".")
    label, _, parent = host.partition(".")
    return first == "*" and bool(rest) and rest == parent and bool(label) and "*" not in parent


def within(host: str, domain: str) -> bool:
    """Whether a host is the domain or below it."""
    host, domain = normalised(host), normalised(domain)
    return host == domain or host.endswith(f".{domain}")
