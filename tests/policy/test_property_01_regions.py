"""**Feature: coder-deployment-guide, Property 1: Infrastructure Provisioning Completeness** (POL-01), in several regions"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.policy.graphs import prod_like
from tests.policy.judge import assert_named, run
from tests.policy.regions import ENTRANCE, PRIMARY, SECOND, Two, two_regions
from tests.policy.world import DEPLOYED, PREVIEW, Ref

MODES = pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])


@MODES
@pytest.mark.parametrize("serves", ["proxy", "shared-database"])
def test_two_regions_are_lawful(serves: str, mode: str) -> None:
    assert run(two_regions(serves).built.world, mode, number=1).violations(1) == []


@MODES
def test_a_proxys_region_has_no_entrance_before_the_second_visit(mode: str) -> None:
    """Decision 7: a proxy needs a token of coderd, and a balancer without a proxy behind it answers nobody."""
    two = two_regions(visit=1)
    assert_named(run(two.built.world, mode, number=1), 1, f"{SECOND} has 1 of load balancer, and needs 0")
    two.built.world.remove(*(two.west.parts[part] for part in ENTRANCE))
    assert run(two.built.world, mode, number=1).violations(1) == []


def put(part: str, key: str, target: str) -> Callable[[Two], None]:
    """A part of the second region is joined to one of the first."""
    return lambda two: two.west.parts[part].inputs.update({key: Ref(two.built.parts[target])})


def database(token: str) -> Callable[[Two], None]:
    return lambda two: two.built.world.resources.append(two.west.make("stray", token, {"engine": "aurora-postgresql"}))


def nowhere(two: Two) -> None:
    """A VPC that does not tell its region is of none, where there are several."""
    two.west.parts["vpc"].region = None
    two.west.parts["vpc"].outputs.pop("region")


MUTANTS: dict[str, tuple[str, Callable[[Two], None]]] = {
    "a database in a proxy's region": ("Coder's only database is in the primary region", database("aws:rds/cluster:Cluster")),
    "an instance in a proxy's region": ("Coder's only database is in the primary region", database("aws:rds/instance:Instance")),
    "a subnet in the other region's VPC": ("does not lie in the region's VPC", put("control-a", "vpcId", "vpc")),
    "a subnet under the other region's table": ("has 0 default routes", put("control-a-association", "routeTableId", "private-table-a")),
    "a VPC of no region": (f"{SECOND} has 0 of VPC", nowhere),
}


@MODES
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_fact_is_named(name: str, mode: str) -> None:
    two, (reason, apply) = two_regions(), MUTANTS[name]
    apply(two)
    assert_named(run(two.built.world, mode, number=1), 1, reason, whole="of VPC" in reason)


@MODES
def test_what_tells_no_region_is_of_the_only_one(mode: str) -> None:
    built = prod_like()
    for resource in built.world.resources:
        resource.region = None
        resource.outputs.pop("region", None)
    assert run(built.world, mode, number=1).violations(1) == []


def test_the_primary_region_is_asked_for_a_database_of_its_own() -> None:
    """Decision 8: one that stands elsewhere is no excuse."""
    two = two_regions()
    two.built.world.remove(*(resource for resource in two.built.world.resources if resource.type == "aws:rds/cluster:Cluster"))
    database("aws:rds/cluster:Cluster")(two)
    assert_named(run(two.built.world, DEPLOYED, number=1), 1, f"{PRIMARY} has 0 databases", whole=True)
