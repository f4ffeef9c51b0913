"""Property 10 inside a base: whether the workspace really gets the size that was chosen (TPL-28, TPL-40)."""

# A value of Terraform may be anything, and its parsed form has no types:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# ruff: noqa: ANN401

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from composer.hcl import UnreadableError
from policy.isolation import first, pods
from policy.systems import Size
from policy.templates import Pushed
from policy.terraform import Module, Symbol, module_of, nested
from settings.quantities import CpuQuantity, MemoryQuantity

_MACHINES = ("aws_instance", "aws_spot_instance_request", "aws_launch_template", "aws_autoscaling_group")
_CHOSEN = "data.coder_parameter.size.value"


def faults(template: Pushed, name: str, size: Size) -> Iterator[str]:
    """What the base makes of another size than the chosen one, given this one's profile."""
    profile = {"cpu": size.cpu, "memory": f"{size.memory:g}Gi", "storage": f"{size.storage:g}Gi"}
    try:
        module = module_of(template.files, "base/", {**template.inputs, "compute_profile": profile})
    except UnreadableError as error:
        yield f"has a base that can't be read, so nobody can tell what becomes of {name}: {error}"
        return
    for limits in _limits(module):
        if _cpu(limits.get("cpu")) != size.cpu or _gib(limits.get("memory")) != size.memory:
            told = {key: limits.get(key) for key in ("cpu", "memory")}
            yield f"offers {name}, and its base limits the workspace to {told}; limit it to {size.cpu:g} vCPU and {size.memory:g} GiB"
    for _, claim, body in module.resources("kubernetes_persistent_volume_claim"):
        asked = module.value(first(first(first(body.get("spec")).get("resources")).get("requests")).get("storage"))
        if _gib(asked) != size.storage:
            yield f"offers {name}, and the volume {claim} of its base has {asked}; give it {size.storage:g} GiB"
    for _, volume, body in module.resources("aws_ebs_volume"):
        asked = module.value(body.get("size"))
        if asked is None or (isinstance(asked, int | float | str) and not isinstance(asked, Symbol) and asked != size.storage):
            yield f"offers {name}, and the volume {volume} of its base has {asked} GiB; give it {size.storage:g} GiB"


def machine_faults(template: Pushed) -> Iterator[str]:
    """What starts a machine of one type, whatever size is chosen."""
    types = template.inputs.get("instance_types")
    if types is not None and _CHOSEN not in str(types):
        yield f"hands its base the instance types {types}, whatever size is chosen; hand over those of {_CHOSEN}"
    try:
        module = module_of(template.files, "base/", template.inputs)
    except UnreadableError:
        return  # told above
    for kind, name, body in module.resources(*_MACHINES):
        for written in _instance_types(body):
            value = module.value(written)
            if isinstance(value, str) and not isinstance(value, Symbol):
                yield f"starts {kind}.{name} as {value}, whatever size is chosen; start one of var.instance_types"


def _limits(module: Module) -> Iterator[Mapping[str, Any]]:
    """Of the workspace's container in each pod: the one that gets the agent's image; of all where none does."""
    image = module.reference("var", "image_id")
    for pod in pods(module):
        found = [*nested(module, pod.spec, "container")]
        own = [(inside, body) for inside, body in found if inside.value(first(body).get("image")) == image] or found
        for inside, body in own:
            yield {key: inside.value(value) for key, value in first(first(first(body).get("resources")).get("limits")).items()}


def _instance_types(value: Any) -> Iterator[Any]:
    """Whatever stands under the key `instance_type`, at any depth."""
    if isinstance(value, Mapping):
        for key, each in cast("Mapping[str, Any]", value).items():
            if key == "instance_type":
                yield each
            else:
                yield from _instance_types(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _instance_types(each)


def _cpu(value: Any) -> float | None:
    try:
        return float(CpuQuantity.parse(value).cores)
    except ValueError:
        return None


def _gib(value: Any) -> float | None:
    try:
        return float(MemoryQuantity.parse(value).gibibytes)
    except ValueError:
        return None
