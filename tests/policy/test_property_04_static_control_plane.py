"""**Feature: coder-deployment-guide, Property 4: Static Control Plane** (POL-04)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy.property_04_static_control_plane import commands_to_scale, targets_deployment
from policy.values import UNKNOWN
from tests.policy.graphs import ProdLike, prod_like
from tests.policy.judge import assert_open, run
from tests.policy.mutants import Mutant, assert_caught, cases
from tests.policy.test_property_01_infrastructure import put
from tests.policy.world import DEPLOYED, PREVIEW, Ref, Resource

SCALERS = {
    "kubernetes:autoscaling/v1:HorizontalPodAutoscaler": "scaleTargetRef",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": "scaleTargetRef",
    "kubernetes:autoscaling/v2beta2:HorizontalPodAutoscaler": "scaleTargetRef",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscalerPatch": "scaleTargetRef",
    "kubernetes:keda.sh/v1alpha1:ScaledObject": "scaleTargetRef",
    "kubernetes:autoscaling.k8s.io/v1:VerticalPodAutoscaler": "targetRef",
    "kubernetes:autoscaling.example.org/v1:CronHorizontalPodAutoscaler": "scaleTargetRef",
}


def scaler(built: ProdLike, kind: str, name: str = "coder", namespace: Any = "coder", target: str = "Deployment", **spec: Any) -> None:
    reference = {"apiVersion": "apps/v1", "kind": target, "name": name}
    inputs = {"metadata": {"name": "scaler", "namespace": namespace}, "spec": {SCALERS[kind]: reference, **spec}}
    built.make("scaler", kind, inputs)


def values(key: str, value: Any, *path: str):
    def change(built: ProdLike) -> None:
        place = built.parts["release"].inputs["values"]
        for step in path:
            place = place[step]
        place[key] = value

    return change


HPA = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "coder"}},
}


def cron(built: ProdLike, command: list[str], namespace: Any = "coder") -> None:
    pod = {"spec": {"containers": [{"command": ["kubectl"], "args": command}]}}
    inputs = {"metadata": {"name": "clock", "namespace": namespace}, "spec": {"jobTemplate": {"spec": {"template": pod}}}}
    built.make("clock", "kubernetes:batch/v1:CronJob", inputs)


def pod(built: ProdLike, *words: str, **more: Any) -> None:
    meta = {"name": "once", "namespace": built.home, **more.pop("metadata", {})}
    built.make("once", "kubernetes:core/v1:Pod", {"metadata": meta, "spec": {"containers": [{"args": list(words), **more}]}})


def on_control(type_token: str, **inputs: Any):
    def change(built: ProdLike) -> None:
        built.make("extra", type_token, {"autoscalingGroupName": control(built), **inputs})

    return change


ELSEWHERE = {"namespace": "kube-system"}
LITERAL = "eks-coder-control-52c8a1f0"  # as EKS calls an Auto Scaling group: after the node group


def control(built: ProdLike) -> Ref:
    return Ref(built.parts["coder-control"], "resources", "eks-coder-control")


def autoscaler(built: ProdLike, **given: Any) -> Resource:
    return built.make("autoscaler", "kubernetes:helm.sh/v3:Release", {"chart": "cluster-autoscaler", "values": given})


MUTANTS = [
    *(Mutant(kind.removeprefix("kubernetes:"), "scales coderd's Deployment", lambda b, kind=kind: scaler(b, kind)) for kind in SCALERS),
    *(
        Mutant(f"a job elsewhere {what}", "scales coderd's Deployment", lambda b, words=words: cron(b, words.split(), "kube-system"))
        for what, words in (
            ("by its namespace", "-n coder scale deployment/coder --replicas=1"),
            ("by its path", "patch --raw /apis/apps/v1/namespaces/coder/deployments/coder/scale"),
            ("by its version", "scale deployment.v1.apps/coder --namespace=coder --replicas=1"),
            ("by a label", "scale deployment -l app.kubernetes.io/name=coder -n coder --replicas=1"),
            ("with all others", "scale deployment --all -n coder --replicas=1"),
        )
    ),
    *(
        Mutant(
            f"a scaler in another chart's values as {what}",
            "brings a HorizontalPodAutoscaler for coderd in its values",
            lambda b, found=found: b.make("raw", "kubernetes:helm.sh/v3:Release", {"chart": "raw", "values": {"extraTemplates": [found]}}),
        )
        for what, found in (("an object", HPA), ("text", yaml.safe_dump(HPA)))
    ),
    Mutant(
        "a namespace known by its edge",
        "scales coderd's Deployment",
        lambda b: scaler(b, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", namespace=b.home),
    ),
    Mutant(
        "a list of scalers",
        "scales coderd's Deployment",
        lambda b: b.make(
            "list", "kubernetes:autoscaling/v2:HorizontalPodAutoscalerList", {"items": [{**HPA, "metadata": {"namespace": "coder"}}]}
        ),
    ),
    Mutant(
        "a pod elsewhere whose command is one",
        "scales coderd's Deployment",
        lambda b: pod(b, command=["kubectl", "-n", "coder", "scale", "deployment/coder"], metadata=ELSEWHERE),
    ),
    Mutant("a job by the clock", "scales coderd's Deployment", lambda b: cron(b, ["scale", "deployment/coder", "--replicas=1"])),
    Mutant(
        "a job by the clock, spelt apart",
        "scales coderd's Deployment",
        lambda b: cron(b, ["scale", "deployment", "coder", "--replicas", "9"]),
    ),
    *(
        Mutant(
            f"a {kind} that scales",
            "scales coderd's Deployment",
            lambda b, kind=kind, spec=spec: b.make(
                "once", f"kubernetes:{kind}", {"metadata": {"name": "once", "namespace": "coder"}, "spec": spec}
            ),
        )
        for kind, spec in {
            "batch/v1:Job": {"template": {"spec": {"initContainers": [{"args": ["scale", "deployment", "coder", "--replicas", "9"]}]}}},
            "core/v1:Pod": {"containers": [{"command": ["kubectl", "scale", "deployment", "coder", "--replicas", "9"]}]},
            "argoproj.io/v1alpha1:Workflow": {"script": "kubectl scale deployment/coder --replicas=9"},
        }.items()
    ),
    Mutant(
        "a scaler of coderd under another name",
        "scales coderd's Deployment api",
        lambda b: (values("nameOverride", "api")(b), scaler(b, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", name="api")),
    ),
    Mutant(
        "a scaler in the extras, of coderd under another name",
        "in extraTemplates",
        lambda b: (
            values("nameOverride", "api")(b),
            values("extraTemplates", [{**HPA, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "api"}}}])(b),
        ),
    ),
    Mutant(
        "a pod that scales coderd under another name",
        "scales coderd's Deployment api",
        lambda b: (values("nameOverride", "api")(b), pod(b, "scale", "deployment/api", "--replicas=9")),
    ),
    Mutant(
        "a pod that scales coderd after a scaler of nobody knows where",
        "scales coderd's Deployment api",
        lambda b: (
            values("nameOverride", "api")(b),
            scaler(b, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", name="api", namespace=UNKNOWN_STRING_VALUE),
            pod(b, "scale", "deployment/api", "--replicas=9"),
        ),
        (PREVIEW,),
    ),
    Mutant(
        "a discovery tag after a harmless one",
        "coderd's nodes are static",
        lambda b: (
            b.make("a-tag", "aws:autoscaling/tag:Tag", {"autoscalingGroupName": "other", "tag": {"key": "team", "value": "platform"}}),
            on_control("aws:autoscaling/tag:Tag", tag={"key": "karpenter.sh/discovery", "value": "coder"})(b),
        ),
    ),
    Mutant("a scaler in the chart's extras", "in extraTemplates", values("extraTemplates", [yaml.safe_dump(HPA)])),
    Mutant("a scaler in the chart's extras as object", "in extraTemplates", values("extraTemplates", [HPA])),
    Mutant(
        "a scaler in a template that is no YAML yet",
        "brings a scaler for coderd in extraTemplates",
        values("extraTemplates", ["{{- if .x }}\nkind: ScaledObject\nspec:\n  scaleTargetRef:\n    name: coder\n{{ end }}"]),
    ),
    Mutant("replicas that are text", "as coder.replicaCount", values("replicaCount", "3", "coder")),
    Mutant("no replicas", "has 0.0 as coder.replicaCount", values("replicaCount", 0, "coder")),
    Mutant("half a replica", "as coder.replicaCount", values("replicaCount", 1.5, "coder")),
    Mutant("one replica", "runs 1 replicas; prod needs 2", values("replicaCount", 1, "coder")),
    Mutant("values in a file", "takes values from files", lambda b: b.parts["release"].inputs.update(valueYamlFiles=["values.yaml"])),
    Mutant(
        "a schedule on coderd's nodes", "coderd's nodes are static", on_control("aws:autoscaling/schedule:Schedule", recurrence="0 1 * * *")
    ),
    Mutant(
        "a scaling policy on coderd's nodes",
        "coderd's nodes are static",
        on_control("aws:autoscaling/policy:Policy", policyType="TargetTrackingScaling"),
    ),
    Mutant(
        "a discovery tag on coderd's nodes",
        "coderd's nodes are static",
        on_control("aws:autoscaling/tag:Tag", tag={"key": "k8s.io/cluster-autoscaler/enabled", "value": "true"}),
    ),
    Mutant(
        "a discovery tag of the node group",
        "by which an autoscaler finds it",
        lambda b: b.parts["coder-control"].inputs["tags"].update({"k8s.io/cluster-autoscaler/coder": "owned"}),
    ),
    Mutant(
        "a discovery tag by the provider's default",
        "by which an autoscaler finds it",
        put("coder-control", "tagsAll", {"k8s.io/cluster-autoscaler/coder": "owned"}),
    ),
    *(
        Mutant(f"an autoscaler that {what}", reason, lambda b, given=given: autoscaler(b, **given(b)))
        for what, reason, given in (
            ("is given coderd's nodes", "coderd's nodes are static", lambda b: {"autoscalingGroups": [{"name": control(b), "maxSize": 9}]}),
            ("is given coderd's nodes by name", "coderd's nodes are static", lambda _: {"autoscalingGroups": [{"name": LITERAL}]}),
            ("looks for EKS's own tags", "tags that EKS gives to all", lambda _: {"autoDiscovery": {"clusterName": "coder-prod"}}),
            (
                "looks for EKS's own tags by their names",
                "tags that EKS gives to all",
                lambda _: {"autoDiscovery": {"clusterName": "coder-prod", "tags": ["k8s.io/cluster-autoscaler/enabled", "eks:x=y"]}},
            ),
        )
    ),
    Mutant(
        "the autoscaler's own tag on coderd's nodes",
        "coderd's nodes are static",
        lambda b: (
            autoscaler(b, autoDiscovery={"clusterName": "coder-prod", "tags": ["scaled=yes"]}),
            on_control("aws:autoscaling/tag:Tag", tag={"key": "scaled", "value": "yes"})(b),
        ),
    ),
    Mutant(
        "a schedule that names coderd's Auto Scaling group",
        "coderd's nodes are static",
        lambda b: b.make("extra", "aws:autoscaling/schedule:Schedule", {"autoscalingGroupName": LITERAL}),
    ),
    Mutant("no release", "no Helm release of the chart coder", lambda b: b.world.remove(b.parts["release"]), whole=True),
]


@cases(MUTANTS)
def test_a_broken_fact_is_named(mutant: Mutant, mode: str) -> None:
    assert_caught(mutant, mode, 4)


NAMES = ["coder", "coder-provisioner", "code", "my-coder", "coder2", "Coder", "coder.coder"]


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(sorted(SCALERS)),
    name=st.sampled_from(NAMES),
    namespace=st.sampled_from(["coder", "coder-ws", "coder-prov", "kube-system"]),
    target=st.sampled_from(["Deployment", "StatefulSet"]),
    mode=st.sampled_from(["Auto", "Recreate", "Off", "Initial", None]),
    override=st.sampled_from([None, "coder-provisioner"]),
    as_object=st.booleans(),
)
def test_a_scaler_is_stopped_iff_it_scales_coderd(
    kind: str, name: str, namespace: str, target: str, mode: str | None, override: str | None, as_object: bool
) -> None:
    """**Feature: coder-deployment-guide, Property 4: Static Control Plane**

    The oracle renders the chart's one Deployment and asks whether the scaler's target is that object.
    """
    built = prod_like()
    if override is not None and as_object:
        built.parts["release"].inputs["values"]["nameOverride"] = override
    deployment = {"kind": "Deployment", "namespace": "coder", "name": override if override and as_object else "coder"}
    spec = {"updatePolicy": {"updateMode": mode}} if mode is not None else {}
    passive = kind.endswith("VerticalPodAutoscaler") and mode in ("Off", "Initial")
    hits = {"kind": target, "namespace": namespace, "name": name} == deployment and not passive
    # a look-alike of the usual name is stopped by the inputs policy, which does not see the chart's own name
    usual = (target, namespace, name) == ("Deployment", "coder", "coder") and not passive
    scaler(built, kind, name, namespace, target, **spec)
    assert (run(built.world, PREVIEW, number=4).violations(4) != []) == (hits or usual)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["scale", "deployment/coder", "--replicas=0"], ["coder"]),
        (["scale", "deploy", "coder-provisioner", "--replicas=0"], ["coder-provisioner"]),
        (["patch", "deployments.apps/coder", "-p", '{"spec":{"replicas":1}}'], ["coder"]),
        (["curl", "https://kubernetes.default/apis/apps/v1/namespaces/coder/deployments/coder/scale"], ["coder"]),
        (["get", "deployment/coder"], []),
    ],
)
def test_commands_that_scale_are_read(words: list[str], names: list[str]) -> None:
    manifest = {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"args": words}]}}}}}}
    assert set(commands_to_scale(manifest)) == set(names)


def test_the_provisioners_may_follow_the_clock() -> None:
    built = prod_like()
    cron(built, ["scale", "deployment/coder-provisioner", "--replicas=2"], "coder-prov")
    assert run(built.world, DEPLOYED, number=4).violations(4) == []


VPA = "kubernetes:autoscaling.k8s.io/v1:VerticalPodAutoscaler"


@pytest.mark.parametrize("lawful", [{"updatePolicy": {"updateMode": "Off"}, "namespace": "coder"}, {"namespace": "monitoring"}])
def test_who_only_recommends_or_scales_elsewhere_may(lawful: dict[str, Any]) -> None:
    built = prod_like()
    scaler(built, VPA, **lawful)
    assert run(built.world, DEPLOYED, number=4).violations(4) == []


def test_the_config_says_what_coderd_s_deployment_is_called() -> None:
    built = prod_like()
    scaler(built, VPA, name="api", namespace="apis")
    config = {"property-04-static-control-plane-inputs": {"deployment": "api", "namespace": "apis"}}
    assert run(built.world, DEPLOYED, number=4).violations(4) == []
    assert any("Deployment api" in line.message for line in run(built.world, DEPLOYED, config, number=4).violations(4))


@pytest.mark.parametrize("place", ["other chart", "extra template"])
def test_what_a_chart_brings_for_a_deployment_of_that_name_is_found(place: str) -> None:
    """In the values of another chart, and among the templates of coderd's own; the usual name is nobody's then."""
    built = prod_like()
    renamed = {**HPA, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "api"}}}
    if place == "other chart":
        autoscaler(built, extraObjects=[renamed])
    else:
        values("extraTemplates", [renamed])(built)
    config = {"property-04-static-control-plane-inputs": {"deployment": "api"}}
    assert run(built.world, DEPLOYED, number=4).violations(4) == []
    assert any("brings a HorizontalPodAutoscaler" in line.message for line in run(built.world, DEPLOYED, config, number=4).violations(4))


def test_a_scaler_in_an_unknown_namespace_is_left_open() -> None:
    built = prod_like()
    scaler(built, VPA, namespace=UNKNOWN_STRING_VALUE)
    urn = built.world.urn(built.world.one(VPA))
    assert_open(run(built.world, PREVIEW, number=4), 4, urn, "in a namespace that is unknown")


def test_replicas_and_node_groups_that_are_not_known_are_left_open() -> None:
    built = prod_like()
    values("replicaCount", Ref(built.parts["vpc"]), "coder")(built)
    assert_open(run(built.world, PREVIEW, number=4), 4, built.world.urn(built.parts["release"]), "its replicas are unknown")
    built = prod_like()
    made = built.make("extra", "aws:autoscaling/schedule:Schedule", {"autoscalingGroupName": UNKNOWN_STRING_VALUE})
    assert_open(run(built.world, PREVIEW, number=4), 4, built.world.urn(made), "the node group that it changes is unknown")


def test_an_unknown_target_is_left_open() -> None:
    assert targets_deployment({"kind": "X", "spec": {"scaleTargetRef": {"name": UNKNOWN}}}, "coder") is UNKNOWN
    built = prod_like()
    scaler(built, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", name=Ref(built.parts["vpc"]))
    outcome = run(built.world, PREVIEW, number=4)
    assert outcome.violations(4) == []
    assert "property-04-static-control-plane" not in outcome.passed
    assert any("property-04 not yet judged" in line for line in outcome.advisories())


LAWFUL: list[Callable[[ProdLike], object]] = [
    values("replicaCount", 2, "coder"),
    values("extraTemplates", [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}}]),
    lambda b: pod(b, "get", "pods", metadata={"annotations": {"note": "kubectl scale deployment/coder is forbidden"}}),
    lambda b: pod(b, "get", "deployment/coder", env=[{"name": "VERB", "value": "scale"}]),
    lambda b: pod(b, "scale", "deployment/coder", metadata=ELSEWHERE, env=[{"name": "NOTE", "value": "not kubectl -n coder"}]),
]


@pytest.mark.parametrize("lawful", LAWFUL)
def test_what_scales_nothing_of_coderd_may_be_there(lawful: Callable[[ProdLike], object]) -> None:
    """As many replicas as the system asks for, another object in the chart's extras, words that are no command."""
    built = prod_like()
    lawful(built)
    assert run(built.world, DEPLOYED, number=4).violations(4) == []


def test_one_replica_is_too_few_for_the_system_alone() -> None:
    built = prod_like()
    values("replicaCount", 1, "coder")(built)
    (line,) = run(built.world, DEPLOYED, number=4).violations(4)
    assert "prod needs 2" in line.message


def test_a_scaler_of_other_nodes_is_lawful() -> None:
    built = prod_like()
    built.parts["coder-ws-a"].inputs["tags"]["k8s.io/cluster-autoscaler/enabled"] = "true"
    assert run(built.world, DEPLOYED, number=4).violations(4) == []


def test_an_autoscaler_of_other_nodes_is_lawful() -> None:
    built = prod_like()
    workspaces = Ref(built.parts["coder-ws-a"], "resources", "eks-coder-ws-a")
    discovery = {"clusterName": "coder-prod", "tags": ["scaled"]}
    autoscaler(built, autoscalingGroups=[{"name": workspaces, "maxSize": 9}], autoDiscovery=discovery)
    built.make("found", "aws:autoscaling/tag:Tag", {"autoscalingGroupName": workspaces, "tag": {"key": "scaled", "value": "yes"}})
    for mode in (PREVIEW, DEPLOYED):
        assert run(built.world, mode, number=4).violations(4) == []


def test_an_autoscaler_whose_tags_are_not_known_yet_is_left_open() -> None:
    built = prod_like()
    made = autoscaler(built, autoDiscovery={"clusterName": "coder-prod", "tags": [UNKNOWN_STRING_VALUE]})
    outcome = run(built.world, PREVIEW, number=4)
    assert_open(outcome, 4, built.world.urn(made), "the tags by which it finds nodes are unknown")


@pytest.mark.parametrize(
    ("chart", "given", "lawful"),
    [
        ("other", {"autoscalingGroups": [{"name": LITERAL}]}, True),
        ("other", {"autoDiscovery": {"clusterName": "coder-prod"}}, True),
        ("cluster-autoscaler", {"autoscalingGroups": [{"name": "eks-coder-ws-a-52c8a1f0"}]}, True),
        ("cluster-autoscaler", {"autoscalingGroups": [{"name": "eks-coder-controllers-52c8a1f0"}]}, True),
        ("cluster-autoscaler", {"autoscalingGroups": [{"name": "eks-coder-ws-a-52c8a1f0"}, {"name": LITERAL}]}, False),
        ("cluster-autoscaler", {"autoDiscovery": {"tags": ["k8s.io/cluster-autoscaler/enabled"]}}, True),  # finds nothing without a cluster
        ("cluster-autoscaler", {}, True),
    ],
)
def test_an_autoscaler_scales_what_its_values_name(chart: str, given: dict[str, Any], lawful: bool) -> None:
    built = prod_like()
    autoscaler(built, **given).inputs["chart"] = chart
    assert (run(built.world, DEPLOYED, number=4).violations(4) == []) == lawful


def test_a_group_that_is_named_before_it_is_made_is_left_open() -> None:
    """EKS calls the group when it makes it: before that any name may come to mean coderd's nodes."""
    built = prod_like()
    made = built.make("extra", "aws:autoscaling/schedule:Schedule", {"autoscalingGroupName": "eks-coder-ws-a"})
    assert_open(run(built.world, PREVIEW, number=4), 4, built.world.urn(made), "eks-coder-ws-a is of coderd's nodes is unknown")
    deployed = run(built.world, DEPLOYED, number=4)
    assert deployed.violations(4) == []
    assert "property-04-static-control-plane" in deployed.passed  # EKS has told the names of coderd's groups
