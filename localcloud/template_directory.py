"""The folder of a Coder template, read where Pulumi runs: at preview for its hash, at the update for its upload."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MAX_BYTES: Final = 1 << 20  # 1 MiB: coder/coder's provisionersdk.TemplateArchiveLimit, which an archive has to stay below
_BLOCK: Final = 512  # bytes: a tar header, and what contents are filled up to
_VARIABLES: Final = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")  # uploaded as values instead


class NoTemplateError(Exception):
    """The folder holds no template; a sentence."""


def directory_hash(directory: str) -> str:
    """SHA-256 over the contents of all files in the order of their names, as the provider makes it: names are not part of it.

    Raises:
        NoTemplateError: it is no folder, holds no Terraform at its top, or is too large to upload.
    """
    root = Path(directory)
    if not root.is_dir():
        raise NoTemplateError(f"{directory!r} is no folder on the machine that runs Pulumi")
    if not any(each.name.endswith((".tf", ".tf.json")) for each in root.iterdir()):
        raise NoTemplateError(f"{directory!r} has no .tf or .tf.json file at its top")
    digest, size = hashlib.sha256(), 2 * _BLOCK
    for path, file in _walk(root):
        is_file = file.is_file()
        content = file.read_bytes() if is_file else b""
        if is_file:
            digest.update(content)
        if _uploaded(path):
            size += _BLOCK + -(-len(content) // _BLOCK) * _BLOCK
    if size >= _MAX_BYTES:
        raise NoTemplateError(f"{directory!r} is an archive of {size} bytes; Coder takes less than {_MAX_BYTES}")
    return digest.hexdigest()


def _walk(root: Path, above: str = "") -> Iterator[tuple[str, Path]]:
    """As Go's filepath.Walk: each folder before what is in it, names in order."""
    for each in sorted(root.iterdir(), key=lambda each: each.name):
        path = f"{above}{each.name}"
        yield path, each
        if each.is_dir() and not each.is_symlink():
            yield from _walk(each, f"{path}/")


def _uploaded(path: str) -> bool:
    """Whether provisionersdk.Tar takes it: nothing hidden, no state, no file of variables."""
    *folders, name = path.split("/")
    hidden = any(folder.startswith(".") for folder in folders) or (name.startswith(".") and name != ".terraform.lock.hcl")
    return not (hidden or ".tfstate" in path or _VARIABLES.fullmatch(path))
