"""`coder-eks bootstrap`: the first user and a token, between the first visit of `pulumi up` and the second (decision 7).

With CODER_DISABLE_PASSWORD_AUTH coderd takes no password from anybody, owners included (coderd/userauth.go, loginRequest). So the program
leaves password login on at the first visit and turns it off at the second; a later token is made with the one before it, or with the
session of an owner who has come in through the identity provider.
"""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from operations.coder_api import CoderApi, Credentials, PasswordLoginOffError
from operations.failure import ExitCode, Failure
from operations.secret_store import SecretStore
from settings.model import Settings

LIFETIME = timedelta(days=90)  # requirements section 5, Tokens
RENEW_SHARE = 3  # a run in the last third of the lifetime makes a new one
PASSWORD_LENGTH = 40
USERNAME = "bootstrap"
POLL_SECONDS = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Time, and where progress goes: what a test puts in the place of."""

    say: Say
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """One run. session_token: of an owner, from CODER_SESSION_TOKEN, where there is no other way in. patience: for coderd to come up."""

    settings: Settings
    stack: str
    api: CoderApi
    store: SecretStore
    around: Surroundings
    session_token: str | None = None
    patience: timedelta = timedelta(minutes=15)

    @property
    def token_secret(self) -> str:
        """Made by the program at the first visit; it holds the token, as text."""
        return f"coder/{self.settings.system.name}/coderd-token"

    @property
    def user_secret(self) -> str:
        """Made empty by the program at the first visit; JSON with email, username and password, and the only place where they are."""
        return f"coder/{self.settings.system.name}/first-user"

    def run(self) -> None:
        """Ends with a valid token in Secrets Manager, or with Failure. A second run keeps what is valid."""
        self._check_secrets()
        self._wait()
        current = self.store.read(self.token_secret)
        session = self._session_of(current) if current else None
        if current and session and not self._due(current):
            return
        if session:
            self._replace(session, current)
        else:
            self._replace_in_own_session()

    def _check_secrets(self) -> None:
        """What the operator makes, and what the first visit makes, before anything is changed."""
        wanted = self.settings.coder.secrets.given
        problems = [
            f"secret {name} is missing in {self.store.region}; make it in Secrets Manager as README says: the second visit reads it"
            for name in wanted
            if not self.store.exists(name)
        ]
        problems += [
            f"secret {name} is missing in {self.store.region}; `pulumi up --stack {self.stack}` makes it: run that first"
            for name in (self.token_secret, self.user_secret)
            if not self.store.exists(name)
        ]
        if problems:
            raise Failure(ExitCode.MISSING, problems)

    def _wait(self) -> None:
        """Until coderd serves; the load balancer and DNS take their time after the first visit."""
        began, told = self.around.monotonic(), ""
        while (reason := self.api.healthy()) is not None:
            waited = self.around.monotonic() - began
            if waited >= self.patience.total_seconds():
                problem = f"coderd at {self.api.url} does not serve after {waited:.0f} seconds: {reason}"
                raise Failure(ExitCode.UNREACHABLE, f"{problem}; see `kubectl --namespace coder get pods`, or name another --url")
            if reason != told:
                self.around.say(f"waiting for coderd at {self.api.url}: {reason}")
                told = reason
            self.around.sleep(POLL_SECONDS)
        self.around.say(f"coderd at {self.api.url} serves")

    def _session_of(self, token: str) -> str | None:
        """The token itself, where coderd takes it for an owner's."""
        roles = self.api.roles(token)
        if roles is None:
            self.around.say(f"the token in {self.token_secret} is expired or revoked; it is replaced")
            return None
        if "owner" not in roles:
            self.around.say(f"the token in {self.token_secret} is of no owner, and licences and groups need one; it is replaced")
            return None
        return token

    def _due(self, token: str) -> bool:
        """Whether a valid token has to be renewed, by its age; says what is the case."""
        made, most = self.api.created_at(token), self.api.longest_lifetime(token)
        lifetime = min(LIFETIME, most or LIFETIME)
        if made is None or self.around.now() - made < lifetime - lifetime / RENEW_SHARE:
            age = f", made on {made:%Y-%m-%d}" if made else ""
            self.around.say(f"the token in {self.token_secret} is valid{age}; nothing to do")
            return False
        self.around.say(f"the token in {self.token_secret} is of {made:%Y-%m-%d}, and serves {lifetime.days} days; it is renewed")
        return True

    def _replace_in_own_session(self) -> None:
        """Comes in by CODER_SESSION_TOKEN or as the first user, and leaves no session behind that it has opened."""
        if self.session_token:
            if "owner" not in (self.api.roles(self.session_token) or ()):
                raise Failure(ExitCode.REFUSED, f"CODER_SESSION_TOKEN is no session of an owner at {self.api.url}; {self._way_in()}")
            self._replace(self.session_token, None)
            return
        session = self._login(self._first_user())
        try:
            self._replace(session, None)
        finally:
            self.api.logout(session)

    def _first_user(self) -> Credentials:
        """The first user, made here or in an earlier run; the password is in Secrets Manager before coderd hears of it."""
        stored = self.store.read(self.user_secret)
        if self.api.has_first_user():
            if stored is None:
                problem = f"coderd at {self.api.url} has a first user whom this command has not made: secret {self.user_secret} is empty"
                raise Failure(
                    ExitCode.REFUSED, f"{problem}; if none of you made it, a stranger owns this coderd: rebuild it. Else {self._way_in()}"
                )
            return self._parsed(stored)
        if stored is None:
            user = Credentials(f"{USERNAME}@{self.settings.system.base_domain}", USERNAME, _password())
            text = json.dumps({"email": user.email, "username": user.username, "password": user.password})
            self.store.put(self.user_secret, text)
        else:
            user = self._parsed(stored)
        if not self.api.create_first_user(user):
            problem = f"somebody else has just made the first user of coderd at {self.api.url}"
            raise Failure(ExitCode.REFUSED, f"{problem}; if none of you did, a stranger owns this coderd: rebuild it")
        self.around.say(f"made the first user {user.username}; the password is in {self.user_secret}")
        return user

    def _login(self, user: Credentials) -> str:
        try:
            session = self.api.login(user)
        except PasswordLoginOffError:
            raise Failure(ExitCode.REFUSED, f"password login is off at {self.api.url}, for owners too; {self._way_in()}") from None
        if session is None:
            problem = (
                f"coderd at {self.api.url} does not take the password in {self.user_secret}: it was changed, or the secret is another's"
            )
            raise Failure(ExitCode.REFUSED, f"{problem}; put the right one there, or {self._way_in()}")
        return session

    def _way_in(self) -> str:
        return f"sign in as an owner through the identity provider, open {self.api.url}/cli-auth, and run again with CODER_SESSION_TOKEN"

    def _replace(self, session: str, old: str | None) -> None:
        """A new token in the secret, tried before the old one is ended."""
        lifetime = LIFETIME
        most = self.api.longest_lifetime(session)
        if most is not None and most < lifetime:
            self.around.say(f"coderd grants owners tokens of {most.days} days only; for {lifetime.days}: CODER_MAX_ADMIN_TOKEN_LIFETIME")
            lifetime = most
        now = self.around.now()
        token = self.api.create_token(session, f"coder-eks-{now:%Y%m%d}-{secrets.token_hex(4)}", lifetime)
        if self.api.roles(token) is None:
            raise Failure(
                ExitCode.REFUSED, f"coderd at {self.api.url} refuses the token that it has just made; {self.token_secret} is unchanged"
            )
        self.store.put(self.token_secret, token)
        self.around.say(f"a token that is valid until {now + lifetime:%Y-%m-%d} is in {self.token_secret}")
        if old:
            self.api.revoke(token, old)
        self.around.say(f"next: pulumi up --stack {self.stack}")

    def _parsed(self, text: str) -> Credentials:
        try:
            fields = cast("object", json.loads(text))
            known = cast("dict[str, str]", fields) if isinstance(fields, dict) else {}
            return Credentials(known["email"], known["username"], known["password"])
        except (json.JSONDecodeError, KeyError):
            problem = f"secret {self.user_secret} is no JSON with email, username and password; put them there, or {self._way_in()}"
            raise Failure(ExitCode.MISSING, problem) from None


def _password() -> str:
    """238 bits; coderd asks for 52 of entropy (coderd/userpassword)."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(PASSWORD_LENGTH))
