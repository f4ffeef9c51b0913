"""What is read from the SDKs, and what inputs are held to."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud import schema
from localcloud.kinds import KINDS
from localcloud.kinds.model import UNKNOWN

SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def reasons(package: str, token: str, inputs: dict[str, Any]) -> dict[str, str]:
    return {each.property: each.reason for each in schema.check(package, token, inputs)}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"subnetIds": ["a"]}, {}),
        ({"subnetIds": UNKNOWN}, {}),
        ({"subnetIds": [UNKNOWN]}, {}),
        ({}, {"subnetIds": "missing required property subnetIds"}),
        ({"subnetIds": None}, {"subnetIds": "missing required property subnetIds"}),
        ({"subnetIds": "a"}, {"subnetIds": "subnetIds must be a list, not text"}),
        ({"subnetIds": [1]}, {"subnetIds[0]": "subnetIds[0] must be text, not 1"}),
        ({"subnetIds": ["a"], "tags": {"a": True}}, {"tags.a": "tags.a must be text, not True"}),
        ({"subnetIds": ["a"], "descriptoin": "x"}, {"descriptoin": "unknown property descriptoin; did you mean description?"}),
        ({"subnetIds": ["a"], "__defaults": []}, {}),
    ],
)
def test_inputs_are_held_to_names_and_types(inputs: dict[str, Any], expected: dict[str, str]) -> None:
    assert reasons("aws", SUBNET_GROUP, inputs) == expected


def test_nested_objects_are_held_to_their_own_properties() -> None:
    cluster = {"roleArn": "r", "vpcConfig": {"subnetIds": ["a"], "endpointPublicAcces": True}}
    found = reasons("aws", "aws:eks/cluster:Cluster", cluster)
    assert found == {"vpcConfig.endpointPublicAcces": "unknown property vpcConfig.endpointPublicAcces; did you mean endpointPublicAccess?"}


def test_a_union_takes_each_of_its_types() -> None:
    for port in (80, "http"):
        ports = [{"port": 80, "targetPort": port}]
        assert reasons("kubernetes", "kubernetes:core/v1:Service", {"spec": {"ports": ports}}) == {}
    assert list(reasons("kubernetes", "kubernetes:core/v1:Service", {"spec": {"ports": [{"port": 80, "targetPort": True}]}})) == [
        "spec.ports[0].targetPort"
    ]


@pytest.mark.parametrize(("engine", "faults"), [("aurora-postgresql", []), ("anything", []), (5, ["engine"])])
def test_text_beside_an_enumeration_is_open_as_in_the_real_schema(engine: Any, faults: list[str]) -> None:
    assert list(reasons("aws", "aws:rds/cluster:Cluster", {"engine": engine})) == faults


def test_an_enumeration_alone_is_closed() -> None:
    found = reasons("eks", "eks:index:Cluster", {"authenticationMode": "IAM"})
    assert found == {"authenticationMode": "authenticationMode: 'IAM' is none of CONFIG_MAP, API, API_AND_CONFIG_MAP"}


def test_a_whole_number_travels_as_a_float_and_a_fraction_is_none() -> None:
    spec = {"selector": {}, "template": {}}
    assert reasons("kubernetes", DEPLOYMENT, {"spec": {**spec, "replicas": 3.0}}) == {}
    assert reasons("kubernetes", DEPLOYMENT, {"spec": {**spec, "replicas": 3.5}}) == {
        "spec.replicas": "spec.replicas must be an integer, not 3.5"
    }


def test_a_mistyped_secret_is_not_told() -> None:
    assert "hunter2" not in str(reasons("random", "random:index/randomPassword:RandomPassword", {"length": "hunter2"}))


@pytest.mark.parametrize("package", ["aws", "kubernetes", "eks", "random", "tls", "coderd"])
def test_every_resource_of_every_sdk_can_be_read(package: str) -> None:
    tokens = schema.sdk(package).tokens
    sample = sorted(tokens) if len(tokens) < 400 else sorted(KINDS) if package == "aws" else sorted(tokens)[::7]
    for token in sample:
        source = schema.resource(package, token)
        assert source is not None, token
        assert source.inputs or source.outputs or "List" in token, token


def test_what_a_cloud_computes_is_told_from_what_a_program_may_leave_out() -> None:
    computed = schema.computed("aws", "aws:ec2/vpc:Vpc")
    assert {"arn", "defaultSecurityGroupId", "cidrBlock"} <= computed
    assert not {"tags", "enableDnsSupport", "ipv4IpamPoolId"} & computed
