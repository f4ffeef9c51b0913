"""What the services of keys, secrets, backups, buckets, logs and messages refuse: each row with a refused input and a near one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.kinds.model import Refused, Resource
from localcloud.store import Origin, Record
from tests.localcloud.account import Account, Thing, allow
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.pairs import Act, Pair, deleted, judge, made, rows, untested

_KEY, _SECRET, _VERSION = "aws:kms/key:Key", "aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretVersion:SecretVersion"
_SECRET_POLICY, _VAULT, _VAULT_POLICY = (
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:backup/vault:Vault",
    "aws:backup/vaultPolicy:VaultPolicy",
)
_PLAN, _SELECTION, _BUCKET = "aws:backup/plan:Plan", "aws:backup/selection:Selection", "aws:s3/bucket:Bucket"
_BUCKET_POLICY, _LIFECYCLE = "aws:s3/bucketPolicy:BucketPolicy", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_LOGS, _ALARM, _EVENTS = "aws:cloudwatch/logGroup:LogGroup", "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/eventRule:EventRule"
_TOPIC, _SUBSCRIPTION, _QUEUE = "aws:sns/topic:Topic", "aws:sns/topicSubscription:TopicSubscription", "aws:sqs/queue:Queue"
ROWS = rows("refusals_data")
_ROOT = {"AWS": "arn:aws:iam::123456789012:root"}


def _rule(**more: Any) -> Act:
    """A plan of one rule."""
    return made(_PLAN, rules=lambda account: [{**MINIMAL[_PLAN](account)["rules"][0], **more}])


def _rules(*names: str) -> Act:
    return made(_PLAN, rules=lambda account: [{**MINIMAL[_PLAN](account)["rules"][0], "ruleName": name} for name in names])


def _key_policy(action: str) -> Act:
    return made(_KEY, policy=allow(action, Principal=_ROOT))


def _name_again(days: int) -> Act:
    """A secret is deleted, and another of its name made."""

    def act(account: Account) -> object:
        account.delete(account.make(_SECRET, name="coder/token", recoveryWindowInDays=days))
        return account.make(_SECRET, name="coder/token")

    return act


def _held(account: Account, vault: Thing) -> None:
    point = {"backupVaultName": vault.id, "resourceArn": "arn:aws:rds:us-east-1:123456789012:cluster:coder"}
    account.store.put(Record(Resource("local:backup:RecoveryPoint", "point", account.region, {}, point), Origin.LEFT))


def _log_key(policy: str | None) -> Act:
    inputs = {} if policy is None else {"policy": policy}
    return made(_LOGS, kmsKeyId=lambda account: account.make(_KEY, **inputs)["arn"])


_FOR_LOGS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": _ROOT, "Action": "kms:*", "Resource": "*"},
            {
                "Effect": "Allow",
                "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
                "Action": ["kms:Encrypt*", "kms:Decrypt*"],
                "Resource": "*",
            },
        ],
    }
)
_NO_PRINCIPAL = allow("s3:GetObject", "arn:aws:s3:::bucket/*")
PAIRS = {
    "a policy is JSON": Pair(made(_BUCKET_POLICY, policy="{"), made(_BUCKET_POLICY)),
    "a key policy says who may do what": Pair(made(_KEY, policy=allow("kms:*")), _key_policy("kms:*")),
    "a key policy lets itself be changed": Pair(_key_policy("kms:Decrypt"), _key_policy("kms:PutKeyPolicy")),
    "symmetric keys rotate": Pair(made(_KEY, customerMasterKeySpec="RSA_2048", enableKeyRotation=True), made(_KEY, enableKeyRotation=True)),
    "the name of a deleted secret waits": Pair(_name_again(7), _name_again(0)),
    "a secret's policy says who may do what": Pair(
        made(_SECRET_POLICY, policy=allow("secretsmanager:GetSecretValue")), made(_SECRET_POLICY)
    ),
    "a secret has a largest size": Pair(made(_VERSION, secretString="a" * 65537), made(_VERSION, secretString="a" * 65536)),
    "a vault with recovery points stays": Pair(deleted(_VAULT, _held), deleted(_VAULT, _held, forceDestroy=True)),
    "a vault's policy says who may do what": Pair(made(_VAULT_POLICY, policy=allow("backup:CopyIntoBackupVault")), made(_VAULT_POLICY)),
    "cold backups stay for 90 days": Pair(
        _rule(lifecycle={"coldStorageAfter": 30, "deleteAfter": 119}), _rule(lifecycle={"coldStorageAfter": 30, "deleteAfter": 120})
    ),
    "a rule's schedule is cron": Pair(_rule(schedule="cron(0 5 * * * *)"), _rule(schedule="cron(0 5 * * ? *)")),
    "continuous backups are kept for 35 days at most": Pair(
        _rule(enableContinuousBackup=True, lifecycle={"deleteAfter": 36}), _rule(enableContinuousBackup=True, lifecycle={"deleteAfter": 35})
    ),
    "windows are long enough": Pair(_rule(startWindow=60, completionWindow=119), _rule(startWindow=60, completionWindow=120)),
    "rules have their own names": Pair(_rules("daily", "daily"), _rules("daily", "weekly")),
    "a selection selects": Pair(made(_SELECTION, resources=None), made(_SELECTION, resources=["*"])),
    "buckets have names of hosts": Pair(made(_BUCKET, bucket="Coder_logs"), made(_BUCKET, bucket="coder-logs")),
    "a bucket's policy says who may do what": Pair(made(_BUCKET_POLICY, policy=_NO_PRINCIPAL), made(_BUCKET_POLICY)),
    "lifecycle rules have their own ids": Pair(
        made(_LIFECYCLE, rules=[{"id": "old", "status": "On", "expiration": {"days": 90}}]), made(_LIFECYCLE)
    ),
    "a protected log group stays": Pair(deleted(_LOGS, deletionProtectionEnabled=True), deleted(_LOGS)),
    "logs may use their key": Pair(_log_key(None), _log_key(_FOR_LOGS)),
    "an alarm watches something": Pair(made(_ALARM, period=45), made(_ALARM, period=30)),
    "the endpoint fits the protocol": Pair(made(_SUBSCRIPTION, endpoint="on-call"), made(_SUBSCRIPTION)),
    "FIFO names end in .fifo": Pair(made(_QUEUE, name="jobs", fifoQueue=True), made(_QUEUE, name="jobs.fifo", fifoQueue=True)),
    "a policy says who may do what": Pair(
        made(_TOPIC, policy=allow("sns:Publish")), made(_TOPIC, policy=allow("sns:Publish", Principal="*"))
    ),
    "a rule has a pattern or a schedule": Pair(made(_EVENTS, scheduleExpression=None), made(_EVENTS)),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_aws_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []


@pytest.mark.parametrize("name", ["ab", "a..b", "192.0.2.1", "xn--coder", "coder-", "a" * 64, "coder-s3alias"])
def test_a_bad_bucket_name_is_refused(tmp_path, name):
    assert Account(tmp_path).refusal(_BUCKET, bucket=name) == "InvalidBucketName"


def test_a_vault_can_be_deleted_once_its_recovery_points_are_gone(tmp_path):
    account = Account(tmp_path)
    vault = account.make(_VAULT)
    _held(account, vault)
    with pytest.raises(Refused, match="recovery point"):
        account.delete(vault)
    account.store.remove(("local:backup:RecoveryPoint", account.region, "point"))
    account.delete(vault)
