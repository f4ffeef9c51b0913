"""`coder-eks bootstrap` against a coderd on loopback and moto's Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from operations.bootstrap import Bootstrap, Surroundings
from operations.coder_api import CoderApi, Credentials
from operations.failure import ExitCode, Failure
from operations.secret_store import SecretStore
from settings.load import load_file
from tests.operations.fake_coderd import FakeCoderd, serving

SETTINGS = load_file(Path(__file__).parents[2] / "Pulumi.prod.yaml")
TOKEN, USER = "coder/prod/coderd-token", "coder/prod/first-user"
OPERATORS = ("coder/prod/database-encryption-keys", "coder/prod/external-auth", "coder/prod/license", "coder/prod/oidc")


@dataclass
class Clock:
    seconds: float = 0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Run:
    """One deployment after the first visit: coderd serves, the operator's secrets and the empty token secret are there."""

    coderd: FakeCoderd
    store: SecretStore
    aws: object
    said: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def bootstrap(self, **changes: object) -> None:
        around = Surroundings(say=self.said.append, sleep=self.clock.sleep, monotonic=self.clock.monotonic)
        whole = Bootstrap(settings=SETTINGS, stack="prod", api=CoderApi(self.coderd.url), store=self.store, around=around)
        replace(whole, **changes).run()

    def failure(self, **changes: object) -> Failure:
        with pytest.raises(Failure) as failed:
            self.bootstrap(**changes)
        return failed.value

    @property
    def token(self) -> str:
        return self.store.read(TOKEN) or ""

    @property
    def text(self) -> str:
        return "\n".join(self.said)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(), serving(FakeCoderd()) as coderd:
        client = boto3.client("secretsmanager", region_name="us-east-1")
        for name in OPERATORS:
            client.create_secret(Name=name, SecretString="operator")
        for name in (TOKEN, USER):
            client.create_secret(Name=name)
        yield Run(coderd, SecretStore("us-east-1", client), client)


def test_a_first_run_leaves_an_owners_token_of_90_days(run: Run):
    """Decision 7; section 5: service tokens expire after 90 days and are in Secrets Manager."""
    run.bootstrap()
    key = run.coderd.valid(run.token)
    assert key is not None
    assert run.coderd.answer("GET", "/api/v2/users/me", {}, run.token)[1]["roles"] == [{"name": "owner"}]
    assert "a token that is valid until" in run.text
    assert run.said[-1] == "next: pulumi up --stack prod"
    identity = run.token.split("-", maxsplit=1)[0]
    assert list(run.coderd.keys) == [identity]  # the login's own session is ended


def test_the_first_users_password_is_in_secrets_manager_only(run: Run):
    run.bootstrap()
    stored = json.loads(run.store.read(USER) or "")
    assert stored == run.coderd.user
    assert stored["email"] == "bootstrap@coder.example.com"
    assert len(stored["password"]) == 40
    assert stored["password"] not in run.text
    assert run.token not in run.text


def test_a_valid_token_is_kept(run: Run):
    run.bootstrap()
    before, asked = run.token, len(run.coderd.requests)
    run.said.clear()
    run.bootstrap()
    assert run.token == before
    assert "nothing to do" in run.text
    assert {method for method, _ in run.coderd.requests[asked:]} == {"GET"}


def test_an_expired_token_is_replaced(run: Run):
    run.bootstrap()
    old = run.token
    run.coderd.keys.clear()
    run.bootstrap()
    assert run.token != old
    assert run.coderd.valid(run.token)
    assert f"the token in {TOKEN} is expired or revoked; it is replaced" in run.said


def test_a_token_in_its_last_third_is_renewed_by_itself_and_ended(run: Run):
    """Password login is off by then: the old token makes the new one."""
    run.bootstrap()
    old = run.token
    run.coderd.valid(old).created_at -= timedelta(days=61)
    run.coderd.password_login = False
    run.bootstrap()
    assert run.coderd.valid(run.token)
    assert run.coderd.valid(old) is None


def test_a_token_of_no_owner_is_replaced(run: Run):
    run.coderd.user = None
    run.store.put(TOKEN, run.coderd.issue(timedelta(days=90), roles=("template-admin",)))
    run.bootstrap()
    assert run.coderd.valid(run.token).roles == ("owner",)


def test_a_run_that_broke_off_after_the_secret_goes_on(run: Run):
    """The password is stored before coderd hears of it."""
    user = Credentials("bootstrap@coder.example.com", "bootstrap", "p" * 40)
    run.store.put(USER, json.dumps(user.__dict__))
    run.bootstrap()
    assert run.coderd.user == user.__dict__


def test_a_run_that_broke_off_after_the_first_user_goes_on(run: Run):
    run.bootstrap()
    run.coderd.keys.clear()
    run.store.put(TOKEN, "key0000009-nothing")
    run.bootstrap()
    assert run.coderd.valid(run.token)


def test_a_short_limit_for_owners_is_told_and_kept(run: Run):
    """coderd's default is 7 days: CODER_MAX_ADMIN_TOKEN_LIFETIME."""
    run.coderd.longest_admin_lifetime = timedelta(days=7)
    run.bootstrap()
    assert run.coderd.valid(run.token)
    assert "coderd grants owners tokens of 7 days only; for 90: CODER_MAX_ADMIN_TOKEN_LIFETIME" in run.said


def test_a_token_as_long_as_the_limit_allows_is_kept(run: Run):
    """Seven days are not always about to end."""
    run.coderd.longest_admin_lifetime = timedelta(days=7)
    run.bootstrap()
    before = run.token
    run.bootstrap()
    assert run.token == before


def test_two_tokens_of_one_second_have_two_names(run: Run):
    """coderd refuses a name that it knows."""
    run.bootstrap()
    run.coderd.valid(run.token).created_at -= timedelta(days=61)
    run.bootstrap()
    assert run.coderd.valid(run.token)


def test_it_waits_for_coderd_and_says_why(run: Run):
    run.coderd.unhealthy_answers = 3
    run.bootstrap()
    assert run.said[0] == f"waiting for coderd at {run.coderd.url}: HTTP 503"
    assert run.clock.seconds == 15


def test_a_coderd_that_never_serves_ends_in_a_sentence(run: Run):
    run.coderd.unhealthy_answers = 10_000
    failure = run.failure(patience=timedelta(minutes=1))
    assert failure.code is ExitCode.UNREACHABLE
    assert failure.problems[0].startswith(f"coderd at {run.coderd.url} does not serve after 60 seconds: HTTP 503; see `kubectl")


def test_a_coderd_that_is_not_there_ends_in_a_sentence(run: Run):
    failure = run.failure(api=CoderApi("http://127.0.0.1:9"), patience=timedelta())
    assert "the connection is refused or broken" in failure.problems[0]


def test_every_missing_secret_is_named(run: Run):
    for name in ("coder/prod/license", "coder/prod/oidc"):
        run.aws.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    failure = run.failure()
    assert failure.code is ExitCode.MISSING
    assert [problem.split(";")[0] for problem in failure.problems] == [
        "secret coder/prod/license is missing in us-east-1",
        "secret coder/prod/oidc is missing in us-east-1",
    ]
    assert run.coderd.requests == []  # nothing was changed


def test_a_secret_that_waits_for_its_deletion_counts_as_missing(run: Run):
    run.aws.delete_secret(SecretId="coder/prod/license", RecoveryWindowInDays=7)
    assert "coder/prod/license" in run.failure().problems[0]


def test_a_stack_before_its_first_visit_is_told(run: Run):
    run.aws.delete_secret(SecretId=TOKEN, ForceDeleteWithoutRecovery=True)
    assert run.failure().problems == (f"secret {TOKEN} is missing in us-east-1; `pulumi up --stack prod` makes it: run that first",)


def test_a_first_user_of_somebody_else_is_told(run: Run):
    run.coderd.user = {"email": "stranger@example.net", "username": "stranger", "password": "x" * 20}
    failure = run.failure()
    assert failure.code is ExitCode.REFUSED
    assert "a stranger owns this coderd: rebuild it" in failure.problems[0]
    assert "CODER_SESSION_TOKEN" in failure.problems[0]


def test_password_login_that_is_off_is_told_with_the_way_in(run: Run):
    """Owners too: coderd has no exception for them (loginRequest)."""
    run.bootstrap()
    run.coderd.keys.clear()
    run.coderd.password_login = False
    failure = run.failure()
    assert failure.code is ExitCode.REFUSED
    assert str(failure) == (
        f"password login is off at {run.coderd.url}, for owners too; sign in as an owner through the identity provider, "
        f"open {run.coderd.url}/cli-auth, and run again with CODER_SESSION_TOKEN"
    )


def test_the_session_of_an_owner_is_a_way_in(run: Run):
    run.bootstrap()
    run.coderd.keys.clear()
    run.coderd.password_login = False
    session = run.coderd.issue(timedelta(hours=1))
    run.bootstrap(session_token=session)
    assert run.coderd.valid(run.token)
    assert run.coderd.valid(session)  # it is the owner's own


def test_the_session_of_a_member_is_none(run: Run):
    session = run.coderd.issue(timedelta(hours=1), roles=())
    assert "CODER_SESSION_TOKEN is no session of an owner" in run.failure(session_token=session).problems[0]


def test_a_changed_password_is_told(run: Run):
    run.bootstrap()
    run.coderd.keys.clear()
    run.coderd.user["password"] = "changed" * 4
    assert f"does not take the password in {USER}" in run.failure().problems[0]


def test_a_secret_of_another_form_is_told_without_its_value(run: Run):
    run.store.put(USER, "canary")
    failure = run.failure()
    assert f"secret {USER} is no JSON with email, username and password" in failure.problems[0]
    assert "canary" not in str(failure)


def test_aws_that_refuses_is_told(run: Run, monkeypatch: pytest.MonkeyPatch):
    from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

    def refuse(error: Exception):
        def call(**_: object) -> None:
            raise error

        return call

    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized."}}, "DescribeSecret")
    for error, code, text in (
        (denied, ExitCode.REFUSED, "AccessDeniedException: not authorized"),
        (NoCredentialsError(), ExitCode.MISSING, "there are no AWS credentials"),
        (EndpointConnectionError(endpoint_url="https://x"), ExitCode.UNREACHABLE, "does not answer"),
    ):
        monkeypatch.setattr(run.aws, "describe_secret", refuse(error))
        failure = run.failure()
        assert failure.code is code
        assert text in failure.problems[0]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://coder.example.com", "would send passwords in clear text; use https://coder.example.com"),
        ("coder.example.com", "is no URL of coderd"),
        ("https://me:secret@coder.example.com", "the URL of coderd carries a user name"),
    ],
)
def test_an_unfit_url_is_refused(url: str, sentence: str):
    with pytest.raises(Failure, match=sentence) as failed:
        CoderApi(url)
    assert "secret@" not in str(failed.value)


def test_credentials_never_show_their_password():
    assert "hidden" not in repr(Credentials("a@b.c", "a", "hidden"))
