"""`coder-eks values`: what every release is given, as files to review, without a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations.failure import ExitCode, Failure
from operations.graph import SECRET_KEY
from operations.values import RELEASE, values_files, write

URN = "urn:pulumi:prod::coder-eks::"


def release(name: str, chart: str, values: dict[str, Any]) -> dict[str, Any]:
    inputs = {
        "chart": chart,
        "version": "2.34.5",
        "namespace": "coder",
        "repositoryOpts": {"repo": "https://charts.example"},
        "values": values,
    }
    return {"urn": f"{URN}{RELEASE}::{name}", "type": RELEASE, "custom": True, "id": f"coder/{name}", "inputs": inputs}


def database(endpoint: str) -> dict[str, Any]:
    kind = "aws:rds/cluster:Cluster"
    return {"urn": f"{URN}{kind}::database", "type": kind, "custom": True, "id": "coder", "inputs": {}, "outputs": {"endpoint": endpoint}}


def coder(endpoint: str) -> dict[str, Any]:
    env = [
        {"name": "CODER_PG_CONNECTION_URL", "value": f"postgres://coderd@{endpoint}:5432/coder"},
        {"name": "CODER_OIDC_GROUP_MAPPING", "value": '{"b": "c", "a": "d"}'},
        {"name": "CODER_OIDC_CLIENT_SECRET", "valueFrom": {"secretKeyRef": {"name": "coder-oidc", "key": "client-secret"}}},
        {"name": "CODER_PLANTED", "value": {SECRET_KEY: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "canary"}},
    ]
    return release("coder", "coder", {"coder": {"replicaCount": 3, "env": env}})


def test_values_are_a_file_a_chart_with_names_instead_of_what_aws_hands_out():
    """CDR-31, PRV-14."""
    one, other = "coder.cluster-cjhd3x302ccp.rds.amazonaws.com", "coder.cluster-d81nbb7ak2mq.rds.amazonaws.com"
    files = values_files("prod", [coder(one), release("provisioners", "coder-provisioner", {}), database(one)])

    assert sorted(files) == ["coder-provisioner-values.yaml", "coder-values.yaml"]
    assert files["coder-values.yaml"].startswith("# coder 2.34.5 of https://charts.example\n# release coder, namespace coder\n")
    env = {entry["name"]: entry for entry in yaml.safe_load(files["coder-values.yaml"])["coder"]["env"]}
    assert env["CODER_PG_CONNECTION_URL"]["value"] == "postgres://coderd@<aws:rds/cluster:Cluster database>:5432/coder"
    assert json.loads(env["CODER_OIDC_GROUP_MAPPING"]["value"]) == {"a": "d", "b": "c"}
    assert env["CODER_OIDC_CLIENT_SECRET"]["valueFrom"]["secretKeyRef"]["name"] == "coder-oidc"
    assert values_files("prod", [coder(other), release("provisioners", "coder-provisioner", {}), database(other)]) == files


def test_the_observability_charts_values_are_the_designs_deliverable():
    """OBS-04."""
    files = values_files("prod", [release("observability", "coder-observability", {"loki": {"enabled": False}})])

    assert sorted(files) == ["observability-values.yaml"]
    assert yaml.safe_load(files["observability-values.yaml"]) == {"loki": {"enabled": False}}


def test_a_secret_in_values_would_not_be_written():
    """CDR-41: there is none; if there were, its place would be seen, and it would not."""
    text = values_files("prod", [coder("x")])["coder-values.yaml"]
    assert "[secret]" in text
    assert "canary" not in text


def test_releases_of_one_chart_have_a_file_each():
    files = values_files("demo", [release("us-east-2", "coder", {"coder": {}}), release("eu-west-2", "coder", {"coder": {}})])
    assert sorted(files) == ["coder-eu-west-2-values.yaml", "coder-us-east-2-values.yaml"]


def test_a_stack_without_a_release_says_so():
    with pytest.raises(Failure) as caught:
        values_files("prod", [database("x")])
    assert caught.value.code == ExitCode.MISSING
    assert caught.value.problems == ("stack prod has no Helm release yet; run `pulumi up --stack prod` first",)


def test_files_are_written_where_they_are_asked_for(tmp_path: Path):
    write({"coder-values.yaml": "coder: {}\n"}, tmp_path / "a/b")
    assert (tmp_path / "a/b/coder-values.yaml").read_text() == "coder: {}\n"
    with pytest.raises(Failure, match="name another folder with --out"):
        write({"a": ""}, tmp_path / "a/b/coder-values.yaml")
