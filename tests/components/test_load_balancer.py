"""The network load balancer on the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.coder_reference import TERMINATION_GRACE_SECONDS
from components.coder_values import HTTP_PORT
from components.load_balancer import DRAIN_SECONDS, TARGET_PORT, LoadBalancer, LoadBalancerArgs
from tests.components.conftest import Deploy
from tests.components.graph import Graph

ARGS = LoadBalancerArgs(
    vpc_id="vpc-1",
    subnet_ids=("subnet-a", "subnet-b", "subnet-c"),
    security_group_id="sg-balancer",
    certificate_arn="arn:of-the-certificate",
    tls_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    static_ips=False,
    data_protection=True,
)
BALANCER, TARGETS, LISTENER = "aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup", "aws:lb/listener:Listener"


def balancer(deploy: Deploy, *, preview: bool = False, **changes: Any) -> Graph:
    return deploy(lambda: LoadBalancer("load-balancer", replace(ARGS, **changes)), preview=preview)


@pytest.fixture
def graph(deploy: Deploy) -> Graph:
    return balancer(deploy)


def test_it_faces_the_internet_from_every_public_subnet_behind_its_security_group(graph: Graph):
    """CDR-20, NET-28, NET-31."""
    inputs = graph.one(BALANCER).inputs
    assert (inputs["loadBalancerType"], inputs["internal"]) == ("network", False)
    assert inputs["subnets"] == list(ARGS.subnet_ids)
    assert inputs["securityGroups"] == ["sg-balancer"]


def test_it_balances_over_zones(graph: Graph):
    """CDR-22."""
    assert graph.one(BALANCER).inputs["enableCrossZoneLoadBalancing"] is True


def test_the_only_listener_is_tls_on_443_with_the_declared_policy_and_certificate(graph: Graph):
    """CDR-20, CDR-21, CDR-30, T-20, T-29: no port 80, no UDP 3478."""
    listener = graph.one(LISTENER)
    inputs = listener.inputs
    assert (inputs["protocol"], inputs["port"]) == ("TLS", 443)
    assert inputs["sslPolicy"] == ARGS.tls_policy
    assert inputs["certificateArn"] == ARGS.certificate_arn
    assert graph.reference(listener, "loadBalancerArn") == [graph.one(BALANCER)]
    assert graph.reference(listener, "defaultActions") == [graph.one(TARGETS)]


def test_no_idle_timeout_is_asked_of_the_tls_listener(graph: Graph):
    """CDR-35: AWS fixes it at 350 seconds for TLS and refuses the attribute; coderd pings every 15."""
    assert "tcpIdleTimeoutSeconds" not in graph.one(LISTENER).inputs


def test_it_hands_http_to_pods_by_ip_where_coderd_listens(graph: Graph):
    """CDR-06, CDR-25, T-23."""
    inputs = graph.one(TARGETS).inputs
    assert (inputs["targetType"], inputs["protocol"], inputs["port"]) == ("ip", "TCP", 8080)
    assert TARGET_PORT == HTTP_PORT


def test_health_is_asked_over_http(graph: Graph):
    """CDR-22."""
    check = graph.one(TARGETS).inputs["healthCheck"]
    assert (check["protocol"], check["path"], check["matcher"], check["port"]) == ("HTTP", "/healthz", "200", "traffic-port")


def test_clients_keep_their_address(graph: Graph):
    """CDR-24, T-24: off by default for IP targets."""
    assert graph.one(TARGETS).inputs["preserveClientIp"] == "true"


def test_targets_drain_no_longer_than_a_pod_lives(graph: Graph):
    assert graph.one(TARGETS).inputs["deregistrationDelay"] == DRAIN_SECONDS <= TERMINATION_GRACE_SECONDS


@pytest.mark.parametrize("protection", [True, False])
def test_aws_refuses_its_deletion_under_protection(deploy: Deploy, protection: bool):
    assert balancer(deploy, data_protection=protection).one(BALANCER).inputs["enableDeletionProtection"] is protection


def test_static_addresses_are_one_elastic_ip_a_zone(deploy: Deploy):
    """CDR-23, T-18."""
    graph = balancer(deploy, static_ips=True)
    mappings = graph.one(BALANCER).inputs["subnetMappings"]
    assert [mapping["subnetId"] for mapping in mappings] == list(ARGS.subnet_ids)
    assert len({mapping["allocationId"] for mapping in mappings}) == len(graph.of("aws:ec2/eip:Eip")) == 3
    assert "subnets" not in graph.one(BALANCER).inputs


def test_no_elastic_ip_is_used_without_static_addresses(graph: Graph):
    """T-18."""
    assert not graph.of("aws:ec2/eip:Eip")


def test_declared_facts_are_its_inputs_and_outputs(graph: Graph):
    """Decision 10."""
    component, outputs = graph.component("coder-eks:load_balancer:LoadBalancer")
    assert component.inputs == {
        "internal": False,
        "zones": 3,
        "port": 443,
        "target_port": 8080,
        "tls_policy": ARGS.tls_policy,
        "static_ips": False,
        "data_protection": True,
    }
    assert component.inputs.items() <= outputs.items()
    assert outputs["zone_id"] == "Z26RNL4JYFTOTI"


def test_a_preview_knows_every_resource(deploy: Deploy, graph: Graph):
    assert [node.urn for node in balancer(deploy, preview=True).nodes] == [node.urn for node in graph.nodes]
