"""A change that would replace or delete protected data is stopped at preview, and names what forces it (architecture, decision 12)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.terminal import REMOVED, Terminal

pytestmark = pytest.mark.engine

COPIES = "regions.us-east-1.database.copy_to_region"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param(
            {"system.name": "prod2"},
            ["database (aws:rds/cluster:Cluster) is protected and would be replaced, and its data lost: forced by clusterIdentifier"],
            id="another name for the system",
        ),
        pytest.param(
            {COPIES: REMOVED},
            ["backups-copy (aws:backup/vault:Vault) is protected and would be deleted: it is not declared any more"],
            id="no copies, so no vault and no key for them",
        ),
    ],
)
def test_make_up_stops_before_protected_data_is_lost(standing: Terminal, tmp_path: Path, changes: dict[str, object], says: list[str]):
    state, cloud = standing.export(), standing.inventory()
    said = standing.with_file(tmp_path, changes).make("up")
    assert said.code != 0
    for sentence in says:
        assert sentence in said.out, said.text
    assert "to let the data go, set coder-eks:system.data_protection: false" in said.out
    assert "Traceback" not in said.text
    assert standing.export() == state
    assert standing.inventory() == cloud


def test_a_wrong_stack_file_leaves_a_standing_stack_as_it_was(standing: Terminal, tmp_path: Path):
    state, cloud = standing.export(), standing.inventory()
    said = standing.with_file(tmp_path, {"regions.us-east-1.database.readers": -1}).make("up")
    assert said.code != 0
    assert "coder-eks:regions.us-east-1.database.readers" in said.text
    assert standing.export() == state
    assert standing.inventory() == cloud
