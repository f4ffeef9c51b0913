"""The link between a region and the primary one: both sides' connection, options and routes, and nothing else (NET-39, T-12)."""

from __future__ import annotations

import functools

from plan import make_plan
from tests.components.graph import Graph, Node
from tests.components.test_regions import demo, graph, inputs

HERE, THERE = "us-east-2", "us-west-2"
LINK = "coder-eks:region_link:RegionLink"


def linked() -> Graph:
    return graph(THERE, link="peering")


@functools.cache
def added() -> list[Node]:
    """What the link adds."""
    before = graph(THERE).by_urn
    return [node for node in linked().nodes if node.urn not in before]


def region(node: Node) -> str:
    """Where a resource is made, by its provider."""
    return node.provider.split("::")[3]


def test_a_link_adds_its_own_and_changes_nothing():
    """NET-39: off by default; DNS-12: by graph difference."""
    before, after = inputs(graph(THERE)), inputs(linked())
    assert {urn: after[urn] for urn in before} == before
    assert {node.urn for node in added()} == {node.urn for node in linked().nodes if LINK in node.urn}
    assert not graph(THERE).of(LINK)


def test_the_region_asks_and_the_primary_one_accepts():
    """NET-39: each in its own region, as AWS asks of VPCs that are in two."""
    connection = linked().one("aws:ec2/vpcPeeringConnection:VpcPeeringConnection")
    accepter = linked().one("aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter")
    assert [node.name for node in linked().reference(connection, "vpcId")] == [THERE]
    assert [node.name for node in linked().reference(connection, "peerVpcId")] == [HERE]
    assert (connection.inputs["peerRegion"], "autoAccept" in connection.inputs, accepter.inputs["autoAccept"]) == (HERE, False, True)
    assert (region(connection), region(accepter)) == (THERE, HERE)


def test_names_are_resolved_to_private_addresses_on_both_sides():
    """NET-39: each side's option in its region, once the connection is active."""
    options = linked().of("aws:ec2/peeringConnectionOptions:PeeringConnectionOptions")
    found = {region(node): {side for side in ("accepter", "requester") if side in node.inputs} for node in options}
    assert found == {THERE: {"requester"}, HERE: {"accepter"}}
    accepter = linked().one("aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter")
    assert all(linked().waits_for(node, accepter) for node in options)


def test_private_and_database_tables_of_both_sides_lead_to_the_other():
    """NET-39, T-12: no public table does, and the ranges are each other's."""
    routes = [node for node in added() if node.type == "aws:ec2/route:Route"]
    found = sorted(
        (node.inputs["destinationCidrBlock"], *(table.name for table in linked().reference(node, "routeTableId"))) for node in routes
    )
    assert found == [
        *(("10.0.0.0/16", f"{THERE}-{table}") for table in ("database", "private-a", "private-b")),
        *(("10.1.0.0/16", f"{HERE}-{table}") for table in ("database", "private-a", "private-b")),
    ]
    assert {(region(node), *(region(table) for table in linked().reference(node, "routeTableId"))) for node in routes} == {
        (HERE, HERE),
        (THERE, THERE),
    }
    assert all(linked().reference(node, "vpcPeeringConnectionId") for node in routes)


def test_what_a_link_carries_is_billed_by_use():
    by_use = make_plan(demo(THERE, link="peering")).monthly_cost.unpriced
    assert f"{THERE}: data over the peering with {HERE}" in by_use
    assert not any("peering" in item for item in make_plan(demo(THERE)).monthly_cost.unpriced)


def test_a_region_that_is_switched_off_is_not_linked():
    assert demo("eu-west-2", link="peering").linked_regions == ("eu-west-2",)
    assert demo(link="peering").linked_regions == ()
