"""**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation** (POL-03): what a template's own rules let in and out"""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest

from policy import isolation
from policy.templates import Pushed
from policy.terraform import module_of

VPCS = [ip_network("10.0.0.0/16")]
GIVEN = {"workspace_id": "${data.coder_workspace.me.id}", "place": "${data.place.name}", "labels": "${data.labels.all}"}
NODE: Any = None
LABELS = '{ app = "workspace", id = var.workspace_id }'
WORKSPACE = """
resource "kubernetes_deployment_v1" "w" {
  metadata { namespace = "coder-ws" }
  spec {
    template {
      metadata { labels = { app = "workspace", id = var.workspace_id } }
      spec { host_network = false }
    }
  }
}
"""
POLICY = """
resource "kubernetes_network_policy_v1" "%s" {
  metadata { namespace = "coder-ws" }
  spec {
    policy_types = ["Ingress", "Egress"]
    pod_selector { match_labels = { id = var.workspace_id } }
    %s
  }
}
"""
PLACE = '"kubernetes.io/metadata.name"'


def told(text: str, mode: str | None = "https-only") -> list[str]:
    """What the judge says of a template of that Terraform."""
    files = {"base/main.tf": text.encode()}
    if mode is not None:
        files["main.tf.json"] = json.dumps({"module": {"base": {"network_egress": mode}}}).encode()
    return list(isolation.faults(Pushed(NODE, "", None, files), module_of(files, "base/", GIVEN), VPCS))


def assert_told(found: list[str], fault: str | None) -> None:
    """Nothing, or that fault and no other."""
    assert [fault is not None and fault in sentence for sentence in found] == [True] * (fault is not None), found


def pods(labels: str) -> str:
    return f"pod_selector {{\n match_labels = {{ {labels} }}\n}}"


def spaces(labels: str) -> str:
    return f"namespace_selector {{\n match_labels = {{ {labels} }}\n}}"


def exists(kind: str) -> str:
    return f'{kind} {{\n match_expressions {{\n key = "app"\n operator = "Exists"\n }}\n}}'


def spaces_and_expression(labels: str) -> str:
    return spaces(labels).removesuffix("}") + exists("").lstrip(" {")


def block(cidr: str, *left_out: str) -> str:
    written = ", ".join(f'"{each}"' for each in left_out)
    return f'ip_block {{\n cidr = "{cidr}"\n except = [{written}]\n}}' if left_out else f'ip_block {{\n cidr = "{cidr}"\n}}'


UNTOLD = "namespace_selector {\n match_labels = var.labels\n}"
CODERD = spaces(f'{PLACE} = "coder"')
NEIGHBOURS, ANYBODY, RANGE = "lets other workspaces in", "lets every workspace in", "a range in which workspaces are"
INGRESS = [
    ("this workspace", pods("id = var.workspace_id"), None),
    ("this workspace by two labels", pods('app = "workspace", id = var.workspace_id'), None),
    ("every workspace", pods('app = "workspace"'), NEIGHBOURS),
    ("every pod", pods(""), NEIGHBOURS),
    ("pods by an expression", exists("pod_selector"), NEIGHBOURS),
    ("pods by labels that can't be told", "pod_selector {\n match_labels = var.labels\n}", NEIGHBOURS),
    ("another application", pods('app = "monitor"'), None),
    ("another label", pods('team = "workspace"'), None),
    ("coderd's namespace", CODERD, None),
    ("the workspaces' namespace", spaces(f'{PLACE} = "coder-ws"'), NEIGHBOURS),
    ("another application of the workspaces' namespace", spaces(f'{PLACE} = "coder-ws"') + pods('app = "monitor"'), None),
    ("namespaces by another label", spaces('team = "a"'), NEIGHBOURS),
    ("namespaces by an expression", exists("namespace_selector"), NEIGHBOURS),
    ("a namespace that can't be told", spaces(f"{PLACE} = var.place"), NEIGHBOURS),
    ("namespaces by labels that can't be told", UNTOLD, NEIGHBOURS),
    ("coderd's namespace, narrowed", spaces_and_expression(f'{PLACE} = "coder"'), None),
    ("a range of elsewhere", block("192.0.2.0/24"), None),
    ("a range of the VPC", block("10.0.128.0/17"), RANGE),
    ("a range that has the VPC", block("10.0.0.0/8"), RANGE),
    ("all but the VPC", block("10.0.0.0/8", "10.0.0.0/16"), None),
    ("a range that can't be told", 'ip_block {\n cidr = upper("a")\n}', RANGE),
]


@pytest.mark.parametrize(("peer", "fault"), [pytest.param(peer, fault, id=who) for who, peer, fault in INGRESS])
def test_who_may_come_in(peer: str, fault: str | None) -> None:
    assert_told(told(WORKSPACE + POLICY % ("w", f"ingress {{\n from {{\n {peer}\n }}\n }}")), fault)


def test_a_rule_without_anybody_is_for_everybody() -> None:
    assert_told(told(WORKSPACE + POLICY % ("w", "ingress {\n ports {\n port = 22\n }\n }")), ANYBODY)
    assert_told(told(WORKSPACE + POLICY % ("w", "egress {\n ports {\n port = 22\n }\n }")), "leads everywhere")


def port(number: str, protocol: str = "TCP") -> str:
    return f'ports {{\n port = {number}\n protocol = "{protocol}"\n}}'


HTTPS, MORE = port("443"), "grants more than DNS, coderd"
BUT = 'cidr = "198.51.100.0/24"\n except = upper("a")'
METADATA = "169.254.169.254/32"
EGRESS = [
    ("coderd", CODERD + pods('app = "coder"'), "", "none", None),
    ("the resolver", spaces(f'{PLACE} = "kube-system"') + pods('k8s-app = "kube-dns"'), "", "none", None),
    ("all of coderd's namespace", CODERD, "", "none", MORE),
    ("any pod of coderd's namespace", CODERD + pods(""), "", "none", MORE),
    ("pods by labels that can't be told", CODERD + "pod_selector {\n match_labels = var.labels\n}", "", "none", MORE),
    ("another namespace", spaces(f'{PLACE} = "monitoring"') + pods('app = "coder"'), "", "none", MORE),
    ("namespaces by another label", spaces('team = "coder"') + pods('app = "coder"'), "", "none", MORE),
    ("namespaces by an expression", exists("namespace_selector") + pods('app = "coder"'), "", "none", MORE),
    ("namespaces by labels that can't be told", UNTOLD + pods('app = "c"'), "", "none", MORE),
    ("pods of its own namespace", pods('app = "coder"'), "", "none", MORE),
    ("a range in the mode none", block("198.51.100.0/24"), HTTPS, "none", "in the mode none"),
    ("a range where no mode is given", block("198.51.100.0/24"), HTTPS, None, "in the mode none"),
    ("HTTPS", block("198.51.100.0/24"), HTTPS, "https-only", None),
    ("HTTPS as text", block("198.51.100.0/24"), port('"443"'), "https-only", None),
    ("every port in https-only", block("198.51.100.0/24"), "", "https-only", "more than TCP 443"),
    ("another port", block("198.51.100.0/24"), port("80"), "https-only", "more than TCP 443"),
    ("another port beside it", block("198.51.100.0/24"), HTTPS + "\n" + port("22"), "https-only", "more than TCP 443"),
    ("another protocol", block("198.51.100.0/24"), port("443", "UDP"), "https-only", "more than TCP 443"),
    ("every port where all are granted", block("198.51.100.0/24"), "", "unrestricted", None),
    ("the link's range", block("169.254.0.0/16"), HTTPS, "https-only", "reaches instance metadata (169.254.169.254/32)"),
    ("instance metadata alone", block(METADATA), HTTPS, "https-only", "reaches instance metadata (169.254.169.254/32)"),
    ("the link's range without it", block("169.254.0.0/16", METADATA), HTTPS, "https-only", None),
    ("instance metadata over IPv6", block("fd00::/16"), HTTPS, "https-only", "reaches instance metadata (fd00:ec2::254/128)"),
    ("all of IPv6 without it", block("::/0", "fd00:ec2::254/128"), HTTPS, "https-only", None),
    ("all but VPC and metadata", block("0.0.0.0/0", "10.0.0.0/16", METADATA), HTTPS, "https-only", None),
    ("all but two halves of the VPC", block("0.0.0.0/0", "10.0.0.0/17", "10.0.128.0/17", METADATA), HTTPS, "https-only", None),
    ("all but a half of the VPC", block("0.0.0.0/0", "10.0.0.0/17", METADATA), HTTPS, "https-only", "reaches the VPC (10.0.0.0/16)"),
    ("all but private ranges", block("0.0.0.0/0", "10.0.0.0/8", METADATA), HTTPS, "https-only", None),
    ("all but IPv6", block("0.0.0.0/0", "fd00::/8", "10.0.0.0/16", METADATA), HTTPS, "https-only", None),
    ("a part of the VPC", block("10.0.1.0/24"), HTTPS, "https-only", "reaches the VPC (10.0.0.0/16)"),
    ("a range that can't be told", 'ip_block {\n cidr = upper("a")\n}', HTTPS, "https-only", "ranges that can't be told"),
    ("exceptions that can't be told", f"ip_block {{\n {BUT}\n}}", HTTPS, "https-only", "ranges that can't be told"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("peer", "ports", "mode", "fault"), [pytest.param(peer, ports, mode, fault, id=where) for where, peer, ports, mode, fault in EGRESS]
)
def test_where_a_workspace_may_go(peer: str, ports: str, mode: str | None, fault: str | None) -> None:
    assert_told(told(WORKSPACE + POLICY % ("w", f"egress {{\n to {{\n {peer}\n }}\n {ports}\n }}"), mode), fault)


def swapped(*pairs: tuple[str, str]) -> str:
    """The workspace and a policy without rules, written otherwise."""
    text = WORKSPACE + POLICY % ("w", "")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


OWN = "pod_selector { match_labels = { id = var.workspace_id } }"
SPOKEN = 'policy_types = ["Ingress", "Egress"]'
INSIDE, OUTSIDE = "has no NetworkPolicy for Ingress", "has no NetworkPolicy for Egress"
BY_THE_CLOCK = """
resource "kubernetes_cron_job_v1" "w" {
  metadata { namespace = "coder-ws" }
  spec {
    job_template {
      spec {
        template {
          metadata { labels = { id = var.workspace_id } }
          spec { host_network = true }
        }
      }
    }
  }
}
"""
FORMS = [
    ("a policy for both", swapped(), ()),
    ("an older kind", swapped(("_deployment_v1", "_deployment"), ("_policy_v1", "_policy")), ()),
    ("a policy for each", swapped(('"Ingress", "Egress"', '"Ingress"')) + (POLICY % ("out", "")).replace('"Ingress", ', ""), ()),
    ("both in no namespace", swapped(('namespace = "coder-ws"', "")), ("runs in the namespace default",)),
    ("both in another", swapped(('namespace = "coder-ws"', 'namespace = "coder"')), ("runs in the namespace coder,",)),
    ("as often as a list has items", swapped(("spec {\n    policy", "count = length([1])\n  spec {\n    policy")), ()),
    ("twice", swapped(("spec {\n    policy", "count = 2\n  spec {\n    policy")), ()),
    ("never", swapped(("spec {\n    policy", "count = 0\n  spec {\n    policy")), (INSIDE, OUTSIDE)),
    ("who knows how often", swapped(("spec {\n    policy", "count = var.place\n  spec {\n    policy")), (INSIDE, OUTSIDE)),
    ("for each of some", swapped(("spec {\n    policy", 'for_each = toset(["a"])\n  spec {\n    policy')), (INSIDE, OUTSIDE)),
    ("directions that can't be told", swapped((SPOKEN, 'policy_types = upper("a")')), (INSIDE, OUTSIDE)),
    ("no directions", swapped((SPOKEN, "")), (INSIDE, OUTSIDE)),
    ("another namespace", (WORKSPACE + (POLICY % ("w", "")).replace("coder-ws", "coder")), (INSIDE, OUTSIDE)),
    ("no namespace", (WORKSPACE + (POLICY % ("w", "")).replace('namespace = "coder-ws"', "")), (INSIDE, OUTSIDE)),
    ("pods by an expression", swapped((OWN, exists("pod_selector"))), (INSIDE, OUTSIDE)),
    ("pods by labels that can't be told", swapped((OWN, "pod_selector { match_labels = var.labels }")), (INSIDE, OUTSIDE)),
    ("all pods", swapped((OWN, "pod_selector {}")), ()),
    ("all pods, and one without labels", swapped((OWN, "pod_selector {}"), (f"labels = {LABELS}", "")), ()),
    ("no word of a node's network", swapped(("host_network = false", "")), ()),
    ("pods of another name", swapped((OWN, 'pod_selector { match_labels = { name = "workspace" } }')), (INSIDE, OUTSIDE)),
    ("labels that can't be told", swapped((f"labels = {LABELS}", "labels = var.labels")), ("has labels that can't be told",)),
    ("a node's network", swapped(("host_network = false", "host_network = true")), ("shares its node's network",)),
    ("perhaps a node's network", swapped(("host_network = false", "host_network = var.place")), ("shares its node's network",)),
    ("a bare pod", POLICY % ("w", "") + """
resource "kubernetes_pod_v1" "w" {
  metadata {
    namespace = "coder-ws"
    labels    = { id = var.workspace_id }
  }
  spec { host_network = true }
}
""", ("kubernetes_pod_v1.w is no Deployment", "shares its node's network")),
    ("a job", POLICY % ("w", "") + WORKSPACE.replace("deployment_v1", "job_v1"), ("is no Deployment",)),
    ("a job by the clock", POLICY % ("w", "") + BY_THE_CLOCK, ("is no Deployment", "shares its node's network")),
    ("nothing that runs", POLICY % ("w", ""), ("starts neither a pod nor a machine",)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "faults"), [pytest.param(text, faults, id=form) for form, text, faults in FORMS])
def test_what_runs_and_what_speaks_of_it(text: str, faults: tuple[str, ...]) -> None:
    found = told(text)
    assert len(found) == len(faults), found
    assert all(fault in sentence for fault, sentence in zip(faults, found, strict=True)), found


def test_a_policy_of_all_workspaces_opens_the_others_too() -> None:
    """Policies add up: what this workspace's template opens for all is open in each."""
    wide = (POLICY % ("wide", "ingress {\n from {\n %s\n }\n }")).replace("{ id = var.workspace_id }", '{ app = "workspace" }')
    own = pods("id = var.workspace_id")
    assert_told(told(WORKSPACE + POLICY % ("w", "") + wide % own), "lets this workspace into every other that it selects")
    assert_told(told(WORKSPACE + POLICY % ("w", "") + wide % pods('app = "monitor"')), None)


CLOSED = 'resource "aws_security_group" "w" {\n ingress = []\n}\n'
OPENED, FOREIGN, DEFAULT = "lets something in", "not the template's own or lets something in", "default security group"
UNREAD = "has interfaces or groups that this policy does not read"


def machine(groups: str = "aws_security_group.w.id", more: str = "", kind: str = "instance") -> str:
    return f'resource "aws_{kind}" "w" {{\n vpc_security_group_ids = [{groups}]\n {more}\n}}\n'


def rule(kind: str, direction: str = "") -> str:
    return f'resource "aws_{kind}" "r" {{\n security_group_id = aws_security_group.w.id\n {direction}\n}}\n'


MACHINES = [
    ("a group of its own", CLOSED + machine(), None),
    ("a group without a word of it", 'resource "aws_security_group" "w" {\n}\n' + machine(), None),
    ("a machine of the market", CLOSED + machine(kind="spot_instance_request"), None),
    ("a template of machines", CLOSED + machine(kind="launch_template"), None),
    ("no group", CLOSED + machine(""), DEFAULT),
    ("no group of a machine of the market", CLOSED + machine("", kind="spot_instance_request"), DEFAULT),
    ("no word of groups", 'resource "aws_instance" "w" {\n}\n', DEFAULT),
    ("groups that can't be told", CLOSED + machine().replace("[aws_security_group.w.id]", 'upper("a")'), DEFAULT),
    ("a group of elsewhere", CLOSED + machine("data.aws_security_group.other.id"), FOREIGN),
    ("a group of elsewhere beside it", CLOSED + machine("aws_security_group.w.id, data.aws_security_group.other.id"), FOREIGN),
    ("a template in a group of elsewhere", CLOSED + machine("data.aws_security_group.other.id", kind="launch_template"), FOREIGN),
    ("interfaces", CLOSED + machine(more="network_interface {\n}"), UNREAD),
    ("groups by name", CLOSED + machine(more='security_groups = ["a"]'), UNREAD),
    ("a rule in", CLOSED + machine() + rule("vpc_security_group_ingress_rule"), OPENED),
    ("an older rule in", CLOSED + machine() + rule("security_group_rule", 'type = "ingress"'), OPENED),
    ("an older rule that can't be told", CLOSED + machine() + rule("security_group_rule", "type = var.place"), OPENED),
    ("an older rule out", CLOSED + machine() + rule("security_group_rule", 'type = "egress"'), None),
]


@pytest.mark.parametrize(("text", "fault"), [pytest.param(text, fault, id=what) for what, text, fault in MACHINES])
def test_desktops_on_machines_are_closed(text: str, fault: str | None) -> None:
    """NET-29: a group of the template's own that lets nothing in; nothing else is that."""
    assert_told(told(text), fault)


@pytest.mark.parametrize("rules", ["ingress {\n self = true\n }", "ingress = [{ self = true }]", 'ingress = upper("a")', "dynamic"])
def test_a_group_that_lets_something_in_is_named_with_its_machine(rules: str) -> None:
    if rules == "dynamic":
        rules = 'dynamic "ingress" {\n for_each = [1]\n content {\n self = true\n }\n }'
    found = told(f'resource "aws_security_group" "w" {{\n {rules}\n}}\n' + machine())
    assert len(found) == 2
    assert OPENED in found[0]
    assert FOREIGN in found[1]


def test_json_is_terraform_too() -> None:
    """One block of a kind stands there by itself, without a list."""
    own, metadata = {"match_labels": {"id": "${var.workspace_id}"}}, {"namespace": "coder-ws"}
    peer = {"ip_block": {"cidr": "198.51.100.0/24"}}
    rules = {"ingress": {"from": peer}, "egress": {"to": peer, "ports": {"port": 443, "protocol": "TCP"}}}
    spec = {"policy_types": ["Ingress", "Egress"], "pod_selector": own, **rules}
    pod = {"metadata": {"labels": own["match_labels"]}, "spec": {}}
    blocks = {
        "kubernetes_deployment_v1": {"w": {"metadata": metadata, "spec": {"template": pod}}},
        "kubernetes_network_policy_v1": {"w": {"metadata": metadata, "spec": spec}},
    }
    files = {"base/main.tf.json": json.dumps({"resource": blocks}).encode()}
    files["main.tf.json"] = json.dumps({"module": {"base": {"network_egress": "https-only"}}}).encode()
    assert list(isolation.faults(Pushed(NODE, "", None, files), module_of(files, "base/", GIVEN), VPCS)) == []


def test_a_group_that_is_handed_in_is_not_the_templates_own() -> None:
    """The root module's `aws_security_group.w` is another than the base's."""
    files = {"base/main.tf": (CLOSED + machine("var.group")).encode()}
    module = module_of(files, "base/", {"group": "${aws_security_group.w.id}"})
    assert_told(list(isolation.faults(Pushed(NODE, "", None, files), module, VPCS)), FOREIGN)


def test_pods_and_machines_of_one_template_are_both_judged() -> None:
    assert_told(told(swapped() + CLOSED + machine("")), DEFAULT)
    assert_told(told(swapped(("host_network = false", "host_network = true")) + CLOSED + machine()), "shares its node's network")
