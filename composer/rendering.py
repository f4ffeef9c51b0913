"""The root module of a composition, in Terraform's JSON syntax (TPL-17, TPL-18, TPL-34)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from composer.fitting import Starts
from composer.interfaces import GPUS, MACHINES, USER
from composer.manifests import App, Base
from composer.provenance import literal
from composer.publications import Composition
from settings.workload import Size

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

TERRAFORM_FLOOR = ">= 1.9"  # optional features aside, what the modules of the catalogue are written for
_SIZE = "data.coder_parameter.size.value"
_GPUS = "data.coder_parameter.gpus.value"
_IMAGE = "data.coder_parameter.image.value"


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What a Coder deployment tells its templates: where coderd is, in the cluster and outside; region; what bases ask as `platform`."""

    coder_url: str
    platform: Mapping[str, Json]
    access_url: str = ""
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a root module joins. sizes: those offered, in order. default: one of them, where offered. given: other inputs of the base.

    apps: those of the toolchain.
    """

    composition: Composition
    base: Base
    sizes: Mapping[str, Size]
    default: str
    starts: Starts
    given: Mapping[str, JsonValue]
    metadata: Mapping[str, str]
    apps: Sequence[App] = ()


def root_module(parts: Parts, variables: Mapping[str, object], instance: Instance) -> bytes:
    """`main.tf.json`. The agent is here, the pod or machine that runs it is the base's. variables: what the base declares."""
    base = parts.base
    root: dict[str, Json] = {
        "terraform": {
            "required_version": TERRAFORM_FLOOR,
            "required_providers": {
                name: {"source": provider.source, "version": provider.version} for name, provider in sorted(base.providers.items())
            },
        },
        "provider": _providers(base, instance),
        "data": {"coder_workspace": {"me": {}}, "coder_workspace_owner": {"me": {}}, "coder_parameter": _parameters(parts)},
        "locals": _locals(parts, MACHINES in variables),
        "module": {"toolchain": {"source": "./toolchain"}, "base": _inputs(parts, variables, instance)},
        "resource": {"coder_agent": {"main": _agent()}, **({"coder_app": _apps(parts.apps)} if parts.apps else {})},
    }
    return (json.dumps(root, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _providers(base: Base, instance: Instance) -> dict[str, Json]:
    """Agents take coderd's address from the provider: in the cluster no workspace goes through NAT or load balancer (NET-34, T-22)."""
    providers: dict[str, Json] = {name: {} for name in sorted(base.providers)}
    if "aws" in providers and instance.region:
        providers["aws"] = {"region": instance.region}
    return {**providers, "coder": {"url": instance.access_url if base.coderd == "external" else instance.coder_url}}


def _inputs(parts: Parts, variables: Mapping[str, object], instance: Instance) -> dict[str, Json]:
    images = parts.starts.images
    inputs: dict[str, Json] = {
        "source": "./base",
        "workspace_id": "${data.coder_workspace.me.id}",
        "workspace_name": "${data.coder_workspace.me.name}",
        "owner": "${data.coder_workspace_owner.me.name}",
        "start_count": "${data.coder_workspace.me.start_count}",
        "compute_profile": f"${{local.sizes[{_SIZE}]}}",
        "image_id": next(iter(images.values())) if len(images) == 1 else f"${{local.images[{_IMAGE}]}}",
        "agent_id": "${coder_agent.main.id}",
        "agent_token": "${coder_agent.main.token}",
        "agent_init_script": "${coder_agent.main.init_script}",
        "provenance": {key: literal(value) for key, value in parts.metadata.items()},
    }
    if MACHINES in variables:
        count = _GPUS if _has_gpus(parts) else "0"
        inputs[MACHINES] = f'${{local.machines["${{{_SIZE}}}/${{{count}}}"]}}'
    if GPUS in variables:
        inputs[GPUS] = f"${{{_GPUS}}}" if _has_gpus(parts) else 0
    if USER in variables and parts.starts.users:
        users = parts.starts.users
        inputs[USER] = next(iter(users.values())) if len(users) == 1 else f"${{local.users[{_IMAGE}]}}"
    platform = {key: escaped(instance.platform[key]) for key in parts.base.platform}
    return {**inputs, **platform, **{key: escaped(value) for key, value in parts.given.items()}}


def escaped(value: Json | JsonValue) -> Json:
    """A value whose texts Terraform takes word for word."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Mapping):
        return {key: escaped(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [escaped(each) for each in value]
    return value


def _locals(parts: Parts, with_machines: bool) -> dict[str, Json]:
    found: dict[str, Json] = {
        "sizes": {
            name: {"cpu": float(size.cpu.cores), "memory": str(size.memory), "storage": str(size.storage)}
            for name, size in parts.sizes.items()
        }
    }
    starts = parts.starts
    if len(starts.images) > 1:
        found["images"] = dict(starts.images)
        found["users"] = dict(starts.users)
    if with_machines:
        found["machines"] = {f"{size}/{count}": list(types) for (size, count), types in sorted(starts.machines.items())}
    if _has_gpus(parts):
        found["gpus"] = {size: {"least": gpus.least, "most": gpus.most} for size, gpus in starts.gpus.items()}
    return found


def _has_gpus(parts: Parts) -> bool:
    """Whether a size has a number of GPUs to choose, or any at all."""
    return any(gpus.most for gpus in parts.starts.gpus.values())


def _parameters(parts: Parts) -> dict[str, Json]:
    parameters: dict[str, Json] = {"size": _size_parameter(parts.sizes, parts.default)}
    if len(parts.starts.images) > 1:
        parameters["image"] = _image_parameter(list(parts.starts.images))
    if _has_gpus(parts):
        parameters["gpus"] = _gpu_parameter()
    return parameters


def _size_parameter(sizes: Mapping[str, Size], default: str) -> dict[str, Json]:
    return {
        "name": "size",
        "display_name": "Size",
        "description": "CPU and memory change at the next start; the home volume keeps the size that it was made with.",
        "type": "string",
        "form_type": "dropdown",
        "mutable": True,
        "order": 1,
        "default": default if default in sizes else next(iter(sizes)),
        "option": [
            {"name": name, "value": name, "description": f"{float(size.cpu.cores):g} vCPU, {size.memory} memory, {size.storage} home"}
            for name, size in sizes.items()
        ],
    }


def _image_parameter(names: Sequence[str]) -> dict[str, Json]:
    return {
        "name": "image",
        "display_name": "Operating system",
        "description": "What the workspace starts from; it stays with the workspace.",
        "type": "string",
        "form_type": "dropdown",
        "mutable": False,
        "order": 2,
        "default": names[0],
        "option": [{"name": name, "value": name} for name in names],
    }


def _gpu_parameter() -> dict[str, Json]:
    """Its bounds follow the chosen size (TPL-51)."""
    bounds = f"local.gpus[{_SIZE}]"
    return {
        "name": "gpus",
        "display_name": "GPUs",
        "description": "Machines with GPUs are not kept warm: a start may take 5 minutes, and tries several instance types.",
        "type": "number",
        "form_type": "input",
        "mutable": True,
        "order": 3,
        "default": f"${{{bounds}.least}}",
        "validation": [{"min": f"${{{bounds}.least}}", "max": f"${{{bounds}.most}}", "error": "This size takes {min} to {max} GPUs."}],
    }


def _agent() -> dict[str, Json]:
    return {
        "os": "${module.base.os}",
        "arch": "${module.base.arch}",
        "env": "${merge(module.base.runtime_env, module.toolchain.runtime_env)}",
        "startup_script": "${module.toolchain.bootstrap_script}",
        "startup_script_behavior": "non-blocking",  # the first start downloads toolchains; people may look around meanwhile
        "metadata": [
            {"key": "cpu", "display_name": "CPU", "script": "coder stat cpu", "interval": 30, "timeout": 5},
            {"key": "memory", "display_name": "Memory", "script": "coder stat mem", "interval": 30, "timeout": 5},
            {"key": "home", "display_name": "Home", "script": 'coder stat disk --path "$HOME"', "interval": 300, "timeout": 10},
        ],
    }


def _apps(apps: Sequence[App]) -> dict[str, Json]:
    """By a host of their own, since path apps are off (CDR-16), and for the workspace's owner alone."""
    return {
        app.name: {
            "count": "${data.coder_workspace.me.start_count}",
            "agent_id": "${coder_agent.main.id}",
            "slug": app.name,
            "display_name": escaped(app.title),
            "icon": escaped(app.icon),
            "url": f"http://localhost:{app.port}",
            "subdomain": True,
            "share": "owner",
            "healthcheck": [{"url": f"http://localhost:{app.port}{app.health}", "interval": 10, "threshold": 30}],  # first start: minutes
        }
        for app in apps
    }
