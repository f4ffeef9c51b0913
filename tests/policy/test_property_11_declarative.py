"""**Feature: coder-deployment-guide, Property 11: Declarative Consistency** (POL-11)"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.property_11_declarative import MANAGED
from tests.policy.breaking import Breaking, Broken, add, assert_caught, cases, drop, examples, put, remove
from tests.policy.judge import assert_open, run
from tests.policy.recorded import Recording, stack
from tests.policy.test_property_07_auto_stop import TEMPLATE, TEMPLATES, small
from tests.policy.world import DEPLOYED, PREVIEW

GROUP, SYNC = "coderd:index/group:Group", "coderd:index/organizationGroupSync:OrganizationGroupSync"
ORGANIZATION = "coderd:index/organization:Organization"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


def ignores(type_token: str, name: str | None, *paths: str) -> Breaking:
    return lambda found: found.one(type_token, name).ignored.extend(paths)


def twice(found: Recording) -> None:
    found.copy_of(found.one(GROUP), "twin")


def unpublished(found: Recording) -> None:
    found.copy_of(found.one(TEMPLATE, "pod-swdev"), "stray").put("name", "pod-stray")


def foreign_group(found: Recording) -> None:
    template = found.one(TEMPLATE, "pod-swdev")
    template.edges.pop("acl", None)
    template.put("acl.groups", [{"id": "0f0f0f0f-0000-4000-8000-000000000000", "role": "use"}])


BROKEN = [
    Broken("a template that looks away", "ignores changes of acl", ignores(TEMPLATE, "pod-swdev", "acl")),
    Broken("a group that looks away", "ignores changes of quotaAllowance", ignores(GROUP, None, "quotaAllowance")),
    Broken("who may use a template is unmanaged", "leaves acl out", drop(TEMPLATE, "pod-swdev", "acl")),
    Broken("versions are unmanaged", "leaves versions out", drop(TEMPLATE, "pod-swdev", "versions")),
    Broken("a schedule is unmanaged", "leaves timeTilDormantMs out", drop(TEMPLATE, "pod-swdev", "timeTilDormantMs")),
    Broken("half an acl", "has an acl without users", drop(TEMPLATE, "pod-swdev", "acl.users")),
    Broken("no active version", "has 0 active versions", put(TEMPLATE, "pod-swdev", "versions.0.active", False)),
    Broken("a version without a name", "has a version without a name", drop(TEMPLATE, "pod-swdev", "versions.0.name")),
    Broken("a version with an empty name", "has a version without a name", put(TEMPLATE, "pod-swdev", "versions.0.name", "")),
    Broken("a component that looks away", "ignores changes of regions", ignores("coder-eks:environment:Environment", None, "regions")),
    Broken("a provider that looks away", "ignores changes of region", ignores("pulumi:providers:aws", None, "region")),
    Broken(
        "a user who is named by hand",
        "an acl for a user that the stack does not declare",
        put(TEMPLATE, "pod-swdev", "acl.users", [{"id": "0f0f0f0f-0000-4000-8000-000000000000", "role": "admin"}]),
        (DEPLOYED,),
    ),
    Broken("a group of somebody else", "a group that the stack does not declare", foreign_group, (DEPLOYED,)),
    Broken(
        "a group without an id",
        "a group that the stack does not declare",
        put(TEMPLATE, "pod-swdev", "acl", {"users": [], "groups": [{"role": "use"}]}),
    ),
    Broken("groups make themselves", "makes groups that nobody declares", put(SYNC, None, "autoCreateMissing", True)),
    Broken("a group declared twice", "is declared 2 times", twice),
    Broken("a template that nobody publishes", "does not publish pod-stray", unpublished),
    Broken("a published template is missing", "no template is declared for it", remove(TEMPLATE, "pod-swdev")),
    Broken("a database that looks away", "ignores changes of engineVersion", ignores("aws:rds/cluster:Cluster", None, "engineVersion")),
    Broken("a node group that looks away", "ignores changes of labels", ignores(NODE_GROUP, None, "labels")),
    Broken("a release that looks away", "ignores changes of values", ignores("kubernetes:helm.sh/v3:Release", None, "values")),
    Broken(
        "somebody else's object is patched",
        "patches an object",
        add("kubernetes:core/v1:ConfigMapPatch", "aws-auth", {"metadata": {"name": "aws-auth"}}, like="kubernetes:core/v1:ConfigMap"),
    ),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 11)


@examples
@given(
    left_out=st.sets(st.sampled_from(["acl", "versions", "icon", "defaultTtlMs", "organizationId", "corsBehavior", "tags"]), max_size=2),
    looked_away=st.sets(st.sampled_from(["acl", "versions", "description"]), max_size=1),
    active=st.lists(st.booleans(), min_size=1, max_size=3),
)
def test_a_template_passes_iff_nothing_of_it_is_left_to_hand_edits(left_out: set[str], looked_away: set[str], active: list[bool]) -> None:
    """**Feature: coder-deployment-guide, Property 11: Declarative Consistency**

    The oracle edits by hand: an edit stays where the attribute is left out, or its changes are ignored.
    """
    found = small(PREVIEW)
    template = found.one(TEMPLATE, "pod-swdev")
    version: dict[str, Any] = template.inputs["versions"][0]
    template.put("versions", [{**version, "name": f"v{index}", "active": on} for index, on in enumerate(active)])
    for key in sorted(left_out):
        template.drop(key)
    template.ignored = sorted(looked_away)
    declared = {"acl", "versions", "icon", "description", "defaultTtlMs"}
    stays = {key for key in declared if key in left_out or key in looked_away}
    one_active = "versions" in left_out or active.count(True) == 1
    assert (run(found, PREVIEW, number=11).violations(11) == []) == (not stays and one_active)


@pytest.mark.parametrize("mode", [PREVIEW, DEPLOYED])
def test_an_acl_may_name_everybody_of_the_organization(mode: str) -> None:
    """The group of all is the organization itself."""
    found = small(mode)
    template = found.one(TEMPLATE, "pod-swdev")
    everybody = found.add(ORGANIZATION, "everybody", {"name": "coder"}, template)
    everybody.edges = {}
    template.put("acl.groups", [{"id": UNKNOWN_STRING_VALUE if mode == PREVIEW else everybody.id, "role": "use"}])
    template.edges["acl"] = [everybody.urn]
    assert run(found, mode, number=11).violations(11) == []


def test_every_managed_attribute_counts() -> None:
    """Each left out by itself is a violation, for every kind of resource inside Coder."""
    for kind, keys in MANAGED.items():
        for key in keys:
            found = stack("prod", DEPLOYED)
            if not found.all(kind):
                continue
            found.entries = [entry for entry in found.entries if entry.type in (kind, "coder-eks:environment:Environment", TEMPLATES)]
            found.one(kind).drop(key)
            assert any(f"leaves {key} out" in line.message for line in run(found, DEPLOYED, number=11).violations(11)), (kind, key)


@pytest.mark.parametrize("key", ["acl", "versions"])
def test_an_unknown_is_left_open_with_its_urn(key: str) -> None:
    found = small(PREVIEW)
    template = found.one(TEMPLATE)
    template.put(key, UNKNOWN_STRING_VALUE)
    assert_open(run(found, PREVIEW, number=11), 11, template.urn, "its acl or versions are unknown")


def test_a_group_of_which_nothing_is_known_is_left_open() -> None:
    found = small(PREVIEW)
    template = found.one(TEMPLATE)
    template.put("acl", {"users": [], "groups": [{"id": UNKNOWN_STRING_VALUE, "role": "use"}]})
    assert_open(run(found, PREVIEW, number=11), 11, template.urn, "a group of its acl is unknown")


def test_the_first_visit_waits_and_the_second_may_not_be_empty() -> None:
    assert "first visit" in run(stack("prod", PREVIEW, visit=1), PREVIEW, number=11).not_applicable["property-11-declarative"]
    found = stack("prod", DEPLOYED)
    found.entries = [entry for entry in found.entries if not entry.type.startswith("coderd:")]
    (line,) = [line for line in run(found, DEPLOYED, number=11).violations(11) if "nothing inside Coder is declared" in line.message]
    assert line.urn == found.one("pulumi:pulumi:Stack").urn


def test_templates_that_no_component_declares_are_judged() -> None:
    found = stack("prod", DEPLOYED)
    found.remove(found.one(TEMPLATES))
    assert run(found, DEPLOYED, number=11).violations(11) == []


def test_a_group_that_does_not_tell_its_id_is_known_by_its_edge() -> None:
    """As the real provider has it: a Coder group's id is the resource's own and no property."""
    found = stack("prod", DEPLOYED)
    for group in found.all(GROUP):
        group.outputs.pop("id", None)
    assert run(found, DEPLOYED, number=11).violations(11) == []
