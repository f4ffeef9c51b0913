"""A state of any size is whole copies of prod's, none of which leads into another."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from bench.states import multiplied
from tests.bench.states import ENVIRONMENT, resources, state


def made(size: int):
    return multiplied(state(), size)["deployment"]["resources"]


@pytest.mark.parametrize("size", [3, 7, 8, 12, 100])
def test_the_size_is_as_asked(size):
    assert len(made(size)) == size


def test_the_first_copy_is_the_state_itself():
    assert sorted(map(json.dumps, made(7))) == sorted(map(json.dumps, resources()))


def test_urns_and_ids_are_unique():
    found = made(2 + 5 * 4)
    assert max(Counter(each["urn"] for each in found).values()) == 1
    assert max(Counter(each["id"] for each in found if each["type"] == "aws:ec2/vpc:Vpc").values()) == 1


def test_edges_stay_within_a_copy():
    for each in made(2 + 5 * 4):
        if each["type"] == "aws:ec2/subnet:Subnet":
            name = each["urn"].rpartition("::")[2].replace("-a", "")  # us-east-11-1 of us-east-11-a-1
            assert each["propertyDependencies"]["vpcId"] == each["dependencies"]
            assert each["dependencies"][0].endswith(f"::{name}")
            assert each["parent"] == ENVIRONMENT
            assert f"::{name}::" in each["provider"]


def test_an_id_is_the_same_wherever_its_copy_names_it():
    found = {each["urn"]: each for each in made(2 + 5 * 3)}
    for each in found.values():
        if each["type"] == "aws:ec2/subnet:Subnet":
            assert each["inputs"]["vpcId"] == found[each["dependencies"][0]]["id"]


def test_the_environment_declares_the_region_of_every_copy():
    environment = next(each for each in made(2 + 5 * 3) if each["urn"] == ENVIRONMENT)
    assert list(environment["outputs"]["regions"]) == ["us-east-1", "us-east-11", "us-east-12"]
