"""A failover, as coderd sees it: the database goes away, every connection is cut, and it comes back at the same address (DB-12, DB-13)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import requests

from settings.load import load_file
from tests.real.coder_server import coder_server, identity_provider, prods_variables
from tests.real.postgresql import server
from tools import real_parts
from tools.install import ROOT

PERSON = {"email": "a@example.com", "username": "admin", "name": "A", "password": "Correct-Horse-9", "trial": False}
LOGIN = {name: PERSON[name] for name in ("email", "password")}
PATIENCE_SECONDS = 90  # a failover of RDS takes about 30


def login(url: str) -> int:
    """The status of a login, which asks the database; 0 where nothing answers in time."""
    try:
        return requests.post(f"{url}/api/v2/users/login", json=LOGIN, timeout=10).status_code
    except requests.RequestException:
        return 0


def becomes(state: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if state():
            return True
        time.sleep(0.5)
    return False


def test_coderd_finds_its_database_again_by_itself(tmp_path: Path):
    binary = real_parts.executable(real_parts.CODERD, os.environ)
    settings = load_file(ROOT / "Pulumi.prod.yaml")
    with server(tmp_path / "database") as database, identity_provider() as issuer:
        variables = prods_variables(settings, issuer, password_login=True)
        with coder_server(binary, tmp_path / "coderd", database.url, variables) as url:
            assert requests.post(f"{url}/api/v2/users/first", json=PERSON, timeout=30).status_code == 201
            assert login(url) == 201

            database.stop()
            assert becomes(lambda: login(url) != 201)
            assert requests.get(f"{url}/api/v2/buildinfo", timeout=10).status_code == 200  # the process itself lives on

            database.start()
            assert becomes(lambda: login(url) == 201)
            assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
