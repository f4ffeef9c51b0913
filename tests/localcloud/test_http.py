"""The HTTP port: Secrets Manager for boto3, over the secrets that the aws provider sees; seeds; changes behind the engine's back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.http import Server, serve_http
from tests.localcloud.engine_side import Cloud, Instance

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
VPC = "aws:ec2/vpc:Vpc"


@pytest.fixture
def http(cloud: Cloud) -> Iterator[Server]:
    server = serve_http(cloud.store, cloud.faults)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def secrets(http: Server) -> Iterator[Any]:
    client = _client(http, "us-east-1")
    yield client
    client.close()


def _client(http: Server, region: str) -> Any:
    endpoint = f"http://127.0.0.1:{http.server_port}"
    session = boto3.Session(aws_access_key_id="localcloud", aws_secret_access_key="localcloud", region_name=region)
    return session.client("secretsmanager", endpoint_url=endpoint)


def ask(http: Server, what: str, body: dict[str, Any]) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", http.server_port, timeout=10)
    connection.request("POST", f"/_local/{what}", json.dumps(body))
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def test_a_secret_that_boto3_makes_is_read_by_boto3(secrets: Any) -> None:
    made = secrets.create_secret(Name="coder/prod/x", SecretString="value")
    assert made["ARN"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:coder/prod/x-")
    for name in ("coder/prod/x", made["ARN"]):
        assert secrets.get_secret_value(SecretId=name)["SecretString"] == "value"
    assert [each["Name"] for each in secrets.list_secrets()["SecretList"]] == ["coder/prod/x"]
    assert secrets.describe_secret(SecretId="coder/prod/x")["ARN"] == made["ARN"]


def test_the_newest_value_is_current_and_the_one_before_is_previous(secrets: Any) -> None:
    first = secrets.create_secret(Name="x", SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId="x", SecretString="2")["VersionId"]
    assert secrets.get_secret_value(SecretId="x")["SecretString"] == "2"
    assert secrets.describe_secret(SecretId="x")["VersionIdsToStages"] == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}


@pytest.mark.parametrize(
    ("call", "arguments", "code"),
    [
        ("get_secret_value", {"SecretId": "missing"}, "ResourceNotFoundException"),
        ("get_secret_value", {"SecretId": "empty"}, "ResourceNotFoundException"),
        ("create_secret", {"Name": "empty"}, "ResourceExistsException"),
        ("put_secret_value", {"SecretId": "missing", "SecretString": "x"}, "ResourceNotFoundException"),
        ("rotate_secret", {"SecretId": "empty"}, "UnknownOperationException"),
    ],
)
def test_what_secrets_manager_refuses_is_refused_with_its_code(secrets: Any, call: str, arguments: dict[str, str], code: str) -> None:
    secrets.create_secret(Name="empty")
    with pytest.raises(ClientError) as raised:
        getattr(secrets, call)(**arguments)
    assert raised.value.response["Error"]["Code"] == code


def test_regions_are_kept_apart(http: Server, secrets: Any) -> None:
    secrets.create_secret(Name="x", SecretString="1")
    west = _client(http, "us-west-2")
    assert west.list_secrets()["SecretList"] == []
    west.close()


def test_boto3_and_the_provider_see_the_same_secret(aws: Instance, secrets: Any) -> None:
    """The second visit: the program makes the secret, an operator's command puts the value, the program reads it."""
    made = aws.create(SECRET, "token", {"name": "coder/prod/coderd-token", "recoveryWindowInDays": 0})
    lookup = "aws:secretsmanager/getSecretVersions:getSecretVersions"
    assert aws.invoke(lookup, {"secretId": made.id}).values["versions"] == []
    secrets.put_secret_value(SecretId="coder/prod/coderd-token", SecretString="t")
    assert len(aws.invoke(lookup, {"secretId": made.id}).values["versions"]) == 1
    found = aws.invoke("aws:secretsmanager/getSecretVersion:getSecretVersion", {"secretId": made.id})
    assert found.values["secretString"] == "t"
    assert ("secretString",) in found.secrets
    aws.delete(made)
    assert secrets.list_secrets()["SecretList"] == []


def test_a_value_keeps_the_moment_it_was_made(aws: Instance, secrets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """PRV-07: the provisioner key is named after that day; asked on another one, the same update would rotate it."""
    made = aws.create(SECRET, "token", {"name": "coder/prod/coderd-token", "recoveryWindowInDays": 0})
    lookup = "aws:secretsmanager/getSecretVersions:getSecretVersions"
    secrets.put_secret_value(SecretId="coder/prod/coderd-token", SecretString="t")
    first = aws.invoke(lookup, {"secretId": made.id}).values["versions"]
    monkeypatch.setattr("localcloud.kinds.invokes_secrets.now", lambda: "2090-01-01T00:00:00Z")

    assert aws.invoke(lookup, {"secretId": made.id}).values["versions"] == first


def test_a_value_that_the_program_wrote_is_read_by_boto3(aws: Instance, secrets: Any) -> None:
    made = aws.create(SECRET, "s", {"name": "s"})
    aws.create(VERSION, "v", {"secretId": made.id, "secretString": "by the program"})
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "by the program"


def test_seeding_twice_keeps_what_exists(http: Server, secrets: Any, aws: Instance) -> None:
    wanted = {"hosted_zones": ["coder.example.com"], "secrets": {"coder/prod/oidc": "{}"}}
    assert ask(http, "seed", wanted) == (200, {"did": "made coder.example.com, coder/prod/oidc"})
    secrets.put_secret_value(SecretId="coder/prod/oidc", SecretString="mine")
    assert ask(http, "seed", wanted) == (200, {"did": "all of it exists"})
    assert secrets.get_secret_value(SecretId="coder/prod/oidc")["SecretString"] == "mine"
    zone = aws.invoke("aws:route53/getZone:getZone", {"name": "coder.example.com"}).values
    assert zone["zoneId"].startswith("Z")


def test_the_inventory_tells_apart_who_made_what(http: Server, aws: Instance) -> None:
    ask(http, "seed", {"hosted_zones": ["coder.example.com"]})
    key = aws.create("aws:kms/key:Key", "k", {})
    vpc = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    _status, found = ask(http, "inventory", {})
    assert {each["type"] for each in found["resources"]} == {"aws:kms/key:Key", VPC}
    assert [each["type"] for each in found["prerequisites"]] == ["aws:route53/zone:Zone"]
    aws.delete(key)
    aws.delete(vpc)
    _status, found = ask(http, "inventory", {})
    assert found["resources"] == []
    assert [each["type"] for each in found["left"]] == ["local:kms:KeyPendingDeletion"]


def test_a_change_behind_the_engines_back_shows_and_keeps_what_depends_on_it(http: Server, aws: Instance) -> None:
    vpc = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "v"}})
    subnet = aws.create("aws:ec2/subnet:Subnet", "s", {"vpcId": vpc.id, "cidrBlock": "10.0.0.0/24"})
    change = {"type": "aws:ec2/subnet:Subnet", "id": subnet.id, "property": "mapPublicIpOnLaunch", "value": True}
    assert ask(http, "change", change)[0] == 200
    fresh = aws.read(subnet)
    assert fresh
    assert fresh["mapPublicIpOnLaunch"] is True
    assert fresh.inputs["mapPublicIpOnLaunch"] is True
    with pytest.raises(Exception, match="DependencyViolation"):
        aws.delete(vpc)


def test_a_delete_behind_the_engines_back_shows(http: Server, aws: Instance) -> None:
    vpc = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    assert ask(http, "delete", {"type": VPC, "id": vpc.id})[0] == 200
    assert aws.read(vpc) is None
    status, answer = ask(http, "delete", {"type": VPC, "id": vpc.id})
    assert status == 400
    assert "`inventory` lists what exists" in answer["message"]


def test_a_body_that_is_no_json_is_told_so(http: Server) -> None:
    connection = HTTPConnection("127.0.0.1", http.server_port, timeout=10)
    connection.request("POST", "/_local/seed", "nonsense")
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())) == (400, {"message": "the body is no JSON object"})
    connection.close()
