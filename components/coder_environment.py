"""What coderd is told by its environment: pure functions of the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from pulumi import Input

from components import tracing
from settings.coder import Coder, GitHub, Oidc

CERTIFICATES_FOLDER = "/etc/coder/rds"
CERTIFICATES_FILE = "rds.pem"

ONE_YEAR = timedelta(days=365)
# Service tokens live for at most 90 days (requirements section 5, 12d). Without the second variable an owner's live for a week, Coder's
# own default, and the second visit's token with them.
TOKEN_LIFETIME = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class SecretKey:
    """A key of a Kubernetes Secret beside coderd: how a secret reaches it without standing in values or state (CDR-09, CDR-41)."""

    name: str
    key: str


Value = Input[str] | SecretKey
Variables = Mapping[str, Value]

OIDC_CLIENT_ID = SecretKey(name="coder-oidc", key="client-id")
OIDC_CLIENT_SECRET = SecretKey(name="coder-oidc", key="client-secret")
GITHUB_CLIENT_ID = SecretKey(name="coder-github", key="client-id")
GITHUB_CLIENT_SECRET = SecretKey(name="coder-github", key="client-secret")
ENCRYPTION_KEYS = SecretKey(name="coder-encryption-keys", key="keys")


def external_auth_key(login: str, field: str) -> SecretKey:
    """Where the `client-id` or `client-secret` of an external login lies."""
    return SecretKey(name="coder-external-auth", key=f"{login}-{field}")


@dataclass(frozen=True)
class QuietHours:
    """When workspaces stop by their template's stop requirement: a time of day in an IANA zone."""

    stop: time
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class ServerFacts:
    """What the environment depends on beside the settings.

    database_url: without a password. region: of the database. quiet_hours: None for Coder's default. password_login: on the first visit
    only, for `coder-eks bootstrap`. traces_in: the namespace of the Tempo that gets traces, None for none.
    """

    database_url: Input[str]
    region: str
    quiet_hours: QuietHours | None
    password_login: bool
    traces_in: str | None = None


def database_url(user: str, host: str, port: int, database: str) -> str:
    """A URL that holds no password (decision 5) and checks the server's certificate and name (DB-07)."""
    return f"postgres://{user}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={CERTIFICATES_FOLDER}/{CERTIFICATES_FILE}"


def environment(coder: Coder, facts: ServerFacts) -> dict[str, Value]:
    """Every variable of coderd by its name, sorted."""
    variables: dict[str, Value] = {
        **_addresses(coder),
        **_database(facts),
        **_login(coder, facts.password_login),
        **_external_auth(coder),
        **_hardening(coder),
        **_operation(coder),
        **(tracing.variables(facts.traces_in) if facts.traces_in else {}),
        **_quiet_hours(facts.quiet_hours),
    }
    return dict(sorted(variables.items()))


def _addresses(coder: Coder) -> dict[str, str]:
    """CDR-05, CDR-06: the load balancer ends TLS. The cookie is secure and HSTS is sent although coderd itself sees plain HTTP (T-26)."""
    return {
        "CODER_ACCESS_URL": f"https://{coder.access_host}",
        "CODER_WILDCARD_ACCESS_URL": coder.wildcard_host,
        "CODER_TLS_ENABLE": "false",
        # behind a balancer that ends TLS, coderd would redirect every request to itself, for ever (cli/server.go, redirectToAccessURL)
        "CODER_REDIRECT_TO_ACCESS_URL": "false",
        "CODER_SECURE_AUTH_COOKIE": "true",
        "CODER_STRICT_TRANSPORT_SECURITY": str(int(ONE_YEAR.total_seconds())),  # CDR-29
        # CODER_PROXY_TRUSTED_HEADERS stays unset: the balancer keeps the client's address on the connection itself (T-24) and adds no
        # header, so whoever sends one lies
    }


def _database(facts: ServerFacts) -> dict[str, Value]:
    """DB-07, DB-16: login by IAM. Fields that would let a reader of the database act for a user are encrypted."""
    return {
        "AWS_REGION": facts.region,
        "CODER_PG_AUTH": "awsiamrds",
        "CODER_PG_CONNECTION_URL": facts.database_url,
        "CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS": ENCRYPTION_KEYS,
    }


def _login(coder: Coder, password_login: bool) -> dict[str, Value]:
    """One way in, by OIDC (CDR-10) or by GitHub (CDR-11), and no password beside it."""
    return {
        **(_oidc(coder.oidc) if coder.oidc else {}),
        **(_github(coder.github) if coder.github else {}),
        # Off, it is off for owners as well, whatever Coder's documentation says (coderd/userauth.go, v2.24.0: tried), and without a login
        # there is no first token (decision 7).
        "CODER_DISABLE_PASSWORD_AUTH": str(not password_login).lower(),
        "CODER_OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE": "false",  # Coder's own app, which lets in anybody with a GitHub account
    }


def _github(github: GitHub) -> dict[str, Value]:
    """CDR-11: coderd asks GitHub whose member somebody is, at each login; lists are parted by commas."""
    teams = {"CODER_OAUTH2_GITHUB_ALLOWED_TEAMS": ",".join(github.allow_teams)} if github.allow_teams else {}
    return {
        "CODER_OAUTH2_GITHUB_CLIENT_ID": GITHUB_CLIENT_ID,
        "CODER_OAUTH2_GITHUB_CLIENT_SECRET": GITHUB_CLIENT_SECRET,
        "CODER_OAUTH2_GITHUB_ALLOWED_ORGS": ",".join(github.allow_organizations),
        "CODER_OAUTH2_GITHUB_ALLOW_EVERYONE": "false",
        "CODER_OAUTH2_GITHUB_ALLOW_SIGNUPS": str(github.allow_signups).lower(),
        **teams,
    }


def _oidc(oidc: Oidc) -> dict[str, Value]:
    """CDR-10: login at the identity provider; CDR-13: it decides groups and roles."""
    return {
        "CODER_OIDC_ISSUER_URL": oidc.issuer,
        "CODER_OIDC_CLIENT_ID": OIDC_CLIENT_ID,
        "CODER_OIDC_CLIENT_SECRET": OIDC_CLIENT_SECRET,
        "CODER_OIDC_EMAIL_DOMAIN": ",".join(oidc.email_domains),
        "CODER_OIDC_SCOPES": ",".join(oidc.scopes),
        "CODER_OIDC_ALLOW_SIGNUPS": "true",
        "CODER_OIDC_GROUP_FIELD": oidc.group_field,
        "CODER_OIDC_GROUP_MAPPING": json.dumps(oidc.group_mapping, sort_keys=True),
        "CODER_OIDC_USER_ROLE_FIELD": oidc.role_field,
        "CODER_OIDC_USER_ROLE_MAPPING": json.dumps(
            {group: [str(role) for role in roles] for group, roles in oidc.role_mapping.items()}, sort_keys=True
        ),
    }


def _external_auth(coder: Coder) -> dict[str, Value]:
    """CDR-12: Git hosts, numbered from 0."""
    variables: dict[str, Value] = {}
    for index, login in enumerate(coder.external_auth):
        prefix = f"CODER_EXTERNAL_AUTH_{index}"
        variables |= {
            f"{prefix}_ID": login.id,
            f"{prefix}_TYPE": str(login.type),
            f"{prefix}_CLIENT_ID": external_auth_key(login.id, "client-id"),
            f"{prefix}_CLIENT_SECRET": external_auth_key(login.id, "client-secret"),
        }
    return variables


def _hardening(coder: Coder) -> dict[str, str]:
    """CDR-14, CDR-16, and sessions and tokens that end. CODER_DANGEROUS_* stays unset."""
    return {
        "CODER_DISABLE_OWNER_WORKSPACE_ACCESS": "true",  # Property 9 (T-28)
        "CODER_DISABLE_PATH_APPS": "true",
        "CODER_SESSION_DURATION": f"{coder.session_hours}h",  # moves on while the session is used: an idle one ends
        "CODER_MAX_TOKEN_LIFETIME": _hours(TOKEN_LIFETIME),
        "CODER_MAX_ADMIN_TOKEN_LIFETIME": _hours(TOKEN_LIFETIME),
    }


def _operation(coder: Coder) -> dict[str, str]:
    """CDR-08: builds run elsewhere (Property 6); CDR-18: the audit log goes out as JSON lines; CDR-28; OBS-24."""
    return {
        "CODER_PROVISIONER_DAEMONS": "0",
        "CODER_PROMETHEUS_ENABLE": "true",
        "CODER_LOGGING_HUMAN": "/dev/null",
        "CODER_LOGGING_JSON": "/dev/stderr",
        "CODER_TELEMETRY_ENABLE": str(coder.telemetry).lower(),
        "CODER_UPDATE_CHECK": "false",  # the version is pinned
    }


def _quiet_hours(quiet: QuietHours | None) -> dict[str, str]:
    """When a template's stop requirement strikes; people can't move it (Property 7)."""
    if quiet is None:
        return {}
    return {
        "CODER_ALLOW_CUSTOM_QUIET_HOURS": "false",
        "CODER_QUIET_HOURS_DEFAULT_SCHEDULE": f"CRON_TZ={quiet.time_zone} {quiet.stop.minute} {quiet.stop.hour} * * *",
    }


def _hours(span: timedelta) -> str:
    return f"{span // timedelta(hours=1)}h"
