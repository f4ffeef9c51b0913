"""The bootstrap script of swdev, run against a mirror of its publishers on loopback: small archives of the right names."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from composer import load_catalog

CATALOG = Path(__file__).parents[2] / "catalog"
SCRIPT = CATALOG / "toolchains/swdev/bootstrap/install.sh"
MANIFEST = load_catalog(CATALOG).toolchains["swdev-toolchain", "1.2.0"].manifest.toolchain
VERSIONS = {tool.name: tool.version for tool in (*MANIFEST.languages, *MANIFEST.tools)}
PROGRAM = b"#!/bin/sh\necho %s\n"

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or not all(map(shutil.which, ("curl", "dpkg-deb"))), reason="needs curl and dpkg-deb on x86_64"
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


def _tar(*programs: str) -> bytes:
    """An archive as publishers make it: one folder at its top."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for program in programs:
            entry = tarfile.TarInfo(f"top/{program}")
            entry.mode, content = 0o755, PROGRAM % program.encode()
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def _zip(program: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr(program, PROGRAM % program.encode())
    return archive.getvalue()


def _deb(folder: Path) -> bytes:
    tree = folder / "deb"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: docker-ce-cli\nVersion: 1\nArchitecture: amd64\nMaintainer: t <t@example.com>\nDescription: t\n"
    )
    (tree / "usr/bin/docker").write_bytes(PROGRAM % b"docker")
    (tree / "usr/bin/docker").chmod(0o755)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, folder / "docker.deb"], check=True, capture_output=True)
    return (folder / "docker.deb").read_bytes()


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def publishers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What each publisher serves, by host and path."""
    v = VERSIONS
    go, node, gh, kubectl = _tar("bin/go", "bin/gofmt"), _tar("bin/node", "bin/npm", "bin/npx"), _tar("bin/gh"), PROGRAM % b"kubectl"
    # Terraform's archive is unpacked by the Python that was installed: here the test's own does it
    python = io.BytesIO()
    with tarfile.open(fileobj=python, mode="w:gz") as tar:
        for name in ("python3", "pip3"):
            content = f'#!/bin/sh\nexec {shutil.which("python3")} "$@"\n'.encode()
            entry = tarfile.TarInfo(f"python/bin/{name}")
            entry.mode, entry.size = 0o755, len(content)
            tar.addfile(entry, io.BytesIO(content))
    terraform, deb = _zip("terraform"), _deb(tmp_path_factory.mktemp("deb"))
    build = v["python"].partition("+")[2]
    standalone = f"github.com/astral-sh/python-build-standalone/releases/download/{build}"
    archive = f"cpython-{v['python']}-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
    pool = f"dists/noble/pool/stable/amd64/docker-ce-cli_{v['docker-cli']}-1~ubuntu.24.04~noble_amd64.deb"
    index = "".join(
        f"Package: {name}\nArchitecture: amd64\nVersion: 5:{version}-1~ubuntu.24.04~noble\nFilename: {pool}\nSHA256: {_sum(content)}\n\n"
        for name, version, content in (
            ("docker-ce", v["docker-cli"], b"daemon"),
            ("docker-ce-cli", "1.0.0", b"older"),
            ("docker-ce-cli", v["docker-cli"], deb),
        )
    )
    releases, cli = f"releases.hashicorp.com/terraform/{v['terraform']}", f"github.com/cli/cli/releases/download/v{v['gh']}"
    return {
        f"dl.google.com/go/go{v['go']}.linux-amd64.tar.gz": go,
        f"dl.google.com/go/go{v['go']}.linux-amd64.tar.gz.sha256": _sum(go).encode(),
        f"nodejs.org/dist/v{v['node']}/node-v{v['node']}-linux-x64.tar.gz": node,
        f"nodejs.org/dist/v{v['node']}/SHASUMS256.txt": f"{'0' * 64}  other\n{_sum(node)}  node-v{v['node']}-linux-x64.tar.gz\n".encode(),
        f"{standalone}/{archive}": python.getvalue(),
        f"{standalone}/SHA256SUMS": f"{_sum(python.getvalue())}  {archive}\n".encode(),
        f"{releases}/terraform_{v['terraform']}_linux_amd64.zip": terraform,
        f"{releases}/terraform_{v['terraform']}_SHA256SUMS": f"{_sum(terraform)}  terraform_{v['terraform']}_linux_amd64.zip\n".encode(),
        f"dl.k8s.io/release/v{v['kubectl']}/bin/linux/amd64/kubectl": kubectl,
        f"dl.k8s.io/release/v{v['kubectl']}/bin/linux/amd64/kubectl.sha256": _sum(kubectl).encode(),
        f"{cli}/gh_{v['gh']}_linux_amd64.tar.gz": gh,
        f"{cli}/gh_{v['gh']}_checksums.txt": f"{_sum(gh)}  gh_{v['gh']}_linux_amd64.tar.gz\n".encode(),
        "download.docker.com/linux/ubuntu/dists/noble/stable/binary-amd64/Packages": index.encode(),
        f"download.docker.com/linux/ubuntu/{pool}": deb,
    }


class Workspace:
    """A home directory, and a mirror whose files a test may spoil."""

    def __init__(self, folder: Path, files: dict[str, bytes], url: str) -> None:
        self.home, self.mirror, self.url = folder / "home", folder / "mirror", url
        self.home.mkdir()
        for path, content in files.items():
            (self.mirror / path).parent.mkdir(parents=True, exist_ok=True)
            (self.mirror / path).write_bytes(content)

    def start(self, sdks: str = "") -> subprocess.CompletedProcess[str]:
        versions = {f"{name.upper().replace('-', '_')}_VERSION": version for name, version in VERSIONS.items()}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "SWDEV_MIRROR": self.url,
            "SWDEV_INTERNAL_SDKS": sdks,
            **versions,
        }
        return subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, timeout=120, check=False)

    def says(self, program: str) -> str:
        return subprocess.run([self.home / ".local/bin" / program], capture_output=True, text=True, check=True).stdout.strip()

    def spoil(self, suffix: str) -> None:
        (path,) = [path for path in self.mirror.rglob("*") if path.is_file() and path.name.endswith(suffix)]
        path.write_bytes(path.read_bytes() + b" ")


@pytest.fixture
def workspace(tmp_path: Path, publishers: dict[str, bytes]) -> Iterator[Workspace]:
    (tmp_path / "mirror").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path / "mirror")))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield Workspace(tmp_path, publishers, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


def test_everything_that_the_manifest_lists_is_installed_without_root(workspace: Workspace):
    """TPL-04, TPL-38."""
    done = workspace.start()
    assert done.returncode == 0, done.stdout
    programs = {"bin/go": "go", "bin/node": "node", "terraform": "terraform", "kubectl": "kubectl", "bin/gh": "gh", "docker": "docker"}
    assert {workspace.says(program) for program in programs.values()} == set(programs)
    for name, version in VERSIONS.items():
        assert f"{name} {version} installed" in done.stdout


def test_a_second_start_downloads_nothing(workspace: Workspace):
    workspace.start()
    shutil.rmtree(workspace.mirror)
    done = workspace.start()
    assert done.returncode == 0
    assert done.stdout.count(" is there") == len(VERSIONS)


def test_the_log_is_in_the_home_directory(workspace: Workspace):
    workspace.start()
    assert "bootstrap: complete" in (workspace.home / ".local/state/swdev/bootstrap.log").read_text()


@pytest.mark.parametrize(("suffix", "tool"), [(".linux-amd64.tar.gz", "go"), (".deb", "docker-cli"), (".zip", "terraform")])
def test_a_file_that_its_publisher_does_not_list_is_not_installed(workspace: Workspace, suffix: str, tool: str):
    workspace.spoil(suffix)
    done = workspace.start()
    assert done.returncode == 1
    assert "is not the file that its publisher lists; it was not installed" in done.stdout + done.stderr
    assert f"not installed: {tool};" in done.stdout
    assert not (workspace.home / f".local/share/swdev/{tool}").exists() or not any(
        (workspace.home / f".local/share/swdev/{tool}").iterdir()
    )


def test_a_missing_checksum_is_a_failure(workspace: Workspace):
    (path,) = workspace.mirror.rglob("SHASUMS256.txt")
    path.write_text(f"{'0' * 64}  other\n{'1' * 64}  another\n")
    done = workspace.start()
    assert done.returncode == 1
    assert "checksum file does not list node-v" in done.stdout + done.stderr


def test_one_failure_keeps_the_others_from_nothing_and_the_next_start_mends_it(workspace: Workspace, publishers: dict[str, bytes]):
    workspace.spoil(".linux-amd64.tar.gz")
    done = workspace.start()
    assert done.returncode == 1
    assert workspace.says("kubectl") == "kubectl"
    path = next(path for path in publishers if path.endswith(".linux-amd64.tar.gz"))
    (workspace.mirror / path).write_bytes(publishers[path])
    assert workspace.start().returncode == 0
    assert workspace.says("go") == "bin/go"


def test_internal_sdks_are_verified_and_unpacked(workspace: Workspace):
    """TPL-04: configurable internal SDKs."""
    archive = _tar("lib/sdk.txt")
    path = workspace.mirror / "sdk.example.com/sdk.tar.gz"
    path.parent.mkdir()
    path.write_bytes(archive)
    done = workspace.start(
        sdks=f"company-sdk https://sdk.example.com/sdk.tar.gz {_sum(archive)}\nwrong https://sdk.example.com/sdk.tar.gz {'0' * 64}"
    )
    assert done.returncode == 1
    assert (workspace.home / f".local/share/swdev/company-sdk/{_sum(archive)}/lib/sdk.txt").exists()
    assert "not installed: wrong;" in done.stdout


def test_a_start_without_versions_says_which_is_missing(workspace: Workspace):
    done = subprocess.run(
        [SCRIPT], env={"PATH": os.environ["PATH"], "HOME": str(workspace.home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "GO_VERSION" in done.stderr
