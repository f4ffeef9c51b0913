"""**Feature: coder-deployment-guide, Property 7: Auto-Stop** (POL-07)"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.property_07_auto_stop import MANAGED
from tests.policy.breaking import Broken, assert_caught, cases, drop, examples, put
from tests.policy.judge import assert_named, assert_open, run
from tests.policy.recorded import Recording, stack
from tests.policy.world import DEPLOYED, PREVIEW

TEMPLATE, TEMPLATES = "coderd:index/template:Template", "coder-eks:templates:Templates"


def never_stops(found: Recording) -> None:
    found.one(TEMPLATE, "pod-swdev").put("defaultTtlMs", 0)


def look_alike(found: Recording) -> None:
    """A name that only looks like the template's is on the list."""
    found.one(TEMPLATES).put("alwaysOn", [f"{found.one(TEMPLATE, 'pod-swdev').inputs['name']} "])
    found.one(TEMPLATE, "pod-swdev").put("defaultTtlMs", 0)


def second_template(found: Recording) -> None:
    found.copy_of(found.one(TEMPLATE, "pod-swdev"), "other").put("autoStopRequirement.daysOfWeeks", [])


BROKEN = [
    Broken("no limit of a run", "never stops its workspaces", never_stops),
    Broken(
        "no day of rest and no stop by hand",
        "never stops its workspaces",
        put(TEMPLATE, "pod-swdev", "autoStopRequirement.daysOfWeeks", []),
    ),
    Broken("a second template without a stop", "other: never stops its workspaces", second_template),
    Broken("a limit below nothing", "write whole milliseconds", put(TEMPLATE, "pod-swdev", "defaultTtlMs", -1)),
    Broken("a limit that nobody manages", "leaves defaultTtlMs out", drop(TEMPLATE, "pod-swdev", "defaultTtlMs")),
    Broken("a requirement that nobody manages", "leaves autoStopRequirement out", drop(TEMPLATE, "pod-swdev", "autoStopRequirement")),
    Broken("no day to start on", "permits auto-start on no day", put(TEMPLATE, "pod-swdev", "autoStartPermittedDaysOfWeeks", [])),
    Broken(
        "a day that there is not", "permits auto-start on no day", put(TEMPLATE, "pod-swdev", "autoStartPermittedDaysOfWeeks", ["never"])
    ),
    Broken("no start by itself, in text", "does not allow auto-start", put(TEMPLATE, "pod-swdev", "allowUserAutoStart", "false")),
    Broken("days to start that nobody manages", "leaves autoStartPermitted", drop(TEMPLATE, "pod-swdev", "autoStartPermittedDaysOfWeeks")),
    Broken("no start by itself", "does not allow auto-start", put(TEMPLATE, "pod-swdev", "allowUserAutoStart", False)),
    Broken("always on, and there is no such template", "there is no such template", put(TEMPLATES, None, "alwaysOn", ["pod-gone"])),
    Broken(
        "every template is always on",
        "names every template as always on",
        lambda found: found.one(TEMPLATES).put("alwaysOn", [each.inputs["name"] for each in found.all(TEMPLATE)]),
    ),
    Broken("a look-alike is always on", "never stops its workspaces", look_alike),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 7)


@examples
@given(
    ttl=st.sampled_from([None, -1, 0, 1, 36000000]),
    days=st.sampled_from([[], ["monday"], ["monday", "sunday"]]),
    by_user=st.sampled_from([True, False, None]),
    start=st.sampled_from([True, False]),
    permitted=st.sampled_from([[], ["friday"]]),
    listed=st.sampled_from([[], ["{}"], ["{}-gpu"], ["{}", "{}"]]),
)
def test_a_template_passes_iff_it_stops_and_starts(
    ttl: int | None, days: list[str], by_user: bool | None, start: bool, permitted: list[str], listed: list[str]
) -> None:
    """**Feature: coder-deployment-guide, Property 7: Auto-Stop** The oracle is the sentence of the requirement, word for word."""
    found = of_two(PREVIEW)
    template = found.one(TEMPLATE, "pod-swdev")
    name = template.inputs["name"]
    always_on = [item.format(name) for item in listed]
    found.one(TEMPLATES).put("alwaysOn", always_on)
    given_: dict[str, Any] = {"defaultTtlMs": ttl, "allowUserAutoStop": by_user, "allowUserAutoStart": start}
    for key, value in {
        **given_,
        "autoStartPermittedDaysOfWeeks": permitted,
        "autoStopRequirement": {"daysOfWeeks": days, "weeks": 1},
    }.items():
        if value is None:
            template.drop(key)
        else:
            template.put(key, value)
    managed = ttl is not None and by_user is not None
    starts = start and permitted != []
    stops = name in always_on or ((ttl or 0) > 0 and (by_user is True or days != []))
    exist = all(item == name for item in always_on)
    assert (run(found, PREVIEW, number=7).violations(7) == []) == (managed and (ttl or 0) >= 0 and starts and stops and exist)


def of_two(mode: str) -> Recording:
    """The same beside a second template that stops."""
    found = small(mode)
    found.copy_of(found.one(TEMPLATE), "other").put("name", "other")
    return found


def small(mode: str) -> Recording:
    """One template, what declares it and the accounts of pods: judging it takes a hundredth of the whole stack."""
    found = stack("prod", mode)
    first = found.one(TEMPLATE, "pod-swdev")
    keep = {"coder-eks:environment:Environment", TEMPLATES, "pulumi:pulumi:Stack", "kubernetes:core/v1:ServiceAccount"}
    found.entries = [entry for entry in found.entries if entry.type in keep or entry is first]
    declared = found.one(TEMPLATES)
    declared.put("templates", {name: facts for name, facts in declared.inputs["templates"].items() if name == first.name})
    return found


def test_the_config_of_the_policy_wins_over_the_stack_s_list() -> None:
    found = of_two(DEPLOYED)
    name = found.one(TEMPLATE, "pod-swdev").inputs["name"]
    found.one(TEMPLATES).put("alwaysOn", [name])
    never_stops(found)
    assert run(found, DEPLOYED, number=7).violations(7) == []
    config = {"property-07-auto-stop": {"alwaysOn": ["another"]}}
    outcome = run(found, DEPLOYED, config, number=7)
    assert_named(outcome, 7, f"names {name} as always on; the config")
    assert_named(outcome, 7, "never stops")
    assert run(found, DEPLOYED, {"property-07-auto-stop": {"alwaysOn": [name]}}, number=7).violations(7) == []


def test_a_stop_by_hand_is_enough() -> None:
    found = small(DEPLOYED)
    template = found.one(TEMPLATE)
    template.put("autoStopRequirement.daysOfWeeks", [])
    template.put("allowUserAutoStop", True)
    assert run(found, DEPLOYED, number=7).violations(7) == []


def test_the_config_may_make_all_of_them_always_on() -> None:
    found = small(DEPLOYED)
    name = found.one(TEMPLATE).inputs["name"]
    found.one(TEMPLATES).put("alwaysOn", [name])
    assert run(found, DEPLOYED, {"property-07-auto-stop": {"alwaysOn": [name]}}, number=7).violations(7) == []


def test_the_config_alone_makes_nothing_always_on() -> None:
    found = small(DEPLOYED)
    never_stops(found)
    config = {"property-07-auto-stop": {"alwaysOn": [found.one(TEMPLATE).inputs["name"]]}}
    assert any("never stops" in line.message for line in run(found, DEPLOYED, config, number=7).violations(7))


def test_templates_that_no_component_declares_are_judged() -> None:
    found = small(DEPLOYED)
    found.remove(found.one(TEMPLATES))
    assert run(found, DEPLOYED, number=7).violations(7) == []
    never_stops(found)
    assert any("never stops" in line.message for line in run(found, DEPLOYED, number=7).violations(7))


def test_a_second_visit_without_templates_is_not_green() -> None:
    found = small(DEPLOYED)
    found.remove(found.one(TEMPLATE), found.one(TEMPLATES))
    assert any("nothing of what this property speaks of" in line.message for line in run(found, DEPLOYED, number=7).violations(7))


@pytest.mark.parametrize("key", MANAGED)
def test_an_unknown_is_left_open_with_its_urn(key: str) -> None:
    found = small(PREVIEW)
    template = found.one(TEMPLATE)
    template.put(key, UNKNOWN_STRING_VALUE)
    assert_open(run(found, PREVIEW, number=7), 7, template.urn, f"its {key} is unknown")


def test_the_first_visit_is_not_green() -> None:
    outcome = run(stack("prod", PREVIEW, visit=1), PREVIEW, number=7)
    assert "property-07-auto-stop" not in outcome.passed
    assert "first visit" in outcome.not_applicable["property-07-auto-stop"]
