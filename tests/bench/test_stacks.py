"""What one more region costs, worked out of measurements."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml

from bench.measure import Measurement
from bench.stacks import PHASES, REGIONAL, STACKS, Results, Variant, deployed, marginal
from tools.install import ROOT


def measured(*cpu: float) -> list[Measurement]:
    return [Measurement(wall=9.0, cpu=each, cloud_cpu=0.0, peak=1, code=0, output="") for each in cpu]


def results(seconds: Mapping[int, list[Measurement]]) -> Results:
    return {Variant(REGIONAL, regions): {"up": found} for regions, found in seconds.items()}


def test_a_region_costs_what_it_adds_to_the_median():
    found = results({1: measured(10, 10.5, 9), 2: measured(14, 99, 13), 3: measured(18.4)})
    assert marginal(found, "up") == pytest.approx((4.0, 4.4))


def test_nothing_is_said_of_regions_that_were_not_measured():
    assert marginal(results({1: measured(1), 2: measured(2)}), "up") is None
    assert marginal(results({1: measured(1), 2: measured(2), 3: []}), "up") is None


def test_the_first_regions_of_the_file_are_deployed_and_no_other():
    config = {"coder-eks:system": {"name": "x"}, "coder-eks:regions": {"b": {"network": 1}, "a": {"deployed": True}, "c": {}}}
    switched = deployed(config, 2)
    assert switched["coder-eks:system"] == {"name": "x"}
    assert switched["coder-eks:regions"] == {"b": {"network": 1, "deployed": True}, "a": {"deployed": True}, "c": {"deployed": False}}


def test_every_stack_is_measured_and_demo_has_three_regions_to_switch():
    assert set(STACKS) == {path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml") if not path.name.endswith(".deploy.yaml")}
    config = yaml.safe_load((ROOT / f"Pulumi.{REGIONAL}.yaml").read_text())["config"]
    assert len(config["coder-eks:regions"]) == 3


def test_the_phases_come_in_the_order_in_which_they_can_be_run():
    assert list(PHASES) == ["first preview", "up", "preview, nothing to do"]
