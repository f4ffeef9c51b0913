"""The local cloud's `eks.Cluster` registers the graph that the real component registered for the same arguments (pulumi_eks.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.localcloud.eks_graph import CASES, RECORDED, graph_of, site

_RECORDED: Mapping[str, Any] = json.loads(RECORDED.read_text())


def test_every_case_is_recorded() -> None:
    assert _RECORDED.keys() == CASES.keys()


@pytest.mark.parametrize("phase", ["preview", "up"])
@pytest.mark.parametrize("name", CASES)
def test_the_graph_is_the_real_components(name: str, phase: str) -> None:
    with site() as (cloud, place):
        found = graph_of(cloud.provider("eks").stub, place, CASES[name], preview=phase == "preview")
    real = _RECORDED[name][phase]
    assert found["resources"].keys() == real["resources"].keys()
    for resource, registered in real["resources"].items():
        assert found["resources"][resource] == registered, resource
    assert found["outputs"] == real["outputs"]
    assert found["state"] == real["state"]
