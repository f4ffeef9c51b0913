"""The bootstrap script of swdev, as its module makes it, run against its publishers on loopback."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalog.publishers import PROGRAM, Home, archive, checksum, python_archive, served, versions, zipped

VERSIONS = versions("swdev")
ALWAYS = set(VERSIONS) - {"devcontainers-cli"}

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or not all(map(shutil.which, ("curl", "dpkg-deb"))), reason="needs curl and dpkg-deb on x86_64"
)

# npm puts a package with its programs below the prefix; this one writes down what it was asked for
NPM = """#!/bin/sh
while [ $# -gt 1 ]; do if [ "$1" = --prefix ]; then prefix=$2; fi; shift; done
mkdir -p "$prefix/bin" && printf '#!/bin/sh\\necho "$1 of %s"\\n' "$1" >"$prefix/bin/devcontainer" && chmod 0755 "$prefix/bin/devcontainer"
"""


def _node() -> bytes:
    return archive("bin/node", "bin/npx", contents={"bin/npm": NPM})


def _deb(folder: Path) -> bytes:
    tree = folder / "deb"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: docker-ce-cli\nVersion: 1\nArchitecture: amd64\nMaintainer: t <t@example.com>\nDescription: t\n"
    )
    (tree / "usr/bin/docker").write_bytes((PROGRAM % "docker").encode())
    (tree / "usr/bin/docker").chmod(0o755)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, folder / "docker.deb"], check=True, capture_output=True)
    return (folder / "docker.deb").read_bytes()


def _line(content: bytes, name: str) -> str:
    """Of a checksum file."""
    return f"{checksum(content)}  {name}\n"


@pytest.fixture(scope="module")
def publishers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What each publisher serves, by host and path."""
    v = VERSIONS
    go, node, gh, kubectl = archive("bin/go", "bin/gofmt"), _node(), archive("bin/gh"), (PROGRAM % "kubectl").encode()
    # Terraform's archive is unpacked by the Python that was installed: here the test's own does it
    python = python_archive()
    node_name = f"node-v{v['node']}-linux-x64.tar.gz"
    terraform, deb = zipped("terraform"), _deb(tmp_path_factory.mktemp("deb"))
    build = v["python"].partition("+")[2]
    standalone = f"github.com/astral-sh/python-build-standalone/releases/download/{build}"
    build_name = f"cpython-{v['python']}-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
    pool = f"dists/noble/pool/stable/amd64/docker-ce-cli_{v['docker-cli']}-1~ubuntu.24.04~noble_amd64.deb"
    index = "".join(
        f"Package: {name}\nArchitecture: amd64\nVersion: 5:{version}-1~ubuntu.24.04~noble\n"
        f"Filename: {pool}\nSHA256: {checksum(content)}\n\n"
        for name, version, content in (
            ("docker-ce", v["docker-cli"], b"daemon"),
            ("docker-ce-cli", "1.0.0", b"older"),
            ("docker-ce-cli", v["docker-cli"], deb),
        )
    )
    releases, cli = f"releases.hashicorp.com/terraform/{v['terraform']}", f"github.com/cli/cli/releases/download/v{v['gh']}"
    return {
        f"dl.google.com/go/go{v['go']}.linux-amd64.tar.gz": go,
        f"dl.google.com/go/go{v['go']}.linux-amd64.tar.gz.sha256": checksum(go).encode(),
        f"nodejs.org/dist/v{v['node']}/node-v{v['node']}-linux-x64.tar.gz": node,
        f"nodejs.org/dist/v{v['node']}/SHASUMS256.txt": f"{'0' * 64}  other\n{_line(node, node_name)}".encode(),
        f"{standalone}/{build_name}": python,
        f"{standalone}/SHA256SUMS": f"{checksum(python)}  {build_name}\n".encode(),
        f"{releases}/terraform_{v['terraform']}_linux_amd64.zip": terraform,
        f"{releases}/terraform_{v['terraform']}_SHA256SUMS": _line(terraform, f"terraform_{v['terraform']}_linux_amd64.zip").encode(),
        f"dl.k8s.io/release/v{v['kubectl']}/bin/linux/amd64/kubectl": kubectl,
        f"dl.k8s.io/release/v{v['kubectl']}/bin/linux/amd64/kubectl.sha256": checksum(kubectl).encode(),
        f"{cli}/gh_{v['gh']}_linux_amd64.tar.gz": gh,
        f"{cli}/gh_{v['gh']}_checksums.txt": f"{checksum(gh)}  gh_{v['gh']}_linux_amd64.tar.gz\n".encode(),
        "download.docker.com/linux/ubuntu/dists/noble/stable/binary-amd64/Packages": index.encode(),
        f"download.docker.com/linux/ubuntu/{pool}": deb,
    }


@pytest.fixture
def workspace(tmp_path: Path, publishers: dict[str, bytes]) -> Iterator[Home]:
    with served(tmp_path / "mirror") as url:
        yield Home(tmp_path, "swdev", publishers, url)


def test_everything_that_the_manifest_lists_is_installed_without_root(workspace: Home):
    """TPL-04, TPL-38."""
    done = workspace.start()
    assert done.returncode == 0, done.stdout
    programs = {"bin/go": "go", "bin/node": "node", "terraform": "terraform", "kubectl": "kubectl", "bin/gh": "gh", "docker": "docker"}
    assert {workspace.says(program) for program in programs.values()} == set(programs)
    for name in ALWAYS:
        assert f"{name} {VERSIONS[name]} installed" in done.stdout


def test_a_second_start_downloads_nothing(workspace: Home):
    workspace.start()
    shutil.rmtree(workspace.mirror)
    done = workspace.start()
    assert done.returncode == 0
    assert done.stdout.count(" is there") == len(ALWAYS)


def test_the_log_is_in_the_home_directory(workspace: Home):
    workspace.start()
    assert "bootstrap: complete" in (workspace.path / ".local/state/swdev/bootstrap.log").read_text()


@pytest.mark.parametrize(("suffix", "tool"), [(".linux-amd64.tar.gz", "go"), (".deb", "docker-cli"), (".zip", "terraform")])
def test_a_file_that_its_publisher_does_not_list_is_not_installed(workspace: Home, suffix: str, tool: str):
    workspace.spoil(suffix)
    done = workspace.start()
    assert done.returncode == 1
    assert "is not the file that its publisher lists; it was not installed" in done.stdout + done.stderr
    assert f"not installed: {tool};" in done.stdout
    assert workspace.installed(tool) == []


def test_a_missing_checksum_is_a_failure(workspace: Home):
    (path,) = workspace.mirror.rglob("SHASUMS256.txt")
    path.write_text(f"{'0' * 64}  other\n{'1' * 64}  another\n")
    done = workspace.start()
    assert done.returncode == 1
    assert "checksum file does not list node-v" in done.stdout + done.stderr


def test_one_failure_keeps_the_others_from_nothing_and_the_next_start_mends_it(workspace: Home, publishers: dict[str, bytes]):
    workspace.spoil(".linux-amd64.tar.gz")
    done = workspace.start()
    assert done.returncode == 1
    assert workspace.says("kubectl") == "kubectl"
    path = next(path for path in publishers if path.endswith(".linux-amd64.tar.gz"))
    (workspace.mirror / path).write_bytes(publishers[path])
    assert workspace.start().returncode == 0
    assert workspace.says("go") == "bin/go"


def test_internal_sdks_are_verified_and_unpacked(workspace: Home):
    """TPL-04: configurable internal SDKs."""
    sdk = archive("lib/sdk.txt")
    path = workspace.mirror / "sdk.example.com/sdk.tar.gz"
    path.parent.mkdir()
    path.write_bytes(sdk)
    url = "https://sdk.example.com/sdk.tar.gz"
    sdks = [{"name": "company-sdk", "url": url, "sha256": checksum(sdk)}, {"name": "wrong", "url": url, "sha256": "0" * 64}]
    done = workspace.start(internal_sdks=sdks)
    assert done.returncode == 1
    assert (workspace.path / f".local/share/swdev/company-sdk/{checksum(sdk)}/lib/sdk.txt").exists()
    assert "not installed: wrong;" in done.stdout


DEVCONTAINER = {"devcontainer": "src/app"}


@pytest.fixture
def repository(workspace: Home) -> Home:
    folder = workspace.path / "src/app/.devcontainer"
    folder.mkdir(parents=True)
    (folder / "devcontainer.json").write_text("{}")
    return workspace


def test_a_dev_container_is_brought_up_where_a_docker_daemon_answers(repository: Home):
    """TPL-47."""
    done = repository.start(**DEVCONTAINER)  # the publishers' docker answers everything
    assert done.returncode == 0, done.stdout
    assert f"up of @devcontainers/cli@{VERSIONS['devcontainers-cli']}" in done.stdout
    assert f"the dev container of {repository.path}/src/app is up" in done.stdout


def test_without_a_docker_daemon_the_workspace_stands_and_says_so(repository: Home):
    """TPL-38: workspaces have no daemon of their own."""
    repository.start()
    (repository.path / ".local/bin/docker").unlink()
    (repository.path / ".local/bin/docker").write_text("#!/bin/sh\nexit 1\n")
    (repository.path / ".local/bin/docker").chmod(0o755)
    done = repository.start(**DEVCONTAINER)
    assert done.returncode == 0
    assert "no Docker daemon can be reached; set DOCKER_HOST" in done.stdout


def test_a_missing_repository_is_told(workspace: Home):
    done = workspace.start(**DEVCONTAINER)
    assert done.returncode == 0
    assert "src/app has no devcontainer.json; clone the repository there" in done.stdout
