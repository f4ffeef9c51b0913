"""What a workspace proxy is told."""

from __future__ import annotations

import pytest

from components.coder_environment import SecretKey
from components.coder_reference import UnknownCoderValueError
from components.proxy_environment import check, environment

ENVIRONMENT = environment(
    primary_url="https://coderdemo.io",
    access_url="https://us-west-2.coderdemo.io",
    wildcard_host="*.us-west-2.coderdemo.io",
    token=SecretKey(name="coder-proxy-token", key="token"),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CODER_PRIMARY_ACCESS_URL", "https://coderdemo.io"),
        ("CODER_ACCESS_URL", "https://us-west-2.coderdemo.io"),  # T-65
        ("CODER_WILDCARD_ACCESS_URL", "*.us-west-2.coderdemo.io"),  # T-65
        ("CODER_SECURE_AUTH_COOKIE", "true"),  # CDR-06
        ("CODER_DISABLE_OWNER_WORKSPACE_ACCESS", "true"),  # CDR-14, Property 9: owners come through proxies as well
        ("CODER_DISABLE_PATH_APPS", "true"),  # CDR-16
        ("CODER_STRICT_TRANSPORT_SECURITY", "31536000"),  # CDR-29
        ("CODER_PROXY_SESSION_TOKEN", SecretKey(name="coder-proxy-token", key="token")),  # CDR-41
    ],
)
def test_a_proxy_is_hardened_as_coderd_is(name: str, value: object):
    assert ENVIRONMENT[name] == value


def test_a_proxy_has_no_database_and_no_builds():
    """T-36"""
    assert not [name for name in ENVIRONMENT if "PG_" in name or "PROVISIONER" in name or "OIDC" in name or "GITHUB" in name]


def test_a_variable_that_a_proxy_would_ignore_is_an_error():
    """Decision 4."""
    with pytest.raises(UnknownCoderValueError, match="CODER_PRIMARY_ACCESS_URI is no variable of a workspace proxy; did you mean"):
        check({"CODER_PRIMARY_ACCESS_URI": "https://coderdemo.io"})
    with pytest.raises(UnknownCoderValueError, match="CODER_REDIRECT_TO_ACCESS_URL is no variable of a workspace proxy"):
        check({"CODER_REDIRECT_TO_ACCESS_URL": "false"})
