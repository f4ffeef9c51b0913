"""**Feature: coder-deployment-guide, Property 15: Template Composition Provenance**

Compositions of random versions and images are made, packed as coderd takes them, unpacked and recomputed; one changed character is found.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer import judging, provenance
from composer.archive import pack, unpack
from composer.composing import Composed, compose
from composer.errors import CompositionError
from tests.composer.catalogs import DEPLOYMENT, catalogs, pod, virtual_machine

TODAY = date(2026, 11, 21)


@settings(max_examples=120, deadline=None)
@given(catalogs)
def test_what_was_pushed_is_what_is_recorded(made: Any):
    """The round trip: compose, pack, unpack, recompute; and the oracle below, which knows no function of the composer's."""
    composed = compose(made, "template", DEPLOYMENT)
    files = unpack(pack(composed.files))
    assert files == composed.files
    assert provenance.faults(files) == []
    assert by_hand(files) == []
    assert judging.file_faults(files, TODAY) == {13: [], 14: [], 15: [], 16: [], 17: []}


def by_hand(files: dict[str, bytes]) -> list[str]:
    """The requirement's own words: name, version and commit of both; images by 64 digits, machine images by 8 or 17; all that is used."""
    told = json.loads(files["provenance.json"])
    root = files["main.tf.json"].decode()
    faults = [
        kind
        for kind in ("toolchain", "base")
        if not re.fullmatch(r"\d+\.\d+\.\d+(-\S+)?", told[kind]["version"])
        or not re.fullmatch(r"[0-9a-f]{40}|None", str(told[kind]["commit"]))
    ]
    images, machines = told["artifacts"]["images"], told["artifacts"]["machine_images"]
    faults += [image for image in images if not re.search(r"@sha256:[0-9a-f]{64}$", image)]
    faults += [image for image in machines if not re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", image)]
    faults += [path for path, digest in told["files"].items() if digest != f"sha256:{hashlib.sha256(files[path]).hexdigest()}"]
    used = set(re.findall(r"[a-z0-9./-]+:[a-z0-9.]+@sha256:[0-9a-f]{64}|ami-[0-9a-f]{8,17}", root))
    shown = json.loads(root)["module"]["base"]["provenance"]
    faults += sorted(used ^ {*images, *machines})
    faults += [key for key in ("toolchain", "base") if shown[key] != f"{told[key]['name']}@{told[key]['version']}"]
    return faults


@pytest.fixture(scope="module")
def composed() -> Composed:
    return compose(virtual_machine(), "template", DEPLOYMENT)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_changed_character_is_found(composed: Composed, data: st.DataObject):
    path = data.draw(st.sampled_from(sorted(composed.files)))
    content = composed.files[path]
    at = data.draw(st.integers(0, len(content) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    changed = {**composed.files, path: content[:at] + bytes([other]) + content[at + 1 :]}
    assert provenance.faults(changed)


@pytest.mark.parametrize("way", [{"indent": 1}, {"indent": 2, "sort_keys": False}, {}], ids=["narrower", "in another order", "in one line"])
def test_the_same_words_written_otherwise_are_found(composed: Composed, way: dict[str, Any]):
    told = dict(reversed(json.loads(composed.files["provenance.json"]).items()))
    rewritten = {**composed.files, "provenance.json": (json.dumps(told, **way) + "\n").encode()}
    assert provenance.faults(rewritten) == ["provenance.json: this is not how the composer writes it, byte for byte; it was edited"]


def _edited(composed: Composed, path: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in composed.files[path]
    files = {**composed.files, path: composed.files[path].replace(old, new)}
    told = json.loads(files["provenance.json"])
    told["files"] = provenance.digests(files)  # a forger who knows of the hashes
    return {**files, "provenance.json": json.dumps(told).encode()}


AMI = b"ami-0123456789abcdef0"


@pytest.mark.parametrize(
    ("path", "old", "new", "sentence"),
    [
        ("main.tf.json", AMI, b"ami-0123456789abcdef1", "the template starts"),
        ("provenance.json", AMI, b"ami-0123456789abcdef1", "artifacts are"),
        ("provenance.json", b'"version": "1.2.0"', b'"version": "1.3.0"', "its files are tools@1.2.0"),
        ("base/base.yaml", b"version: 3.1.0", b"version: 3.1.1", "its files are base@3.1.1"),
        ("toolchain/bootstrap/install.sh", b"true", b"false", "the files of toolchain are others"),
        ("main.tf.json", b"tools@1.2.0", b"tools@1.2.1", "metadata shown beside a workspace are others"),
        ("sbom.cdx.json", b"1.23.4", b"1.23.5", "not the bill of materials"),
        ("contract.json", b'"1.0"', b'"2.0"', "contract is 1.0, its file is 2.0"),
        ("base/main.tf", b"ami           = var.image_id", b'ami = "ami-00000000"', "the template starts"),
        ("base/main.tf", b"ami           = var.image_id", b'image = "nginx:latest"', "a tag moves"),
    ],
)
def test_a_forged_manifest_is_found_by_what_it_contradicts(composed: Composed, path: str, old: bytes, new: bytes, sentence: str):
    assert any(sentence in fault for fault in provenance.faults(_edited(composed, path, old, new)))


def test_files_more_or_less_are_found(composed: Composed):
    more = {**composed.files, "base/extra.tf": b""}
    assert "base/extra.tf is not in provenance.json; it was added later" in provenance.faults(more)
    less = {path: content for path, content in composed.files.items() if path != "base/outputs.tf"}
    assert "base/outputs.tf is missing; provenance.json lists it" in provenance.faults(less)
    assert provenance.faults({"main.tf.json": b"{}"}) == ["provenance.json is missing; this is no template of ours"]


def test_a_released_module_is_recorded_with_its_commit():
    """TPL-23: name, version and commit."""
    made = compose(pod(commit="c" * 40), "template", DEPLOYMENT)
    assert made.provenance.toolchain.commit == "c" * 40
    assert made.provenance.metadata["toolchain commit"] == "c" * 40


def test_the_bill_of_materials_lists_tools_images_modules_and_providers(composed: Composed):
    """Requirements section 5, 11g: CycloneDX, the same bytes for the same content."""
    written = json.loads(composed.files["sbom.cdx.json"])
    assert (written["bomFormat"], written["specVersion"]) == ("CycloneDX", "1.6")
    assert {"go", "tools", "base", "ami-0123456789abcdef0", "terraform-provider-aws"} <= {part["name"] for part in written["components"]}
    assert "timestamp" not in written["metadata"]
    assert compose(virtual_machine(), "template", DEPLOYMENT).files["sbom.cdx.json"] == composed.files["sbom.cdx.json"]


def test_archives_are_taken_as_tar_and_zip_and_nothing_is_written_outside(composed: Composed):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for path, content in composed.files.items():
            archive.writestr(path, content)
    assert unpack(zipped.getvalue()) == composed.files
    assert pack(composed.files) == pack(dict(reversed(composed.files.items())))
    with pytest.raises(CompositionError, match="no tar and no zip archive"):
        unpack(b"nothing")
    with pytest.raises(CompositionError, match="is outside of it"):
        unpack(pack({"../x": b""}))
