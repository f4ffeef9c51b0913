"""A coderd of its own in a second region, on the primary region's database: the document's words (DB-23, T-12, T-36)."""

from __future__ import annotations

import functools
import json

from plan import Plan, make_plan
from tests.components.graph import Graph, Node
from tests.components.test_region_link import region
from tests.components.test_regions import RECORD, RELEASE, RULE, demo, graph

HERE, THERE = "us-east-2", "us-west-2"
CODER = "coder-eks:coder_server:CoderServer"


def shared(visit: int = 2) -> Graph:
    """With a database for LiteLLM, which none of it may touch."""
    return graph(THERE, visit=visit, litellm=True, serves="shared-database", link="peering")


@functools.cache
def plan() -> Plan:
    return make_plan(demo(THERE, serves="shared-database", link="peering"))


def both(type_: str, name: str) -> tuple[Node, Node]:
    """The same thing beside the first coderd and beside the second."""
    return shared().one(type_, name), shared().one(type_, name.replace("coder", f"coder-{THERE}", 1))


@functools.cache
def rules() -> dict[tuple[str, int], list[str]]:
    """What is open to private ranges of the other region: group and port to them."""
    other = {HERE: "10.1.", THERE: "10.0."}
    found: dict[tuple[str, int], list[str]] = {}
    for rule in shared().of(RULE):
        cidr = rule.inputs.get("cidrIpv4", "")
        if cidr.startswith(other[region(rule)]):
            (group,) = shared().reference(rule, "securityGroupId")
            found.setdefault((group.name, rule.inputs["fromPort"]), []).append(cidr)
    return found


def spec(node: Node) -> dict[str, list[dict[str, object]]]:
    return node.inputs["spec"]


def test_the_same_coderd_runs_in_both_regions():
    """DB-23: one release with one set of variables, database and all."""
    first, second = both(RELEASE, "coder")
    assert first.inputs["values"] == second.inputs["values"]
    assert first.inputs["version"] == second.inputs["version"]
    told = {entry["name"]: entry.get("value") for entry in second.inputs["values"]["coder"]["env"]}
    assert told["AWS_REGION"] == HERE  # a login by IAM is signed for the database's region
    assert "CODER_PRIMARY_ACCESS_URL" not in told
    assert not shared().of("coderd:index/workspaceProxy:WorkspaceProxy")


def test_there_is_one_database():
    """DB-23: in the primary region."""
    assert {region(node) for node in shared().nodes if node.type.startswith("aws:rds/")} == {HERE}


def test_the_second_coderd_comes_after_the_first_and_after_the_way_there():
    """Migrations run once, from nearby; and before the peering nothing would answer."""
    _, second = both(RELEASE, "coder")
    assert shared().waits_for(second, shared().one(RELEASE, "coder"))
    routes = [node for node in shared().of("aws:ec2/route:Route") if f"link-{THERE}" in node.name]
    assert routes
    assert all(shared().waits_for(second, route) for route in routes)


def test_everything_inside_coder_waits_for_whoever_may_answer():
    """The access URL leads to both."""
    provider = shared().one("pulumi:providers:coderd")
    assert all(shared().waits_for(provider, release) for release in both(RELEASE, "coder"))


def test_the_database_admits_the_second_regions_control_nodes_and_nobody_else():
    """T-38, NET-27: by range, as AWS knows no security group of another region."""
    assert rules()[f"{HERE}-database", 5432] == ["10.1.20.0/24", "10.1.21.0/24"]
    assert plan().regions[HERE].network.database_client_cidrs == ("10.1.20.0/24", "10.1.21.0/24")
    (acl,) = [node for node in shared().of("aws:ec2/networkAcl:NetworkAcl") if node.name == f"{HERE}-database"]
    assert [rule["cidrBlock"] for rule in acl.inputs["ingress"]] == ["10.0.20.0/23", "10.1.20.0/23"]
    assert {rule["action"] for rule in acl.inputs["ingress"]} == {"allow"}


def test_coderd_of_both_regions_relay_to_each_other():
    """T-36: replicas on one database are one mesh. Nothing else is open to another region."""
    assert rules() == {
        (f"{HERE}-control", 8080): ["10.1.20.0/24", "10.1.21.0/24"],
        (f"{THERE}-control", 8080): ["10.0.20.0/24", "10.0.21.0/24"],
        (f"{HERE}-database", 5432): ["10.1.20.0/24", "10.1.21.0/24"],
    }
    for policy, cidrs in zip(
        both("kubernetes:networking.k8s.io/v1:NetworkPolicy", "coder"),
        (["10.1.20.0/24", "10.1.21.0/24"], ["10.0.20.0/24", "10.0.21.0/24"]),
        strict=True,
    ):
        relay = {"to": [{"ipBlock": {"cidr": cidr}} for cidr in cidrs], "ports": [{"protocol": "TCP", "port": 8080}]}
        assert relay in spec(policy)["egress"]


def test_pods_of_the_second_region_reach_the_primary_regions_database():
    """NET-33: coderd, and the job that makes its role."""
    database = {
        "to": [{"ipBlock": {"cidr": cidr}} for cidr in ("10.0.23.0/24", "10.0.24.0/24")],
        "ports": [{"protocol": "TCP", "port": 5432}],
    }
    for name in ("coder", "coder-database-role"):
        first, second = both("kubernetes:networking.k8s.io/v1:NetworkPolicy", name)
        assert database in spec(first)["egress"]
        assert database in spec(second)["egress"]


def test_the_second_coderd_logs_in_and_reads_secrets_where_they_are():
    """DB-16, EKS-23: one database role, the operator's secrets of the primary region."""
    policies = {node.name: node.inputs["policy"] for node in shared().of("aws:iam/rolePolicy:RolePolicy")}
    assert json.loads(policies[f"coder-{THERE}"]) == json.loads(policies["coder"])
    assert f"rds-db:{HERE}:" in policies[f"coder-{THERE}"]
    assert json.loads(policies[f"coder-{THERE}-secrets"]) == json.loads(policies["coder-secrets"])
    stores = [node for node in shared().nodes if node.type.endswith(":SecretStore")]
    assert {store.inputs["spec"]["provider"]["aws"]["region"] for store in stores} == {HERE}
    assert len(stores) == 2


def test_latency_records_lead_to_both_regions():
    """DNS-06, DNS-07: apex and wildcard, each region watched at its own host."""
    records = [node.inputs for node in shared().of(RECORD) if node.inputs.get("latencyRoutingPolicies")]
    found = {(record["name"], record["setIdentifier"], record["latencyRoutingPolicies"][0]["region"]) for record in records}
    assert found == {(host, each, each) for host in ("coderdemo.io", "*.coderdemo.io") for each in (HERE, THERE)}
    assert all(record.get("healthCheckId") for record in records)


def test_the_region_is_there_on_the_first_visit_and_watched_as_coderd_is():
    """Decision 7: unlike a proxy it needs no token. OBS-16, OBS-17."""
    first = shared(visit=1)
    assert first.one(RELEASE, f"coder-{THERE}")
    alerts = plan().observability.regions[THERE]
    assert {"access-host-down", "no-healthy-coderd", "coderd-missing"} <= {alarm.name for alarm in alerts.alarms}
    assert not any("database" in alarm.name or "proxy" in alarm.name for alarm in (*alerts.alarms, *alerts.second_visit))


def test_the_plan_warns_of_it():
    """T-36: advice, no refusal."""
    warnings = plan().warnings
    (warning,) = [each for each in warnings if each.startswith("T-36")]
    assert warning.startswith(f"T-36: {THERE}: coderd there asks the database in {HERE} with every query")
    assert not any(each.startswith("T-36") for each in make_plan(demo(THERE)).warnings)
