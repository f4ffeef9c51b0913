"""**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation**

The policies of several pod workspaces, as OpenTofu makes them of the base, applied to a real API server, read back and judged by the
evaluator of tests/catalog/network_policies.py. Nothing here enforces them: that is the CNI's part, on a real cluster.
"""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID

import pytest

from tests.catalog.test_property_03_isolation import EGRESS, Workspace, faults
from tests.real.api_server import ApiServer
from tests.real.bases import evaluated
from tests.real.workspaces import manifest
from tools.install import ROOT

BASE = ROOT / "catalog/bases/k8s"
OWNERS = ("ada", "prebuilds")
MADE = [
    Workspace(str(UUID(int=number, version=4)), f"workspace-{number}", owner, mode)
    for number, (owner, mode) in enumerate(product(OWNERS, sorted(EGRESS)), 1)
]


def inputs(workspace: Workspace) -> dict[str, Any]:
    return {
        **workspace.variables(),
        "start_count": 1,
        "compute_profile": {"cpu": 2, "memory": "4Gi", "storage": "20Gi"},
        "image_id": f"docker.io/codercom/enterprise-base@sha256:{'0' * 64}",
        "agent_id": "agent",
        "agent_token": "token",
        "agent_init_script": "true",
        "provenance": {},
        "node_group": "coder-ws",
        "service_account": "coder-workspace",
        "storage_class": "gp3",
        "requests": {"cpu": 0.125, "memory": 0.25},
    }


@pytest.fixture(scope="module")
def policies(cluster: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Each as the API server has it."""
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "coder-ws"}}
    assert cluster.apply(space, dry_run=False).status_code in (200, 201)
    stored: list[dict[str, Any]] = []
    for workspace in MADE:
        made = evaluated(tmp_path_factory.mktemp("base") / "base", BASE, inputs(workspace), {})
        (arguments,) = made["kubernetes_network_policy_v1", "workspace"]
        policy = manifest("kubernetes_network_policy_v1_workspace", arguments)
        answer = cluster.apply(policy, dry_run=False)
        assert answer.status_code in (200, 201), answer.text
        stored.append(cluster.call("GET", cluster.path_of(policy)).json())
    return stored


def test_no_workspace_reaches_another_and_each_has_what_it_needs(policies: list[dict[str, Any]]):
    """TPL-31, TPL-32, T-82: whoever owns them, whatever their egress."""
    pods = [workspace.pod(number) for number, workspace in enumerate(MADE, 1)]
    assert faults(pods, policies, [workspace.egress for workspace in MADE]) == []


def test_the_tests_own_evaluation_is_the_same(policies: list[dict[str, Any]]):
    """What tests/catalog judges by the hundred is what the API server has."""
    for workspace, stored in zip(MADE, policies, strict=True):
        ours = workspace.policy()["spec"]
        assert stored["spec"]["podSelector"] == ours["podSelector"]
        assert sorted(stored["spec"]["policyTypes"]) == sorted(ours["policyTypes"])
        assert len(stored["spec"]["egress"]) == len(ours["egress"])
        assert "ingress" not in stored["spec"]


def test_a_workspace_without_its_policy_is_found(policies: list[dict[str, Any]]):
    pods = [workspace.pod(number) for number, workspace in enumerate(MADE, 1)]
    assert faults(pods, policies[1:], [workspace.egress for workspace in MADE]) != []
