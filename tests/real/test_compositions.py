"""PRE-01: every composition in every size, planned by a real OpenTofu with Coder's real provider; its base is a stub of the contract.

What the bases themselves declare is another matter: test_templates.py has pods, tests/catalog the arguments of both clouds' providers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.compositions import EACH, NAMES, SIZES, catalog
from tests.real.stubs import on_a_stub
from tests.real.workspaces import Workspace


def contracted(folder: Path, name: str) -> Workspace:
    """The template of that name, as a provisioner has it, but for its base; initialised."""
    workspace = Workspace(folder, on_a_stub(name))
    done = workspace.init()
    assert done.returncode == 0, done.stderr
    return workspace


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workspace]:
    return {name: contracted(tmp_path_factory.mktemp(name), name) for name in NAMES}


def planned(workspace: Workspace, size: str | None = None, **parameters: str) -> dict[str, Any]:
    done = workspace.tofu("plan", "-input=false", "-out=plan", size=size, parameters=parameters)
    assert done.returncode == 0, done.stderr
    return json.loads(workspace.tofu("show", "-json", "plan").stdout)


def given(plan: dict[str, Any]) -> dict[str, Any]:
    """What the base was given."""
    (base,) = [module for module in plan["planned_values"]["root_module"]["child_modules"] if module["address"] == "module.base"]
    (made,) = [resource for resource in base["resources"] if resource["type"] == "terraform_data"]
    return json.loads(made["values"]["input"]["given"])


@pytest.mark.parametrize("name", NAMES)
def test_every_composition_is_valid(workspaces: dict[str, Workspace], name: str):
    """TPL-17, TPL-21."""
    assert json.loads(workspaces[name].tofu("validate", "-json").stdout)["diagnostics"] == []


@pytest.mark.parametrize(("name", "size"), EACH)
def test_every_size_of_every_composition_is_planned(workspaces: dict[str, Workspace], name: str, size: str):
    """TPL-27, TPL-28, TPL-29, TPL-40: the base is given the size, and machines that hold it."""
    inputs = given(planned(workspaces[name], size))
    declared = SIZES[size]
    assert inputs["compute_profile"] == {
        "cpu": float(declared.cpu.cores),
        "memory": str(declared.memory),
        "storage": str(declared.storage),
    }
    machines = {machine.type: machine for machine in catalog().base(catalog().compositions[name].base).manifest.machines}
    for kind in inputs.get("instance_types", ()):
        assert machines[kind].cpu >= declared.cpu
        assert machines[kind].memory >= declared.memory
    assert bool(inputs.get("instance_types")) == bool(machines)


@pytest.mark.parametrize("name", NAMES)
def test_the_agent_runs_the_toolchain_on_the_bases_system(workspaces: dict[str, Workspace], name: str):
    """TPL-18."""
    plan = planned(workspaces[name])
    (agent,) = [r["values"] for r in plan["planned_values"]["root_module"]["resources"] if r["type"] == "coder_agent"]
    base = catalog().base(catalog().compositions[name].base).manifest
    assert (agent["os"], agent["arch"]) == (base.os, base.arch)
    assert "bootstrap: " in agent["startup_script"]
    assert agent["env"]["STUB"] == "true"


@pytest.mark.parametrize("name", ["ec2-datasci", "ec2-datasci-gpu"])
def test_jupyter_is_an_application_of_the_agent(workspaces: dict[str, Workspace], name: str):
    """TPL-06, TPL-34: as Coder's own provider reads it, with its health."""
    resources = planned(workspaces[name])["planned_values"]["root_module"]["resources"]
    (app,) = [resource["values"] for resource in resources if resource["type"] == "coder_app"]
    assert (app["slug"], app["display_name"], app["subdomain"], app["share"]) == ("jupyter", "Jupyter Lab", True, "owner")
    assert app["healthcheck"] == [{"interval": 10, "threshold": 30, "url": "http://localhost:8888/api"}]


def test_a_gpu_workspace_has_as_many_as_were_chosen(workspaces: dict[str, Workspace]):
    """TPL-51: 0 or 1 for Large, 1 to N for XLarge."""
    workspace = workspaces["ec2-datasci-gpu"]
    assert given(planned(workspace, "data-sci-large"))["gpu_count"] == 0
    many = given(planned(workspace, "data-sci-xlarge", gpus="4"))
    assert many["gpu_count"] == 4
    assert set(many["instance_types"]) <= {"g4dn.12xlarge", "g5.12xlarge", "g5.48xlarge", "p4d.24xlarge"}
    refused = workspace.tofu("plan", "-input=false", size="data-sci-large", parameters={"gpus": "2"})
    assert refused.returncode == 1
    assert "This size takes 0 to 1 GPUs" in refused.stderr


def test_the_system_of_a_machine_is_a_choice(workspaces: dict[str, Workspace]):
    """TPL-10: each of them by its own id."""
    for image in ("ubuntu-24.04", "ubuntu-22.04", "al2023"):
        assert given(planned(workspaces["ec2-swdev"], "sw-dev-small", image=image))["image_id"].startswith("ami-")
    assert workspaces["ec2-swdev"].tofu("plan", "-input=false", parameters={"image": "windows-2022"}).returncode == 1
