"""The folder of a Coder template, read where Pulumi runs: at preview for its hash, at the update for its upload."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

_MAX_BYTES: Final = 1 << 20  # 1 MiB: Coder's limit of a template archive
_IGNORED: Final = (".terraform", ".git")


class NoTemplateError(Exception):
    """The folder holds no template; a sentence."""


def directory_hash(directory: str) -> str:
    """SHA-256 over the names and contents of the files.

    Raises:
        NoTemplateError: it is no folder, holds no Terraform at its top, or is too large to upload.
    """
    root = Path(directory)
    if not root.is_dir():
        raise NoTemplateError(f"{directory!r} is no folder on the machine that runs Pulumi")
    if not any(each.suffix == ".tf" or each.name.endswith(".tf.json") for each in root.iterdir()):
        raise NoTemplateError(f"{directory!r} has no .tf or .tf.json file at its top")
    digest, size = hashlib.sha256(), 0
    for file in sorted(each for each in root.rglob("*") if each.is_file()):
        name = file.relative_to(root)
        if name.parts[0] in _IGNORED:
            continue
        content = file.read_bytes()
        size += len(content)
        digest.update(f"{name.as_posix()}\0{len(content)}\0".encode() + content)
    if size > _MAX_BYTES:
        raise NoTemplateError(f"{directory!r} holds {size} bytes; Coder takes archives of at most {_MAX_BYTES}")
    return digest.hexdigest()
