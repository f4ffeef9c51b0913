"""Karpenter's objects, offered to a real API server with Karpenter's own definitions: schema, and rules in CEL.

The definitions are of the pinned chart's release, 1.14.1.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.karpenter_objects import NODE_CLASS_API, NODE_POOL_API, node_class, node_pool
from settings.versions import Versions
from tests.components import plans
from tests.real.api_server import ApiServer
from tests.real.visits import Manifest
from tools import real_parts

POOLS = plans.pools()
KEY = "arn:aws:kms:us-east-2:123456789012:key/11111111-2222-4333-8444-555555555555"


def classes() -> list[Manifest]:
    """An EC2NodeClass for each pool."""
    image = Versions().node_images.al2023
    specs = {
        pool.name: node_class(
            pool, image_release=image, cluster_name="coder-demo", profile="profile", volume_key_arn=KEY, tags={"Environment": "demo"}
        )
        for pool in POOLS
    }
    return [
        {"apiVersion": NODE_CLASS_API, "kind": "EC2NodeClass", "metadata": {"name": name}, "spec": spec} for name, spec in specs.items()
    ]


def pools() -> list[Manifest]:
    """A NodePool for each pool."""
    specs = {pool.name: node_pool(pool, 100 - index) for index, pool in enumerate(POOLS)}
    return [{"apiVersion": NODE_POOL_API, "kind": "NodePool", "metadata": {"name": name}, "spec": spec} for name, spec in specs.items()]


def test_the_definitions_are_of_the_pinned_release():
    """T-57"""
    assert real_parts.KARPENTER.version == Versions().charts.karpenter


@pytest.mark.parametrize("manifest", [*classes(), *pools()], ids=lambda manifest: f"{manifest['kind']} {manifest['metadata']['name']}")
def test_every_object_is_accepted_without_a_warning(cluster: ApiServer, manifest: Manifest):
    """EKS-11, EKS-31, EKS-32, EKS-38"""
    assert cluster.complaint(manifest) is None


def planted(fault: str) -> Manifest:
    """An object with one fault."""
    kind, pool = copy.deepcopy(classes()[0]), copy.deepcopy(pools()[0])
    spec: dict[str, Any] = pool["spec"]
    match fault:
        case "no image version":
            kind["spec"]["amiSelectorTerms"] = [{"alias": "al2023"}]
            return kind
        case "a far hop":
            kind["spec"]["metadataOptions"]["httpPutResponseHopLimit"] = 65
            return kind
        case "no disk size":
            del kind["spec"]["blockDeviceMappings"][0]["ebs"]["volumeSize"]
            return kind
        case "unknown field":
            spec["template"]["spec"]["nodeClass"] = "builds"
        case "a share too large":
            spec["disruption"]["budgets"] = [{"nodes": "101%"}]
        case "a label of Karpenter's own":
            spec["template"]["metadata"]["labels"] = {"karpenter.sh/nodepool": "mine"}
        case "an unknown policy":
            spec["disruption"]["consolidationPolicy"] = "WhenIdle"
        case _:
            raise ValueError(fault)
    return pool


@pytest.mark.parametrize(
    "fault",
    [
        *("no image version", "a far hop", "no disk size", "unknown field"),
        *("a share too large", "a label of Karpenter's own", "an unknown policy"),
    ],
)
def test_a_planted_fault_is_refused(cluster: ApiServer, fault: str):
    """The checks above can fail."""
    assert cluster.complaint(planted(fault)) is not None
