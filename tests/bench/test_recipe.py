"""The floor declares what prod has, joined as in prod, and nothing of the engine's own."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.exported import counts, declared
from bench.recipe import floor_name, floor_recipe, with_token
from tests.bench.states import ENVIRONMENT, SUBNET, VPC, state


@pytest.fixture(name="entries")
def _entries():
    return floor_recipe(declared(state()))["resources"]


def test_the_floor_has_the_same_count_of_each_type(entries):
    assert dict(Counter(entry["token"] for entry in entries)) == counts(declared(state()))


def test_the_stack_and_default_providers_are_the_engines_own(entries):
    assert {"pulumi:pulumi:Stack", "pulumi:providers:random"}.isdisjoint(entry["token"] for entry in entries)


def test_an_id_of_another_resource_becomes_that_resources_output(entries):
    provider, environment, vpc, subnet, role = range(5)
    assert entries[subnet]["inputs"]["vpc_id"] == {"$ref": [vpc, "id"]}
    assert entries[subnet]["provider"] == provider
    assert entries[environment]["provider"] is None
    assert role == len(entries) - 1


def test_what_the_program_wrote_stays_a_literal_though_another_resource_repeats_it(entries):
    assert entries[3]["inputs"]["availability_zone"] == "us-east-1a"
    assert entries[2]["inputs"] == {"cidr_block": "10.0.0.0/16"}


def test_an_arn_inside_of_a_document_becomes_an_output_between_literals(entries):
    assert entries[4]["inputs"]["assume_role_policy"] == {"$text": ['{"Resource": "', {"$ref": [3, "arn"]}, '"}']}


def test_a_dependency_on_a_component_is_one_on_its_children():
    changed = state()
    changed["deployment"]["resources"][5]["propertyDependencies"]["vpcId"] = [ENVIRONMENT]
    assert floor_recipe(declared(changed))["resources"][3]["inputs"]["vpc_id"] == {"$ref": [2, "id"]}


def test_secrets_stay_secret(entries):
    assert entries[4]["inputs"]["description"] == {"$secret": "hidden"}


def test_only_what_no_output_orders_is_a_dependency_of_its_own(entries):
    assert entries[3]["depends_on"] == []
    assert entries[4]["depends_on"] == [2]  # the subnet is there by its ARN


def test_resources_of_one_name_under_two_parents_get_two_names():
    assert floor_name(VPC) != floor_name(VPC.replace("Environment$", "Environment$bench:copy1:Copy$"))
    assert floor_name(SUBNET).startswith("us-east-1-a-")


def test_the_floors_own_coder_has_a_token_of_its_own():
    recipe = {"resources": [{"token": "pulumi:providers:coderd", "inputs": {"url": "u", "token": {"$secret": "old"}}}]}
    assert with_token(recipe, "new")["resources"][0]["inputs"] == {"url": "u", "token": {"$secret": "new"}}
