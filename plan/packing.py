"""What really fits: workspaces of several sizes put on nodes one by one, as the scheduler does."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from plan.capacity import Request, free_mib, free_millicpu
from plan.instances import InstanceType

_SEED = 0  # the order in which people start workspaces: any, but the same every time


def placed(instance: InstanceType, nodes: int, demand: Sequence[tuple[Request, int]]) -> int:
    """How many pods find a node, each on the least allocated one that has room; demand: requests and how many of each.

    Division alone promises more: sizes leave gaps that no other size fills (requirements 4.2, the 25/60/15 rows).
    """
    cpu, memory = free_millicpu(instance), free_mib(instance)
    requests = [(request.millicpu, ceil(request.mebibytes), request.volumes) for request, _ in demand]
    order = [kind for kind, (_, count) in enumerate(demand) for _ in range(count)]
    random.Random(_SEED).shuffle(order)  # noqa: S311 no secret: a repeatable order
    heap = [(0, index, 0, 0, 0) for index in range(nodes)]
    found = 0
    for kind in order:
        full: list[tuple[int, int, int, int, int]] = []
        while heap:
            node = heapq.heappop(heap)
            _, index, used_cpu, used_memory, volumes = node
            now = (used_cpu + requests[kind][0], used_memory + requests[kind][1], volumes + requests[kind][2])
            if now[0] <= cpu and now[1] <= memory and now[2] <= instance.volumes:
                found += 1
                full.append((now[0] * memory + now[1] * cpu, index, *now))
                break
            full.append(node)
        for node in full:
            heapq.heappush(heap, node)
    return found


def counts(total: int, shares: Sequence[Fraction]) -> tuple[int, ...]:
    """A total by shares that sum to one: whole numbers with the exact sum, the largest remainders rounded up."""
    exact = [total * share for share in shares]
    floors = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: (floors[index] - exact[index], index))
    for index in by_remainder[: total - sum(floors)]:
        floors[index] += 1
    return tuple(floors)
