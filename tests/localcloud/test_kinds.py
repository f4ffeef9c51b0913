"""Every row of the AWS tables: it can be made and deleted, its ids and ARNs have AWS's form, what replaces it is what the provider says."""

from __future__ import annotations

import re

import pytest

from localcloud import schema
from localcloud.kinds import KINDS
from tests.localcloud.account import Account
from tests.localcloud.force_new import FURTHER, NO_LONGER, RECORDED
from tests.localcloud.minimal import MINIMAL


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


def test_every_row_has_a_minimal_input():
    assert sorted(MINIMAL) == sorted(KINDS)


@pytest.mark.parametrize("token", sorted(KINDS))
def test_a_row_is_made_read_back_without_drift_and_deleted(account, token):
    thing = account.make(token, **MINIMAL[token](account))
    assert thing.id
    read = account.read(thing)
    assert {name: read[name] for name in thing.properties} == thing.properties
    account.delete(thing)
    assert account.read(thing) is None


@pytest.mark.parametrize("token", sorted(KINDS))
def test_an_unchanged_resource_shows_no_difference(account, token):
    thing = account.make(token, **MINIMAL[token](account))
    call = account.call(token, thing.name)
    checked = account._check(call, thing.inputs, thing.inputs)
    assert account.aws.diff(call, thing.inputs, checked, thing.properties) == []


@pytest.mark.parametrize("token", sorted(KINDS))
def test_a_row_names_only_inputs_and_outputs_that_the_sdk_knows(token):
    kind = KINDS[token]
    inputs = [*kind.references, *kind.force_new, *kind.force_new_when, *kind.defaults, *kind.never_read]
    inputs += [path for rule in kind.unique for path in rule.paths]
    unknown = [path for path in inputs if not schema.has_input("aws", token, re.split(r"[.\[]", path)[0])]
    unknown += [path for path in kind.outputs if not schema.has_output("aws", token, path.partition(".")[0])]
    assert unknown == []


@pytest.mark.parametrize("token", sorted(KINDS))
def test_an_arn_has_partition_service_region_and_account(account, token):
    thing = account.make(token, **MINIMAL[token](account))
    arn = thing.properties.get("arn")
    if KINDS[token].arn is not None and token != "aws:cloudwatch/eventTarget:EventTarget":
        assert re.fullmatch(r"arn:aws:[a-z0-9-]+:(us-east-1)?:(123456789012)?:\S+", arn)


def _plain(paths):
    return {path.replace("[*]", "") for path in paths}


@pytest.mark.parametrize("token", sorted(KINDS))
def test_a_row_replaces_on_what_the_provider_replaces_on(token):
    recorded = set(RECORDED.get(token, "").split()) - set(NO_LONGER.get(token, "").split())
    expected = recorded | set(FURTHER.get(token, "").split())
    mine = _plain(KINDS[token].force_new)
    covered = {path for path in expected if any(path == one or path.startswith(f"{one}.") for one in mine)}
    needed = {one for one in mine if any(path == one or path.startswith(f"{one}.") for path in expected)}
    assert (expected - covered, mine - needed) == (set(), set())


CHANGES = [
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.8.0.0/16"}, {"cidrBlock"}),
    ("aws:ec2/vpc:Vpc", {"enableDnsHostnames": True}, set()),
    ("aws:rds/cluster:Cluster", {"databaseName": "other"}, {"databaseName"}),
    ("aws:rds/cluster:Cluster", {"backupRetentionPeriod": 7}, set()),
    ("aws:eks/nodeGroup:NodeGroup", {"instanceTypes": ["m5.large"]}, {"instanceTypes"}),
    ("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": {"minSize": 2, "maxSize": 3, "desiredSize": 2}}, set()),
    ("aws:secretsmanager/secretVersion:SecretVersion", {"secretString": "other"}, {"secretString"}),
]


@pytest.mark.parametrize(("token", "change", "replaced"), CHANGES)
def test_a_change_replaces_or_updates(account, token, change, replaced):
    thing = account.make(token, **MINIMAL[token](account))
    assert account.replaces(thing, **change) == replaced
    assert account.replaces(thing, region="us-west-2") == ({"region"} if "region" in thing.inputs else set())
