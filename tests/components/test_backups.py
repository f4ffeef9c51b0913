"""AWS Backup on the graph."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pulumi_aws as aws
import pytest

from components.backups import SCHEDULE, Backups, BackupsArgs
from components.postgresql import BACKUP_WINDOW
from tests.components.graph import Graph
from tests.components.recorder import record

DATABASE_ARN = "arn:aws:rds:us-east-1:123456789012:cluster:coder-prod"
ARGS = BackupsArgs(
    vault_name="coder-prod",
    resource_arns=(DATABASE_ARN,),
    retention_days=90,
    copy_provider=None,
    copy_region=None,
    data_protection=True,
)
VAULT, PLAN, KEY = "aws:backup/vault:Vault", "aws:backup/plan:Plan", "aws:kms/key:Key"


def backups(*, copy_region: str | None = "us-west-2", preview: bool = False, **changes: Any) -> Graph:
    def program() -> None:
        copy = aws.Provider("copy", region=copy_region) if copy_region else None
        Backups("backups", replace(ARGS, copy_provider=copy, copy_region=copy_region, **changes))

    graph = record(program, preview=preview)
    assert not graph.warnings
    assert not [fault for fault in graph.faults if not fault.startswith("pulumi:providers:")]  # whose inputs go over the wire as JSON text
    return graph


@pytest.fixture
def graph() -> Graph:
    return backups()


def rule(graph: Graph) -> dict[str, Any]:
    (only,) = graph.one(PLAN).inputs["rules"]
    return only


def test_snapshots_are_taken_daily_and_kept_for_the_declared_days(graph: Graph):
    """DB-10, T-31."""
    assert rule(graph)["lifecycle"] == {"deleteAfter": 90}
    assert rule(graph)["schedule"] == "cron(0 9 * * ? *)"
    assert graph.reference(graph.one(PLAN), "rules") == [graph.one(VAULT, "backups"), graph.one(VAULT, "backups-copy")]


def test_each_snapshot_is_copied_to_the_second_region_and_kept_as_long(graph: Graph):
    """DB-10, section 5 (8.x)."""
    copy = graph.one(VAULT, "backups-copy")
    assert rule(graph)["copyActions"] == [{"destinationVaultArn": copy.outputs["arn"], "lifecycle": {"deleteAfter": 90}}]


def test_the_second_vault_and_its_key_are_made_by_the_second_regions_provider(graph: Graph):
    copies = [graph.one(VAULT, "backups-copy"), graph.one(KEY, "backups-copy")]
    here = [graph.one(VAULT, "backups"), graph.one(KEY, "backups"), graph.one(PLAN)]
    assert all("copy" in node.provider for node in copies)
    assert not any("copy" in node.provider for node in here)


def test_without_a_second_region_nothing_is_copied():
    graph = backups(copy_region=None)
    assert rule(graph).get("copyActions", []) == []
    assert len(graph.of(VAULT)) == 1


def test_the_database_is_selected_by_arn_with_the_role(graph: Graph):
    selection = graph.one("aws:backup/selection:Selection")
    assert selection.inputs["resources"] == [DATABASE_ARN]
    assert graph.reference(selection, "planId") == [graph.one(PLAN)]
    assert graph.reference(selection, "iamRoleArn") == [graph.one("aws:iam/role:Role")]


def test_only_aws_backup_takes_the_role_and_it_can_back_up_and_restore(graph: Graph):
    """DB-11."""
    (statement,) = json.loads(graph.one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}
    attached = {node.inputs["policyArn"] for node in graph.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")}
    prefix = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"
    assert attached == {f"{prefix}Backup", f"{prefix}Restores"}


def test_each_vault_has_a_rotated_key_of_its_own(graph: Graph):
    """DB-06."""
    for name in ("backups", "backups-copy"):
        assert graph.reference(graph.one(VAULT, name), "kmsKeyArn") == [graph.one(KEY, name)]
        assert graph.one(KEY, name).inputs["enableKeyRotation"] is True


@pytest.mark.parametrize("protection", [True, False])
def test_vaults_and_keys_go_only_without_protection(protection: bool):
    """DB-19."""
    graph = backups(data_protection=protection)
    assert {node.protect for node in [*graph.of(VAULT), *graph.of(KEY)]} == {protection}
    assert {node.inputs["forceDestroy"] for node in graph.of(VAULT)} == {not protection}


def test_a_snapshot_begins_more_than_an_hour_after_the_databases_own_backup():
    """AWS Backup fails a job within an hour of it."""
    hour = int(SCHEDULE.split()[1])
    assert hour - int(BACKUP_WINDOW.rpartition("-")[2].partition(":")[0]) > 1


def test_declared_facts_are_its_inputs_and_outputs(graph: Graph):
    """Decision 10."""
    component, outputs = graph.component("coder-eks:backups:Backups")
    assert component.inputs == {"retention_days": 90, "copy_to_region": "us-west-2", "data_protection": True}
    assert component.inputs.items() <= outputs.items()
    assert outputs["copy_vault_arn"] == graph.one(VAULT, "backups-copy").outputs["arn"]


def test_a_preview_knows_every_resource(graph: Graph):
    assert [node.urn for node in backups(preview=True).nodes] == [node.urn for node in graph.nodes]
