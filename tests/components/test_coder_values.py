"""coderd's environment and its chart's values: plain functions, no graph."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import chart_keys, coder_reference
from components.coder_environment import (
    CERTIFICATES_FOLDER,
    QuietHours,
    SecretKey,
    ServerFacts,
    Value,
    database_url,
    environment,
)
from components.coder_reference import UnknownCoderValueError, check, known_variable
from components.coder_values import SELECTOR, Placement, ReleaseFacts, values
from settings.coder import Coder
from settings.load import load_file

CODER = load_file(Path(__file__).parents[2] / "Pulumi.prod.yaml").coder
FACTS = ServerFacts(
    database_url=database_url("coderd", "writer.example", 5432, "coder"),
    region="us-east-1",
    quiet_hours=QuietHours(stop=time(18, 0), time_zone="America/New_York"),
    password_login=False,
)
RELEASE = ReleaseFacts(
    version="2.34.0",
    replicas=3,
    cpu="1",
    memory="4Gi",
    placement=Placement(key="coder.com/node-group", group="coder-control"),
    certificates_config_map="rds-certificates",
)
ENVIRONMENT = environment(CODER, FACTS)


def made() -> dict[str, Any]:
    coder = values(RELEASE, ENVIRONMENT)["coder"]
    assert isinstance(coder, dict)
    return coder


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CODER_ACCESS_URL", "https://coder.example.com"),  # CDR-05
        ("CODER_WILDCARD_ACCESS_URL", "*.coder.example.com"),  # CDR-05
        ("CODER_TLS_ENABLE", "false"),  # CDR-06
        ("CODER_SECURE_AUTH_COOKIE", "true"),  # CDR-06
        ("CODER_REDIRECT_TO_ACCESS_URL", "false"),  # CDR-07: behind a TLS balancer it would redirect for ever
        ("CODER_PROVISIONER_DAEMONS", "0"),  # CDR-08, Property 6
        ("CODER_PG_AUTH", "awsiamrds"),  # DB-16
        ("CODER_DISABLE_PASSWORD_AUTH", "true"),  # CDR-10
        ("CODER_OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE", "false"),  # CDR-10
        ("CODER_OIDC_ISSUER_URL", "https://idp.example.com"),  # CDR-10
        ("CODER_OIDC_EMAIL_DOMAIN", "example.com"),
        ("CODER_OIDC_SCOPES", "openid,profile,email,groups"),
        ("CODER_OIDC_GROUP_FIELD", "groups"),  # CDR-13
        ("CODER_OIDC_USER_ROLE_FIELD", "groups"),  # CDR-13
        ("CODER_EXTERNAL_AUTH_0_ID", "primary-github"),  # CDR-12
        ("CODER_EXTERNAL_AUTH_0_TYPE", "github"),  # CDR-12
        ("CODER_DISABLE_OWNER_WORKSPACE_ACCESS", "true"),  # CDR-14, Property 9
        ("CODER_DISABLE_PATH_APPS", "true"),  # CDR-16
        ("CODER_PROMETHEUS_ENABLE", "true"),  # CDR-28; the chart opens the port for exactly this text
        ("CODER_STRICT_TRANSPORT_SECURITY", "31536000"),  # CDR-29
        ("CODER_TELEMETRY_ENABLE", "false"),  # OBS-24
        ("CODER_SESSION_DURATION", "8h"),  # section 5, 12e
        ("CODER_MAX_TOKEN_LIFETIME", "2160h"),  # section 5, 12d
        ("CODER_MAX_ADMIN_TOKEN_LIFETIME", "2160h"),  # an owner's token would live for a week
        ("CODER_LOGGING_JSON", "/dev/stderr"),  # CDR-18
        ("CODER_QUIET_HOURS_DEFAULT_SCHEDULE", "CRON_TZ=America/New_York 0 18 * * *"),  # Property 7
        ("CODER_ALLOW_CUSTOM_QUIET_HOURS", "false"),  # Property 7
        ("AWS_REGION", "us-east-1"),  # tokens for the database; pods have no instance metadata
    ],
)
def test_prod_says_to_coderd(name: str, value: str):
    assert ENVIRONMENT[name] == value


def by_github(**changes: Any) -> Coder:
    """prod's Coder with a login by GitHub."""
    whole = CODER.model_dump(by_alias=True) | {
        "oidc": None,
        "github": {"allow_organizations": ["example-org", "other"], "groups": ["developers"], **changes},
        "secrets": CODER.secrets.model_dump() | {"oidc": None, "github": "coder/prod/github"},
    }
    return Coder.model_validate(whole)


def test_by_github_members_of_organisations_log_in_and_nobody_else():
    """CDR-11: hardening is the same, and nothing of OIDC is left."""
    there = environment(by_github(allow_teams=["example-org/platform"], allow_signups=False), FACTS)
    assert {name: value for name, value in there.items() if name.startswith("CODER_OAUTH2_GITHUB")} == {
        "CODER_OAUTH2_GITHUB_ALLOWED_ORGS": "example-org,other",
        "CODER_OAUTH2_GITHUB_ALLOWED_TEAMS": "example-org/platform",
        "CODER_OAUTH2_GITHUB_ALLOW_EVERYONE": "false",
        "CODER_OAUTH2_GITHUB_ALLOW_SIGNUPS": "false",
        "CODER_OAUTH2_GITHUB_CLIENT_ID": SecretKey(name="coder-github", key="client-id"),
        "CODER_OAUTH2_GITHUB_CLIENT_SECRET": SecretKey(name="coder-github", key="client-secret"),
        "CODER_OAUTH2_GITHUB_DEFAULT_PROVIDER_ENABLE": "false",
    }
    assert not [name for name in there if "OIDC" in name]
    assert {name: there[name] for name in there if "GITHUB" not in name} == {
        name: value for name, value in ENVIRONMENT.items() if "GITHUB" not in name and "OIDC" not in name
    }
    values(RELEASE, there)  # knows every one of these variables


def test_there_is_one_callback_whatever_host_people_came_by():
    """T-65"""
    assert CODER.login_callback == "https://coder.example.com/api/v2/users/oidc/callback"
    assert by_github().login_callback == "https://coder.example.com/api/v2/users/oauth2/github/callback"


def test_only_the_first_visit_has_a_password_login():
    """CDR-10, decision 7: coderd refuses it to owners as well, and the first token needs a login."""
    assert environment(CODER, replace(FACTS, password_login=True))["CODER_DISABLE_PASSWORD_AUTH"] == "false"


def test_groups_and_roles_follow_the_identity_provider():
    """CDR-15, CDR-13."""
    mapping, roles = ENVIRONMENT["CODER_OIDC_GROUP_MAPPING"], ENVIRONMENT["CODER_OIDC_USER_ROLE_MAPPING"]
    assert json.loads(str(mapping)) == {
        "coder-platform-admins": "platform-admins",
        "coder-template-owners": "template-owners",
        "coder-security-audit": "security-audit",
        "developers": "developers",
    }
    assert json.loads(str(roles)) == {
        "coder-platform-admins": ["user-admin"],
        "coder-security-audit": ["auditor"],
        "coder-template-owners": ["template-admin"],
    }


@pytest.mark.parametrize(
    "name",
    [
        "CODER_OIDC_CLIENT_ID",
        "CODER_OIDC_CLIENT_SECRET",
        "CODER_EXTERNAL_AUTH_0_CLIENT_ID",
        "CODER_EXTERNAL_AUTH_0_CLIENT_SECRET",
        "CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS",
    ],
)
def test_a_secret_is_a_reference(name: str):
    """CDR-09, CDR-41."""
    assert isinstance(ENVIRONMENT[name], SecretKey)


def test_the_database_url_has_no_password_and_checks_the_server():
    """DB-07, DB-08, DB-16."""
    url = str(ENVIRONMENT["CODER_PG_CONNECTION_URL"])
    assert url == "postgres://coderd@writer.example:5432/coder?sslmode=verify-full&sslrootcert=/etc/coder/rds/rds.pem"


@pytest.mark.parametrize(
    "name", ["CODER_PROXY_TRUSTED_HEADERS", "CODER_PROXY_TRUSTED_ORIGINS", "CODER_DERP_SERVER_RELAY_URL", "CODER_HTTP_ADDRESS"]
)
def test_what_the_balancer_or_the_chart_decides_stays_unset(name: str):
    """CDR-04, CDR-24: the balancer keeps addresses and adds no header; the relay URL is each pod's own."""
    assert name not in ENVIRONMENT


def test_nothing_dangerous_is_allowed():
    """Property 9."""
    assert not [name for name in ENVIRONMENT if "DANGEROUS" in name]


def test_quiet_hours_are_coders_own_without_a_stop():
    assert not [name for name in environment(CODER, replace(FACTS, quiet_hours=None)) if "QUIET" in name]


def test_every_git_host_has_a_number_from_0():
    """CDR-12."""
    github = CODER.external_auth[0]
    two = CODER.model_copy(update={"external_auth": (github, github.model_copy(update={"id": "second"}))})
    made = environment(two, FACTS)
    assert (made["CODER_EXTERNAL_AUTH_0_ID"], made["CODER_EXTERNAL_AUTH_1_ID"]) == ("primary-github", "second")
    assert made["CODER_EXTERNAL_AUTH_1_CLIENT_SECRET"] == SecretKey(name="coder-external-auth", key="second-client-secret")


def test_coderd_and_its_service_account_have_no_rights_in_the_cluster():
    """T-28, CDR-08."""
    assert made()["serviceAccount"] == {"name": "coder", "disableCreate": True, "workspacePerms": False, "enableDeployments": False}


def test_the_chart_makes_no_second_load_balancer():
    """CDR-25, T-25, T-76: its Service would be one, outside the graph."""
    assert made()["service"] == {"enable": False}


def test_replicas_are_the_declared_constant():
    """CDR-02, CDR-03, Property 4."""
    assert made()["replicaCount"] == 3


def test_requests_equal_limits():
    """CDR-39."""
    assert made()["resources"] == {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"cpu": "1", "memory": "4Gi"}}


def test_replicas_spread_over_zones_and_over_nodes_where_there_is_room():
    """CDR-04."""
    (zones,) = made()["topologySpreadConstraints"]
    assert (zones["topologyKey"], zones["maxSkew"], zones["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", 1, "DoNotSchedule")
    (nodes,) = made()["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert nodes["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    assert zones["labelSelector"] == nodes["podAffinityTerm"]["labelSelector"] == {"matchLabels": SELECTOR}


def test_it_runs_on_the_control_nodes():
    """CDR-01, EKS-12."""
    assert made()["nodeSelector"] == {"coder.com/node-group": "coder-control"}
    assert made()["tolerations"] == [{"key": "coder.com/node-group", "operator": "Equal", "value": "coder-control", "effect": "NoSchedule"}]


def test_it_runs_without_rights_on_its_node():
    """CDR-40."""
    context = made()["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_no_autoscaler_evicts_it():
    """EKS-34."""
    annotations = made()["podAnnotations"]
    assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert annotations["karpenter.sh/do-not-disrupt"] == "true"


def test_the_roots_of_the_database_are_mounted_where_the_url_looks():
    """DB-07."""
    (volume,), (mount,) = made()["volumes"], made()["volumeMounts"]
    assert volume == {"name": mount["name"], "configMap": {"name": "rds-certificates"}}
    assert (mount["mountPath"], mount["readOnly"]) == (CERTIFICATES_FOLDER, True)


def test_variables_are_sorted_and_each_stands_once():
    names = [entry["name"] for entry in made()["env"]]
    assert names == sorted(set(names))


def test_every_key_and_variable_of_prod_is_known():
    check(values(RELEASE, ENVIRONMENT), ENVIRONMENT)


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"coder": {"replicas": 3}}, "coder.replicas is no value of the chart coder"),
        ({"coder": {"replicaCounts": 3}}, "coder.replicaCounts is no value of the chart coder; did you mean coder.replicaCount?"),
        (
            {"coder": {"service": {"enabled": False}}},
            "coder.service.enabled is no value of the chart coder; did you mean coder.service.enable?",
        ),
        ({"coder": {"image": "v2"}}, "coder.image is no value of the chart coder"),
        ({"replicaCount": 3}, "replicaCount is no value of the chart coder"),
    ],
)
def test_an_unknown_value_is_an_error(tree: dict[str, Any], sentence: str):
    """Decision 4: Helm would say nothing."""
    with pytest.raises(UnknownCoderValueError) as raised:
        check(tree, ())
    assert raised.value.problems[0].startswith(sentence)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("CODER_PROVISIONER_DEAMONS", "CODER_PROVISIONER_DEAMONS is no variable of coderd; did you mean CODER_PROVISIONER_DAEMONS?"),
        ("CODER_EXTERNAL_AUTH_0_CLIENTID", "CODER_EXTERNAL_AUTH_0_CLIENTID is no variable of coderd"),
        ("CODER_EXTERNAL_AUTH_X_ID", "CODER_EXTERNAL_AUTH_X_ID is no variable of coderd"),
        ("CODER_DERP_SERVER_RELAY_URL", "CODER_DERP_SERVER_RELAY_URL is set by the chart coder itself; leave it out"),
        ("PATH", "PATH is no variable of coderd"),
    ],
)
def test_an_unknown_variable_is_an_error(name: str, sentence: str):
    """Decision 4: coderd would say nothing."""
    with pytest.raises(UnknownCoderValueError) as raised:
        check({}, [name])
    assert raised.value.problems[0].startswith(sentence)


def test_all_faults_are_told_at_once():
    with pytest.raises(UnknownCoderValueError) as raised:
        check({"coder": {"replicas": 3, "tier": 1}}, ["CODER_NONE"])
    assert len(raised.value.problems) == 3


@given(st.sampled_from(sorted(coder_reference.VARIABLES)), st.data())
def test_a_variable_with_one_character_changed_is_no_longer_known(name: str, data: st.DataObject):
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("abc-!").filter(lambda letter: letter != name[place]))
    assert not known_variable(name[:place] + letter + name[place + 1 :])


@pytest.mark.parametrize("chart", ["coder", "coder-provisioner"])
@pytest.mark.parametrize("version", ["2.24.0", "2.34.0", "2.38.1"])
def test_charts_that_were_read_are_taken(chart: str, version: str):
    chart_keys.check(chart, version, {})


@pytest.mark.parametrize("chart", ["coder", "coder-provisioner"])
@pytest.mark.parametrize("version", ["2.23.9", "1.44.0", "3.0.0"])
def test_a_chart_that_nobody_read_is_an_error(chart: str, version: str):
    with pytest.raises(chart_keys.UnknownChartValueError, match=rf"^{chart} {version} is not covered"):
        chart_keys.check(chart, version, {})


def test_a_misspelt_variable_stops_the_values():
    broken: dict[str, Value] = {**ENVIRONMENT, "CODER_DISABLE_PATHAPPS": "true"}
    with pytest.raises(UnknownCoderValueError, match="did you mean CODER_DISABLE_PATH_APPS"):
        values(RELEASE, broken)
