"""What the bootstrap scripts take from package registries, from the real ones: needs the network, like the first build of the parts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalog.publishers import CATALOG, Home, archive, checksum, served, versions
from tests.catalog.test_bootstrap_swdev import publishers

__all__ = ["publishers"]
SMALL = ("certifi", "idna", "packaging", "six")


@pytest.fixture
def npm() -> str:
    """The machine's own, or that of the wheel that pyright brings."""
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    assert found is not None, "npm is missing; `make setup-dev` brings one"
    return found


def test_npm_installs_the_dev_container_command_at_the_listed_version(tmp_path: Path, publishers: dict[str, bytes], npm: str):
    """TPL-47: npm compares the package with the sum that the registry lists."""
    name = next(path for path in publishers if path.endswith("linux-x64.tar.gz") and "nodejs.org" in path)
    real = {"bin/npm": f'#!/bin/sh\nexec {npm} "$@"\n', "bin/node": f'#!/bin/sh\nexec {shutil.which("node")} "$@"\n'}
    node = archive("bin/npx", contents=real)
    sums = name.rpartition("/")[0] + "/SHASUMS256.txt"
    files = {**publishers, name: node, sums: f"{checksum(node)}  {name.rpartition('/')[2]}\n".encode()}
    with served(tmp_path / "mirror") as url:
        home = Home(tmp_path, "swdev", files, url)
        # Where and by what certificates this machine's npm reaches its registry
        registry = {**os.environ, "HOME": str(home.path), "NPM_CONFIG_USERCONFIG": str(Path.home() / ".npmrc")}
        done = home.start(registry, devcontainer="src/app")
    assert done.returncode == 0, done.stdout
    around = {"PATH": f"{home.path}/.local/bin:/usr/bin:/bin", "HOME": str(home.path)}
    shown = subprocess.run([home.path / ".local/bin/devcontainer", "--version"], capture_output=True, text=True, check=True, env=around)
    assert shown.stdout.strip() == versions("swdev")["devcontainers-cli"]


def test_pypi_has_the_files_that_the_lock_of_datasci_lists(tmp_path: Path):
    """TPL-06, TPL-39: the small ones, since all of them are 4 GB."""
    lock = (CATALOG / "toolchains/datasci/bootstrap/requirements.txt").read_text().splitlines()
    wanted = [line for line in lock if line.partition("==")[0] in SMALL]
    assert len(wanted) == len(SMALL)
    (tmp_path / "requirements.txt").write_text("\n".join(wanted) + "\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", tmp_path / "files", "--requirement", tmp_path / "requirements.txt"], check=True)
    (tmp_path / "requirements.txt").write_text(wanted[0][:-1] + ("0" if wanted[0][-1] != "0" else "1") + "\n")
    again = [*command, "--dest", tmp_path / "none", "--requirement", tmp_path / "requirements.txt"]
    refused = subprocess.run(again, check=False, capture_output=True)
    assert refused.returncode != 0
