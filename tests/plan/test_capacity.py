"""How many pods fit, against oracles that put them on a node one by one."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from plan.capacity import DAEMON_MIB, DAEMON_MILLICPU, DAEMON_PODS, Request, fit, nodes_for, split
from plan.instances import FAMILIES, INSTANCE_TYPES, InstanceType
from plan.packing import counts, placed
from plan.tiers import tier_for
from settings.quantities import CpuQuantity, MemoryQuantity

EXAMPLES = hypothesis_settings(max_examples=200, deadline=None)
TYPES = st.sampled_from(sorted(INSTANCE_TYPES)).map(INSTANCE_TYPES.__getitem__)
REQUESTS = st.builds(Request, st.integers(50, 64_000), st.integers(64, 262_144).map(Fraction), st.integers(0, 2))


def reserved_millicpu(vcpus: int) -> int:
    """The oracle of the kubelet's reservation: core by core, in hundredths of a millicpu."""
    hundredths = 0
    for core in range(vcpus):
        hundredths += 6000 if core == 0 else 1000 if core == 1 else 500 if core < 4 else 250
    return hundredths // 100


def one_by_one(node: InstanceType, request: Request) -> int:
    """The oracle: put pods on a node until one finds no room."""
    cpu = node.vcpus * 1000 - reserved_millicpu(node.vcpus) - DAEMON_MILLICPU
    memory = Fraction(node.memory_gib * 1024 - 255 - 11 * node.max_pods - 100 - DAEMON_MIB)
    pods, volumes, found = node.max_pods - DAEMON_PODS, node.volumes, 0
    while cpu >= request.millicpu and memory >= request.mebibytes and pods >= 1 and volumes >= request.volumes:
        cpu, memory, pods, volumes, found = (
            cpu - request.millicpu,
            memory - request.mebibytes,
            pods - 1,
            volumes - request.volumes,
            found + 1,
        )
    return found


@EXAMPLES
@given(TYPES, REQUESTS)
def test_a_node_holds_as_many_as_can_be_put_there(node: InstanceType, request: Request):
    each = fit(node, request)

    assert each.per_node == one_by_one(node, request)
    assert each.limited_by in {" and ".join(part) for part in _selections(list(each.limits))}
    assert all(each.limits[name] == each.per_node for name in each.limited_by.split(" and "))


def _selections(names: list[str]) -> list[list[str]]:
    return [[name for index, name in enumerate(names) if mask >> index & 1] for mask in range(1, 2 ** len(names))]


@EXAMPLES
@given(TYPES, REQUESTS, st.integers(1, 30), st.integers(0, 200))
def test_one_kind_of_pod_is_placed_as_division_says(node: InstanceType, request: Request, nodes: int, pods: int):
    """Where all pods are alike there are no gaps (but for the count of pods, which EBS limits first)."""
    limits = {name: limit for name, limit in fit(node, request).limits.items() if name != "pods"}
    expected = min(pods, nodes * min(limits.values()))

    assert placed(node, nodes, [(request, pods)]) == expected


def least_allocated(node: InstanceType, nodes: int, demand: list[tuple[Request, int]]) -> int:
    """The oracle: look at every node for every pod and take the emptiest one with room."""
    cpu = node.vcpus * 1000 - reserved_millicpu(node.vcpus) - DAEMON_MILLICPU
    memory = node.memory_gib * 1024 - 255 - 11 * node.max_pods - 100 - DAEMON_MIB
    used = [[0, 0, 0] for _ in range(nodes)]
    arrivals = [kind for kind, (_, count) in enumerate(demand) for _ in range(count)]
    random.Random(0).shuffle(arrivals)
    found = 0
    for kind in arrivals:
        request = demand[kind][0]
        needs = (request.millicpu, ceil(request.mebibytes), request.volumes)
        room = [slot for slot in used if slot[0] + needs[0] <= cpu and slot[1] + needs[1] <= memory and slot[2] + needs[2] <= node.volumes]
        if room:
            emptiest = min(room, key=lambda slot: Fraction(slot[0], cpu) + Fraction(slot[1], memory))
            for index in range(3):
                emptiest[index] += needs[index]
            found += 1
    return found


@EXAMPLES
@given(TYPES, st.lists(st.tuples(REQUESTS, st.integers(0, 30)), min_size=1, max_size=3), st.integers(1, 8))
def test_a_mix_is_placed_as_the_scheduler_would(node: InstanceType, demand: list[tuple[Request, int]], nodes: int):
    """4.2: spread scheduling, pod by pod."""
    assert placed(node, nodes, demand) == least_allocated(node, nodes, demand)


@EXAMPLES
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_a_split_is_exact_and_even(total: int, parts: int):
    each = split(total, parts)

    assert sum(each) == total
    assert len(each) == parts
    assert max(each) - min(each) <= 1
    assert list(each) == sorted(each, reverse=True)


@EXAMPLES
@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 6))
def test_a_smaller_total_splits_into_no_larger_parts(one: int, other: int, parts: int):
    """So a group's minimum is at most its maximum in every zone."""
    small, large = sorted((one, other))

    assert all(low <= high for low, high in zip(split(small, parts), split(large, parts), strict=True))


@EXAMPLES
@given(st.integers(0, 5000), st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_shares_become_whole_numbers_with_the_exact_sum(total: int, weights: list[int]):
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    each = counts(total, shares)

    assert sum(each) == total
    assert all(abs(count - total * share) < 1 for count, share in zip(each, shares, strict=True))


@EXAMPLES
@given(st.integers(1, 5999))
def test_more_workspaces_never_ask_for_a_smaller_control_plane(workspaces: int):
    less, more = tier_for(workspaces), tier_for(workspaces + 1)

    assert less.builds <= more.builds
    assert less.coderd_replicas * less.coderd_cpu <= more.coderd_replicas * more.coderd_cpu
    assert less.database_acu <= more.database_acu


def test_a_pod_that_fits_nowhere_has_no_number_of_nodes():
    with pytest.raises(ValueError, match="no node holds one"):
        nodes_for(10, 0)


def test_the_table_of_instance_types_is_whole():
    """Every row is of a family that the error text names, and holds more than the daemons."""
    assert len(INSTANCE_TYPES) > 100
    assert {name.split(".")[0] for name in INSTANCE_TYPES} == set(FAMILIES)
    for name, node in INSTANCE_TYPES.items():
        assert node.name == name
        assert node.architecture == ("arm64" if name.split(".")[0].endswith("g") else "amd64")
        assert node.volumes >= 12


@EXAMPLES
@given(st.integers(1, 10**7), st.integers(1, 2**50))
def test_quantities_survive_being_written(millicpu: int, amount: int):
    """What a Helm value says is what the plan computed."""
    assert CpuQuantity.parse(str(CpuQuantity(millicpu))) == CpuQuantity(millicpu)
    assert MemoryQuantity.parse(str(MemoryQuantity(amount * 1024))) == MemoryQuantity(amount * 1024)
