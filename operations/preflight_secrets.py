"""Preflight: the secrets that the stack file names are there, with a value of the right shape; no value is ever in a sentence (PRE-05)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

from operations.preflight_surroundings import Answer, Surroundings
from operations.secret_store import SecretStore

KEY_BYTES = 32  # of AES-256, coder/coder v2.24.0 enterprise/dbcrypt/cipher.go


def secrets(around: Surroundings) -> Iterator[Answer]:
    """Each secret of coder.secrets has a value that coderd, External Secrets or the licence resource can use."""
    region, coder = around.settings.primary_region, around.settings.coder
    store = SecretStore(region, around.client("secretsmanager", region))
    hosts = [key for login in coder.external_auth for key in (f"{login.id}_client_id", f"{login.id}_client_secret")]
    shapes: dict[str, Callable[[str], str | None]] = {
        "license": _license,
        "oidc": lambda text: _fields(text, ["client_id", "client_secret"]),
        "github": lambda text: _fields(text, ["client_id", "client_secret"]),
        "external_auth": lambda text: _fields(text, hosts),
        "encryption_keys": _encryption_keys,
    }
    for key, shape in shapes.items():
        name: str | None = getattr(coder.secrets, key)
        if name is None:
            continue
        value = store.read(name)
        if value is None:
            there = "has no value" if store.exists(name) else f"is missing in {region}"
            yield Answer(False, f"coder.secrets.{key}: secret {name} {there}; make it in Secrets Manager as README says")
        elif problem := shape(value):
            yield Answer(False, f"coder.secrets.{key}: secret {name} {problem}")
        else:
            yield Answer(True, f"coder.secrets.{key}: secret {name} has what is asked of it")


def _fields(text: str, wanted: list[str]) -> str | None:
    try:
        found = cast("object", json.loads(text))
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        return f"is no JSON object; put {', '.join(wanted)} there"
    known = cast("dict[str, object]", found)
    missing = [key for key in wanted if not isinstance(known.get(key), str) or not known[key]]
    return f"has no text for {', '.join(missing)}; add it" if missing else None


def _encryption_keys(text: str) -> str | None:
    for number, key in enumerate(text.split(","), 1):
        try:
            length = len(base64.b64decode(key.strip(), validate=True))
        except (binascii.Error, ValueError):
            length = -1
        if length != KEY_BYTES:
            was = "is no base64" if length < 0 else f"has {length} bytes"
            return f"key {number} {was}, and coderd takes base64 of {KEY_BYTES}; make one with `openssl rand -base64 {KEY_BYTES}`"
    return None


def _license(text: str) -> str | None:
    """A licence is a signed token; Coder checks the signature, its dates can be read here (PRE-05)."""
    parts = text.strip().split(".")
    try:
        claims = cast("object", json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))))
    except (IndexError, ValueError):
        claims = None
    if len(parts) != 3 or not isinstance(claims, dict):
        return "is no licence of Coder's, which is a token of three parts; put the text there that Coder sent"
    ends = cast("dict[str, object]", claims).get("exp")
    if isinstance(ends, int | float) and ends < datetime.now(UTC).timestamp():
        return f"is a licence that ended on {datetime.fromtimestamp(ends, UTC):%Y-%m-%d}; put a current one there"
    return None
