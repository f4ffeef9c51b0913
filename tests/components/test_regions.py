"""demo with its regions switched on one by one: each adds its own and changes nothing of another (DNS-12, NET-38, decision 8)."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import yaml

from components.environment import Environment, EnvironmentArgs
from plan import make_plan
from settings.load import load
from settings.model import Settings
from tests.components.graph import Graph, Node
from tests.components.recorder import record
from tests.components.test_order import CALLS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "Pulumi.demo.yaml"
TOKEN = "arn:aws:secretsmanager:us-east-2:123456789012:secret:coder/demo/coderd-token-AbCdEf"
SECOND_VISIT = CALLS | {"aws:secretsmanager/getSecrets:getSecrets": {"arns": [TOKEN], "names": ["coder/demo/coderd-token"]}}
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
RELEASE, RECORD = "kubernetes:helm.sh/v3:Release", "aws:route53/record:Record"


# In place of Karpenter's pools, whose own tests are elsewhere: what is asked here is how regions stand beside each other
GROUPS = {
    "provisioners": {"tier": "provisioner", "instance_type": "m7g.large", "min": 1, "max": 2, "scaling": "static"},
    "workspaces": {"tier": "workspace", "instance_type": "m5.2xlarge", "min": 2, "max": 4, "scaling": "static"},
}


def demo(*switched_on: str, litellm: bool = False, **more: object) -> Settings:
    """litellm: with a database for it. more: keys of the regions that are switched on."""
    config = yaml.safe_load(FILE.read_text(encoding="utf-8"))["config"]
    for name, region in config["coder-eks:regions"].items():
        region["deployed"] = name == "us-east-2" or name in switched_on
        region.update(more if name in switched_on else {})
        cluster = region["cluster"]
        cluster.update(karpenter=None, cert_manager=False, node_groups=cluster["node_groups"] | GROUPS)
    if litellm:
        config["coder-eks:regions"]["us-east-2"]["litellm_database"] = {"acu": {"min": 0.5, "max": 8}}
    return load(config, FILE.name)


@functools.cache
def graph(*switched_on: str, visit: int = 2, litellm: bool = False, **more: object) -> Graph:
    settings = demo(*switched_on, litellm=litellm, **more)
    calls = SECOND_VISIT if visit == 2 else {key: value for key, value in CALLS.items() if "getSecrets" not in key}
    made = record(lambda: Environment("coder", EnvironmentArgs(settings=settings, plan=make_plan(settings))), calls=calls)
    assert [fault for fault in made.faults if not fault.startswith("pulumi:providers:")] == []
    return made


def inputs(made: Graph) -> dict[str, object]:
    """What each resource is told, the environment's own declaration left out, which names every region."""
    return {node.urn: node.inputs for node in made.nodes if node.type != "coder-eks:environment:Environment"}


@functools.cache
def added() -> tuple[Node, ...]:
    """What us-west-2 adds."""
    before = graph().by_urn
    return tuple(node for node in graph("us-west-2").nodes if node.urn not in before)


def test_switching_a_region_on_changes_nothing_that_is_there():
    """DNS-12: by graph difference."""
    before, after = inputs(graph()), inputs(graph("us-west-2"))
    assert {urn: after[urn] for urn in before} == before


def test_what_a_region_adds_is_its_own():
    """NET-38: by the name of each resource, and by the provider of whatever is AWS's."""
    assert len(added()) > 100
    assert [node.urn for node in added() if "us-west-2" not in node.urn] == []
    elsewhere = [node for node in added() if node.type.startswith("aws:") and node.provider.split("::")[3] != "us-west-2"]
    assert {node.type for node in elsewhere} == {"aws:cloudwatch/metricAlarm:MetricAlarm"}  # of Route 53, which tells us-east-1 only


def test_the_third_region_adds_what_the_second_did():
    """Issue 4: the same number of resources, under its own names."""
    third = [node for node in graph("us-west-2", "eu-west-2").nodes if node.urn not in graph("us-west-2").by_urn]
    named = sorted(node.urn.replace("eu-west-2", "us-west-2").replace("10-2-", "10-1-") for node in third)
    assert named == sorted(node.urn for node in added())


def test_only_that_regions_names_are_added():
    """DNS-08, DNS-12, T-36: the hosts of coderd stay where coderd is."""
    hosts = {node.inputs["name"] for node in added() if node.type == RECORD and node.inputs["type"] == "A"}
    assert hosts == {"us-west-2.coderdemo.io", "*.us-west-2.coderdemo.io"}


def test_a_regions_certificate_has_all_four_names_and_proves_only_its_own():
    """DNS-09, T-67"""
    (certificate,) = [node for node in added() if node.type == "aws:acm/certificate:Certificate"]
    assert [certificate.inputs["domainName"], *certificate.inputs["subjectAlternativeNames"]] == [
        "coderdemo.io",
        "*.coderdemo.io",
        "us-west-2.coderdemo.io",
        "*.us-west-2.coderdemo.io",
    ]
    assert [node.name for node in added() if node.type == RECORD and node.inputs["type"] != "A"] == [
        "hosts-us-west-2-us-west-2.coderdemo.io"
    ]


def test_a_region_beside_the_primary_one_runs_a_proxy_and_no_coder():
    """Decision 8, T-36, T-65, CDR-43: its own hosts, coderd's version, a token of its own from a Secret; no database."""
    (release,) = [node for node in added() if node.type == RELEASE and node.inputs["chart"] == "coder"]
    values = release.inputs["values"]["coder"]
    told = {entry["name"]: entry.get("value") or entry["valueFrom"]["secretKeyRef"]["name"] for entry in values["env"]}
    assert values["workspaceProxy"] is True
    assert told == {
        "CODER_PRIMARY_ACCESS_URL": "https://coderdemo.io",
        "CODER_PROXY_SESSION_TOKEN": "coder-proxy-token",
        "CODER_ACCESS_URL": "https://us-west-2.coderdemo.io",
        "CODER_WILDCARD_ACCESS_URL": "*.us-west-2.coderdemo.io",
        "CODER_DISABLE_OWNER_WORKSPACE_ACCESS": "true",
        "CODER_DISABLE_PATH_APPS": "true",
        "CODER_LOGGING_HUMAN": "/dev/null",
        "CODER_LOGGING_JSON": "/dev/stderr",
        "CODER_SECURE_AUTH_COOKIE": "true",
        "CODER_STRICT_TRANSPORT_SECURITY": "31536000",
        "CODER_TLS_ENABLE": "false",
    }
    assert not [node for node in added() if node.type.startswith("aws:rds/")]
    primary = graph("us-west-2").one(RELEASE, "coder")
    assert release.inputs["version"] == primary.inputs["version"]


def test_the_proxys_token_is_a_secret_that_coderd_hands_out():
    (token,) = [node for node in added() if node.type == "kubernetes:core/v1:Secret"]
    assert "stringData" in token.secrets
    assert [node.type for node in graph("us-west-2").reference(token, "stringData")] == ["coderd:index/workspaceProxy:WorkspaceProxy"]


def test_a_proxy_reaches_no_database_and_is_reached_by_its_balancer_only():
    """NET-33"""
    policies = [node for node in added() if node.type == "kubernetes:networking.k8s.io/v1:NetworkPolicy"]
    (policy,) = [node for node in policies if node.inputs["metadata"]["name"] == "coder"]
    ports = {port["port"] for rule in policy.inputs["spec"]["egress"] for port in rule.get("ports", [])}
    assert ports == {53, 443}
    assert policy.inputs["spec"]["ingress"][0]["from"][0]["ipBlock"] == {"cidr": "0.0.0.0/0", "except": ["10.1.0.0/16"]}


def test_before_the_second_visit_a_region_has_no_way_in():
    """Decision 7: a proxy needs a token of the running coderd."""
    first = graph("us-west-2", visit=1)
    assert not [node for node in first.nodes if node.type == "aws:lb/loadBalancer:LoadBalancer" and "us-west-2" in node.urn]
    assert [node for node in first.nodes if node.type == "eks:index:Cluster" and node.name == "us-west-2"]
    (open_to_all,) = [node for node in first.nodes if node.type == RULE and node.inputs.get("cidrIpv4") == "0.0.0.0/0"]
    assert open_to_all.name.startswith("us-east-2-load-balancer")


def test_a_region_that_is_to_go_is_let_go_alone():
    """DB-19, decision 12: after an update with its data_protection off nothing of it refuses deletion, and all else does as before."""
    before, after = graph("us-west-2"), graph("us-west-2", data_protection=False)
    changed = [
        node for node in after.nodes if (node.inputs, node.protect) != (before.by_urn[node.urn].inputs, before.by_urn[node.urn].protect)
    ]
    assert changed
    assert [node.type for node in changed if "us-west-2" not in node.urn] == ["coder-eks:environment:Environment"]  # which declares it
    assert len([node for node in before.nodes if "us-west-2" in node.urn and node.protect]) > 3
    assert [node.name for node in after.nodes if "us-west-2" in node.urn and node.protect] == []
    refusing = [
        key for node in after.nodes if "us-west-2" in node.urn for key, value in node.inputs.items() if "eletionProtection" in key and value
    ]
    assert refusing == []


@pytest.mark.parametrize("folder", ["components", "plan"])
def test_no_component_writes_a_regions_name(folder: str):
    """Issue 4: one environment component composes one region or several."""
    regions = [f'"{region}"' for region in demo().regions]
    named = [
        path.name
        for path in sorted((ROOT / folder).glob("*.py"))
        if path.name != "prices.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(region in line for region in regions)
    ]
    assert named == []
