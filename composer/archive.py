"""Template folders as coderd takes them: one archive, the same bytes for the same files; and back."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from composer.errors import CompositionError

LIMIT = 1024 * 1024  # bytes that coderd takes as one template version (provider coder/coderd 0.0.23, facts of its template)
_UNPACKED_LIMIT = 32 * LIMIT  # far above what LIMIT holds of text; more is an attack


def pack(files: Mapping[str, bytes]) -> bytes:
    """A tar archive in order of the paths, with no owner and no time."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


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
