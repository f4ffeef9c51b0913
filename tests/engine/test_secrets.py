"""Secrets with a mark, searched in everything that a life of prod leaves behind (Property 15, architecture decisions 4, 5 and 13)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engine.canaries import SECRET, Canaries, found_in, leaves, places
from tests.engine.prod import Prod

pytestmark = pytest.mark.engine

LICENSE, KEY = "coderd:index/license:License", "coderd:index/provisionerKey:ProvisionerKey"
KUBERNETES_SECRET, PROVIDER = "kubernetes:core/v1:Secret", "pulumi:providers:coderd"

# Where a secret may stand in the state, encrypted; each of them is what the resource is about.
ALLOWED = {
    ("license", LICENSE, "inputs.license"),
    ("license", LICENSE, "outputs.license"),
    ("token", PROVIDER, "inputs.token"),
    ("token", PROVIDER, "outputs.token"),
    ("provisioner key", KEY, "outputs.key"),
    ("provisioner key", KUBERNETES_SECRET, "inputs.stringData.key"),
    ("provisioner key", KUBERNETES_SECRET, "outputs.stringData.key"),
}


@pytest.fixture(scope="module")
def marks(prod: Prod, canaries: Canaries) -> Mapping[str, str]:
    """What the operator planted, and what the visits made."""
    (key,) = [each for each in prod.shown if each["type"] == KEY]
    made = {
        "token": prod.secret("coder/prod/coderd-token"),
        "first user": _password(prod.secret("coder/prod/first-user")),
        "database": _password(prod.secret("rds!cluster-")),
        "provisioner key": _plaintext(key["outputs"]["key"]),
    }
    assert all(len(mark) >= 16 for mark in made.values())
    return {**canaries.marks, **made}


def test_the_search_finds_a_mark_in_every_form(canaries: Canaries):
    mark = {"oidc": 'canary-"quoted"/+'}
    tree = {"a": [{"b": json.dumps({"client_secret": mark["oidc"]})}]}
    assert places([{"type": "t", **tree}], mark) >= {("oidc", "t", "a[].b")}
    assert found_in("data: eGNhbmFyeS0icXVvdGVkIi8rCg==", mark) == ["oidc"]
    assert found_in("nothing", canaries.marks) == []


def test_the_state_holds_a_secret_only_where_it_is_what_the_resource_is_about(prod: Prod, marks: Mapping[str, str]):
    assert places(prod.shown, marks) == ALLOWED


def test_the_state_holds_no_secret_in_plain_text(prod: Prod, marks: Mapping[str, str]):
    assert places(prod.resources, marks) == set()


def test_no_helm_value_holds_a_secret(prod: Prod, marks: Mapping[str, str]):
    releases = [each for each in prod.shown if each["type"] == "kubernetes:helm.sh/v3:Release"]
    assert {each["urn"].rpartition("::")[2] for each in releases} >= {"coder", "coder-prov"}
    assert places(releases, marks) == set()


def test_no_command_says_a_secret(prod: Prod, marks: Mapping[str, str]):
    assert found_in(prod.preview.text + prod.up.text, marks) == []


def test_a_preview_with_all_properties_shows_no_secret(prod: Prod, marks: Mapping[str, str]):
    assert prod.diff.code == 0, prod.diff.text
    assert prod.diff.out.count("license") > 0
    assert "[secret]" in prod.diff.out
    assert found_in(prod.diff.text, marks) == []


def test_the_outputs_hold_no_secret_even_where_secrets_are_asked_for(prod: Prod, marks: Mapping[str, str]):
    (stack,) = [each for each in prod.shown if each["type"] == "pulumi:pulumi:Stack"]
    assert stack["outputs"]["access_url"] == "https://coder.example.com"
    assert places([stack], marks) == set()


def test_no_file_of_the_local_environment_holds_a_secret_but_the_clouds_own_database(prod: Prod, marks: Mapping[str, str]):
    """Logs and event logs, the state and its backups, the copies of the stack files, what plugins wrote."""
    files = [path for path in sorted(prod.terminal.home.rglob("*")) if path.is_file() and not path.name.startswith("localcloud.sqlite")]
    names = {path.name for path in files}
    assert {"Pulumi.prod.yaml", "prod.json", "localcloud.log", "seeded-prod"} <= names
    assert any(name.endswith("-first-visit.events.jsonl") for name in names)
    assert {str(path.relative_to(prod.terminal.home)): found for path in files if (found := _in_file(path, marks))} == {}


def test_the_local_cloud_keeps_secrets_in_secrets_manager_only(prod: Prod, marks: Mapping[str, str]):
    """A secret that another resource is given (a licence, a key in a Kubernetes Secret) is hashed there."""
    found = {
        (name, row["token"], path)
        for row in prod.rows
        for path, text in leaves({"id": row.get("id"), "inputs": row.get("inputs"), "properties": row["properties"]})
        for name in found_in(text, marks)
    }
    version = "aws:secretsmanager/secretVersion:SecretVersion"
    in_secrets_manager = set(marks) - {"provisioner key"}  # that one is Coder's own, and in a Kubernetes Secret
    assert {(name, token) for name, token, _ in found} == {(name, version) for name in in_secrets_manager}
    assert {path.removesuffix(".<key>") for _, _, path in found} <= {
        "properties.secretString",
        "properties.secretString.client_secret",
        "properties.secretString.primary-github_client_secret",
        "properties.secretString.password",
    }


def _password(document: str) -> str:
    return json.loads(document)["password"]


def _plaintext(secret: dict[str, Any]) -> str:
    """The text of a secret value in a state that is exported with `--show-secrets`."""
    assert SECRET in secret
    return json.loads(secret["plaintext"])


def _in_file(path: Path, marks: Mapping[str, str]) -> list[str]:
    return found_in(path.read_text(errors="replace"), marks)
