"""The root module of a composition, in Terraform's JSON syntax (TPL-17, TPL-18, TPL-34)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from composer.manifests import Base, Toolchain
from composer.matching import Match
from composer.publications import Composition
from settings.workload import Size

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

TERRAFORM_FLOOR = ">= 1.9"  # optional features aside, what the modules of the catalogue are written for


def literal(text: str) -> str:
    """A text as Terraform must take it word for word: its templates begin with these two."""
    return text.replace("${", "$${").replace("%{", "%%{")


def root_module(
    composition: Composition,
    toolchain: Toolchain,
    base: Base,
    *,
    sizes: Mapping[str, Size],
    match: Match,
    image: str,
    coder_url: str,
    platform: Mapping[str, Json],
    provenance: Mapping[str, str],
) -> bytes:
    """`main.tf.json`; sizes: those offered, in order of size. The agent is here, the pod or machine that runs it is the base's."""
    default = composition.profiles[toolchain.compute.default]
    inputs: dict[str, Json] = {
        "source": "./base",
        "workspace_id": "${data.coder_workspace.me.id}",
        "workspace_name": "${data.coder_workspace.me.name}",
        "owner": "${data.coder_workspace_owner.me.name}",
        "start_count": "${data.coder_workspace.me.start_count}",
        "compute_profile": "${local.sizes[data.coder_parameter.size.value]}",
        "image_id": image,
        "agent_token": "${coder_agent.main.token}",
        "agent_init_script": "${coder_agent.main.init_script}",
        "provenance": {key: literal(value) for key, value in provenance.items()},
        **platform,
    }
    if egress := match.choices.get("network-egress"):
        inputs["network_egress"] = egress
    root: dict[str, Json] = {
        "terraform": {
            "required_version": TERRAFORM_FLOOR,
            "required_providers": {
                name: {"source": provider.source, "version": provider.version} for name, provider in sorted(base.providers.items())
            },
        },
        # Agents take coderd's address from the provider: inside the cluster, no workspace goes through NAT or load balancer (NET-34, T-22)
        "provider": {"coder": {"url": coder_url}, **{name: {} for name in sorted(base.providers) if name != "coder"}},
        "data": {
            "coder_workspace": {"me": {}},
            "coder_workspace_owner": {"me": {}},
            "coder_parameter": {"size": _size_parameter(sizes, default)},
        },
        "locals": {
            "sizes": {
                name: {"cpu": float(size.cpu.cores), "memory": str(size.memory), "storage": str(size.storage)}
                for name, size in sizes.items()
            }
        },
        "module": {"toolchain": {"source": "./toolchain"}, "base": inputs},
        "resource": {"coder_agent": {"main": _agent()}},
    }
    return (json.dumps(root, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _size_parameter(sizes: Mapping[str, Size], default: str) -> dict[str, Json]:
    return {
        "name": "size",
        "display_name": "Size",
        "description": "CPU and memory change at the next start; the home volume keeps the size that it was made with.",
        "type": "string",
        "form_type": "dropdown",
        "mutable": True,
        "default": default if default in sizes else next(iter(sizes)),
        "option": [
            {"name": name, "value": name, "description": f"{float(size.cpu.cores):g} vCPU, {size.memory} memory, {size.storage} home"}
            for name, size in sizes.items()
        ],
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
