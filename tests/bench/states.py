"""A small exported state: a VPC, a subnet in it, a component, a role whose policy names the subnet, a secret, a default provider."""

from __future__ import annotations

import copy
from typing import Any

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"hidden"'}
BASE = "urn:pulumi:prod::coder-eks::"
ENVIRONMENT = f"{BASE}coder-eks:environment:Environment::coder"
BELOW = f"{BASE}coder-eks:environment:Environment$"
PROVIDER = f"{BASE}pulumi:providers:aws::us-east-1"
VPC = f"{BELOW}aws:ec2/vpc:Vpc::us-east-1"
SUBNET = f"{BELOW}aws:ec2/subnet:Subnet::us-east-1-a"
ROLE = f"{BELOW}aws:iam/role:Role::coder"
SUBNET_ARN = "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-0123456789abcdef1"

_STATE: dict[str, Any] = {
    "version": 3,
    "deployment": {
        "resources": [
            {"urn": f"{BASE}pulumi:pulumi:Stack::coder-eks-prod", "type": "pulumi:pulumi:Stack", "custom": False},
            {"urn": f"{BASE}pulumi:providers:random::default_4_21_4", "type": "pulumi:providers:random", "custom": True, "id": "p0"},
            {
                "urn": PROVIDER,
                "type": "pulumi:providers:aws",
                "custom": True,
                "id": "p1",
                "inputs": {"region": "us-east-1", "__internal": {}},
                "propertyDependencies": {"region": []},
            },
            {
                "urn": ENVIRONMENT,
                "type": "coder-eks:environment:Environment",
                "custom": False,
                "inputs": {"regions": {"us-east-1": {"zones": 3}}},
                "outputs": {"regions": {"us-east-1": {"zones": 3}}},
            },
            {
                "urn": VPC,
                "type": "aws:ec2/vpc:Vpc",
                "custom": True,
                "id": "vpc-0123456789abcdef0",
                "parent": ENVIRONMENT,
                "provider": f"{PROVIDER}::p1",
                "inputs": {"cidrBlock": "10.0.0.0/16", "__defaults": []},
                "outputs": {"id": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/16"},
                "propertyDependencies": {"cidrBlock": []},
            },
            {
                "urn": SUBNET,
                "type": "aws:ec2/subnet:Subnet",
                "custom": True,
                "id": "subnet-0123456789abcdef1",
                "parent": ENVIRONMENT,
                "provider": f"{PROVIDER}::p1",
                "inputs": {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/20", "availabilityZone": "us-east-1a"},
                "outputs": {"id": "subnet-0123456789abcdef1", "arn": SUBNET_ARN, "availabilityZone": "us-east-1a"},
                "dependencies": [VPC],
                "propertyDependencies": {"vpcId": [VPC], "cidrBlock": []},
            },
            {
                "urn": ROLE,
                "type": "aws:iam/role:Role",
                "custom": True,
                "id": "coder-1a2b3c4",
                "parent": ENVIRONMENT,
                "provider": f"{PROVIDER}::p1",
                "inputs": {"assumeRolePolicy": f'{{"Resource": "{SUBNET_ARN}"}}', "description": SECRET},
                "outputs": {"id": "coder-1a2b3c4", "arn": "arn:aws:iam::123456789012:role/coder-1a2b3c4"},
                "dependencies": [VPC, SUBNET],
                "propertyDependencies": {"assumeRolePolicy": [ENVIRONMENT]},
            },
        ]
    },
}


def state() -> dict[str, Any]:
    """A fresh one, to change at will."""
    return copy.deepcopy(_STATE)


def resources() -> list[dict[str, Any]]:
    """Its resources."""
    return state()["deployment"]["resources"]
