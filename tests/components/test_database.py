"""Aurora PostgreSQL on the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi_aws as aws
import pytest

from components.database import Database, DatabaseArgs
from components.postgresql import PARAMETERS
from tests.components.conftest import Deploy
from tests.components.graph import Graph

ARGS = DatabaseArgs(
    identifier="coder-prod",
    engine_version="16.8",
    zones=("us-east-1a", "us-east-1b", "us-east-1c"),
    subnet_ids=("subnet-a", "subnet-b", "subnet-c"),
    security_group_id="sg-database",
    readers=2,
    min_acu=8,
    max_acu=128,
    retention_days=35,
    log_retention_days=90,
    data_protection=True,
)
CLUSTER, INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"
LIFE = {"random:index/randomId:RandomId": {"hex": "0a1b2c3d"}}


def database(deploy: Deploy, **changes: Any) -> Graph:
    return deploy(lambda: Database("database", replace(ARGS, **changes)), outputs=LIFE)


@pytest.fixture
def graph(deploy: Deploy) -> Graph:
    return database(deploy)


def test_a_writer_and_two_readers_stand_in_one_zone_each(graph: Graph):
    """DB-01."""
    instances = graph.of(INSTANCE)
    assert sorted(node.inputs["availabilityZone"] for node in instances) == list(ARGS.zones)
    assert {node.inputs["instanceClass"] for node in instances} == {"db.serverless"}
    assert all(graph.reference(node, "clusterIdentifier") == [graph.one(CLUSTER)] for node in instances)


@pytest.mark.parametrize(("readers", "zones"), [(0, ("us-west-2a", "us-west-2b")), (1, ("us-west-2a", "us-west-2b")), (3, ARGS.zones)])
def test_there_is_one_instance_more_than_readers_and_they_go_round_the_zones(deploy: Deploy, readers: int, zones: tuple[str, ...]):
    """DB-01, DB-03."""
    instances = database(deploy, readers=readers, zones=zones).of(INSTANCE)
    assert len(instances) == 1 + readers
    assert {node.inputs["availabilityZone"] for node in instances} == set(zones[: 1 + readers])


def test_every_reader_keeps_the_writers_capacity(graph: Graph):
    """DB-22: in promotion tiers 0 and 1 a failover meets a warm instance."""
    assert {node.inputs["promotionTier"] for node in graph.of(INSTANCE)} <= {0, 1}


def test_the_subnet_group_holds_the_database_tier_and_nothing_is_public(graph: Graph):
    """DB-05, NET-17."""
    group = graph.one("aws:rds/subnetGroup:SubnetGroup")
    assert group.inputs["subnetIds"] == list(ARGS.subnet_ids)
    assert graph.reference(graph.one(CLUSTER), "dbSubnetGroupName") == [group]
    assert graph.one(CLUSTER).inputs["vpcSecurityGroupIds"] == ["sg-database"]
    assert all(node.inputs["publiclyAccessible"] is False for node in graph.of(INSTANCE))


def test_storage_password_and_performance_data_lie_under_a_rotated_key_of_our_own(graph: Graph):
    """DB-06."""
    key, cluster = graph.one("aws:kms/key:Key"), graph.one(CLUSTER)
    assert key.inputs["enableKeyRotation"] is True
    assert cluster.inputs["storageEncrypted"] is True
    assert graph.reference(cluster, "kmsKeyId") == graph.reference(cluster, "masterUserSecretKmsKeyId") == [key]
    assert all(graph.reference(node, "performanceInsightsKmsKeyId") == [key] for node in graph.of(INSTANCE))


def test_a_connection_without_tls_is_refused(graph: Graph):
    """DB-07."""
    group = graph.one("aws:rds/clusterParameterGroup:ClusterParameterGroup")
    parameters = {parameter["name"]: parameter["value"] for parameter in group.inputs["parameters"]}
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["ssl_min_protocol_version"] == "TLSv1.2"
    assert parameters == PARAMETERS
    assert group.inputs["family"] == "aurora-postgresql16"
    assert graph.reference(graph.one(CLUSTER), "dbClusterParameterGroupName") == [group]


def test_rds_makes_the_password_and_nothing_here_knows_it(graph: Graph):
    """DB-08."""
    cluster = graph.one(CLUSTER)
    assert cluster.inputs["manageMasterUserPassword"] is True
    assert not [key for key in cluster.inputs if key.startswith("masterPassword")]


def test_coderd_can_log_in_by_iam(graph: Graph):
    """DB-16."""
    assert graph.one(CLUSTER).inputs["iamDatabaseAuthenticationEnabled"] is True


@pytest.mark.parametrize("days", [1, 7, 35])
def test_point_in_time_recovery_reaches_back_as_far_as_declared(deploy: Deploy, days: int):
    """DB-09, DB-10, Property 5."""
    assert database(deploy, retention_days=days).one(CLUSTER).inputs["backupRetentionPeriod"] == days


def test_capacity_is_the_declared_one(graph: Graph):
    """DB-15."""
    assert graph.one(CLUSTER).inputs["serverlessv2ScalingConfiguration"] == {"minCapacity": 8, "maxCapacity": 128}


def test_protected_data_is_neither_deleted_nor_replaced(graph: Graph):
    """DB-19, decision 12."""
    cluster = graph.one(CLUSTER)
    assert cluster.protect
    assert graph.one("aws:kms/key:Key").protect
    assert cluster.inputs["deletionProtection"] is True
    assert not any(node.retain_on_delete for node in graph.nodes)


@pytest.mark.parametrize("protection", [True, False])
def test_a_deletion_always_leaves_a_snapshot_with_a_name_of_its_own(deploy: Deploy, protection: bool):
    """DB-19: AWS refuses a second final snapshot of one name, so that it carries a random part of this life."""
    graph = database(deploy, data_protection=protection)
    cluster = graph.one(CLUSTER)
    assert cluster.inputs["skipFinalSnapshot"] is False
    assert cluster.inputs["finalSnapshotIdentifier"] == "coder-prod-final-0a1b2c3d"
    assert cluster.inputs["copyTagsToSnapshot"] is True


def test_without_protection_everything_can_go(deploy: Deploy):
    graph = database(deploy, data_protection=False)
    assert graph.one(CLUSTER).inputs["deletionProtection"] is False
    assert not any(node.protect for node in graph.nodes)


def test_the_version_is_pinned_and_changes_wait_for_the_window(graph: Graph):
    """DB-18, DB-20."""
    cluster = graph.one(CLUSTER)
    assert cluster.inputs["engineVersion"] == "16.8"
    assert cluster.inputs["applyImmediately"] is cluster.inputs["allowMajorVersionUpgrade"] is False
    assert all(node.inputs["autoMinorVersionUpgrade"] is node.inputs["applyImmediately"] is False for node in graph.of(INSTANCE))
    assert {node.inputs["engineVersion"] for node in graph.of(INSTANCE)} == {"16.8"}


def test_servers_show_a_certificate_whose_root_is_kept(graph: Graph):
    """DB-07: components/rds_certificates has the RSA 2048 root of every region in it."""
    assert {node.inputs["caCertIdentifier"] for node in graph.of(INSTANCE)} == {"rds-ca-rsa2048-g1"}


def test_the_log_has_an_end_and_its_group_is_there_before_the_database(graph: Graph):
    group, cluster = graph.one("aws:cloudwatch/logGroup:LogGroup"), graph.one(CLUSTER)
    assert group.inputs == {"name": "/aws/rds/cluster/coder-prod/postgresql", "retentionInDays": 90}
    assert cluster.inputs["clusterIdentifier"] == "coder-prod"
    assert cluster.inputs["enabledCloudwatchLogsExports"] == ["postgresql"]
    assert graph.waits_for(cluster, group)


def test_no_pooler_stands_before_the_database(graph: Graph):
    """DB-21."""
    assert not [node for node in graph.nodes if "proxy" in node.type.lower()]


def test_whoever_takes_the_endpoint_waits_for_the_instances(deploy: Deploy):
    """DB-22: the name comes with the cluster, an answer with the first instance."""

    def program() -> None:
        database = Database("database", ARGS)
        aws.ssm.Parameter("endpoint", type="String", value=database.endpoint)

    graph = deploy(program, outputs=LIFE)
    parameter = graph.one("aws:ssm/parameter:Parameter")
    assert all(node in graph.reference(parameter, "value") for node in graph.of(INSTANCE))
    assert parameter.inputs["value"] == "database.cluster-abcdefghijkl.us-east-1.rds.amazonaws.com"


def test_declared_facts_are_its_inputs_and_outputs(graph: Graph):
    """Decision 10."""
    component, outputs = graph.component("coder-eks:database:Database")
    assert component.inputs == {
        "engine": "aurora-postgresql",
        "engine_version": "16.8",
        "zones": ["us-east-1a", "us-east-1b", "us-east-1c"],
        "readers": 2,
        "min_acu": 8,
        "max_acu": 128,
        "retention_days": 35,
        "data_protection": True,
    }
    assert component.inputs.items() <= outputs.items()
    assert outputs["resource_id"] == "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert outputs["secret_arn"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-")


def test_a_preview_knows_every_resource(deploy: Deploy, graph: Graph):
    """No resource is declared inside an apply."""
    preview = deploy(lambda: Database("database", ARGS), preview=True)
    assert [node.urn for node in preview.nodes] == [node.urn for node in graph.nodes]
