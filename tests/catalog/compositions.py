"""Every composition of the catalogue, composed as prod would; ids of machine images, which only AWS tells, are made up."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import date
from pathlib import Path

from composer.catalog import Catalog, load_catalog
from composer.composing import Composed, Deployment, compose
from composer.publications import Lock, MachineImage, ResolvedMachine
from composer.rendering import Instance
from settings.load import load_file

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
SETTINGS = load_file(ROOT / "Pulumi.prod.yaml")
SIZES = SETTINGS.workload.sizes
TODAY = date(2026, 11, 21)
INSTANCE = Instance(
    coder_url="http://coder.coder.svc:8080",
    access_url="https://coder.example.com",
    region=REGION,
    platform={
        "blocked_cidrs": ["10.0.0.0/16"],
        "coder_namespace": "coder",
        "coder_port": 8080,
        "instance_profile": "coder-prod-workspace",
        "machine_tags": {"Coder_Provisioned": "true", "Environment": "prod"},
        "namespace": "coder-ws",
        "node_group": "coder-ws",
        "region": REGION,
        "requests": {"cpu": 0.125, "memory": 0.25},
        "service_account": "coder-workspace",
        "storage_class": "gp3",
        "subnet_tags": {"Environment": "prod", "Tier": "workspace"},
        "vpc_tags": {"Environment": "prod"},
    },
)


def with_machine_images(catalog: Catalog) -> Catalog:
    """A catalogue whose lock file has an id for each machine image."""
    made_up = {
        name: {REGION: ResolvedMachine(id="ami-0123456789abcdef0", name=name, source="made up for tests", read=TODAY)}
        for name, image in catalog.images.items()
        if isinstance(image, MachineImage)
    }
    return replace(catalog, lock=Lock(images=catalog.lock.images, machine_images=made_up, releases=catalog.lock.releases))


@functools.cache
def catalog() -> Catalog:
    """The catalogue that ships."""
    return with_machine_images(load_catalog(ROOT / "catalog"))


@functools.cache
def composed(name: str) -> Composed:
    """A composition with all its sizes."""
    return compose(catalog(), name, Deployment(sizes=SIZES, instance=INSTANCE, today=TODAY))


NAMES = sorted(catalog().compositions)
EACH = [(name, size) for name in NAMES for size in dict.fromkeys(catalog().compositions[name].profiles.values())]
