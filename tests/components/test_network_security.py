"""Who reaches whom in prod: the interfaces of the design's tables, and nothing else (NET-32, NET-33)."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.network_rules import ACL_RULES_MAX, Party, flows, tier_acls
from plan.model import NetworkPlan, SubnetPlan, TierPlan
from plan.quotas import MOST_GROUPS, MOST_RULES
from settings.cluster import RUNNER_CIDRS_MAX
from settings.network import NatMode, Tier
from tests.components import clusters, plans
from tests.components.reachability import Host, World
from tests.components.test_network import build, prod

TIERS = ("control", "provisioner", "workspace")
PORTS = (22, 53, 80, 443, 2112, 3306, 5432, 8080, 9443, 10250, 30000)


def world() -> World:
    return World(prod())


def api(zone: int = 0) -> Host:
    """The Kubernetes API's interface, which EKS puts into the control subnets."""
    return world().host("control", "cluster", zone, number=20)


def endpoint(zone: int = 0) -> Host:
    return world().host("control", "endpoint", zone, number=30)


def balancer(zone: int = 0) -> Host:
    return world().host("public", "load-balancer", zone)


@pytest.mark.parametrize("zone", range(3))
def test_clients_reach_coderd_through_the_balancer(zone: int):
    """NET-32: dashboard, API and DERP over 443 to the NLB, which goes to coderd's own port (NET-26, NET-28, T-23)."""
    net = world()
    assert net.opens(net.internet(), balancer(zone), "tcp", 443)
    for other in range(3):  # cross-zone balancing
        assert net.opens(balancer(zone), net.host("control", zone=other), "tcp", 8080)


def test_coderd_keeps_the_client_address_and_still_answers():
    """NET-32, T-24: with client addresses preserved the NACL of the control tier sees the internet's."""
    net = world()
    client, coderd = net.internet().address, net.host("control").address
    assert net._acls_pass(client, coderd, "tcp", 8080)
    assert net._acls_pass(coderd, client, "tcp", 43210)


def test_stun_is_closed():
    """NET-32, CDR-27, T-20: coderd has no STUN listener."""
    net = world()
    assert not net.opens(net.internet(), balancer(), "udp", 3478)


def test_instances_reach_the_front_door_by_nat():
    """NET-32, NET-35: workspaces that are instances come over the internet."""
    net = world()
    assert net.opens(net.host("workspace", "ec2-workspace"), net.internet(), "tcp", 443)


def test_coderd_reaches_the_identity_provider():
    """NET-32"""
    net = world()
    assert net.opens(net.host("control"), net.internet(), "tcp", 443)


@pytest.mark.parametrize(("from_zone", "to_zone"), list(product(range(3), range(3))))
def test_coderd_reaches_the_database(from_zone: int, to_zone: int):
    """NET-33, NET-27"""
    net = world()
    assert net.opens(net.host("control", zone=from_zone), net.host("database", zone=to_zone), "tcp", 5432)


@pytest.mark.parametrize(("tier", "from_zone", "to_zone"), list(product(("provisioner", "workspace"), range(3), range(3))))
def test_provisioners_and_agents_reach_coderd_inside(tier: str, from_zone: int, to_zone: int):
    """NET-33, NET-34, T-22: provisioner API, agent and DERP on coderd's Service, without NAT or NLB."""
    net = world()
    assert net.opens(net.host(tier, zone=from_zone), net.host("control", zone=to_zone), "tcp", 8080)


@pytest.mark.parametrize(("tier", "zone"), list(product(TIERS, range(3))))
def test_every_node_tier_reaches_the_kubernetes_api_names_and_aws(tier: str, zone: int):
    """NET-33, NET-25, NET-23, T-88"""
    net = world()
    for there in range(3):
        assert net.opens(net.host(tier, zone=zone), api(there), "tcp", 443)
        assert net.opens(net.host(tier, zone=zone), endpoint(there), "tcp", 443)
        for protocol in ("tcp", "udp"):
            assert net.opens(net.host(tier, zone=zone), net.host("control", zone=there, number=11), protocol, 53)
        assert net.opens(api(there), net.host(tier, zone=zone), "tcp", 10250)


@pytest.mark.parametrize("tier", ["control", "provisioner"])
def test_prometheus_reaches_metrics_of_coderd_and_provisioners(tier: str):
    """NET-33, OBS-05"""
    net = world()
    assert net.opens(net.host("control"), net.host(tier, zone=1, number=99), "tcp", 2112)


def _permitted(source: str, target: str, protocol: str, port: int) -> bool:
    """The design's interfaces between node tiers, database included, written down a second time."""
    if target == "control":
        return source == "control" or (source != "database" and port in {"tcp": {53, 8080}, "udp": {53}}[protocol])
    if target == "database":
        return (source, protocol, port) == ("control", "tcp", 5432)
    if target == "provisioner" and port == 2112:  # OBS-05
        return (source, protocol) == ("control", "tcp")
    return (source, protocol, port) == ("control", "tcp", 10250)


def test_between_tiers_nothing_else_is_open():
    """NET-33, NET-29, T-38: every pair of tiers, in the same and in another zone, on every port that means something here."""
    net = world()
    for source, target in product((*TIERS, "database"), repeat=2):
        for zone, protocol, port in product((0, 1), ("tcp", "udp"), PORTS):
            opens = net.opens(net.host(source), net.host(target, zone=zone, number=99), protocol, port)
            assert opens == _permitted(source, target, protocol, port), (source, target, zone, protocol, port)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 65535), st.sampled_from(["tcp", "udp"]), st.integers(0, 2), st.integers(0, 2))
def test_no_workspace_reaches_another(port: int, protocol: str, here: int, there: int):
    """NET-29, NET-33: whether pods' nodes or instances, in any zone, on any port."""
    net = world()
    for source, target in product(("workspace", "ec2-workspace"), repeat=2):
        other = net.host("workspace", target, there, number=77)
        assert not net.opens(net.host("workspace", source, here), other, protocol, port)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 65535), st.sampled_from(["tcp", "udp"]), st.sampled_from([*TIERS, "database"]))
def test_the_internet_opens_nothing_but_the_front_door(port: int, protocol: str, tier: str):
    """NET-28, NET-32"""
    net = world()
    assert not net.opens(net.internet(), net.host(tier), protocol, port)
    assert net.opens(net.internet(), balancer(), protocol, port) == ((protocol, port) == ("tcp", 443))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 65535), st.sampled_from(["tcp", "udp"]), st.integers(0, 2), st.integers(0, 2))
def test_nacls_alone_keep_workspaces_and_provisioners_from_databases_and_each_other(port: int, protocol: str, here: int, there: int):
    """NET-19: holds with every security group wide open."""
    net = world()
    workspace, provisioner = net.host("workspace", zone=here).address, net.host("provisioner", zone=there).address
    database = net.host("database", zone=there).address
    pairs = [(workspace, database), (provisioner, database), (workspace, provisioner), (provisioner, workspace)]
    if here != there:  # within a subnet no NACL is asked
        pairs.append((workspace, net.host("workspace", zone=there).address))
    for source, target in pairs:
        assert not net._acls_pass(source, target, protocol, port)
        assert not net._acls_pass(target, source, protocol, port)


def test_nacls_let_answers_back_from_the_internet():
    """NET-19: a NACL keeps no state."""
    net = world()
    for tier in ("public", *TIERS):
        assert net._acls_pass(net.internet().address, net.host(tier).address, "tcp", 61234)
    assert not net._acls_pass(net.internet().address, net.host("database").address, "tcp", 61234)


def test_no_group_is_shared_and_the_default_group_is_empty():
    """NET-18"""
    graph = prod()
    names = {n.name for n in graph.of("aws:ec2/securityGroup:SecurityGroup")}
    assert names == {f"network-{party.value}" for party in Party if party is not Party.INTERNET}
    default = graph.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert default.inputs["ingress"] == default.inputs["egress"] == []
    assert graph.reference(default, "vpcId") == [graph.one("aws:ec2/vpc:Vpc")]


def test_databases_and_endpoints_open_nothing():
    """NET-17, NET-23"""
    graph = prod()
    closed = {graph.one("aws:ec2/securityGroup:SecurityGroup", f"network-{name}").id for name in ("database", "endpoint")}
    rules = graph.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert not [rule for rule in rules if rule.inputs["securityGroupId"] in closed]


def test_only_the_front_door_admits_a_range():
    """NET-28: everything else admits groups, so that no address inherits a right."""
    rules = prod().of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert [r.name for r in rules if "cidrIpv4" in r.inputs] == ["network-load-balancer-from-internet-tcp-443"]
    assert len(rules) == len(flows())


RUNNERS = {"10.20.0.0/24": "of a connected network", "10.0.192.0/24": "in the VPC, in no tier"}


@functools.cache
def with_runners() -> World:
    return World(build(plans.network_plan(runner_cidrs=tuple(RUNNERS))), linked=IPv4Network("10.20.0.0/16"))


@pytest.mark.parametrize(("cidr", "zone"), list(product(RUNNERS, range(3))))
def test_a_runner_reaches_the_private_api_and_nothing_else(cidr: str, zone: int):
    """EKS-03, decision 4: in every zone, whether it stands in the VPC or in a network beside it."""
    net, runner = with_runners(), Host(str(IPv4Network(cidr)[7]), None)
    assert net.opens(runner, net.host("control", "cluster", zone, number=20), "tcp", 443)
    for tier, protocol, port in product((*TIERS, "database"), ("tcp", "udp"), PORTS):
        assert not net.opens(runner, net.host(tier, zone=zone), protocol, port), (tier, protocol, port)


@pytest.mark.parametrize("address", ["10.20.1.7", "10.0.193.7", "10.21.0.7"])
def test_its_neighbours_do_not(address: str):
    """EKS-03: nor does anybody where no runner is named."""
    neighbour = Host(address, None)
    for net in (with_runners(), World(prod(), linked=IPv4Network("10.20.0.0/15"))):
        assert not net.opens(neighbour, net.host("control", "cluster", number=20), "tcp", 443)
    silent = World(prod(), linked=IPv4Network("10.20.0.0/16"))
    assert not any(silent.opens(Host(str(IPv4Network(cidr)[7]), None), api(), "tcp", 443) for cidr in RUNNERS)


@pytest.mark.parametrize("zones", range(2, 6))
def test_nacls_have_room_for_the_most_runners(zones: int):
    """EKS-03, NET-19: as many as the settings take, with every tier scattered."""
    runners = tuple(f"172.16.{index}.0/24" for index in range(RUNNER_CIDRS_MAX))
    acls = tier_acls(replace(_plan_of(zones, 22, scattered=True), runner_cidrs=runners))
    assert len(acls[Tier.CONTROL].ingress) <= ACL_RULES_MAX


OWN_TIERS = tuple(tier for tier in Tier if tier is not Tier.PRIVATE)
SHARED_TIER = (Tier.PUBLIC, Tier.PRIVATE, Tier.DATABASE)


def _plan_of(zones: int, prefix: int, scattered: bool, tiers: tuple[Tier, ...] = OWN_TIERS) -> NetworkPlan:
    """A plan of that many zones; scattered: tiers alternate, so that no two subnets of one adjoin."""
    size = 2 ** (32 - prefix)
    letters = "abcdef"[:zones]
    order = [(tier, z) for z in letters for tier in tiers] if scattered else [(tier, z) for tier in tiers for z in letters]
    where = {pair: f"10.{index * size // 65536}.{index * size % 65536 // 256}.0/{prefix}" for index, pair in enumerate(order)}
    planned = tuple(
        TierPlan(
            name=tier.value,
            public=tier is Tier.PUBLIC,
            isolated=tier is Tier.DATABASE,
            subnets=tuple(SubnetPlan(f"{tier.value}-{z}", f"us-east-1{z}", where[tier, z]) for z in letters),
        )
        for tier in tiers
    )
    return NetworkPlan("10.0.0.0/8", tuple(f"us-east-1{z}" for z in letters), NatMode.GATEWAY_PER_AZ, planned)


@pytest.mark.parametrize(("zones", "scattered"), [(z, s) for z in range(2, 7) for s in (True, False) if not (s and z == 6)])
def test_nacls_fit_awss_quota(zones: int, scattered: bool):
    """NET-19"""
    for tiers in (OWN_TIERS, SHARED_TIER):
        acls = tier_acls(_plan_of(zones, 22, scattered, tiers))
        assert tuple(acls) == tiers
        assert all(max(len(acl.ingress), len(acl.egress)) <= ACL_RULES_MAX for acl in acls.values())


def test_a_plan_too_scattered_for_awss_quota_is_refused():
    """NET-19"""
    with pytest.raises(ValueError, match="give tiers adjacent ranges"):
        tier_acls(_plan_of(6, 22, scattered=True))


def test_no_two_parties_are_the_same_group():
    """NET-18"""
    ids = {n.id for n in prod().of("aws:ec2/securityGroup:SecurityGroup")}
    assert all(a != b for a, b in combinations(ids, 2))


def test_each_flow_names_its_purpose():
    assert all(flow.purpose for flow in flows())
    assert len({(f.source, f.target, f.protocol, f.port) for f in flows()}) == len(flows())


def test_the_plans_of_these_tests_are_prods():
    assert plans.network_plan().tier("workspace").subnets[0].cidr == "10.0.144.0/20"


def test_groups_and_rules_are_as_few_as_the_quotas_are_told():
    """PRE-02: plan.quotas says 20 rules of one group and 2 groups of one interface, with the most runners too."""
    runners = tuple(f"172.16.{index}.0/24" for index in range(RUNNER_CIDRS_MAX))
    graph = build(plans.network_plan(runner_cidrs=runners))
    for way in ("Ingress", "Egress"):
        rules = graph.of(f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule")
        assert max(Counter(rule.inputs["securityGroupId"] for rule in rules).values()) <= MOST_RULES
    cluster = clusters.prod()
    templates = cluster.of("aws:ec2/launchTemplate:LaunchTemplate")
    assert templates
    assert all(len(template.inputs["vpcSecurityGroupIds"]) <= MOST_GROUPS for template in templates)
    control = cluster.one("eks:index:Cluster").inputs
    assert 1 + len([control["clusterSecurityGroup"]]) <= MOST_GROUPS  # EKS adds one of its own to each of its interfaces
