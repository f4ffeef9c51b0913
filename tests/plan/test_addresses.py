"""The address plan against an oracle of its own: a bit for every /28 of the VPC (NET-10, NET-11)."""

from __future__ import annotations

import json
from ipaddress import IPv4Network

from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from plan.addresses import Range, compute, first_free, node_addresses, node_interfaces, prefix_for, problems, too_small, usable
from plan.instances import INSTANCE_TYPES
from settings.cluster import CniMode
from settings.network import Tier
from tests.plan.stacks import conflicts_of, region_of

VPC = IPv4Network("10.0.0.0/16")
EXAMPLES = hypothesis_settings(max_examples=150, deadline=None)


def bits(network: IPv4Network, vpc: IPv4Network = VPC) -> int:
    """The oracle: one bit for every 16 addresses, those of the range set."""
    first = (int(network.network_address) - int(vpc.network_address)) // 16
    return ((1 << network.num_addresses // 16) - 1) << first


def ranges(low: int = 18, high: int = 28):
    """Aligned ranges inside the VPC."""
    return st.integers(low, high).flatmap(
        lambda prefix: st.integers(0, 2 ** (prefix - 16) - 1).map(
            lambda index: IPv4Network((int(VPC.network_address) + index * 2 ** (32 - prefix), prefix))
        )
    )


def keyed(networks: list[IPv4Network]) -> list[Range]:
    return [Range(f"tiers.workspace[{index}]", network) for index, network in enumerate(networks)]


@EXAMPLES
@given(st.lists(ranges(), max_size=8))
def test_exactly_the_overlapping_pairs_are_conflicts(networks: list[IPv4Network]):
    """NET-11: every pair that shares a bit, and no other."""
    expected = {
        (f"tiers.workspace[{second}]", f"{networks[second]} overlaps {networks[first]} of tiers.workspace[{first}]")
        for second in range(len(networks))
        for first in range(second)
        if bits(networks[first]) & bits(networks[second])
    }

    found = problems(VPC, keyed(networks), [])

    assert {(key, sentence.split(";")[0]) for key, sentence in found} == expected
    assert len(found) == len(expected)


@EXAMPLES
@given(st.lists(ranges(), max_size=12), st.integers(17, 28))
def test_a_suggested_range_is_free_aligned_and_the_lowest(taken: list[IPv4Network], prefix: int):
    """PRE-07: what a conflict suggests can be taken; None only where no such range is left."""
    used = 0
    for network in taken:
        used |= bits(network)
    free = [candidate for candidate in VPC.subnets(new_prefix=prefix) if not bits(candidate) & used]

    assert first_free(VPC, taken, prefix) == (free[0] if free else None)


@EXAMPLES
@given(st.lists(ranges(low=16, high=24), max_size=4), st.sampled_from([IPv4Network("10.0.0.0/18"), IPv4Network("10.0.64.0/19")]))
def test_a_range_outside_the_vpc_is_named(networks: list[IPv4Network], vpc: IPv4Network):
    inside = (1 << vpc.num_addresses // 16) - 1 << (int(vpc.network_address) - int(VPC.network_address)) // 16

    outside = {key for key, sentence in problems(vpc, keyed(networks), []) if "is not inside the VPC" in sentence}

    assert outside == {item.key for item in keyed(networks) if bits(item.network) & ~inside}


@EXAMPLES
@given(
    st.fixed_dictionaries({tier: st.integers(1, 5000) for tier in Tier}),
    st.integers(2, 4),
    st.lists(ranges(low=20), max_size=3),
)
def test_computed_subnets_are_disjoint_inside_and_large_enough(demands: dict[Tier, int], zones: int, reserved: list[IPv4Network]):
    """NET-02, NET-10: one subnet per tier and zone, usable addresses at least the demand, nothing shared, the reserve untouched."""
    try:
        tiers = compute(VPC, demands, zones, reserved)
    except ValueError:
        assume(False)
        return
    used = 0
    for network in reserved:
        used |= bits(network)
    for tier, demand in demands.items():
        assert len(tiers[tier]) == zones
        for subnet in tiers[tier]:
            assert subnet.subnet_of(VPC)
            assert not bits(subnet) & used
            assert subnet.num_addresses - 5 >= demand
            used |= bits(subnet)


@EXAMPLES
@given(st.integers(1, 60_000))
def test_a_prefix_is_the_longest_that_is_large_enough(addresses: int):
    fitting = [length for length in range(16, 29) if 2 ** (32 - length) - 5 >= addresses]

    assert prefix_for(addresses) == max(fitting)


@EXAMPLES
@given(st.sampled_from(sorted(INSTANCE_TYPES)), st.integers(1, 110), st.sampled_from(list(CniMode)))
def test_a_node_has_addresses_for_its_pods_and_one_spare_unit(name: str, pods: int, cni: CniMode):
    """T-05: counted interface by interface, block by block, as the CNI does."""
    node = INSTANCE_TYPES[name]
    assume(pods <= node.max_pods - 2)
    interfaces, blocks, taken = 1, 0, 1
    size = 16 if cni is CniMode.PREFIX else 1
    wanted = -(-pods // 16) + 1 if cni is CniMode.PREFIX else (-(-pods // (node.addresses - 1)) + 1) * (node.addresses - 1)
    while blocks < wanted:
        if blocks == interfaces * (node.addresses - 1):
            if interfaces == node.interfaces:
                break
            interfaces, taken = interfaces + 1, taken + 1
        blocks, taken = blocks + 1, taken + size

    assert node_addresses(node, pods, cni) == taken
    assert node_interfaces(node, pods, cni) == interfaces


def test_prod_lies_where_the_design_says():
    """NET-01 to NET-07."""
    network = region_of().network

    assert network.cidr == "10.0.0.0/16"
    assert network.zones == ("us-east-1a", "us-east-1b", "us-east-1c")
    assert {tier.name: [subnet.cidr for subnet in tier.subnets] for tier in network.tiers} == {
        "public": ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"],
        "control": ["10.0.48.0/20", "10.0.64.0/20", "10.0.80.0/20"],
        "provisioner": ["10.0.96.0/20", "10.0.112.0/20", "10.0.128.0/20"],
        "workspace": ["10.0.144.0/20", "10.0.160.0/20", "10.0.176.0/20"],
        "database": ["10.0.208.0/21", "10.0.216.0/21", "10.0.224.0/21"],
    }
    assert [(tier.name, tier.public, tier.isolated) for tier in network.tiers if tier.public or tier.isolated] == [
        ("public", True, False),
        ("database", False, True),
    ]
    assert [subnet.name for subnet in network.tier("public").subnets] == ["public-a", "public-b", "public-c"]
    assert [subnet.zone for subnet in network.tier("public").subnets] == list(network.zones)


def test_an_overlap_names_both_sides_and_a_free_range():
    """PRE-07: the design's own workspace range, read strictly, overlaps the provisioner tier (T-01)."""
    conflicts = conflicts_of("regions: { us-east-1: { network: { tiers: { workspace: [10.0.128.0/18, 10.0.160.0/20, 10.0.176.0/20] } } } }")

    path = "coder-eks:regions.us-east-1.network.tiers"
    assert (
        conflicts[0] == f"{path}.workspace[0]: 10.0.128.0/18 overlaps 10.0.128.0/20 of tiers.provisioner[2]; the VPC has no free /18 left"
    )
    assert f"{path}.workspace[1]: 10.0.160.0/20 overlaps 10.0.128.0/18 of tiers.workspace[0]; use 10.0.192.0/20 instead" not in conflicts
    assert f"{path}.workspace[1]: 10.0.160.0/20 overlaps 10.0.128.0/18 of tiers.workspace[0]; use 10.0.240.0/20 instead" in conflicts


def test_a_subnet_outside_the_vpc_is_refused():
    assert conflicts_of("regions: { us-east-1: { network: { tiers: { public: [10.1.0.0/20, 10.0.16.0/20, 10.0.32.0/20] } } } }") == (
        "coder-eks:regions.us-east-1.network.tiers.public[0]: 10.1.0.0/20 is not inside the VPC, 10.0.0.0/16; use 10.0.0.0/20 instead",
    )


def test_the_reserve_stays_free():
    """NET-06: 10.0.192.0/20 is kept."""
    (conflict,) = conflicts_of(
        "regions: { us-east-1: { network: { tiers: { workspace: [10.0.192.0/20, 10.0.160.0/20, 10.0.176.0/20] } } } }"
    )

    assert conflict.endswith("reserved[0]: 10.0.192.0/20 overlaps 10.0.192.0/20 of tiers.workspace[0]; use 10.0.144.0/20 instead")


def test_a_subnet_that_is_too_small_says_the_arithmetic():
    """T-03: 429 nodes of the design's type do not fit into its /20."""
    change = """
workload: { requests: { cpu: 25%, memory: 50% } }
regions: { us-east-1: { cluster: { node_groups: { coder-ws: { max: 429 } } } } }
"""
    conflicts = conflicts_of(change)

    assert len(conflicts) == 3
    assert conflicts[0] == (
        "coder-eks:regions.us-east-1.network.tiers.workspace[0]: 10.0.144.0/20 has 4091 usable addresses, 5160 are needed: "
        "429 x m5.2xlarge and 20% growth over 3 zones are 172 nodes, each with 30 addresses for 10 pods in warm-eni mode; "
        "the VPC has no free /19 left, or take fewer, larger nodes"
    )


def test_subnets_are_computed_where_none_are_declared():
    """NET-02, NET-10: five tiers in three zones, in the reserve none of them."""
    network = region_of("regions: { us-east-1: { network: { tiers: null } } }").network
    subnets = [IPv4Network(subnet.cidr) for tier in network.tiers for subnet in tier.subnets]

    assert len(subnets) == 15
    assert problems(VPC, keyed(subnets), [Range("reserved[0]", IPv4Network("10.0.192.0/20"))]) == []
    assert [IPv4Network(subnet.cidr).prefixlen for subnet in network.tier("workspace").subnets] == [20, 20, 20]


def test_computed_subnets_that_do_not_fit_are_one_conflict():
    (conflict,) = conflicts_of("regions: { us-east-1: { network: { cidr: 10.0.0.0/20, tiers: null, reserved: null } } }")

    assert conflict == (
        "coder-eks:regions.us-east-1.network.cidr: the workspace tier needs 3 subnets of /20, which 10.0.0.0/20 has not left; "
        "write a larger range, or fewer reserved ones"
    )


def test_fewer_zones_make_fewer_subnets_and_move_none():
    """NET-02, NET-40: tiers times zones, and the first zones keep their ranges."""
    three = region_of().network
    declared = {tier.name: [subnet.cidr for subnet in tier.subnets[:2]] for tier in three.tiers}
    groups = "{ coder-ws: { max: 100 }, coder-prov: { max: 10 } }"
    two = region_of(
        f"""
workload: {{ peak: {{ workspaces: 1500 }} }}
regions: {{ us-east-1: {{ network: {{ zones: 2, tiers: {json.dumps(declared)} }}, cluster: {{ node_groups: {groups} }} }} }}
"""
    ).network

    assert (sum(len(tier.subnets) for tier in three.tiers), sum(len(tier.subnets) for tier in two.tiers)) == (15, 10)
    for before, after in zip(three.tiers, two.tiers, strict=True):
        assert before.subnets[:2] == after.subnets


def test_usable_addresses_leave_out_the_five_that_aws_keeps():
    assert usable(IPv4Network("10.0.0.0/20")) == 4091


def test_a_subnet_may_be_exactly_as_large_as_the_demand():
    subnets = [Range("tiers.workspace[0]", IPv4Network("10.0.144.0/20"))]

    assert too_small(VPC, subnets, [], {"tiers.workspace[0]": (4091, "")}) == []
    assert len(too_small(VPC, subnets, [], {"tiers.workspace[0]": (4092, "")})) == 1
