"""A cluster in which Coder may run, for tests of its provider: fixtures are named in conftest.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from localcloud.http import Server, serve_http
from tests.localcloud.clusters import TestCluster, make_cluster
from tests.localcloud.engine_side import Cloud, Instance, State

TEMPLATE = "coderd:index/template:Template"
GROUP = "coderd:index/group:Group"
KEY = "coderd:index/provisionerKey:ProvisionerKey"
LICENSE = "coderd:index/license:License"
USER = {"email": "a@example.com", "username": "admin", "password": "correct horse"}
RELEASE = "kubernetes:helm.sh/v3:Release"


class CoderSite:
    """A cluster in which Coder may run, and its HTTP port."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.cluster: TestCluster = make_cluster(cloud)
        self.http: Server = serve_http(cloud.store, cloud.faults)
        self.release: State | None = None

    def deploy(self, **values: Any) -> State:
        repo = {"repo": "https://helm.coder.com/v2"}
        inputs = {"chart": "coder", "version": "2.34.0", "repositoryOpts": repo, "namespace": "coder", "createNamespace": True, **values}
        self.release = self.cluster.kubernetes.create(RELEASE, "coder", inputs)
        return self.release

    def deploy_provisioner(self, **values: Any) -> State:
        repo = {"repo": "https://helm.coder.com/v2"}
        inputs = {"chart": "coder-provisioner", "version": "2.34.0", "repositoryOpts": repo, "namespace": "coder", **values}
        return self.cluster.kubernetes.create(RELEASE, "prov", inputs)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = "") -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.http.server_port, timeout=10)
        connection.request(method, path, json.dumps(body or {}), {"Coder-Session-Token": token})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text

    def bootstrap(self) -> str:
        """First user and token, as an operator's command makes them."""
        self.ask("POST", "/api/v2/users/first", USER)
        _status, session = self.ask("POST", "/api/v2/users/login", USER)
        _status, made = self.ask("POST", "/api/v2/users/me/keys/tokens", {"token_name": "t"}, session["session_token"])
        return made["key"]

    def provider(self) -> Instance:
        return self.cloud.provider("coderd", url="https://coder.example.com", token=self.bootstrap())

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def site(cloud: Cloud) -> Iterator[CoderSite]:
    made = CoderSite(cloud)
    yield made
    made.close()


@pytest.fixture
def coder(site: CoderSite) -> Instance:
    """A provider on a licensed Coder with its own provisioners."""
    site.deploy()
    made = site.provider()
    made.create(LICENSE, "l", {"license": "jwt"})
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "template"
    made.mkdir()
    (made / "main.tf").write_text("terraform {}")
    return made


def template(folder: Path, **inputs: Any) -> dict[str, Any]:
    return {"name": "pod-swdev", "versions": [{"directory": str(folder), "active": True}], **inputs}
