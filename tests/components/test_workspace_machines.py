"""What EC2 workspaces run as."""

from __future__ import annotations

import json

from components.provisioner_access import WORKSPACE_ROLE_PATH
from components.workspace_machines import WorkspaceMachines, WorkspaceMachinesArgs
from tests.components.conftest import Deploy


def test_a_workspace_may_read_its_desktops_licence_and_nothing_else(deploy: Deploy):
    """TPL-10, TPL-11, EKS-24."""
    graph = deploy(lambda: WorkspaceMachines("machines", WorkspaceMachinesArgs(system="prod", region="us-east-1")))
    role, profile = graph.one("aws:iam/role:Role").inputs, graph.one("aws:iam/instanceProfile:InstanceProfile").inputs
    assert role["path"] == f"/{WORKSPACE_ROLE_PATH}/"
    assert profile["name"] == role["name"] == "coder-prod-workspace"
    (statement,) = json.loads(graph.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert statement["Action"] == ["s3:GetObject"]
    assert statement["Resource"] == "arn:aws:s3:::dcv-license.us-east-1/*"
