"""Each toolchain's own tests, `tests/checks.yaml` in its folder: lint and contract (TPL-42, of windev TPL-05).

The bases' scripts are linted alike.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_bash
import tree_sitter_powershell
import yaml
from tree_sitter import Language, Node, Parser

from composer import portability
from composer.matching import mismatches
from operations.stack_names import stack_files
from settings.load import load_file
from tests.catalog.compositions import catalog
from tests.catalog.modules import Module
from tests.catalog.publishers import versions

CATALOG = Path(__file__).parents[2] / "catalog"
TOOLCHAINS = sorted(path.name for path in (CATALOG / "toolchains").iterdir())
SCRIPTS = sorted(path for folder in ("toolchains", "bases") for path in (CATALOG / folder).rglob("*") if path.suffix in (".sh", ".ps1"))
SHELLCHECK = shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or shutil.which("shellcheck")
LANGUAGES = {".sh": Language(tree_sitter_bash.language()), ".ps1": Language(tree_sitter_powershell.language())}


def checks(toolchain: str) -> dict[str, Any]:
    return yaml.safe_load((CATALOG / "toolchains" / toolchain / "tests/checks.yaml").read_text())


def name(path: Path) -> str:
    return path.relative_to(CATALOG).as_posix()


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path.suffix == ".sh"], ids=name)
def test_bash_is_clean(path: Path):
    """By ShellCheck, without a warning of any level."""
    assert SHELLCHECK is not None, "shellcheck is missing; `make setup-dev` brings it"
    done = subprocess.run([SHELLCHECK, "--severity=style", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path.suffix == ".ps1"], ids=name)
def test_powershell_parses_and_keeps_to_full_names(path: Path):
    """PSScriptAnalyzer can't be had from the registries here: the grammar, and its rule against aliases, by tree-sitter."""
    text = path.read_bytes().replace(b"<powershell>\n", b"").replace(b"</powershell>\n", b"")
    root = Parser(LANGUAGES[".ps1"]).parse(text).root_node
    assert not root.has_error, [f"{node.start_point.row + 1}: {node.text!r}" for node in _nodes(root) if node.is_error or node.is_missing]
    commands = [(node.text or b"").decode() for node in _nodes(root) if node.type == "command_name"]
    assert len(commands) >= 3
    assert [command for command in commands if "-" not in command and not command.endswith(".exe") and not command.startswith("$")] == []


def _nodes(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in _nodes(child))]


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_a_toolchain_lists_its_scripts(toolchain: str):
    folder = CATALOG / "toolchains" / toolchain
    there = {path.relative_to(folder).as_posix() for path in SCRIPTS if path.is_relative_to(folder)}
    assert set(checks(toolchain)["lint"]) == there


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_a_toolchain_fits_the_bases_that_it_says_and_no_other(toolchain: str):
    """Property 14."""
    found = {m.manifest.name: m.manifest for m in catalog().toolchains.values()}[f"{toolchain}-toolchain"]
    bases = {module.manifest.name: module.manifest for module in catalog().bases.values()}
    fits = {base for base, manifest in bases.items() if not mismatches(catalog().contracts[manifest.contract], found, manifest)}
    assert fits == set(checks(toolchain)["composes_with"])
    assert set(bases) - fits == set(checks(toolchain)["refused_by"])


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_a_toolchain_is_portable(toolchain: str):
    """TPL-07, Property 13: with its build and tests."""
    assert portability.faults(portability.read(CATALOG / "toolchains" / toolchain)) == []


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_the_bootstrap_script_carries_every_version_of_the_manifest_and_parses(toolchain: str):
    """TPL-02, TPL-03: nothing is installed that the manifest does not list."""
    module = Module(CATALOG / "toolchains" / toolchain, {})
    script = module.output("bootstrap_script")
    found = {m.manifest.name: m.manifest for m in catalog().toolchains.values()}[f"{toolchain}-toolchain"]
    assert all(f"'{tool.version}'" in script for tool in found.toolchain.everything)
    suffix = ".ps1" if found.os == "windows" else ".sh"
    assert not Parser(LANGUAGES[suffix]).parse(script.encode()).root_node.has_error


def test_kubectl_is_within_a_minor_version_of_every_cluster():
    """Kubernetes' version skew policy: one minor version, older or newer (kubernetes.io/releases/version-skew-policy/#kubectl)."""
    own = int(versions("swdev")["kubectl"].split(".")[1])
    clusters = {
        f"{stack} {region}": int(settings.cluster.kubernetes_version.split(".")[1])
        for stack, file in stack_files(CATALOG.parent).items()
        for region, settings in load_file(file).regions.items()
    }
    assert {name for name, minor in clusters.items() if abs(minor - own) > 1} == set()
