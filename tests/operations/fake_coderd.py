"""A coderd on loopback with the rules that bootstrap meets (github.com/coder/coder/v2 v2.24.0: users.go, userauth.go, apikey.go)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

_NANOSECONDS = 1_000_000_000
Answer = tuple[int, dict[str, Any]]


@dataclass
class Key:
    """A session or an API token."""

    secret: str
    created_at: datetime
    expires_at: datetime
    roles: tuple[str, ...] = ("owner",)
    name: str = ""


@dataclass
class FakeCoderd:
    """Its state; a test reads and changes it. password_login: CODER_DISABLE_PASSWORD_AUTH is its opposite, for owners too."""

    unhealthy_answers: int = 0
    password_login: bool = True
    longest_admin_lifetime: timedelta = timedelta(days=90)
    user: dict[str, str] | None = None
    keys: dict[str, Key] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def issue(self, lifetime: timedelta, roles: tuple[str, ...] = ("owner",)) -> str:
        identity = f"key{next(self._numbers):07}"
        self.keys[identity] = Key(f"{identity}-secretsecretsecret", datetime.now(UTC), datetime.now(UTC) + lifetime, roles)
        return self.keys[identity].secret

    def valid(self, token: str) -> Key | None:
        key = self.keys.get(token.split("-", maxsplit=1)[0])
        return key if key and key.secret == token and key.expires_at > datetime.now(UTC) else None

    def answer(self, method: str, path: str, body: dict[str, Any], token: str) -> Answer:
        self.requests.append((method, path))
        if path == "/healthz":
            self.unhealthy_answers -= 1
            return (503, {}) if self.unhealthy_answers >= 0 else (200, {})
        match method, path.removeprefix("/api/v2"):
            case "GET", "/users/first":
                return (200 if self.user else 404), {"message": "The initial user has (not) been created!"}
            case "POST", "/users/first":
                return self._first(body)
            case "POST", "/users/login":
                return self._login(body)
            case _:
                return self._signed_in(method, path.removeprefix("/api/v2"), body, token)

    def _first(self, body: dict[str, Any]) -> Answer:
        if self.user:
            return 409, {"message": "The initial user has already been created."}
        if not 12 <= len(body["password"]) <= 64:
            return 400, {"message": "Password not strong enough!"}
        self.user = {key: body[key] for key in ("email", "username", "password")}
        return 201, {"user_id": "u", "organization_id": "o"}

    def _login(self, body: dict[str, Any]) -> Answer:
        if not self.user or (body["email"], body["password"]) != (self.user["email"], self.user["password"]):
            return 401, {"message": "Incorrect email or password."}
        if not self.password_login:
            return 403, {"message": "Password authentication is disabled."}
        return 201, {"session_token": self.issue(timedelta(hours=24))}

    def _signed_in(self, method: str, path: str, body: dict[str, Any], token: str) -> Answer:
        key = self.valid(token)
        if key is None:
            return 401, {"message": "You are signed out or your session has expired."}
        match method, path:
            case "GET", "/users/me":
                return 200, {"username": "bootstrap", "roles": [{"name": name} for name in key.roles]}
            case "POST", "/users/logout":
                del self.keys[token.split("-", maxsplit=1)[0]]
                return 200, {}
            case "GET", "/users/me/keys/tokens/tokenconfig":
                return 200, {"max_token_lifetime": int(self.longest_admin_lifetime.total_seconds()) * _NANOSECONDS}
            case "POST", "/users/me/keys/tokens":
                lifetime = timedelta(seconds=body["lifetime"] // _NANOSECONDS)
                if lifetime > self.longest_admin_lifetime:
                    return 400, {"message": "Failed to validate create API key request.", "detail": "lifetime must be less than 168h0m0s"}
                if body["token_name"] in {known.name for known in self.keys.values()}:
                    return 409, {"message": f"A token with name {body['token_name']!r} already exists."}
                token = self.issue(lifetime, key.roles)
                self.keys[token.split("-", maxsplit=1)[0]].name = body["token_name"]
                return 201, {"key": token}
            case _:
                return self._key(method, path.rsplit("/", 1)[-1])

    def _key(self, method: str, identity: str) -> Answer:
        if identity not in self.keys:
            return 404, {"message": "Resource not found or you do not have access to this resource"}
        if method == "DELETE":
            del self.keys[identity]
            return 204, {}
        times = {name: getattr(self.keys[identity], name).isoformat().replace("+00:00", "Z") for name in ("created_at", "expires_at")}
        return 200, {"id": identity, **times}


@contextmanager
def serving(coderd: FakeCoderd) -> Iterator[FakeCoderd]:
    """Serves on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            status, answer = coderd.answer(self.command, self.path, body, self.headers.get("Coder-Session-Token", ""))
            content = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    coderd.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # seconds between looks for the end
    thread.start()
    try:
        yield coderd
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
