"""Who reaches whom where all nodes share one tier: what prod's tiers keep apart twice, security groups keep apart alone (NET-08, T-10)."""

from __future__ import annotations

import functools
from itertools import product

import pytest

from tests.components import plans
from tests.components.graph import Graph
from tests.components.reachability import Host, World
from tests.components.test_network import build

ROLES = ("control", "provisioner", "workspace")
METRICS = 2112  # Prometheus on the control nodes reads the provisioners (OBS-05)
PORTS = (22, 53, 80, 443, 2112, 5432, 8080, 10250)


@functools.cache
def shared() -> Graph:
    return build(plans.shared_network())


def world() -> World:
    return World(shared())


def node(role: str, zone: int = 0, number: int = 10) -> Host:
    return world().host("private", role, zone, number)


def test_there_are_three_tiers_in_two_zones():
    """NET-02, NET-08"""
    subnets = shared().of("aws:ec2/subnet:Subnet")
    found = {(n.tags()["Tier"], n.inputs["availabilityZone"]): n.inputs["cidrBlock"] for n in subnets}
    assert found == {
        (tier, zone): cidr for tier, cidrs in plans.SHARED_CIDRS.items() for zone, cidr in zip(plans.ZONES, cidrs, strict=False)
    }
    assert len(shared().of("aws:ec2/networkAcl:NetworkAcl")) == 3


@pytest.mark.parametrize(("source", "target"), list(product(ROLES, repeat=2)))
def test_roles_reach_each_other_as_in_tiers_of_their_own(source: str, target: str):
    """NET-33, NET-29, T-38"""
    for zone, (protocol, port) in product((0, 1), product(("tcp", "udp"), PORTS)):
        if target == "control":
            wanted = source == "control" or port in {"tcp": {53, 8080}, "udp": {53}}[protocol]
        else:
            wanted = (source, protocol, port) == ("control", "tcp", 10250) or (source, target, protocol, port) == (
                "control",
                "provisioner",
                "tcp",
                METRICS,
            )
        assert world().opens(node(source), node(target, zone, 99), protocol, port) is wanted, (protocol, port, zone)


@pytest.mark.parametrize("role", ROLES)
def test_the_database_answers_control_nodes_only(role: str):
    """NET-27, T-38"""
    for zone in (0, 1):
        assert world().opens(node(role), world().host("database", zone=zone), "tcp", 5432) is (role == "control")
        assert not world().opens(world().host("database"), node(role, zone), "tcp", 8080)


@pytest.mark.parametrize("role", ROLES)
def test_every_node_has_the_kubernetes_api_endpoints_and_a_way_out(role: str):
    """NET-14, NET-25, NET-23"""
    for zone in (0, 1):
        api, endpoint = node("cluster", zone, 20), node("endpoint", zone, 30)
        assert world().opens(node(role), api, "tcp", 443)
        assert world().opens(node(role), endpoint, "tcp", 443)
        assert world().opens(node(role, zone), world().internet(), "tcp", 443)


def test_the_balancer_reaches_coderd_and_no_other_node():
    """NET-26, T-23"""
    balancer = world().host("public", "load-balancer")
    assert [role for role in ROLES if world().opens(balancer, node(role, 1), "tcp", 8080)] == ["control"]


def test_endpoints_have_an_interface_in_each_shared_subnet():
    """NET-22"""
    graph = shared()
    for endpoint in graph.of("aws:ec2/vpcEndpoint:VpcEndpoint"):
        if endpoint.inputs["vpcEndpointType"] == "Interface":
            assert [n.tags()["Tier"] for n in graph.reference(endpoint, "subnetIds")] == ["private", "private"]
