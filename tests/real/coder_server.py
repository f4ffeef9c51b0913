"""A real coderd on loopback, with the environment that the program gives it in prod."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from components.coder_environment import QuietHours, SecretKey, ServerFacts, environment
from settings.model import Settings
from tests.real.postgresql import postgres, postgres_binaries
from tests.real.processes import free_port, running

__all__ = ["coder_server", "identity_provider", "postgres", "postgres_binaries", "prods_variables"]

# What prod sets and loopback can't have: its host, and a database that knows IAM.
_OF_THE_OUTSIDE = {"AWS_REGION", "CODER_ACCESS_URL", "CODER_PG_AUTH", "CODER_PG_CONNECTION_URL"}


def prods_variables(settings: Settings, issuer: str, *, password_login: bool) -> dict[str, str]:
    """coderd's environment in prod, as the program makes it for the first visit or the later ones; values of secrets are made up."""
    facts = ServerFacts(
        database_url="not used",
        region=settings.primary_region,
        quiet_hours=QuietHours(settings.templates.auto_stop, settings.workload.timezone),
        password_login=password_login,
    )
    made = environment(settings.coder, facts)
    values = {name: f"{value.name}-{value.key}" if isinstance(value, SecretKey) else str(value) for name, value in made.items()}
    return {name: value for name, value in values.items() if name not in _OF_THE_OUTSIDE} | {"CODER_OIDC_ISSUER_URL": issuer}


@contextmanager
def coder_server(binary: Path, folder: Path, database: str, variables: Mapping[str, str]) -> Iterator[str]:
    """coderd with those variables on a database of that URL; its own URL. Its log is `coderd.log` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    around = {
        "HOME": str(folder),
        "PATH": variables.get("PATH", os.environ["PATH"]),
        "CODER_ACCESS_URL": url,
        "CODER_CACHE_DIRECTORY": str(folder / "cache"),
        "CODER_DERP_SERVER_STUN_ADDRESSES": "disable",
        "CODER_HTTP_ADDRESS": f"127.0.0.1:{port}",
        "CODER_PG_CONNECTION_URL": database,
        "CODER_PROMETHEUS_ADDRESS": f"127.0.0.1:{free_port()}",
    }
    with running([str(binary), "server"], folder / "coderd.log", lambda: _healthy(url), env={**variables, **around}):
        yield url


def _healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


class _Discovery(BaseHTTPRequestHandler):
    """The one document that coderd reads of its identity provider when it starts."""

    def do_GET(self) -> None:
        issuer = f"http://{self.headers['Host']}"
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys", "userinfo_endpoint": "userinfo"}
        document = {"issuer": issuer, **{name: f"{issuer}/{path}" for name, path in paths.items()}}
        document["id_token_signing_alg_values_supported"] = ["RS256"]
        body = json.dumps(document).encode()
        self.send_response(200 if self.path == "/.well-known/openid-configuration" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def identity_provider() -> Iterator[str]:
    """An OpenID Connect issuer that can be discovered, and nothing more; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Discovery)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
