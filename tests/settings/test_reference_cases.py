"""Golden cases of reference: its stack file loads, and a wrong one gets its exact messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from plan.faults import all_faults
from settings.cluster import IdentityMode
from settings.database import DatabaseEngine, DatabaseKey
from settings.load import SettingsError, load, load_file
from settings.network import NatMode, Tier
from settings.roles import CapacityType, Role
from settings.stack_file import read_config
from tests.settings.cases import HERE, merged, messages

HAPPY, STACK_FILE = HERE / "reference.happy.yaml", "Pulumi.reference.yaml"
ERRORS = sorted(HERE.glob("reference.error.*.yaml"))


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem.removeprefix("reference.error."))
def test_a_wrong_stack_file_is_answered_with_exactly_its_messages(path: Path):
    with pytest.raises(SettingsError) as caught:
        load(merged(read_config(HAPPY), read_config(path)), STACK_FILE)

    assert list(all_faults(caught.value)) == messages(path)


def test_the_happy_case_says_what_is_this_systems_own():
    """T-54, T-55, NET-08, DB-02, DB-06, EKS-28"""
    region = load_file(HAPPY).regions["us-east-1"]
    database = region.database

    assert region.tiers == (Tier.PUBLIC, Tier.PRIVATE, Tier.DATABASE)
    assert region.network.nat is NatMode.SINGLE_GATEWAY
    assert region.cluster.identity is IdentityMode.POD_IDENTITY
    assert [group.purpose for group in region.cluster.node_groups.values()] == [Role.CONTROL, Role.PROVISIONER, Role.WORKSPACE]
    assert {group.capacity_type for group in region.cluster.node_groups.values()} == {CapacityType.ON_DEMAND}
    assert database is not None
    assert (database.engine, database.key, database.instance_class) == (DatabaseEngine.POSTGRESQL, DatabaseKey.AWS, "db.m7i.large")


def test_the_stack_file_is_the_happy_case_and_stays_readable():
    """CIC-06, DOC-07: a newcomer reads reference in one go, at most 150 lines."""
    path = Path(__file__).parents[2] / STACK_FILE

    assert load_file(path) == load_file(HAPPY)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 150
