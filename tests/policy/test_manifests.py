"""Rendered objects, judged by the rules of the pack (T-75); with Helm's own output: tests/real/test_charts.py."""

from __future__ import annotations

from typing import Any

from policy.manifests import Manifest, judge

QUIET: dict[str, Any] = {
    "privileged": False,
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod(**changes: Any) -> Manifest:
    container = {"name": "a", "image": "example.com/a:1", "securityContext": QUIET, "resources": {"limits": {"memory": "1Gi"}}, **changes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}}


def test_a_quiet_pod_is_judged_and_passes() -> None:
    said = judge([pod()])
    assert (said.objects, said.findings) == (1, ())
    assert said.judgements >= 10


def test_a_finding_names_its_rule_and_object() -> None:
    (finding,) = judge([pod(securityContext={**QUIET, "privileged": True})]).findings
    assert finding.startswith("k8s-pod-not-privileged: Pod a: runs a privileged container")


def test_objects_of_a_list_are_judged_each() -> None:
    broken = pod(resources={})
    assert judge([{"apiVersion": "v1", "kind": "List", "items": [pod(), broken]}]).findings == judge([pod(), broken]).findings != ()


def test_an_object_that_no_rule_speaks_of_is_not_judged_by_the_baseline() -> None:
    said = judge([{"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}])
    assert (said.objects, said.findings) == (1, ())


def test_a_list_of_any_kind_is_judged_by_its_items() -> None:
    broken = pod(resources={})
    assert judge([{"apiVersion": "v1", "kind": "PodList", "items": [broken]}]) == judge([broken])
    assert judge([{"apiVersion": "v1", "kind": "List"}]).objects == 1  # nothing is in it
    assert judge([{"apiVersion": "example.com/v1", "kind": "Thing", "items": [broken, broken]}]).objects == 1


def test_properties_judge_objects_too() -> None:
    """By what they say of single resources, in the order of their numbers; each sentence once."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "out"}, "spec": {"type": "LoadBalancer"}}
    reference = {"kind": "Deployment", "name": "coder"}
    scaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a", "namespace": "coder"}}
    found = judge([service, {**scaler, "spec": {"scaleTargetRef": reference}}, service])
    assert found.objects == 3
    assert list(found.findings) == sorted(set(found.findings))
    assert [each.partition(": out: ")[0] for each in found.findings if each.startswith("property-08")] == ["property-08: Service out"]
    assert any(each.startswith("property-04: HorizontalPodAutoscaler a: a: scales coderd's Deployment") for each in found.findings)


def test_an_object_without_a_name_is_called_by_its_kind() -> None:
    (finding,) = judge([{key: value for key, value in pod(resources={}).items() if key != "metadata"}]).findings
    assert ": Pod Pod: " in finding
