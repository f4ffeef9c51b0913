"""Folders as plain data: path to content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path


def read(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path there, in order; OSError where one cannot be read."""
    paths = sorted(Path(parent, name).relative_to(folder) for parent, _, names in os.walk(folder) for name in names)
    return {path.as_posix(): (folder / path).read_bytes() for path in paths}


def content_hash(files: Mapping[str, bytes]) -> str:
    """SHA-256 over all contents and paths, in hexadecimal digits: another one whenever anything is."""
    lines = (f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
