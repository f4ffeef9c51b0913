"""A stack file that violates properties stops `make up` with their numbers, the resources, and what to do; nothing was created.

Mutants of edges, which no stack file can make, are in tests/policy/test_engine_mutants.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.terminal import Terminal

pytestmark = pytest.mark.engine


def test_make_up_stops_at_violated_properties(empty: Terminal, tmp_path: Path):
    said = empty.with_file(tmp_path, {"regions.us-east-1.database.readers": 0, "coder.replicas": 1}).make("up")
    assert said.code != 0
    assert "Stopped by the policy pack" in said.out, said.text
    assert "Nothing was created or changed." in said.out
    for subject, remedy in (
        ("Property 1: database (aws:rds/cluster:Cluster): ", "database.readers"),
        ("Property 4: coder (kubernetes:helm.sh/v3:Release): ", "raise coder.replicas"),
    ):
        assert any(line.startswith(subject) and remedy in line for line in said.out.splitlines()), (subject, said.out)
    assert not empty.resources()
    assert not empty.inventory()
