"""coderd on the graph: the release, what the chart lacks, and the order of things."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest

from components.chart_keys import UnknownChartValueError
from components.coder_values import SELECTOR
from tests.components.coder_stack import (
    ACCOUNT,
    BINDING,
    BUDGET,
    CONFIG,
    CUSTOM,
    JOB,
    KUBERNETES,
    LIFE,
    POLICY,
    RELEASE,
    SERVICE,
    STORE,
    environment,
    pod,
    prod,
    program,
    statements,
)
from tests.components.conftest import Deploy
from tests.components.graph import Graph, Node


@pytest.fixture
def graph(deploy: Deploy) -> Graph:
    return prod(deploy)


def test_the_chart_is_pinned_and_comes_into_the_clusters_namespace(graph: Graph):
    """CDR-01."""
    release = graph.one(RELEASE)
    assert (release.inputs["chart"], release.inputs["version"], release.inputs["name"]) == ("coder", "2.34.0", "coder")
    assert release.inputs["values"]["coder"]["image"] == {"tag": "v2.34.0"}
    assert graph.reference(release, "namespace") == [graph.one("kubernetes:core/v1:Namespace")]
    assert release.inputs["createNamespace"] is False


@pytest.mark.parametrize("first", [True, False])
def test_a_password_opens_the_door_on_the_first_visit_only(deploy: Deploy, first: bool):
    """CDR-10, decision 7."""
    graph = deploy(program(password_login=first), outputs=LIFE)
    assert environment(graph)["CODER_DISABLE_PASSWORD_AUTH"]["value"] == str(not first).lower()


def test_a_failed_upgrade_is_not_rolled_back_onto_newer_tables(graph: Graph):
    """DB-24."""
    assert "atomic" not in graph.one(RELEASE).inputs


def test_coderd_logs_in_at_the_writers_endpoint_with_its_own_role(graph: Graph):
    """DB-07, DB-16, DB-22."""
    url = environment(graph)["CODER_PG_CONNECTION_URL"]["value"]
    endpoint = graph.one("aws:rds/cluster:Cluster").outputs["endpoint"]
    assert url == f"postgres://coderd@{endpoint}:5432/coder?sslmode=verify-full&sslrootcert=/etc/coder/rds/rds.pem"


def test_a_first_preview_knows_every_variable_but_the_endpoint(deploy: Deploy, graph: Graph):
    """Property 6: policies read the release's values before anything exists; no resource is declared inside an apply."""
    preview = deploy(program(), preview=True)
    assert [node.urn for node in preview.nodes] == [node.urn for node in graph.nodes]
    known = environment(preview)
    assert known["CODER_PROVISIONER_DAEMONS"]["value"] == "0"
    assert known.keys() == environment(graph).keys()


def test_no_secret_stands_in_the_values_or_anywhere_else(graph: Graph):
    """CDR-09, CDR-41, DB-08, EKS-27: names and references only."""
    for name in ("CODER_OIDC_CLIENT_SECRET", "CODER_EXTERNAL_AUTH_0_CLIENT_SECRET", "CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS"):
        assert set(environment(graph)[name]) == {"name", "valueFrom"}
    assert not graph.of("kubernetes:core/v1:Secret")
    assert not [node for node in graph.nodes if node.type.startswith("aws:secretsmanager/secretVersion")]


def test_every_referenced_secret_is_made_by_an_external_secret_with_that_key(graph: Graph):
    """CDR-09, CDR-41."""
    made = {(node.inputs["metadata"]["name"], data["secretKey"]) for node in graph.of(CUSTOM) for data in node.inputs["spec"]["data"]}
    references = [entry["valueFrom"]["secretKeyRef"] for entry in environment(graph).values() if "valueFrom" in entry]
    references += [entry["valueFrom"]["secretKeyRef"] for entry in pod(graph)["containers"][0]["env"] if "valueFrom" in entry]
    assert {(reference["name"], reference["key"]) for reference in references} == made


def test_an_unread_chart_is_refused_before_anything_is_declared(deploy: Deploy):
    with pytest.raises(UnknownChartValueError, match="is not covered"):
        deploy(program(chart_version="1.0.0"))


# What the chart lacks


def test_the_service_is_inside_the_cluster_and_its_port_is_the_containers(graph: Graph):
    """CDR-25, T-25."""
    spec = graph.one(SERVICE).inputs["spec"]
    (port,) = spec["ports"]
    assert (spec["type"], spec["selector"], port["port"], port["targetPort"]) == ("ClusterIP", SELECTOR, 8080, 8080)


def test_pulumi_does_not_wait_for_pods_behind_a_service_that_comes_before_them(graph: Graph):
    assert graph.one(SERVICE).inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_the_binding_joins_the_service_to_the_target_group(graph: Graph):
    """CDR-25, T-76."""
    assert graph.one(BINDING).inputs["spec"] == {
        "serviceRef": {"name": "coder", "port": 8080},
        "targetGroupARN": "arn:of-the-target-group",
        "targetType": "ip",
        "ipAddressType": "ipv4",
        "vpcID": "vpc-1",
    }


def test_one_replica_goes_at_a_time(graph: Graph):
    """EKS-34."""
    assert graph.one(BUDGET).inputs["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": SELECTOR}}


def test_policies_reach_the_wire_with_kubernetes_own_names(graph: Graph):
    """NET-33: `from` and `except` are keywords of Python."""
    spec = graph.one(POLICY, "coder").inputs["spec"]
    assert spec["ingress"][0]["from"][0] == {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16"]}}
    assert {node.inputs["metadata"]["name"] for node in graph.of(POLICY)} == {"coder", "coder-database-role"}


def test_no_autoscaler_is_declared(graph: Graph):
    """CDR-03, Property 4."""
    assert not [node for node in graph.nodes if "autoscal" in node.type.lower()]


# Order


def after(graph: Graph) -> list[Node]:
    """What coderd needs before it starts."""
    return [graph.one(JOB), graph.one(BINDING), graph.one(SERVICE), *graph.of(CUSTOM), *graph.of(POLICY), *graph.of(ACCOUNT)]


def test_coderd_comes_after_its_role_its_secrets_and_its_binding(graph: Graph):
    """DB-16, CDR-25: a pod that is there before the binding would serve before it is a target."""
    assert all(graph.waits_for(graph.one(RELEASE), node) for node in after(graph))


def test_the_job_comes_after_the_first_database_instance_and_the_masters_secret(graph: Graph):
    """DB-08, DB-16."""
    (master,) = [node for node in graph.of(CUSTOM) if node.inputs["metadata"]["name"] == "coder-database-master"]
    instances = graph.of("aws:rds/clusterInstance:ClusterInstance")
    assert all(graph.waits_for(graph.one(JOB), node) for node in [master, *instances])


def test_custom_resources_come_after_the_add_ons_that_know_them(graph: Graph):
    add_on = graph.one(CONFIG, "add-on")
    assert all(graph.waits_for(node, add_on) for node in [graph.one(BINDING), graph.one(STORE), *graph.of(CUSTOM)])


def test_declared_facts_are_its_inputs_and_outputs(graph: Graph):
    """Decision 10."""
    component, outputs = graph.component("coder-eks:coder_server:CoderServer")
    assert component.inputs == {
        "version": "2.34.0",
        "chart_version": "2.34.0",
        "replicas": 3,
        "access_url": "https://coder.example.com",
        "wildcard_host": "*.coder.example.com",
        "password_login": False,
        "provisioner_daemons": 0,
        "node_group": "coder-control",
    }
    assert component.inputs.items() <= outputs.items()
    assert outputs["internal_url"] == "http://coder.coder.svc.cluster.local:8080"


def test_a_stack_of_another_region_uses_that_regions_roots_and_arns(deploy: Deploy):
    graph = deploy(program(region="eu-west-2"))
    assert environment(graph)["AWS_REGION"]["value"] == "eu-west-2"
    assert statements(graph, "coder")[0]["Resource"].startswith("arn:aws:rds-db:eu-west-2:")
    roots = graph.one(CONFIG, "coder-database-role-certificates").inputs["data"]["rds.pem"]
    other = deploy(program()).one(CONFIG, "coder-database-role-certificates").inputs["data"]["rds.pem"]
    assert roots != other


def test_everything_stands_under_the_component(graph: Graph):
    """Decision 10: a destroy of the component leaves nothing behind."""
    alone = sorted((node.type, node.name) for node in graph.nodes if node.parent.split("::")[2] == "pulumi:pulumi:Stack")
    assert alone == [
        ("coder-eks:coder_server:CoderServer", "coder"),
        ("coder-eks:database:Database", "database"),
        (CONFIG, "add-on"),
        ("kubernetes:core/v1:Namespace", "coder"),
    ]


# Kubernetes' own schema


def objects(graph: Graph) -> list[dict[str, Any]]:
    """Every built-in object of the graph, as the API server gets it."""
    found: list[dict[str, Any]] = []
    for node in graph.nodes:
        package, version, kind = f"{node.type}::".split(":")[:3]
        if package == "kubernetes" and node.type not in (RELEASE, CUSTOM, STORE, BINDING):
            found.append({"apiVersion": version.removeprefix("core/"), "kind": kind, **node.inputs})
    return found


def test_every_object_fits_kubernetes_schema(graph: Graph):
    for made in objects(graph):
        kubernetes_validate.validate(made, KUBERNETES, strict=True)


def test_what_the_chart_hands_on_fits_kubernetes_schema(graph: Graph):
    """Decision 4: keys below affinity, resources or securityContext are Kubernetes', and the chart passes a misspelt one on."""
    values = graph.one(RELEASE).inputs["values"]["coder"]
    container = {"name": "coder", "image": "coder", **{key: values[key] for key in ("env", "resources", "securityContext", "volumeMounts")}}
    spec = {key: values[key] for key in ("affinity", "nodeSelector", "tolerations", "topologySpreadConstraints", "volumes")}
    metadata = {"labels": SELECTOR, "annotations": values["podAnnotations"]}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coder"},
        "spec": {"selector": {"matchLabels": SELECTOR}, "template": {"metadata": metadata, "spec": {"containers": [container], **spec}}},
    }
    kubernetes_validate.validate(deployment, KUBERNETES, strict=True)
