"""PostgreSQL on RDS on the graph."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.database_instance import DatabaseInstance, DatabaseInstanceArgs
from components.postgresql import PARAMETERS
from settings.database import DatabaseKey
from tests.components.conftest import Deploy
from tests.components.graph import Graph

ARGS = DatabaseInstanceArgs(
    identifier="coder-reference",
    secret_name="coder/reference/database",
    engine_version="16.8",
    instance_class="db.m7i.large",
    storage_gib=100,
    storage_most_gib=500,
    zones=("us-east-1a", "us-east-1b"),
    subnet_ids=("subnet-a", "subnet-b"),
    security_group_id="sg-database",
    replicas=0,
    key=DatabaseKey.AWS,
    retention_days=7,
    log_retention_days=90,
    data_protection=True,
)
INSTANCE, SECRET_VALUE = "aws:rds/instance:Instance", "aws:secretsmanager/secretVersion:SecretVersion"
PASSWORD = "random:index/randomPassword:RandomPassword"
MADE = {"random:index/randomId:RandomId": {"hex": "0a1b2c3d"}, PASSWORD: {"result": "correct-horse-battery-staple-xyz"}}


def database(deploy: Deploy, **changes: Any) -> Graph:
    return deploy(lambda: DatabaseInstance("database", replace(ARGS, **changes)), outputs=MADE)


@pytest.fixture
def graph(deploy: Deploy) -> Graph:
    return database(deploy)


def test_one_instance_has_a_standby_in_another_zone(graph: Graph):
    """DB-02: AWS chooses the primary's zone, and refuses one that is asked for."""
    instance = graph.one(INSTANCE)
    assert (instance.inputs["instanceClass"], instance.inputs["multiAz"]) == ("db.m7i.large", True)
    assert instance.inputs["engine"] == "postgres"
    assert "availabilityZone" not in instance.inputs


def test_the_subnet_group_holds_the_database_tier_and_nothing_is_public(graph: Graph):
    """DB-05, NET-17"""
    group, instance = graph.one("aws:rds/subnetGroup:SubnetGroup"), graph.one(INSTANCE)
    assert group.inputs["subnetIds"] == list(ARGS.subnet_ids)
    assert graph.reference(instance, "dbSubnetGroupName") == [group]
    assert instance.inputs["vpcSecurityGroupIds"] == ["sg-database"]
    assert instance.inputs["publiclyAccessible"] is False


def test_storage_is_encrypted_under_awss_key_or_under_one_of_our_own(deploy: Deploy, graph: Graph):
    """DB-06"""
    assert graph.one(INSTANCE).inputs["storageEncrypted"] is True
    assert not graph.of("aws:kms/key:Key")
    assert not {"kmsKeyId", "performanceInsightsKmsKeyId"} & graph.one(INSTANCE).inputs.keys()
    own = database(deploy, key=DatabaseKey.OWN)
    key = own.one("aws:kms/key:Key")
    assert key.inputs["enableKeyRotation"] is key.protect is True
    secret = own.one("aws:secretsmanager/secret:Secret")
    assert own.reference(own.one(INSTANCE), "kmsKeyId") == own.reference(secret, "kmsKeyId") == [key]


def test_a_connection_without_tls_is_refused(graph: Graph):
    """DB-07"""
    group = graph.one("aws:rds/parameterGroup:ParameterGroup")
    assert {parameter["name"]: parameter["value"] for parameter in group.inputs["parameters"]} == PARAMETERS
    assert PARAMETERS["rds.force_ssl"] == "1"
    assert group.inputs["family"] == "postgres16"
    assert graph.reference(graph.one(INSTANCE), "parameterGroupName") == [group]


def test_the_password_is_a_secret_of_the_state_and_kept_in_secrets_manager(graph: Graph):
    """DB-08, decision 5: RDS's own password would allow no read replicas."""
    instance, value = graph.one(INSTANCE), graph.one(SECRET_VALUE)
    assert "manageMasterUserPassword" not in instance.inputs
    assert "password" in instance.secrets
    assert "secretString" in value.secrets
    assert json.loads(value.inputs["secretString"]) == {"username": "coder_admin", "password": instance.inputs["password"]}
    assert graph.one("aws:secretsmanager/secret:Secret").inputs["name"] == "coder/reference/database"


def test_coderd_can_log_in_by_iam(graph: Graph):
    """DB-16"""
    assert graph.one(INSTANCE).inputs["iamDatabaseAuthenticationEnabled"] is True


@pytest.mark.parametrize("days", [1, 7, 35])
def test_point_in_time_recovery_reaches_back_as_far_as_declared(deploy: Deploy, days: int):
    """DB-09, DB-10, Property 5"""
    assert database(deploy, retention_days=days).one(INSTANCE).inputs["backupRetentionPeriod"] == days


@pytest.mark.parametrize("replicas", [1, 3])
def test_replicas_read_from_the_instance_and_go_round_the_zones(deploy: Deploy, replicas: int):
    """DB-17: each has its source's engine, and neither backups nor a final snapshot, which AWS refuses of replicas."""
    graph = database(deploy, replicas=replicas)
    source, *others = sorted(graph.of(INSTANCE), key=lambda node: len(node.name))
    assert len(others) == replicas
    for index, replica in enumerate(sorted(others, key=lambda node: node.name)):
        assert graph.reference(replica, "replicateSourceDb") == [source]
        assert replica.inputs["availabilityZone"] == ARGS.zones[(index + 1) % 2]
        assert replica.inputs["skipFinalSnapshot"] is True
        assert not {"engine", "username", "password", "allocatedStorage", "finalSnapshotIdentifier"} & replica.inputs.keys()


def test_replicas_change_nothing_else(deploy: Deploy, graph: Graph):
    """DB-17, v1.1: the instance, its password and its secret are declared as before."""
    after = {node.urn: node for node in database(deploy, replicas=2).nodes if node.custom}
    for node in graph.nodes:
        if node.custom:
            assert after[node.urn].inputs == node.inputs


def test_protected_data_is_neither_deleted_nor_replaced(graph: Graph):
    """DB-19, decision 12"""
    protected = {node.type for node in graph.nodes if node.protect}
    assert protected == {INSTANCE, SECRET_VALUE, "aws:secretsmanager/secret:Secret", PASSWORD}
    assert graph.one(INSTANCE).inputs["deletionProtection"] is True
    assert graph.one(INSTANCE).inputs["deleteAutomatedBackups"] is False
    assert not any(node.retain_on_delete for node in graph.nodes)


@pytest.mark.parametrize("protection", [True, False])
def test_a_deletion_always_leaves_a_snapshot_with_a_name_of_its_own(deploy: Deploy, protection: bool):
    """DB-19"""
    instance = database(deploy, data_protection=protection).one(INSTANCE)
    assert instance.inputs["skipFinalSnapshot"] is False
    assert instance.inputs["finalSnapshotIdentifier"] == "coder-reference-final-0a1b2c3d"
    assert instance.protect is instance.inputs["deletionProtection"] is protection


def test_the_version_is_pinned_and_changes_wait_for_the_window(graph: Graph):
    """DB-18, DB-20"""
    instance = graph.one(INSTANCE)
    assert instance.inputs["engineVersion"] == "16.8"
    flags = ("applyImmediately", "allowMajorVersionUpgrade", "autoMinorVersionUpgrade")
    assert {instance.inputs[flag] for flag in flags} == {False}


def test_storage_grows_by_itself_up_to_a_limit(graph: Graph):
    instance = graph.one(INSTANCE)
    assert (instance.inputs["allocatedStorage"], instance.inputs["maxAllocatedStorage"], instance.inputs["storageType"]) == (
        100,
        500,
        "gp3",
    )


def test_the_log_has_an_end_and_its_group_is_there_before_the_database(graph: Graph):
    group, instance = graph.one("aws:cloudwatch/logGroup:LogGroup"), graph.one(INSTANCE)
    assert group.inputs == {"name": "/aws/rds/instance/coder-reference/postgresql", "retentionInDays": 90}
    assert instance.inputs["enabledCloudwatchLogsExports"] == ["postgresql"]
    assert graph.waits_for(instance, group)


def test_no_pooler_stands_before_the_database(graph: Graph):
    """DB-21"""
    assert not [node for node in graph.nodes if "proxy" in node.type.lower()]


def test_declared_facts_are_its_inputs_and_outputs(graph: Graph):
    """Decision 10."""
    component, outputs = graph.component("coder-eks:database:DatabaseInstance")
    assert component.inputs == {
        "engine": "postgres",
        "engine_version": "16.8",
        "instance_class": "db.m7i.large",
        "multi_az": True,
        "replicas": 0,
        "key": "aws",
        "retention_days": 7,
        "data_protection": True,
    }
    assert component.inputs.items() <= outputs.items()


def test_a_preview_knows_every_resource(deploy: Deploy, graph: Graph):
    """No resource is declared inside an apply."""
    preview = deploy(lambda: DatabaseInstance("database", ARGS), preview=True)
    assert [node.urn for node in preview.nodes] == [node.urn for node in graph.nodes]
