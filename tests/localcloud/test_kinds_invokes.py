"""The data sources of AWS."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pulumi_aws
import pytest

from localcloud.kinds import INVOKES
from localcloud.kinds.model import Refused
from localcloud.kinds.zones import REGIONS, zones
from tests.localcloud.account import Account

_ASKED = {
    "index/getCallerIdentity": {},
    "index/getPartition": {},
    "index/getRegion": {},
    "index/getAvailabilityZones": {"state": "available"},
    "route53/getZone": {"name": "example.com", "privateZone": False},
    "secretsmanager/getSecret": {"name": "coder/prod/oidc"},
    "secretsmanager/getSecrets": {"filters": [{"name": "name", "values": ["coder/"]}]},
    "secretsmanager/getSecretVersion": {"secretId": "coder/prod/oidc"},
    "secretsmanager/getSecretVersions": {"secretId": "coder/prod/oidc"},
    "eks/getAddonVersion": {"addonName": "coredns", "kubernetesVersion": "1.33"},
    "eks/getCluster": {"name": "prod"},
    "eks/getClusterAuth": {"name": "prod"},
    "ec2/getAmi": {"owners": ["amazon"], "mostRecent": True},
    "ssm/getParameter": {"name": "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended/image_id"},
    "rds/getEngineVersion": {"engine": "aurora-postgresql"},
    "iam/getPolicyDocument": {"statements": [{"actions": ["s3:*"], "resources": ["*"]}]},
}


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


def _ready(account: Account) -> None:
    assert account.zone.id
    assert account.cluster.id
    account.make("aws:secretsmanager/secretVersion:SecretVersion", secretId=account.secret.id, secretString="value")


def _result_names(token: str) -> set[str]:
    """What the SDK reads of a result."""
    module, _, name = token.removeprefix("aws:").rpartition(":")[0].partition("/")
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    home = Path(pulumi_aws.__file__).parent
    source = home / f"{snake}.py" if module == "index" else home / module / f"{snake}.py"
    fields = re.findall(r"pulumi\.get\(__ret__, '(\w+)'\)", source.read_text())
    return {re.sub(r"_(\w)", lambda match: match[1].upper(), field) for field in fields}


def test_every_data_source_is_asked_here():
    assert {f"aws:{name}:{name.split('/')[1]}" for name in [*_ASKED, "ec2/getRouteTable"]} == set(INVOKES)


@pytest.mark.parametrize("name", sorted(_ASKED))
def test_a_data_source_answers_with_the_fields_of_its_sdk(account, name):
    _ready(account)
    found = account.ask(name, **_ASKED[name])
    token = f"aws:{name}:{name.split('/')[1]}"
    unknown = set(found) - _result_names(token)
    assert unknown == set()


def test_zones_are_those_of_the_region(account):
    found = account.ask("index/getAvailabilityZones", state="available")
    assert found["names"] == [f"us-east-1{letter}" for letter in "abcdef"]
    assert account.ask("index/getAvailabilityZones", excludeNames=["us-east-1e"])["names"] == [f"us-east-1{letter}" for letter in "abcdf"]
    assert account.ask("index/getAvailabilityZones", region="us-west-1")["names"] == ["us-west-1a", "us-west-1b"]
    assert all(2 <= len(zones(region)) <= 6 for region in REGIONS)


def test_a_zone_is_found_by_its_name_and_a_missing_one_is_a_fault(account):
    assert account.ask("route53/getZone", name="example.com")["zoneId"] == account.zone.id if account.zone else False
    with pytest.raises(Refused, match="no matching Route 53 Hosted Zone found") as caught:
        account.ask("route53/getZone", name="example.net")
    assert caught.value.code == "NoMatching"


def test_two_zones_of_a_name_are_a_fault(account):
    for _ in range(2):
        account.make("aws:route53/zone:Zone", name="example.com")
    with pytest.raises(Refused, match="multiple Route 53 Hosted Zones"):
        account.ask("route53/getZone", name="example.com")


def test_secrets_are_listed_by_the_beginning_of_their_name(account):
    assert account.ask("secretsmanager/getSecrets", filters=[{"name": "name", "values": ["coder/prod/oidc"]}])["arns"] == []
    arn = account.secret["arn"]
    assert account.ask("secretsmanager/getSecrets", filters=[{"name": "name", "values": ["coder/prod"]}])["arns"] == [arn]
    assert account.ask("secretsmanager/getSecrets", filters=[{"name": "name", "values": ["coder/demo"]}])["arns"] == []


def test_a_secret_has_no_version_before_it_has_a_value(account):
    assert account.ask("secretsmanager/getSecretVersions", secretId=account.secret["arn"])["versions"] == []
    with pytest.raises(Refused, match="can't find the specified secret value"):
        account.ask("secretsmanager/getSecretVersion", secretId=account.secret["arn"])
    for value in ("old", "new"):
        account.make("aws:secretsmanager/secretVersion:SecretVersion", secretId=account.secret.id, secretString=value)
    assert account.ask("secretsmanager/getSecretVersion", secretId="coder/prod/oidc")["secretString"] == "new"
    assert len(account.ask("secretsmanager/getSecretVersions", secretId=account.secret["arn"])["versions"]) == 2


def test_an_unknown_add_on_has_no_version(account):
    with pytest.raises(Refused, match="not supported"):
        account.ask("eks/getAddonVersion", addonName="core-dns", kubernetesVersion="1.33")


def test_an_engine_version_is_the_newest_of_what_is_asked(account):
    assert account.ask("rds/getEngineVersion", engine="aurora-postgresql", version="16")["version"].startswith("16.")
    assert account.ask("rds/getEngineVersion", engine="postgres", preferredVersions=["16.99", "16.8"])["version"] == "16.8"
    with pytest.raises(Refused, match="no RDS engine versions match"):
        account.ask("rds/getEngineVersion", engine="postgres", version="99")


def test_an_image_stays_the_same_and_differs_by_region(account):
    asked = {"owners": ["amazon"], "filters": [{"name": "name", "values": ["al2023-ami-*-arm64"]}]}
    first, again = account.ask("ec2/getAmi", **asked), account.ask("ec2/getAmi", **asked)
    assert first["id"] == again["id"] != account.ask("ec2/getAmi", region="us-west-2", **asked)["id"]
    assert first["architecture"] == "arm64"


def test_a_route_table_is_found_by_its_subnet_and_else_the_main_one(account):
    account.make("aws:ec2/routeTableAssociation:RouteTableAssociation", routeTableId=account.table.id, subnetId=account.subnets[0])
    account.make("aws:ec2/route:Route", routeTableId=account.table.id, destinationCidrBlock="0.0.0.0/0", gatewayId=account.gateway.id)
    found = account.ask("ec2/getRouteTable", subnetId=account.subnets[0])
    assert found["routeTableId"] == account.table.id
    assert [route["gatewayId"] for route in found["routes"]] == [account.gateway.id]
    assert account.ask("ec2/getRouteTable", subnetId=account.subnets[1])["routeTableId"] == account.vpc["mainRouteTableId"]


def test_a_policy_document_is_written_as_the_provider_writes_it(account):
    condition = {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["123456789012"]}
    principal = {"type": "Service", "identifiers": ["ec2.amazonaws.com"]}
    statement = {"sid": "Assume", "actions": ["sts:AssumeRole"], "principals": [principal], "conditions": [condition]}
    found = json.loads(account.ask("iam/getPolicyDocument", statements=[statement])["json"])
    assert found == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Assume",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
            }
        ],
    }
    assert account.refusal("aws:iam/role:Role", assumeRolePolicy=json.dumps(found)) is None
