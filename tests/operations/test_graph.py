"""`coder-eks graph`: of the same declaration the same text, whatever AWS hands out."""

from __future__ import annotations

import itertools
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import yaml

from operations.graph import SECRET_KEY, normalised

STACK = "urn:pulumi:prod::coder-eks::"


def state(ids: Iterator[int], *, cidr: str = "10.0.0.0/16") -> list[dict[str, Any]]:
    """A VPC, a subnet in it, a role whose policy names a cluster's issuer, a template: as an export has them."""
    vpc, subnet, suffix, issuer, zone, organization = (f"{next(ids):017x}" for _ in range(6))
    urns = {
        "component": f"{STACK}coder-eks:network:Network::net",
        "vpc": f"{STACK}coder-eks:network:Network$aws:ec2/vpc:Vpc::main",
        "subnet": f"{STACK}coder-eks:network:Network$aws:ec2/subnet:Subnet::a",
        "cluster": f"{STACK}aws:eks/cluster:Cluster::eks",
        "role": f"{STACK}aws:iam/role:Role::coder",
    }
    url = f"https://oidc.eks.us-east-1.amazonaws.com/id/{issuer.upper()}"
    trust = f'{{"Condition": {{"StringEquals": {{"{url.removeprefix("https://")}:aud": "sts.amazonaws.com"}}}}}}'
    resources: list[dict[str, Any]] = [
        {"urn": f"{STACK}pulumi:pulumi:Stack::coder-eks-prod", "custom": False},
        {"urn": urns["component"], "custom": False, "inputs": {"region": "us-east-1"}},
        {"urn": urns["vpc"], "custom": True, "id": f"vpc-{vpc}", "inputs": {"cidrBlock": cidr, "tags": {"Owner": "x"}}, "protect": True},
        {
            "urn": urns["subnet"],
            "custom": True,
            "id": f"subnet-{subnet}",
            "parent": urns["component"],
            "inputs": {"vpcId": f"vpc-{vpc}", "cidrBlock": "10.0.0.0/20", "__defaults": []},
            "dependencies": [urns["vpc"], urns["role"]],
            "propertyDependencies": {"vpcId": [urns["vpc"]], "cidrBlock": None},
        },
        {"urn": urns["cluster"], "custom": True, "id": "eks", "inputs": {}, "outputs": {"identities": [{"oidcs": [{"issuer": url}]}]}},
        {
            "urn": urns["role"],
            "custom": True,
            "id": f"coder-{suffix[:7]}",
            "inputs": {"name": f"coder-{suffix[-7:]}", "assumeRolePolicy": trust, "password": {SECRET_KEY: "secret", "ciphertext": zone}},
            "outputs": {"name": f"coder-{suffix[-7:]}"},
        },
        {
            "urn": f"{STACK}aws:route53/record:Record::hosts",
            "custom": True,
            "id": f"Z{zone.upper()}_hosts_A",
            "inputs": {
                "zoneId": f"Z{zone.upper()}",
                "role": f"coder-{suffix[-7:]}",
                "organization": f"{organization[:8]}-aaaa-bbbb-cccc-{organization[-12:]}",
            },
        },
    ]
    return [{"type": each["urn"].split("::")[2].rpartition("$")[2], **each} for each in resources]


def graph(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return yaml.safe_load(normalised(resources))


def test_two_deployments_of_one_declaration_read_the_same():
    first, second = state(itertools.count(10**16)), state(itertools.count(7 * 10**17, 999_983))
    assert first != second
    assert normalised(first) == normalised(second)


def test_the_order_in_the_state_does_not_matter():
    resources = state(itertools.count(10**16))
    assert normalised(resources) == normalised([resources[0], *reversed(resources[1:])])


def test_a_changed_value_changes_its_own_line_only():
    before = normalised(state(itertools.count(10**16))).splitlines()
    after = normalised(state(itertools.count(10**16), cidr="10.1.0.0/16")).splitlines()
    assert len(before) == len(after)
    assert [line for line in after if line not in before] == ["  inputs: {cidrBlock: 10.1.0.0/16}"]


def test_ids_become_the_resource_that_they_belong_to_and_what_comes_from_where_is_told():
    subnet = graph(state(itertools.count(10**16)))["aws:ec2/subnet:Subnet a"]
    assert subnet == {
        "parent": "coder-eks:network:Network net",
        "inputs": {"vpcId": "<aws:ec2/vpc:Vpc main>", "cidrBlock": "10.0.0.0/20"},
        "from": {"vpcId": ["aws:ec2/vpc:Vpc main"]},
        "after": ["aws:iam/role:Role coder"],
    }


def test_an_edge_that_is_taken_away_shows():
    resources = state(itertools.count(10**16))
    subnet = next(each for each in resources if each["type"].endswith(":Subnet"))
    subnet["propertyDependencies"] = {}
    subnet["dependencies"] = []
    assert "from" not in graph(resources)["aws:ec2/subnet:Subnet a"]


def test_protection_shows():
    assert graph(state(itertools.count(10**16)))["aws:ec2/vpc:Vpc main"]["protect"] is True


def test_names_lose_their_random_ending_secrets_their_ciphertext_and_documents_are_read():
    found = graph(state(itertools.count(10**16)))
    role = found["aws:iam/role:Role coder"]["inputs"]
    assert role["name"] == "coder-*"
    assert role["password"] == "[secret]"
    assert role["assumeRolePolicy"] == {"Condition": {"StringEquals": {"<aws:eks/cluster:Cluster eks>:aud": "sts.amazonaws.com"}}}
    assert found["aws:route53/record:Record hosts"]["inputs"] == {"zoneId": "<looked up>", "role": "coder-*", "organization": "<looked up>"}


def of_a_day(created: str, day: str, compact: str, cron: str) -> list[dict[str, Any]]:
    inputs = {"until": day, "name": f"prod-{compact}", "schedule": cron, "Version": "2012-10-17", "image": "v20260801", "id": "20999999"}
    key = {"urn": f"{STACK}aws:sns/topic:Topic::key", "custom": True, "id": "key", "inputs": inputs, "created": f"{created}T23:59:00Z"}
    return [{"type": "aws:sns/topic:Topic", **key}]


def test_days_that_were_reckoned_from_the_deployments_are_named_and_pins_stay():
    first = of_a_day("2026-11-21", "2027-02-19", "20261121", "cron(0 13 5 2 ? 2027)")
    second = of_a_day("2027-01-31", "2027-05-01", "20270201", "cron(0 13 17 4 ? 2027)")
    assert normalised(first) == normalised(second)
    found = graph(first)["aws:sns/topic:Topic key"]["inputs"]
    assert found == {
        "until": "<day>",
        "name": "prod-<day>",
        "schedule": "<day>",
        "Version": "2012-10-17",
        "image": "v20260801",
        "id": "20999999",
    }


def test_a_script_in_base64_is_shown_and_the_ids_in_it_are_named():
    network = {"urn": f"{STACK}aws:ec2/networkInterface:NetworkInterface::nat", "custom": True, "id": "eni-0af16b58bf0d9c406"}
    script = b64encode(b"#!/bin/sh\necho eni-0af16b58bf0d9c406\n").decode()
    machine = {"urn": f"{STACK}aws:ec2/launchTemplate:LaunchTemplate::nat", "custom": True, "id": "lt", "inputs": {"userData": script}}
    resources = [{"type": each["urn"].split("::")[2], **each} for each in (network, machine)]
    found = graph(resources)["aws:ec2/launchTemplate:LaunchTemplate nat"]["inputs"]
    assert found == {"userData": "#!/bin/sh\necho <aws:ec2/networkInterface:NetworkInterface nat>\n"}
