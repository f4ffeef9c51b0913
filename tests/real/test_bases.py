"""The bases as OpenTofu evaluates them: the same as the tests' own evaluator makes of them, and nothing that their policies refuse."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.modules import Address, Module
from tests.catalog.test_bases import GPU, LINUX, WINDOWS, cloud, made, variables
from tests.real.bases import evaluated
from tests.real.test_isolation import MADE, inputs
from tools import real_parts
from tools.install import ROOT

BASES = [LINUX, WINDOWS, GPU]
CASES = [
    (base, change) for base in BASES for change in ({}, {"start_count": 0}, {"network_egress": "unrestricted", "identity_mode": "iam"})
]
POLICIES = sorted((ROOT / "catalog/bases").glob("*/policies"))


def opa(*arguments: str | Path, given: Any = None) -> subprocess.CompletedProcess[str]:
    command = [real_parts.executable(real_parts.OPA, os.environ), *arguments]
    return subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)


def known(base: Path, change: Mapping[str, Any]) -> dict[Address, dict[str, Any]]:
    module = Module(base, variables(base, **change))
    there = {(f"data.{kind}", name) for kind, named in module.data.items() for name in named}
    there |= {(kind, name) for kind, named in module.resources.items() for name in named}
    told = {address: values for address, values in cloud().items() if address in there}
    if change.get("start_count") == 0 and ("data.aws_instance", "workspace") in told:
        told["data.aws_instance", "workspace"] = {"id": "", "availability_zone": ""}  # nobody is there to be asked
    return told


def by_opentofu(folder: Path, base: Path, change: Mapping[str, Any]) -> dict[Address, list[Any]]:
    return evaluated(folder / "base", base, variables(base, **change), known(base, change))


def plain(value: Any) -> Any:
    """As JSON has it, without what is null or empty, numbers alike, and empty lists of blocks gone."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in sorted(value.items()) if each is not None}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize(("base", "change"), CASES, ids=lambda case: getattr(case, "name", None) or "-".join(case) or "as it is")
def test_opentofu_makes_of_a_base_what_the_tests_make_of_it(tmp_path: Path, base: Path, change: dict[str, Any]):
    """TPL-10 to TPL-12: every argument of every resource."""
    real = by_opentofu(tmp_path, base, change)
    module = made(base, **change)
    ours = {(kind, name): module.made(kind, name) for kind, named in module.resources.items() for name in named}
    assert plain({" ".join(k): v for k, v in real.items()}) == plain({" ".join(k): v for k, v in ours.items() if v})


def resources(made_of: Mapping[Address, list[Any]]) -> dict[str, Any]:
    """As a policy is asked: what `tofu show -json` has of a plan."""
    listed = [{"type": kind, "name": name, "values": values} for (kind, name), each in sorted(made_of.items()) for values in each]
    return {"resources": listed, "blocked_cidrs": ["10.0.0.0/16"]}


def denied(base: Path, plan: Any) -> list[str]:
    package = "base.k8s" if base.name == "k8s" else "base.ec2"
    done = opa("eval", "--format=json", "--stdin-input", "--data", base / "policies/workspace.rego", f"data.{package}.deny", given=plan)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["result"][0]["expressions"][0]["value"]


@pytest.mark.parametrize("folder", POLICIES, ids=lambda path: path.parent.name)
def test_policies_are_strict_and_pass_their_own_tests(folder: Path):
    """TPL-08, TPL-43."""
    assert opa("check", "--strict", folder).returncode == 0
    assert opa("fmt", "--fail", "--list", folder).stdout == ""
    done = opa("test", "--format=json", folder)
    results = json.loads(done.stdout)
    assert len(results) > 10
    assert [result["name"] for result in results if result.get("fail") or result.get("error")] == []


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_a_base_as_it_is_passes_its_policy_and_a_changed_one_does_not(tmp_path: Path, base: Path):
    """Property 16: what an override could have changed."""
    plan = resources(by_opentofu(tmp_path, base, {}))
    assert denied(base, plan) == []
    for kind, key, value in (
        ("aws_security_group", "ingress", [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"]}]),
        ("aws_ebs_volume", "encrypted", False),
    ):
        changed = copy.deepcopy(plan)
        for resource in changed["resources"]:
            if resource["type"] == kind:
                resource["values"][key] = value
        assert denied(base, changed) != []


@pytest.mark.parametrize("desktop", [False, True])
def test_a_pod_passes_its_policy_with_and_without_a_desktop(tmp_path: Path, desktop: bool):
    """TPL-09, TPL-31, TPL-38."""
    base = ROOT / "catalog/bases/k8s"
    given = {**inputs(MADE[0]), "gui_vnc": desktop}
    known = {(kind, name): {"id": name} for kind, name in (("kubernetes_deployment_v1", "workspace"),)}
    plan = resources(evaluated(tmp_path / "base", base, given, known))
    (deployment,) = [each["values"] for each in plan["resources"] if each["type"] == "kubernetes_deployment_v1"]
    assert len(deployment["spec"][0]["template"][0]["spec"][0]["container"]) == 1 + desktop
    assert denied(base, plan) == []
    deployment["spec"][0]["template"][0]["spec"][0]["container"][-1]["security_context"][0]["privileged"] = True
    assert denied(base, plan) != []
