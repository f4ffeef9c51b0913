"""demo with a second region: green as the shipped stacks are, and each region judged for itself (POL-03, POL-06, POL-09)."""

from __future__ import annotations

import copy
import functools

import pytest
import yaml
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.graph import Graph, Node
from settings.load import load
from tests.policy.breaking import Breaking, drop, edited, put, remove, swap
from tests.policy.judge import assert_named, assert_open, run
from tests.policy.recorded import ROOT, Entry, Recording, record_settings
from tests.policy.test_valid_stacks import green
from tests.policy.world import DEPLOYED, PREVIEW

FILE, SECOND = ROOT / "Pulumi.demo.yaml", "us-west-2"
MODES = pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
ADD_ON, CLUSTER, RELEASE = "aws:eks/addon:Addon", "aws:eks/cluster:Cluster", "kubernetes:helm.sh/v3:Release"
PROXY = f"proxy-{SECOND}"


@functools.cache
def _recorded(mode: str, visit: int, **more: object) -> Recording:
    config = yaml.safe_load(FILE.read_text(encoding="utf-8"))["config"]
    config["coder-eks:regions"][SECOND].update(more, deployed=True)
    if more:
        config["coder-eks:regions"]["us-east-2"]["litellm_database"] = {"acu": {"min": 0.5, "max": 8}}
    return record_settings(load(config, FILE.name), mode, visit=visit)


def two_regions(mode: str, visit: int = 2, **more: object) -> Recording:
    """more: keys of the second region; with them, LiteLLM has a database too."""
    return copy.deepcopy(_recorded(mode, visit, **more))


@MODES
@pytest.mark.parametrize("visit", [1, 2])
def test_two_regions_are_green_with_no_pack_config(mode: str, visit: int) -> None:
    green(run(two_regions(mode, visit), mode), visit)


def add_on_of(found: Recording, region: str) -> Entry:
    (entry,) = [entry for entry in found.all(ADD_ON) if entry.region == region and entry.inputs["addonName"] == "vpc-cni"]
    return entry


@MODES
@pytest.mark.parametrize("region", ["us-east-2", SECOND])
def test_the_add_on_of_one_region_is_not_the_others(region: str, mode: str) -> None:
    """NET-29: the clusters have one name in both regions."""
    found = two_regions(mode)
    assert len({entry.inputs["name"] for entry in found.all(CLUSTER)}) == 1
    found.remove(add_on_of(found, region))
    (line,) = run(found, mode, number=3).violations(3)
    assert "has no vpc-cni add-on" in line.message
    assert f"::{region}-eksCluster" in line.urn


@MODES
def test_an_add_on_that_names_the_other_regions_cluster_is_its_own_regions(mode: str) -> None:
    """What AWS does with a name is decided by the region, whichever cluster of the program the name was taken from."""
    found = two_regions(mode)
    here, there = add_on_of(found, "us-east-2"), add_on_of(found, SECOND)
    here.put("clusterName", found.all(CLUSTER)[0].inputs["name"])
    here.edges["clusterName"] = list(there.edges["clusterName"])
    assert run(found, mode, number=3).violations(3) == []


@MODES
@pytest.mark.parametrize("region", ["us-east-2", SECOND])
def test_the_pool_of_one_region_counts_there(region: str, mode: str) -> None:
    """PRE-02: Kubernetes objects have no region of their own; quotas have."""
    found = two_regions(mode)
    assert run(found, mode, number=2).violations(2) == []
    put("kubernetes:karpenter.sh/v1:NodePool", f"{region}-karpenter-workspaces", "spec.limits.cpu", "4000")(found)
    messages = [line.message for line in run(found, mode, number=2).violations(2)]
    assert any(f"{region}: L-1216C47A" in message for message in messages)
    assert all(f"{region}: " in message for message in messages)


@MODES
def test_a_template_that_reaches_the_other_regions_vpc_is_named(mode: str) -> None:
    found = two_regions(mode)
    edited({"main.tf.json": swap('"10.1.0.0/16"', '"10.9.0.0/16"')})(found)
    assert any("reaches the VPC (10.1.0.0/16)" in line.message for line in run(found, mode, number=3).violations(3))


def without(name: str) -> Breaking:
    def change(found: Recording) -> None:
        entry = found.one(RELEASE, PROXY)
        entry.put("values.coder.env", [item for item in entry.inputs["values"]["coder"]["env"] if item["name"] != name])

    return change


NO_PROXY: dict[str, Breaking] = {
    "no flag": drop(RELEASE, PROXY, "values.coder.workspaceProxy"),
    "the flag as text": put(RELEASE, PROXY, "values.coder.workspaceProxy", "true"),
    "no primary coderd": without("CODER_PRIMARY_ACCESS_URL"),
    "no token": without("CODER_PROXY_SESSION_TOKEN"),
    "arguments that start a coderd": put(RELEASE, PROXY, "values.coder.commandArgs", ["server"]),
    "another command": put(RELEASE, PROXY, "values.coder.command", ["/opt/coder", "server"]),
}


@pytest.mark.parametrize("name", NO_PROXY)
def test_a_coderd_does_not_pass_as_a_proxy(name: str) -> None:
    """POL-06: what the flag alone says is not believed; then the release is one more coderd, and runs builds itself."""
    found = two_regions(PREVIEW)
    NO_PROXY[name](found)
    lines = run(found, PREVIEW, number=6).violations(6)
    assert any("CODER_PROVISIONER_DAEMONS not set" in line.message and line.urn.endswith(PROXY) for line in lines)


@pytest.mark.parametrize(
    ("variable", "number", "reason"),
    [
        ("CODER_DISABLE_OWNER_WORKSPACE_ACCESS", 9, "owners may open every workspace"),
        ("CODER_DISABLE_PATH_APPS", 0, "serves workspace apps under its own origin"),
        ("CODER_STRICT_TRANSPORT_SECURITY", 0, "does not tell browsers to stay with HTTPS"),
    ],
)
def test_a_proxy_is_asked_to_be_as_hard_as_coderd(variable: str, number: int, reason: str) -> None:
    """POL-09: workspaces' apps and terminals go through the proxy of their user's region."""
    found = two_regions(PREVIEW)
    without(variable)(found)
    lines = run(found, PREVIEW, number=number).violations()
    assert any(reason in line.message and line.urn.endswith(PROXY) for line in lines)


def test_proxies_alone_are_no_coderd() -> None:
    found = two_regions(PREVIEW)
    remove(RELEASE, "coder")(found)
    assert any("no Helm release of the chart coder" in line.message for line in run(found, PREVIEW, number=6).violations(6))


def node(called: str, region: str | None, edges: dict[str, list[str]] | None = None, **props: object) -> Node:
    return Node(urn=f"urn::{called}", type_token="t:m/k:K", name=called, raw=props, edges=edges, region=region)


def test_of_two_of_one_name_the_region_decides_then_the_edge() -> None:
    east, west = node("east", "us-east-2", name="same"), node("west", "us-west-2", name="same")

    def meant(region: str | None, edges: dict[str, list[str]] | None = None) -> list[Node]:
        asking = node("asking", region, edges, of="same")
        return list(Graph([east, west, asking]).targets(asking, "of", "t:m/k:K").nodes)

    assert meant("us-east-2") == [east]
    assert meant("us-west-2", {"of": ["urn::east"]}) == [west]
    assert meant(None, {"of": ["urn::east"]}) == [east]
    assert meant(None) == [east, west]  # nobody can tell: both


PEERING, ACCEPTER = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROUTE, LINK = "aws:ec2/route:Route", f"link-{SECOND}"


def shared(mode: str) -> Recording:
    """The second region with a coderd of its own on the primary region's database, let go, as before it is taken away."""
    return two_regions(mode, link="peering", serves="shared-database", data_protection=False)


@MODES
def test_a_link_a_coderd_on_the_database_behind_it_and_a_second_database_are_green(mode: str) -> None:
    """NET-39, DB-04, DB-23, T-36: with no pack config."""
    green(run(shared(mode), mode), 2)


def undeclared(found: Recording) -> None:
    environment = found.one("coder-eks:environment:Environment", "coder")
    environment.drop(f"regions.{SECOND}.link")


def over_a_public_table(found: Recording) -> None:
    """One more route, of the table that balancers are under."""
    like = found.one(ROUTE, f"{LINK}-us-east-2-private-a")
    more = found.add(ROUTE, "stray", dict(like.inputs), like)
    more.edges = dict(like.edges)
    table = found.one("aws:ec2/routeTable:RouteTable", "us-east-2-public")
    more.put("routeTableId", table.id or table.urn)
    more.edges["routeTableId"] = [table.urn]


def of_the_old_kind(found: Recording) -> None:
    """One more rule of the database's security group."""
    like = found.one(INGRESS, "us-east-2-database-from-10-1-20-0-24")
    inputs = {"type": "ingress", "protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": ["10.1.0.0/16"]}
    made = found.add(
        "aws:ec2/securityGroupRule:SecurityGroupRule", "stray", {**inputs, "securityGroupId": like.inputs["securityGroupId"]}, like
    )
    made.edges = {"securityGroupId": list(like.edges["securityGroupId"])}


def unknown(kind: str, name: str, key: str) -> Breaking:
    def change(found: Recording) -> None:
        entry = found.one(kind, name)
        entry.put(key, UNKNOWN_STRING_VALUE)
        entry.edges.pop(key, None)

    return change


@MODES
@pytest.mark.parametrize(("fact", "said"), [("leaving", False), ("serves", "primary")])
def test_a_balancer_is_let_go_with_a_region_that_is_declared_so_and_is_not_the_primary_one(fact: str, said: object, mode: str) -> None:
    """Decision 12: a tag alone opens nothing."""
    found = shared(mode)
    found.one("coder-eks:environment:Environment", "coder").put(f"regions.{SECOND}.{fact}", said)
    lines = run(found, mode, number=0).violations(0)
    assert any("coder-us-west-2: is tagged as leaving, and its region is none" in line.message for line in lines)


UNLINKED: dict[str, tuple[str, Breaking]] = {
    "nobody accepts": ("is accepted by nobody", remove(ACCEPTER, LINK)),
    "accepted by hand some day": ("is accepted by nobody", put(ACCEPTER, LINK, "autoAccept", False)),
    "no peering": ("has 0 peerings with the primary region", remove(PEERING, LINK)),
    "a peering that nobody declared": ("joins VPCs that no link of the stack file joins", undeclared),
    "a peering with another account": ("joins VPCs that no link", put(PEERING, LINK, "peerVpcId", "vpc-0123456789abcdef0")),
    "no way there": (f"has no route to {SECOND} over the peering", remove(ROUTE, f"{LINK}-us-east-2-private-b")),
    "no way back": ("has no route to us-east-2 over the peering", remove(ROUTE, f"{LINK}-{SECOND}-database")),
    "another range": ("has no route to us-east-2", put(ROUTE, f"{LINK}-{SECOND}-private-a", "destinationCidrBlock", "10.9.0.0/16")),
    "the whole region at the database": (
        "lets 10.1.0.0/16 of another region reach the database",
        put(INGRESS, "us-east-2-database-from-10-1-20-0-24", "cidrIpv4", "10.1.0.0/16"),
    ),
    "a database open to a proxy's region": (
        "lets 10.1.20.0/24 of another region reach the database",
        lambda found: found.one("coder-eks:environment:Environment", "coder").put(f"regions.{SECOND}.serves", "proxy"),
    ),
    "no LiteLLM where it is declared": (
        "us-east-2 has 1 databases of aurora-postgresql, and needs 2",
        lambda found: [found.remove(entry) for entry in found.entries[:] if entry.type.startswith("aws:rds/") and "litellm" in entry.name],
    ),
    "a public way": (f"leads from a public subnet to {SECOND}", over_a_public_table),
    "an address there with its range": (
        "lets 10.1.20.9/16 of another region reach the database",
        put(INGRESS, "us-east-2-database-from-10-1-20-0-24", "cidrIpv4", "10.1.20.9/16"),
    ),
    "the whole region by a rule of the old kind": (
        "lets 10.1.0.0/16 of another region reach the database",
        of_the_old_kind,
    ),
    "the whole region inside the group": (
        "lets 10.1.0.0/16 of another region reach the database",
        lambda found: found.one("aws:ec2/securityGroup:SecurityGroup", "us-east-2-database").put(
            "ingress", [{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": ["10.1.0.0/16"]}]
        ),
    ),
}
OF_THE_WHOLE = ("no peering", "no LiteLLM where it is declared")


@pytest.mark.parametrize("name", UNLINKED)
def test_a_link_that_leads_nowhere_or_that_nobody_declared_is_named(name: str) -> None:
    """NET-39, POL-01: at preview, by edges alone."""
    reason, apply = UNLINKED[name]
    found = shared(PREVIEW)
    apply(found)
    assert_named(run(found, PREVIEW, number=1), 1, reason, whole=name in OF_THE_WHOLE)


UNKNOWN_THERE: dict[str, tuple[str, tuple[str, str], Breaking]] = {
    "where a route leads": (
        f"whether it has a route to {SECOND} is unknown",
        ("aws:ec2/subnet:Subnet", "us-east-2-control-a"),
        unknown(ROUTE, f"{LINK}-us-east-2-private-a", "destinationCidrBlock"),
    ),
    "who reaches the database": (
        "who may reach the database is unknown",
        (INGRESS, "us-east-2-database-from-10-1-20-0-24"),
        unknown(INGRESS, "us-east-2-database-from-10-1-20-0-24", "cidrIpv4"),
    ),
}


@pytest.mark.parametrize("name", UNKNOWN_THERE)
def test_what_a_link_leaves_unknown_is_left_open(name: str) -> None:
    what, resource, apply = UNKNOWN_THERE[name]
    found = shared(PREVIEW)
    apply(found)
    assert_open(run(found, PREVIEW, number=1), 1, found.one(*resource).urn, what)


def test_whom_a_peering_joins_is_told_as_unknown() -> None:
    found = shared(PREVIEW)
    unknown(PEERING, LINK, "peerVpcId")(found)
    told = f"property-01 not yet judged: {found.one(PEERING, LINK).urn}: the VPCs that it joins are unknown"
    assert any(told in line for line in run(found, PREVIEW, number=1).advisories())
