"""`coder-eks bootstrap` on a real coderd, with the environment that prod gives it; Secrets Manager is moto's.

coderd is 2.24.0 without its licensed part, the newest whose module builds outside its repository; prod pins a later one. It knows every
variable of prod's, but does nothing with those of the licensed part: the encryption keys, the quiet hours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from settings.load import load_file
from tests.real.coder_server import coder_server, identity_provider, postgres, prods_variables
from tests.real.postgresql import copy, dump, psql
from tests.real.processes import free_port, running
from tools import real_parts
from tools.install import ROOT

SETTINGS = load_file(ROOT / "Pulumi.prod.yaml")
TOKEN, USER = "coder/prod/coderd-token", "coder/prod/first-user"
DONE, REFUSED = 0, 5
AWS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


class Account:
    """An AWS account with Secrets Manager."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.secrets: Any = boto3.client(
            "secretsmanager",
            region_name=SETTINGS.primary_region,
            endpoint_url=endpoint,
            aws_access_key_id=AWS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=AWS["AWS_SECRET_ACCESS_KEY"],
        )

    def as_after_the_first_visit(self) -> None:
        """The operator's secrets, and the program's without a value."""
        requests.post(f"{self.endpoint}/moto-api/reset", timeout=10)
        names = SETTINGS.coder.secrets
        for name in names.given:
            self.secrets.create_secret(Name=name, SecretString="made up")
        for name in (TOKEN, USER):
            self.secrets.create_secret(Name=name)

    def value(self, name: str) -> str:
        return self.secrets.get_secret_value(SecretId=name)["SecretString"]

    def versions(self) -> dict[str, Any]:
        return {secret["Name"]: secret["SecretVersionsToStages"] for secret in self.secrets.list_secrets()["SecretList"]}


class Deployment:
    """A coderd that can be started on the first visit's environment or on the second's, its database the same."""

    def __init__(self, folder: Path, database: str, issuer: str, account: Account) -> None:
        self.folder, self.database, self.issuer, self.account = folder, database, issuer, account
        self.said = ""

    @contextmanager
    def visit(self, number: int, **changed: str) -> Iterator[Coder]:
        variables = prods_variables(SETTINGS, self.issuer, password_login=number == 1) | changed
        binary = real_parts.executable(real_parts.CODERD, os.environ)
        with coder_server(binary, self.folder / f"visit-{number}", self.database, variables) as url:
            yield Coder(url, self)

    def logs(self) -> str:
        return "".join(file.read_text(errors="replace") for file in self.folder.rglob("*.log"))


class Coder:
    """A running coderd, as an operator meets it."""

    def __init__(self, url: str, deployment: Deployment) -> None:
        self.url, self.deployment = url, deployment

    def bootstrap(self, ends: int = DONE) -> str:
        """Run the command, which has to end so; what it says, which is kept as well."""
        command = [
            sys.executable,
            "-P",
            "-m",
            "operations.command",
            "bootstrap",
            "--stack",
            "prod",
            "--project",
            str(ROOT),
            "--url",
            self.url,
        ]
        around = {"PATH": os.environ["PATH"], "HOME": str(self.deployment.folder), "AWS_ENDPOINT_URL": self.deployment.account.endpoint}
        done = subprocess.run(command, env={**around, **AWS}, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        self.deployment.said += said
        assert done.returncode == ends, said
        return said

    def ask(self, path: str, token: str, method: str = "GET", body: Mapping[str, object] | None = None) -> requests.Response:
        return requests.request(method, f"{self.url}/api/v2{path}", headers={"Coder-Session-Token": token}, json=body, timeout=30)

    def log_in(self) -> requests.Response:
        user = json.loads(self.deployment.account.value(USER))
        return requests.post(f"{self.url}/api/v2/users/login", json={"email": user["email"], "password": user["password"]}, timeout=30)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    moto = [str(ROOT / ".venv" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]

    def ready() -> bool:
        try:
            return requests.get(f"{url}/moto-api/data.json", timeout=2).ok
        except requests.RequestException:
            return False

    with running(moto, tmp_path_factory.mktemp("moto") / "moto.log", ready):
        yield Account(url)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with identity_provider() as url:
        yield url


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Iterator[str]:
    """A database with coderd's tables and nobody in it."""
    folder = tmp_path_factory.mktemp("coder")
    with postgres(folder / "postgres") as database:
        variables = prods_variables(SETTINGS, issuer, password_login=True)
        with coder_server(real_parts.executable(real_parts.CODERD, os.environ), folder, database, variables):
            pass
        yield database


@pytest.fixture
def deployment(tmp_path: Path, migrated: str, issuer: str, account: Account) -> Deployment:
    account.as_after_the_first_visit()
    return Deployment(tmp_path, copy(migrated, tmp_path.name), issuer, account)


def test_bootstrap_leaves_a_token_of_an_owner_that_lives_for_90_days(deployment: Deployment):
    """CDR-11: what the second visit logs in with."""
    with deployment.visit(1) as coder:
        coder.bootstrap()
        token = deployment.account.value(TOKEN)
        me = coder.ask("/users/me", token).json()
        key = coder.ask(f"/users/me/keys/{token.split('-')[0]}", token).json()
    assert [role["name"] for role in me["roles"]] == ["owner"]
    life = datetime.fromisoformat(key["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < life <= timedelta(days=90)


def test_a_second_bootstrap_changes_nothing(deployment: Deployment):
    with deployment.visit(1) as coder:
        coder.bootstrap()
        before, tables = deployment.account.versions(), psql(deployment.database, "SELECT id FROM api_keys ORDER BY id")
        assert "nothing to do" in coder.bootstrap()
    assert deployment.account.versions() == before
    assert psql(deployment.database, "SELECT id FROM api_keys ORDER BY id") == tables


def test_bootstrap_leaves_no_session_behind(deployment: Deployment):
    with deployment.visit(1) as coder:
        coder.bootstrap()
    assert psql(deployment.database, "SELECT count(*), min(login_type::text) FROM api_keys") == "1|token"


def test_a_revoked_token_is_replaced(deployment: Deployment):
    with deployment.visit(1) as coder:
        coder.bootstrap()
        old = deployment.account.value(TOKEN)
        assert coder.ask(f"/users/me/keys/{old.split('-')[0]}", old, "DELETE").status_code == 204
        assert coder.ask("/users/me", old).status_code == 401
        coder.bootstrap()
        new = deployment.account.value(TOKEN)
        assert new != old
        assert coder.ask("/users/me", new).status_code == 200


def test_password_and_token_stand_in_secrets_manager_only(deployment: Deployment):
    """CDR-41: in no output, no log, and no table."""
    with deployment.visit(1) as coder:
        coder.bootstrap()
        coder.bootstrap()
    password, token = json.loads(deployment.account.value(USER))["password"], deployment.account.value(TOKEN)
    everything = deployment.said + deployment.logs() + dump(deployment.database)
    assert "made the first user bootstrap" in everything
    assert password not in everything
    assert token.split("-")[1] not in everything


def test_after_the_second_visit_no_password_is_taken_and_the_token_works(deployment: Deployment):
    """CDR-10: login at the identity provider only."""
    with deployment.visit(1) as coder:
        coder.bootstrap()
        assert coder.log_in().status_code == 201
    with deployment.visit(2) as coder:
        refused = coder.log_in()
        assert refused.status_code == 403
        assert refused.json()["message"] == "Password authentication is disabled."
        assert coder.ask("/users/me", deployment.account.value(TOKEN)).status_code == 200
        assert "nothing to do" in coder.bootstrap()


def test_after_the_second_visit_bootstrap_renews_a_token_in_its_last_third(deployment: Deployment):
    """By its age: coderd moves its end to 90 days after the last use (coderd/httpmw/apikey.go), so that no token in use would ever end."""
    with deployment.visit(1) as coder:
        coder.bootstrap()
    psql(deployment.database, "UPDATE api_keys SET created_at = now() - interval '61 days', expires_at = now() + interval '20 days'")
    with deployment.visit(2) as coder:
        old = deployment.account.value(TOKEN)
        assert coder.ask("/users/me", old).status_code == 200
        assert psql(deployment.database, "SELECT expires_at > now() + interval '89 days' FROM api_keys") == "t"
        assert "it is renewed" in coder.bootstrap()
        assert coder.ask("/users/me", deployment.account.value(TOKEN)).status_code == 200
        assert coder.ask("/users/me", old).status_code == 401


def test_after_the_second_visit_a_revoked_token_needs_an_owners_session(deployment: Deployment):
    with deployment.visit(1) as coder:
        coder.bootstrap()
    psql(deployment.database, "DELETE FROM api_keys")
    with deployment.visit(2) as coder:
        said = coder.bootstrap(ends=REFUSED)
    assert "password login is off" in said
    assert "CODER_SESSION_TOKEN" in said


def test_coderd_is_configured_as_the_stack_file_says(deployment: Deployment):
    """CDR-08, CDR-10, CDR-14, CDR-16, by coderd's own words."""
    with deployment.visit(1) as coder:
        coder.bootstrap()
    with deployment.visit(2) as coder:
        token = deployment.account.value(TOKEN)
        told = coder.ask("/deployment/config", token).json()
        config = told["config"]
        ssh = {"object": {"resource_type": "workspace", "owner_id": "00000000-0000-0000-0000-000000000001"}, "action": "ssh"}
        rights = coder.ask("/authcheck", token, "POST", {"checks": {"ssh": ssh, "read": {**ssh, "action": "read"}}}).json()
    assert config["disable_owner_workspace_exec"] is True
    assert rights == {"ssh": False, "read": True}  # Property 9: owners see workspaces and stay out of them
    assert config["disable_path_apps"] is True
    assert config["disable_password_auth"] is True
    assert config["provisioner"]["daemons"] == 0
    hour = 3600 * 10**9
    assert config["session_lifetime"]["default_duration"] == SETTINGS.coder.session_hours * hour
    assert config["session_lifetime"]["max_admin_token_lifetime"] == timedelta(days=90) / timedelta(hours=1) * hour
    assert config["telemetry"]["enable"] is False
    assert SETTINGS.coder.oidc is not None
    assert config["oidc"]["email_domain"] == list(SETTINGS.coder.oidc.email_domains)
    assert config["oidc"]["user_role_field"] == SETTINGS.coder.oidc.role_field
    assert [login["id"] for login in config["external_auth"]] == [login.id for login in SETTINGS.coder.external_auth]


def test_coderd_knows_every_variable(deployment: Deployment):
    """Decision 4: an unknown variable would be ignored without a word. External logins are numbered, and coderd lists none of them."""
    with deployment.visit(1) as coder:
        coder.bootstrap()
        options = coder.ask("/deployment/config", deployment.account.value(TOKEN)).json()["options"]
    set_in_prod = prods_variables(SETTINGS, deployment.issuer, password_login=True)
    unknown = set(set_in_prod) - {option.get("env") for option in options}
    assert {name for name in unknown if not name.startswith("CODER_EXTERNAL_AUTH_0_")} == set()
