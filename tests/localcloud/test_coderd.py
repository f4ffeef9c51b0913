"""The coder/coderd provider: its rules, and what needs a running Coder, a licence, a provisioner."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.localcloud.coder_site import GROUP, KEY, LICENSE, TEMPLATE, USER, CoderSite, template
from tests.localcloud.engine_side import CallRefusedError, Instance, refused, unknown


def test_it_is_the_package_that_the_sdk_parameterizes(site: CoderSite) -> None:
    site.deploy()
    provider = site.provider()
    value = provider_pb2.ParameterizeRequest.ParametersValue(name="coderd", version="0.0.23", value=b"{}")
    response = provider.stub.Parameterize(provider_pb2.ParameterizeRequest(value=value))
    assert (response.name, response.version) == ("coderd", "0.0.23")
    with refused("Unsupported"):
        other = provider_pb2.ParameterizeRequest.ParametersValue(name="datadog", version="1.0.0")
        provider._ask("Parameterize", provider_pb2.ParameterizeRequest(value=other))


def test_coder_answers_only_while_its_release_is_deployed(site: CoderSite) -> None:
    assert site.ask("GET", "/healthz")[0] == 503
    release = site.deploy()
    assert site.ask("GET", "/healthz") == (200, "OK")
    assert site.ask("GET", "/api/v2/buildinfo")[1]["version"] == "v2.34.0"
    site.cluster.kubernetes.delete(release)
    assert site.ask("GET", "/api/v2/buildinfo")[0] == 503


def test_the_first_user_is_made_once(site: CoderSite) -> None:
    site.deploy()
    assert site.ask("GET", "/api/v2/users/first")[0] == 404
    assert site.ask("POST", "/api/v2/users/first", {**USER, "password": "short"})[0] == 400
    status, made = site.ask("POST", "/api/v2/users/first", USER)
    assert status == 201
    assert set(made) == {"user_id", "organization_id"}
    assert site.ask("GET", "/api/v2/users/first")[0] == 200
    assert site.ask("POST", "/api/v2/users/first", USER)[0] == 409


def test_a_token_is_issued_to_who_logs_in_and_ends_when_it_is_revoked(site: CoderSite) -> None:
    site.deploy()
    site.ask("POST", "/api/v2/users/first", USER)
    assert site.ask("POST", "/api/v2/users/login", {**USER, "password": "wrong password"})[0] == 401
    token = site.bootstrap()
    assert re.fullmatch(r"[a-z0-9]{10}-[a-z0-9]{22}", token)
    assert site.ask("GET", "/api/v2/users/me", token=token)[1]["username"] == "admin"
    assert site.ask("GET", "/api/v2/users/me", token="nonsense")[0] == 401
    identity = token.partition("-")[0]
    assert site.ask("GET", f"/api/v2/users/me/keys/{identity}", token=token)[1]["expires_at"]
    assert site.ask("DELETE", f"/api/v2/users/me/keys/{identity}", token=token)[0] == 204
    assert site.ask("GET", "/api/v2/users/me", token=token)[0] == 401


def test_passwords_and_tokens_are_not_in_the_database(site: CoderSite, tmp_path: Path) -> None:
    site.deploy()
    token = site.bootstrap()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert token.encode() not in written
    assert USER["password"].encode() not in written


def test_users_go_with_what_holds_coders_data(site: CoderSite) -> None:
    release = site.deploy()
    site.bootstrap()
    site.cluster.kubernetes.delete(release)
    site.deploy()
    assert site.ask("GET", "/api/v2/users/first")[0] == 404


def test_a_token_that_coder_did_not_issue_is_refused(site: CoderSite) -> None:
    with refused("Unreachable"):
        site.cloud.provider("coderd", url="https://coder.example.com", token="a-b")
    site.deploy()
    with refused("401"):
        site.cloud.provider("coderd", url="https://coder.example.com", token="a-b")
    with refused("Unconfigured"):
        site.cloud.provider("coderd", url="https://coder.example.com")


def test_a_name_left_out_is_made_of_the_logical_name_and_seven_digits(coder: Instance) -> None:
    assert re.fullmatch(r"dev-[0-9a-f]{7}", coder.create(GROUP, "dev", {})["name"])


@pytest.mark.parametrize(
    ("inputs", "where"),
    [
        ({"name": "with space"}, "name"),
        ({"name": "new"}, "name"),
        ({"name": "x" * 33}, "name"),
        ({"displayName": " edge"}, "displayName"),
        ({"description": "x" * 128}, "description"),
        ({"organizationId": "coder"}, "organizationId"),
        ({"autoStartPermittedDaysOfWeeks": ["Monday"]}, "autoStartPermittedDaysOfWeeks[*]"),
        ({"autoStopRequirement": {"daysOfWeek": ["monday"]}}, "autoStopRequirement.daysOfWeek"),
        ({"defaultTtlMs": "1h"}, "defaultTtlMs"),
        ({"versions": []}, "versions"),
        ({"versions": None}, "versions"),
    ],
)
def test_what_the_provider_validates_is_refused_at_preview(coder: Instance, folder: Path, inputs: dict[str, Any], where: str) -> None:
    _inputs, failures = coder.check(TEMPLATE, "t", {name: value for name, value in template(folder, **inputs).items() if value is not None})
    assert list(failures) == [where]


def test_exactly_one_version_is_active(coder: Instance, folder: Path) -> None:
    for active in ([False], [True, True]):
        versions = [{"directory": str(folder), "name": f"v{number}", "active": each} for number, each in enumerate(active)]
        assert list(coder.check(TEMPLATE, "t", template(folder, versions=versions))[1]) == ["versions"]


def test_two_versions_of_a_name_are_refused(coder: Instance, folder: Path) -> None:
    versions = [{"directory": str(folder), "name": "v1", "active": each} for each in (True, False)]
    assert coder.check(TEMPLATE, "t", template(folder, versions=versions))[1] == {"versions": "versions: two versions have the same name"}


def test_a_folder_without_terraform_is_refused_at_preview(coder: Instance, tmp_path: Path) -> None:
    for directory in (tmp_path / "missing", tmp_path):
        _inputs, failures = coder.check(TEMPLATE, "t", template(directory))
        assert list(failures) == ["versions[0].directory"]


def test_the_folder_is_hashed_at_preview_and_its_content_makes_a_version(coder: Instance, folder: Path) -> None:
    outputs = coder.preview(TEMPLATE, "t", template(folder))
    assert re.fullmatch(r"[0-9a-f]{64}", outputs["versions"][0]["directoryHash"])
    assert unknown(outputs["versions"][0]) == {"id", "name"}
    made = coder.create(TEMPLATE, "t", template(folder))
    assert coder.diff(made, template(folder)) == {}
    (folder / "main.tf").write_text("terraform { }")
    assert coder.diff(made, template(folder)) == {"versions[0].directoryHash": "UPDATE"}
    changed = coder.update(made, template(folder))
    assert changed["versions"][0]["id"] != made["versions"][0]["id"]


def test_a_version_whose_content_stays_keeps_its_id(coder: Instance, folder: Path) -> None:
    made = coder.create(TEMPLATE, "t", template(folder))
    changed = coder.update(made, template(folder, description="other"))
    assert changed["versions"] == made["versions"]


def test_what_is_left_out_has_the_providers_defaults(coder: Instance, folder: Path) -> None:
    made = coder.create(TEMPLATE, "t", template(folder))
    assert made["displayName"] == "pod-swdev"
    assert made["activityBumpMs"] == 3600000
    assert made["autoStopRequirement"] == {"daysOfWeeks": [], "weeks": 1}
    assert re.fullmatch(r"[0-9a-f-]{36}", made["organizationId"])


def test_a_template_needs_a_provisioner(site: CoderSite, folder: Path) -> None:
    site.deploy(values={"coder": {"env": [{"name": "CODER_PROVISIONER_DAEMONS", "value": "0"}]}})
    coder = site.provider()
    with refused("Timeout"):
        coder.create(TEMPLATE, "t", template(folder))
    site.deploy_provisioner()
    coder.create(TEMPLATE, "t", template(folder))


def test_licensed_features_are_refused_on_create_without_a_licence_and_not_at_preview(site: CoderSite, folder: Path) -> None:
    site.deploy()
    coder = site.provider()
    locked = template(folder, requireActiveVersion=True)
    coder.preview(TEMPLATE, "t", locked)
    with refused("403"):
        coder.create(TEMPLATE, "t", locked)
    with refused("403"):
        coder.create(GROUP, "g", {"name": "g"})
    coder.create(LICENSE, "l", {"license": "jwt"})
    coder.create(TEMPLATE, "t", locked)


def test_the_key_of_a_provisioner_is_secret_and_every_change_replaces_it(coder: Instance) -> None:
    organization = coder.invoke("coderd:index/getOrganization:getOrganization", {"isDefault": True}).values["id"]
    inputs = {"name": "prov", "organizationId": organization, "tags": {"a": "b"}}
    assert unknown(coder.preview(KEY, "k", inputs)) == {"key"}
    made = coder.create(KEY, "k", inputs)
    assert made.id == "missing ID"
    assert ("key",) in made.outputs.secrets
    assert coder.diff(made, {**inputs, "tags": {"a": "c"}}) == {"tags.a": "UPDATE_REPLACE"}
    coder.delete(made)


def test_an_organization_replaces_only_where_the_program_sets_it(coder: Instance) -> None:
    made = coder.create(GROUP, "g", {"name": "g", "organizationId": "11111111-1111-1111-1111-111111111111"})
    assert coder.diff(made, {"name": "g", "organizationId": "22222222-2222-2222-2222-222222222222"}) == {"organizationId": "UPDATE_REPLACE"}
    assert coder.diff(made, {"name": "g"}) == {"organizationId": "DELETE"}


def test_the_default_organization_is_found_and_another_is_not(coder: Instance) -> None:
    assert coder.invoke("coderd:index/getOrganization:getOrganization", {"name": "coder"}).values["isDefault"] is True
    with refused("404"):
        coder.invoke("coderd:index/getOrganization:getOrganization", {"name": "other"})
    with refused("InvalidArgument"):
        coder.invoke("coderd:index/getOrganization:getOrganization", {})


def test_a_taken_name_is_refused(coder: Instance) -> None:
    coder.create(GROUP, "a", {"name": "same"})
    with refused("409"):
        coder.create(GROUP, "b", {"name": "same"})


def test_a_misspelt_property_is_refused(coder: Instance) -> None:
    with pytest.raises(CallRefusedError, match="did you mean quotaAllowance"):
        coder.create(GROUP, "a", {"quotaAllowanc": 1})


def test_a_workspace_proxy_is_no_coderd(site):
    """The same chart with another command: where it runs alone, nobody answers for Coder."""
    site.deploy(values={"coder": {"workspaceProxy": True}})
    assert site.ask("GET", "/healthz")[0] == 503
