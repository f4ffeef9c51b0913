"""Golden cases of demo: its stack file loads, and a wrong one gets its exact messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from plan.faults import all_faults
from settings.load import SettingsError, load, load_file
from settings.network import NatMode
from settings.regions import Serves
from settings.stack_file import read_config
from tests.settings.cases import HERE, merged, messages

HAPPY, STACK_FILE = HERE / "demo.happy.yaml", "Pulumi.demo.yaml"
ERRORS = sorted(HERE.glob("demo.error.*.yaml"))


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem.removeprefix("demo.error."))
def test_a_wrong_stack_file_is_answered_with_exactly_its_messages(path: Path):
    with pytest.raises(SettingsError) as caught:
        load(merged(read_config(HAPPY), read_config(path)), STACK_FILE)

    assert list(all_faults(caught.value)) == messages(path)


def test_there_are_enough_golden_cases():
    assert len(ERRORS) >= 7


def test_the_happy_case_says_what_is_this_systems_own():
    """NET-15, NET-38, DB-03, DNS-12, T-12"""
    settings = load_file(HAPPY)
    database = settings.primary_database

    assert list(settings.deployed_regions) == ["us-east-2"]
    assert [region.serves for region in settings.regions.values()][1:] == [Serves.PROXY, Serves.PROXY]
    assert {region.network.nat for region in settings.regions.values()} == {NatMode.INSTANCE}
    assert database.acu is not None
    assert (database.engine_version, database.acu.min, database.acu.max, database.readers) == ("15.8", 0.5, 16, 1)
    assert settings.regional_hosts["us-west-2"] == "us-west-2.coderdemo.io"


def test_what_demo_leaves_off_is_taken_where_it_is_asked_for():
    """NET-39, DB-04, DB-23: a link, a coderd on the database behind it, a database for LiteLLM; off in the happy case."""
    west = {"serves": "shared-database", "link": "peering", "deployed": True}
    regions = {"us-west-2": west, "us-east-2": {"litellm_database": {"acu": {"min": 0.5, "max": 8}}}}
    settings = load(merged(read_config(HAPPY), {"coder-eks:regions": regions}), STACK_FILE)

    assert settings.linked_regions == settings.sharing_regions == ("us-west-2",)
    assert settings.serves_access("us-west-2")
    assert (settings.regions["us-east-2"].database_clusters, settings.regions["us-east-2"].database_instances) == (2, 4)
    happy = load_file(HAPPY)
    assert happy.linked_regions == happy.sharing_regions == ()
    assert happy.regions["us-east-2"].database_instances == 2


def test_the_stack_file_of_demo_loads_and_stays_readable():
    """A newcomer reads demo in one go: three regions in at most 160 lines; a region is switched on in one of them."""
    path = Path(__file__).parents[2] / STACK_FILE
    text = path.read_text(encoding="utf-8")

    assert load_file(path) == load_file(HAPPY)
    assert len(text.splitlines()) <= 160
    assert text.splitlines()[0] == "# yaml-language-server: $schema=settings/schema.json"
    assert text.count("deployed: false") == 2
