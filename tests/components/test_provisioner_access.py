"""What provisioners may do in EC2."""

from __future__ import annotations

import json
from typing import Any

import pulumi_aws as aws

from components import iam
from components.provisioner_access import OWN_TAG, Account, permissions
from tests.components.conftest import Deploy


def launches(deploy: Deploy) -> list[dict[str, Any]]:
    """The statements that let instances be run."""
    account = Account(partition="aws", region="us-east-1", account_id="123456789012")

    def program() -> None:
        aws.iam.RolePolicy("policy", role="role", policy=iam.document(*permissions(account, "coder-prod")))

    document = json.loads(deploy(program).one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return [statement for statement in document["Statement"] if "ec2:RunInstances" in statement["Action"]]


def kinds(statement: dict[str, Any]) -> set[str]:
    return {arn.split(":")[5].split("/")[0] for arn in statement["Resource"]}


def test_a_launch_is_held_to_the_own_tag_on_what_terraform_tags(deploy: Deploy):
    """EKS-24. aws_instance tags the instance and its volumes, never the interface: asked of that, every launch were refused."""
    [made] = [statement for statement in launches(deploy) if "Condition" in statement]
    assert made["Condition"] == {"StringEquals": {f"aws:RequestTag/{OWN_TAG}": "true"}}
    assert kinds(made) == {"instance", "volume"}


def test_a_launch_may_use_what_it_does_not_make(deploy: Deploy):
    """EKS-24. EC2 asks for each of these in every launch."""
    [used] = [statement for statement in launches(deploy) if "Condition" not in statement]
    assert kinds(used) == {"image", "network-interface", "security-group", "subnet"}
