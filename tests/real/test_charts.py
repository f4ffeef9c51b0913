"""Coder's charts, rendered by Helm with the values of prod's releases, and offered to a real API server.

The charts are of 2.24.0, the newest whose Go module holds them and builds; the stack pins a later 2.x.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.values import values_files
from policy.manifests import judge
from settings.load import load_file
from tests.real.api_server import ApiServer
from tests.real.visits import Manifest, Visits
from tools import charts, real_parts
from tools.charts import Release
from tools.install import ROOT

SETTINGS = load_file(ROOT / "Pulumi.prod.yaml")
HELM, FOLDER = real_parts.executable(real_parts.HELM, os.environ), real_parts.folder(real_parts.CODER_CHARTS, os.environ)
CHARTS = {"coder": "coder", "coder-provisioner": "coder-provisioner"}  # and the Deployment that each makes


def render(chart: str, release: Manifest) -> list[Manifest]:
    """What `helm install` would send, from the chart of the Go module."""
    version = next(iter(SETTINGS.regions.values())).cluster.kubernetes_version
    return [dict(each) for each in charts.render(Release.of(chart, {**release, "chart": chart}), HELM, version, FOLDER)]


@pytest.fixture(scope="module")
def releases(visits: Visits) -> dict[str, Manifest]:
    return {chart: visits.releases[chart] for chart in CHARTS}


@pytest.fixture(scope="module")
def rendered(releases: dict[str, Manifest]) -> dict[str, list[Manifest]]:
    return {chart: render(chart, release) for chart, release in releases.items()}


@pytest.fixture(scope="module")
def namespaces(cluster: ApiServer, visits: Visits) -> ApiServer:
    """The server, with prod's namespaces and their Pod Security labels."""
    for manifest in visits.first:
        if manifest["kind"] == "Namespace":
            answer = cluster.apply(manifest, dry_run=False)
            assert answer.status_code in (200, 201), answer.text
    return cluster


def deployment(manifests: list[Manifest], name: str) -> Manifest:
    (found,) = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
    assert found["metadata"]["name"] == name
    return found


def container(manifests: list[Manifest], name: str) -> dict[str, Any]:
    (found,) = deployment(manifests, name)["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize(("chart", "name"), CHARTS.items())
def test_every_rendered_object_is_accepted_without_a_warning(
    namespaces: ApiServer, rendered: dict[str, list[Manifest]], chart: str, name: str
):
    """Decision 4: strict about unknown fields, and Pod Security has nothing to say of the pod itself (EKS-13)."""
    complaints = [complaint for manifest in rendered[chart] if (complaint := namespaces.complaint(manifest))]
    made = deployment(rendered[chart], name)
    where = {"name": f"{name}-0", "namespace": made["metadata"]["namespace"], "labels": made["spec"]["template"]["metadata"]["labels"]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": where, "spec": made["spec"]["template"]["spec"]}
    assert [*complaints, *filter(None, [namespaces.complaint(pod)])] == []


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_makes_the_deployment_and_nothing_else(rendered: dict[str, list[Manifest]], chart: str):
    """T-25, T-28, T-76, CDR-25: no Service of type LoadBalancer, no service account, no rights in the cluster."""
    assert [manifest["kind"] for manifest in rendered[chart]] == ["Deployment"]


def test_without_our_values_the_chart_makes_what_we_take_away():
    """The check above can fail."""
    made = render("coder", {"namespace": "coder", "values": {"coder": {"image": {"tag": "v2.24.0"}}}})
    assert {"Service", "Role", "RoleBinding", "ServiceAccount"} <= {manifest["kind"] for manifest in made}
    (service,) = [manifest for manifest in made if manifest["kind"] == "Service"]
    assert service["spec"]["type"] == "LoadBalancer"


@pytest.mark.parametrize(("chart", "name"), CHARTS.items())
def test_the_pod_has_no_rights_on_its_node(rendered: dict[str, list[Manifest]], chart: str, name: str):
    """CDR-40."""
    context = container(rendered[chart], name)["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


@pytest.mark.parametrize(
    ("chart", "name", "group"), [("coder", "coder", "coder-control"), ("coder-provisioner", "coder-provisioner", "coder-prov")]
)
def test_the_pod_runs_on_its_nodes_and_only_there(rendered: dict[str, list[Manifest]], chart: str, name: str, group: str):
    """CDR-01, PRV-02, EKS-12: what it asks of a node's labels, and which taint it puts up with."""
    spec = deployment(rendered[chart], name)["spec"]["template"]["spec"]
    ((key, value),) = spec["nodeSelector"].items()
    assert value == group
    assert spec["tolerations"] == [{"key": key, "operator": "Equal", "value": group, "effect": "NoSchedule"}]
    assert spec["serviceAccountName"] == name


@pytest.mark.parametrize(("chart", "name"), CHARTS.items())
def test_requests_equal_limits(rendered: dict[str, list[Manifest]], chart: str, name: str):
    """CDR-39."""
    resources = container(rendered[chart], name)["resources"]
    assert resources["requests"] == resources["limits"]
    assert set(resources["limits"]) == {"cpu", "memory"}


@pytest.mark.parametrize(("chart", "name"), CHARTS.items())
def test_no_variable_carries_a_secret(rendered: dict[str, list[Manifest]], chart: str, name: str):
    """CDR-09, CDR-41: names of Secrets stand there, and each variable once, the chart's own included."""
    entries = container(rendered[chart], name)["env"]
    assert len({entry["name"] for entry in entries}) == len(entries)
    secret = ("SECRET", "PASSWORD", "TOKEN", "ENCRYPTION_KEYS", "DAEMON_KEY", "DAEMON_PSK")
    suspects = [entry for entry in entries if entry["name"].endswith(secret)]
    assert suspects
    assert all(set(entry["valueFrom"]) == {"secretKeyRef"} for entry in suspects)


def test_coderd_listens_where_service_policy_and_scrapes_expect_it(rendered: dict[str, list[Manifest]], visits: Visits):
    """T-25, CDR-28: 8080 and 2112, and the Service of ours selects these pods."""
    made = container(rendered["coder"], "coder")
    ports = {port["name"]: port["containerPort"] for port in made["ports"]}
    values = {entry["name"]: entry.get("value") for entry in made["env"]}
    assert (ports["http"], values["CODER_HTTP_ADDRESS"]) == (8080, "0.0.0.0:8080")
    assert (ports["prometheus-http"], values["CODER_PROMETHEUS_ADDRESS"], values["CODER_PROMETHEUS_ENABLE"]) == (
        2112,
        "0.0.0.0:2112",
        "true",
    )
    labels = deployment(rendered["coder"], "coder")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        manifest["spec"]["selector"]
        for manifest in visits.second
        if manifest["kind"] == "Service" and manifest["metadata"]["name"] == "coder"
    ]
    assert len(selectors) == 1
    assert selectors[0].items() <= labels.items()


def test_provisioners_take_their_key_and_no_shared_one(rendered: dict[str, list[Manifest]]):
    """PRV-06, PRV-15."""
    entries = {entry["name"]: entry for entry in container(rendered["coder-provisioner"], "coder-provisioner")["env"]}
    assert entries["CODER_PROVISIONER_DAEMON_KEY"]["valueFrom"] == {"secretKeyRef": {"name": "coder-provisioner-key", "key": "key"}}
    assert "CODER_PROVISIONER_DAEMON_PSK" not in entries
    assert (
        deployment(rendered["coder-provisioner"], "coder-provisioner")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 900
    )


def test_the_floor_of_replicas_is_what_the_release_starts_with(rendered: dict[str, list[Manifest]]):
    """CDR-02, CDR-03, PRV-04: coderd a constant, provisioners never none."""
    assert deployment(rendered["coder"], "coder")["spec"]["replicas"] == SETTINGS.coder.replicas
    assert deployment(rendered["coder-provisioner"], "coder-provisioner")["spec"]["replicas"] >= 1


@pytest.mark.parametrize("chart", CHARTS)
def test_what_an_operator_reviews_is_what_helm_was_given(releases: dict[str, Manifest], visits: Visits, chart: str):
    """`coder-eks values`: the same keys and variables, with names in the place of what AWS hands out."""
    reviewed = yaml.safe_load(values_files("prod", visits.resources)[f"{chart}-values.yaml"])
    given = releases[chart]["values"]
    assert [entry["name"] for entry in reviewed["coder"]["env"]] == [entry["name"] for entry in given["coder"]["env"]]
    assert reviewed["coder"].keys() == given["coder"].keys()
    assert reviewed["coder"]["resources"] == given["coder"]["resources"]
    assert "[secret]" not in str(reviewed)  # nor is there a secret in the values themselves (CDR-41)


@pytest.mark.parametrize(
    ("chart", "values", "words"),
    [
        ("coder", {"coder": {"image": {"tag": "v2.24.0"}, "securityContext": {"runAsUser": "nobody"}}}, "runAsUser"),
        ("coder", {"coder": {"image": {"tag": "v2.24.0"}, "resources": {"limits": {"cpu": "1 core"}}}}, "quantities must match"),
    ],
)
def test_a_planted_fault_is_refused(namespaces: ApiServer, chart: str, values: dict[str, Any], words: str):
    """The API server's judgement can fail."""
    made = deployment(render(chart, {"namespace": "coder", "values": values}), "coder")
    complaint = namespaces.complaint(made)
    assert complaint is not None
    assert words in complaint


@pytest.mark.parametrize("chart", CHARTS)
def test_every_rendered_object_keeps_the_pack_s_rules(rendered: dict[str, list[Manifest]], chart: str):
    """T-75: what CrossGuard does not see inside a release, by the same rules."""
    said = judge(rendered[chart])
    assert said.findings == ()
    assert (said.objects, said.judgements > 10) == (1, True)


AGENT = {"name": "agent", "image": "example.com/agent:1"}
# Objects in a text: no rule over values sees them
EXTRA = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "agent"},
    "spec": {"selector": {}, "template": {"spec": {"hostNetwork": True, "containers": [AGENT]}}},
}
SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "coder"},
    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "coder"}, "maxReplicas": 9},
}


def inside(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        for key, value in changes.items():
            values["coder"][key] = {**values["coder"][key], **value} if isinstance(values["coder"].get(key), dict) else value

    return change


def beside(manifest: Manifest) -> Callable[[dict[str, Any]], None]:
    return lambda values: values.update(extraTemplates=[yaml.safe_dump(manifest)])


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "privileged": (inside(securityContext={"privileged": True}), "k8s-pod-not-privileged: Deployment coder:"),
    "root": (inside(securityContext={"runAsNonRoot": False}), "k8s-pod-not-root: Deployment coder:"),
    "its node's disk": (inside(volumes=[{"name": "node", "hostPath": {"path": "/"}}]), "k8s-pod-no-host-path: Deployment coder:"),
    "its node's network": (beside(EXTRA), "k8s-pod-no-host-network: DaemonSet agent:"),
    "a second entrance": (inside(service={"enable": True}), "k8s-service-internal: Service coder:"),
    "a scaler": (beside(SCALER), "property-04: HorizontalPodAutoscaler coder:"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_values_that_break_a_rule_are_found_in_what_they_render(releases: dict[str, Manifest], name: str):
    release = copy.deepcopy(releases["coder"])
    change, finding = BROKEN[name]
    change(release["values"])
    assert any(found.startswith(finding) for found in judge(render("coder", release)).findings)


def test_the_gate_s_command_renders_and_judges(releases: dict[str, Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """As the workflow calls it, on a preview's event log."""

    def ask(values: dict[str, Any]) -> int:
        release = {**releases["coder"], "values": values}
        step = {"op": "create", "type": charts.RELEASE, "urn": "urn:pulumi:prod::coder-eks::x::coder", "new": {"inputs": release}}
        (tmp_path / "events.jsonl").write_text(json.dumps({"resourcePreEvent": {"metadata": step}}) + "\n")
        return charts.main([str(tmp_path / "events.jsonl"), "coder", "--helm", str(HELM), "--charts", str(FOLDER)])

    values = copy.deepcopy(releases["coder"]["values"])
    assert ask(values) == 0
    assert "coder: coder 2.34.5: 1 objects" in capsys.readouterr().out
    beside(EXTRA)(values)
    assert ask(values) == 1
    assert "  k8s-pod-no-host-network: DaemonSet agent: shares its node's network" in capsys.readouterr().out
