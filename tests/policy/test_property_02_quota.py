"""**Feature: coder-deployment-guide, Property 2: Quota Pre-flight** (POL-02)"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.property_02_quota import PROPERTY, shortfalls
from policy.quota_demand import NAMES, quota_of, vcpus
from policy.stack import Stack
from policy.templates import PROJECT
from policy.variables import PREFLIGHT
from tests.policy.breaking import Breaking, Broken, add, assert_caught, cases, put, remove
from tests.policy.judge import Config, assert_named, graph_of, run
from tests.policy.recorded import ROOT, Recording, stack
from tests.policy.world import DEPLOYED
from tools.environment import LOCAL_QUOTAS

NODE_GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE, SCALING_GROUP = "aws:ec2/instance:Instance", "aws:autoscaling/group:Group"
ENVIRONMENT, POOL = "coder-eks:environment:Environment", "kubernetes:karpenter.sh/v1:NodePool"
ENOUGH: dict[str, Any] = json.loads(LOCAL_QUOTAS.read_text())
NAME = "property-02-quota"


def many(type_token: str, count: int) -> Breaking:
    """So many more of a kind."""

    def change(found: Recording) -> None:
        first = found.all(type_token)[0]
        for index in range(count):
            found.copy_of(first, f"more-{index}")

    return change


def machines(type_token: str, count: int, inputs: dict[str, Any]) -> Breaking:
    """So many instances, or groups of them, that nothing else of the stack asks for."""

    def change(found: Recording) -> None:
        for index in range(count):
            found.add(type_token, f"more-{index}", inputs, found.all(NODE_GROUP)[0]).edges = {}

    return change


def scaling_group(found: Recording) -> None:
    machines(TEMPLATE, 1, {"name": "large", "instanceType": "m5.24xlarge"})(found)
    machines(SCALING_GROUP, 1, {"maxSize": 60, "launchTemplate": {"name": "large"}})(found)


MIXED: dict[str, Any] = {
    "maxSize": 500,
    "mixedInstancesPolicy": {"launchTemplate": {"overrides": [{"instanceType": "m5.large"}, {"instanceType": "c5.4xlarge"}]}},
}
COUNTED = {
    ENVIRONMENT,
    NODE_GROUP,
    "aws:ec2/vpc:Vpc",
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/eip:Eip",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:eks/cluster:Cluster",
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:rds/cluster:Cluster",
    "aws:rds/clusterInstance:ClusterInstance",
}
BROKEN = [
    Broken(
        "larger nodes",
        "us-east-1: L-1216C47A (vCPU of On-Demand Standard instances)",
        put(NODE_GROUP, "coder-ws-a", "instanceTypes", ["m5.24xlarge"]),
    ),
    Broken("more nodes", "L-1216C47A", put(NODE_GROUP, "coder-prov", "scalingConfig.maxSize", 400)),
    Broken("nodes with GPUs", "L-DB2E81BA", put(NODE_GROUP, "coder-ws-b", "instanceTypes", ["g5.8xlarge"])),
    Broken("nodes for training", "L-417A185B", put(NODE_GROUP, "coder-control", "instanceTypes", ["p4d.24xlarge"])),
    Broken("a group of too many nodes", "L-BD136A63", put(NODE_GROUP, "coder-control", "scalingConfig.maxSize", 451)),
    Broken("larger disks", "L-7A658B76", put(TEMPLATE, "coder-ws-a", "blockDeviceMappings.0.ebs.volumeSize", 16000)),
    Broken("more volumes of workspaces", "L-7A658B76", put(ENVIRONMENT, None, "workload.workspaces", 30000)),
    Broken("addresses", "L-0263D0A3", many("aws:ec2/eip:Eip", 8)),
    Broken("gateways in one zone", "L-FE5A380F", many("aws:ec2/natGateway:NatGateway", 5)),
    Broken("networks", "L-F678F1CE", many("aws:ec2/vpc:Vpc", 5)),
    Broken("endpoints", "L-29B6F2EB", many("aws:ec2/vpcEndpoint:VpcEndpoint", 50)),
    Broken("node groups", "L-6D54EA21", many(NODE_GROUP, 30)),
    Broken("a type without a size", "m5.metal of us-east-1-coder-ws-a", put(NODE_GROUP, "coder-ws-a", "instanceTypes", ["m5.metal"])),
    Broken("one of several without a size", "m5.metal of", put(NODE_GROUP, "coder-ws-a", "instanceTypes", ["m5.2xlarge", "m5.metal"])),
    Broken("a family of another quota", "x2idn.16xlarge of", put(NODE_GROUP, "coder-control", "instanceTypes", ["x2idn.16xlarge"])),
    Broken("instances of their own", "L-1216C47A", machines(INSTANCE, 60, {"instanceType": "m5.24xlarge"})),
    Broken(
        "instances of their own on Spot",
        "L-34B43A08",
        machines(INSTANCE, 60, {"instanceType": "m5.24xlarge", "instanceMarketOptions": {"marketType": "spot"}}),
    ),
    Broken("an Auto Scaling group of its own", "L-1216C47A", scaling_group),
    Broken(
        "an Auto Scaling group of a template elsewhere",
        "what more-0 starts",
        machines(SCALING_GROUP, 1, {"maxSize": 1, "launchTemplate": {"name": "theirs"}}),
    ),
    Broken("an Auto Scaling group that mixes types", "L-34B43A08", machines(SCALING_GROUP, 1, MIXED)),
    Broken("more NAT instances", "L-1216C47A", put(SCALING_GROUP, "nat-a", "maxSize", 4000), stack="demo"),
    Broken("no environment", "the stack declares no environment", remove(ENVIRONMENT), whole=True),
    Broken("a pool that names no zones", "L-1216C47A", add(POOL, "more", {"spec": {"limits": {"cpu": "4000"}}})),
    Broken("a pool of more machines", "L-1216C47A", put(POOL, "workspaces", "spec.limits.cpu", "4000"), stack="demo"),
    Broken("a pool of more spot machines", "L-34B43A08", put(POOL, "workspaces", "spec.limits.cpu", "2001"), stack="demo"),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 2)


CODES = ["L-1216C47A", "L-7A658B76", "L-0263D0A3"]
AMOUNTS = st.dictionaries(st.sampled_from(CODES), st.integers(0, 40).map(float))


@settings(max_examples=200)
@given(need=AMOUNTS, limits=AMOUNTS, usage=AMOUNTS)
def test_it_passes_iff_each_need_is_at_most_limit_minus_usage(
    need: dict[str, float], limits: dict[str, float], usage: dict[str, float]
) -> None:
    """**Feature: coder-deployment-guide, Property 2: Quota Pre-flight** The oracle takes one unit after the other."""
    lacking: dict[str, float] = {}
    for code, wanted in need.items():
        left, granted = limits.get(code, 0) - usage.get(code, 0), 0
        while granted < wanted and left >= 1 and code in limits:
            left, granted = left - 1, granted + 1
        if granted < wanted:
            lacking[code] = wanted
    found = shortfalls(need, limits, usage)
    assert {each.code: each.need for each in found} == lacking
    for each in found:
        assert (each.available is None) == (each.code not in limits)
    richer = {code: limit + 1 for code, limit in limits.items()}
    assert {each.code for each in shortfalls(need, richer, usage)} <= lacking.keys()  # a higher limit breaks nothing
    larger = {code: wanted + 1 for code, wanted in need.items()}
    assert {each.code for each in shortfalls(larger, limits, usage)} >= lacking.keys()  # a larger need repairs nothing


@settings(max_examples=30)
@given(code=st.sampled_from(CODES), slack=st.integers(-2, 2))
def test_the_whole_stack_is_held_against_the_limits(code: str, slack: int) -> None:
    """Equality passes, one less fails, and the message says how much to ask for."""
    need = {"L-1216C47A": 1766, "L-7A658B76": 314.6, "L-0263D0A3": 3}  # requirements 2.14: 3 x 2 + 20 x 8 + 200 x 8; 3 NAT
    found = nodes_only()
    limits = {**ENOUGH["limits"]["*"], code: need[code] + slack}
    messages = [line.message for line in run(found, DEPLOYED, {NAME: {"limits": {"*": limits}}}, number=2).violations(2)]
    if code == "L-7A658B76":
        return  # its need has nodes' disks in it; the mutants cover it
    assert bool(messages) == (slack < 0)
    assert all(f"ask for {-slack} more" in message for message in messages)


def nodes_only() -> Recording:
    found = stack("prod", DEPLOYED)
    keep = {ENVIRONMENT, NODE_GROUP, TEMPLATE, "aws:ec2/eip:Eip", "pulumi:pulumi:Stack"}
    found.entries = [entry for entry in found.entries if entry.type in keep]
    return found


def test_what_was_counted_was_judged() -> None:
    """Green means judged: each resource that a need is made of, and nothing else."""
    found = stack("prod", DEPLOYED)
    counted = {urn for each in found.entries if each.type in COUNTED for urn in [each.urn]}
    gateways = {each.urn for each in found.all("aws:ec2/vpcEndpoint:VpcEndpoint") if each.inputs["vpcEndpointType"] == "Gateway"}
    templates = {urn for group in found.all(NODE_GROUP) for urn in group.edges["launchTemplate"]}
    verdict = PROPERTY.judge(Stack(graph_of(found)), {})
    assert (verdict.violations, verdict.open) == ([], [])
    assert verdict.judged == (counted - gateways) | templates


def test_an_instance_that_fits_is_counted_and_no_alarm() -> None:
    found = nodes_only()
    machines(INSTANCE, 1, {"instanceType": "t3.large"})(found)
    verdict = PROPERTY.judge(Stack(graph_of(found)), {})
    assert (verdict.violations, verdict.open) == ([], [])
    assert found.one(INSTANCE).urn in verdict.judged


def test_what_could_not_be_counted_was_not_judged() -> None:
    found = nodes_only()
    for group in found.all(NODE_GROUP):
        group.put("instanceTypes", ["enormous"])
        group.drop("scalingConfig.maxSize")
    verdict = PROPERTY.judge(Stack(graph_of(found)), {})
    assert {each.urn for each in verdict.open} == {found.one(ENVIRONMENT).urn}
    for code in ("L-1216C47A", "L-7A658B76", "L-BD136A63"):  # vCPU, volumes and the largest group
        assert any(f"{NAMES[code]}: an instance type or a size is unknown" in each.message for each in verdict.open)
    assert not {group.edges["launchTemplate"][0] for group in found.all(NODE_GROUP)} & verdict.judged


def test_a_limit_that_is_not_known_is_a_failure() -> None:
    limits = {code: value for code, value in ENOUGH["limits"]["*"].items() if code != "L-0263D0A3"}
    (line,) = run(nodes_only(), DEPLOYED, {NAME: {"limits": {"*": limits}}}, number=2).violations(2)
    assert "the limit is not known" in line.message


@pytest.mark.parametrize("limit", [True, "many", None])
def test_a_limit_that_is_no_number_is_not_known(tmp_path: Path, limit: Any) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({**ENOUGH, "limits": {"*": {**ENOUGH["limits"]["*"], "L-0263D0A3": limit}}}))
    config = {NAME: {"report": str(report)}}
    assert_named(run(nodes_only(), DEPLOYED, config, number=2), 2, "L-0263D0A3 (Elastic IPs): needs 3, and the limit is not known")


def test_a_region_has_limits_of_its_own() -> None:
    limits = {**ENOUGH["limits"], "us-east-1": {**ENOUGH["limits"]["*"], "L-0263D0A3": 2}}
    (line,) = run(nodes_only(), DEPLOYED, {NAME: {"limits": limits}}, number=2).violations(2)
    assert "needs 3 and has 2; ask for 1 more" in line.message


def test_one_of_a_kind_needs_a_limit_too() -> None:
    """And a quota that the table has no name for is called one."""
    assert [str(each) for each in shortfalls({"L-X": 1, "L-Y": 0}, {"L-X": 0}, {})] == ["L-X (quota): needs 1 and has 0; ask for 1 more"]


def test_the_config_names_another_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({**ENOUGH, "limits": {"*": {**ENOUGH["limits"]["*"], "L-0263D0A3": 0}}}))
    messages = [line.message for line in run(nodes_only(), DEPLOYED, {NAME: {"report": str(report)}}, number=2).violations(2)]
    assert any("L-0263D0A3" in message for message in messages)


def test_usage_of_others_counts() -> None:
    config = {NAME: {"limits": ENOUGH["limits"], "usage": {"us-east-1": {"L-0263D0A3": 8}}}}
    (line,) = run(nodes_only(), DEPLOYED, config, number=2).violations(2)
    assert "needs 3 and has 2; ask for 1 more" in line.message


def test_without_a_report_it_is_not_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(PREFLIGHT)
    outcome = run(nodes_only(), DEPLOYED, number=2)
    assert outcome.violations(2) == []
    assert NAME not in outcome.passed
    assert "no preflight report" in outcome.not_applicable[NAME]
    monkeypatch.setenv(PREFLIGHT, str(tmp_path / "gone.json"))
    assert_named(run(nodes_only(), DEPLOYED, number=2), 2, "can't be read")


def report_of(folder: Path, **changes: Any) -> Config:
    """What the preflight of the stack file as it is would write, with something changed; the config that names it."""
    own = {"made": datetime.now(UTC).isoformat(), "stack_file": hashlib.sha256((ROOT / "Pulumi.prod.yaml").read_bytes()).hexdigest()}
    (folder / "report.json").write_text(json.dumps({**ENOUGH, "stand_in": False, **own, **changes}))
    return {NAME: {"report": str(folder / "report.json")}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"made": (datetime.now(UTC) - timedelta(hours=23)).isoformat()}, None),
        ({"made": (datetime.now(UTC) - timedelta(hours=25)).isoformat()}, "not within the last 24 hours"),
        ({"made": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "not within the last 24 hours"),
        ({"made": None}, "does not tell when it was made"),
        ({"made": "2026-11-21T10:00:00"}, "does not tell when it was made"),  # of which zone?
        ({"stack_file": None}, "was made for another Pulumi.prod.yaml"),
        ({"stack_file": hashlib.sha256(b"coder-eks:system: {}").hexdigest()}, "was made for another Pulumi.prod.yaml"),
        ({"usage": {"*": {"L-F678F1CE": 0, "L-A4707A72": 0}}}, "L-0263D0A3 (Elastic IPs): what others use is not known"),
    ],
)
def test_a_report_is_of_this_stack_file_and_of_today(changes: dict[str, Any], reason: str | None, tmp_path: Path) -> None:
    messages = [line.message for line in run(nodes_only(), DEPLOYED, report_of(tmp_path, **changes), number=2).violations(2)]
    assert [reason in message for message in messages] == [True] if reason else messages == []


def test_a_report_is_of_the_project_that_is_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PROJECT, str(tmp_path))
    config = report_of(tmp_path)
    (line,) = run(nodes_only(), DEPLOYED, config, number=2).violations(2)
    assert "Pulumi.prod.yaml, which can't be read" in line.message
    (tmp_path / "Pulumi.prod.yaml").write_bytes((ROOT / "Pulumi.prod.yaml").read_bytes())
    assert run(nodes_only(), DEPLOYED, config, number=2).violations(2) == []


@pytest.mark.parametrize(
    ("kind", "count", "code"),
    [
        ("m5.large", 2, "L-1216C47A"),
        ("c5.2xlarge", 8, "L-1216C47A"),
        ("m7i.12xlarge", 48, "L-1216C47A"),
        ("t4g.small", 2, "L-1216C47A"),
        ("g4dn.4xlarge", 16, "L-DB2E81BA"),
        ("gr6.4xlarge", 16, "L-DB2E81BA"),
        ("vt1.3xlarge", 12, "L-DB2E81BA"),
        ("p4d.24xlarge", 96, "L-417A185B"),
        ("m6g.medium", 1, "L-1216C47A"),
        ("enormous", None, "L-1216C47A"),
    ],
)
def test_vcpu_and_quota_follow_from_the_name(kind: str, count: int | None, code: str) -> None:
    assert vcpus(kind) == count
    if count is not None:
        assert quota_of(kind, spot=False) == code
        assert quota_of(kind, spot=True) == {"L-1216C47A": "L-34B43A08"}.get(code, code)
