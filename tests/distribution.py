"""Which tests run in one process, and which come first.

A file stays together, so that what its fixtures start is started once; files that share a stack or recorded graphs stay together too.
(pytest-xdist 3.8.0's own `--dist loadgroup` finds no group under pytest 9.2.0: it writes a field of the items that is not read any more.)
"""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

# The longest first: what remains is then short enough to fill the processes evenly.
GROUPS = {
    "life": ("tests/engine/test_life.py", "tests/engine/test_secrets.py"),
    "valid": ("tests/policy/test_valid_stacks.py",),
    "standing": ("tests/engine/test_one_value.py", "tests/engine/test_protection.py"),
    "regions": tuple(  # one recording of each graph for all of them
        f"tests/components/test_{name}.py" for name in ("regions", "region_link", "shared_database", "litellm_database")
    ),
}
_OF_FILE = {file: group for group, files in GROUPS.items() for file in files}
_RANKS = {group: rank for rank, group in enumerate(GROUPS)}


class ByFile(LoadScopeScheduling):
    """A file, or a group of files, at a time."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return _OF_FILE.get(file, file)


def rank(item: pytest.Item, root: Path) -> tuple[int, int]:
    """Groups in their order, then the engine's other tests, then the rest."""
    group = _OF_FILE.get(item.path.relative_to(root).as_posix(), "")
    return (_RANKS.get(group, len(_RANKS)), 0 if item.get_closest_marker("engine") else 1)
