"""What Coder's chart and server know: every key and every variable. Read, not remembered; what is not here is a mistake.

| what | read on 2026-11-21 in |
|---|---|
| keys | `helm/coder/values.yaml` and the templates of github.com/coder/coder v2.24.0 |
| variables | `docs/reference/cli/server.md` of v2.24.0, and `docs/admin/setup/configuration-reference.md` at commit aeefa2e37a60 of 2026 |
| external logins | `cli/server.go` of v2.24.0, parseExternalAuthProvidersFromEnv |

v2.24.0 is the Go module of that version (h1:IRJ+p5i+wP5KBL3f3oBQBPzwbdD/1ZGusMbeeszYMoY=). A variable is listed if both readings have it:
what stands in both releases stands in those between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, cast

OLDEST_CHART = (2, 24, 0)
NEWEST_MAJOR = 2


def _words(prefix: str, text: str) -> frozenset[str]:
    return frozenset(prefix + word for word in text.split())


# Keys whose value is one thing to the chart: text, number, flag or list.
KEYS = _words(
    "coder.",
    """
    certs.secrets command commandArgs env envFrom envUseClusterAccessURL image.pullPolicy image.pullSecrets image.repo image.tag
    ingress.className ingress.enable ingress.host ingress.tls.enable ingress.tls.secretName ingress.tls.wildcardSecretName
    ingress.wildcardHost initContainers replicaCount service.enable service.externalTrafficPolicy service.httpNodePort
    service.httpsNodePort service.loadBalancerClass service.loadBalancerIP service.sessionAffinity service.type
    serviceAccount.disableCreate serviceAccount.enableDeployments serviceAccount.extraRules serviceAccount.name
    serviceAccount.workspacePerms tls.secretNames tolerations topologySpreadConstraints volumeMounts volumes workspaceProxy
    """,
) | {"extraTemplates", "provisionerDaemon.pskSecretName"}

# Keys whose value the chart hands to Kubernetes as it is; Kubernetes' schema is their judge.
OPEN_KEYS = _words(
    "coder.",
    """
    affinity annotations ingress.annotations labels lifecycle nodeSelector podAnnotations podLabels resources securityContext
    service.annotations serviceAccount.annotations
    """,
)

# The chart sets these itself, and a second one of the name would win over it (CDR-04: the relay URL is each pod's own).
CHART_VARIABLES = _words("CODER_", "DERP_SERVER_RELAY_URL HTTP_ADDRESS PROMETHEUS_ADDRESS TLS_ADDRESS TLS_CERT_FILE TLS_KEY_FILE") | {
    "KUBE_POD_IP"
}

VARIABLES = _words(
    "CODER_",
    """
    ACCESS_URL ADDITIONAL_CSP_POLICY ALLOW_CUSTOM_QUIET_HOURS ALLOW_WORKSPACE_RENAMES BLOCK_DIRECT BROWSER_ONLY CACHE_DIRECTORY
    CLI_UPGRADE_MESSAGE CONFIG_PATH DANGEROUS_ALLOW_PATH_APP_SHARING DANGEROUS_ALLOW_PATH_APP_SITE_OWNER_ACCESS
    DANGEROUS_OIDC_SKIP_ISSUER_CHECKS DEFAULT_TOKEN_LIFETIME DERP_CONFIG_PATH DERP_CONFIG_URL DERP_FORCE_WEBSOCKETS DERP_SERVER_ENABLE
    DERP_SERVER_REGION_NAME DERP_SERVER_RELAY_URL DERP_SERVER_STUN_ADDRESSES DISABLE_OWNER_WORKSPACE_ACCESS DISABLE_PASSWORD_AUTH
    DISABLE_PATH_APPS DISABLE_SESSION_EXPIRY_REFRESH DOCS_URL EMAIL_AUTH_IDENTITY EMAIL_AUTH_PASSWORD EMAIL_AUTH_PASSWORD_FILE
    EMAIL_AUTH_USERNAME EMAIL_FORCE_TLS EMAIL_FROM EMAIL_HELLO EMAIL_SMARTHOST EMAIL_TLS_CACERTFILE EMAIL_TLS_CERTFILE
    EMAIL_TLS_CERTKEYFILE EMAIL_TLS_SERVERNAME EMAIL_TLS_SKIPVERIFY EMAIL_TLS_STARTTLS ENABLE_TERRAFORM_DEBUG_MODE EXPERIMENTS
    EXTERNAL_TOKEN_ENCRYPTION_KEYS HEALTH_CHECK_REFRESH HEALTH_CHECK_THRESHOLD_DATABASE HIDE_AI_TASKS HTTP_ADDRESS LOGGING_HUMAN
    LOGGING_JSON LOGGING_STACKDRIVER LOG_FILTER MAX_ADMIN_TOKEN_LIFETIME MAX_TOKEN_LIFETIME NOTIFICATIONS_DISPATCH_TIMEOUT
    NOTIFICATIONS_EMAIL_AUTH_IDENTITY NOTIFICATIONS_EMAIL_AUTH_PASSWORD NOTIFICATIONS_EMAIL_AUTH_PASSWORD_FILE
    NOTIFICATIONS_EMAIL_AUTH_USERNAME NOTIFICATIONS_EMAIL_FORCE_TLS NOTIFICATIONS_EMAIL_FROM NOTIFICATIONS_EMAIL_HELLO
    NOTIFICATIONS_EMAIL_SMARTHOST NOTIFICATIONS_EMAIL_TLS_CACERTFILE NOTIFICATIONS_EMAIL_TLS_CERTFILE
    NOTIFICATIONS_EMAIL_TLS_CERTKEYFILE NOTIFICATIONS_EMAIL_TLS_SERVERNAME NOTIFICATIONS_EMAIL_TLS_SKIPVERIFY
    NOTIFICATIONS_EMAIL_TLS_STARTTLS NOTIFICATIONS_INBOX_ENABLED NOTIFICATIONS_MAX_SEND_ATTEMPTS NOTIFICATIONS_METHOD
    NOTIFICATIONS_WEBHOOK_ENDPOINT OAUTH2_GITHUB_ALLOWED_ORGS OAUTH2_GITHUB_ALLOWED_TEAMS OAUTH2_GITHUB_ALLOW_EVERYONE
    OAUTH2_GITHUB_ALLOW_SIGNUPS OAUTH2_GITHUB_CLIENT_ID OAUTH2_GITHUB_CLIENT_SECRET OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE
    OAUTH2_GITHUB_DEVICE_FLOW OAUTH2_GITHUB_ENTERPRISE_BASE_URL OIDC_ALLOWED_GROUPS OIDC_ALLOW_SIGNUPS OIDC_AUTH_URL_PARAMS
    OIDC_CLIENT_CERT_FILE OIDC_CLIENT_ID OIDC_CLIENT_KEY_FILE OIDC_CLIENT_SECRET OIDC_EMAIL_DOMAIN OIDC_EMAIL_FIELD
    OIDC_GROUP_AUTO_CREATE OIDC_GROUP_FIELD OIDC_GROUP_MAPPING OIDC_GROUP_REGEX_FILTER OIDC_ICON_URL OIDC_IGNORE_EMAIL_VERIFIED
    OIDC_IGNORE_USERINFO OIDC_ISSUER_URL OIDC_NAME_FIELD OIDC_SCOPES OIDC_SIGNUPS_DISABLED_TEXT OIDC_SIGN_IN_TEXT OIDC_USERNAME_FIELD
    OIDC_USER_ROLE_DEFAULT OIDC_USER_ROLE_FIELD OIDC_USER_ROLE_MAPPING PG_AUTH PG_CONNECTION_URL PPROF_ADDRESS PPROF_ENABLE
    PROMETHEUS_ADDRESS PROMETHEUS_AGGREGATE_AGENT_STATS_BY PROMETHEUS_COLLECT_AGENT_STATS PROMETHEUS_COLLECT_DB_METRICS
    PROMETHEUS_ENABLE PROVISIONER_DAEMONS PROVISIONER_DAEMON_POLL_INTERVAL PROVISIONER_DAEMON_POLL_JITTER PROVISIONER_DAEMON_PSK
    PROVISIONER_FORCE_CANCEL_INTERVAL PROXY_HEALTH_INTERVAL PROXY_TRUSTED_HEADERS PROXY_TRUSTED_ORIGINS QUIET_HOURS_DEFAULT_SCHEDULE
    REDIRECT_TO_ACCESS_URL SAMESITE_AUTH_COOKIE SCIM_AUTH_HEADER SECURE_AUTH_COOKIE SESSION_DURATION SSH_CONFIG_OPTIONS
    SSH_KEYGEN_ALGORITHM STRICT_TRANSPORT_SECURITY STRICT_TRANSPORT_SECURITY_OPTIONS SUPPORT_LINKS SWAGGER_ENABLE TELEMETRY_ENABLE
    TERMS_OF_SERVICE_URL TLS_ADDRESS TLS_ALLOW_INSECURE_CIPHERS TLS_CERT_FILE TLS_CIPHERS TLS_CLIENT_AUTH TLS_CLIENT_CA_FILE
    TLS_CLIENT_CERT_FILE TLS_CLIENT_KEY_FILE TLS_ENABLE TLS_KEY_FILE TLS_MIN_VERSION TRACE_ENABLE TRACE_HONEYCOMB_API_KEY TRACE_LOGS
    UPDATE_CHECK WEB_TERMINAL_RENDERER WILDCARD_ACCESS_URL WORKSPACE_HOSTNAME_SUFFIX WORKSPACE_PREBUILDS_RECONCILIATION_INTERVAL
    """,
)

# Fields of CODER_EXTERNAL_AUTH_<number>_<field>; the numbers go up from 0 without a gap.
EXTERNAL_AUTH_FIELDS = _words(
    "",
    """
    APP_INSTALLATIONS_URL APP_INSTALL_URL AUTH_URL CLIENT_ID CLIENT_SECRET DEVICE_CODE_URL DEVICE_FLOW DISPLAY_ICON DISPLAY_NAME
    EXTRA_TOKEN_KEYS ID NO_REFRESH REGEX SCOPES TOKEN_URL TYPE VALIDATE_URL
    """,
)

# Read by the AWS SDK inside coderd: a login token for the database is made for a region, and pods have no instance metadata to ask.
FOREIGN_VARIABLES = frozenset({"AWS_REGION"})

# Seconds that a pod has to stop before it is killed; fixed in the chart's Deployment.
TERMINATION_GRACE_SECONDS = 60


class UnknownCoderValueError(ValueError):
    """Something that the chart or coderd would silently ignore; problems: one sentence each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def check(values: Mapping[str, Any], variables: Iterable[str]) -> None:
    """Raise UnknownCoderValueError with every key and variable that chart or server would ignore, or that the chart sets itself.

    values: of the chart, a tree as free as Helm's. variables: the names in coder.env.
    """
    problems = (*_unknown_keys(values, ""), *_unknown_variables(variables))
    if problems:
        raise UnknownCoderValueError(problems)


def _unknown_keys(tree: Mapping[str, Any], path: str) -> Iterator[str]:
    known = KEYS | OPEN_KEYS
    for key, value in tree.items():
        here = f"{path}{key}"
        if here in known:
            continue
        if isinstance(value, Mapping) and any(name.startswith(f"{here}.") for name in known):
            yield from _unknown_keys(cast("Mapping[str, Any]", value), f"{here}.")
        else:
            yield f"{here} is no value of the chart coder{_meant(here, known)}"


def _unknown_variables(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in CHART_VARIABLES:
            yield f"{name} is set by the chart coder itself; leave it out"
        elif not known_variable(name):
            yield f"{name} is no variable of coderd{_meant(name, VARIABLES)}"


def known_variable(name: str) -> bool:
    """Whether coderd, or the AWS SDK in it, reads a variable of that name."""
    if name.startswith("CODER_EXTERNAL_AUTH_"):
        number, _, field = name.removeprefix("CODER_EXTERNAL_AUTH_").partition("_")
        return number.isdecimal() and field in EXTERNAL_AUTH_FIELDS
    return name in VARIABLES or name in FOREIGN_VARIABLES


def check_chart(version: str) -> None:
    """Raise UnknownCoderValueError for a chart that this module was not read for."""
    numbers = tuple(int(part) for part in version.split("-", maxsplit=1)[0].split("."))
    if numbers < OLDEST_CHART or numbers[0] > NEWEST_MAJOR:
        oldest = ".".join(str(number) for number in OLDEST_CHART)
        problem = f"versions.charts.coder: {version} is not covered by components/coder_reference.py; pin {oldest} or newer of version 2"
        raise UnknownCoderValueError((problem,))


def _meant(word: str, known: frozenset[str]) -> str:
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else ""
