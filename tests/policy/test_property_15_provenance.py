"""**Feature: coder-deployment-guide, Property 15: Provenance** (POL-15)"""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.policy.breaking import Broken, append, assert_caught, cases, edited, examples, forged, put, swap
from tests.policy.judge import run
from tests.policy.recorded import ROOT as REPOSITORY
from tests.policy.recorded import Recording
from tests.policy.test_property_07_auto_stop import TEMPLATE, TEMPLATES, small
from tests.policy.test_property_14_contract import json_edit
from tests.policy.world import PREVIEW

ROOT, TOLD, MAIN = "main.tf.json", "provenance.json", "base/main.tf"


def told(**given_: object) -> object:
    return edited({TOLD: json_edit(lambda content: content.update(given_))})


def old_name(found: Recording) -> None:
    """Other files under the name of the former ones, every manifest forged."""
    name = found.one(TEMPLATE, "pod-swdev").inputs["versions"][0]["name"]
    forged({MAIN: append("# another")})(found)
    found.one(TEMPLATE, "pod-swdev").put("versions.0.name", name)


def undeclared(found: Recording) -> None:
    forged({MAIN: append("# another")})(found)
    template = found.one(TEMPLATE, "pod-swdev").inputs["name"]
    found.one(TEMPLATES).put(f"templates.{template}.contentHash", "0" * 64)


def unhoused(found: Recording) -> None:
    """No component declares the templates, and a file was changed."""
    edited({MAIN: append("# x")})(found)
    found.remove(*found.all(TEMPLATES))


BROKEN = [
    Broken("a file changed without a word", "it was changed", unhoused),
    Broken("a file changed afterwards", "it was changed", edited({MAIN: append("# x")})),
    Broken("a file added afterwards", "it was added later", edited({"base/extra.tf": lambda _: "# x\n"})),
    Broken("a file taken away", "is missing; provenance.json lists it", edited({"base/outputs.tf": None})),
    Broken("no manifest", "provenance.json is missing", edited({TOLD: None})),
    Broken("another version told", "its files are", edited({TOLD: json_edit(lambda c: c["toolchain"].update(version="9.9.9"))})),
    Broken("another base told", "its files are", edited({TOLD: json_edit(lambda c: c["base"].update(name="base-k9s"))})),
    Broken(
        "an artifact that nothing starts",
        "artifacts are",
        edited({TOLD: json_edit(lambda c: c["artifacts"].update(machine_images=["ami-01234567"]))}),
    ),
    Broken(
        "a floating tag",
        "has no digest; a tag moves",
        forged({ROOT: json_edit(lambda c: c["module"]["base"].update(image_id="docker.io/a/b:latest"))}),
    ),
    Broken(
        "other metadata beside the workspace",
        "metadata",
        edited({ROOT: json_edit(lambda c: c["module"]["base"]["provenance"].update(base="x@1.0.0"))}),
    ),
    Broken(
        "another bill of materials", "is not the bill of materials", edited({"sbom.cdx.json": json_edit(lambda c: c.update(version=99))})
    ),
    Broken("other files under an old name, all forged", "name a version by its content", old_name),
    Broken("other files than declared, all forged", "is declared with the content", undeclared),
    Broken(
        "a value from outside",
        "is given tf_vars",
        put(TEMPLATE, "pod-swdev", "versions.0.tfVars", [{"name": "namespace", "value": "default"}]),
    ),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, "pod-swdev", "versions.0.directory", "composed/gone")),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 15)


@examples
@given(data=st.data())
def test_one_changed_character_anywhere_is_noticed(data: st.DataObject) -> None:
    """**Feature: coder-deployment-guide, Property 15: Provenance** The oracle is the change itself: none passes, any fails."""
    found = small(PREVIEW)
    folder = Path(REPOSITORY, found.one(TEMPLATE, "pod-swdev").inputs["versions"][0]["directory"])
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    name = data.draw(st.sampled_from(names))
    text = (folder / name).read_text()
    place = data.draw(st.integers(0, len(text) - 1))
    changed = data.draw(st.booleans())
    if changed:
        letter = "x" if text[place] != "x" else "y"
        edited({name: lambda before: before[:place] + letter + before[place + 1 :]})(found)
    assert (run(found, PREVIEW, number=15).violations(15) != []) == changed


def test_swapping_two_digits_of_a_digest_is_noticed() -> None:
    found = small(PREVIEW)
    edited({ROOT: swap("sha256:", "sha256:0")})(found)
    assert run(found, PREVIEW, number=15).violations(15)
