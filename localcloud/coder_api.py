"""The part of Coder's API that a first visit needs: it answers only while a Helm release of chart `coder` is deployed.

Users and tokens belong to Coder's database: they go when the database goes (or, where there is none, with the release).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from localcloud.kinds.model import Resource, Value, values_at
from localcloud.store import Key, Origin, Record, Store
from localcloud.templates import random_text

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
USER: Final = "local:coder:User"
TOKEN: Final = "local:coder:Token"  # noqa: S105 - a type
SCOPE: Final = "coder"
_DATABASES: Final = ("aws:rds/cluster:Cluster", "aws:rds/instance:Instance")
_LONGEST: Final = timedelta(days=365)  # of a token
_NANOSECONDS: Final = 10**9  # Go's durations travel as these
_PASSWORD_CHARACTERS: Final = 8  # coder/coder: the least that a built-in user's password may have

Reply = tuple[int, Value]


def deployment(store: Store) -> Record | None:
    """The deployed Helm release of Coder, if there is one."""
    for record in store.of(RELEASE):
        chart = str(record.resource.inputs.get("chart", "")).rstrip("/").rpartition("/")[2]
        proxy = values_at(record.resource.inputs, "values.coder.workspaceProxy") == [True]  # the same chart with another command
        if chart == "coder" and not proxy and record.origin is Origin.PROGRAM:
            return record
    return None


def database(store: Store) -> Key | None:
    """What holds Coder's data."""
    holders = [record for token in _DATABASES for record in store.of(token)] or [record for record in [deployment(store)] if record]
    return holders[0].key if holders else None


def organization(store: Store) -> str:
    """The id of the default organization: as old as the first user."""
    users = store.of(USER)
    return users[0].resource.text("organizationId") if users else ""


def issued(store: Store, token: str) -> Record | None:
    """The user of a token that was issued here."""
    identity = token.partition("-")[0]
    record = store.get((TOKEN, SCOPE, identity))
    if record is None or record.resource.properties.get("key") != store.hash(token) or _expiry(record) < datetime.now(UTC):
        return None
    return store.get((USER, SCOPE, record.resource.text("userId")))


def answer_coder(store: Store, method: str, path: str, body: Mapping[str, Value], token: str) -> Reply:
    """Answer one call: status and body."""
    release = deployment(store)
    if release is None:
        return 503, {"message": "Coder is not running: no Helm release of chart coder is deployed"}
    path = urlsplit(path).path.rstrip("/")
    match method, path:
        case "GET", "/healthz":
            return 200, "OK"
        case "GET", "/api/v2/buildinfo":
            version = release.resource.inputs.get("version")
            return 200, {"version": f"v{str(version or '0.0.0').removeprefix('v')}", "dashboard_url": "", "external_url": ""}
        case "GET", "/api/v2/users/first":
            if store.of(USER):
                return 200, {"message": "The initial user has already been created!"}
            return 404, {"message": "The initial user has not been created!"}
        case "POST", "/api/v2/users/first":
            return _first_user(store, body)
        case "POST", "/api/v2/users/login":
            return _login(store, body)
        case _:
            return _signed_in(store, method, path, body, token)


def _first_user(store: Store, body: Mapping[str, Value]) -> Reply:
    with store.lock:
        if store.of(USER):
            return 409, {"message": "The initial user has already been created."}
        missing = [name for name in ("email", "username", "password") if not isinstance(body.get(name), str)]
        if missing or len(str(body["password"])) < _PASSWORD_CHARACTERS:
            fields = missing or ["password"]
            return 400, {"message": "Validation failed.", "validations": [{"field": name, "detail": "required"} for name in fields]}
        user, group = str(uuid.uuid4()), str(uuid.uuid4())
        properties = {"email": body["email"], "username": body["username"], "password": body["password"], "organizationId": group}
        resource = Resource(USER, user, SCOPE, {}, properties)
        store.put(Record(resource, Origin.CLOUD, database(store), frozenset({("password",)})))
    return 201, {"user_id": user, "organization_id": group}


def _login(store: Store, body: Mapping[str, Value]) -> Reply:
    for record in store.of(USER):
        known = record.resource.properties
        if known["email"] == body.get("email") and known["password"] == store.hash(body.get("password")):
            return 201, {"session_token": issue(store, record.resource.id)}
    return 401, {"message": "Incorrect email or password."}


def _expiry(token: Record) -> datetime:
    return datetime.fromisoformat(token.resource.text("expires_at"))


def issue(store: Store, user: str, lifetime: timedelta = timedelta(days=1)) -> str:
    """Issue a token; only its hash is kept."""
    identity = random_text("alnum", 10)  # coder/coder: an API key is a 10-character id, a hyphen and a 22-character secret
    token = f"{identity}-{random_text('alnum', 22)}"
    now = datetime.now(UTC)
    times: dict[str, Value] = {"created_at": now.isoformat(), "expires_at": (now + lifetime).isoformat()}
    resource = Resource(TOKEN, identity, SCOPE, {}, {"userId": user, "key": token, **times})
    store.put(Record(resource, Origin.CLOUD, (USER, SCOPE, user), frozenset({("key",)})))
    return token


def _signed_in(store: Store, method: str, path: str, body: Mapping[str, Value], token: str) -> Reply:
    user = issued(store, token)
    if user is None:
        return 401, {"message": "You are signed out or your session has expired. Please sign in again to continue."}
    known = user.resource
    about: dict[str, Value] = {
        "id": known.id,
        "username": known.text("username"),
        "email": known.text("email"),
        "organization_ids": [known.text("organizationId")],
        "roles": [{"name": "owner", "display_name": "Owner"}],
    }
    if (method, path) == ("POST", "/api/v2/users/logout"):
        store.remove((TOKEN, SCOPE, token.partition("-")[0]))
        return 200, {"message": "Logged out!"}
    who = re.fullmatch(r"/api/v2/users/([^/]+)(/organizations|/keys/tokens|/keys/tokens/tokenconfig)?", path)
    if who and who[1] in {"me", known.id, known.text("username")}:
        match method, who[2]:
            case "GET", None:
                return 200, about
            case "GET", "/organizations":
                return 200, [{"id": known.text("organizationId"), "name": "coder", "is_default": True}]
            case "GET", "/keys/tokens":
                return 200, [_told(each) for each in store.of(TOKEN)]
            case "GET", "/keys/tokens/tokenconfig":
                return 200, {"max_token_lifetime": int(_LONGEST.total_seconds()) * _NANOSECONDS}
            case "POST", "/keys/tokens":
                lifetime = body.get("lifetime")
                wanted = timedelta(seconds=lifetime // _NANOSECONDS) if isinstance(lifetime, int) else timedelta(days=30)
                return 201, {"key": issue(store, known.id, wanted)}
            case _:
                return 405, {"message": f"{method} is not allowed here"}
    return _key(store, method, path)


def _key(store: Store, method: str, path: str) -> Reply:
    """Tell or revoke one token."""
    asked = re.fullmatch(r"/api/v2/users/[^/]+/keys/([^/]+)", path)
    record = store.get((TOKEN, SCOPE, asked[1])) if asked else None
    if record is None:
        return 404, {"message": f"the local cloud's Coder does not answer {method} {path}"}
    if method == "DELETE":
        store.remove(record.key)
        return 204, None
    return 200, _told(record)


def _told(token: Record) -> dict[str, Value]:
    properties = token.resource.properties
    times = {name: properties[name] for name in ("created_at", "expires_at")}
    return {"id": token.resource.id, "user_id": properties["userId"], **times}
