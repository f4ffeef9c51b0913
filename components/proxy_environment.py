"""What a workspace proxy is told by its environment: pure functions; a variable that it would ignore is an error (decision 4).

`enterprise/cli/proxyserver.go`, and the options that `codersdk/deployment.go` marks for external proxies, of github.com/coder/coder
v2.24.0, read 2026-11-21: a proxy has no database, no login and no builds, and knows no variable of those.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.chart_keys import meant
from components.coder_environment import ONE_YEAR, SecretKey, Value
from components.coder_reference import UnknownCoderValueError

_WORDS = """
    ACCESS_URL BLOCK_DIRECT DERP_SERVER_ENABLE DISABLE_OWNER_WORKSPACE_ACCESS DISABLE_PATH_APPS EXPERIMENTS LOGGING_HUMAN LOGGING_JSON
    PRIMARY_ACCESS_URL PROMETHEUS_ENABLE PROXY_DERP_ONLY PROXY_SESSION_TOKEN PROXY_TRUSTED_HEADERS PROXY_TRUSTED_ORIGINS
    SAMESITE_AUTH_COOKIE SECURE_AUTH_COOKIE STRICT_TRANSPORT_SECURITY STRICT_TRANSPORT_SECURITY_OPTIONS TLS_ENABLE WILDCARD_ACCESS_URL
"""
VARIABLES = frozenset(f"CODER_{word}" for word in _WORDS.split())


def environment(*, primary_url: str, access_url: str, wildcard_host: str, token: SecretKey) -> dict[str, Value]:
    """Every variable by its name, sorted: hosts of its own (T-65), hardened as coderd is (CDR-06, CDR-14, CDR-16, CDR-29)."""
    variables: dict[str, Value] = {
        "CODER_PRIMARY_ACCESS_URL": primary_url,
        "CODER_PROXY_SESSION_TOKEN": token,
        "CODER_ACCESS_URL": access_url,
        "CODER_WILDCARD_ACCESS_URL": wildcard_host,
        "CODER_DISABLE_OWNER_WORKSPACE_ACCESS": "true",  # Property 9
        "CODER_DISABLE_PATH_APPS": "true",
        "CODER_LOGGING_HUMAN": "/dev/null",
        "CODER_LOGGING_JSON": "/dev/stderr",
        "CODER_SECURE_AUTH_COOKIE": "true",
        "CODER_STRICT_TRANSPORT_SECURITY": str(int(ONE_YEAR.total_seconds())),
        "CODER_TLS_ENABLE": "false",  # the load balancer ends TLS
    }
    check(variables)
    return dict(sorted(variables.items()))


def check(variables: Mapping[str, Value]) -> None:
    """Raise UnknownCoderValueError with every variable that a proxy would ignore."""
    problems = tuple(f"{name} is no variable of a workspace proxy{meant(name, VARIABLES)}" for name in variables if name not in VARIABLES)
    if problems:
        raise UnknownCoderValueError(problems)
