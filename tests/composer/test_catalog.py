"""The catalogue that ships, and what is said of a wrong one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import hcl2
import pytest

from composer.catalog import load_catalog
from composer.errors import CompositionError
from composer.manifests import Choice
from composer.matching import mismatches
from composer.publications import Container

CATALOG = Path(__file__).parents[2] / "catalog"


def test_the_toolchain_and_the_base_of_the_design_are_there():
    """TPL-04, TPL-09, TPL-27."""
    catalog = load_catalog(CATALOG)
    swdev = catalog.toolchains["swdev-toolchain", "1.2.0"].manifest
    versions = {language.name: language.version for language in swdev.toolchain.languages}
    assert {name: ".".join(version.split(".")[:2]) for name, version in versions.items()} == {
        "go": "1.23",
        "node": "22.23",
        "python": "3.12",
    }
    assert {tool.name for tool in swdev.toolchain.tools} == {"terraform", "kubectl", "gh", "docker-cli"}
    assert swdev.compute.profiles == ("small", "medium", "large", "platform")
    assert ("base-k8s", "3.1.0") in catalog.bases
    assert {"pod-swdev", "pod-generic-universal"} <= set(catalog.compositions)


def test_every_base_takes_and_gives_what_the_contract_says():
    """TPL-13, TPL-14, TPL-21: inputs beyond it are what the deployment tells, and nothing is left without a value."""
    catalog = load_catalog(CATALOG)
    for module in catalog.bases.values():
        contract = catalog.contracts[module.manifest.contract]
        declared = {path: hcl2.loads(content.decode()) for path, content in module.files.items() if path.endswith(".tf")}
        inputs = {name.strip('"') for parsed in declared.values() for block in parsed.get("variable", []) for name in block}
        outputs = {name.strip('"') for parsed in declared.values() for block in parsed.get("output", []) for name in block}
        of_capabilities = {name.replace("-", "_") for name in contract.capabilities}
        of_machines = {"instance_types", "gpu_count"} if module.manifest.machines else set[str]()
        assert {*contract.inputs, *module.manifest.platform} <= inputs
        assert inputs <= {*contract.inputs, *module.manifest.platform, *of_capabilities, *of_machines}
        assert outputs == {*contract.outputs, "capabilities"}


def test_every_base_knows_every_capability_of_the_contract_and_no_other():
    """TPL-15."""
    catalog = load_catalog(CATALOG)
    for module in catalog.bases.values():
        contract = catalog.contracts[module.manifest.contract]
        assert set(module.manifest.capabilities) == set(contract.capabilities)
        for name, kind in contract.capabilities.items():
            offer = module.manifest.capabilities[name]
            if isinstance(kind, Choice):
                assert isinstance(offer, tuple)
                assert set(offer) <= set(kind.values)
            else:
                assert isinstance(offer, bool)


def test_toolchains_declare_no_provider_and_no_resource():
    """TPL-07, Property 13."""
    for module in load_catalog(CATALOG).toolchains.values():
        for path, content in module.files.items():
            if path.endswith(".tf"):
                assert not {"resource", "data", "provider", "terraform"} & set(hcl2.loads(content.decode())), path


def test_every_composition_matches():
    """Property 14."""
    catalog = load_catalog(CATALOG)
    for composition in catalog.compositions.values():
        base, toolchain = catalog.base(composition.base).manifest, catalog.toolchain(composition.toolchain).manifest
        assert mismatches(catalog.contracts[base.contract], toolchain, base) == []


def test_every_image_is_pinned_by_digest():
    """TPL-39."""
    assert all(image.digest for image in load_catalog(CATALOG).images.values() if isinstance(image, Container))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(CATALOG, tmp_path / "catalog")
    return tmp_path / "catalog"


def _edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(catalog: Path) -> None:
        path = catalog / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return edit


SWDEV = "toolchains/swdev/toolchain.yaml"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (_edit(SWDEV, "version: 1.2.0", "version: 1.2"), f"{SWDEV}: version: "),
        (
            _edit(SWDEV, "default: medium", "default: huge"),
            f"{SWDEV}: compute: default is huge, which is none of the profiles; write one of small,",
        ),
        (_edit(SWDEV, "  libraries:", "  librarys:"), f"{SWDEV}: toolchain.librarys: "),
        (_edit(SWDEV, "name: swdev-toolchain", "name: [swdev"), f"{SWDEV}: this is no YAML: "),
        (_edit("images.yaml", "digest: sha256:96", "digest: sha256:"), "images.yaml: enterprise-base.digest: "),
        (
            _edit("compositions/pod-swdev.yaml", "failure_ttl: 1d", "failure_ttl: soon"),
            "compositions/pod-swdev.yaml: lifecycle.failure_ttl: soon is no duration",
        ),
    ],
)
def test_a_fault_is_told_with_file_and_key(copy: Path, edit: Callable[[Path], None], sentence: str):
    """TPL-03."""
    edit(copy)
    with pytest.raises(CompositionError) as error:
        load_catalog(copy)
    assert any(problem.startswith(sentence) for problem in error.value.problems), error.value.problems


def test_all_faults_are_told_at_once(copy: Path):
    _edit(SWDEV, "version: 1.2.0", "version: 1.2")(copy)
    _edit("images.yaml", "digest: sha256:96", "digest: sha256:")(copy)
    with pytest.raises(CompositionError) as error:
        load_catalog(copy)
    assert len(error.value.problems) == 2


def test_a_version_can_be_in_the_catalogue_once(copy: Path):
    shutil.copytree(copy / "bases/k8s", copy / "bases/again")
    with pytest.raises(
        CompositionError, match=r"base base-k8s 3\.1\.0 is in the catalogue twice; give one of them another name or version"
    ):
        load_catalog(copy)


def test_no_catalogue_is_told(tmp_path: Path):
    with pytest.raises(CompositionError, match="is no folder"):
        load_catalog(tmp_path / "nowhere")
