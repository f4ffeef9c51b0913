"""What templates are told of the networks of a stack (POL-03, DNS-12)."""

from __future__ import annotations

import pytest
import yaml

from plan import make_plan
from plan.templates import template_facts
from settings.load import load
from tests.components.test_regions import FILE
from tests.plan.stacks import REGION, plan_of, prod


@pytest.mark.parametrize("switched_on", [(), ("us-west-2",), ("us-west-2", "eu-west-2")])
def test_workspaces_reach_no_regions_network_whether_it_is_switched_on_or_not(switched_on: tuple[str, ...]):
    """A region that is switched on later changes no template, and is closed to the workspaces that run already."""
    config = yaml.safe_load(FILE.read_text(encoding="utf-8"))["config"]
    for name, region in config["coder-eks:regions"].items():
        region["deployed"] = name == "us-east-2" or name in switched_on
    settings = load(config, FILE.name)
    facts = template_facts(settings, make_plan(settings), settings.primary_region)
    assert facts.platform["blocked_cidrs"] == ["10.0.0.0/16", "10.2.0.0/16", "10.1.0.0/16"]


def test_of_one_region_its_own():
    assert template_facts(prod(), plan_of(), REGION).platform["blocked_cidrs"] == ["10.0.0.0/16"]
