"""What RDS refuses: every row with an input that AWS refuses and a near one that it takes."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.kinds.model import Refused
from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.pairs import Act, Pair, changed, deleted, judge, made, rows, untested

_GROUP, _PARAMETERS = "aws:rds/subnetGroup:SubnetGroup", "aws:rds/clusterParameterGroup:ClusterParameterGroup"
_CLUSTER, _MEMBER, _INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance", "aws:rds/instance:Instance"
ROWS = rows("refusals_rds", "refusals_rds_groups", "refusals_rds_instances", "refusals_rds_options")


def _subnets_in(zones: str) -> Act:
    return made(_GROUP, subnetIds=lambda account: [account.subnet(number + 20, letter).id for number, letter in enumerate(zones)])


def _capacity(low: float, high: float) -> Act:
    return made(_CLUSTER, serverlessv2ScalingConfiguration={"minCapacity": low, "maxCapacity": high})


def _parameters(method: str) -> Act:
    return made(_PARAMETERS, parameters=[{"name": "shared_preload_libraries", "value": "pg_stat_statements", "applyMethod": method}])


def _with_family(family: str) -> Act:
    return made(_CLUSTER, dbClusterParameterGroupName=lambda account: account.make(_PARAMETERS, family=family)["name"])


def _snapshots(second: str) -> Act:
    """Two clusters, deleted one after the other."""

    def act(account: Account) -> object:
        for name in ("coder-final", second):
            cluster = account.make(_CLUSTER, **account.database(skipFinalSnapshot=False, finalSnapshotIdentifier=name))
            account.delete(cluster)
        return account

    return act


def _instance_snapshots(account: Account) -> object:
    for _ in range(2):
        inputs = {**MINIMAL[_INSTANCE](account), "skipFinalSnapshot": False, "finalSnapshotIdentifier": "coder-final"}
        account.delete(account.make(_INSTANCE, **inputs))
    return account


def _replica_of(**source: Any) -> Act:
    """A PostgreSQL instance and a read replica of it."""

    def act(account: Account) -> object:
        inputs = {**MINIMAL[_INSTANCE](account), "backupRetentionPeriod": 7, **source}
        first = account.make(_INSTANCE, **{name: value for name, value in inputs.items() if value is not None})
        return account.make(_INSTANCE, replicateSourceDb=first["identifier"], instanceClass="db.t3.medium", skipFinalSnapshot=True)

    return act


def _replica_deleted(**inputs: Any) -> Act:
    def act(account: Account) -> object:
        source = account.make(_INSTANCE, **{**_plain(account), "backupRetentionPeriod": 7})
        replica = {"replicateSourceDb": source["identifier"], "instanceClass": "db.t3.medium", "finalSnapshotIdentifier": "replica-final"}
        account.delete(account.make(_INSTANCE, **replica, **inputs))
        return account

    return act


def _plain(account: Account) -> dict[str, Any]:
    """An instance with a password of its own."""
    inputs = {**MINIMAL[_INSTANCE](account), **_OWN_PASSWORD}
    return {name: value for name, value in inputs.items() if value is not None}


_OWN_PASSWORD = {"manageMasterUserPassword": None, "password": "correct-horse"}
PAIRS = {
    "the engine has the logs that are exported": Pair(
        made(_CLUSTER, enabledCloudwatchLogsExports=["audit"]), made(_CLUSTER, enabledCloudwatchLogsExports=["postgresql"])
    ),
    "the certificate authority is one of today's": Pair(
        made(_MEMBER, caCertIdentifier="rds-ca-2019"), made(_MEMBER, caCertIdentifier="rds-ca-rsa4096-g1")
    ),
    "the parameter exists": Pair(
        made(_PARAMETERS, parameters=[{"name": "log_min_duration", "value": "1000"}]),
        made(_PARAMETERS, parameters=[{"name": "log_min_duration_statement", "value": "1000"}, {"name": "rds.force_ssl", "value": "1"}]),
    ),
    "a subnet group covers two zones": Pair(_subnets_in("aa"), _subnets_in("ab")),
    "a subnet group is in one VPC": Pair(
        made(_GROUP, subnetIds=lambda account: [account.subnets[0], account.other_subnets[1]]), made(_GROUP)
    ),
    "the family exists": Pair(made(_PARAMETERS, family="aurora-postgresql12.1"), made(_PARAMETERS, family="aurora-postgresql17")),
    "static parameters wait for a restart": Pair(_parameters("immediate"), _parameters("pending-reboot")),
    "no parameter twice": Pair(
        made(_PARAMETERS, parameters=[{"name": "rds.force_ssl", "value": value} for value in "01"]),
        made(_PARAMETERS, parameters=[{"name": name, "value": "1"} for name in ("rds.force_ssl", "log_connections")]),
    ),
    "the engine has the version": Pair(made(_CLUSTER, engineVersion="16.99"), made(_CLUSTER, engineVersion="16.8")),
    "engines go up only, majors when told so": Pair(
        changed(_CLUSTER, {"engineVersion": "16.8"}, {"engineVersion": "17.5"}),
        changed(_CLUSTER, {"engineVersion": "16.8"}, {"engineVersion": "17.5", "allowMajorVersionUpgrade": True}),
    ),
    "backups are kept for up to 35 days": Pair(made(_CLUSTER, backupRetentionPeriod=0), made(_CLUSTER, backupRetentionPeriod=1)),
    "capacity is from 0 to 256 ACU in half steps": Pair(_capacity(8, 4), _capacity(4, 8)),
    "one way of giving a password": Pair(made(_CLUSTER, masterPassword="correct-horse"), made(_CLUSTER)),
    "a master user with a name of its own": Pair(made(_CLUSTER, masterUsername="rdsadmin"), made(_CLUSTER, masterUsername="coder_admin")),
    "a password has RDS's characters": Pair(
        made(_CLUSTER, manageMasterUserPassword=None, masterPassword="horse@battery"),
        made(_CLUSTER, manageMasterUserPassword=None, masterPassword="correct-horse"),
    ),
    "a database name is no reserved word": Pair(made(_CLUSTER, databaseName="postgres"), made(_CLUSTER, databaseName="coder")),
    "there is no default subnet group": Pair(made(_CLUSTER, dbSubnetGroupName=None), made(_CLUSTER)),
    "security and subnet group are in one VPC": Pair(
        made(_CLUSTER, vpcSecurityGroupIds=lambda account: [account.other_group.id]),
        made(_CLUSTER, vpcSecurityGroupIds=lambda account: [account.group.id]),
    ),
    "a parameter group is of the engine's family": Pair(_with_family("aurora-postgresql15"), _with_family("aurora-postgresql16")),
    "backups and upkeep do not overlap": Pair(
        made(_CLUSTER, preferredBackupWindow="05:00-06:00", preferredMaintenanceWindow="sun:05:30-sun:06:30"),
        made(_CLUSTER, preferredBackupWindow="05:00-05:30", preferredMaintenanceWindow="sun:05:30-sun:06:30"),
    ),
    "months of Performance Insights": Pair(
        made(_CLUSTER, performanceInsightsRetentionPeriod=30), made(_CLUSTER, performanceInsightsRetentionPeriod=31)
    ),
    "a key needs encryption": Pair(
        made(_CLUSTER, kmsKeyId=lambda account: account.key["arn"]),
        made(_CLUSTER, kmsKeyId=lambda account: account.key["arn"], storageEncrypted=True),
    ),
    "a protected database stays": Pair(deleted(_CLUSTER, deletionProtection=True), deleted(_CLUSTER, deletionProtection=False)),
    "a final snapshot has a name": Pair(
        deleted(_CLUSTER, skipFinalSnapshot=False), deleted(_CLUSTER, skipFinalSnapshot=False, finalSnapshotIdentifier="coder-final")
    ),
    "no two snapshots have one name": Pair(_snapshots("coder-final"), _snapshots("coder-final-2")),
    "an instance has its cluster's engine": Pair(made(_MEMBER, engine="aurora-mysql"), made(_MEMBER)),
    "the instance class exists": Pair(made(_MEMBER, instanceClass="db.m5.large"), made(_MEMBER, instanceClass="db.r6g.large")),
    "serverless instances need the cluster's capacity": Pair(
        made(
            _MEMBER, clusterIdentifier=lambda account: account.make(_CLUSTER, **account.database(serverlessv2ScalingConfiguration=None)).id
        ),
        made(_MEMBER),
    ),
    "enhanced monitoring has a role": Pair(
        made(_MEMBER, monitoringInterval=60), made(_MEMBER, monitoringInterval=60, monitoringRoleArn=lambda account: account.role["arn"])
    ),
    "no managed password with read replicas": Pair(_replica_of(), _replica_of(**_OWN_PASSWORD)),
    "a replica's source keeps backups": Pair(
        _replica_of(backupRetentionPeriod=0, **_OWN_PASSWORD), _replica_of(backupRetentionPeriod=1, **_OWN_PASSWORD)
    ),
    "a standby's zone is AWS's choice": Pair(
        made(_INSTANCE, multiAz=True, availabilityZone="us-east-1a"), made(_INSTANCE, availabilityZone="us-east-1a")
    ),
    "a read replica leaves no snapshot": Pair(_replica_deleted(skipFinalSnapshot=False), _replica_deleted(skipFinalSnapshot=True)),
    "storage is from 20 to 65536 GiB": Pair(made(_INSTANCE, allocatedStorage=19), made(_INSTANCE, allocatedStorage=20)),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_aws_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


def test_no_two_instance_snapshots_have_one_name(account):
    with pytest.raises(Refused) as caught:
        _instance_snapshots(account)
    assert caught.value.code == "DBSnapshotAlreadyExists"


@pytest.mark.parametrize(("low", "high"), [(0.25, 8), (8, 256.5), (-0.5, 8), (0, 0.5)])
def test_capacity_out_of_range_or_step_is_refused(account, low, high):
    scaling = {"minCapacity": low, "maxCapacity": high}
    assert account.refusal(_CLUSTER, **account.database(serverlessv2ScalingConfiguration=scaling)) == "InvalidParameterValue"


def test_a_replica_can_be_made_after_the_source_gave_up_its_managed_password(account):
    source = account.make(_INSTANCE, **{**MINIMAL[_INSTANCE](account), "backupRetentionPeriod": 7})
    account.change(source, manageMasterUserPassword=None, password="correct-horse")
    replica = {"replicateSourceDb": source["identifier"], "instanceClass": "db.t3.medium", "skipFinalSnapshot": True}
    assert account.refusal(_INSTANCE, **replica) is None


def test_a_source_with_replicas_can_not_hand_its_password_to_secrets_manager(account):
    inputs = {**MINIMAL[_INSTANCE](account), "backupRetentionPeriod": 7, "manageMasterUserPassword": None, "password": "correct-horse"}
    source = account.make(_INSTANCE, **{name: value for name, value in inputs.items() if value is not None})
    account.make(_INSTANCE, replicateSourceDb=source["identifier"], instanceClass="db.t3.medium", skipFinalSnapshot=True)
    with pytest.raises(Refused, match="read replicas"):
        account.change(source, password=None, manageMasterUserPassword=True)
