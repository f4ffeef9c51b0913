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
