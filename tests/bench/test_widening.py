"""Each copy of prod is a system of its own that shares nothing with another that must be unique in an account."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from bench.widening import REGIONS, widened_config
from composer.catalog import CATALOG, load_catalog
from composer.publishing import publish
from plan import make_plan
from settings.load import load
from settings.model import Settings

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "Pulumi.prod.yaml").read_text())["config"]


@pytest.fixture(name="copies", scope="module")
def _copies() -> list[Settings]:
    return [load(widened_config(CONFIG, copy), f"copy {copy}") for copy in range(len(REGIONS))]


def test_the_first_copy_is_prod():
    assert widened_config(CONFIG, 0) == CONFIG


def test_every_copy_can_be_planned(copies: list[Settings]):
    for settings in copies:
        assert make_plan(settings).regions.keys() == settings.regions.keys()


def test_every_copy_can_publish_its_templates(copies: list[Settings]):
    for settings in copies:
        assert publish(load_catalog(CATALOG), settings, make_plan(settings), date(2026, 11, 21))


def test_no_two_copies_share_a_system_a_region_a_host_or_a_secret(copies: list[Settings]):
    for one, other in combinations(copies, 2):
        assert one.system.name != other.system.name
        assert one.system.base_domain != other.system.base_domain
        assert one.coder.access_host != other.coder.access_host
        assert one.coder.secrets.license != other.coder.secrets.license
        assert used_regions(one).isdisjoint(used_regions(other))


def used_regions(settings: Settings) -> set[str]:
    return set(settings.regions) | {str(region.database.copy_to_region) for region in settings.regions.values()}
