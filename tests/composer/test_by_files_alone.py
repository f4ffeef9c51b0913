"""A further toolchain or base is files and nothing else, and a change reaches the templates that are made of it alone (TPL-20, TPL-35)."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from composer import judging
from composer.catalog import load_catalog
from composer.composing import Deployment, compose
from composer.rendering import Instance
from plan import make_plan
from plan.templates import template_facts
from settings.load import load_file

ROOT = Path(__file__).parents[2]
SETTINGS = load_file(ROOT / "Pulumi.prod.yaml")
FACTS = template_facts(SETTINGS, make_plan(SETTINGS), SETTINGS.primary_region)
INSTANCE = Instance(coder_url=FACTS.coder_url, access_url=FACTS.access_url, region=FACTS.region, platform=FACTS.platform)
TODAY = date(2026, 11, 21)
DEPLOYMENT = Deployment(sizes=SETTINGS.workload.sizes, instance=INSTANCE, channel=SETTINGS.templates.channel, today=TODAY)

# As the design has it (requirements 1.2), written here once more: vCPU, GiB of memory, GiB of storage
TABLE = {
    "sw-dev-small": (2, 4, 20),
    "sw-dev-medium": (4, 8, 50),
    "sw-dev-large": (8, 16, 100),
    "platform": (4, 8, 100),
    "data-sci-standard": (8, 32, 500),
    "data-sci-large": (16, 64, 1024),
    "data-sci-xlarge": (32, 64, 2048),
}


def versions(catalog: Path) -> dict[str, str]:
    loaded = load_catalog(catalog)
    return {name: compose(loaded, name, DEPLOYMENT).version_name for name in sorted(loaded.compositions)}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    return tmp_path / "catalog"


def test_one_bootstrap_line_changes_the_templates_of_its_toolchain_alone(copy: Path):
    """Windows' toolchain is in one template: that one gets another version."""
    before = versions(copy)
    (script,) = (path for path in (copy / "toolchains/windev/bootstrap").rglob("*.ps1") if path.name.startswith("install"))
    script.write_text(script.read_text() + "# one line more\n")
    after = versions(copy)
    assert {name for name in before if before[name] != after[name]} == {"ec2-windev-gui"}


def test_what_is_for_the_authors_of_a_module_changes_no_version(copy: Path):
    before = versions(copy)
    (copy / "bases/k8s/policies/more_test.rego").write_text("package more\n")
    assert versions(copy) == before


def test_a_toolchain_and_its_template_are_added_by_files(copy: Path):
    shutil.copytree(copy / "toolchains/generic", copy / "toolchains/rust")
    manifest = copy / "toolchains/rust/toolchain.yaml"
    manifest.write_text(manifest.read_text().replace("name: generic-toolchain", "name: rust-toolchain", 1))
    composition = copy / "compositions/pod-generic-universal.yaml"
    text = composition.read_text().replace("generic-toolchain", "rust-toolchain").replace("pod-generic-universal", "pod-rust")
    (copy / "compositions/pod-rust.yaml").write_text(text)
    made = compose(load_catalog(copy), "pod-rust", DEPLOYMENT)
    assert made.provenance.toolchain.name == "rust-toolchain"
    assert judging.file_faults(made.files, TODAY) == {13: [], 14: [], 15: [], 16: [], 17: []}


def test_a_base_is_added_by_files(copy: Path):
    shutil.copytree(copy / "bases/k8s", copy / "bases/k8s-other")
    manifest = copy / "bases/k8s-other/base.yaml"
    manifest.write_text(manifest.read_text().replace("name: base-k8s", "name: base-k8s-other", 1))
    composition = yaml.safe_load((copy / "compositions/pod-swdev.yaml").read_text())
    composition |= {"name": "pod-swdev-other", "base": {"name": "base-k8s-other", "version": "3.1.0"}}
    (copy / "compositions/pod-swdev-other.yaml").write_text(yaml.safe_dump(composition))
    assert compose(load_catalog(copy), "pod-swdev-other", DEPLOYMENT).provenance.base.name == "base-k8s-other"


def test_all_sizes_are_offered_as_the_design_has_them():
    """**Feature: coder-deployment-guide, Property 10: T-Shirt Size Template Availability**

    Of what prod publishes, read back from the Terraform that is pushed.
    """
    catalog = load_catalog(ROOT / "catalog")
    found: dict[str, set[tuple[float, float, float]]] = {}
    for name, published in SETTINGS.templates.active.items():
        for size, (cpu, memory, storage) in judging.sizes(compose(catalog, name, DEPLOYMENT, published.sizes).files).items():
            found.setdefault(size, set()).add((float(cpu.cores), memory.gibibytes, storage.gibibytes))
    assert found == {name: {tuple(map(float, figures))} for name, figures in TABLE.items()}


def test_every_machine_that_is_offered_has_at_least_the_size():
    """TPL-40, TPL-51, T-46: for every size and number of GPUs there is one, and GPUs are where they are asked."""
    catalog = load_catalog(ROOT / "catalog")
    machines = {machine.type: machine for base in catalog.bases.values() for machine in base.manifest.machines}
    for name in ("ec2-swdev", "ec2-datasci", "ec2-datasci-gpu", "ec2-windev-gui"):
        root = yaml.safe_load(compose(catalog, name, DEPLOYMENT).files["main.tf.json"])
        for key, types in root["locals"]["machines"].items():
            size, _, gpus = key.partition("/")
            assert types, key
            for each in types:
                assert float(machines[each].cpu.cores) >= TABLE[size][0]
                assert machines[each].memory.gibibytes >= TABLE[size][1]
                assert machines[each].gpus >= int(gpus)
