"""Every Kubernetes object of prod, offered to a real API server by server-side apply, strict about unknown fields.

The server is of prod's Kubernetes version. External Secrets' definitions are of 1.3.2, the newest whose module is served; the pinned
chart is 2.9.0, of the same API version.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from settings.load import load_file
from tests.real.api_server import ApiServer
from tests.real.visits import Manifest, Visits
from tools.install import ROOT

SETTINGS = load_file(ROOT / "Pulumi.prod.yaml")
(KUBERNETES,) = {region.cluster.kubernetes_version for region in SETTINGS.regions.values()}
NAMESPACES = ("coder", "coder-prov", "coder-ws")


@pytest.fixture(scope="module")
def first(cluster: ApiServer, visits: Visits) -> list[Manifest]:
    """The first visit's objects; their namespaces are really there, with their Pod Security labels."""
    for manifest in of_kind(visits.first, "Namespace"):
        answer = cluster.apply(manifest, dry_run=False)
        assert answer.status_code in (200, 201), answer.text
    return visits.first


@pytest.fixture(scope="module")
def second(first: list[Manifest], visits: Visits) -> list[Manifest]:
    assert first
    return visits.second


def of_kind(objects: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in objects if manifest["kind"] in kinds]


def named(objects: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [manifest for manifest in of_kind(objects, kind) if manifest["metadata"]["name"] == name]
    return copy.deepcopy(found)


def pods(objects: list[Manifest]) -> Iterator[Manifest]:
    """The pods that jobs will ask for: Pod Security refuses pods, of what makes them it only warns."""
    for manifest in of_kind(objects, "Job", "CronJob"):
        job = manifest["spec"] if manifest["kind"] == "Job" else manifest["spec"]["jobTemplate"]["spec"]
        where = {"name": manifest["metadata"]["name"], "namespace": manifest["metadata"]["namespace"]}
        metadata = {**job["template"].get("metadata", {}), **where}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": job["template"]["spec"]}


def test_the_server_is_of_prods_version(cluster: ApiServer):
    """EKS-01."""
    served = cluster.call("GET", "/version").json()
    assert f"{served['major']}.{served['minor']}" == KUBERNETES


def test_every_object_of_the_first_visit_is_accepted_without_a_warning(cluster: ApiServer, first: list[Manifest]):
    assert [complaint for manifest in first if (complaint := cluster.complaint(manifest))] == []
    assert {"Namespace", "NetworkPolicy", "Job", "TargetGroupBinding", "ExternalSecret"} <= {manifest["kind"] for manifest in first}


def test_every_object_of_the_second_visit_is_accepted_without_a_warning(cluster: ApiServer, second: list[Manifest]):
    assert [complaint for manifest in second if (complaint := cluster.complaint(manifest))] == []
    assert {"CronJob", "Role", "RoleBinding", "Secret"} <= {manifest["kind"] for manifest in second}


def test_the_pod_of_every_first_job_is_admitted_as_restricted(cluster: ApiServer, first: list[Manifest]):
    """EKS-13: namespaces enforce baseline and warn of restricted; jobs of ours are restricted."""
    found = list(pods(first))
    assert found
    assert [complaint for pod in found if (complaint := cluster.complaint(pod))] == []


def test_the_pod_of_every_later_job_is_admitted_as_restricted(cluster: ApiServer, second: list[Manifest]):
    """EKS-13."""
    found = list(pods(second))
    assert {pod["metadata"]["namespace"] for pod in found} == {"coder", "coder-prov"}
    assert [complaint for pod in found if (complaint := cluster.complaint(pod))] == []


@pytest.mark.parametrize(("namespace", "privilege"), [(name, "privileged") for name in NAMESPACES] + [(NAMESPACES[0], "hostNetwork")])
def test_a_pod_with_power_over_its_node_is_refused(cluster: ApiServer, first: list[Manifest], namespace: str, privilege: str):
    """EKS-13."""
    pod = next(pods(first))
    pod = copy.deepcopy({**pod, "metadata": {"name": "mutant", "namespace": namespace}})
    if privilege == "privileged":
        pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    else:
        pod["spec"]["hostNetwork"] = True
    answer = cluster.apply(pod, dry_run=True)
    assert answer.status_code == 403, answer.text
    assert f'violates PodSecurity "baseline:v{KUBERNETES}"' in answer.json()["message"]


def mutants(objects: list[Manifest]) -> dict[str, Manifest]:
    """One planted fault each."""
    found = {
        "unknown field": named(objects, "NetworkPolicy", "coder-database-role"),
        "bad quantity": named(objects, "ResourceQuota", "workspaces"),
        "unknown enum": named(objects, "TargetGroupBinding", "coder"),
        "unknown field of a custom resource": named(objects, "ExternalSecret", "coder-oidc"),
        "missing key": named(objects, "SecretStore", "coder-secrets"),
        "bad port": named(objects, "Service", "coder"),
    }
    found["unknown field"]["spec"]["podSelektor"] = {}
    found["bad quantity"]["spec"]["hard"]["requests.memory"] = "6000Gigabytes"
    found["unknown enum"]["spec"]["targetType"] = "pod"
    found["unknown field of a custom resource"]["spec"]["secretStore"] = {"name": "coder-secrets"}
    del found["missing key"]["spec"]["provider"]
    found["bad port"]["spec"]["ports"][0]["port"] = 80800
    return found


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unknown field", "field not declared in schema"),
        ("bad quantity", "quantities must match"),
        ("unknown enum", 'Unsupported value: "pod"'),
        ("unknown field of a custom resource", "field not declared in schema"),
        ("missing key", "spec.provider: Required value"),
        ("bad port", "must be between 1 and 65535"),
    ],
)
def test_a_planted_fault_is_refused(cluster: ApiServer, first: list[Manifest], fault: str, words: str):
    """The checks above can fail."""
    complaint: Any = cluster.complaint(mutants(first)[fault])
    assert complaint is not None
    assert words in complaint
