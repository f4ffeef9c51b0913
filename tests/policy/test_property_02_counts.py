"""Property 2: what a region asks of its quotas, resource by resource (requirements 2.14).

**Feature: coder-deployment-guide, Property 2: Quota Pre-flight**
"""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy import quota_demand as quotas
from policy import tokens
from policy.quota_demand import Demand, demands
from tests.policy.judge import graph_of
from tests.policy.recorded import Recording
from tests.policy.world import DEPLOYED

REGION = "us-east-1"
Made = tuple[str, str, dict[str, Any]]  # type, name, which is its id too, and inputs


def group(most: int | None, *kinds: str, **inputs: Any) -> Made:
    return tokens.NODE_GROUP, f"group-{most}", {"scalingConfig": {"maxSize": most}, "instanceTypes": list(kinds), **inputs}


def template(**inputs: Any) -> Made:
    return tokens.LAUNCH_TEMPLATE, "template", {"name": "by-name", **inputs}


def scaling_group(most: int | None, **inputs: Any) -> Made:
    return tokens.SCALING_GROUP, "scaling", {"maxSize": most, **inputs}


def instance(**inputs: Any) -> Made:
    return tokens.INSTANCE, "machine", inputs


def mix(specification: dict[str, str], *kinds: str) -> dict[str, Any]:
    overrides = [{"instanceType": kind} for kind in kinds]
    return {"mixedInstancesPolicy": {"launchTemplate": {"launchTemplateSpecification": specification, "overrides": overrides}}}


def disk(size: Any) -> dict[str, Any]:
    return {"deviceName": f"/dev/xvd{size}", "ebs": {"volumeSize": size}}


def pool(limit: Any, *requirements: tuple[str, str, list[str]]) -> Made:
    wanted = [{"key": key, "operator": operator, "values": values} for key, operator, values in requirements]
    spec = {"limits": {"cpu": limit} if limit is not None else {}, "template": {"spec": {"requirements": wanted}}}
    return "kubernetes:karpenter.sh/v1:NodePool", f"pool-{limit}", {"spec": spec}


def gateway(name: str, subnet: str) -> Made:
    return tokens.NAT_GATEWAY, name, {"subnetId": subnet}


def subnet(name: str, zone: str) -> Made:
    return tokens.SUBNET, name, {"availabilityZone": zone}


def asked(*made: Made, region: str = REGION, alone: bool = True, volumes_gib: float | None = 0, of: str | None = REGION) -> list[Demand]:
    """What a region asks for where these are all there is, each of the region `of`."""
    found = Recording("prod", DEPLOYED)
    for type_token, name, inputs in made:
        found.add(type_token, name, inputs).region = of
    return list(demands(graph_of(found), region, alone, volumes_gib))


BOUGHT, ZONE = "karpenter.sh/capacity-type", "topology.kubernetes.io/zone"
ON_SPOT = {"instanceMarketOptions": {"marketType": "spot"}}
BY_ID, BY_NAME = {"launchTemplate": {"id": "template"}}, {"launchTemplate": {"name": "by-name"}}
VCPU, SPOT, GPU, TRAINING, GP3, NAT = quotas.STANDARD, quotas.SPOT, quotas.GRAPHICS, quotas.TRAINING, quotas.GP3, quotas.NAT
COUNTS: dict[str, tuple[list[Made], dict[str, float | None]]] = {
    "nodes and their disks of 20 GiB": ([group(100, "m5.large")], {VCPU: 200, GP3: 1.953, quotas.NODES: 100, quotas.NODE_GROUPS: 1}),
    "two groups": ([group(10, "m5.large"), group(4, "m5.2xlarge")], {VCPU: 52, quotas.NODES: 10, quotas.NODE_GROUPS: 2}),
    "spot nodes": ([group(3, "m5.large", capacityType="SPOT")], {SPOT: 6}),
    "nodes with a GPU": ([group(2, "gr6.4xlarge"), group(1, "vt1.3xlarge")], {GPU: 44}),
    "the largest of several types": ([group(1, "m5.large", "m5.12xlarge", "m5.4xlarge")], {VCPU: 48}),
    "types of two quotas": ([group(2, "m5.large", "g5.2xlarge")], {VCPU: 16, GPU: 16}),
    "an instance": ([instance(instanceType="m5.large")], {VCPU: 2}),
    "a spot instance": ([instance(instanceType="m5.large", **ON_SPOT)], {SPOT: 2}),
    "an instance of a launch template": ([instance(**BY_ID), template(instanceType="m5.large")], {VCPU: 2}),
    "a spot instance by its launch template": ([instance(**BY_ID), template(instanceType="m5.large", **ON_SPOT)], {SPOT: 2}),
    "an Auto Scaling group": ([scaling_group(3, **BY_NAME), template(instanceType="m5.large")], {VCPU: 6}),
    "an Auto Scaling group of nobody knows how many": ([scaling_group(None, **BY_ID), template(instanceType="m5.large")], {VCPU: None}),
    "an Auto Scaling group that mixes types": ([scaling_group(2, **mix({}, "m5.large", "c5.2xlarge"))], {VCPU: 16, SPOT: 16}),
    "a mix by the id of its template": (
        [scaling_group(2, **mix({"launchTemplateId": "template"})), template(instanceType="m5.large")],
        {VCPU: 4, SPOT: 4},
    ),
    "a mix by the name of its template": (
        [scaling_group(2, **mix({"launchTemplateName": "by-name"})), template(instanceType="m5.large")],
        {VCPU: 4, SPOT: 4},
    ),
    "a launch configuration": (
        [scaling_group(2, launchConfiguration="old"), (tokens.LAUNCH_CONFIGURATION, "old", {"instanceType": "m5.large"})],
        {VCPU: 4},
    ),
    "one that can't be read beside others": ([group(2, "m5.metal"), group(3, "g5.xlarge")], {VCPU: None, GPU: None, quotas.NODES: 3}),
    "a group of nobody knows how many": ([group(None, "m5.large"), group(3, "p4d.24xlarge")], {VCPU: None, TRAINING: None, GP3: None}),
    "nodes of no type": ([group(2)], {VCPU: None}),
    "types of a launch template": ([group(2, **BY_ID), template(instanceType="m5.large")], {VCPU: 4}),
    "a launch template by its name": ([group(2, **BY_NAME), template(instanceType="m5.large")], {VCPU: 4}),
    "a launch template without a type": ([group(2, **BY_ID), template()], {VCPU: None, GP3: 0.039}),
    "its group's types win": ([group(2, "m5.large", **BY_ID), template(instanceType="m5.4xlarge")], {VCPU: 4}),
    "disks of a group": ([group(10, "m5.large", diskSize=100)], {VCPU: 20, GP3: 0.977}),
    "disks of a launch template": (
        [group(10, "m5.large", **BY_ID), template(blockDeviceMappings=[disk(50), disk(100), {"virtualName": "ephemeral0"}])],
        {VCPU: 20, GP3: 1.465},
    ),
    "disks of a size that is not known yet": (
        [group(10, "m5.large", **BY_ID), template(blockDeviceMappings=[disk(50), disk(UNKNOWN_STRING_VALUE)])],
        {VCPU: 20, GP3: None},
    ),
    "Karpenter's pool": ([pool("100")], {VCPU: 100}),
    "a pool with a number for its limit": ([pool(64, (BOUGHT, "In", ["on-demand"]))], {VCPU: 64}),
    "a pool of spot machines": ([pool("100", (BOUGHT, "In", ["spot"]))], {SPOT: 100}),
    "a pool of both": ([pool("100", (BOUGHT, "In", ["spot", "on-demand"]))], {SPOT: 100, VCPU: 100}),
    "a pool of everything but spot machines": ([pool("100", (BOUGHT, "NotIn", ["spot"]), ("tier", "In", ["spot"]))], {VCPU: 100}),
    "a pool without a limit": ([pool(None)], {VCPU: None}),
    "a pool without a limit beside one": ([pool(None), pool("10")], {VCPU: None}),
    "a limit that is no number": ([pool("4k")], {VCPU: None}),
    "nodes and a pool": ([group(1, "m5.large"), pool("100")], {VCPU: 102}),
    "NAT gateways, each in a zone of its own": ([gateway("a", "s"), gateway("b", "t"), subnet("s", "1a"), subnet("t", "1b")], {NAT: 1}),
    "two NAT gateways in a zone": ([gateway("a", "s"), gateway("b", "t"), subnet("s", "1a"), subnet("t", "1a")], {NAT: 2}),
    "a NAT gateway whose zone nobody knows": ([gateway("a", "s"), gateway("b", "t"), subnet("s", "1a")], {NAT: 2}),
    "NAT gateways of other subnets": ([gateway("a", "x"), gateway("b", "y")], {NAT: 2}),
    "databases of both kinds": (
        [(tokens.DATABASE_CLUSTER_INSTANCE, "a", {}), (tokens.DATABASE_INSTANCE, "b", {}), (tokens.DATABASE_CLUSTER, "c", {})],
        {quotas.DB_INSTANCES: 2, quotas.DB_CLUSTERS: 1},
    ),
}


@pytest.mark.parametrize("name", COUNTS)
def test_what_a_region_asks_for(name: str) -> None:
    made, wanted = COUNTS[name]
    found = asked(*made)
    assert {each.code: each.need for each in found if each.code in wanted} == wanted
    assert {SPOT, VCPU, GPU, TRAINING} & {each.code for each in found} <= wanted.keys()
    assert all(each.because for each in found if each.need is not None)


LATER: dict[str, Any] = {"launchTemplate": {"id": UNKNOWN_STRING_VALUE}}
UNREAD: dict[str, tuple[list[Made], list[str]]] = {
    "a type without a size, beside one that has": ([group(2, "m5.large", "m5.metal")], ["m5.metal of group-2"]),
    "a family of another quota": ([group(2, "x2idn.16xlarge")], ["x2idn.16xlarge of group-2"]),
    "an instance of no type": ([instance()], ["what machine starts"]),
    "an instance of a template of no type": ([instance(**BY_ID), template()], ["what machine starts"]),
    "an Auto Scaling group of a template elsewhere": ([scaling_group(1, launchTemplate={"name": "theirs"})], ["what scaling starts"]),
    "a mix of a template elsewhere": ([scaling_group(1, **mix({"launchTemplateId": "lt-1"}))], ["what scaling starts"]),
    "a launch configuration elsewhere": ([scaling_group(1, launchConfiguration="old")], ["what scaling starts"]),
    "an instance of a type that is not known yet": ([instance(instanceType=UNKNOWN_STRING_VALUE)], []),
    "a template that is not known yet": ([scaling_group(1, **LATER)], []),
    "a mix that is not known yet": ([scaling_group(1, mixedInstancesPolicy=UNKNOWN_STRING_VALUE)], []),
    "a launch configuration that is not known yet": ([scaling_group(1, launchConfiguration=UNKNOWN_STRING_VALUE)], []),
    "a template's type that is not known yet": ([instance(**BY_ID), template(instanceType=UNKNOWN_STRING_VALUE)], []),
    "a node group of no type, whose default is EKS's": ([group(2)], []),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_nobody_can_count_is_told(name: str) -> None:
    """By the name of the type, or of what starts one that the stack does not tell."""
    made, unread = UNREAD[name]
    found = asked(*made)
    assert [kind for each in found for kind in each.unread] == unread
    assert unread or [each.need for each in found if each.code == VCPU] == [None]


def test_volumes_of_workspaces_need_no_nodes() -> None:
    assert [(each.code, each.need) for each in asked(volumes_gib=2048)] == [(GP3, 2)]
    assert asked(volumes_gib=0) == []


def test_the_arithmetic_is_told() -> None:
    found = asked(group(10, "m5.large"), group(4, "m5.2xlarge"), pool("100"))
    assert [each.because for each in found if each.code == VCPU] == ["10 x 2 + 4 x 8 + 100.0 of pool-100"]


VPC: Made = (tokens.VPC, "vpc", {})


@pytest.mark.parametrize(
    ("of", "alone", "counted"), [(REGION, False, 1), (REGION, True, 1), ("us-west-2", True, 0), (None, True, 1), (None, False, 0)]
)
def test_a_region_asks_for_what_is_in_it(of: str | None, alone: bool, counted: int) -> None:
    """What has no region is of the only one, where there is one."""
    assert sum(each.need or 0 for each in asked(VPC, of=of, alone=alone)) == counted


@pytest.mark.parametrize(("zone", "alone", "counted"), [("us-east-1a", False, 100), ("us-west-2a", False, 0), ("us-west-2a", True, 100)])
def test_a_pool_asks_the_region_of_its_zones(zone: str, alone: bool, counted: int) -> None:
    found = asked(pool("100", (ZONE, "In", [zone])), alone=alone)
    assert sum(each.need or 0 for each in found) == counted
