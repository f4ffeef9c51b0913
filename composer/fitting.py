"""What a composition starts: sizes, instance types that hold them, images by what never moves (TPL-28, TPL-39, TPL-40, TPL-51, T-46)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from composer.catalog import Catalog
from composer.errors import CompositionError
from composer.manifests import Base, Machine, Toolchain
from composer.matching import unsupported
from composer.publications import Composition, Container, Gpus, MachineImage
from settings.quantities import CpuQuantity, MemoryQuantity
from settings.workload import Size

_NO_GPUS = Gpus(least=0, most=0)


@dataclass(frozen=True)
class Starts:
    """images: name to reference or id, the default first. users: who people are on each. machines: types by size and number of GPUs."""

    images: Mapping[str, str]
    users: Mapping[str, str] = field(default_factory=dict[str, str])
    machines: Mapping[tuple[str, int], Sequence[str]] = field(default_factory=dict[tuple[str, int], Sequence[str]])
    gpus: Mapping[str, Gpus] = field(default_factory=dict[str, Gpus])


def size_faults(composition: Composition, toolchain: Toolchain, sizes: Mapping[str, Size], offered: Sequence[str]) -> Iterator[str]:
    """Profiles without a size, and sizes without a profile."""
    yield from unsupported(toolchain, composition.profiles)
    reachable = set(composition.profiles.values())
    for size in offered:
        if size not in sizes:
            yield f"size {size} is published, but not one of workload.sizes; add it there, or publish another"
        elif size not in reachable:
            yield f"size {size} is published, but no profile of {toolchain.name} has it; publish some of {', '.join(sorted(reachable))}"
    if not offered:
        yield "no size is published; publish at least one"


def in_order(sizes: Mapping[str, Size], offered: Sequence[str]) -> dict[str, Size]:
    """The offered sizes, the smallest first."""

    def key(name: str) -> tuple[CpuQuantity, MemoryQuantity, MemoryQuantity, str]:
        size = sizes[name]
        return size.cpu, size.memory, size.storage, name

    return {name: sizes[name] for name in sorted(offered, key=key)}


def fits(machine: Machine, size: Size, gpus: int) -> bool:
    """Whether an instance type has at least what a size asks (T-46)."""
    return machine.cpu >= size.cpu and machine.memory >= size.memory and machine.gpus >= gpus


def starts(
    catalog: Catalog, composition: Composition, toolchain: Toolchain, base: Base, sizes: Mapping[str, Size], region: str | None
) -> Starts:
    """Images and machines of a composition; CompositionError names what cannot be started."""
    problems: list[str] = []
    images, users = _images(catalog, composition, toolchain, base, region, problems)
    gpus = {size: composition.gpus.get(size, _NO_GPUS) for size in sizes}
    if composition.gpus and base.capabilities.get("gpu-support") is not True:
        problems.append(f"{base.name} has no GPUs; remove gpus, or take a base that offers gpu-support")
    machines: dict[tuple[str, int], Sequence[str]] = {}
    for name, size in sizes.items() if base.machines else ():
        for count in range(gpus[name].least, gpus[name].most + 1):
            machines[name, count] = [machine.type for machine in base.machines if fits(machine, size, count)]
            if not machines[name, count]:
                also = f", {count} GPUs" if count else ""
                problems.append(
                    f"no machine of {base.name} has what size {name} asks: {size.cpu} vCPU, {size.memory}{also}; add one, or publish less"
                )
    if problems:
        raise CompositionError(problems)
    return Starts(images, users, machines, gpus)


def _images(
    catalog: Catalog, composition: Composition, toolchain: Toolchain, base: Base, region: str | None, problems: list[str]
) -> tuple[dict[str, str], dict[str, str]]:
    names = composition.images or base.machine_images or ((toolchain.image,) if toolchain.image else ())
    if not names:
        problems.append(
            f"{toolchain.name} names no image, and {base.name} starts containers; write image in toolchain.yaml, or images here"
        )
    images: dict[str, str] = {}
    users: dict[str, str] = {}
    for name in names:
        match catalog.images.get(name):
            case Container() as image if not base.machines:
                _container(catalog, name, image, images, problems)
            case MachineImage(user=user) if base.machines:
                _machine(catalog, name, region, images, problems)
                users[name] = user
            case None:
                problems.append(f"image {name} is not in images.yaml; add it there")
            case _:
                kind = "machine images" if base.machines else "containers"
                problems.append(f"image {name} of images.yaml is of the other kind; {base.name} starts {kind}")
    return images, users


def _container(catalog: Catalog, name: str, image: Container, images: dict[str, str], problems: list[str]) -> None:
    locked = catalog.lock.images.get(name)
    digest = image.digest or (locked.digest if locked else None)
    allowed = [registry.prefix for registry in catalog.registries]
    if not any(image.image.startswith((f"{prefix}/", f"{prefix}:")) for prefix in allowed):
        listed = ", ".join(sorted(allowed)) or "nothing"
        problems.append(f"image {name} is {image.image}; registries.yaml allows {listed}: take it from there, or add its registry")
    if digest is None:
        problems.append(f"image {name} has no digest; run `coder-eks templates resolve`, which writes it to lock.yaml")
    else:
        images[name] = image.at(digest)


def _machine(catalog: Catalog, name: str, region: str | None, images: dict[str, str], problems: list[str]) -> None:
    locked = catalog.lock.machine_images.get(name, {}).get(region or "")
    if locked is None:
        where, which = (f"in {region}", f" --region {region}") if region else ("in any region: the deployment tells none", "")
        command = f"coder-eks templates resolve{which}"
        problems.append(f"machine image {name} is not known {where}; run `{command}`, which writes its id to lock.yaml")
    else:
        images[name] = locked.id
