"""Provisioners on the resource graph."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pulumi_coderd as coderd
import pytest
from pulumi_kubernetes.core.v1 import Namespace

from components.coder_access import CoderAccess, CoderAccessArgs
from components.coder_values import Placement
from components.identity import ClusterIdentity
from components.provisioners import Provisioners, ProvisionersArgs
from settings.cluster import IdentityMode
from tests.components.conftest import Deploy
from tests.components.graph import Graph
from tests.components.test_provisioner_values import PLAN

ORGANIZATION = "c0de0000-0000-4000-8000-000000000001"
CALLS = {
    "aws:secretsmanager/getSecretVersion:getSecretVersion": {"secretString": "licence-canary"},
    "coderd:index/getOrganization:getOrganization": {"id": ORGANIZATION, "name": "coder", "isDefault": True},
}


def arguments(provider: coderd.Provider, organization_id: object = ORGANIZATION, **changes: object) -> ProvisionersArgs:
    args = ProvisionersArgs(
        plan=PLAN,
        system="prod",
        region="us-east-1",
        chart_version="2.34.0",
        coder_version="2.34.0",
        coder_url="http://coder.coder.svc:8080",
        coder_namespace="coder",
        namespace="coder-prov",
        workspace_namespace="coder-ws",
        placement=Placement(key="coder.com/node-group", group="coder-prov"),
        identity=ClusterIdentity(
            mode=IdentityMode.IRSA, cluster_name="coder", oidc_provider_arn="arn:aws:iam::1:oidc-provider/x", oidc_issuer="oidc.example.com"
        ),
        organization_id=organization_id,  # type: ignore[arg-type]
        coderd=provider,
        key_made_on=date(2026, 11, 21),
    )
    return replace(args, **changes)


@pytest.fixture
def graph(deploy: Deploy) -> Graph:
    def program() -> None:
        reach = CoderAccess(
            "coder", CoderAccessArgs(url="https://coder.example.com", token="token-canary", license_secret="coder/prod/license")
        )
        Provisioners("provisioners", arguments(reach.provider, reach.organization_id, licensed=reach.licensed))

    return deploy(program, calls=CALLS, outputs={"coderd:index/provisionerKey:ProvisionerKey": {"key": "key-canary"}})


def test_the_release_is_pinned_and_in_its_own_namespace(graph: Graph):
    """PRV-01."""
    release = graph.one("kubernetes:helm.sh/v3:Release")
    assert (release.inputs["chart"], release.inputs["version"], release.inputs["namespace"]) == (
        "coder-provisioner",
        "2.34.0",
        "coder-prov",
    )
    assert release.inputs["repositoryOpts"] == {"repo": "https://helm.coder.com/v2"}
    assert release.inputs["values"]["coder"]["image"] == {"tag": "v2.34.0"}


def test_the_key_is_of_the_organisation_and_carries_the_tags(graph: Graph):
    """PRV-06, PRV-09."""
    key = graph.one("coderd:index/provisionerKey:ProvisionerKey")
    assert key.inputs == {"name": "prod-20261121", "organizationId": ORGANIZATION, "tags": {"environment": "prod"}}


def test_the_key_goes_into_the_secret_that_the_chart_reads_and_stays_secret(graph: Graph):
    """PRV-06, CDR-41."""
    secret = graph.one("kubernetes:core/v1:Secret")
    daemon = graph.one("kubernetes:helm.sh/v3:Release").inputs["values"]["provisionerDaemon"]
    assert secret.inputs["metadata"]["name"] == daemon["keySecretName"]
    assert secret.inputs["stringData"] == {daemon["keySecretKey"]: "key-canary"}
    assert "stringData" in secret.secrets


def test_the_release_waits_for_key_role_rights_and_network_policy(graph: Graph):
    release = graph.one("kubernetes:helm.sh/v3:Release")
    for type_, name in (
        ("kubernetes:core/v1:Secret", None),
        ("kubernetes:core/v1:ServiceAccount", "provisioners"),
        ("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "provisioners-workspaces"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", None),
    ):
        assert graph.waits_for(release, graph.one(type_, name)), type_


def test_builds_may_act_in_the_workspaces_namespace_only(graph: Graph):
    """PRV-12, EKS-35."""
    role = graph.one("kubernetes:rbac.authorization.k8s.io/v1:Role", "provisioners-workspaces")
    assert role.inputs["metadata"]["namespace"] == "coder-ws"
    assert not any("*" in rule[key] for rule in role.inputs["rules"] for key in ("apiGroups", "resources", "verbs"))
    assert not graph.of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
    binding = graph.one("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "provisioners-workspaces")
    assert binding.inputs["subjects"] == [{"kind": "ServiceAccount", "name": "coder-provisioner", "namespace": "coder-prov"}]


def test_the_scheduler_may_scale_this_one_deployment_and_nothing_else(graph: Graph):
    """PRV-04."""
    role = graph.one("kubernetes:rbac.authorization.k8s.io/v1:Role", "coder-provisioner-schedule")
    assert role.inputs["rules"] == [
        {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["coder-provisioner"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["deployments/scale"], "resourceNames": ["coder-provisioner"], "verbs": ["get", "patch"]},
    ]


def test_the_jobs_keep_the_clock_of_the_people_and_never_scale_to_none(graph: Graph):
    """PRV-04, EKS-19, T-30."""
    jobs = graph.of("kubernetes:batch/v1:CronJob")
    told = {}
    for job in jobs:
        spec = job.inputs["spec"]
        assert spec["timeZone"] == "America/New_York"
        args = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
        told[spec["schedule"]] = next(arg for arg in args if arg.startswith("--replicas="))
    assert told == {"45 6-17 * * 1-5": "--replicas=140", "15 18 * * 1-5": "--replicas=2"}


def test_the_first_release_is_ready_on_the_nodes_that_always_stand(graph: Graph):
    """The chart's value is the floor: Helm would wait in vain for the peak's pods on the floor's nodes."""
    assert graph.one("kubernetes:helm.sh/v3:Release").inputs["values"]["coder"]["replicaCount"] == 2


def test_every_pod_of_ours_is_restricted(graph: Graph):
    """EKS-13: Pod Security `restricted`."""
    for job in graph.of("kubernetes:batch/v1:CronJob"):
        pod = job.inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert all(c["securityContext"]["capabilities"] == {"drop": ["ALL"]} for c in pod["containers"])
        assert all("@sha256:" in c["image"] for c in pod["containers"])


def test_provisioners_reach_dns_coderd_and_tls_but_no_instance_metadata(graph: Graph):
    spec = graph.one("kubernetes:networking.k8s.io/v1:NetworkPolicy").inputs["spec"]
    assert spec["podSelector"] == {
        "matchExpressions": [
            {"key": "app.kubernetes.io/name", "operator": "In", "values": ["coder-provisioner", "coder-provisioner-schedule"]}
        ]
    }
    assert spec["policyTypes"] == ["Egress", "Ingress"]
    outside = [peer["ipBlock"] for rule in spec["egress"] for peer in rule["to"] if "ipBlock" in peer]
    assert outside == [{"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}]
    assert sorted(port["port"] for rule in spec["egress"] for port in rule["ports"]) == [53, 53, 443, 8080]


def test_the_role_passes_workspace_roles_to_ec2_only(graph: Graph):
    """EKS-24: CoderProvRole."""
    document = json.loads(graph.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    passing = [statement for statement in document["Statement"] if "iam:PassRole" in statement["Action"]]
    assert [statement["Resource"] for statement in passing] == ["arn:aws:iam::123456789012:role/coder-workspaces/*"]
    assert passing[0]["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_the_service_account_carries_the_role(graph: Graph):
    """PRV-08."""
    account = graph.one("kubernetes:core/v1:ServiceAccount", "provisioners")
    role = graph.one("aws:iam/role:Role")
    assert account.inputs["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": role.outputs["arn"]}


def test_the_component_declares_what_policies_judge(graph: Graph):
    """Decision 10: as inputs and as outputs."""
    node, registered = graph.component("coder-eks:provisioners:Provisioners")
    assert node.inputs["replicas"] == registered["replicas"] == {"floor": 2, "peak": 140}
    assert registered["tags"] == {"environment": "prod"}


def test_everything_waits_for_the_clusters_namespaces(deploy: Deploy):
    """They come first and go last: a release can't be taken out of a namespace that is gone."""

    def program() -> None:
        spaces = {name: Namespace(name, metadata={"name": name}).metadata.name for name in ("coder-prov", "coder-ws")}
        Provisioners("provisioners", arguments(coderd.Provider("coder", url="https://coder.example.com", token="t"), namespaces=spaces))

    graph = deploy(program)
    namespaces = {node.name: node for node in graph.of("kubernetes:core/v1:Namespace")}
    inside = [node for node in graph.nodes if node.type.startswith("kubernetes:") and node.name not in namespaces]
    assert len(inside) == 11
    for node in inside:
        home = namespaces["coder-ws" if node.name == "provisioners-workspaces" else "coder-prov"]
        assert graph.waits_for(node, home), node.name


def test_the_token_is_a_secret_of_the_provider(graph: Graph):
    assert "token" in graph.one("pulumi:providers:coderd").secrets


def test_pod_identity_reaches_the_agent_that_hands_out_credentials(deploy: Deploy):
    """EKS-28."""

    def program() -> None:
        provider = coderd.Provider("coder", url="https://coder.example.com", token="t")
        mode = ClusterIdentity(mode=IdentityMode.POD_IDENTITY, cluster_name="coder", oidc_provider_arn="", oidc_issuer="")
        Provisioners("provisioners", arguments(provider, identity=mode))

    spec = deploy(program).one("kubernetes:networking.k8s.io/v1:NetworkPolicy").inputs["spec"]
    assert {"cidr": "169.254.170.23/32"} in [peer["ipBlock"] for rule in spec["egress"] for peer in rule["to"] if "ipBlock" in peer]


def test_the_graph_stands_at_a_first_preview(deploy: Deploy):
    """Unknowns of coderd and AWS keep nothing from being declared."""

    def program() -> None:
        reach = CoderAccess("coder", CoderAccessArgs(url="https://coder.example.com", token="t"))
        Provisioners("provisioners", arguments(reach.provider, reach.organization_id))

    graph = deploy(program, calls=CALLS, preview=True)
    assert graph.one("kubernetes:helm.sh/v3:Release")
    assert len(graph.of("kubernetes:batch/v1:CronJob")) == 2


def test_the_key_waits_for_the_licence(graph: Graph):
    """CDR-19: coderd gives no key to a deployment without one."""
    key = graph.one("coderd:index/provisionerKey:ProvisionerKey")
    assert graph.waits_for(key, graph.one("coderd:index/license:License"))
