"""The bootstrap scripts of datasci and generic, as their modules make them, run against their publishers on loopback."""

from __future__ import annotations

import platform
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from composer.catalog import load_catalog
from tests.catalog.publishers import CATALOG, Home, archive, checksum, python_archive, served, versions

DATASCI, GENERIC = versions("datasci"), versions("generic")

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64" or not shutil.which("curl"), reason="needs curl on x86_64")

# Makes an environment with the one program that it was asked for, and writes down how it was called
MICROMAMBA = """#!/bin/sh
echo "$@" >"$HOME/micromamba.txt"
while [ $# -gt 0 ]; do if [ "$1" = --prefix ]; then prefix=$2; fi; last=$1; shift; done
mkdir -p "$prefix/bin"
for name in R Rscript; do printf '#!/bin/sh\\necho %s\\n' "$last" >"$prefix/bin/$name" && chmod 0755 "$prefix/bin/$name"; done
"""
# Stands where pip would be: what it is told is what counts here, the packages are 4 GB
VENV = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin"
  for name in jupyter python; do printf '#!/bin/sh\\necho %s "$@"\\n' "$name" >"$3/bin/$name"; done
  cat >"$3/bin/pip" <<'PIP'
#!/bin/sh
echo "$@" >"$HOME/pip.txt"
for last; do :; done
cp "$last" "$HOME/requirements.txt"
exit ${PIP_ENDS_WITH:-0}
PIP
  chmod 0755 "$3/bin/"*
fi
"""


@pytest.fixture
def datasci(tmp_path: Path) -> Iterator[Home]:
    build = DATASCI["python"].partition("+")[2]
    standalone = f"github.com/astral-sh/python-build-standalone/releases/download/{build}"
    python = python_archive({"bin/python3": VENV})
    name = f"cpython-{DATASCI['python']}-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
    mamba = f"github.com/mamba-org/micromamba-releases/releases/download/{DATASCI['micromamba']}/micromamba-linux-64"
    files = {
        f"{standalone}/{name}": python,
        f"{standalone}/SHA256SUMS": f"{checksum(python)}  {name}\n".encode(),
        mamba: MICROMAMBA.encode(),
        f"{mamba}.sha256": checksum(MICROMAMBA.encode()).encode(),
    }
    with served(tmp_path / "mirror") as url:
        yield Home(tmp_path, "datasci", files, url)


@pytest.fixture
def generic(tmp_path: Path) -> Iterator[Home]:
    gh, uv = archive("bin/gh"), archive("uv", "uvx")
    releases = f"github.com/cli/cli/releases/download/v{GENERIC['gh']}"
    path = f"github.com/astral-sh/uv/releases/download/{GENERIC['uv']}/uv-x86_64-unknown-linux-gnu.tar.gz"
    files = {
        f"{releases}/gh_{GENERIC['gh']}_linux_amd64.tar.gz": gh,
        f"{releases}/gh_{GENERIC['gh']}_checksums.txt": f"{checksum(gh)}  gh_{GENERIC['gh']}_linux_amd64.tar.gz\n".encode(),
        path: uv,
        f"{path}.sha256": f"{checksum(uv)}  uv-x86_64-unknown-linux-gnu.tar.gz\n".encode(),
    }
    with served(tmp_path / "mirror") as url:
        yield Home(tmp_path, "generic", files, url)


def test_datasci_has_python_r_jupyter_and_the_locked_packages(datasci: Home):
    """TPL-06."""
    done = datasci.start()
    assert done.returncode == 0, done.stdout
    assert datasci.says("R") == f"r-base={DATASCI['r']}"
    assert datasci.says("jupyter") == "jupyter"
    assert "--override-channels --channel conda-forge" in (datasci.path / "micromamba.txt").read_text()
    told = (datasci.path / "pip.txt").read_text()
    assert "--require-hashes" in told
    assert "--only-binary :all: --no-deps" in told


def test_jupyter_lab_is_started_where_the_app_looks_for_it_and_once(datasci: Home):
    """TPL-06, TPL-34: on loopback, and the app's port and health are the manifest's."""
    (app,) = load_catalog(CATALOG).toolchains["datasci-toolchain", "1.1.0"].manifest.apps
    assert "Jupyter Lab starts on port 8888" in datasci.start().stdout
    log = datasci.path / ".local/state/datasci/jupyter.log"
    deadline = time.monotonic() + 10
    while not (log.exists() and log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    told = log.read_text().split()
    assert told[:2] == ["jupyter", "lab"]
    assert {f"--ServerApp.port={app.port}", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"} <= set(told)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        script = datasci.script.read_text().replace(f"JUPYTER_PORT='{app.port}'", f"JUPYTER_PORT='{taken.getsockname()[1]}'")
        datasci.script.write_text(script)
        assert "Jupyter Lab runs already" in datasci.run().stdout
    assert log.read_text().split() == told


def test_pip_is_given_the_lock_and_the_lock_has_what_the_manifest_lists(datasci: Home):
    """TPL-06, TPL-39: no package without the sum that PyPI lists for it."""
    datasci.start()
    lock = CATALOG / "toolchains/datasci/bootstrap/requirements.txt"
    assert (datasci.path / "requirements.txt").read_bytes() == lock.read_bytes()
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert all(" --hash=sha256:" in line for line in lines)
    pinned = dict(line.partition(" ")[0].split("==") for line in lines)
    for name in ("jupyterlab", "torch", "tensorflow", "scikit-learn", "pandas", "cuda-toolkit"):
        assert pinned[name] == DATASCI[name]


def test_packages_that_pip_refuses_are_told_and_tried_again(datasci: Home):
    done = datasci.start({"PIP_ENDS_WITH": "1"})
    assert done.returncode == 1
    assert "not installed: packages;" in done.stdout
    assert datasci.start().returncode == 0


def test_a_tampered_micromamba_is_not_run(datasci: Home):
    datasci.spoil("micromamba-linux-64")
    done = datasci.start()
    assert done.returncode == 1
    assert not (datasci.path / "micromamba.txt").exists()
    assert datasci.installed("micromamba") == datasci.installed("r") == []


def test_a_second_start_does_nothing(datasci: Home):
    datasci.start()
    shutil.rmtree(datasci.mirror)
    done = datasci.start()
    assert done.returncode == 0
    assert done.stdout.count(" is there") == 4


def test_generic_installs_its_two_tools_and_nothing_twice(generic: Home):
    """TPL-41."""
    assert generic.start().returncode == 0
    assert (generic.says("gh"), generic.says("uv")) == ("bin/gh", "uv")
    shutil.rmtree(generic.mirror)
    assert generic.start().stdout.count(" is there") == len(GENERIC)


@pytest.mark.parametrize(("suffix", "tool"), [("linux_amd64.tar.gz", "gh"), ("gnu.tar.gz", "uv")])
def test_a_tampered_tool_of_generic_is_not_installed(generic: Home, suffix: str, tool: str):
    generic.spoil(suffix)
    done = generic.start()
    assert done.returncode == 1
    assert generic.installed(tool) == []


def test_every_toolchain_verifies_by_the_same_library():
    libraries = {path.read_text() for path in CATALOG.glob("toolchains/*/bootstrap/library.sh")}
    assert len(libraries) == 1
