"""Rendering the releases of a preview, with a Helm that writes down what it is asked (T-75)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from tools.charts import CLUSTER, RELEASE, declared, main

CODER = {
    "chart": "coder",
    "version": "2.34.5",
    "repositoryOpts": {"repo": "https://helm.coder.com/v2"},
    "namespace": UNKNOWN_STRING_VALUE,
    "values": {"coder": {"replicaCount": 3}},
}
KARPENTER = {"chart": "oci://public.ecr.aws/karpenter/karpenter", "version": "1.14.1", "namespace": "kube-system"}


def step(token: str, name: str, inputs: dict[str, Any] | None) -> str:
    told = {"type": token, "urn": f"urn:pulumi:prod::coder-eks::{token}::{name}", "new": inputs and {"inputs": inputs}}
    return json.dumps({"resourcePreEvent": {"metadata": told}}) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    steps = [step(CLUSTER, "eks", {"version": "1.35"}), step(RELEASE, "coder", CODER), step(RELEASE, "karpenter", KARPENTER)]
    path.write_text("".join([json.dumps({"preludeEvent": {}}) + "\n", *steps, step(RELEASE, "gone", None), '{"cut']))
    return path


@pytest.fixture
def helm(tmp_path: Path) -> Path:
    program = tmp_path / "helm"
    object_ = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"type": "ClusterIP"}}'
    program.write_text(f"#!/bin/sh\necho \"$*\" >> {tmp_path}/asked\ncat >> {tmp_path}/values\necho '{object_}'\n")
    program.chmod(0o755)
    return program


def test_releases_are_read_from_the_event_log(log: Path) -> None:
    releases, version = declared(log)
    assert [(each.name, each.namespace, each.repository) for each in releases] == [
        ("coder", "default", "https://helm.coder.com/v2"),
        ("karpenter", "kube-system", ""),
    ]
    assert version == "1.35"


def test_each_chart_comes_from_where_its_release_takes_it(log: Path, helm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(log), "--helm", str(helm)]) == 0
    coder, karpenter = (helm.parent / "asked").read_text().splitlines()
    asked = "--namespace default --kube-version 1.35 --values -"
    assert coder == f"template coder coder --repo https://helm.coder.com/v2 --version 2.34.5 {asked}"
    assert karpenter.startswith("template karpenter oci://public.ecr.aws/karpenter/karpenter --version 1.14.1 ")
    assert (helm.parent / "values").read_text().startswith('{"coder": {"replicaCount": 3}}')
    assert "coder: coder 2.34.5: 1 objects" in capsys.readouterr().out


def test_a_finding_ends_in_failure(log: Path, helm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    helm.write_text(helm.read_text().replace("ClusterIP", "LoadBalancer"))
    assert main([str(log), "coder", "--helm", str(helm)]) == 1
    assert "  k8s-service-internal: Service x: is of type LoadBalancer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "script", "sentence"),
    [
        (["gone.jsonl"], "", "gone.jsonl is not there; run the preview with --event-log"),
        (["events.jsonl", "coder-proxy"], "", "has no release of coder-proxy; nothing was judged"),
        (["events.jsonl", "coder", "--helm", "no-helm"], "", "no-helm is not on PATH; install Helm"),
        (["events.jsonl", "coder"], "echo 'Error: no such chart' >&2; exit 1", "coder: Helm does not render coder: no such chart"),
    ],
)
def test_what_is_missing_is_a_sentence(
    log: Path, helm: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], script: str, sentence: str
) -> None:
    helm.write_text(f"#!/bin/sh\n{script}\n")
    given = [str(log.parent / arguments[0]), *arguments[1:]]
    assert main(given if "--helm" in given else [*given, "--helm", str(helm)]) == 1
    assert sentence in capsys.readouterr().err
