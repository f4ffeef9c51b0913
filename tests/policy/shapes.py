"""Random valid environments, shared by the properties' tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.policy.graphs import Shape
from tests.policy.judge import Config, lawful

STRICT = (
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
)
LABELS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@st.composite
def domains(draw: st.DrawFn) -> str:
    return ".".join([*draw(st.lists(LABELS, min_size=1, max_size=3)), draw(st.sampled_from(["com", "io", "example"]))])


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    return Shape(
        zones=draw(st.integers(2, 3)),
        nat=draw(st.sampled_from(["gateway-per-az", "single-gateway", "instance"])),
        cidr=f"10.{draw(st.integers(0, 15)) * 16}.0.0/{draw(st.integers(12, 18))}",
        region=draw(st.sampled_from(["us-east-1", "eu-west-2", "us-east-2"])),
        prefix=draw(LABELS),
        domain=draw(domains()),
        access_label=draw(st.sampled_from(["", "dev"])),
        visit=draw(st.integers(1, 2)),
        readers=draw(st.integers(0, 3)),
        retention=draw(st.integers(1, 35)),
        replicas=draw(st.integers(2, 9)),
        per_zone_workspaces=draw(st.booleans()),
        shared_tables=draw(st.booleans()),
        inline_routes=draw(st.booleans()),
        static_ips=draw(st.booleans()),
        old_rules=draw(st.booleans()),
        tls_policy=draw(st.sampled_from(STRICT)),
        stack=draw(st.sampled_from(["prod", "prod-pr-12"])),
    )


def law(shape: Shape) -> Config:
    """Pack config under which the shape is lawful."""
    return lawful(shape.need())
