"""References, keys and dependents, from the tables: what names nothing is refused, no name is taken twice, what is needed stays."""

from __future__ import annotations

import re
from typing import Any

import pytest

from localcloud.kinds import KINDS
from localcloud.kinds.model import Reference, Refused, values_at
from tests.localcloud.account import Account
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.test_refusals_check import put

REFERENCES = [
    (token, path)
    for token, kind in sorted(KINDS.items())
    for path, rule in sorted(kind.references.items())
    if set(rule.tokens) & set(KINDS)
]
KEYS = [(token, index) for token, kind in sorted(KINDS.items()) for index, _ in enumerate(kind.unique)]
# What a reference needs beside it, so that nothing else is refused first
BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("aws:ec2/route:Route", "natGatewayId"): {"gatewayId": None},
    ("aws:ec2/route:Route", "vpcEndpointId"): {"gatewayId": None},
    ("aws:ec2/route:Route", "networkInterfaceId"): {"gatewayId": None},
    ("aws:ec2/route:Route", "vpcPeeringConnectionId"): {"gatewayId": None},
    ("aws:ec2/routeTableAssociation:RouteTableAssociation", "gatewayId"): {"subnetId": None},
    ("aws:ec2/flowLog:FlowLog", "subnetId"): {"vpcId": None},
    ("aws:ec2/flowLog:FlowLog", "regionalNatGatewayId"): {"vpcId": None},
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "referencedSecurityGroupId"): {"cidrIpv4": None},
    **{
        (f"aws:ec2/{name[0].lower()}{name[1:]}:{name}", f"{way}[*].securityGroups[*]"): {
            way: [{"protocol": "-1", "fromPort": 0, "toPort": 0}]
        }
        for name in ("DefaultSecurityGroup", "SecurityGroup")
        for way in ("egress", "ingress")
    },
    ("aws:budgets/budget:Budget", "notifications[*].subscriberSnsTopicArns[*]"): {
        "notifications": [
            {"comparisonOperator": "GREATER_THAN", "threshold": 100, "thresholdType": "PERCENTAGE", "notificationType": "ACTUAL"}
        ]
    },
    ("aws:eks/addon:Addon", "podIdentityAssociations[*].roleArn"): {"podIdentityAssociations": [{"serviceAccount": "aws-node"}]},
    ("aws:eks/cluster:Cluster", "encryptionConfig.provider.keyArn"): {"encryptionConfig": {"resources": ["secrets"]}},
    ("aws:eks/nodeGroup:NodeGroup", "launchTemplate.id"): {"launchTemplate": {"version": "1"}},
    ("aws:eks/nodeGroup:NodeGroup", "launchTemplate.name"): {"launchTemplate": {"version": "1"}},
    ("aws:lb/loadBalancer:LoadBalancer", "subnetMappings[*].allocationId"): {"subnets": None, "subnetMappings": [{"subnetId": ""}]},
}
# What a key needs where the minimal input has another one
KEYED: dict[tuple[str, int], dict[str, Any]] = {
    ("aws:ec2/route:Route", 1): {"destinationCidrBlock": None, "destinationIpv6CidrBlock": "::/0"},
    ("aws:ec2/route:Route", 2): {"destinationCidrBlock": None, "destinationPrefixListId": "pl-0123abcd"},
    ("aws:ec2/routeTableAssociation:RouteTableAssociation", 1): {"subnetId": None},
}


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path)


def _gone(account: Account, rule: Reference) -> str:
    """A value of the right form that names nothing: that of one which was deleted."""
    token = next(token for token in rule.tokens if token in KINDS)
    if token == "aws:secretsmanager/secret:Secret":
        return "arn:aws:secretsmanager:us-east-1:123456789012:secret:gone-AbCdEf"
    other = Account(account.store_folder / "elsewhere")
    thing = other.make(token, **MINIMAL[token](other))
    value = thing.id if rule.attribute == "id" else str(thing.properties[rule.attribute])
    return re.sub(r"[0-9a-z](?=[^0-9a-z]*\Z)", lambda match: "0" if match[0] != "0" else "1", value)


@pytest.mark.parametrize(("token", "path"), REFERENCES)
def test_a_reference_to_what_does_not_exist_is_refused_with_its_code(account, token, path):
    rule = KINDS[token].references[path]
    inputs = {**MINIMAL[token](account), **BESIDE.get((token, path), {})}
    inputs = put({name: value for name, value in inputs.items() if value is not None}, path, _gone(account, rule))
    assert account.refusal(token, **inputs) == rule.missing


@pytest.mark.parametrize(("token", "index"), KEYS)
def test_a_key_is_taken_once(account, token, index):
    rule = KINDS[token].unique[index]
    inputs = {**MINIMAL[token](account), **KEYED.get((token, index), {})}
    if rule.paths == ("gatewayId",):
        inputs["gatewayId"] = account.gateway.id
    first = account.make(token, **{name: value for name, value in inputs.items() if value is not None})
    assert all(values_at(first.inputs, path) for path in rule.paths)
    assert account.refusal(token, **first.inputs) in {each.code for each in KINDS[token].unique}


def test_a_name_is_free_again_once_its_owner_is_gone(account):
    group = account.make("aws:cloudwatch/logGroup:LogGroup", name="/coder")
    account.delete(group)
    assert account.refusal("aws:cloudwatch/logGroup:LogGroup", name="/coder") is None


def _targets(account: Account, token: str, path: str, inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """Kind and id of what an input means."""
    rule = KINDS[token].references[path]
    found = []
    for value in values_at(inputs, path):
        for record in (record for each in rule.tokens for record in account.store.of(each)):
            names = [record.resource.id, *(record.resource.properties.get(name) for name in (rule.attribute, *rule.also))]
            if value in names:
                found.append((record.resource.token, record.resource.id))
    return found


@pytest.mark.parametrize("token", sorted(token for token, kind in KINDS.items() if any(rule.blocks for rule in kind.references.values())))
def test_what_a_resource_needs_is_not_deleted_under_it(account, token):
    thing = account.make(token, **MINIMAL[token](account))
    for path, rule in KINDS[token].references.items():
        for target, target_id in _targets(account, token, path, thing.inputs) if rule.blocks else []:
            if (target, target_id) == (thing.token, thing.id):
                continue
            with pytest.raises(Refused, match=r"dependent|dependencies|association|HostedZone|mapped"):
                account.aws.delete(account.call(target, "target"), target_id, {})


def test_a_vpc_is_deleted_with_what_came_with_it_and_not_before_its_subnets(account):
    subnet = account.subnet(0, "a")
    with pytest.raises(Refused) as caught:
        account.delete(account.vpc)
    assert caught.value.code == "DependencyViolation"
    account.delete(subnet)
    account.delete(account.vpc)
    assert account.store.records() == []


@pytest.mark.parametrize(
    ("token", "path", "code"),
    [
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", "DeleteConflict"),
        ("aws:iam/instanceProfile:InstanceProfile", "role", "DeleteConflict"),
        ("aws:eks/nodeGroup:NodeGroup", "clusterName", "ResourceInUseException"),
        ("aws:lb/listener:Listener", "defaultActions[*].targetGroupArn", "ResourceInUse"),
        ("aws:lb/listener:Listener", "certificateArn", "ResourceInUseException"),
        ("aws:rds/clusterInstance:ClusterInstance", "clusterIdentifier", "InvalidDBClusterStateFault"),
        ("aws:rds/cluster:Cluster", "dbSubnetGroupName", "InvalidDBSubnetGroupStateFault"),
        ("aws:route53/record:Record", "zoneId", "HostedZoneNotEmpty"),
        ("aws:ec2/natGateway:NatGateway", "allocationId", "InvalidIPAddress.InUse"),
        ("aws:backup/selection:Selection", "planId", "InvalidRequestException"),
    ],
)
def test_a_dependent_blocks_with_awss_code(token, path, code):
    assert KINDS[token].references[path].blocks == code
