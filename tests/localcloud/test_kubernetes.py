"""Kubernetes objects, custom kinds and releases, as pulumi-kubernetes and an API server treat them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from localcloud.kinds.model import UNKNOWN
from localcloud.kubernetes_rules import quantity
from tests.localcloud.clusters import TAINT, TestCluster, kubeconfig, make_cluster
from tests.localcloud.engine_side import CallRefusedError, Cloud, Instance, State, refused, unknown

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
RELEASE = "kubernetes:helm.sh/v3:Release"
BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
EXTERNAL = "kubernetes:external-secrets.io/v1:ExternalSecret"
STORE = "kubernetes:external-secrets.io/v1:SecretStore"
ESO = {
    "chart": "external-secrets",
    "version": "0.20.1",
    "repositoryOpts": {"repo": "https://charts.external-secrets.io"},
    "namespace": "kube-system",
}
CODER = {"chart": "coder", "version": "2.34.0", "repositoryOpts": {"repo": "https://helm.coder.com/v2"}, "namespace": "coder"}


@pytest.fixture
def cluster(cloud: Cloud) -> TestCluster:
    return make_cluster(cloud)


@pytest.fixture
def api(cluster: TestCluster) -> Instance:
    return cluster.kubernetes


def namespace(api: Instance, name: str = "coder") -> State:
    return api.create(NAMESPACE, name, {"metadata": {"name": name}})


def deployment(**pod: Any) -> dict[str, Any]:
    labels = {"app": "x"}
    spec = {"containers": [{"name": "x", "image": "x"}], **pod}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {"metadata": {"name": "x", "namespace": "coder"}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def test_a_name_left_out_is_the_logical_one_and_eight_characters_and_kept(api: Instance) -> None:
    made = api.create(CONFIG, "settings", {"data": {"a": "1"}})
    assert re.fullmatch(r"settings-[a-z0-9]{8}", made["metadata"]["name"])
    assert made["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    again, _failures = api.check(CONFIG, "settings", {"data": {"a": "2"}}, made.inputs)
    assert again["metadata"]["name"] == made["metadata"]["name"]


def test_ids_are_namespace_and_name(api: Instance) -> None:
    assert namespace(api).id == "coder"
    assert api.create(CONFIG, "a", {"metadata": {"name": "a", "namespace": "coder"}}).id == "coder/a"


def test_an_object_without_a_namespace_goes_to_the_providers_or_to_default(cloud: Cloud, cluster: TestCluster) -> None:
    assert cluster.kubernetes.create(CONFIG, "a", {"metadata": {"name": "a"}}).id == "default/a"
    elsewhere = cloud.provider("kubernetes", kubeconfig=kubeconfig(cluster.cluster), namespace="kube-system")
    assert elsewhere.create(CONFIG, "a", {"metadata": {"name": "a"}}).id == "kube-system/a"


def test_the_server_adds_its_fields(api: Instance) -> None:
    metadata = namespace(api)["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", metadata["uid"])
    assert metadata["resourceVersion"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["creationTimestamp"])


def test_before_a_create_only_what_the_server_adds_is_unknown(api: Instance) -> None:
    outputs = api.preview(SERVICE, "x", {"metadata": {"name": "x", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}})
    assert outputs["metadata"]["name"] == "x"
    assert outputs["metadata"]["uid"] is UNKNOWN
    assert outputs["spec"]["clusterIP"] is UNKNOWN
    assert outputs["spec"]["ports"] == [{"port": 80}]
    assert unknown(outputs) == {"status"}


def test_an_object_in_a_missing_namespace_is_refused(api: Instance) -> None:
    with refused("NotFound"):
        api.create(CONFIG, "a", {"metadata": {"name": "a", "namespace": "missing"}})


def test_a_second_object_of_the_name_is_refused(api: Instance) -> None:
    api.create(CONFIG, "a", {"metadata": {"name": "a"}})
    with refused("AlreadyExists"):
        api.create(CONFIG, "b", {"metadata": {"name": "a"}})
    with refused("AlreadyExists"):
        api.create(NAMESPACE, "x", {"metadata": {"name": "kube-system"}})


def test_a_deleted_namespace_takes_its_objects_along(api: Instance) -> None:
    home = namespace(api)
    inside = api.create(CONFIG, "a", {"metadata": {"name": "a", "namespace": "coder"}})
    api.delete(home)
    assert api.read(inside) is None
    api.delete(inside)


def test_a_deleted_cluster_takes_its_objects_along(cloud: Cloud, cluster: TestCluster) -> None:
    namespace(cluster.kubernetes)
    cluster.aws.delete(cluster.cluster)
    assert not [record for record in cloud.store.records() if record.resource.token.startswith("kubernetes:")]


def test_two_clusters_are_kept_apart(cloud: Cloud) -> None:
    first, second = make_cluster(cloud, "one"), make_cluster(cloud, "two", "us-west-2")
    made = namespace(first.kubernetes)
    assert second.kubernetes.read(made) is None
    namespace(second.kubernetes)


def test_a_cluster_that_does_not_exist_is_unreachable(cloud: Cloud) -> None:
    nowhere = cloud.provider("kubernetes", kubeconfig='{"clusters":[{"name":"a","cluster":{"server":"https://nowhere"}}]}')
    with refused("Unreachable"):
        nowhere.create(NAMESPACE, "a", {"metadata": {"name": "a"}})


def test_a_kubeconfig_of_another_cluster_replaces_the_provider(cloud: Cloud) -> None:
    first, second = make_cluster(cloud, "one"), make_cluster(cloud, "two", "us-west-2")
    one, two = ({"kubeconfig": kubeconfig(each.cluster)} for each in (first, second))
    assert list(first.kubernetes.diff_settings(one, two).replaces) == ["kubeconfig"]
    assert not first.kubernetes.diff_settings(one, one | {"namespace": "a"}).replaces


@pytest.mark.parametrize(
    ("token", "before", "after", "path"),
    [
        (CONFIG, {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, "metadata.name"),
        (CONFIG, {"data": {"a": "1"}}, {"data": {"a": "2"}}, "data.a"),
        (SERVICE, {"spec": {"clusterIP": "172.20.0.9"}}, {"spec": {"clusterIP": "172.20.0.8"}}, "spec.clusterIP"),
        (
            "kubernetes:storage.k8s.io/v1:StorageClass",
            {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}},
            {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp2"}},
            "parameters.type",
        ),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}},
            {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "b"}},
            "roleRef.name",
        ),
    ],
)
def test_what_the_server_does_not_let_change_replaces(api: Instance, token: str, before: Any, after: Any, path: str) -> None:
    metadata = {"metadata": {"name": "x"}}
    made = api.create(token, "x", {**metadata, **before})
    assert api.diff(made, {**metadata, **after}) == {path: "UPDATE_REPLACE"}
    assert api.deletes_first(made, {**metadata, **after})


def test_an_object_with_a_name_of_its_own_is_deleted_before_its_successor_and_an_autonamed_one_is_not(api: Instance) -> None:
    made = api.create(CONFIG, "x", {"data": {"a": "1"}})
    assert not api.deletes_first(made, {"data": {"a": "2"}})


def test_config_maps_change_in_place_where_the_provider_is_told_so(cloud: Cloud, cluster: TestCluster) -> None:
    mutable = cloud.provider("kubernetes", kubeconfig=kubeconfig(cluster.cluster), enableConfigMapMutable="true")
    made = mutable.create(CONFIG, "x", {"data": {"a": "1"}})
    assert mutable.diff(made, {"data": {"a": "2"}}) == {"data.a": "UPDATE"}


def test_a_change_in_place_keeps_what_the_server_added(api: Instance) -> None:
    made = api.create(SERVICE, "x", {"metadata": {"name": "x"}, "spec": {"ports": [{"port": 80}]}})
    changed = api.update(made, {"metadata": {"name": "x"}, "spec": {"ports": [{"port": 81}]}})
    assert changed["spec"]["clusterIP"] == made["spec"]["clusterIP"]
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]
    assert changed["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("token", "inputs", "where"),
    [
        (CONFIG, {"metadata": {"name": "Upper"}}, "metadata.name"),
        (NAMESPACE, {"metadata": {"name": "with.dot"}}, "metadata.name"),
        (SERVICE, {"metadata": {"name": "1st"}}, "metadata.name"),
        (CONFIG, {"metadata": {"labels": {"a b": "c"}}}, "metadata.labels.a b"),
        (CONFIG, {"metadata": {"labels": {"a": "not a value"}}}, "metadata.labels.a"),
        (
            DEPLOYMENT,
            deployment(containers=[{"name": "x", "resources": {"requests": {"memory": "1 Gi"}}}]),
            "spec.template.spec.containers[*].resources.requests.memory",
        ),
        (
            DEPLOYMENT,
            {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "c"}}}}},
            "spec.template.metadata.labels",
        ),
        (DEPLOYMENT, deployment(containers=[{"name": "x", "imge": "x"}]), "spec.template.spec.containers[0].imge"),
        (CONFIG, {"data": {"a": 1}}, "data.a"),
    ],
)
def test_what_a_server_refuses_in_an_object_alone_is_refused_at_preview(api: Instance, token: str, inputs: Any, where: str) -> None:
    _inputs, failures = api.check(token, "x", inputs)
    assert list(failures) == [where]


@pytest.mark.parametrize("text", ["1", "100m", "0.5", "4Gi", "1e3", "10M", "1Ki"])
def test_a_quantity_parses(text: str) -> None:
    assert quantity(text)


@pytest.mark.parametrize("text", ["", "1 Gi", "Gi", "1GiB", "ten", "1gi"])
def test_what_is_no_quantity_does_not(text: str) -> None:
    assert not quantity(text)


def test_rbac_names_may_hold_colons(api: Instance) -> None:
    api.create("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "x", {"metadata": {"name": "coder:reader"}, "rules": []})


def test_a_custom_kind_exists_from_its_chart_on(api: Instance) -> None:
    binding = {"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding", "metadata": {"name": "x"}, "spec": {}}
    with refused("NotFound"):
        api.create(BINDING, "x", binding)
    chart = {"chart": "aws-load-balancer-controller", "version": "1.13.4", "repositoryOpts": {"repo": "https://aws.github.io/eks-charts"}}
    api.create(RELEASE, "lbc", {**chart, "namespace": "kube-system"})
    assert api.create(BINDING, "x", binding).id == "default/x"


def test_a_custom_kind_exists_from_its_definition_on(api: Instance) -> None:
    names = {"plural": "things", "kind": "Thing"}
    versions = [{"name": "v1", "served": True, "storage": True}]
    spec = {"group": "example.com", "names": names, "scope": "Cluster", "versions": versions}
    definition = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "x"}}
    with refused("NotFound"):
        api.create("kubernetes:example.com/v1:Thing", "x", thing)
    api.create(definition, "things", {"metadata": {"name": "things.example.com"}, "spec": spec})
    assert api.create("kubernetes:example.com/v1:Thing", "x", thing).id == "x"


def test_a_version_of_a_custom_kind_that_is_not_served_is_refused(api: Instance) -> None:
    api.create(RELEASE, "eso", ESO)
    with refused("NotFound"):
        api.create(
            "kubernetes:external-secrets.io/v1beta1:SecretStore",
            "x",
            {"apiVersion": "external-secrets.io/v1beta1", "kind": "SecretStore", "metadata": {"name": "x"}},
        )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"version": None}, "version"),
        ({"version": "latest"}, "version"),
        ({"repositoryOpts": None}, "repositoryOpts.repo"),
        ({"repositoryOpts": {"repo": "https://helm.example.com"}}, "chart"),
        ({"chart": "codr"}, "chart"),
        ({"name": "Upper"}, "name"),
        ({"vlues": {}}, "vlues"),
    ],
)
def test_a_release_that_helm_could_not_load_is_refused_at_preview(api: Instance, change: dict[str, Any], where: str) -> None:
    _inputs, failures = api.check(RELEASE, "coder", {**CODER, **change})
    assert list(failures) == [where]


def test_a_release_is_deployed_into_a_namespace_that_exists(api: Instance) -> None:
    with refused("NotFound"):
        api.create(RELEASE, "coder", CODER)
    namespace(api)
    made = api.create(RELEASE, "coder", CODER)
    assert made.id == f"coder/{made['name']}"
    assert re.fullmatch(r"coder-[0-9a-f]{8}", made["name"])
    assert made["status"]["status"] == "deployed"
    assert made["status"]["revision"] == 1
    changed = api.update(made, {**CODER, "values": {"coder": {}}})
    assert changed["status"]["revision"] == 2
    assert changed["name"] == made["name"]


def test_a_release_makes_the_namespace_that_it_is_told_to(api: Instance) -> None:
    api.create(RELEASE, "coder", {**CODER, "createNamespace": True})
    api.create(CONFIG, "a", {"metadata": {"name": "a", "namespace": "coder"}})


def test_a_release_name_is_used_once(api: Instance) -> None:
    namespace(api)
    api.create(RELEASE, "a", {**CODER, "name": "coder"})
    with refused("AlreadyExists"):
        api.create(RELEASE, "b", {**CODER, "name": "coder"})


def test_another_name_or_namespace_replaces_a_release_and_values_do_not(api: Instance) -> None:
    namespace(api)
    made = api.create(RELEASE, "coder", {**CODER, "name": "coder"})
    assert api.diff(made, {**CODER, "name": "other"}) == {"name": "UPDATE_REPLACE"}
    assert api.diff(made, {**CODER, "name": "coder", "values": {"a": 1}}) == {"values": "ADD"}


def test_pods_without_a_node_are_told_so(api: Instance) -> None:
    namespace(api)
    with refused("NotReady"):
        api.create(DEPLOYMENT, "x", deployment())


def test_pods_start_where_a_node_group_takes_them(cluster: TestCluster) -> None:
    api = cluster.kubernetes
    namespace(api)
    cluster.add_nodes(labels={"coder.com/node-group": "coder-control"}, taints=[TAINT])
    with refused("NotReady"):
        api.create(DEPLOYMENT, "x", deployment())
    tolerates = [{"key": "coder.com/node-group", "operator": "Equal", "value": "coder-control", "effect": "NoSchedule"}]
    with refused("NotReady"):
        api.create(DEPLOYMENT, "x", deployment(tolerations=tolerates, nodeSelector={"coder.com/node-group": "coder-ws"}))
    api.create(DEPLOYMENT, "x", deployment(tolerations=tolerates, nodeSelector={"coder.com/node-group": "coder-control"}))


@pytest.mark.parametrize(
    "pod",
    [
        {"serviceAccountName": "missing"},
        {"containers": [{"name": "x", "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "missing", "key": "a"}}}]}]},
        {"containers": [{"name": "x", "envFrom": [{"configMapRef": {"name": "missing"}}]}]},
        {"volumes": [{"name": "v", "secret": {"secretName": "missing"}}]},
    ],
)
def test_pods_that_need_what_does_not_exist_do_not_start(cluster: TestCluster, pod: dict[str, Any]) -> None:
    cluster.add_nodes()
    namespace(cluster.kubernetes)
    with pytest.raises(CallRefusedError, match="'missing' does not exist in coder"):
        cluster.kubernetes.create(DEPLOYMENT, "x", deployment(**pod))


def test_an_external_secret_waits_for_its_store_and_its_value(cluster: TestCluster) -> None:
    api, aws = cluster.kubernetes, cluster.aws
    cluster.add_nodes()
    namespace(api)
    api.create(RELEASE, "eso", ESO)
    metadata = {"metadata": {"name": "oidc", "namespace": "coder"}}
    reference = {"key": "coder/prod/oidc", "property": "client_id"}
    spec = {"secretStoreRef": {"name": "store", "kind": "SecretStore"}, "data": [{"secretKey": "id", "remoteRef": reference}]}
    wanted = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", **metadata, "spec": spec}
    with pytest.raises(CallRefusedError, match="could not get SecretStore 'coder/store'"):
        api.create(EXTERNAL, "oidc", wanted)
    store = {"provider": {"aws": {"service": "SecretsManager", "region": "us-east-1"}}}
    head = {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore"}
    api.create(STORE, "store", {**head, "metadata": {"name": "store", "namespace": "coder"}, "spec": store})
    with pytest.raises(CallRefusedError, match="has no secret 'coder/prod/oidc'"):
        api.create(EXTERNAL, "oidc", wanted)
    secret = aws.create("aws:secretsmanager/secret:Secret", "oidc", {"name": "coder/prod/oidc"})
    version = aws.create("aws:secretsmanager/secretVersion:SecretVersion", "oidc", {"secretId": secret.id, "secretString": "plain"})
    with pytest.raises(CallRefusedError, match="no JSON object with the key 'client_id'"):
        api.create(EXTERNAL, "oidc", wanted)
    aws.delete(version)
    aws.create("aws:secretsmanager/secretVersion:SecretVersion", "oidc", {"secretId": secret.id, "secretString": '{"client_id": "x"}'})
    made = api.create(EXTERNAL, "oidc", wanted)
    pod = {"containers": [{"name": "x", "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "oidc", "key": "id"}}}]}]}
    api.create(DEPLOYMENT, "x", deployment(**pod))
    api.delete(made)


def test_the_data_of_a_secret_is_not_in_the_database(cloud: Cloud, api: Instance, tmp_path: Path) -> None:
    made = api.create(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"password": "CANARY-IN-CLUSTER"}})
    assert made["stringData"] == {"password": "CANARY-IN-CLUSTER"}
    fresh = api.read(made)
    assert fresh
    assert fresh["stringData"] == {"password": "CANARY-IN-CLUSTER"}
    assert b"CANARY-IN-CLUSTER" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert cloud.store.records()
