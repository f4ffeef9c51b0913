"""coderd's HTTP API, as far as commands need it (github.com/coder/coder/v2 v2.24.0, coderd/users.go, userauth.go, apikey.go)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

import requests

from operations.failure import ExitCode, Failure

SESSION_HEADER = "Coder-Session-Token"
_TIMEOUT = (5, 30)  # seconds to connect, and to answer
_NANOSECONDS = 1_000_000_000  # Go's durations


@dataclass(frozen=True)
class Credentials:
    """Of the first user, as they stand in Secrets Manager."""

    email: str
    username: str
    password: str

    def __repr__(self) -> str:  # a password is in no message, whoever prints this
        return f"Credentials({self.username})"


class PasswordLoginOffError(Exception):
    """coderd takes no password from anybody, owners included (CODER_DISABLE_PASSWORD_AUTH)."""


class CoderApi:
    """One coderd. Failure where it does not answer, or answers what nobody expects; no secret is in any message."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Failure(ExitCode.USAGE, f"{url} is no URL of coderd; write one such as https://coder.example.com")
        if parts.username or parts.password:
            raise Failure(ExitCode.USAGE, "the URL of coderd carries a user name; leave it out")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise Failure(ExitCode.USAGE, f"{url} would send passwords in clear text; use https://{parts.netloc}")
        self.url = url.rstrip("/")
        self._http = requests.Session()

    def healthy(self) -> str | None:
        """None when coderd serves; else why not, in a few words."""
        try:
            answer = self._http.get(f"{self.url}/healthz", timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            return _why(error)
        return None if answer.status_code == requests.codes.ok else f"HTTP {answer.status_code}"

    def has_first_user(self) -> bool:
        """Whether anybody has set this deployment up."""
        answer = self._ask("GET", "/users/first")
        if answer.status_code in (requests.codes.ok, requests.codes.not_found):
            return answer.status_code == requests.codes.ok
        raise self._unexpected("asking for the first user", answer)

    def create_first_user(self, user: Credentials) -> bool:
        """Makes the first user, an owner; False where somebody was faster."""
        body = {"email": user.email, "username": user.username, "name": "Bootstrap owner", "password": user.password, "trial": False}
        answer = self._ask("POST", "/users/first", body=body)
        if answer.status_code in (requests.codes.created, requests.codes.conflict):
            return answer.status_code == requests.codes.created
        raise self._unexpected("making the first user", answer)

    def login(self, user: Credentials) -> str | None:
        """A session of that user; None where coderd takes the password for wrong. Raises PasswordLoginOffError."""
        answer = self._ask("POST", "/users/login", body={"email": user.email, "password": user.password})
        match answer.status_code:
            case requests.codes.created:
                return self._text(answer, "session_token", "logging in")
            case requests.codes.unauthorized:
                return None
            case requests.codes.forbidden:
                raise PasswordLoginOffError
            case _:
                raise self._unexpected("logging in", answer)

    def logout(self, token: str) -> None:
        """Ends a session."""
        self._ask("POST", "/users/logout", token=token)

    def roles(self, token: str) -> frozenset[str] | None:
        """The site roles of a token's user; None where coderd refuses the token: expired, revoked, of another deployment."""
        answer = self._ask("GET", "/users/me", token=token)
        if answer.status_code == requests.codes.unauthorized:
            return None
        if answer.status_code != requests.codes.ok:
            raise self._unexpected("asking whose token this is", answer)
        roles = cast("list[Mapping[str, str]]", self._object(answer).get("roles") or [])
        return frozenset(role["name"] for role in roles)

    def created_at(self, token: str) -> datetime | None:
        """When a valid token was made; None where coderd does not tell.

        Not when it ends: coderd moves that with each use, this question included (coderd/httpmw/apikey.go).
        """
        answer = self._ask("GET", f"/users/me/keys/{key_id(token)}", token=token)
        text = self._object(answer).get("created_at") if answer.status_code == requests.codes.ok else None
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None

    def longest_lifetime(self, token: str) -> timedelta | None:
        """The longest life that coderd grants this user's tokens; None where it does not tell."""
        answer = self._ask("GET", "/users/me/keys/tokens/tokenconfig", token=token)
        most = self._object(answer).get("max_token_lifetime") if answer.status_code == requests.codes.ok else None
        return timedelta(seconds=most // _NANOSECONDS) if isinstance(most, int) else None

    def create_token(self, session: str, name: str, lifetime: timedelta) -> str:
        """A token of the session's user, with all of their rights."""
        body = {"token_name": name, "scope": "all", "lifetime": int(lifetime.total_seconds()) * _NANOSECONDS}
        answer = self._ask("POST", "/users/me/keys/tokens", token=session, body=body)
        if answer.status_code != requests.codes.created:
            raise self._unexpected("making a token", answer)
        return self._text(answer, "key", "making a token")

    def revoke(self, session: str, token: str) -> None:
        """Ends a token of the session's user; one that is gone already is fine."""
        self._ask("DELETE", f"/users/me/keys/{key_id(token)}", token=session)

    def _ask(self, method: str, path: str, *, token: str | None = None, body: Mapping[str, object] | None = None) -> requests.Response:
        headers = {SESSION_HEADER: token} if token else {}
        try:  # no redirect: a token goes to the address that was named and to no other
            return self._http.request(
                method, f"{self.url}/api/v2{path}", headers=headers, json=body, timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise Failure(ExitCode.UNREACHABLE, f"coderd at {self.url} does not answer: {_why(error)}") from None

    def _unexpected(self, doing: str, answer: requests.Response) -> Failure:
        said = self._object(answer)
        text = "; ".join(str(said[key]).rstrip(".") for key in ("message", "detail") if said.get(key))
        return Failure(
            ExitCode.REFUSED, f"coderd at {self.url} answers HTTP {answer.status_code} to {doing}" + (f": {text}" if text else "")
        )

    def _text(self, answer: requests.Response, key: str, doing: str) -> str:
        value = self._object(answer).get(key)
        if not isinstance(value, str) or not value:
            raise Failure(ExitCode.REFUSED, f"what answers at {self.url} is no coderd: {doing} gave no {key}")
        return value

    def _object(self, answer: requests.Response) -> Mapping[str, object]:
        try:
            body = cast("object", answer.json())
        except requests.JSONDecodeError:
            return {}
        return cast("Mapping[str, object]", body) if isinstance(body, dict) else {}


def key_id(token: str) -> str:
    """The public half of a token, by which coderd names it."""
    return token.split("-", maxsplit=1)[0]


def _why(error: requests.RequestException) -> str:
    """In a few words; the library's own text is long and changes with each attempt."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted here"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if "NameResolution" in str(error) or "getaddrinfo" in str(error):
        return "its name has no address yet"
    return "the connection is refused or broken"
