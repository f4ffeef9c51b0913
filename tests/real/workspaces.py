"""A composed template, run by OpenTofu with Coder's real provider; Kubernetes' provider, which no registry of packages serves, is stubbed.

The stub is generated from the base's own source: each `kubernetes_*` resource becomes a `terraform_data` with the same arguments, so that
every expression of the base is evaluated by OpenTofu, and what would go to the cluster can be read from its state.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hcl2

from tools import real_parts

_META = ("count", "depends_on", "lifecycle")
_WAITING = ("wait_for_rollout", "wait_until_bound")  # arguments for the provider, no part of the object
_REFERENCE = re.compile(r"\b(kubernetes_\w+)\.(\w+)((?:\[\w+\])?)(\.metadata)?")

# The provider's blocks that stand for lists, and what Kubernetes calls these; every other block is one object.
_LISTS = {"container": "containers", "egress": "egress", "env": "env", "ingress": "ingress", "ports": "ports", "to": "to"}
_LISTS |= {"toleration": "tolerations", "volume": "volumes", "volume_mount": "volumeMounts"}
_MAPS = {"annotations", "labels", "limits", "match_labels", "node_selector", "requests"}  # their keys are the user's own
_KINDS = {
    "kubernetes_deployment_v1": ("apps/v1", "Deployment"),
    "kubernetes_network_policy_v1": ("networking.k8s.io/v1", "NetworkPolicy"),
    "kubernetes_persistent_volume_claim_v1": ("v1", "PersistentVolumeClaim"),
}


class Workspace:
    """A folder with the template, as a provisioner has it. The provider leaves things beside it: each has a parent of its own."""

    def __init__(self, folder: Path, files: Mapping[str, bytes]) -> None:
        self.template = folder / "parent" / "template"
        for path, content in files.items():
            (self.template / path).parent.mkdir(parents=True, exist_ok=True)
            (self.template / path).write_bytes(content)
        self._mirror, self._home = _mirror(folder / "mirror"), folder

    def tofu(
        self,
        *arguments: str,
        size: str | None = None,
        transition: str = "start",
        workspace_id: str = "11111111-2222-3333-4444-555555555555",
        parameters: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run OpenTofu in the template; size and parameters: the workspace's choices. transition: `start` or `stop`."""
        variables = {"HOME": str(self._home), "PATH": os.environ["PATH"], "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        variables |= {"CODER_WORKSPACE_NAME": "mine", "CODER_WORKSPACE_OWNER": "ada", "CODER_WORKSPACE_TRANSITION": transition}
        variables |= {"CODER_WORKSPACE_ID": workspace_id, "CODER_AGENT_TOKEN": "made-up"}
        for name, value in {**({"size": size} if size else {}), **(parameters or {})}.items():
            variables[f"CODER_PARAMETER_{hashlib.sha256(name.encode()).hexdigest()}"] = value
        command = [real_parts.executable(real_parts.OPENTOFU, os.environ), *arguments, "-no-color"]
        return subprocess.run(command, cwd=self.template, env=variables, capture_output=True, text=True, check=False)

    def init(self) -> subprocess.CompletedProcess[str]:
        return self.tofu("init", f"-plugin-dir={self._mirror}", "-input=false")

    def state(self) -> dict[str, Any]:
        """Every resource by its address in the base, after an apply."""
        shown = json.loads(self.tofu("show", "-json").stdout)
        (base,) = [module for module in shown["values"]["root_module"]["child_modules"] if module["address"] == "module.base"]
        return {resource["address"].removeprefix("module.base."): resource["values"] for resource in base["resources"]}

    def objects(self) -> list[dict[str, Any]]:
        """What went to the cluster, as Kubernetes writes it."""
        found = {address: values for address, values in self.state().items() if address.startswith("terraform_data.kubernetes_")}
        return [manifest(address.removeprefix("terraform_data."), values["input"]) for address, values in sorted(found.items())]


def without_kubernetes(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A pushed template whose base makes `terraform_data` instead of objects of Kubernetes."""
    root = json.loads(files["main.tf.json"])
    del root["provider"]["kubernetes"], root["terraform"]["required_providers"]["kubernetes"]
    main = stubbed(files["base/main.tf"].decode())
    return {**files, "base/main.tf": main.encode(), "main.tf.json": json.dumps(root).encode()}


def _mirror(folder: Path) -> Path:
    provider = real_parts.CODER_PROVIDER
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    place = folder / "registry.opentofu.org" / "coder" / "coder" / provider.version / f"{sys.platform}_{machine}"
    place.mkdir(parents=True)
    (place / provider.binary).symlink_to(real_parts.executable(provider, os.environ))
    return folder


def stubbed(source: str) -> str:
    """The base's main.tf without Kubernetes' provider."""
    blocks = re.split(r"(?m)(?<=^\}\n)", source)
    return "".join(_stub(block) if re.search(r'(?m)^(resource "kubernetes_|terraform \{)', block) else _renamed(block) for block in blocks)


def _stub(block: str) -> str:
    parsed = hcl2.loads(block)
    if "terraform" in parsed:
        return 'terraform {\n  required_providers {\n    coder = { source = "coder/coder" }\n  }\n}\n'
    ((kind, named),) = _fields(parsed["resource"][0]).items()
    ((name, body),) = _fields(named).items()
    meta = {key: body[key] for key in _META if key in body}
    lines = [f'resource "terraform_data" "{json.loads(kind)}_{json.loads(name)}" {{']
    for key, value in meta.items():
        lines += _lifecycle(value) if key == "lifecycle" else [f"  {key} = {_renamed(expression(value))}"]
    rest = {key: value for key, value in _fields(body).items() if key not in (*_META, *_WAITING)}
    return "\n".join([*lines, f"  input = {_renamed(expression(rest))}", "}", ""])


def _lifecycle(blocks: list[dict[str, Any]]) -> list[str]:
    return ["  lifecycle {", *(f"    {key} = {expression(value)}" for key, value in _fields(blocks[0]).items()), "  }"]


def _renamed(text: str) -> str:
    return _REFERENCE.sub(lambda m: f"terraform_data.{m[1]}_{m[2]}{m[3]}" + (".input.metadata" if m[4] else ""), text)


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if not key.startswith("__")}


def expression(value: Any) -> str:
    """A parsed value as the expression that it was; blocks become lists of objects, dynamic ones the lists that they make."""
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case str() if value.startswith("${") and value.endswith("}"):
            return value[2:-1]
        case [*items]:
            return f"[{', '.join(map(expression, items))}]"
        case {**found}:
            fields = {key: expression(item) for key, item in _fields(found).items() if key != "dynamic"}
            for dynamic in found.get("dynamic", ()):
                ((label, block),) = _fields(dynamic).items()
                name = json.loads(label)
                each = f"[for key, value in {expression(block['for_each'])} : {{ key = key, value = value }}]"
                fields[name] = f"concat({fields.get(name, '[]')}, [for {name} in {each} : {expression(block['content'][0])}])"
            return "{\n" + "".join(f"{key} = {item}\n" for key, item in fields.items()) + "}"
        case _:
            return str(value)


def manifest(address: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the provider's resource as the object that it sends."""
    version, kind = next(made for resource, made in _KINDS.items() if address.startswith(f"{resource}_"))
    return {"apiVersion": version, "kind": kind, **_object(arguments)}


def _object(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {_LISTS.get(key, _camel(key)): _value(key, value) for key, value in arguments.items() if value is not None}


def _value(key: str, value: Any) -> Any:
    match value:
        case {**fields}:
            return dict(fields) if key in _MAPS else _object(fields)
        case [*items] if items and isinstance(items[0], dict):
            objects = [_object(item) for item in items]
            return objects if key in _LISTS else objects[0]
        case str() if key == "port" and value.isdigit():
            return int(value)
        case _:
            return value


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)
