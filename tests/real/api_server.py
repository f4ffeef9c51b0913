"""A real kube-apiserver on a real etcd: no controllers, so objects are admitted and stored, and no pod ever runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.real.processes import free_port, running

TOKEN = "loopback-only"
OWN_DEFINITIONS = Path(__file__).parent / "crds"


@dataclass(frozen=True)
class ApiServer:
    """url: https on loopback; every request is made as a cluster administrator."""

    url: str
    ca_file: Path

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json", **query: str) -> requests.Response:
        return requests.request(
            method,
            f"{self.url}{path}",
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type},
            verify=str(self.ca_file),
            timeout=30,
        )

    def path_of(self, manifest: dict[str, Any]) -> str:
        """The REST path of the object, from the server's own discovery; KeyError for a kind that it does not serve."""
        version = str(manifest["apiVersion"])
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        served = self.call("GET", root)
        if served.status_code == 404:
            raise KeyError(f"{version} is not served: its CustomResourceDefinition is missing")
        kinds = {entry["kind"]: entry for entry in served.json()["resources"] if "/" not in entry["name"]}
        entry = kinds[manifest["kind"]]
        where = f"/namespaces/{manifest['metadata'].get('namespace', 'default')}" if entry["namespaced"] else ""
        return f"{root}{where}/{entry['name']}/{manifest['metadata']['name']}"

    def apply(self, manifest: dict[str, Any], *, dry_run: bool) -> requests.Response:
        """Server-side apply, strict about unknown fields."""
        query = {"fieldManager": "coder-eks", "force": "true", "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        return self.call("PATCH", self.path_of(manifest), manifest, "application/apply-patch+yaml", **query)

    def complaint(self, manifest: dict[str, Any]) -> str | None:
        """Why the server would not take the object, or what it warns of: deprecated versions, Pod Security; None for neither."""
        answer = self.apply(manifest, dry_run=True)
        what = f"{manifest['kind']} {manifest['metadata'].get('namespace', '')}/{manifest['metadata']['name']}"
        if answer.status_code not in (200, 201):
            return f"{what}: {answer.status_code} {answer.json().get('message', answer.text)}"
        return f"{what}: {answer.headers['Warning']}" if "Warning" in answer.headers else None

    def define(self, definition: dict[str, Any]) -> None:
        """Really make a CustomResourceDefinition, and wait until its kind is served."""
        answer = self.apply(definition, dry_run=False)
        assert answer.status_code in (200, 201), answer.text
        spec = definition["spec"]
        deadline = time.monotonic() + 30
        for version in (version["name"] for version in spec["versions"] if version["served"]):
            path = f"/apis/{spec['group']}/{version}"
            while spec["names"]["plural"] not in self._served(path):
                assert time.monotonic() < deadline, f"{spec['names']['kind']} is not served"
                time.sleep(0.1)

    def _served(self, path: str) -> set[str]:
        answer = self.call("GET", path)
        return {entry["name"] for entry in answer.json()["resources"]} if answer.status_code == 200 else set()


def definitions(*folders: Path) -> list[dict[str, Any]]:
    """Ours, and those of the folders."""
    files = [file for folder in (OWN_DEFINITIONS, *folders) for file in sorted(folder.glob("*.yaml"))]
    return [yaml.load(file.read_text(), yaml.CSafeLoader) for file in files]


@contextmanager
def api_server(binary: Path, etcd: Path, folder: Path) -> Iterator[ApiServer]:
    """One API server of its own in that folder, ended on the way out."""
    etcd_port, peer_port, port = free_port(), free_port(), free_port()
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    _write_key(folder / "service-account.key")
    store = [str(etcd), "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--log-level", "error"]
    store += [f"--listen-client-urls=http://127.0.0.1:{etcd_port}", f"--advertise-client-urls=http://127.0.0.1:{etcd_port}"]
    store += [f"--listen-peer-urls=http://127.0.0.1:{peer_port}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer_port}"]
    store += [f"--initial-cluster=default=http://127.0.0.1:{peer_port}"]
    serve = [str(binary), f"--etcd-servers=http://127.0.0.1:{etcd_port}", "--bind-address=127.0.0.1", f"--secure-port={port}"]
    serve += [f"--cert-dir={folder / 'certificates'}", f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=RBAC"]
    serve += ["--service-account-issuer=https://loopback", f"--service-account-key-file={folder / 'service-account.key'}"]
    serve += [f"--service-account-signing-key-file={folder / 'service-account.key'}", "--service-cluster-ip-range=172.20.0.0/16"]
    # Without controllers there is no default service account in a namespace, and no address of a real node to keep
    serve += ["--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none", "--advertise-address=127.0.0.1"]
    serve += ["--allow-privileged=true"]  # as EKS has it: Pod Security is what refuses
    server = ApiServer(f"https://127.0.0.1:{port}", folder / "certificates" / "apiserver.crt")
    with (
        running(store, folder / "etcd.log", lambda: _is_ok(f"http://127.0.0.1:{etcd_port}/health")),
        running(serve, folder / "kube-apiserver.log", lambda: _ready(server), seconds=120),
    ):
        yield server


def _write_key(file: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(*pem))


def _is_ok(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _ready(server: ApiServer) -> bool:
    if not server.ca_file.exists():
        return False
    try:
        return server.call("GET", "/readyz").status_code == 200
    except (requests.RequestException, OSError):
        return False
