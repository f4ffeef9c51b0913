"""What runs in every cluster before Coder does: add-ons, controllers, namespaces, and what they may do."""

from __future__ import annotations

import json

import pytest

from settings.versions import Versions
from tests.components.clusters import ADD_ON, NODE_GROUP, RELEASE, other, prod
from tests.components.graph import Graph, Node

CONTROL = {"coder.com/node-group": "coder-control"}
TOLERATION = {"key": "coder.com/node-group", "operator": "Equal", "value": "coder-control", "effect": "NoSchedule"}
CHARTS = ("aws-load-balancer-controller", "cluster-autoscaler", "external-secrets", "metrics-server")


def add_on(graph: Graph, name: str) -> Node:
    return graph.one(ADD_ON, addonName=name)


def values(node: Node) -> dict:
    return json.loads(node.inputs["configurationValues"])


def release(graph: Graph, name: str) -> Node:
    return graph.one(RELEASE, chart=name)


def statements(graph: Graph, role: str) -> dict[str, dict]:
    return {s["Sid"]: s for s in json.loads(graph.one("aws:iam/rolePolicy:RolePolicy", role).inputs["policy"])["Statement"]}


def test_every_add_on_and_chart_is_pinned():
    """EKS-14, T-57"""
    graph, versions = prod(), Versions()
    inside = versions.in_cluster("1.33")
    pins = {
        "aws-ebs-csi-driver": inside.ebs_csi_driver,
        "coredns": inside.coredns,
        "kube-proxy": inside.kube_proxy,
        "vpc-cni": inside.vpc_cni,
    }
    assert {n.inputs["addonName"]: n.inputs["addonVersion"] for n in graph.of(ADD_ON)} == pins
    assert {n.inputs["chart"]: n.inputs["version"] for n in graph.of(RELEASE)} == {
        "aws-load-balancer-controller": versions.charts.load_balancer_controller,
        "cluster-autoscaler": versions.charts.cluster_autoscaler,
        "external-secrets": versions.charts.external_secrets,
        "metrics-server": versions.charts.metrics_server,
    }
    assert all(n.inputs["repositoryOpts"]["repo"].startswith("https://") for n in graph.of(RELEASE))


def test_the_cni_stands_before_the_first_node_and_enforces_policies():
    """EKS-15, T-25"""
    graph = prod()
    cni = add_on(graph, "vpc-cni")
    assert values(cni)["enableNetworkPolicy"] == "true"
    assert all(graph.waits_for(group, cni) for group in graph.of(NODE_GROUP))


def test_the_cni_takes_addresses_as_the_plan_counts_them():
    """T-05"""
    snat = {"AWS_VPC_K8S_CNI_EXTERNALSNAT": "true"}
    assert values(add_on(prod(), "vpc-cni"))["env"] == {"WARM_ENI_TARGET": "1", **snat}
    assert values(add_on(other(), "vpc-cni"))["env"] == {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1", **snat}


@pytest.mark.parametrize("name", ["coredns", "aws-ebs-csi-driver"])
def test_what_needs_a_node_waits_for_the_control_group_and_tolerates_it(name: str):
    """EKS-12, EKS-14: else it hangs for 20 minutes."""
    graph = prod()
    node = add_on(graph, name)
    assert graph.waits_for(node, graph.one(NODE_GROUP, "cluster-coder-control"))
    placed = values(node) if name == "coredns" else values(node)["controller"]
    assert placed["nodeSelector"] == CONTROL
    assert placed["tolerations"] == [TOLERATION]


def test_the_ebs_driver_runs_on_every_node():
    """EKS-12"""
    assert values(add_on(prod(), "aws-ebs-csi-driver"))["node"] == {"tolerateAllTaints": True}


@pytest.mark.parametrize("chart", CHARTS)
def test_controllers_run_on_control_nodes_after_names_resolve(chart: str):
    """EKS-12, EKS-14"""
    graph = prod()
    node = release(graph, chart)
    parts = [node.inputs["values"]]
    if chart == "external-secrets":
        parts += [parts[0]["webhook"], parts[0]["certController"]]
    for part in parts:
        assert part["nodeSelector"] == CONTROL
        assert part["tolerations"] == [TOLERATION]
    assert graph.waits_for(node, add_on(graph, "coredns"))
    assert node.inputs["atomic"] is True


def test_the_load_balancer_controller_asks_no_metadata_and_makes_nothing():
    """T-76, decision 3: the hop limit is 1; balancers are resources of the program."""
    given = release(prod(), "aws-load-balancer-controller").inputs["values"]
    vpc = prod().one("aws:ec2/vpc:Vpc")
    assert (given["clusterName"], given["region"], given["vpcId"]) == ("coder-prod", "us-east-1", vpc.id)
    off = (
        "createIngressClassResource",
        "enableBackendSecurityGroup",
        "enableServiceMutatorWebhook",
        "enableShield",
        "enableWaf",
        "enableWafv2",
    )
    assert all(given[key] is False for key in off)


def test_the_load_balancer_controller_may_fill_this_systems_target_groups_only():
    """EKS-25, T-73"""
    granted = statements(prod(), "cluster-load-balancer-controller")
    writing = {action for s in granted.values() for action in s["Action"] if not action.split(":")[1].startswith("Describe")}
    assert writing == {"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"}
    assert granted["Targets"]["Condition"] == {"StringEquals": {"aws:ResourceTag/Environment": "prod"}}


def test_the_autoscaler_finds_and_may_scale_tagged_groups_only():
    """EKS-22, EKS-21"""
    graph = prod()
    given = release(graph, "cluster-autoscaler").inputs["values"]
    tag = graph.of("aws:autoscaling/tag:Tag")[0].inputs["tag"]
    assert given["autoDiscovery"] == {"clusterName": "coder-prod", "tags": [tag["key"]]}
    scale = statements(graph, "cluster-cluster-autoscaler")["Scale"]
    assert scale["Condition"] == {"StringEquals": {f"aws:ResourceTag/{tag['key']}": tag["value"]}}


def test_the_autoscaler_takes_empty_nodes_only():
    """T-83: the smallest workspace of prod requests 3 % of a node's CPU."""
    flags = release(prod(), "cluster-autoscaler").inputs["values"]["extraArgs"]
    assert flags["scale-down-utilization-threshold"] < 0.03
    assert flags["ignore-daemonsets-utilization"] is True


def test_each_controller_has_a_role_for_its_one_service_account():
    """EKS-25, EKS-26"""
    graph = prod()
    components = graph.of("coder-eks:identity:WorkloadIdentity")
    accounts = {(n.inputs["namespace"], n.inputs["service_account"]) for n in components}
    assert accounts == {
        ("kube-system", name) for name in ("aws-node", "ebs-csi-controller-sa", "aws-load-balancer-controller", "cluster-autoscaler")
    }
    for component in components:
        [role] = [n for n in graph.children(component) if n.type == "aws:iam/role:Role"]
        condition = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Condition"]["StringEquals"]
        subject = f"system:serviceaccount:kube-system:{component.inputs['service_account']}"
        assert sorted(condition.values()) == ["sts.amazonaws.com", subject]


def test_charts_make_the_accounts_that_their_roles_are_for():
    """EKS-26"""
    graph = prod()
    balancer = release(graph, "aws-load-balancer-controller").inputs["values"]["serviceAccount"]
    scaler = release(graph, "cluster-autoscaler").inputs["values"]["rbac"]["serviceAccount"]
    for account, role in ((balancer, "cluster-load-balancer-controller"), (scaler, "cluster-cluster-autoscaler")):
        assert account["annotations"] == {"eks.amazonaws.com/role-arn": graph.one("aws:iam/role:Role", role).outputs["arn"]}
    assert (balancer["name"], scaler["name"]) == ("aws-load-balancer-controller", "cluster-autoscaler")


def test_no_policy_allows_a_wildcard_action():
    """EKS-25"""
    for node in prod().of("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(node.inputs["policy"])["Statement"]:
            assert not [action for action in statement["Action"] if "*" in action], node.name


def test_whatever_may_write_everywhere_is_held_by_a_condition():
    """EKS-25: a statement that is more than a look names resources, or a condition, or both."""
    looks = ("Describe", "Get", "List")
    for node in prod().of("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(node.inputs["policy"])["Statement"]:
            if any(not action.split(":")[1].startswith(looks) for action in statement["Action"]):
                assert statement["Resource"] != "*" or statement.get("Condition"), (node.name, statement["Sid"])


def test_no_access_key_is_anywhere_in_values():
    """EKS-27"""
    text = json.dumps([n.inputs["values"] for n in prod().of(RELEASE)]).lower()
    assert "accesskey" not in text
    assert "secretkey" not in text


def test_pod_identity_brings_its_agent_and_binds_by_association():
    """EKS-28, EKS-14"""
    graph = other()
    agent = add_on(graph, "eks-pod-identity-agent")
    assert all(graph.waits_for(group, agent) for group in graph.of(NODE_GROUP))
    assert len(graph.of("aws:eks/podIdentityAssociation:PodIdentityAssociation")) == 5
    assert not [n.name for n in graph.of(ADD_ON) if "serviceAccountRoleArn" in n.inputs]


def test_under_pod_identity_external_secrets_may_take_the_roles_of_stores_and_no_more():
    """EKS-25, EKS-28: EKS looks at the association when a pod starts, so it is there before the release."""
    graph = other()
    name = "cluster-external-secrets"
    (statement,) = json.loads(graph.one("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        ["sts:AssumeRole", "sts:TagSession"],
        "arn:aws:iam::123456789012:role/coder-secret-stores/*",
    )
    association = graph.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", name)
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("external-secrets", "external-secrets")
    assert graph.waits_for(graph.one(RELEASE, name), association)
    assert not prod().of("aws:eks/podIdentityAssociation:PodIdentityAssociation")


def test_namespaces_are_closed_both_ways_but_for_names():
    """EKS-13, EKS-15"""
    graph = prod()
    for namespace in ("coder", "coder-prov", "coder-ws"):
        policies = {n.inputs["metadata"]["name"]: n.inputs["spec"] for n in graph.of("kubernetes:networking.k8s.io/v1:NetworkPolicy")
                    if n.inputs["metadata"]["namespace"] == namespace}  # fmt: skip
        assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        names = policies["allow-dns"]["egress"]
        assert [port["port"] for port in names[0]["ports"]] == [53, 53]
        assert names[0]["to"][0]["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}
        assert policies["allow-dns"]["policyTypes"] == ["Egress"]


def test_namespaces_enforce_pod_security_of_the_clusters_version():
    """EKS-13"""
    for namespace in prod().of("kubernetes:core/v1:Namespace"):
        labels = namespace.inputs["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
        assert labels["pod-security.kubernetes.io/enforce-version"] == "v1.33"


def test_the_default_class_of_disks_is_encrypted_and_lands_with_its_pod():
    """EKS-16, EKS-31"""
    graph = prod()
    disks = graph.one("kubernetes:storage.k8s.io/v1:StorageClass")
    assert disks.inputs["parameters"]["encrypted"] == "true"
    assert disks.inputs["volumeBindingMode"] == "WaitForFirstConsumer"
    assert disks.inputs["allowVolumeExpansion"] is True
    assert disks.inputs["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert graph.one("aws:kms/key:Key", "cluster-volumes") in graph.reference(disks, "parameters")


def test_workspaces_are_bounded_as_a_whole_and_one_by_one():
    """EKS-40"""
    graph = prod()
    hard = graph.one("kubernetes:core/v1:ResourceQuota").inputs["spec"]["hard"]
    assert (hard["pods"], hard["requests.cpu"], hard["requests.memory"], hard["requests.storage"]) == ("3000", "1500", "6000Gi", "300000Gi")
    container = graph.one("kubernetes:core/v1:LimitRange").inputs["spec"]["limits"][0]
    assert container["max"] == {"cpu": "8", "memory": "16Gi"}
    assert graph.one("kubernetes:core/v1:ResourceQuota").inputs["metadata"]["namespace"] == "coder-ws"


def test_workspaces_have_an_account_that_says_nothing_to_the_api():
    """EKS-36"""
    account = prod().one("kubernetes:core/v1:ServiceAccount")
    assert account.inputs["metadata"] == {"name": "coder-workspace", "namespace": "coder-ws"}
    assert account.inputs["automountServiceAccountToken"] is False
