"""The published templates, as composed for prod, run by a real OpenTofu with Coder's real provider; what they make, at a real API server.

Kubernetes' provider is a stub made of the base's own source (workspaces.py): which arguments it takes is judged by nobody here, what is
made of them by the API server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.coder_values import HTTP_PORT
from components.namespaces import CODER, STORAGE_CLASS, WORKSPACE_SERVICE_ACCOUNT, WORKSPACES
from composer.catalog import load_catalog
from composer.composing import Composed, Deployment, compose
from composer.rendering import Instance
from settings.load import load_file
from settings.quantities import CpuQuantity, MemoryQuantity
from tests.real.api_server import ApiServer
from tests.real.visits import Visits
from tests.real.workspaces import Workspace, without_kubernetes
from tools.install import ROOT

SETTINGS = load_file(ROOT / "Pulumi.prod.yaml")
CATALOG = load_catalog(ROOT / "catalog")
PODS = [name for name, each in CATALOG.compositions.items() if each.base.name == "base-k8s"]
PUBLISHED = {name: each for name, each in SETTINGS.templates.published.items() if name in PODS}  # EC2's: test_bases.py
OFFERED = [(template, size) for template in sorted(PUBLISHED) for size in PUBLISHED[template].sizes]
REQUESTS = SETTINGS.workload.requests
INSTANCE = Instance(
    coder_url=f"http://coder.{CODER}.svc.cluster.local:{HTTP_PORT}",
    platform={
        "blocked_cidrs": [str(region.network.cidr) for region in SETTINGS.regions.values()],
        "coder_namespace": CODER,
        "coder_port": HTTP_PORT,
        "namespace": WORKSPACES,
        "node_group": "coder-ws",
        "requests": {"cpu": float(REQUESTS.cpu), "memory": float(REQUESTS.memory)},
        "service_account": WORKSPACE_SERVICE_ACCOUNT,
        "storage_class": STORAGE_CLASS,
    },
)


def composed(template: str) -> Composed:
    sizes = PUBLISHED[template].sizes
    return compose(CATALOG, template, Deployment(sizes=SETTINGS.workload.sizes, instance=INSTANCE), sizes)


@pytest.fixture(params=sorted(PUBLISHED))
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    return ready(tmp_path, request.param)


def ready(folder: Path, template: str) -> Workspace:
    made = Workspace(folder, without_kubernetes(composed(template).files))
    done = made.init()
    assert done.returncode == 0, done.stderr
    return made


def start(workspace: Workspace, size: str | None, transition: str = "start") -> list[dict[str, Any]]:
    done = workspace.tofu("apply", "-auto-approve", "-input=false", size=size, transition=transition)
    assert done.returncode == 0, done.stderr
    return workspace.objects()


def of_kind(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [manifest for manifest in objects if manifest["kind"] == kind]
    return found


@pytest.fixture(scope="module")
def bounded(cluster: ApiServer, visits: Visits) -> Iterator[ApiServer]:
    """The API server with the namespace of workspaces and its LimitRange. No quota: without its controller it would refuse everything."""
    wanted = [manifest for manifest in visits.first if manifest["metadata"].get("namespace", manifest["metadata"]["name"]) == WORKSPACES]
    for manifest in wanted:
        if manifest["kind"] in ("Namespace", "LimitRange"):
            answer = cluster.apply(manifest, dry_run=False)
            assert answer.status_code in (200, 201), answer.text
    yield cluster
    cluster.call("DELETE", f"/api/v1/namespaces/{WORKSPACES}/limitranges/workspaces")


def test_a_template_is_valid(workspace: Workspace):
    """TPL-17."""
    done = workspace.tofu("validate", "-json")
    assert json.loads(done.stdout)["diagnostics"] == []


@pytest.mark.parametrize(("template", "size"), OFFERED)
def test_every_offered_size_makes_a_workspace_of_that_size(tmp_path: Path, bounded: ApiServer, template: str, size: str):
    """TPL-29, EKS-40; the cluster takes its objects and its pod without a warning of Pod Security's restricted."""
    objects = start(ready(tmp_path, template), size)
    declared = SETTINGS.workload.sizes[size]
    deployment = of_kind(objects, "Deployment")
    pod = deployment["spec"]["template"]
    resources = pod["spec"]["containers"][0]["resources"]
    assert CpuQuantity.parse(resources["limits"]["cpu"]) == declared.cpu
    assert MemoryQuantity.parse(resources["limits"]["memory"]) == declared.memory
    assert CpuQuantity.parse(resources["requests"]["cpu"]).millicpu == int(declared.cpu.millicpu * REQUESTS.cpu)
    volume = of_kind(objects, "PersistentVolumeClaim")["spec"]["resources"]["requests"]["storage"]
    assert MemoryQuantity.parse(volume) == declared.storage

    metadata = {**pod["metadata"], "name": "workspace", "namespace": WORKSPACES}
    offered = [*objects, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}]
    assert [complaint for manifest in offered if (complaint := bounded.complaint(manifest))] == []


def test_a_workspace_above_the_published_sizes_is_refused_by_the_cluster(tmp_path: Path, bounded: ApiServer):
    """EKS-40: the namespace's bounds hold whoever makes the pod."""
    pod = of_kind(start(ready(tmp_path, OFFERED[0][0]), OFFERED[0][1]), "Deployment")["spec"]["template"]
    pod["spec"]["containers"][0]["resources"]["limits"] = {"cpu": "64", "memory": "512Gi"}
    metadata = {**pod["metadata"], "name": "workspace", "namespace": WORKSPACES}
    complaint = bounded.complaint({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]})
    assert complaint is not None
    assert "maximum cpu usage per Container" in complaint


@pytest.mark.parametrize("template", sorted(PUBLISHED))
def test_a_size_that_is_not_offered_is_refused_at_the_plan(tmp_path: Path, template: str):
    """TPL-29: also by somebody who goes past the form."""
    other = next(size for size in [*SETTINGS.workload.sizes, "unheard-of"] if size not in PUBLISHED[template].sizes)
    done = ready(tmp_path, template).tofu("plan", "-input=false", size=other)
    assert done.returncode == 1
    assert other in done.stderr


def test_a_stopped_workspace_keeps_its_home_and_its_policy_and_nothing_else(workspace: Workspace):
    """TPL-33."""
    started = {manifest["kind"] for manifest in start(workspace, None)}
    stopped = {manifest["kind"] for manifest in start(workspace, None, "stop")}
    assert started - stopped == {"Deployment"}
    assert stopped == {"NetworkPolicy", "PersistentVolumeClaim"}


def test_another_size_leaves_the_home_as_it_is(tmp_path: Path):
    """TPL-33: it is neither replaced nor changed."""
    template = OFFERED[0][0]
    small, large = (sorted(PUBLISHED[template].sizes, key=lambda name: SETTINGS.workload.sizes[name].storage)[end] for end in (0, -1))
    workspace = ready(tmp_path, template)
    start(workspace, small)
    address = "terraform_data.kubernetes_persistent_volume_claim_v1_home"
    home = workspace.state()[address]
    objects = start(workspace, large)
    assert workspace.state()[address] == home
    limits = of_kind(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert MemoryQuantity.parse(limits["memory"]) == SETTINGS.workload.sizes[large].memory


def test_the_agent_is_wired_into_the_pod(workspace: Workspace):
    """T-41."""
    start(workspace, None)
    shown = json.loads(workspace.tofu("show", "-json").stdout)["values"]["root_module"]["resources"]
    (agent,) = [resource["values"] for resource in shown if resource["type"] == "coder_agent"]
    container = of_kind(workspace.objects(), "Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "CODER_AGENT_TOKEN", "value": agent["token"]}]
    assert (agent["os"], agent["arch"]) == ("linux", "amd64")
