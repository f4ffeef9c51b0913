"""What every process of a test run needs is made by the first that asks for it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

_FOLDER = "CODER_EKS_TESTS_SHARE"  # of one run; its processes inherit the variable


def begin() -> None:
    """Give the run a folder; `end` takes it away."""
    os.environ[_FOLDER] = tempfile.mkdtemp(prefix="coder-eks-tests-")


def end() -> None:
    """Forget what was shared."""
    if folder := os.environ.pop(_FOLDER, None):
        shutil.rmtree(folder, ignore_errors=True)


def once(name: str, make: Callable[[], bytes]) -> bytes:
    """What `make` gave to the first process that asked for `name`; who asks meanwhile waits. Without a run's folder, made here."""
    given = os.environ.get(_FOLDER)
    if given is None:
        return make()
    kept = Path(given, name)
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            part = kept.with_suffix(".part")
            part.write_bytes(make())
            part.rename(kept)
    return kept.read_bytes()
