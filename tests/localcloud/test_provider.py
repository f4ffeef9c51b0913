"""The provider protocol over the tables: names, unknowns, replacement, drift, references, regions, secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from localcloud.kinds.model import UNKNOWN
from localcloud.store import Store
from tests.localcloud.engine_side import CallRefusedError, Cloud, Instance, State, refused, unknown

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"


def vpc(aws: Instance, name: str = "main", cidr: str = "10.0.0.0/16") -> State:
    return aws.create(VPC, name, {"cidrBlock": cidr})


def test_a_misspelt_property_is_refused_with_what_was_meant(aws: Instance) -> None:
    _inputs, failures = aws.check(SUBNET, "a", {"vpcId": "vpc-1", "cidrBlok": "10.0.0.0/24"})
    assert failures == {"cidrBlok": "unknown property cidrBlok; did you mean cidrBlock?"}


def test_an_unknown_resource_type_is_refused_with_the_nearest(aws: Instance) -> None:
    _inputs, failures = aws.check("aws:ec2/vcp:Vcp", "a", {})
    assert "did you mean aws:ec2/vpc:Vpc?" in failures[""]


def test_a_type_without_a_row_cannot_be_made_and_the_error_says_what_a_row_needs(aws: Instance) -> None:
    _inputs, failures = aws.check("aws:sagemaker/domain:Domain", "a", _sagemaker())
    assert "it has no row with id form, ARN, references and force-new list" in failures[""]
    with pytest.raises(CallRefusedError, match="it has no row"):
        aws.create("aws:sagemaker/domain:Domain", "a", _sagemaker())


def _sagemaker() -> dict[str, object]:
    settings = {"executionRole": "arn:aws:iam::123456789012:role/x"}
    return {"authMode": "IAM", "domainName": "d", "defaultUserSettings": settings, "subnetIds": ["subnet-1"], "vpcId": "vpc-1"}


def test_a_name_left_out_is_made_of_the_logical_name_and_seven_digits_and_kept(aws: Instance) -> None:
    group = aws.create(LOGS, "flow", {})
    assert re.fullmatch(r"flow-[0-9a-f]{7}", group["name"])
    again, _failures = aws.check(LOGS, "flow", {"retentionInDays": 30}, group.inputs)
    assert again["name"] == group["name"]


def test_a_name_that_is_given_stays(aws: Instance) -> None:
    assert aws.create(LOGS, "flow", {"name": "mine"})["name"] == "mine"


def test_ids_and_arns_have_the_form_of_aws(aws: Instance) -> None:
    made = vpc(aws)
    assert re.fullmatch(r"vpc-[0-9a-f]{17}", made.id)
    assert made["arn"] == f"arn:aws:ec2:us-east-1:123456789012:vpc/{made.id}"


def test_before_a_create_inputs_are_known_and_what_aws_computes_is_unknown(aws: Instance) -> None:
    outputs = aws.preview(VPC, "main", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "main"}})
    assert outputs["cidrBlock"] == "10.0.0.0/16"
    assert outputs["tagsAll"] == {"Name": "main"}
    assert outputs["region"] == "us-east-1"
    assert {"arn", "ownerId", "defaultSecurityGroupId", "mainRouteTableId"} <= unknown(outputs)
    assert not unknown(outputs) & {"cidrBlock", "tags", "tagsAll", "region", "instanceTenancy"}


def test_an_unknown_input_stays_unknown_and_is_not_refused(aws: Instance) -> None:
    outputs = aws.preview(SUBNET, "a", {"vpcId": UNKNOWN, "cidrBlock": "10.0.0.0/24"})
    assert outputs["vpcId"] is UNKNOWN


def test_nothing_is_made_at_preview(cloud: Cloud, aws: Instance) -> None:
    aws.preview(VPC, "main", {"cidrBlock": "10.0.0.0/16"})
    assert not cloud.store.records()


def test_before_an_update_only_what_the_change_recomputes_is_unknown(aws: Instance) -> None:
    template = "aws:ec2/launchTemplate:LaunchTemplate"
    made = aws.create(template, "nodes", {"instanceType": "m5.large"})
    tagged = aws.update(made, {"instanceType": "m5.xlarge"}, preview=True)
    assert "latestVersion" in unknown(tagged.outputs.values)
    assert not unknown(tagged.outputs.values) & {"arn", "name", "instanceType"}
    changed = aws.update(made, {"instanceType": "m5.xlarge"})
    assert changed["latestVersion"] == made["latestVersion"] + 1
    assert changed["arn"] == made["arn"]


def test_nothing_differs_where_nothing_changed(aws: Instance) -> None:
    made = vpc(aws)
    assert aws.diff(made, {"cidrBlock": "10.0.0.0/16"}) == {}


def test_a_change_is_told_property_by_property(aws: Instance) -> None:
    made = aws.create(VPC, "main", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "1", "b.c/d": "1", "gone": "1"}})
    tags = {"a": "2", "b.c/d": "2", "new": "1"}
    assert aws.diff(made, {"cidrBlock": "10.0.0.0/16", "tags": tags}) == {
        "tags.a": "UPDATE",
        'tags["b.c/d"]': "UPDATE",
        "tags.gone": "DELETE",
        "tags.new": "ADD",
    }


def test_a_property_that_forces_a_new_one_replaces(aws: Instance) -> None:
    assert aws.diff(vpc(aws), {"cidrBlock": "10.1.0.0/16"}) == {"cidrBlock": "UPDATE_REPLACE"}


def test_another_region_replaces(aws: Instance) -> None:
    assert aws.diff(vpc(aws), {"cidrBlock": "10.0.0.0/16", "region": "us-west-2"}) == {"region": "UPDATE_REPLACE"}


def test_a_policy_that_says_the_same_in_other_words_does_not_differ(aws: Instance) -> None:
    statement = '{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}'
    role = aws.create("aws:iam/role:Role", "r", {"assumeRolePolicy": f'{{"Version":"2012-10-17","Statement":[{statement}]}}'})
    spaced = f'{{ "Statement": [ {statement} ], "Version": "2012-10-17" }}'
    assert aws.diff(role, {"assumeRolePolicy": spaced}) == {}


def test_a_reference_to_nothing_is_refused_with_the_code_of_aws(aws: Instance) -> None:
    with refused("InvalidVpcID.NotFound"):
        aws.create(SUBNET, "a", {"vpcId": "vpc-00000000000000000", "cidrBlock": "10.0.0.0/24"})


def test_a_reference_into_another_region_says_where_the_thing_is(cloud: Cloud, aws: Instance) -> None:
    elsewhere = vpc(cloud.aws("us-west-2"))
    with pytest.raises(CallRefusedError, match=r"does not exist in us-east-1 \(it is in us-west-2\)"):
        aws.create(SUBNET, "a", {"vpcId": elsewhere.id, "cidrBlock": "10.0.0.0/24"})


def test_what_others_refer_to_cannot_be_deleted(aws: Instance) -> None:
    home = vpc(aws)
    subnet = aws.create(SUBNET, "a", {"vpcId": home.id, "cidrBlock": "10.0.0.0/24"})
    with refused("DependencyViolation"):
        aws.delete(home)
    aws.delete(subnet)
    aws.delete(home)


def test_deleting_what_is_gone_is_no_error(aws: Instance) -> None:
    made = vpc(aws)
    aws.delete(made)
    aws.delete(made)


def test_a_taken_name_is_refused(aws: Instance) -> None:
    aws.create(LOGS, "a", {"name": "same"})
    with refused("ResourceAlreadyExistsException"):
        aws.create(LOGS, "b", {"name": "same"})


def test_two_regions_are_kept_apart(cloud: Cloud) -> None:
    east, west = cloud.aws("us-east-1"), cloud.aws("us-west-2")
    first, second = east.create(LOGS, "a", {"name": "same"}), west.create(LOGS, "a", {"name": "same"})
    assert first["arn"].split(":")[3] == "us-east-1"
    assert second["arn"].split(":")[3] == "us-west-2"
    west.delete(second)
    assert east.read(first)
    assert west.read(second) is None


def test_the_region_argument_wins_over_the_provider(cloud: Cloud, aws: Instance) -> None:
    made = aws.create(VPC, "a", {"cidrBlock": "10.0.0.0/16", "region": "us-west-2"})
    assert made["arn"].split(":")[3] == "us-west-2"
    assert cloud.aws("us-west-2").imported(VPC, "a", made.id)


def test_without_a_region_nothing_is_made(cloud: Cloud) -> None:
    nowhere = cloud.provider("aws")
    _inputs, failures = nowhere.check(VPC, "a", {"cidrBlock": "10.0.0.0/16"})
    assert failures == {"region": "no region: set one on the resource or on its aws provider"}


def test_the_default_tags_of_a_provider_are_on_every_resource(cloud: Cloud) -> None:
    tagged = cloud.aws(defaultTags='{"tags":{"Owner":"platform","a":"0"}}')
    made = tagged.create(VPC, "main", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "1"}})
    assert made["tags"] == {"a": "1"}
    assert made["tagsAll"] == {"Owner": "platform", "a": "1"}


def test_a_setting_that_the_provider_does_not_know_is_refused(aws: Instance) -> None:
    assert aws.check_settings({"regoin": "us-east-1"}) == {"regoin": "unknown property regoin; did you mean region?"}


def test_another_setting_updates_the_provider_and_another_plugin_version_does_not(aws: Instance) -> None:
    assert list(aws.diff_settings({"region": "us-east-1"}, {"region": "us-west-2"}).diffs) == ["region"]
    same = aws.diff_settings({"region": "us-east-1", "version": "7.50.0"}, {"region": "us-east-1", "version": "7.51.1"})
    assert not same.diffs


def test_a_refresh_shows_what_changed_behind_the_engines_back(cloud: Cloud, aws: Instance) -> None:
    made = aws.create(LOGS, "a", {"retentionInDays": 30})
    record = cloud.store.get((LOGS, "us-east-1", made.id))
    assert record
    changed = {"retentionInDays": 7}
    resource = record.resource.__class__(
        LOGS, made.id, "us-east-1", {**record.resource.inputs, **changed}, {**record.resource.properties, **changed}
    )
    cloud.store.put(record.__class__(resource))
    fresh = aws.read(made)
    assert fresh
    assert fresh["retentionInDays"] == 7
    assert aws.diff(fresh, {"retentionInDays": 30}) == {"retentionInDays": "UPDATE"}


def test_an_import_brings_inputs_and_outputs(aws: Instance) -> None:
    made = aws.create(LOGS, "a", {"name": "mine", "retentionInDays": 30})
    found = aws.imported(LOGS, "other", made.id)
    assert found
    assert found.inputs["retentionInDays"] == 30
    assert found["arn"] == made["arn"]
    assert aws.imported(LOGS, "other", "nothing") is None


def test_a_secret_comes_back_marked_and_stays_through_a_refresh(aws: Instance) -> None:
    secret = aws.create(SECRET, "s", {"name": "s"})
    made = aws.create(VERSION, "v", {"secretId": secret.id, "secretString": "CANARY"}, secrets=("secretString",))
    assert ("secretString",) in made.outputs.secrets
    fresh = aws.read(made)
    assert fresh
    assert fresh["secretString"] == "CANARY"
    assert ("secretString",) in fresh.outputs.secrets


def test_the_database_holds_a_secret_only_where_the_service_itself_does(cloud: Cloud, aws: Instance, tmp_path: Path) -> None:
    secret = aws.create(SECRET, "s", {"name": "s"})
    aws.create(VERSION, "v", {"secretId": secret.id, "secretString": "IN-SECRETS-MANAGER"}, secrets=("secretString",))
    aws.create(LOGS, "l", {"tags": {"password": "NOT-FOR-TAGS"}}, secrets=("tags",))
    cloud.store.close()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"IN-SECRETS-MANAGER" in written
    assert b"NOT-FOR-TAGS" not in written
    cloud.store = Store(tmp_path / "cloud.sqlite")


def test_an_unknown_data_source_is_refused_by_name(aws: Instance) -> None:
    with pytest.raises(CallRefusedError, match="aws:ec2/getNothing:getNothing"):
        aws.invoke("aws:ec2/getNothing:getNothing", {})


def test_a_connection_that_was_not_configured_is_told_so(cloud: Cloud) -> None:
    stranger = Instance(cloud.port("aws"), "aws", None)
    with pytest.raises(CallRefusedError, match="was not configured"):
        stranger.check(VPC, "a", {})
    stranger.channel.close()


def test_the_nth_create_fails_on_demand_and_only_that_one(cloud: Cloud, aws: Instance) -> None:
    cloud.faults.fail_create(2)
    vpc(aws, "first")
    with refused("InternalError"):
        vpc(aws, "second", "10.1.0.0/16")
    vpc(aws, "third", "10.2.0.0/16")


def test_what_was_there_is_there_after_a_restart(aws: Instance, tmp_path: Path) -> None:
    home = vpc(aws)
    aws.create(SUBNET, "a", {"vpcId": home.id, "cidrBlock": "10.0.0.0/24"})
    again = Cloud(tmp_path)
    try:
        after = again.aws()
        assert after.read(home)
        with refused("DependencyViolation"):
            after.delete(home)
    finally:
        again.close()
