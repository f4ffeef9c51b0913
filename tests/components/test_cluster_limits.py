"""Bounds of the workspaces' namespace, from the workload of a stack file."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.namespaces import workspace_limits
from plan import make_plan
from settings.load import load_file

SETTINGS = load_file(Path("Pulumi.prod.yaml"))
CAPACITY = make_plan(SETTINGS).capacity


def test_the_namespace_holds_the_peak_at_the_average_size():
    """EKS-40: 3000 x (12.5 % of 4 vCPU, 25 % of 8 GiB, 100 GiB)."""
    limits = workspace_limits(SETTINGS.workload, ["sw-dev-small", "sw-dev-large"], CAPACITY)
    assert (limits.pods, limits.requests_cpu, limits.requests_memory) == (3000, "1500", "6000Gi")
    assert (limits.limits_cpu, limits.limits_memory, limits.storage) == ("12000", "24000Gi", "300000Gi")


def test_a_namespace_that_provisioners_share_has_room_for_them():
    """T-53, EKS-40: 140 at the peak, 35 more while an update runs, two jobs that scale them."""
    provisioners = make_plan(SETTINGS).regions["us-east-1"].provisioners
    limits = workspace_limits(SETTINGS.workload, ["sw-dev-small", "sw-dev-large"], CAPACITY, provisioners)
    assert (limits.pods, limits.requests_cpu, limits.limits_cpu) == (3000 + 175 + 2, "1675100m", "12175100m")
    assert limits.max_cpu == "8"


def test_a_container_is_at_most_the_largest_published_size():
    """EKS-40, T-15"""
    limits = workspace_limits(SETTINGS.workload, ["sw-dev-small", "sw-dev-large"], CAPACITY)
    assert (limits.max_cpu, limits.max_memory, limits.storage_max) == ("8", "16Gi", "100Gi")
    assert (limits.default_cpu, limits.default_request_cpu) == ("4", "500m")


def test_a_workload_without_a_published_size_is_refused():
    with pytest.raises(ValueError, match="no size of the workload is published"):
        workspace_limits(SETTINGS.workload, ["xs"], CAPACITY)
