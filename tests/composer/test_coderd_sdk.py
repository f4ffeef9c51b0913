"""sdks/coderd is what its schema generates."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _files(folder: Path) -> dict[str, bytes]:
    """Without what an installation leaves behind."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    kept = [path for path in found if not path.parts[0].endswith(".egg-info") and not {"build", "__pycache__"} & set(path.parts)]
    return {path.as_posix(): (folder / path).read_bytes() for path in kept}


@pytest.mark.real
def test_nobody_has_edited_the_sdk(tmp_path: Path):
    subprocess.run([ROOT / "tools/gen_sdk/run", tmp_path / "sdk"], check=True, capture_output=True)
    assert _files(tmp_path / "sdk") == _files(ROOT / "sdks/coderd")
