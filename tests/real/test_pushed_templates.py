"""Compositions on a stub of the contract, pushed to a real coderd, whose own provisioner plans them with OpenTofu; then read back.

coderd is 2.24.0 without its licensed part (docs/adr/0003). OpenTofu takes the place of Terraform under its name.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from composer.archive import pack
from tests.catalog.compositions import SIZES, catalog
from tests.real.coder_server import coder_server, postgres
from tests.real.stubs import on_a_stub
from tools import real_parts

USER = {"email": "owner@example.com", "username": "owner", "password": "Only-on-loopback-1"}


class Coder:
    def __init__(self, url: str) -> None:
        self.url = url
        self.ask("POST", "/users/first", {**USER, "trial": False})
        self.headers = {
            "Coder-Session-Token": self.ask("POST", "/users/login", {k: USER[k] for k in ("email", "password")})["session_token"]
        }
        (self.organization,) = [each["id"] for each in self.ask("GET", "/users/me/organizations")]

    headers: dict[str, str] = {}  # noqa: RUF012 - before the log-in

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/api/v2{path}", headers=self.headers, json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def push(self, files: dict[str, bytes]) -> str:
        """The id of a template version of those files, imported."""
        headers = {**self.headers, "Content-Type": "application/x-tar"}
        uploaded = requests.post(f"{self.url}/api/v2/files", headers=headers, data=pack(files), timeout=60).json()
        body = {"storage_method": "file", "file_id": uploaded["hash"], "provisioner": "terraform", "tags": {}}
        version = self.ask("POST", f"/organizations/{self.organization}/templateversions", body)["id"]
        deadline = time.monotonic() + 120
        while (job := self.ask("GET", f"/templateversions/{version}")["job"])["status"] in ("pending", "running"):
            assert time.monotonic() < deadline, "the import takes too long"
            time.sleep(0.2)
        assert job["status"] == "succeeded", job["error"]
        return version


@pytest.fixture(scope="module")
def coder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coder]:
    folder = tmp_path_factory.mktemp("coder")
    provider = real_parts.CODER_PROVIDER
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    place = folder / "mirror/registry.opentofu.org/coder/coder" / provider.version / f"{sys.platform}_{machine}"
    place.mkdir(parents=True)
    (place / provider.binary).symlink_to(real_parts.executable(provider, os.environ))
    (folder / "bin").mkdir()
    (folder / "bin/terraform").symlink_to(real_parts.executable(real_parts.OPENTOFU, os.environ))
    (folder / "tofu.rc").write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder / "mirror"}"\n  }}\n}}\n')
    variables = {"CODER_PROVISIONER_DAEMONS": "1", "TF_CLI_CONFIG_FILE": str(folder / "tofu.rc"), "CODER_TELEMETRY_ENABLE": "false"}
    variables |= {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "CHECKPOINT_DISABLE": "1"}
    with (
        postgres(folder / "postgres") as database,
        coder_server(real_parts.executable(real_parts.CODERD, os.environ), folder / "server", database, variables) as url,
    ):
        yield Coder(url)


@pytest.mark.parametrize("name", ["pod-swdev", "ec2-windev-gui", "ec2-datasci-gpu"])
def test_parameters_are_read_back_as_the_catalogue_has_them(coder: Coder, name: str):
    """TPL-17, TPL-28, TPL-29, TPL-35, TPL-51."""
    composition = catalog().compositions[name]
    version = coder.push(on_a_stub(name))
    parameters = {each["name"]: each for each in coder.ask("GET", f"/templateversions/{version}/rich-parameters")}
    sizes = set(composition.profiles.values())
    assert {option["value"] for option in parameters["size"]["options"]} == sizes
    for option in parameters["size"]["options"]:
        size = SIZES[option["value"]]
        assert option["description"] == f"{float(size.cpu.cores):g} vCPU, {size.memory} memory, {size.storage} home"
    default = catalog().toolchain(composition.toolchain).manifest.compute.default
    assert parameters["size"]["default_value"] == composition.profiles[default]
    assert ("gpus" in parameters) == bool(composition.gpus)
    images = composition.images or catalog().base(composition.base).manifest.machine_images
    assert [option["value"] for option in parameters.get("image", {}).get("options", ())] == (list(images) if len(images) > 1 else [])


def test_the_agent_and_what_the_workspace_is_made_of_are_there(coder: Coder):
    """TPL-18, TPL-23."""
    version = coder.push(on_a_stub("pod-swdev"))
    resources = coder.ask("GET", f"/templateversions/{version}/resources")
    (agent,) = [agent for resource in resources for agent in resource.get("agents") or ()]
    assert (agent["operating_system"], agent["architecture"]) == ("linux", "amd64")
    shown = {item["key"]: item["value"] for resource in resources for item in resource.get("metadata") or ()}
    assert shown["toolchain"] == "swdev-toolchain@1.2.0"
    assert shown["base"] == "base-k8s@3.1.0"


def test_a_template_has_one_active_version_and_keeps_the_others(coder: Coder):
    """TPL-35: what was pushed never changes, and one goes back to it by naming it."""
    first, second = coder.push(on_a_stub("pod-swdev")), coder.push(on_a_stub("pod-generic-universal"))
    made = coder.ask("POST", f"/organizations/{coder.organization}/templates", {"name": "swdev", "template_version_id": first})
    coder.ask("PATCH", f"/templateversions/{second}", {"name": "second"})
    assert coder.ask("GET", f"/templates/{made['id']}")["active_version_id"] == first
    assert coder.ask("GET", f"/templateversions/{first}")["job"]["status"] == "succeeded"
