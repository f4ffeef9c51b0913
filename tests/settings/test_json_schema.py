"""The schema by which editors complete a stack file agrees with the settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from settings import json_schema
from settings.stack_file import read_config
from tests.settings.cases import HERE, PREFIX, happy, merged

SCHEMA: Any = json_schema.stack_file_schema()
# What a schema can't say: what lies between keys, and names that only tables know
ONLY_SETTINGS_KNOW = {
    "access_host_outside_domain",
    "access_host_too_long",
    "acu_half_steps",
    "acu_min_over_max",
    "always_on",
    "api_access_open",
    "auto_stop",
    "cidr_misaligned",
    "cidr_public",
    "cidr_too_large",
    "copy_to_region",
    "days_not_covered",
    "days_twice",
    "desired",
    "external_auth_twice",
    "github_group_twice",
    "github_groups",
    "github_secret",
    "github_team",
    "gpu_node_group",
    "group_mapping",
    "interface_endpoints",
    "karpenter_architectures",
    "karpenter_architectures_apart",
    "karpenter_beside_group",
    "karpenter_both_types",
    "karpenter_capacity_twice",
    "karpenter_control",
    "karpenter_gpu",
    "karpenter_name",
    "karpenter_no_types",
    "karpenter_scheduled_group",
    "karpenter_tier",
    "kubernetes_version_unknown",
    "login_both",
    "login_none",
    "min_over_max",
    "mix",
    "node_group_tier",
    "observability_contact_twice",
    "observability_prometheus",
    "observability_prometheus_none",
    "observability_retention",
    "observability_tracing",
    "nat_instance",
    "nat_instance_of_gateways",
    "off_hours",
    "peak_until",
    "permit_template",
    "no_database",
    "primary_region",
    "quota_group_missing",
    "quota_group_unknown",
    "regions_overlap",
    "role_mapping",
    "role_missing",
    "role_of_another_tier",
    "role_twice",
    "runner_cidrs_overlap",
    "runner_cidrs_public",
    "schedule_before_autostop",
    "schedule_missing",
    "schedule_too_late",
    "scopes",
    "secondary_database",
    "secret_names_equal",
    "snapshot_retention_days",
    "template_groups",
    "template_sizes",
    "tier_missing",
    "tier_private_beside_others",
    "tier_too_few",
    "tier_without_nodes",
    "timezone_fixed",
    "users",
    "versions",
    "volume",
    "zone_names",
    "zone_names_region",
}


def test_the_schema_in_the_repository_is_current():
    """`python -m settings.json_schema` writes it."""
    assert json_schema.FILE.read_text(encoding="utf-8") == json_schema.text()


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_stack_file_of_prod_points_editors_to_the_schema():
    stack_file = Path(__file__).parents[2] / "Pulumi.prod.yaml"

    assert stack_file.read_text(encoding="utf-8").splitlines()[0] == "# yaml-language-server: $schema=settings/schema.json"
    assert stack_file.parent / "settings" / "schema.json" == json_schema.FILE


def test_the_happy_case_is_valid():
    jsonschema.validate({"config": happy()}, SCHEMA)


def test_other_namespaces_and_pulumis_own_keys_are_free():
    jsonschema.validate({"config": {**happy(), "aws:region": "us-east-1"}, "encryptionsalt": "v1:…"}, SCHEMA)


@pytest.mark.parametrize("path", sorted(HERE.glob("prod.error.*.yaml")), ids=lambda path: path.stem.removeprefix("prod.error."))
def test_an_editor_marks_what_a_schema_can_say(path: Path):
    config = merged(happy(), read_config(path))

    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid({"config": config})

    assert valid == (path.stem.removeprefix("prod.error.") in ONLY_SETTINGS_KNOW)


def test_every_default_in_the_schema_is_what_a_stack_file_would_hold():
    """A default that an editor inserts must be readable again."""
    defaults = SCHEMA["properties"]["config"]["properties"][PREFIX + "versions"]["default"]

    jsonschema.validate({"config": {**happy(), PREFIX + "versions": json.loads(json.dumps(defaults))}}, SCHEMA)
