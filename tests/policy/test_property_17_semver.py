"""**Feature: coder-deployment-guide, Property 17: Toolchain Semver** (POL-17)"""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.property_17_semver import SEMVER
from tests.policy.breaking import Broken, append, assert_caught, cases, edited, examples, forged, put
from tests.policy.judge import run
from tests.policy.recorded import Recording, stack
from tests.policy.test_property_07_auto_stop import TEMPLATE
from tests.policy.test_property_14_contract import json_edit
from tests.policy.world import DEPLOYED

TOOLCHAIN, BASE, TOLD = "toolchain/toolchain.yaml", "base/base.yaml", "provenance.json"
VERSION = re.compile(r"^version: (\S+)", re.MULTILINE)


def version(path: str, new: str) -> dict[str, object]:
    return {path: lambda text: VERSION.sub(f"version: {new}", text, count=1)}


def twin(path: str) -> object:
    """A second template pushes other files under the same version."""

    def change(found: Recording) -> None:
        name = found.one(TEMPLATE, "pod-swdev").name
        found.copy_of(found.one(TEMPLATE, "pod-swdev"), f"{name}-twin")
        forged({path: append("# other")}, f"{name}-twin")(found)

    return change


BROKEN = [
    Broken("a version of two numbers", "cannot be read", edited(version(TOOLCHAIN, '"1.2"'))),
    Broken("a version with a v", "cannot be read", edited(version(TOOLCHAIN, "v1.2.0"))),
    Broken("a base without a version in full", "cannot be read", edited(version(BASE, '"3"'))),
    Broken("a leading zero", "cannot be read", edited(version(BASE, "3.01.0"))),
    Broken(
        "a pre-release on the stable channel",
        "is a pre-release",
        edited({TOLD: json_edit(lambda c: c["toolchain"].update(version="1.3.0-beta.1"))}),
    ),
    Broken("a pre-release of the base", "is a pre-release", edited({TOLD: json_edit(lambda c: c["base"].update(version="4.0.0-rc.1"))})),
    Broken("a version that the name does not say", "name both", edited(version(TOOLCHAIN, "7.0.0"))),
    Broken("the name of another base", "name both", edited(version(BASE, "7.0.0"))),
    Broken("a name without versions", "name both", put(TEMPLATE, "pod-swdev", "versions.0.name", "latest")),
    Broken("the same toolchain with other files", "with other files than", twin("toolchain/variables.tf")),
    Broken("the same base with other files", "with other files than", twin("base/main.tf")),
    Broken("another contract's major told", "its toolchain is of", edited({TOLD: json_edit(lambda c: c.update(contract="2.0"))})),
    Broken("no manifest", "provenance.json is missing", edited({TOLD: None})),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, "pod-swdev", "versions.0.directory", "composed/gone")),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 17)


NUMBER = st.from_regex(r"0|[1-9][0-9]{0,2}", fullmatch=True)


def in_full(text: str) -> bool:
    """The oracle: Semantic Versioning's rules one by one, without a regular expression for the whole."""
    rest, plus, build = text.partition("+")
    core, minus, pre = rest.partition("-")
    numbers = core.split(".")
    named = [part for mark, words in ((plus, build), (minus, pre)) if mark for part in words.split(".")]
    whole = len(numbers) == 3 and all(part.isdigit() and part.isascii() and str(int(part)) == part for part in numbers)
    return whole and all(part and all(letter.isalnum() or letter == "-" for letter in part) for part in named)


@settings(max_examples=200)
@given(
    numbers=st.lists(st.one_of(NUMBER, st.sampled_from(["01", "x", ""])), min_size=1, max_size=4),
    pre=st.sampled_from(["", "-beta.1", "-", "-a..b", "-rc-1"]),
    build=st.sampled_from(["", "+20260929", "+", "+a.b"]),
)
def test_a_version_is_one_iff_it_is_in_full(numbers: list[str], pre: str, build: str) -> None:
    """**Feature: coder-deployment-guide, Property 17: Toolchain Semver**"""
    text = ".".join(numbers) + pre + build
    assert (SEMVER.match(text) is not None) == in_full(text)


@examples
@given(changed=st.sampled_from([None, "toolchain/variables.tf", "base/main.tf"]), raised=st.booleans())
def test_two_templates_may_share_a_version_iff_their_files_are_the_same(changed: str | None, raised: bool) -> None:
    """**Feature: coder-deployment-guide, Property 17: Toolchain Semver**

    The oracle: a version may change its files only with its number.
    """
    found = stack("prod", DEPLOYED)
    first = found.one(TEMPLATE, "pod-swdev")
    found.entries = [entry for entry in found.entries if entry.type != TEMPLATE or entry is first]
    found.copy_of(first, "twin")
    manifest = {"toolchain/variables.tf": TOOLCHAIN, "base/main.tf": BASE}.get(changed or "")
    if changed and manifest:
        changes = {changed: append("# other")} | (version(manifest, "9.9.9") if raised else {})
        edited(changes, "twin")(found)
    found_messages = [line.message for line in run(found, DEPLOYED, number=17).violations(17)]
    assert any("with other files than" in message for message in found_messages) == (changed is not None and not raised)
