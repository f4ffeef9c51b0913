"""Template folders as coderd takes them: one archive, the same bytes for the same files; and back."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from composer.errors import CompositionError

LIMIT = 1024 * 1024  # bytes; coder/coder's provisionersdk.Tar, by which provider coder/coderd 0.0.23 packs, stays below it
_UNPACKED_LIMIT = 32 * LIMIT  # far above what LIMIT holds of text; more is an attack
_VARIABLES = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive that coderd's provider makes of a folder, but with no owner and no time: a folder's entry, then what is in it.

    Without entries of folders coderd can't unpack: it makes a file's folder from nothing else.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        made: set[PurePosixPath] = set()
        for path, content in sorted((PurePosixPath(path), content) for path, content in files.items()):
            for folder in reversed(path.parents[:-1]):  # the last is the folder itself
                if folder not in made:
                    tar.addfile(_entry(folder, tarfile.DIRTYPE, 0o755))
                    made.add(folder)
            tar.addfile(_entry(path, tarfile.REGTYPE, 0o644, len(content)), io.BytesIO(content))
        end = tar.offset + 2 * tarfile.BLOCKSIZE  # tarfile fills up to a record, Go's archive/tar ends with two blocks
    return archive.getvalue()[:end]


def _entry(path: PurePosixPath, kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.as_posix())
    entry.type, entry.mode, entry.size = kind, mode, size
    return entry


def left_out(files: Iterable[str]) -> list[str]:
    """The paths that coderd's provider would not upload: hidden ones, states, and files of variables (provisionersdk.Tar)."""
    return [path for path in files if _is_hidden(path) or ".tfstate" in path or _VARIABLES.fullmatch(path)]


def _is_hidden(path: str) -> bool:
    *folders, name = path.split("/")
    return any(folder.startswith(".") for folder in folders) or (name.startswith(".") and name != ".terraform.lock.hcl")


def unpack(content: bytes) -> dict[str, bytes]:
    """The files of a tar (compressed or not) or zip archive; CompositionError where it is none, or would write outside its folder."""
    try:
        files = _zip(content) if zipfile.is_zipfile(io.BytesIO(content)) else _tar(content)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise CompositionError([f"this is no tar and no zip archive: {error}"]) from None
    if outside := [path for path in files if path.startswith("/") or ".." in PurePosixPath(path).parts]:
        raise CompositionError([f"the archive holds {outside[0]!r}, which is outside of it; do not unpack it"])
    return dict(sorted((PurePosixPath(path).as_posix(), each) for path, each in files.items()))


def _zip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _check_size(sum(entry.file_size for entry in archive.infolist()))
        return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}


def _tar(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive:
            if entry.isfile():
                _check_size(entry.size + sum(map(len, files.values())))
                taken = archive.extractfile(entry)
                files[entry.name] = taken.read() if taken else b""
    return files


def _check_size(size: int) -> None:
    if size > _UNPACKED_LIMIT:
        raise CompositionError([f"the archive holds {size} bytes, a template at most {_UNPACKED_LIMIT}; it is none of ours"])
