"""**Feature: coder-deployment-guide, Property 16: Override Validation** (POL-16)"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.breaking import Broken, assert_caught, cases, edited, examples, forged, put
from tests.policy.judge import run
from tests.policy.test_property_07_auto_stop import TEMPLATE, small
from tests.policy.test_property_14_contract import json_edit
from tests.policy.world import PREVIEW

ROOT, TOLD = "main.tf.json", "provenance.json"


def hands(**given_: Any) -> Any:
    return {ROOT: json_edit(lambda content: content["module"]["base"].update(given_))}


def tells(overrides: dict[str, Any], *permits: dict[str, Any]) -> Any:
    """These overrides, beside the desktop that pod-swdev declines."""
    said = {**overrides, "capabilities": {"gui-vnc": False, **overrides.get("capabilities", {})}}
    return {TOLD: json_edit(lambda content: content.update(overrides=said, permits=list(permits)))}


def permit(path: str, expires: str = "2999-12-31", reason: str = "a customer asks", approver: str = "security") -> dict[str, Any]:
    return {"path": path, "reason": reason, "approver": approver, "expires": expires}


OPEN = {"capabilities": {"network-egress": "unrestricted"}}
PATH = "capabilities.network-egress"
BROKEN = [
    Broken("another account of Kubernetes", "which is no ServiceAccount of coder-ws", forged(hands(service_account="coder-provisioner"))),
    Broken(
        "a program that the plan runs",
        "reads external beside its base",
        forged({ROOT: json_edit(lambda c: c["data"].update(external={"x": {}}))}),
    ),
    Broken(
        "a file beside the root module",
        "has more.tf beside its root module",
        forged({"more.tf": lambda _: 'resource "null_resource" "x" {\n}\n'}),
    ),
    Broken("wider egress that nobody tells of", f"hands {PATH} = unrestricted", edited(hands(network_egress="unrestricted"))),
    Broken("a forged manifest over it", f"hands {PATH} = unrestricted", forged(hands(network_egress="unrestricted"))),
    Broken("wider egress without a permit", f"override {PATH}", forged({**hands(network_egress="unrestricted"), **tells(OPEN)})),
    Broken(
        "a permit that is over",
        "its permit ended on",
        forged({**hands(network_egress="unrestricted"), **tells(OPEN, permit(PATH, "2020-01-01"))}),
    ),
    Broken(
        "a permit of another path",
        f"override {PATH}",
        forged({**hands(network_egress="unrestricted"), **tells(OPEN, permit("capabilities.gui-vnc"))}),
    ),
    Broken("another identity", "hands inputs.privileged = true", edited(hands(privileged=True))),
    Broken("a forged manifest over an unknown input", "hands inputs.privileged", forged(hands(privileged=True))),
    Broken("an input handed as nothing, which nobody tells of", "hands inputs.privileged = null", edited(hands(privileged=None))),
    Broken(
        "an input told without a permit",
        "override inputs.privileged",
        forged({**hands(privileged=True), **tells({"inputs": {"privileged": True}})}),
    ),
    Broken(
        "a told value that is not the real one",
        f"hands {PATH} = unrestricted",
        forged({**hands(network_egress="unrestricted"), **tells({"capabilities": {"network-egress": "none"}}, permit(PATH))}),
    ),
    Broken("a profile that there is not", "write one of", edited(tells({"compute_profile": {"default": "gigantic"}}))),
    Broken("a key with a dot", "keys are without dots", edited(tells({"capabilities.network-egress": "unrestricted"}))),
    Broken(
        "a module beside the base",
        "starts a module shadow",
        forged({ROOT: json_edit(lambda c: c["module"].update(shadow={"source": "./base"}))}),
    ),
    Broken(
        "a resource beside the base",
        "declares kubernetes_pod",
        forged({ROOT: json_edit(lambda c: c["resource"].update(kubernetes_pod={"x": {}}))}),
    ),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, "pod-swdev", "versions.0.directory", "composed/gone")),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 16)


@examples
@given(
    way=st.sampled_from(["https-only", "unrestricted", "none"]),
    told=st.sampled_from([None, "https-only", "unrestricted"]),
    permitted=st.sampled_from([None, -1, 0, 1]),
    path=st.sampled_from([PATH, "capabilities.gui-vnc"]),
    reason=st.sampled_from(["a customer asks", " "]),
)
def test_it_passes_iff_what_is_protected_stays_or_a_living_permit_names_it(
    way: str, told: str | None, permitted: int | None, path: str, reason: str
) -> None:
    """**Feature: coder-deployment-guide, Property 16: Override Validation**

    The oracle compares what the base is given with what it is given without overrides: https-only, which the toolchain asks for.
    """
    today = date(2026, 11, 21)
    found = small(PREVIEW)
    permits = [] if permitted is None else [permit(path, str(today + timedelta(days=permitted)), reason)]
    changes: dict[str, Any] = tells({} if told is None else {"capabilities": {"network-egress": told}}, *permits)
    if way != "https-only":
        changes |= hands(network_egress=way)
    try:
        forged(changes)(found)
    except AssertionError:
        return  # nothing was changed
    living = permitted is not None and permitted >= 0 and path == PATH and reason.strip() != ""
    lawful_told = told is None or living
    projection = way == "https-only" if told is None else way in (told, "https-only")
    readable = not permits or reason.strip() != ""
    config = {"property-16-overrides": {"today": today.isoformat()}}
    messages = [line.message for line in run(found, PREVIEW, config, number=16).violations(16)]
    if not readable:
        assert messages or told is None  # a permit without a reason is no permit
        return
    assert (messages == []) == (lawful_told and projection), messages


@pytest.mark.parametrize("last", ["2091-11-21", "2091-11-20"])
def test_the_last_day_of_a_permit_counts(last: str) -> None:
    """POL-20: an exception ends; a fake clock, far from the machine's."""
    found = small(PREVIEW)
    forged({**hands(network_egress="unrestricted"), **tells(OPEN, permit(PATH, last))})(found)
    config = {"property-16-overrides": {"today": "2091-11-21"}}
    assert (run(found, PREVIEW, config, number=16).violations(16) == []) == (last == "2091-11-21")
