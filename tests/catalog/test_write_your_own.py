"""docs/templates/write-your-own.md, followed word for word: its files, its copies, and what it says comes of them (TPL-02, TPL-42)."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from composer import portability
from composer.catalog import load_catalog
from composer.composing import Deployment, compose
from composer.errors import CompositionError
from composer.matching import mismatches
from tests.catalog.compositions import INSTANCE, ROOT, SIZES, TODAY
from tests.catalog.modules import Module
from tests.catalog.publishers import archive, checksum, served
from tests.catalog.test_toolchain_checks import SHELLCHECK

PAGE = (ROOT / "docs/templates/write-your-own.md").read_text(encoding="utf-8")
WRITTEN = dict(re.findall(r"`catalog/([\w./-]+)`:\n```\w+\n(.*?)```", PAGE, re.DOTALL))
COPIED = ("bootstrap/library.sh", "variables.tf")
VERSION = "22.23.3"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """The catalogue with the page's toolchain in it."""
    folder = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", folder)
    for path, content in WRITTEN.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    for path in COPIED:
        assert f"Copy `catalog/toolchains/generic/{path}`" in PAGE
        shutil.copy(folder / "toolchains/generic" / path, folder / "toolchains/webdev" / path)
    return folder


def test_the_page_has_every_file():
    assert sorted(WRITTEN) == [
        "compositions/pod-webdev.yaml",
        "toolchains/webdev/bootstrap/install.sh",
        "toolchains/webdev/outputs.tf",
        "toolchains/webdev/tests/checks.yaml",
        "toolchains/webdev/toolchain.yaml",
    ]


def test_the_composition_is_made_by_files_alone(catalogue: Path):
    made = compose(load_catalog(catalogue), "pod-webdev", Deployment(sizes=SIZES, instance=INSTANCE, today=TODAY))
    assert made.provenance.metadata["toolchain"].startswith("webdev-toolchain@1.0.0")
    assert "toolchain/bootstrap/install.sh" in made.files


def test_the_checks_of_the_page_hold(catalogue: Path):
    """What tests/catalog/test_toolchain_checks.py holds the shipped ones to."""
    folder = catalogue / "toolchains/webdev"
    checks, loaded = yaml.safe_load((folder / "tests/checks.yaml").read_text()), load_catalog(catalogue)
    toolchain = loaded.toolchains["webdev-toolchain", "1.0.0"].manifest
    fits = {m.manifest.name for m in loaded.bases.values() if not mismatches(loaded.contracts["1.0"], toolchain, m.manifest)}
    assert fits == set(checks["composes_with"])
    assert {m.manifest.name for m in loaded.bases.values()} - fits == set(checks["refused_by"])
    assert portability.faults(portability.read(folder)) == []
    assert SHELLCHECK is not None
    done = subprocess.run([SHELLCHECK, *(folder / path for path in checks["lint"])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_infrastructure_in_it_is_refused_as_the_page_says(catalogue: Path):
    """Property 13."""
    script = catalogue / "toolchains/webdev/bootstrap/install.sh"
    script.write_text(script.read_text() + "aws ec2 describe-subnets --subnet-ids subnet-0123456789abcdef0\n")
    with pytest.raises(CompositionError, match=r"webdev-toolchain: bootstrap/install\.sh"):
        compose(load_catalog(catalogue), "pod-webdev", Deployment(sizes=SIZES, instance=INSTANCE, today=TODAY))


@pytest.mark.skipif(platform.machine() != "x86_64" or not shutil.which("curl"), reason="needs curl on x86_64")
def test_its_bootstrap_installs_once_and_refuses_a_tampered_archive(catalogue: Path, tmp_path: Path):
    node, release = archive("bin/node", "bin/npm"), f"nodejs.org/dist/v{VERSION}"
    name = f"node-v{VERSION}-linux-x64.tar.gz"
    place, home = tmp_path / "mirror" / release, tmp_path / "home"
    place.mkdir(parents=True)
    home.mkdir()
    (place / "SHASUMS256.txt").write_text(f"{checksum(node)}  {name}\n")
    with served(tmp_path / "mirror") as url:
        script = tmp_path / "bootstrap.sh"
        script.write_text(Module(catalogue / "toolchains/webdev", {"mirror": url}).output("bootstrap_script"))

        def start() -> subprocess.CompletedProcess[str]:
            around = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
            return subprocess.run(["bash", script], env=around, capture_output=True, text=True, timeout=60, check=False)

        (place / name).write_bytes(node + b" ")
        assert "not installed: node;" in start().stdout
        (place / name).write_bytes(node)
        assert f"node {VERSION} installed" in start().stdout
        assert f"node {VERSION} is there" in start().stdout
