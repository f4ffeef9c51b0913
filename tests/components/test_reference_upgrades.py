"""The upgrade path of the reference architecture: each step is a change of the stack file, and none replaces what holds data (1.4).

Two programs are compared, before and after, by the local cloud's own rules of what a change replaces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from localcloud.differences import differences
from localcloud.kinds import KINDS
from localcloud.kinds.model import Value
from tests.components.graph import Graph, Node
from tests.components.reference import graph_of, plan_of

V11 = """
regions:
  us-east-1:
    network:
      zones: 3
      nat: gateway-per-az
      tiers:
        public: [10.0.0.0/20, 10.0.16.0/20, 10.0.160.0/20]
        private: [10.0.32.0/19, 10.0.64.0/19, 10.0.128.0/19]
        database: [10.0.96.0/21, 10.0.104.0/21, 10.0.112.0/21]
    database: { readers: 2 }
"""
V12 = "regions: { us-east-1: { cluster: { node_groups: { coder-ws: { capacity_type: spot } } } } }"
V20 = """
regions:
  us-east-1:
    network:
      interface_endpoints: [autoscaling, ec2, ecr.api, ecr.dkr, eks-auth, elasticloadbalancing, logs, secretsmanager, sts]
    database: { copy_to_region: us-west-2 }
"""
PATH = {"v1.1": V11, "v1.2": V12, "v2.0": V20}
NODE_GROUP, NAT, ROUTE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/natGateway:NatGateway", "aws:ec2/route:Route"
SUBNET, INSTANCE, VAULT = "aws:ec2/subnet:Subnet", "aws:rds/instance:Instance", "aws:backup/vault:Vault"
ENDPOINT, KEY = "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:kms/key:Key"
# What takes what is in it away with it, or stands for it: none of these may go or come anew
HOLD_DATA = (
    *("aws:backup/vault:Vault", "aws:ec2/subnet:Subnet", "aws:ec2/vpc:Vpc", "aws:eks/cluster:Cluster", "aws:kms/key:Key"),
    *("aws:rds/instance:Instance", "aws:rds/subnetGroup:SubnetGroup", "aws:s3/bucket:Bucket", "aws:secretsmanager/secret:Secret"),
    *("aws:secretsmanager/secretVersion:SecretVersion", "eks:index:Cluster", "kubernetes:core/v1:Namespace"),
    *("kubernetes:storage.k8s.io/v1:StorageClass", "random:index/randomId:RandomId", "random:index/randomPassword:RandomPassword"),
)


@dataclass(frozen=True)
class Change:
    """What an update does. replaced: with the properties that force it."""

    made: list[Node]
    deleted: list[Node]
    replaced: dict[str, set[str]]
    changed: dict[str, set[str]]

    def names(self, type_: str) -> list[str]:
        """Names of what is made of that type."""
        return sorted(node.name for node in self.made if node.type == type_)


def _inputs(node: Node) -> dict[str, Value]:
    ignored = {path.split(".")[0] for path in node.ignore_changes}
    return {key: value for key, value in node.inputs.items() if key not in ignored}


def change_of(before: Graph, after: Graph) -> Change:
    """What an update from one program to the other does, resource by resource."""
    old = {node.urn: node for node in before.nodes if node.custom or node.remote}
    new = {node.urn: node for node in after.nodes if node.custom or node.remote}
    replaced: dict[str, set[str]] = {}
    changed: dict[str, set[str]] = {}
    for urn in sorted(old.keys() & new.keys()):
        kind = KINDS.get(old[urn].type)
        found = differences(_inputs(old[urn]), _inputs(new[urn]), kind.force_new if kind else ())
        if forced := {each.top for each in found if each.replaces}:
            replaced[urn] = forced
        elif found:
            changed[urn] = {each.top for each in found}
    gone, made = old.keys() - new.keys(), new.keys() - old.keys()
    return Change([new[urn] for urn in sorted(made)], [old[urn] for urn in sorted(gone)], replaced, changed)


@pytest.fixture(scope="module", params=sorted(PATH))
def step(request: pytest.FixtureRequest) -> tuple[str, Change]:
    name: str = request.param
    return name, change_of(graph_of(), graph_of(PATH[name]))


def test_no_step_replaces_or_deletes_what_holds_data(step: tuple[str, Change]):
    """NET-40, DB-17, EKS-38, decision 12"""
    name, change = step
    types = [node.type for node in change.deleted] + [urn.split("::")[2].rpartition("$")[2] for urn in change.replaced]
    assert not set(types) & set(HOLD_DATA), (name, change.replaced, [node.urn for node in change.deleted])
    assert change.made or change.changed or change.replaced


def test_a_step_replaces_nothing_but_node_groups(step: tuple[str, Change]):
    """Nodes hold no data, and a group of another kind stands before the one that it replaces goes."""
    name, change = step
    replaced = {urn.split("::")[2].rpartition("$")[2] for urn in change.replaced} - {
        "aws:autoscaling/schedule:Schedule",
        "aws:autoscaling/tag:Tag",
    }
    assert replaced == ({NODE_GROUP} if name in ("v1.1", "v1.2") else set())
    assert not change.deleted


def test_the_third_zone_adds_a_subnet_to_every_tier_and_two_nat_gateways():
    """NET-40, NET-14, T-37: the subnets that there are stay, and each zone's private way out becomes its own."""
    change = change_of(graph_of(), graph_of(V11))
    assert change.names(SUBNET) == ["us-east-1-database-c", "us-east-1-private-c", "us-east-1-public-c"]
    assert change.names(NAT) == ["us-east-1-b", "us-east-1-c"]
    routes = [urn.split("::")[-1] for urn in change.changed if urn.split("::")[2].endswith(ROUTE)]
    assert routes == ["us-east-1-private-b-internet"]


def test_the_third_zone_leaves_the_kubernetes_api_where_it_is():
    """NET-40: EKS never lets a cluster change its zones, so the control plane keeps its first two; nodes come to the third all the same."""
    for change in ("", V11):
        cluster = graph_of(change).one("eks:index:Cluster")
        assert [node.name for node in graph_of(change).reference(cluster, "subnetIds")] == ["us-east-1-private-a", "us-east-1-private-b"]
    assert change_of(graph_of(), graph_of(V11)).names(NODE_GROUP) == ["us-east-1-coder-ws-c"]


def test_workspaces_of_the_first_zones_keep_their_nodes():
    """T-11: one group a zone, so that a third zone adds a group and replaces only those that span all zones."""
    replaced = {urn.split("::")[-1]: forced for urn, forced in change_of(graph_of(), graph_of(V11)).replaced.items() if NODE_GROUP in urn}
    assert replaced == {"us-east-1-coder-prov": {"subnetIds"}, "us-east-1-coder-system": {"subnetIds"}}


def test_read_replicas_come_beside_the_instance():
    """DB-17"""
    change = change_of(graph_of(), graph_of(V11))
    assert change.names(INSTANCE) == ["database-replica-0", "database-replica-1"]
    assert not [urn for urn in {**change.changed, **change.replaced} if INSTANCE in urn]


def test_spot_replaces_the_workspace_groups_and_no_other():
    """EKS-38"""
    change = change_of(graph_of(), graph_of(V12))
    groups = {urn.split("::")[-1]: forced for urn, forced in change.replaced.items() if NODE_GROUP in urn}
    assert groups == {"us-east-1-coder-ws-a": {"capacityType"}, "us-east-1-coder-ws-b": {"capacityType"}}
    assert {node.inputs["capacityType"] for node in graph_of(V12).of(NODE_GROUP) if "coder-ws" in node.name} == {"SPOT"}
    assert "Spot" in " ".join(line.item for line in plan_of(V12).monthly_cost.lines)


def test_copies_in_a_second_region_have_a_vault_and_a_key_there():
    """T-35, DB-10"""
    change = change_of(graph_of(), graph_of(V20))
    assert change.names(VAULT) == ["backups-copy"]
    assert change.names(KEY) == ["backups-copy"]


def test_more_endpoints_come_beside_those_that_there_are():
    """NET-24"""
    services = ("autoscaling", "ec2", "eks-auth", "elasticloadbalancing", "logs", "secretsmanager", "sts")
    assert change_of(graph_of(), graph_of(V20)).names(ENDPOINT) == [f"us-east-1-{service}" for service in services]


def test_the_comparison_sees_a_database_that_would_be_replaced():
    """That the tests above can fail: another database name in a test's own copy of the graph."""
    before = graph_of()
    node = before.one(INSTANCE)
    other = replace(node, inputs={**node.inputs, "dbName": "other"})
    after = Graph(tuple(other if each.urn == node.urn else each for each in before.nodes), before.registered, (), ())
    assert change_of(before, after).replaced == {node.urn: {"dbName"}}
