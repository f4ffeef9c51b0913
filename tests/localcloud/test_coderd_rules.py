"""Every rule of the coder/coderd provider that the local cloud holds, with what passes beside what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.localcloud.coder_site import GROUP, KEY, LICENSE, TEMPLATE, CoderSite, template
from tests.localcloud.engine_side import Cloud, Instance, State, refused, unknown

USER = "coderd:index/user:User"
ORGANIZATION = "coderd:index/organization:Organization"
GROUP_SYNC = "coderd:index/organizationGroupSync:OrganizationGroupSync"
ORGANIZATION_SYNC = "coderd:index/organizationSyncSettings:OrganizationSyncSettings"
PROXY = "coderd:index/workspaceProxy:WorkspaceProxy"
AI = "coderd:index/aiProvider:AiProvider"
MODEL = "coderd:index/agentsModel:AgentsModel"
DEFAULT_MODEL = "coderd:index/defaultAgentsModel:DefaultAgentsModel"
OAUTH2 = "coderd:index/oauth2ProviderSettings:Oauth2ProviderSettings"
ID = "11111111-1111-1111-1111-111111111111"
OPENAI = {"type": "openai", "name": "ai", "baseUrl": "https://api.example.com/v1"}
BEDROCK = {"type": "bedrock", "name": "ai", "baseUrl": "https://example.com"}
KEYS = {"accessKeyWo": "a", "accessKeySecretWo": "b", "credentialsWoVersion": 1}
ANSWERS = {"aiProviderId": ID, "model": "m", "contextLimit": 1}
PERSON = {"username": "ann", "email": "ann@example.com"}
SERVICE = {"username": "bot", "isServiceAccount": True}

# Token, inputs that pass, the change that is refused, where
PAIRS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (TEMPLATE, {"maxPortShareLevel": "Owner"}, {"maxPortShareLevel": "everyone"}, "maxPortShareLevel"),
    (TEMPLATE, {"corsBehavior": "Passthru"}, {"corsBehavior": "none"}, "corsBehavior"),
    (TEMPLATE, {"acl": {"users": [], "groups": [{"id": "everyone", "role": "use"}]}}, {"acl": {"groups": []}}, "acl.users"),
    (TEMPLATE, {}, {"acl": {"users": [{"id": ID, "role": "read"}], "groups": []}}, "acl.users[*].role"),
    (TEMPLATE, {"defaultTtlMs": 1000}, {"defaultTtlMs": 1000.5}, "defaultTtlMs"),
    (TEMPLATE, {"autoStopRequirement": {"weeks": 2}}, {"autoStopRequirement": {"weeks": 0.5}}, "autoStopRequirement.weeks"),
    (TEMPLATE, {"description": "é" * 127}, {"description": "é" * 128}, "description"),
    (GROUP, {"quotaAllowance": 3}, {"quotaAllowance": 2**31}, "quotaAllowance"),
    (GROUP, {"members": [ID]}, {"members": ["ann"]}, "members[*]"),
    (GROUP, {"name": "x" * 36}, {"name": "x" * 37}, "name"),
    (USER, {**PERSON, "roles": ["auditor"]}, {"roles": ["admin"]}, "roles[*]"),
    (USER, {**PERSON, "loginType": "oidc"}, {"loginType": "saml"}, "loginType"),
    (USER, PERSON, {"email": None}, "email"),
    (USER, PERSON, {"name": "x" * 129}, "name"),
    (USER, SERVICE, {"email": "bot@example.com"}, "email"),
    (USER, SERVICE, {"password": "correct horse"}, "password"),
    (USER, SERVICE, {"loginType": "oidc"}, "loginType"),
    (ORGANIZATION, {"name": "o", "workspaceSharing": "none"}, {"workspaceSharing": "some"}, "workspaceSharing"),
    (
        ORGANIZATION,
        {"groupSync": {"field": "f", "mapping": {"g": [ID]}}},
        {"groupSync": {"mapping": {"g": ["g"]}}},
        "groupSync.mapping.*[*]",
    ),
    (ORGANIZATION, {"groupSync": {"regexFilter": "^a"}}, {"groupSync": {"regexFilter": "("}}, "groupSync.regexFilter"),
    (ORGANIZATION, {"roleSync": {"field": "f"}}, {"roleSync": {"field": ""}}, "roleSync.field"),
    (GROUP_SYNC, {"organizationId": ID, "field": "g", "mapping": {"a": [ID]}}, {"mapping": {"a": ["b"]}}, "mapping.*[*]"),
    (GROUP_SYNC, {"organizationId": ID, "field": "g", "mapping": {}, "regexFilter": "a+"}, {"regexFilter": "("}, "regexFilter"),
    (GROUP_SYNC, {"organizationId": ID, "field": "g", "mapping": {}}, {"field": ""}, "field"),
    (ORGANIZATION_SYNC, {"field": "o", "assignDefault": True}, {"field": ""}, "field"),
    (ORGANIZATION_SYNC, {"field": "o", "assignDefault": True}, {"assignDefault": None}, "assignDefault"),
    (KEY, {"organizationId": ID}, {"organizationId": "coder"}, "organizationId"),
    (PROXY, {"icon": "/icon/x.svg"}, {"icon": None}, "icon"),
    (AI, OPENAI, {"type": "none"}, "type"),
    (AI, OPENAI, {"name": "My-Ai"}, "name"),
    (AI, OPENAI, {"baseUrl": "api.example.com"}, "baseUrl"),
    (AI, {**OPENAI, "apiKeyWo": "k", "apiKeyWoVersion": 1}, {"apiKeyWoVersion": None}, "apiKeyWo"),
    (AI, {**BEDROCK, "settings": {"bedrock": {"region": "us-east-1"}}}, {"apiKeyWo": "k", "apiKeyWoVersion": 1}, "apiKeyWo"),
    (AI, OPENAI, {"settings": {}}, "settings"),
    (AI, {**BEDROCK, "settings": {"bedrock": {"roleArn": "r"}}}, {"settings": None}, "settings"),
    (AI, {**BEDROCK, "settings": {"bedrock": KEYS}}, {"settings": {"bedrock": {**KEYS, "accessKeyWo": None}}}, "settings.bedrock"),
    (AI, {**BEDROCK, "settings": {"bedrock": KEYS}}, {"settings": {"bedrock": {"model": "m"}}}, "settings.bedrock"),
    (AI, {**BEDROCK, "settings": {"bedrock": KEYS}, "type": "anthropic"}, {"type": "openai"}, "settings.bedrock"),
    (
        AI,
        {**BEDROCK, "settings": {"bedrock": {"roleArn": "r", "protocol": "mantle", "region": "us-east-1"}}},
        {"settings": {"bedrock": {"roleArn": "r", "protocol": "mantle"}}},
        "settings.bedrock.region",
    ),
    (MODEL, ANSWERS, {"model": ""}, "model"),
    (MODEL, ANSWERS, {"contextLimit": 0}, "contextLimit"),
    (MODEL, {**ANSWERS, "compressionThreshold": 100}, {"compressionThreshold": 101}, "compressionThreshold"),
    (MODEL, {**ANSWERS, "modelConfig": '{"temperature": 1}'}, {"modelConfig": "{}"}, "modelConfig"),
    (DEFAULT_MODEL, {"modelId": ID}, {"modelId": "m"}, "modelId"),
    (OAUTH2, {"dynamicClientRegistrationEnabled": False}, {"dynamicClientRegistrationEnabled": None}, "dynamicClientRegistrationEnabled"),
]


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A provider that is asked what passes, and makes nothing."""
    cloud = Cloud(tmp_path_factory.mktemp("coderd"))
    site = CoderSite(cloud)
    site.deploy()
    yield site.provider()
    site.close()
    cloud.close()


@pytest.mark.parametrize(
    ("token", "good", "bad", "where"), PAIRS, ids=[f"{token.rpartition(':')[2]} {where}" for token, _, _, where in PAIRS]
)
def test_what_fits_passes_and_what_does_not_is_refused_at_preview(
    checker: Instance, tmp_path: Path, token: str, good: dict[str, Any], bad: dict[str, Any], where: str
):
    (tmp_path / "main.tf").touch()
    fitting = template(tmp_path, **good) if token == TEMPLATE else good
    assert checker.check(token, "x", fitting)[1] == {}
    changed = {name: value for name, value in {**fitting, **bad}.items() if value is not None}
    assert list(checker.check(token, "x", changed)[1]) == [where]


def test_the_organization_of_the_provider_is_a_uuid(checker: Instance):
    assert checker.check_settings({"url": "https://x", "token": "t", "defaultOrganizationId": ID}) == {}
    assert list(checker.check_settings({"url": "https://x", "token": "t", "defaultOrganizationId": "coder"})) == ["defaultOrganizationId"]


# What is computed


def test_what_the_server_decides_is_known_after_the_update(coder: Instance, folder: Path):
    """displayName, organizationId and three more have no default of the provider's."""
    decided = {"displayName", "organizationId", "maxPortShareLevel", "corsBehavior", "useClassicParameterFlow"}
    assert unknown(coder.preview(TEMPLATE, "t", template(folder))) == {"id", *decided}
    made = coder.create(TEMPLATE, "t", template(folder))
    assert (made["displayName"], made["maxPortShareLevel"], made["corsBehavior"]) == ("pod-swdev", "owner", "simple")
    kept = coder.update(made, template(folder, description="d"), preview=True).outputs.values
    assert (kept["maxPortShareLevel"], kept["useClassicParameterFlow"]) == ("owner", False)
    given = template(
        folder, displayName="d", organizationId=ID, maxPortShareLevel="owner", corsBehavior="simple", useClassicParameterFlow=True
    )
    assert unknown(coder.preview(TEMPLATE, "t", given)) == {"id"}


def test_ports_are_shared_with_everybody_where_there_is_no_licence(site: CoderSite, folder: Path):
    site.deploy()
    assert site.provider().create(TEMPLATE, "t", template(folder))["maxPortShareLevel"] == "public"


def test_a_create_leaves_a_deprecation_out_and_the_next_update_has_it(coder: Instance, folder: Path):
    gone = template(folder, deprecationMessage="use another")
    made = coder.create(TEMPLATE, "t", gone)
    assert made["deprecationMessage"] == ""
    assert coder.diff(made, gone) == {"deprecationMessage": "UPDATE"}
    assert coder.diff(coder.update(made, gone), gone) == {}


def test_secrets_that_are_only_written_are_in_no_output(coder: Instance, tmp_path: Path):
    made = coder.create(AI, "a", {**OPENAI, "apiKeyWo": "canary", "apiKeyWoVersion": 1})
    assert "apiKeyWo" not in made.outputs.values
    region = "https://bedrock-runtime.eu-west-1.amazonaws.com"
    other = coder.create(
        AI, "b", {**BEDROCK, "name": "b", "baseUrl": region, "settings": {"bedrock": {**KEYS, "accessKeySecretWo": "canary"}}}
    )
    assert b"canary" not in b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert other["settings"] == {"bedrock": {"credentialsWoVersion": 1, "protocol": "invoke-model", "region": "eu-west-1"}}
    assert coder.diff(made, {**OPENAI, "type": "azure"})["type"] == "UPDATE_REPLACE"
    model = coder.create(MODEL, "m", {**ANSWERS, "aiProviderId": made.id})
    assert (model["providerType"], model["compressionThreshold"], model["enabled"]) == ("openai", 70, True)
    with refused("404"):
        coder.create(MODEL, "n", ANSWERS)


# Versions


def versions(*each: dict[str, Any]) -> dict[str, Any]:
    return {"name": "t", "versions": list(each)}


def test_a_name_is_of_one_content_for_ever(coder: Instance, folder: Path):
    """Coder keeps every version and its name, whatever the list says later."""
    named = {"directory": str(folder), "name": "v1", "active": True}
    made = coder.create(TEMPLATE, "t", versions(named))
    (folder / "main.tf").write_text("terraform { }")
    with refused("409"):
        coder.update(made, versions(named))
    second = coder.update(made, versions({**named, "name": "v2"}))
    (folder / "main.tf").write_text("terraform {  }")
    with refused("409"):
        coder.update(second, versions({**named, "name": "v1"}))
    coder.delete(second)
    coder.create(TEMPLATE, "t", versions(named))  # the names went with the template


def test_a_version_is_another_by_its_files_and_variables_and_not_by_tags_or_names_of_files(coder: Instance, folder: Path):
    def identity(state: State) -> str:
        return state["versions"][0]["id"]

    plain = {"directory": str(folder), "active": True}
    made = coder.create(TEMPLATE, "t", versions(plain))
    (folder / "main.tf").rename(folder / "other.tf")
    assert coder.diff(made, versions(plain)) == {}
    renamed = coder.update(made, versions({**plain, "name": "v1"}))
    assert identity(renamed) == identity(made)
    (folder / ".hidden").write_text("x")
    assert coder.diff(renamed, versions({**plain, "name": "v1"})) == {"versions[0].directoryHash": "UPDATE"}
    (folder / ".hidden").unlink()
    with_variable = versions({**plain, "tfVars": [{"name": "a", "value": "1"}]})
    changed = coder.update(renamed, with_variable)
    assert identity(changed) != identity(made)


def test_two_versions_may_change_places(coder: Instance, folder: Path, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "main.tf").write_text("locals {}")
    first, second = {"directory": str(folder), "name": "a", "active": True}, {"directory": str(other), "name": "b", "active": False}
    made = coder.create(TEMPLATE, "t", versions(first, second))
    swapped = coder.update(made, versions(second, first))
    assert [each["id"] for each in swapped["versions"]] == [each["id"] for each in reversed(made["versions"])]


def test_the_active_version_is_left_for_another_or_for_other_content(coder: Instance, folder: Path):
    plain = {"directory": str(folder), "name": "v1"}
    made = coder.create(TEMPLATE, "t", versions({**plain, "active": True}))
    with refused("Client Error"):
        coder.diff(made, versions({**plain, "active": False}))
    (folder / "main.tf").write_text("terraform { }")
    assert coder.diff(made, versions({**plain, "name": "v2", "active": False})) != {}


def test_an_archive_is_measured_with_its_headers_and_without_what_is_left_out(coder: Instance, folder: Path):
    """provisionersdk.Tar: 512 bytes for each file and folder, contents filled up to as much; nothing hidden, no state, no variables."""
    for name in (".terraform/x", "terraform.tfstate", "terraform.tfvars"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x" * (1 << 20))
    for number in range(1021):
        (folder / f"{number}.txt").write_bytes(b"x")
    assert coder.check(TEMPLATE, "t", template(folder))[1] == {}
    (folder / "more.txt").write_bytes(b"x")
    assert list(coder.check(TEMPLATE, "t", template(folder))[1]) == ["versions[0].directory"]


# What needs something that runs


def test_an_import_goes_to_a_provisioner_with_its_tags(site: CoderSite, folder: Path):
    """coder/coder's provisioner_tagset_contains: all tags of a job, and an untagged job to the untagged alone."""
    site.deploy(values={"coder": {"env": [{"name": "CODER_PROVISIONER_DAEMONS", "value": "0"}]}})
    coder = site.provider()
    coder.create(LICENSE, "l", {"license": "jwt"})
    coder.create(KEY, "k", {"organizationId": ID, "tags": {"environment": "prod", "more": "1"}})
    site.deploy_provisioner()

    def tagged(**tags: str) -> dict[str, Any]:
        given = [{"name": name, "value": value} for name, value in tags.items()]
        return versions({"directory": str(folder), "active": True, "provisionerTags": given})

    for wrong in (tagged(), tagged(environment="demo"), tagged(environment="prod", other="1")):
        with refused("Timeout"):
            coder.create(TEMPLATE, "t", wrong)
    made = coder.create(TEMPLATE, "t", tagged(environment="prod"))
    coder.update(made, tagged(environment="demo"))  # no new version, so that nobody has to import one


def test_an_older_coder_lacks_what_came_later(site: CoderSite):
    release = site.deploy()
    coder = site.provider()
    with refused("Unsupported"):
        coder.create(OAUTH2, "o", {"dynamicClientRegistrationEnabled": False})
    site.cluster.kubernetes.delete(release)
    site.deploy(version="2.37.0")
    assert site.provider().create(OAUTH2, "o", {"dynamicClientRegistrationEnabled": False}).id == "missing ID"


def test_there_is_one_of_what_a_deployment_has_once(coder: Instance):
    settings = {"field": "o", "assignDefault": True}
    made = coder.create(ORGANIZATION_SYNC, "a", settings)
    with refused("409"):
        coder.create(ORGANIZATION_SYNC, "b", settings)
    assert coder.update(made, {**settings, "field": "p"})["field"] == "p"


def test_a_password_is_for_who_logs_in_by_it(coder: Instance):
    """Told at the create, not before."""
    for wrong in ({"loginType": "password"}, {"loginType": "oidc", "password": "correct horse"}):
        coder.preview(USER, "u", {**PERSON, **wrong})
        with refused("Data Error"):
            coder.create(USER, "u", {**PERSON, **wrong})
    coder.create(USER, "u", {**PERSON, "loginType": "password", "password": "correct horse"})


def test_groups_are_looked_up_with_a_licence(site: CoderSite):
    site.deploy()
    coder = site.provider()
    with refused("403"):
        coder.invoke("coderd:index/getGroup:getGroup", {"name": "g"})
    coder.create(LICENSE, "l", {"license": "jwt"})
    made = coder.create(GROUP, "g", {"name": "g"})
    assert coder.invoke("coderd:index/getGroup:getGroup", {"name": "g"}).values["id"] == made.id
    with refused("404"):
        coder.invoke("coderd:index/getGroup:getGroup", {"name": "g", "organizationId": ID})


# Import and refresh


def test_what_can_be_imported_is_found_as_the_provider_finds_it(coder: Instance, folder: Path):
    made = coder.create(TEMPLATE, "t", template(folder, acl={"users": [], "groups": []}))
    for asked in (made.id, "coder/pod-swdev"):
        there = coder.imported(TEMPLATE, "t", asked)
        assert there is not None
        assert there.id == made.id
        assert not {"acl", "versions"} & set(there.inputs)  # written by hand afterwards
    assert coder.imported(TEMPLATE, "t", "coder/other") is None
    group, user = coder.create(GROUP, "g", {"name": "g"}), coder.create(USER, "u", PERSON)
    organization = coder.create(ORGANIZATION, "o", {"name": "o"})
    sync = coder.create(GROUP_SYNC, "s", {"organizationId": organization.id, "field": "g", "mapping": {}})
    for state, asked in ((group, "coder/g"), (user, "ann"), (organization, "o"), (sync, organization.id)):
        there = coder.imported(state.token, "x", asked)
        assert there is not None
        assert there.id == state.id


def test_what_has_no_import_is_refused(coder: Instance):
    for token in (LICENSE, KEY, PROXY, ORGANIZATION_SYNC):
        with refused("Unsupported"):
            coder.imported(token, "x", ID)


def test_a_key_that_is_gone_goes_unnoticed(coder: Instance):
    """Provisioner keys are never read back; a group is."""
    key, group = coder.create(KEY, "k", {"organizationId": ID}), coder.create(GROUP, "g", {})
    coder.delete(key)
    coder.delete(group)
    assert coder.read(group) is None
    read = coder.read(key)
    assert read is not None
    assert read.outputs.values == key.outputs.values
