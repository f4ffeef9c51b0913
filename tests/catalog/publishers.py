"""Publishers on loopback for bootstrap scripts: small archives of the right names, and checksum files that list them."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from composer.catalog import load_catalog
from tests.catalog.modules import Module

CATALOG = Path(__file__).parents[2] / "catalog"
PROGRAM = "#!/bin/sh\necho %s\n"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL under which the folder's files can be had."""
    folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def checksum(content: bytes) -> str:
    """As publishers list it."""
    return hashlib.sha256(content).hexdigest()


def archive(*programs: str, contents: Mapping[str, str] | None = None) -> bytes:
    """A .tar.gz as publishers make it: one folder at its top. Each program says its name, but those whose text is given."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        for name, content in {**{name: PROGRAM % name for name in programs}, **(contents or {})}.items():
            entry = tarfile.TarInfo(f"top/{name}")
            entry.mode, entry.size = 0o755, len(content.encode())
            tar.addfile(entry, io.BytesIO(content.encode()))
    return written.getvalue()


def zipped(program: str) -> bytes:
    """A .zip with one program."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr(program, PROGRAM % program)
    return written.getvalue()


def python_archive(extra: Mapping[str, str] | None = None) -> bytes:
    """A Python that is the machine's own."""
    programs = {f"bin/{name}": f'#!/bin/sh\nexec {shutil.which("python3")} "$@"\n' for name in ("python3", "pip3")}
    return archive(contents={**programs, **(extra or {})})


def versions(toolchain: str) -> dict[str, str]:
    """What the manifest lists, by name."""
    found = {name: module for (name, _), module in load_catalog(CATALOG).toolchains.items()}
    software = found[f"{toolchain}-toolchain"].manifest.toolchain
    return {tool.name: tool.version for tool in (*software.languages, *software.tools, *software.libraries)}


class Home:
    """The home directory of a workspace, and a mirror of publishers whose files a test may spoil."""

    def __init__(self, folder: Path, toolchain: str, files: Mapping[str, bytes], url: str) -> None:
        self.path, self.mirror, self.toolchain, self._url = folder / "home", folder / "mirror", toolchain, url
        self.path.mkdir()
        self.script = folder / "bootstrap.sh"
        for path, content in files.items():
            (self.mirror / path).parent.mkdir(parents=True, exist_ok=True)
            (self.mirror / path).write_bytes(content)

    def start(self, environment: Mapping[str, str] | None = None, **variables: Any) -> subprocess.CompletedProcess[str]:
        """Run what the toolchain's module makes of its variables, as the agent does."""
        module = Module(CATALOG / "toolchains" / self.toolchain, {"mirror": self._url, **variables})
        self.script.write_text(module.output("bootstrap_script"))
        self.script.chmod(0o755)
        return self.run(environment)

    def run(self, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the script once more, as it stands."""
        around = {"PATH": os.environ["PATH"], "HOME": str(self.path), **(environment or {})}
        return subprocess.run([self.script], env=around, capture_output=True, text=True, timeout=300, check=False)

    def says(self, program: str) -> str:
        """What an installed program prints."""
        return subprocess.run([self.path / ".local/bin" / program], capture_output=True, text=True, check=True).stdout.strip()

    def installed(self, tool: str) -> list[str]:
        """Versions of a tool that stand below the home directory."""
        folder = self.path / ".local/share" / self.toolchain / tool
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def spoil(self, suffix: str) -> None:
        """Change one file of a publisher, and not its checksum."""
        (path,) = [path for path in self.mirror.rglob("*") if path.is_file() and path.name.endswith(suffix)]
        path.write_bytes(path.read_bytes() + b" ")
