"""**Feature: coder-deployment-guide, Property 14: Contract Satisfaction** (POL-14)"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.breaking import Broken, assert_caught, cases, edited, examples, forged, put, swap
from tests.policy.judge import run
from tests.policy.test_property_07_auto_stop import TEMPLATE, small
from tests.policy.world import PREVIEW

TOOLCHAIN, BASE, CONTRACT, ROOT = "toolchain/toolchain.yaml", "base/base.yaml", "contract.json", "main.tf.json"
TOLD = "provenance.json"


def yaml_edit(change: Any) -> Any:
    def edit(text: str) -> str:
        content = yaml.safe_load(text)
        change(content)
        return yaml.safe_dump(content)

    return edit


def json_edit(change: Any) -> Any:
    def edit(text: str) -> str:
        content = json.loads(text)
        change(content)
        return json.dumps(content)

    return edit


def requires(*words: str) -> Any:
    return {TOOLCHAIN: yaml_edit(lambda content: content["capabilities"].update(required=list(words)))}


def offers(**given_: Any) -> Any:
    return {
        BASE: yaml_edit(lambda content: content["capabilities"].update({key.replace("_", "-"): value for key, value in given_.items()}))
    }


def profiles(*more: str) -> Any:
    """The toolchain has these profiles besides."""
    return {TOOLCHAIN: yaml_edit(lambda content: content["compute"]["profiles"].extend(more))}


def sized(**sizes: str) -> Any:
    """The manifest tells these sizes of profiles."""
    return {TOLD: json_edit(lambda content: content["profiles"].update(sizes))}


def unoffered(name: str) -> Any:
    """Nobody can choose the size."""

    def change(content: Any) -> None:
        parameter = content["data"]["coder_parameter"]["size"]
        parameter["option"] = [each for each in parameter["option"] if each["value"] != name]

    return {ROOT: json_edit(change)}


BROKEN = [
    Broken("a base without what is required", "requires persistent-home", edited(offers(persistent_home=False))),
    Broken("a forged manifest over it", "requires persistent-home", forged(offers(persistent_home=False))),
    Broken("a way that is not enough", "requires outbound-https", edited(offers(network_egress=["none"]))),
    Broken("a toolchain that asks for more", "requires gpu-support", edited(requires("persistent-home", "gpu-support"))),
    Broken("a forged manifest over that", "requires gpu-support", forged(requires("persistent-home", "gpu-support"))),
    Broken("a word that no contract knows", "does not know", edited(requires("persistent-homes"))),
    Broken("a profile that nobody supports", "has the profiles gigantic", edited(profiles("gigantic"))),
    Broken("a forged manifest over it all", "has the profiles gigantic", forged(profiles("gigantic"))),
    Broken("a profile that the toolchain does not have", "tiny under profiles is no profile", forged(sized(tiny="sw-dev-small"))),
    Broken("a profile of a size that is not offered", "which the root module does not offer", forged(unoffered("sw-dev-large"))),
    Broken("a size without a profile", "size sw-dev-large is offered, but no profile has it", forged(sized(large="sw-dev-small"))),
    Broken(
        "a toolchain of another contract", "is written for contract 2.0", edited({TOOLCHAIN: swap('contract: "1.0"', 'contract: "2.0"')})
    ),
    Broken("a base of another contract", "is written for contract 2.0", edited({BASE: swap('contract: "1.0"', 'contract: "2.0"')})),
    Broken("no contract", "cannot be read", edited({CONTRACT: None})),
    Broken(
        "an input that is not handed over",
        "does not hand workspace_id",
        edited({ROOT: json_edit(lambda c: c["module"]["base"].pop("workspace_id"))}),
    ),
    Broken(
        "a platform that is not handed over",
        "does not hand blocked_cidrs",
        edited({ROOT: json_edit(lambda c: c["module"]["base"].pop("blocked_cidrs"))}),
    ),
    Broken(
        "another base",
        "which is not the one that is pushed",
        edited({ROOT: json_edit(lambda c: c["module"]["base"].update(source="./other"))}),
    ),
    Broken("no base", "has no root module that starts a base", edited({ROOT: json_edit(lambda c: c["module"].pop("base"))})),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, "pod-swdev", "versions.0.directory", "composed/gone")),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 14)


FLAGS = ["persistent-home", "gpu-support", "gui-vnc", "artifact-cache"]


@examples
@given(
    required=st.sets(st.sampled_from(FLAGS)),
    optional=st.sets(st.sampled_from(FLAGS)),
    offered=st.sets(st.sampled_from(FLAGS)),
    outbound=st.booleans(),
    ways=st.sets(st.sampled_from(["none", "https-only", "unrestricted"])),
    majors=st.tuples(st.sampled_from(["1.0", "2.0"]), st.sampled_from(["1.0", "2.0"])),
)
def test_it_passes_iff_the_base_gives_all_that_is_required(
    required: set[str], optional: set[str], offered: set[str], outbound: bool, ways: set[str], majors: tuple[str, str]
) -> None:
    """**Feature: coder-deployment-guide, Property 14: Contract Satisfaction** The oracle checks sets by hand."""
    found = small(PREVIEW)
    words = sorted(required) + (["outbound-https"] if outbound else [])

    def toolchain(content: Any) -> None:
        content["capabilities"] = {"required": words, "optional": sorted(optional - required)}
        content["contract"] = majors[0]

    def base(content: Any) -> None:
        content["capabilities"] |= {flag: flag in offered for flag in FLAGS}
        content["capabilities"]["network-egress"] = sorted(ways)
        content["contract"] = majors[1]

    edited({TOOLCHAIN: yaml_edit(toolchain), BASE: yaml_edit(base)})(found)
    satisfied = required <= offered and (not outbound or bool(ways & {"https-only", "unrestricted"}))
    same_major = majors == ("1.0", "1.0")  # the pushed contract is 1.0
    messages = [line.message for line in run(found, PREVIEW, number=14).violations(14)]
    assert (messages == []) == (satisfied and same_major), messages
    if same_major:
        for word in FLAGS:
            assert any(f"requires {word};" in message for message in messages) == (word in required - offered)


def test_the_folder_of_the_first_template_is_ours() -> None:
    assert Path(small(PREVIEW).one(TEMPLATE).inputs["versions"][0]["directory"]).name.startswith("pod-")
