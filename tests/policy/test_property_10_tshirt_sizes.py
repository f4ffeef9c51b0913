"""**Feature: coder-deployment-guide, Property 10: T-Shirt Sizes** (POL-10)"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.graph import Graph, Node
from policy.property_10_tshirt_sizes import PROPERTY
from policy.stack import Stack
from policy.workspace_nodes import size_of
from tests.policy.breaking import Broken, assert_caught, cases, edited, examples, forged, put, swap
from tests.policy.judge import assert_named, run
from tests.policy.recorded import ROOT, Entry, Recording, stack
from tests.policy.test_property_07_auto_stop import TEMPLATE, TEMPLATES, small
from tests.policy.world import DEPLOYED, PREVIEW

NODE_GROUP, KEY = "aws:eks/nodeGroup:NodeGroup", "coder.com/node-group"
POD = "pod-swdev"
NAME = "property-10-tshirt-sizes"


def root(change: Any) -> Any:
    """Change the root module of the pods' template."""

    def edit(text: str) -> str:
        content = json.loads(text)
        change(content)
        return json.dumps(content)

    return edited({"main.tf.json": edit}, POD)


def nowhere(name: str) -> Any:
    """No template offers the size any more, and one did."""

    def take(found: Recording) -> None:
        taken = 0
        for template in found.all(TEMPLATE):
            path = ROOT / template.inputs["versions"][0]["directory"] / "main.tf.json"
            if f'"value": "{name}"' in path.read_text() or f'"value":"{name}"' in path.read_text():
                edited({"main.tf.json": _without(name)}, template.name)(found)
                taken += 1
        assert taken

    return take


def _without(name: str) -> Any:
    def edit(text: str) -> str:
        content = json.loads(text)
        options = content["data"]["coder_parameter"]["size"]["option"]
        content["data"]["coder_parameter"]["size"]["option"] = [each for each in options if each["value"] != name]
        return json.dumps(content)

    return edit


def size(name: str, key: str, value: Any) -> Any:
    return root(lambda content: content["locals"]["sizes"][name].update({key: value}))


def shares(given_: Any) -> Any:
    """What a pod requests of its size."""
    return root(lambda content: content["module"]["base"].update(requests=given_))


def nodes_of(kind: str) -> Any:
    def change(found: Recording) -> None:
        for group in workspace_groups(found):
            group.put("instanceTypes", [kind])

    return change


def renamed(old: str, new: str) -> Any:
    return edited({"main.tf.json": lambda text: text.replace(f'"{old}"', f'"{new}"')}, POD)


def one_small_node(found: Recording) -> None:
    for group in found.all(NODE_GROUP):
        group.put("instanceTypes", ["m6g.medium"])


def labelled(group: str) -> Any:
    """Every group for workspaces under another label and taint; the names of the resources stay."""

    def change(found: Recording) -> None:
        for each in workspace_groups(found):
            each.put("labels", {KEY: group})
            each.put("taints.0.value", group)

    return change


def workspace_groups(found: Recording) -> list[Entry]:
    return [each for each in found.all(NODE_GROUP) if each.inputs["labels"][KEY] == "coder-ws"]


def tainted(found: Recording) -> None:
    for each in workspace_groups(found):
        each.put("taints", [*each.inputs["taints"], {"key": "team", "value": "others", "effect": "NO_EXECUTE"}])


def tainted_machines(found: Recording) -> None:
    for pool in found.all("kubernetes:karpenter.sh/v1:NodePool"):
        pool.put("spec.template.spec.taints", [{"key": "team", "value": "others", "effect": "NoSchedule"}])


def look_alike(found: Recording) -> None:
    """Their own nodes hold no pod, and a large group is called as theirs are."""
    for each in workspace_groups(found):
        each.put("instanceTypes", ["m6g.medium"])
    large = found.copy_of(found.one(NODE_GROUP, "coder-ws-a"), "us-east-1-coder-ws-d")
    large.put("instanceTypes", ["m5.24xlarge"])
    large.put("labels", {KEY: "coder-ws-d"})
    large.put("taints.0.value", "coder-ws-d")


def small_machines(found: Recording) -> None:
    """What Karpenter may start for workspaces; the pool of the provisioners may start more."""
    for pool in found.all("kubernetes:karpenter.sh/v1:NodePool"):
        wanted = pool.inputs["spec"]["template"]["spec"]["requirements"]
        index = next(number for number, each in enumerate(wanted) if each["key"] == "node.kubernetes.io/instance-type")
        kinds = ["c7i.large"] if "workspaces" in pool.name else ["m5.24xlarge"]
        pool.put(f"spec.template.spec.requirements.{index}.values", kinds)


def role(name: str, value: str) -> Any:
    return put("coder-eks:environment:Environment", None, f"regions.us-east-1.nodeGroups.{name}.role", value)


LIMIT, MACHINE = "memory = var.compute_profile.memory", "ec2-swdev"


def base(old: str, new: str, how: Any = edited, on: str = POD) -> Any:
    """Change the Terraform of a template's base."""
    return how({"base/main.tf": swap(old, new)}, on)


BROKEN = [
    Broken(
        "one profile for all sizes",
        "whatever size is chosen",
        root(lambda content: content["module"]["base"].update(compute_profile='${local.sizes["sw-dev-small"]}')),
    ),
    Broken(
        "a base that ignores the memory",
        "limits the workspace to {'cpu': '2.0', 'memory': '1Gi'}; limit it to 2 vCPU and 4 GiB",
        base(LIMIT, 'memory = "1Gi"'),
    ),
    Broken("a forged manifest over it", "limits the workspace to", base(LIMIT, 'memory = "1Gi"', forged)),
    Broken("a base that ignores the processors", "limit it to 4 vCPU", base("tostring(var.compute_profile.cpu)", '"2"')),
    Broken("a base that halves the memory", "limits the workspace to", base(LIMIT, 'memory = "${local.memory_mib / 2}Mi"')),
    Broken("a base without limits", "limits the workspace to", base("limits = {", "others = {")),
    Broken("a base that ignores the storage", "give it 100 GiB", base("storage = var.compute_profile.storage", 'storage = "20Gi"')),
    Broken("a base that can't be read", "nobody can tell what becomes of", base("}", "")),
    Broken("a machine that ignores the size", "as t3.small, whatever size", base("var.instance_types[0]", '"t3.small"', on=MACHINE)),
    Broken("a volume that ignores the size", "has 20 GiB; give it 50 GiB", base("local.storage_gib", "20", on=MACHINE)),
    Broken("a GPU machine that ignores the size", "as g5.xlarge", base("override.value", '"g5.xlarge"', on="ec2-datasci-gpu")),
    Broken(
        "machines of one size for all",
        "whatever size is chosen; hand over those of",
        edited({"main.tf.json": lambda text: text.replace('\\"${data.coder_parameter.size.value}/', '\\"sw-dev-small/')}, MACHINE),
    ),
    Broken("a processor less", "offers sw-dev-small with 1 vCPU", size("sw-dev-small", "cpu", 1.0)),
    Broken("more memory", "offers sw-dev-medium with 4 vCPU, 9 GiB", size("sw-dev-medium", "memory", "9Gi")),
    Broken("another storage", "offers platform with 4 vCPU, 8 GiB, 50 GiB", size("platform", "storage", "50Gi")),
    Broken("megabytes for gibibytes", "offers no size that can be read", size("sw-dev-large", "memory", "16384M")),
    Broken("a size is not offered", "no template offers sw-dev-large", nowhere("sw-dev-large")),
    Broken("a size of another name", "none of the system's sizes", renamed("sw-dev-small", "sw-dev-tiny")),
    Broken("a look-alike", "none of the system's sizes", renamed("platform", "platform-")),
    Broken("a size that no node holds", "offers sw-dev-large, whose pod requests more than any node", one_small_node),
    Broken("nodes under another label", "no nodes of the stack have the label coder.com/node-group=coder-ws", labelled("coder-ws-")),
    Broken("nodes with a taint more", "and no other taint", tainted),
    Broken("machines of a pool with a taint of their own", "and no other taint", tainted_machines, stack="demo"),
    Broken("large nodes that are only called so", "more than any node for workspaces has", look_alike),
    Broken("small machines of a pool", "more than any node for workspaces has", small_machines, stack="demo"),
    Broken(
        "pods on the nodes of coderd",
        "runs in pods on coder-control, which the stack does not declare for workspaces",
        root(lambda content: content["module"]["base"].update(node_group="coder-control")),
    ),
    Broken("nodes that are not for workspaces", "does not declare for workspaces (none)", role("coder-ws", "control")),
    Broken(
        "a pod that requests all of itself",
        "more than any node",
        root(lambda c: c["module"]["base"].update(requests={"cpu": 1, "memory": 1})),
    ),
    Broken("shares that are no numbers", "more than any node", shares({"cpu": False, "memory": "all"})),
    Broken("no sizes at all", "offers no size that can be read", root(lambda content: content.pop("locals"))),
    Broken("no root module", "offers no size that can be read", edited({"main.tf.json": lambda _: "{"}, POD)),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, POD, "versions.0.directory", "composed/gone")),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 10)


# Requirements 1.2, typed again from the document
TABLE = {"sw-dev-small": (2, 4, 20), "sw-dev-medium": (4, 8, 50), "sw-dev-large": (8, 16, 100), "platform": (4, 8, 100)}


@examples
@given(
    offered=st.sets(st.sampled_from(sorted(TABLE)), min_size=1),
    wanted=st.sets(st.sampled_from(sorted(TABLE)), min_size=1),
    which=st.sampled_from(sorted(TABLE)),
    figure=st.sampled_from(["cpu", "memory", "storage", None]),
    share=st.sampled_from([0.125, 0.5, 1.0]),
)
def test_it_passes_iff_all_sizes_are_there_as_in_the_table_and_fit(
    offered: set[str], wanted: set[str], which: str, figure: str | None, share: float
) -> None:
    """**Feature: coder-deployment-guide, Property 10: T-Shirt Sizes**

    The oracle: a set cover, a table typed again, a node of 8 vCPU and 32 GiB.
    """
    found = small(PREVIEW)
    node = stack("prod", PREVIEW).one(NODE_GROUP, "coder-ws-a")
    node.put("instanceTypes", ["m5.2xlarge"])
    found.entries.append(node)

    def change(content: Any) -> None:
        options = content["data"]["coder_parameter"]["size"]["option"]
        content["data"]["coder_parameter"]["size"]["option"] = [each for each in options if each["value"] in offered]
        if figure == "cpu":
            content["locals"]["sizes"][which]["cpu"] += 1
        elif figure:
            content["locals"]["sizes"][which][figure] = "7Gi"
        content["module"]["base"]["requests"] = {"cpu": share, "memory": share}

    root(change)(found)
    sizes = {name: list(map(float, TABLE[name])) for name in offered}
    altered = figure is not None and which in offered
    if altered and figure is not None:
        place = ["cpu", "memory", "storage"].index(figure)
        sizes[which][place] = sizes[which][0] + 1 if figure == "cpu" else 7.0
    fit = all(cpu * share <= 8 * 0.9 and memory * share <= 32 * 0.9 for cpu, memory, _ in sizes.values())
    config = {"property-10-tshirt-sizes": {"need": {"offered": sorted(wanted)}}}
    passed = run(found, PREVIEW, config, number=10).violations(10) == []
    assert passed == (wanted <= offered and not altered and fit)


@pytest.mark.parametrize(
    "change",
    [
        base(LIMIT, "memory = local.asked"),
        base('dynamic "container" {\n          for_each = var.gui_vnc ?', 'dynamic "container" {\n          for_each = !var.gui_vnc ?'),
    ],
    ids=["by another name", "a desktop beside it"],
)
def test_a_base_may_say_the_size_in_its_own_way(change: Any) -> None:
    """TPL-28: no alarm."""
    found = stack("prod", DEPLOYED)
    edited({"base/more.tf": lambda _: "locals {\n  asked = var.compute_profile.memory\n}\n"}, POD)(found)
    change(found)
    assert run(found, DEPLOYED, number=10).violations(10) == []


FIT: dict[str, tuple[str, Any]] = {
    "exactly what a node has left": ("c5.2xlarge", {"cpu": 0.9, "memory": 0.9}),
    "all of a size, where nothing is said of a part": ("m5.4xlarge", {}),
    "all of a size, where nothing is said": ("m5.4xlarge", None),
}


@pytest.mark.parametrize("name", FIT)
def test_a_pod_fits_that_requests(name: str) -> None:
    kind, requests = FIT[name]
    found = small(DEPLOYED)
    found.entries += [each for each in stack("prod", DEPLOYED).entries if each.type == NODE_GROUP]
    nodes_of(kind)(found)
    shares(requests)(found)
    messages = [line.message for line in run(found, DEPLOYED, number=10).violations(10)]
    assert not [message for message in messages if "more than any node" in message]


def test_machines_that_are_no_table_are_none() -> None:
    found = small(DEPLOYED)
    root(lambda content: content["locals"].update(machines=["m5.large"]))(found)
    assert any("runs in pods" in line.message for line in run(found, DEPLOYED, number=10).violations(10))


def test_a_stack_that_declares_nothing_is_told_what_it_lacks() -> None:
    """Without its environment no group is for workspaces; without its templates' component, a missing size is the whole stack's."""
    found = small(DEPLOYED)
    found.remove(*found.all("coder-eks:environment:Environment"), *found.all(TEMPLATES))
    outcome = run(found, DEPLOYED, {NAME: {"need": {"offered": ["huge"]}}}, number=10)
    assert_named(outcome, 10, "which the stack does not declare for workspaces (none)")
    assert any("no template offers huge" in line.message for line in outcome.violations(10))


def test_a_system_that_nobody_knows_has_no_sizes() -> None:
    """And is told so, not passed."""
    found = PROPERTY.judge(Stack(Graph([Node(urn="urn:pulumi:other::coder-eks::t::n", type_token="t", name="n", raw={})])), {})
    assert [each.message for each in found.violations] == ["the system None has no table of sizes; use one of the known systems"]


@pytest.mark.parametrize("effect", ["PREFER_NO_SCHEDULE", "PreferNoSchedule"])
def test_a_taint_that_only_prefers_keeps_no_pod_off(effect: str) -> None:
    """As EKS writes it, and as Kubernetes does."""
    found = stack("prod", DEPLOYED)
    for each in workspace_groups(found):
        each.put("taints", [*each.inputs["taints"], {"key": "team", "value": "others", "effect": effect}])
    assert run(found, DEPLOYED, number=10).violations(10) == []


def test_the_size_of_a_machine_follows_from_its_name() -> None:
    names = ("m5.2xlarge", "c7i.xlarge", "r6i.large", "t3.large", "t3.small", "t4g.nano", "t2.small", "t2.medium", "x2idn.large", "huge")
    assert [size_of(name) for name in names] == [(8, 32), (4, 8), (2, 16), (2, 8), (2, 2), (2, 0.5), (1, 2), (2, 4), None, None]


def test_machines_hold_what_they_start() -> None:
    """T-46: an EC2 size is on types that have its vCPUs and memory."""
    found = stack("prod", DEPLOYED)

    def change(content: Any) -> None:
        content["locals"]["machines"] = {f"{name}/0": ["m5.2xlarge"] for name in content["locals"]["sizes"]}

    root(change)(found)
    assert not [line for line in run(found, DEPLOYED, number=10).violations(10) if POD in line.message]
    edited({"main.tf.json": swap('"m5.2xlarge"', '"m5.large"')}, POD)(found)
    assert any("which has less than" in line.message for line in run(found, DEPLOYED, number=10).violations(10))


def test_folders_are_found_beside_the_pack() -> None:
    entry = stack("prod", DEPLOYED).one(TEMPLATE)
    assert Path(ROOT, entry.inputs["versions"][0]["directory"]).is_dir()
