"""What AWS's predefined security policies of load balancers admit.

Sources, read 2026-11-21: Elastic Load Balancing User Guide for Network Load Balancers, "Security policies for your Network Load Balancer"
(docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html), and AWS Security Hub control ELB.17, which
recommends the newer of those that are strict here. In TLS 1.3 every suite has forward secrecy and an AEAD cipher; a policy is strict when
its TLS 1.2 suites too are ECDHE with GCM only (requirements T-29). A policy that is not in the table is not trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MINIMUM = (1, 2)


@dataclass(frozen=True)
class TlsPolicy:
    """minimum: the oldest TLS version that it admits. strict: whether it admits ECDHE with GCM only below TLS 1.3."""

    minimum: tuple[int, int]
    strict: bool

    def fault(self) -> str | None:
        """Why it may not stand before coderd; none where it may."""
        if self.minimum < MINIMUM:
            return f"admits TLS {self.minimum[0]}.{self.minimum[1]}"
        return None if self.strict else "admits ciphers without GCM or without ECDHE"


_STRICT = TlsPolicy((1, 2), strict=True)
_TLS13 = TlsPolicy((1, 3), strict=True)
_LOOSE = TlsPolicy((1, 2), strict=False)
_TLS11 = TlsPolicy((1, 1), strict=False)
_TLS10 = TlsPolicy((1, 0), strict=False)

_PREFIX = "ELBSecurityPolicy-"

TLS_POLICIES: Mapping[str, TlsPolicy] = {
    _PREFIX + name: policy
    for policy, names in (
        (_TLS13, ("TLS13-1-3-2021-06", "TLS13-1-3-PQ-2025-09", "TLS13-1-3-FIPS-2023-04", "TLS13-1-3-FIPS-PQ-2025-09")),
        (_STRICT, ("TLS13-1-2-Res-2021-06", "TLS13-1-2-Res-PQ-2025-09", "TLS13-1-2-Res-FIPS-2023-04", "TLS13-1-2-Res-FIPS-PQ-2025-09")),
        (_STRICT, ("FS-1-2-Res-2020-10",)),
        (_LOOSE, ("TLS13-1-2-2021-06", "TLS13-1-2-PQ-2025-09", "TLS13-1-2-FIPS-2023-04", "TLS13-1-2-FIPS-PQ-2025-09")),
        (_LOOSE, ("TLS13-1-2-Ext0-FIPS-2023-04", "TLS13-1-2-Ext0-FIPS-PQ-2025-09")),
        (_LOOSE, ("TLS13-1-2-Ext1-2021-06", "TLS13-1-2-Ext1-PQ-2025-09", "TLS13-1-2-Ext1-FIPS-2023-04", "TLS13-1-2-Ext1-FIPS-PQ-2025-09")),
        (_LOOSE, ("TLS13-1-2-Ext2-2021-06", "TLS13-1-2-Ext2-PQ-2025-09", "TLS13-1-2-Ext2-FIPS-2023-04", "TLS13-1-2-Ext2-FIPS-PQ-2025-09")),
        (_LOOSE, ("TLS-1-2-2017-01", "TLS-1-2-Ext-2018-06", "FS-1-2-2019-08", "FS-1-2-Res-2019-08")),
        (_TLS11, ("TLS13-1-1-2021-06", "TLS13-1-1-FIPS-2023-04", "TLS-1-1-2017-01", "FS-1-1-2019-08")),
        (_TLS10, ("TLS13-1-0-2021-06", "TLS13-1-0-PQ-2025-09", "TLS13-1-0-FIPS-2023-04", "TLS13-1-0-FIPS-PQ-2025-09")),
        (_TLS10, ("2016-08", "2015-05", "FS-2018-06", "TLS-1-0-2015-04")),
    )
    for name in names
}


def fault_of(policy: str | None) -> str | None:
    """Why a security policy may not stand before coderd; none where it may. Without one AWS takes ELBSecurityPolicy-2016-08."""
    if policy is None:
        return "names no security policy, and AWS's default admits TLS 1.0"
    known = TLS_POLICIES.get(policy)
    if known is None:
        return f"names the security policy {policy}, which is not in the table"
    reason = known.fault()
    return f"has the security policy {policy}, which {reason}" if reason else None
