"""Small catalogues in memory, whole and random, that compositions of tests are made from."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml
from hypothesis import strategies as st

from composer.catalog import Catalog, Module
from composer.composing import Deployment
from composer.manifests import Base, Contract, Toolchain
from composer.publications import Composition, Container, Lock, MachineImage, Registry
from composer.rendering import Instance
from settings.workload import Size

CONTRACT = Contract.model_validate(
    {
        "version": "1.0",
        "inputs": dict.fromkeys(
            [
                *("workspace_id", "workspace_name", "owner", "start_count", "compute_profile", "image_id"),
                *("agent_token", "agent_init_script", "provenance"),
            ],
            "string",
        ),
        "outputs": {"os": "string", "arch": "string", "runtime_env": "map(string)"},
        "capabilities": {
            "persistent-home": {"kind": "flag"},
            "network-egress": {"kind": "choice", "values": ["none", "https-only", "unrestricted"], "default": "none"},
            "identity-mode": {"kind": "choice", "values": ["oidc", "iam", "workload-identity"]},
            "gui-vnc": {"kind": "flag"},
            "gpu-support": {"kind": "flag"},
        },
        "aliases": {"outbound-https": {"capability": "network-egress", "any_of": ["https-only", "unrestricted"]}},
    }
)
SIZES = {
    name: Size.model_validate(size)
    for name, size in {
        "size-s": {"cpu": 2, "memory": "4Gi", "storage": "20Gi"},
        "size-m": {"cpu": 4, "memory": "8Gi", "storage": "50Gi"},
        "size-l": {"cpu": 16, "memory": "64Gi", "storage": "1Ti"},
    }.items()
}
INSTANCE = Instance(
    coder_url="http://coder:8080",
    access_url="https://coder.example.com",
    region="us-east-1",
    platform={"region": "us-east-1", "namespace": "ws"},
)
DEPLOYMENT = Deployment(sizes=SIZES, instance=INSTANCE, today=date(2026, 11, 21))
MACHINES: list[dict[str, Any]] = [
    {"type": "m5.large", "cpu": 2, "memory": "8Gi"},
    {"type": "m5.xlarge", "cpu": 4, "memory": "16Gi"},
    {"type": "m5.4xlarge", "cpu": 16, "memory": "64Gi"},
    {"type": "g5.4xlarge", "cpu": 16, "memory": "64Gi", "gpus": 1},
    {"type": "g5.12xlarge", "cpu": 48, "memory": "192Gi", "gpus": 4},
]


def toolchain(**changes: Any) -> Module[Toolchain]:
    """A toolchain with three profiles."""
    manifest = {
        "name": "tools",
        "version": "1.2.0",
        "contract": "1.0",
        "description": "Tools",
        "image": "workspace",
        "toolchain": {"languages": [{"name": "go", "version": "1.23.4"}], "tools": [{"name": "gh", "version": "2.40.0"}]},
        "capabilities": {"required": ["persistent-home", "outbound-https"], "optional": ["gui-vnc"]},
        "compute": {"profiles": ["small", "medium", "large"], "default": "medium"},
        **changes,
    }
    files = {
        "toolchain.yaml": yaml.safe_dump(manifest).encode(),
        "outputs.tf": b'output "bootstrap_script" {\n  value = file("bootstrap/install.sh")\n}\noutput "runtime_env" {\n  value = {}\n}\n',
        "bootstrap/install.sh": b"#!/bin/bash\ntrue\n",
    }
    return Module(Toolchain.model_validate(manifest), files)


def base(*, machines: bool = False, variables: tuple[str, ...] = (), **changes: Any) -> Module[Base]:
    """A base that declares what its manifest needs; machines: of virtual machines, else of pods. variables: more, with a default."""
    manifest: dict[str, Any] = {
        "name": "base",
        "version": "3.1.0",
        "contract": "1.0",
        "description": "Somewhere",
        "os": "linux",
        "arch": "amd64",
        "providers": {
            "coder": {"source": "coder/coder", "version": "2.19.0"},
            **({"aws": {"source": "hashicorp/aws", "version": "6.1.0"}} if machines else {}),
        },
        "capabilities": {
            "persistent-home": True,
            "network-egress": ["none", "https-only", "unrestricted"],
            "identity-mode": ["iam"] if machines else ["workload-identity"],
            "gui-vnc": True,
            "gpu-support": machines,
        },
        "platform": ["region"] if machines else ["namespace"],
        **({"machine_images": ["ubuntu"], "machines": MACHINES, "coderd": "external"} if machines else {}),
        **changes,
    }
    needed = [*CONTRACT.inputs, *manifest["platform"], "network_egress", "gui_vnc"]
    needed += ["instance_types", "gpu_count", "gpu_support", "image_user"] if machines else []
    declared = "".join(f'variable "{name}" {{}}\n' for name in needed)
    declared += "".join(f'variable "{name}" {{\n  default = null\n}}\n' for name in variables)
    files = {
        "base.yaml": yaml.safe_dump(manifest, sort_keys=False).encode(),
        "variables.tf": declared.encode(),
        "outputs.tf": "".join(f'output "{name}" {{\n  value = ""\n}}\n' for name in CONTRACT.outputs).encode(),
        "main.tf": b'resource "aws_instance" "workspace" {\n  ami           = var.image_id\n  instance_type = var.instance_types[0]\n}\n'
        if machines
        else b'resource "kubernetes_pod_v1" "workspace" {\n}\n',
    }
    return Module(Base.model_validate(manifest), files)


def catalog(tools: Module[Toolchain], on: Module[Base], lock: dict[str, Any], digest: str = "ab" * 32, **composition: Any) -> Catalog:
    """A catalogue with one composition, `template`."""
    made = Composition.model_validate(
        {
            "name": "template",
            "display_name": "Template",
            "description": "A template",
            "icon": "/icon/k8s.png",
            "toolchain": {"name": tools.manifest.name, "version": tools.manifest.version},
            "base": {"name": on.manifest.name, "version": on.manifest.version},
            "profiles": {"small": "size-s", "medium": "size-m", "large": "size-l"},
            "lifecycle": {"activity_bump": "1h", "failure_ttl": "1d", "dormant_after": "30d", "delete_dormant_after": "never"},
            **composition,
        }
    )
    return Catalog(
        contracts={"1.0": CONTRACT},
        toolchains={(tools.manifest.name, tools.manifest.version): tools},
        bases={(on.manifest.name, on.manifest.version): on},
        images={
            "workspace": Container.model_validate({"image": "docker.io/codercom/enterprise-base:ubuntu", "digest": f"sha256:{digest}"}),
            "other": Container.model_validate({"image": "docker.io/codercom/enterprise-node:ubuntu", "digest": f"sha256:{digest[::-1]}"}),
            "unlocked": Container.model_validate({"image": "docker.io/codercom/enterprise-go:ubuntu"}),
            "foreign": Container.model_validate({"image": "docker.io/somebody/image:latest", "digest": f"sha256:{digest}"}),
            **{
                name: MachineImage.model_validate({"machine_image": {"owner": "amazon", "name": f"{name}-*"}, "user": name})
                for name in ("ubuntu", "al2023")
            },
        },
        compositions={"template": made},
        registries=(Registry(prefix="docker.io/codercom", reason="Coder's own"),),
        lock=Lock.model_validate(lock),
    )


def machine_lock(identity: str, other: str = "ami-00000001") -> dict[str, Any]:
    """What a lock file has of the two machine images in us-east-1."""
    read = {"source": "a test", "read": date(2026, 11, 21)}
    return {
        "machine_images": {
            name: {"us-east-1": {"id": each, "name": f"{name}-1", **read}} for name, each in (("ubuntu", identity), ("al2023", other))
        }
    }


def virtual_machine(**composition: Any) -> Catalog:
    """On virtual machines."""
    return catalog(toolchain(), base(machines=True), machine_lock("ami-0123456789abcdef0"), **composition)


def pod(commit: str | None = None, **composition: Any) -> Catalog:
    """On pods; commit: of a released toolchain."""
    release = {"tag": "tools/v1.2.0", "commit": commit, "files": "0" * 64}
    return catalog(toolchain(), base(), {"releases": {"tools": {"1.2.0": release}}} if commit else {}, **composition)


_versions = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)).map(lambda parts: ".".join(map(str, parts)))
_hex = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def _catalogs(draw: st.DrawFn) -> Catalog:
    machines = draw(st.booleans())
    tools = toolchain(
        version=draw(_versions), description=draw(st.text(st.characters(categories=["L", "Nd", "P", "Zs"]), min_size=1, max_size=20))
    )
    identity = draw(st.sampled_from([8, 17]).flatmap(lambda length: st.text("0123456789abcdef", min_size=length, max_size=length)))
    images = draw(st.sampled_from([[], ["ubuntu"], ["al2023", "ubuntu"]] if machines else [[], ["other"], ["workspace", "other"]]))
    commit = draw(st.none() | st.text("0123456789abcdef", min_size=40, max_size=40))
    lock = machine_lock(f"ami-{identity}")
    if commit:
        lock["releases"] = {"tools": {tools.manifest.version: {"tag": "v1", "commit": commit, "files": "0" * 64}}}
    gpus = {"size-l": {"most": draw(st.integers(0, 4))}} if machines and draw(st.booleans()) else {}
    return catalog(tools, base(machines=machines, version=draw(_versions)), lock, draw(_hex), images=images, gpus=gpus)


catalogs = _catalogs()
