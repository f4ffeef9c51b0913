"""**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation** (POL-03)"""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy import isolation
from policy.isolation import NAMESPACE_LABEL
from policy.property_03_workspace_isolation import NAME_LABEL, WORKSPACE_TAG
from policy.templates import Pushed
from policy.terraform import module_of
from tests.policy.breaking import Breaking, Broken, add, append, assert_caught, cases, drop, edited, put, remove, swap
from tests.policy.judge import assert_open, run
from tests.policy.recorded import Recording, stack
from tests.policy.world import DEPLOYED, PREVIEW

ADD_ON, POLICY, NAMESPACE = "aws:eks/addon:Addon", "kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:core/v1:Namespace"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
TEMPLATE = "coderd:index/template:Template"
MAIN = "base/main.tf"


def hcl(old: str, new: str) -> Breaking:
    return edited({MAIN: swap(old, new)})


def more(text: str) -> Breaking:
    return edited({MAIN: append(text)})


def add_on(**values: Any) -> Breaking:
    def change(found: Recording) -> None:
        entry = found.one(ADD_ON, "vpc-cni")
        entry.put("configurationValues", json.dumps({**json.loads(entry.inputs["configurationValues"]), **values}))

    return change


def closed_namespace(direction: str) -> Breaking:
    """The default deny of the workspaces' namespace speaks of the other direction only."""
    other = {"Ingress": "Egress", "Egress": "Ingress"}[direction]
    return put(POLICY, "coder-ws-default-deny", "spec.policyTypes", [other])


def ingress_for_all(found: Recording) -> None:
    found.one(POLICY, "coder-ws-allow-dns").put("spec.policyTypes", ["Egress", "Ingress"])
    found.one(POLICY, "coder-ws-allow-dns").put("spec.ingress", [{"from": [{"podSelector": {}}]}])


def by_name(operator: str, *names: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": NAME_LABEL, "operator": operator, "values": list(names)}]}


def lets_in(selector: dict[str, Any]) -> Breaking:
    spec = {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}
    return add(POLICY, "neighbours", {"metadata": {"name": "neighbours", "namespace": "coder-ws"}, "spec": spec}, like=POLICY)


def rule_of(group: str, kind: str = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", **source: Any) -> Breaking:
    """A rule that lets something into a security group of prod's; a source that is a group's own name is that group."""

    def change(found: Recording) -> None:
        groups = {each.name.removeprefix("us-east-1-"): each for each in found.all(GROUP)}
        meant = {"securityGroupId": group, **source}
        given = {key: groups[value].outputs.get("id", UNKNOWN_STRING_VALUE) if value in groups else value for key, value in meant.items()}
        made = found.add(kind, "z-more", given, groups[group])  # after all others
        made.edges = {key: [groups[value].urn] for key, value in meant.items() if value in groups}

    return change


def untagged(place: str) -> Breaking:
    """The group that their nodes have by a launch template is not marked, and the VPC comes in."""

    def change(found: Recording) -> None:
        found.one(GROUP, "us-east-1-workspace").drop("tags")
        for template in found.all("aws:ec2/launchTemplate:LaunchTemplate"):
            if "coder-ws" in template.name:
                worn, led = template.inputs["vpcSecurityGroupIds"], template.edges["vpcSecurityGroupIds"]
                template.drop("vpcSecurityGroupIds")
                template.put(place, worn if place == "vpcSecurityGroupIds" else [{"securityGroups": worn}])
                template.edges[place] = led
        rule_of("workspace", cidrIpv4="10.0.0.0/16")(found)

    return change


LET_IN = """
resource "kubernetes_network_policy_v1" "neighbours" {
  metadata {
    name      = "neighbours-${var.workspace_id}"
    namespace = var.namespace
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {
      match_labels = local.selector
    }
    ingress {
      %s
    }
  }
}
"""
NEIGHBOURS = 'from {\n pod_selector {\n match_labels = { "app.kubernetes.io/name" = "coder-workspace" }\n }\n }'
IN_CODER: dict[str, Any] = {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: "coder"}}}
ANY = {"key": "team", "operator": "Exists"}
BROKEN = [
    Broken("the CNI enforces nothing", "does not enforce network policies", add_on(enableNetworkPolicy="false")),
    Broken("the CNI's flag is gone", "does not enforce network policies", drop(ADD_ON, "vpc-cni", "configurationValues")),
    Broken("no CNI add-on", "has no vpc-cni add-on", remove(ADD_ON, "vpc-cni")),
    Broken("no default deny", "denies Ingress by default", remove(POLICY, "coder-ws-default-deny")),
    Broken("the default deny speaks of egress only", "denies Ingress by default", closed_namespace("Ingress")),
    Broken("the default deny speaks of ingress only", "denies Egress by default", closed_namespace("Egress")),
    Broken(
        "the default deny selects some pods",
        "denies Ingress by default",
        put(POLICY, "coder-ws-default-deny", "spec.podSelector", {"matchLabels": {"app": "x"}}),
    ),
    Broken(
        "the default deny stands elsewhere",
        "denies Ingress by default",
        put(POLICY, "coder-ws-default-deny", "metadata.namespace", "coder-wx"),
    ),
    Broken(
        "the default deny selects by an expression",
        "denies Ingress by default",
        put(POLICY, "coder-ws-default-deny", "spec.podSelector", {"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
    ),
    *(
        Broken(f"a policy lets {whom} in", "lets something into every pod", lets_in(selector))
        for whom, selector in (
            ("workspaces by name", {"matchLabels": {NAME_LABEL: "coder-workspace"}}),
            ("two names", by_name("In", "coder-workspace", "other")),
            ("a name or another", {"matchLabels": {NAME_LABEL: "coder-workspace"}, **by_name("In", "other")}),
            ("all but a name", by_name("NotIn", "other")),
            ("another key", {"matchExpressions": [{"key": "app", "operator": "In", "values": ["other"]}]}),
        )
    ),
    Broken(
        "a security group of workspaces is open",
        "lets in what may be another of them",
        add(GROUP, "desktops", {"tags": {WORKSPACE_TAG: "any"}, "ingress": [{"fromPort": 22}]}, like=ADD_ON),
    ),
    *(
        Broken(f"the security group {group} lets in {whom}", "lets in what may be another of them", rule_of(group, **source), modes)
        for group, whom, source, modes in (
            ("workspace", "the VPC", {"cidrIpv4": "10.0.0.0/16"}, (PREVIEW, DEPLOYED)),
            ("workspace", "a list of ranges", {"prefixListId": "pl-1"}, (PREVIEW, DEPLOYED)),
            ("workspace", "itself", {"referencedSecurityGroupId": "workspace"}, (PREVIEW, DEPLOYED)),
            ("workspace", "machines", {"referencedSecurityGroupId": "ec2-workspace"}, (PREVIEW, DEPLOYED)),
            ("ec2-workspace", "itself", {"referencedSecurityGroupId": "ec2-workspace"}, (PREVIEW, DEPLOYED)),
            ("ec2-workspace", "a group of somebody's", {"referencedSecurityGroupId": "sg-1"}, (DEPLOYED,)),
        )
    ),
    Broken(
        "a rule of the old kind lets the security group in itself",
        "lets in what may be another of them",
        rule_of("workspace", "aws:ec2/securityGroupRule:SecurityGroupRule", type="ingress", protocol="tcp", self=True),
    ),
    Broken(
        "an untagged group of their nodes lets in the VPC",
        "lets in what may be another of them",
        untagged("vpcSecurityGroupIds"),
    ),
    Broken(
        "an untagged group of their nodes' interfaces lets in the VPC",
        "lets in what may be another of them",
        untagged("networkInterfaces"),
    ),
    Broken(
        "a default deny of no types, which speaks of ingress",
        "denies Egress by default",
        drop(POLICY, "coder-ws-default-deny", "spec.policyTypes"),
    ),
    Broken(
        "a security group lets in another inside it",
        "lets in what may be another of them",
        lambda f: f.one(GROUP, "us-east-1-workspace").put(
            "ingress", [{"protocol": "-1", "securityGroups": [f.one(GROUP, "us-east-1-ec2-workspace").outputs["id"]]}]
        ),
        (DEPLOYED,),
    ),
    Broken(
        "no security group is of workspaces",
        "has no security group of workspaces",
        lambda f: [group.drop("tags") for group in f.all(GROUP)],
        stack="demo",
    ),
    *(
        Broken(
            f"workspaces reach {whom}",
            "out to more than DNS and coderd",
            add(
                POLICY,
                "wide",
                {"metadata": {"namespace": "coder-ws"}, "spec": {"podSelector": {}, "egress": [{"to": [peer]}], **types}},
                like=POLICY,
            ),
        )
        for whom, peer, types in (
            ("everything", {"ipBlock": {"cidr": "0.0.0.0/0"}}, {"policyTypes": ["Egress"]}),
            ("metadata", {"ipBlock": {"cidr": "169.254.169.254/32"}}, {"policyTypes": ["Egress"]}),
            ("every namespace", {"namespaceSelector": {}}, {"policyTypes": ["Egress"]}),
            ("all of coderd's namespace", {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: "coder"}}}, {}),
            ("whoever has a label there", {**IN_CODER, "podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}, {}),
            (
                "a namespace by an expression",
                {
                    "namespaceSelector": {**IN_CODER["namespaceSelector"], "matchExpressions": [ANY]},
                    "podSelector": {"matchLabels": {"a": "b"}},
                },
                {},
            ),
        )
    ),
    Broken(
        "a policy without types lets neighbours in",
        "lets something into every pod",
        add(
            POLICY,
            "wide",
            {"metadata": {"namespace": "coder-ws"}, "spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}},
            like=POLICY,
        ),
    ),
    *(
        Broken(
            f"a {token.rpartition(':')[2]}",
            "which overrules coder-ws's NetworkPolicies",
            add(f"kubernetes:{token}", "wide", {}, like=POLICY),
        )
        for token in ("policy.networking.k8s.io/v1alpha1:AdminNetworkPolicy", "networking.k8s.aws/v1alpha1:ClusterNetworkPolicy")
    ),
    Broken("no template", "the stack pushes no template", lambda found: found.remove(*found.all(TEMPLATE)), whole=True),
    Broken("a policy lets everybody in", "lets something into every pod", ingress_for_all),
    Broken(
        "a policy lets everybody out", "out to anywhere", put(POLICY, "coder-ws-allow-dns", "spec.egress", [{"ports": [{"port": 443}]}])
    ),
    Broken(
        "no namespace of their own", "makes no namespace coder-ws", put(NAMESPACE, "coder-ws", "metadata.name", "workspaces"), whole=True
    ),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, "pod-swdev", "versions.0.directory", "composed/gone")),
    Broken(
        "the template's policy is gone",
        "no NetworkPolicy for Ingress",
        hcl('"kubernetes_network_policy_v1" "workspace"', '"null_resource" "x"'),
    ),
    Broken("the template's policy speaks of egress only", "no NetworkPolicy for Ingress", hcl('["Ingress", "Egress"]', '["Egress"]')),
    Broken("the template's policy speaks of ingress only", "no NetworkPolicy for Egress", hcl('["Ingress", "Egress"]', '["Ingress"]')),
    Broken(
        "the selector is of another workspace",
        "no NetworkPolicy for Ingress",
        hcl("match_labels = local.selector", 'match_labels = { "com.coder.workspace.id" = var.workspace_name }'),
    ),
    Broken(
        "the policy is gone while it runs",
        "no NetworkPolicy for Ingress",
        hcl("  metadata {\n    name      = local.name", "  count = 0\n  metadata {\n    name      = local.name"),
    ),
    Broken(
        "a pod elsewhere",
        "where nothing is denied by default",
        edited({"main.tf.json": swap('"namespace": "coder-ws"', '"namespace": "default"')}),
    ),
    Broken("whatever a manifest holds", "may make anything", more('resource "kubernetes_manifest" "x" {\n manifest = {}\n}')),
    Broken("neighbours come in", "lets other workspaces in", more(LET_IN % NEIGHBOURS)),
    Broken("the namespace comes in", "lets other workspaces in", more(LET_IN % "from {\n pod_selector {}\n }")),
    Broken("everybody comes in", "lets every workspace in", more(LET_IN % "ports {\n port = 22\n }")),
    Broken("the VPC comes in", "a range in which workspaces are", more(LET_IN % 'from {\n ip_block {\n cidr = "10.0.0.0/8"\n }\n }')),
    Broken("metadata is reached", "reaches instance metadata", hcl("except = local.unreachable", "except = var.blocked_cidrs")),
    Broken("the VPC is reached", "reaches the VPC", hcl("except = local.unreachable", 'except = ["169.254.0.0/16"]')),
    Broken("a part of the VPC is reached", "reaches the VPC", edited({"main.tf.json": swap('"10.0.0.0/16"', '"10.0.0.0/17"')})),
    Broken(
        "exceptions that can't be told",
        "ranges that can't be told",
        hcl("except = local.unreachable", "except = [for x in local.unreachable : x]"),
    ),
    Broken(
        "a pod on its node's network",
        "shares its node's network",
        hcl("      spec {\n        service_account", "      spec {\n        host_network = true\n        service_account"),
    ),
    Broken("a bare pod", "is no Deployment", hcl('"kubernetes_deployment_v1"', '"kubernetes_stateful_set_v1"')),
    Broken("egress to whom it likes", "more than DNS, coderd", hcl('{ "k8s-app" = "kube-dns" }', "{}")),
    Broken("no Terraform at all", "starts neither a pod nor a machine", edited({MAIN: lambda _: "# nothing\n"})),
    Broken("Terraform that can't be read", "nobody can see what it opens", more("resource {")),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 3)


SELF, OTHER, CONSTANT = "workspace.id", "workspace.name", "app"
SELECTORS = st.sampled_from(["own", "all-of-kind", "none", "another-app", "another-namespace"])
PEER: dict[str, list[Any]] = {
    "own": [{"pod_selector": [{"match_labels": {"id": "${var.workspace_id}"}}]}],
    "all-of-kind": [{"pod_selector": [{"match_labels": {"app": "workspace"}}]}],
    "none": [{"pod_selector": [{}]}],
    "another-app": [{"pod_selector": [{"match_labels": {"app": "monitor"}}]}],
    "another-namespace": [{"namespace_selector": [{"match_labels": {"kubernetes.io/metadata.name": "coder"}}]}],
}


def terraform(policies: list[dict[str, Any]]) -> dict[str, bytes]:
    labels = {"app": "workspace", "id": "${var.workspace_id}"}
    pod = {"metadata": [{"labels": labels}], "spec": [{}]}
    workspace = {"metadata": [{"namespace": "coder-ws"}], "spec": [{"template": [pod]}]}
    named = {f"p{index}": {"metadata": [{"namespace": "coder-ws"}], "spec": [spec]} for index, spec in enumerate(policies)}
    blocks = {"resource": [{"kubernetes_deployment_v1": {"workspace": workspace}}, {"kubernetes_network_policy_v1": named}]}
    return {"base/main.tf.json": json.dumps(blocks).encode()}


def connects(policies: list[dict[str, Any]], sender: dict[str, str], receiver: dict[str, str]) -> bool:
    """The oracle: Kubernetes' rules over two workspaces' real labels, read from its documentation and nothing else."""

    def real(labels: dict[str, str], owner: dict[str, str]) -> dict[str, str]:
        return {key: owner["id"] if value.startswith("${") else value for key, value in labels.items()}

    def chosen(selector: dict[str, Any], owner: dict[str, str], labels: dict[str, str]) -> bool:
        return all(labels.get(key) == value for key, value in real(selector.get("match_labels", {}), owner).items())

    admitted, spoken = False, False
    for owner in (sender, receiver):  # each workspace brings its own copy of the template's policies
        for spec in policies:
            if "Ingress" not in spec["policy_types"] or not chosen(spec["pod_selector"][0], owner, receiver):
                continue
            spoken = True
            for rule in spec.get("ingress", []):
                peers = rule.get("from")
                admitted |= not peers or any(
                    "namespace_selector" not in peer and chosen(peer["pod_selector"][0], owner, sender) for peer in peers
                )
    return admitted or not spoken


@settings(max_examples=150)
@given(
    rules=st.lists(st.tuples(SELECTORS, st.booleans()), max_size=3),
    types=st.sampled_from([["Ingress", "Egress"], ["Egress"], ["Ingress"]]),
    selector=st.sampled_from([{"id": "${var.workspace_id}"}, {"app": "workspace", "id": "${var.workspace_id}"}, {"app": "other"}, {}]),
)
def test_a_template_passes_iff_no_workspace_reaches_another(
    rules: list[tuple[str, bool]], types: list[str], selector: dict[str, str]
) -> None:
    """**Feature: coder-deployment-guide, Property 3: Workspace Network Isolation**"""
    ingress = [{"from": PEER[peer]} if named else {} for peer, named in rules]
    own = {"policy_types": types, "pod_selector": [{"match_labels": selector}], "ingress": ingress}
    out = {"policy_types": ["Egress"], "pod_selector": [{"match_labels": {"id": "${var.workspace_id}"}}]}
    files = terraform([own, out])
    given_ = {"workspace_id": "${data.coder_workspace.me.id}"}
    module = module_of(files, "base/", given_)
    found = list(isolation.faults(Pushed(NODE, "", None, files), module, [ip_network("10.0.0.0/16")]))
    first, second = {"app": "workspace", "id": "1"}, {"app": "workspace", "id": "2"}
    assert (found == []) == (not connects([own, out], first, second))


NODE: Any = None


@pytest.mark.parametrize(("left_out", "reached"), [("10.0.1.0/24", False), ("10.0.1.0/25", True), ("10.0.2.0/24", True)])
def test_a_range_inside_the_vpc_reaches_it_but_for_what_is_left_out(left_out: str, reached: bool) -> None:
    out = {"ip_block": [{"cidr": "10.0.1.0/24", "except": [left_out]}]}
    own = {
        "policy_types": ["Ingress", "Egress"],
        "pod_selector": [{"match_labels": {"id": "${var.workspace_id}"}}],
        "egress": [{"to": [out]}],
    }
    files = terraform([own])
    module = module_of(files, "base/", {"workspace_id": "${data.coder_workspace.me.id}"})
    found = isolation.faults(Pushed(NODE, "", None, files), module, [ip_network("10.0.0.0/16")])
    assert any("reaches the VPC" in fault for fault in found) == reached


@pytest.mark.parametrize("selector", [{"matchLabels": {NAME_LABEL: "coder-provisioner"}}, by_name("In", "coder-provisioner", "other")])
def test_other_pods_of_the_namespace_may_be_reached(selector: dict[str, Any]) -> None:
    found = stack("prod", DEPLOYED)
    lets_in(selector)(found)
    assert run(found, DEPLOYED, number=3).violations(3) == []


def test_a_policy_of_an_unknown_namespace_is_left_open() -> None:
    found = stack("prod", PREVIEW)
    lets_in({})(found)
    found.one(POLICY, "neighbours").put("metadata.namespace", UNKNOWN_STRING_VALUE)
    assert_open(run(found, PREVIEW, number=3), 3, found.one(POLICY, "neighbours").urn, "its namespace is unknown")


@pytest.mark.parametrize(
    ("group", "source", "what"),
    [
        ({"securityGroupId": UNKNOWN_STRING_VALUE}, {"cidrIpv4": "10.0.0.0/16"}, "whether its security group is of workspaces is unknown"),
        ({}, {"referencedSecurityGroupId": UNKNOWN_STRING_VALUE}, "which security group it lets in is unknown"),
    ],
)
def test_a_rule_of_an_unknown_group_is_left_open(group: dict[str, Any], source: dict[str, Any], what: str) -> None:
    found = stack("prod", PREVIEW)
    rule_of("workspace", **source)(found)
    rule = found.one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "z-more")
    for key, value in group.items():
        rule.put(key, value)
        rule.edges = {}
    assert_open(run(found, PREVIEW, number=3), 3, rule.urn, what)


def test_an_add_on_of_unknown_configuration_is_left_open() -> None:
    found = stack("prod", PREVIEW)
    found.one(ADD_ON, "vpc-cni").put("configurationValues", UNKNOWN_STRING_VALUE)
    assert_open(run(found, PREVIEW, number=3), 3, found.one(ADD_ON, "vpc-cni").urn, "its configuration is unknown")


def test_the_first_visit_is_not_green() -> None:
    outcome = run(stack("prod", PREVIEW, visit=1), PREVIEW, number=3)
    assert "property-03-workspace-isolation" not in outcome.passed
    assert outcome.violations(3) == []


def test_every_mode_of_egress_is_judged_by_its_own_measure() -> None:
    """A template in the mode `none` that grants HTTPS is as wrong as one in https-only that grants all."""
    found = stack("prod", DEPLOYED)
    edited({"main.tf.json": swap('"network_egress": "https-only"', '"network_egress": "unrestricted"')})(found)
    assert run(found, DEPLOYED, number=3).violations(3) == []
    edited({MAIN: swap("for_each = length(local.egress_ports[var.network_egress]) > 0 ?", "for_each = true ?"),
            "main.tf.json": swap('"network_egress": "unrestricted"', '"network_egress": "none"')})(found)  # fmt: skip
    assert any("in the mode none" in line.message for line in run(found, DEPLOYED, number=3).violations(3))
