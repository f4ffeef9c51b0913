"""Properties 13 to 17 read a template from its folder: which one, and what they say where it can't be read.

**Feature: coder-deployment-guide, Property 13: Toolchain Portability**
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policy import templates, tokens
from policy.graph import Graph, Node
from policy.templates import PROJECT, Pushed, pushed
from policy.values import UNKNOWN

LARGEST = templates._LARGEST


def template(versions: Any) -> Node:
    return Node(urn="urn", type_token=tokens.TEMPLATE, name="dev", raw={"versions": versions})


def read(versions: Any) -> Pushed:
    (found,) = pushed(Graph([template(versions)]))
    assert (found.node.urn, found.name) == ("urn", "dev")
    return found


def version(folder: Any, name: str = "1.0.0", *, active: Any = True) -> dict[str, Any]:
    return {"name": name, "directory": folder, "active": active}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a program, with one template composed."""
    monkeypatch.setenv(PROJECT, str(tmp_path))
    (tmp_path / "composed" / "base").mkdir(parents=True)
    (tmp_path / "composed" / "main.tf.json").write_text("{}")
    (tmp_path / "composed" / "base" / "main.tf").write_text("# base")
    return tmp_path


def told(found: Pushed) -> tuple[str, str | None, dict[str, bytes]]:
    return found.folder, found.version, dict(found.files)


def test_the_files_of_the_active_version_are_read() -> None:
    found = read([version("elsewhere", active=False), version("composed", "2.0.0"), version("gone", active="true")])
    assert found.fault is None
    assert told(found) == ("composed", "2.0.0", {"main.tf.json": b"{}", "base/main.tf": b"# base"})


def test_a_folder_is_the_program_s_or_else_beside_the_pack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the pack runs counts for nothing."""
    assert told(read([version(str(tmp_path / "composed" / "base"))]))[2] == {"main.tf": b"# base"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PROJECT)
    assert "templates.py" in read([version("policy")]).files


@pytest.mark.parametrize("versions", [UNKNOWN, [version(UNKNOWN)]])
def test_an_unknown_folder_is_a_fault(versions: Any) -> None:
    found = read(versions)
    assert "its folder is unknown" in str(found.fault)
    assert told(found) == ("", None, {})


@pytest.mark.parametrize(
    ("versions", "active"),
    [
        (None, 0),
        ([], 0),
        ([version("composed", active=False)], 0),
        ([version("composed"), version("composed")], 2),
        ([version(None)], 1),
        ([version("")], 1),
    ],
)
def test_exactly_one_active_version_is_what_people_get(versions: Any, active: int) -> None:
    found = read(versions)
    assert f"has {active} active versions" in str(found.fault)
    assert told(found) == ("", None, {})


def test_a_folder_that_is_not_there_is_named() -> None:
    found = read([version("gone")])
    assert "gone can't be read (no such folder)" in str(found.fault)
    assert told(found) == ("gone", "1.0.0", {})


def test_a_file_in_the_place_of_a_folder_is_no_folder() -> None:
    assert "no such folder" in str(read([version("composed/main.tf.json")]).fault)


def test_a_folder_of_the_largest_size_is_read_and_a_larger_one_is_not(project: Path) -> None:
    """coderd takes less; without a bound a policy would read whatever a program names."""
    half = b"x" * (LARGEST // 2)
    large = project / "large"
    large.mkdir()
    (large / "a").write_bytes(half)
    (large / "b").write_bytes(half)
    assert read([version("large")]).fault is None
    (large / "c").write_bytes(b"x")
    found = read([version("large")])
    assert f"larger than {LARGEST} bytes" in str(found.fault)
    assert found.files == {}
