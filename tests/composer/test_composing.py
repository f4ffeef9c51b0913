"""pod-swdev, composed and written."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import hcl2
import pytest

from composer.archive import LIMIT, left_out, pack, unpack
from composer.catalog import load_catalog
from composer.composing import Composed, Deployment, compose
from composer.errors import CompositionError
from composer.provenance import literal
from composer.rendering import Instance
from settings.load import load_file

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "catalog"
SIZES = load_file(ROOT / "Pulumi.prod.yaml").workload.sizes
OFFERED = ("platform", "sw-dev-small", "sw-dev-medium", "sw-dev-large")
INSTANCE = Instance(
    coder_url="http://coder.coder.svc:8080",
    platform={
        "blocked_cidrs": ["10.0.0.0/16"],
        "coder_namespace": "coder",
        "coder_port": 8080,
        "namespace": "coder-ws",
        "node_group": "coder-ws",
        "requests": {"cpu": 0.125, "memory": 0.25},
        "service_account": "coder-workspace",
        "storage_class": "gp3",
    },
)


def on_machines(region: str) -> Instance:
    """A deployment of that region, as bases of EC2 ask for it."""
    platform = dict.fromkeys(("blocked_cidrs", "instance_profile", "machine_tags", "region", "subnet_tags"), "")
    return Instance(access_url="https://coder.example.com", coder_url="", region=region, platform=platform)


def composed(
    catalog: Path = CATALOG, name: str = "pod-swdev", offered: tuple[str, ...] = OFFERED, instance: Instance = INSTANCE
) -> Composed:
    return compose(load_catalog(catalog), name, Deployment(sizes=SIZES, instance=instance), offered)


@pytest.fixture(scope="module")
def pod() -> Composed:
    return composed()


@pytest.fixture(scope="module")
def root(pod: Composed) -> dict[str, Any]:
    return json.loads(pod.files["main.tf.json"])


@pytest.fixture(scope="module")
def base(pod: Composed) -> dict[str, Any]:
    return _blocks(hcl2.loads(pod.files["base/main.tf"].decode()))


def _blocks(parsed: dict[str, Any]) -> dict[str, Any]:
    """Resources by `type.name`."""
    return {
        f"{kind}.{name}".replace('"', ""): body
        for block in parsed["resource"]
        for kind, named in block.items()
        for name, body in named.items()
    }


def test_the_root_sources_both_modules_and_wires_the_contract(root: dict[str, Any]):
    """TPL-01, TPL-22, TPL-17, T-41, T-82."""
    assert root["module"]["toolchain"]["source"] == "./toolchain"
    inputs = root["module"]["base"]
    assert inputs["workspace_id"] == "${data.coder_workspace.me.id}"
    assert inputs["agent_token"] == "${coder_agent.main.token}"
    assert inputs["agent_init_script"] == "${coder_agent.main.init_script}"
    assert inputs["image_id"].startswith("docker.io/codercom/enterprise-base:ubuntu@sha256:")


def test_the_base_is_given_exactly_its_variables(pod: Composed, root: dict[str, Any]):
    """TPL-21: no variable without a value, no value without a variable."""
    variables = {name.strip('"') for block in hcl2.loads(pod.files["base/variables.tf"].decode())["variable"] for name in block}
    assert set(root["module"]["base"]) == variables | {"source"}


def test_the_agent_is_of_the_base_and_starts_the_toolchain(root: dict[str, Any]):
    """TPL-18, TPL-48."""
    agent = root["resource"]["coder_agent"]["main"]
    assert (agent["os"], agent["arch"]) == ("${module.base.os}", "${module.base.arch}")
    assert agent["startup_script"] == "${module.toolchain.bootstrap_script}"


def test_the_applications_of_a_toolchain_are_the_agents(root: dict[str, Any]):
    """TPL-06, TPL-34: by a host of its own, for the owner alone, and only while the workspace runs."""
    for name in ("ec2-datasci", "ec2-datasci-gpu"):
        apps = json.loads(composed(name=name, offered=("data-sci-large",), instance=on_machines("us-east-1")).files["main.tf.json"])[
            "resource"
        ]["coder_app"]
        assert apps == {
            "jupyter": {
                "agent_id": "${coder_agent.main.id}",
                "count": "${data.coder_workspace.me.start_count}",
                "display_name": "Jupyter Lab",
                "healthcheck": [{"interval": 10, "threshold": 30, "url": "http://localhost:8888/api"}],
                "icon": "/icon/jupyter.svg",
                "share": "owner",
                "slug": "jupyter",
                "subdomain": True,
                "url": "http://localhost:8888",
            }
        }
    assert "coder_app" not in root["resource"]  # swdev has none


def test_a_region_without_a_machine_image_is_refused_with_the_command_that_finds_it():
    """TPL-39: ids differ by region, and none is guessed."""
    remedy = "run `coder-eks templates resolve --region eu-south-2`, which writes its id to lock.yaml"
    with pytest.raises(CompositionError, match=f"ec2-windev-gui: machine image windows-2022 is not known in eu-south-2; {remedy}"):
        composed(name="ec2-windev-gui", offered=("sw-dev-large",), instance=on_machines("eu-south-2"))


def test_two_applications_of_one_name_are_told(tmp_path: Path):
    shutil.copytree(CATALOG, tmp_path / "catalog")
    manifest = tmp_path / "catalog/toolchains/swdev/toolchain.yaml"
    manifest.write_text(manifest.read_text() + "apps: [{ name: desktop, title: Mine, icon: /icon/x.svg, port: 8080 }]\n")
    with pytest.raises(
        CompositionError, match="swdev-toolchain and base-k8s both have an application desktop; give the toolchain's another"
    ):
        composed(tmp_path / "catalog")


def test_agents_reach_coderd_inside_the_cluster(root: dict[str, Any]):
    """NET-34, T-22."""
    assert root["provider"]["coder"]["url"] == "http://coder.coder.svc:8080"


def test_providers_are_pinned(root: dict[str, Any]):
    assert root["terraform"]["required_providers"] == {
        "coder": {"source": "coder/coder", "version": "2.19.0"},
        "kubernetes": {"source": "hashicorp/kubernetes", "version": "3.3.0"},
    }


def test_the_sizes_are_the_stack_files(root: dict[str, Any]):
    """TPL-28, TPL-29, Property 10."""
    assert root["locals"]["sizes"] == {
        "sw-dev-small": {"cpu": 2, "memory": "4Gi", "storage": "20Gi"},
        "sw-dev-medium": {"cpu": 4, "memory": "8Gi", "storage": "50Gi"},
        "sw-dev-large": {"cpu": 8, "memory": "16Gi", "storage": "100Gi"},
        "platform": {"cpu": 4, "memory": "8Gi", "storage": "100Gi"},
    }
    size = root["data"]["coder_parameter"]["size"]
    assert [option["value"] for option in size["option"]] == ["sw-dev-small", "sw-dev-medium", "platform", "sw-dev-large"]
    assert size["default"] == "sw-dev-medium"  # the toolchain's default profile


def test_a_default_that_is_not_offered_gives_way_to_the_smallest():
    root = json.loads(composed(offered=("sw-dev-large", "platform")).files["main.tf.json"])
    assert root["data"]["coder_parameter"]["size"]["default"] == "platform"


def test_egress_is_the_least_that_the_toolchain_needs(root: dict[str, Any]):
    """TPL-32."""
    assert root["module"]["base"]["network_egress"] == "https-only"


def test_compute_goes_with_a_stop_and_the_volume_stays(base: dict[str, Any]):
    """TPL-33."""
    assert base["kubernetes_deployment_v1.workspace"]["count"] == "${var.start_count}"
    volume = base["kubernetes_persistent_volume_claim_v1.home"]
    assert "count" not in volume
    assert volume["lifecycle"][0]["ignore_changes"] in ("all", "${all}")


def test_the_network_policy_goes_by_workspace_id_and_lets_nobody_in(base: dict[str, Any], pod: Composed):
    """TPL-31, Property 3, T-82: the selector holds no owner, and there is no ingress rule."""
    spec = base["kubernetes_network_policy_v1.workspace"]["spec"][0]
    assert "count" not in base["kubernetes_network_policy_v1.workspace"]  # it stands while the workspace is stopped
    assert [kind.strip('"') for kind in spec["policy_types"]] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    text = pod.files["base/main.tf"].decode()
    selector = text[text.index("selector = {") : text.index("labels = merge")]
    assert "com.coder.workspace.id" in selector
    assert "owner" not in selector


def test_pods_belong_to_a_deployment_on_workspace_nodes(base: dict[str, Any]):
    """TPL-37, T-25, EKS-12."""
    pod = base["kubernetes_deployment_v1.workspace"]["spec"][0]["template"][0]["spec"][0]
    selected = {key.strip('"'): value for key, value in pod["node_selector"].items() if not key.startswith("__")}
    assert selected == {"coder.com/node-group": "${var.node_group}", "kubernetes.io/arch": "${local.manifest.arch}"}
    assert pod["toleration"][0]["value"] == "${var.node_group}"
    assert pod["container"][0]["volume_mount"][0]["mount_path"].strip('"') == "/home/coder"


def test_no_autoscaler_evicts_a_workspace(base: dict[str, Any]):
    """T-83, EKS-22: neither the cluster autoscaler nor Karpenter."""
    found = base["kubernetes_deployment_v1.workspace"]["spec"][0]["template"][0]["metadata"][0]["annotations"]
    told = {key.strip('"'): value.strip('"') for key, value in found.items() if not key.startswith("__")}
    assert told == {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}


def test_pods_are_unprivileged(base: dict[str, Any]):
    """TPL-38."""
    pod = base["kubernetes_deployment_v1.workspace"]["spec"][0]["template"][0]["spec"][0]
    assert pod["security_context"][0]["run_as_non_root"] is True
    assert pod["automount_service_account_token"] is False
    rights = pod["container"][0]["security_context"][0]
    assert (rights["privileged"], rights["allow_privilege_escalation"]) == (False, False)
    assert [name.strip('"') for name in rights["capabilities"][0]["drop"]] == ["ALL"]


def test_a_workspace_costs_one_credit_running_or_not(base: dict[str, Any]):
    """CDR-17."""
    home = base["coder_metadata.home"]
    assert home["daily_cost"] == 1
    assert "count" not in home


def test_provenance_lists_what_it_is_made_of_and_every_file(pod: Composed, root: dict[str, Any]):
    """TPL-23, Property 15."""
    provenance = json.loads(pod.files["provenance.json"])
    assert [provenance[kind]["name"] for kind in ("toolchain", "base")] == ["swdev-toolchain", "base-k8s"]
    assert (provenance["toolchain"]["version"], provenance["base"]["version"], provenance["contract"]) == ("1.2.0", "3.1.0", "1.0")
    images = provenance["artifacts"]["images"]
    assert root["module"]["base"]["image_id"] in images
    assert all(image in b"".join(pod.files[path] for path in ("main.tf.json", "base/capabilities.tf")).decode() for image in images)
    assert provenance["files"] == {
        path: f"sha256:{hashlib.sha256(content).hexdigest()}" for path, content in pod.files.items() if path != "provenance.json"
    }
    assert root["module"]["base"]["provenance"]["toolchain"] == "swdev-toolchain@1.2.0"


def test_the_same_inputs_give_the_same_bytes(pod: Composed):
    """Property 15."""
    again = composed()
    assert again.files == pod.files
    assert again.version_name == pod.version_name


def test_one_changed_bootstrap_line_is_another_version(tmp_path: Path, pod: Composed):
    """Coder asks for another name whenever the folder changes."""
    shutil.copytree(CATALOG, tmp_path / "catalog")
    script = tmp_path / "catalog/toolchains/swdev/bootstrap/install.sh"
    script.write_text(script.read_text() + "# one line more\n")
    assert composed(tmp_path / "catalog").version_name != pod.version_name


def test_tests_recipes_and_policies_of_modules_are_not_pushed(tmp_path: Path, pod: Composed):
    shutil.copytree(CATALOG, tmp_path / "catalog")
    for folder in ("toolchains/swdev/tests", "toolchains/swdev/build", "bases/k8s/policies"):
        (tmp_path / "catalog" / folder).mkdir(exist_ok=True)
        (tmp_path / "catalog" / folder / "x.rego").write_text("x")
    assert composed(tmp_path / "catalog").files == pod.files


def test_the_folder_is_named_by_its_content_and_written_once(tmp_path: Path, pod: Composed):
    folder = pod.write(tmp_path)
    assert folder.name == f"pod-swdev-{pod.content_hash[:12]}"
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == pod.files
    before = (folder / "main.tf.json").stat().st_mtime_ns
    assert pod.write(tmp_path) == folder
    assert (folder / "main.tf.json").stat().st_mtime_ns == before
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_somebody_changed_is_made_new(tmp_path: Path, pod: Composed):
    folder = pod.write(tmp_path)
    (folder / "main.tf.json").write_text("{}")
    (folder / "extra.tf").write_text("")
    pod.write(tmp_path)
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == pod.files
    assert list(tmp_path.iterdir()) == [folder]


def test_the_archive_is_far_below_coders_limit(pod: Composed):
    """facts of coderd's template: 1 MiB."""
    assert len(pack(pod.files)) < LIMIT / 4


def test_the_archive_is_as_coderds_provider_makes_it(pod: Composed):
    """provisionersdk.Tar walks a folder: each folder has an entry before what is in it, names in order at each level; two blocks end it."""
    files = {"main.tf": b"", "base.tf": b"1", "base/x/b": b"22", "base/a": b"333"}
    with tarfile.open(fileobj=io.BytesIO(pack(files))) as tar:
        entries = [(entry.name, entry.isdir(), entry.mode, entry.size, entry.mtime, entry.uid) for entry in tar]
    folders = [("base", True, 0o755, 0, 0, 0), ("base/x", True, 0o755, 0, 0, 0)]
    a, b, base, main = (
        ("base/a", False, 0o644, 3, 0, 0),
        ("base/x/b", False, 0o644, 2, 0, 0),
        ("base.tf", False, 0o644, 1, 0, 0),
        ("main.tf", False, 0o644, 0, 0, 0),
    )
    assert entries == [folders[0], a, folders[1], b, base, main]
    assert len(pack(files)) == 512 * (6 + 3 + 2)  # headers, contents, the end
    assert unpack(pack(pod.files)) == pod.files


def test_a_file_that_the_provider_would_leave_out_is_told(tmp_path: Path):
    """Else what runs is not what the manifest lists (Property 15)."""
    hidden = ["bootstrap/.netrc", "bootstrap/.cache/x", "terraform.tfstate.d/x", "x.auto.tfvars", "terraform.tfvars.json"]
    assert left_out([*hidden, "main.tf", ".terraform.lock.hcl", "build/terraform.tfvars"]) == hidden
    shutil.copytree(CATALOG, tmp_path / "catalog")
    (tmp_path / "catalog/toolchains/swdev/bootstrap/.netrc").write_bytes(b"")
    with pytest.raises(CompositionError, match=r"toolchain/bootstrap/\.netrc would not be uploaded"):
        composed(tmp_path / "catalog")


def test_an_archive_that_is_too_large_is_told(tmp_path: Path):
    shutil.copytree(CATALOG, tmp_path / "catalog")
    (tmp_path / "catalog/toolchains/swdev/bootstrap/large").write_bytes(b"x" * 1024 * 1024)
    with pytest.raises(CompositionError, match="Coder takes less than 1048576: move what is large into the image"):
        composed(tmp_path / "catalog")


def test_a_secret_in_a_module_is_told(tmp_path: Path):
    """TPL-44, T-49."""
    shutil.copytree(CATALOG, tmp_path / "catalog")
    (tmp_path / "catalog/bases/k8s/key.pem").write_text("-----BEGIN " + "RSA PRIVATE KEY-----")
    with pytest.raises(CompositionError, match=r"base/key\.pem holds what looks like a secret; keep it in Secrets Manager"):
        composed(tmp_path / "catalog")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "pod-swdevs"}, "pod-swdevs is no composition of the catalogue; did you mean pod-swdev?"),
        ({"offered": ()}, "pod-swdev: no size is published; publish at least one"),
        ({"offered": ("huge",)}, "pod-swdev: size huge is published, but not one of workload.sizes; add it there, or publish another"),
        (
            {"offered": ("data-sci-large",)},
            "pod-swdev: size data-sci-large is published, but no profile of swdev-toolchain has it; publish some of",
        ),
    ],
)
def test_what_cannot_be_composed_is_told(changes: dict[str, Any], sentence: str):
    with pytest.raises(CompositionError) as error:
        composed(**changes)
    assert error.value.problems[0].startswith(sentence)


def test_what_the_deployment_does_not_tell_is_told():
    instance = replace(INSTANCE, platform={key: value for key, value in INSTANCE.platform.items() if key != "storage_class"})
    with pytest.raises(
        CompositionError, match="base-k8s asks the deployment for storage_class, which it does not tell; it tells blocked_cidrs,"
    ):
        composed(instance=instance)


def test_a_text_with_template_signs_stays_what_it_is():
    assert literal("${a} %{b}") == "$${a} %%{b}"


def test_a_base_of_another_architecture_than_its_nodes_is_refused():
    """TPL-48: agent and image are of one architecture, and so are the nodes that they start on."""
    with pytest.raises(CompositionError) as error:
        composed(instance=replace(INSTANCE, platform={**INSTANCE.platform, "architecture": "arm64"}))
    (problem,) = error.value.problems
    assert problem == "pod-swdev: base-k8s makes workspaces of amd64, and the workspace nodes are arm64; give them types of amd64"
    composed(instance=replace(INSTANCE, platform={**INSTANCE.platform, "architecture": "amd64"}))
