"""What provisioners may do in EC2."""

from __future__ import annotations

import json
from typing import Any

import pulumi_aws as aws

from components import iam
from components.provisioner_access import OWN_TAG, Account, permissions
from tests.components.conftest import Deploy


def statements(deploy: Deploy) -> list[dict[str, Any]]:
    account = Account(partition="aws", region="us-east-1", account_id="123456789012")

    def program() -> None:
        aws.iam.RolePolicy("policy", role="role", policy=iam.document(*permissions(account, "coder-prod")))

    return json.loads(deploy(program).one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]


def launches(deploy: Deploy) -> list[dict[str, Any]]:
    """The statements that let instances be run."""
    return [statement for statement in statements(deploy) if "ec2:RunInstances" in statement["Action"]]


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
    assert kinds(used) == {"image", "launch-template", "network-interface", "security-group", "subnet"}


def test_everything_that_a_gpu_workspace_makes_is_held_to_the_own_tag(deploy: Deploy):
    """EKS-24, TPL-40: what changes or makes a launch template or a group of one names the tag, and only groups of workspaces."""
    asked = [s for s in statements(deploy) if any("AutoScaling" in action or "LaunchTemplate" in action for action in s["Action"])]
    changing = [s for s in asked if not all(action.split(":")[1].startswith("Describe") for action in s["Action"])]
    assert len(changing) == 4
    assert all(OWN_TAG in json.dumps(statement["Condition"]) for statement in changing)
    (fleet,) = {str(s["Resource"]) for s in changing if "autoscaling:" in s["Action"][0]}
    assert fleet == "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/workspace-*"


def test_no_build_may_open_a_security_group(deploy: Deploy):
    """NET-29: whatever a template says."""
    assert not any("ec2:AuthorizeSecurityGroupIngress" in statement["Action"] for statement in statements(deploy))
