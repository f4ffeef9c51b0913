"""`python -m bench.templates`: what composing and verifying a template costs, and whether the catalogue's size makes it dearer."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from rich.console import Console
from rich.table import Table

from composer import judging
from composer.catalog import Catalog, Module, load_catalog
from composer.composing import Deployment, compose
from composer.files import content_hash
from composer.rendering import Instance
from plan import make_plan
from plan.templates import template_facts
from settings.load import load_file
from tools.install import ROOT

TODAY = date(2026, 11, 21)  # permits are judged against it; a benchmark has no clock but for time


def main(arguments: Sequence[str]) -> int:
    """Return 0; every composition that is timed is verified, and one that does not verify ends it."""
    parser = argparse.ArgumentParser(prog="python -m bench.templates", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="compositions in all (default: 1000)")
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args(arguments)
    made = measure(given.count)
    if given.json:
        print(json.dumps(made, indent=2))
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("compositions", "of", "compose, ms CPU", "verify, ms CPU"):
        table.add_column(name, justify="right")
    for row in made:
        table.add_row(f"{row['compositions']:g}", f"{row['toolchains']:g}", f"{row['compose_ms']:.1f}", f"{row['verify_ms']:.1f}")
    Console(highlight=False).print(table)
    return 0


def measure(count: int) -> list[dict[str, float]]:
    """Quarters of the work, each with a catalogue of another size: toolchains of random versions, medians of CPU time."""
    settings = load_file(ROOT / "Pulumi.prod.yaml")
    facts = template_facts(settings, make_plan(settings), settings.primary_region)
    instance = Instance(coder_url=facts.coder_url, access_url=facts.access_url, region=facts.region, platform=facts.platform)
    deployment = Deployment(sizes=settings.workload.sizes, instance=instance, today=TODAY)
    whole, chance = load_catalog(ROOT / "catalog"), random.Random(count)
    compose(whole, "pod-swdev", deployment)  # imports and grammars are not what is measured
    rows: list[dict[str, float]] = []
    for copies in (1, 10, 50, 200):
        catalog = widened(whole, copies, chance)
        names = chance.choices(sorted(catalog.compositions), k=count // 4)
        composing: list[float] = []
        verifying: list[float] = []
        for name in names:
            begun = time.process_time()
            files = compose(catalog, name, deployment).files
            composed = time.process_time()
            wrong = {number: found for number, found in judging.file_faults(files, TODAY).items() if found}
            verified = time.process_time()
            if wrong:
                raise SystemExit(f"{name} does not verify: {wrong}")
            composing.append(1000 * (composed - begun))
            verifying.append(1000 * (verified - composed))
        rows.append(
            {
                "compositions": len(names),
                "toolchains": len(catalog.toolchains),
                "compose_ms": statistics.median(composing),
                "verify_ms": statistics.median(verifying),
            }
        )
    return rows


def widened(catalog: Catalog, copies: int, chance: random.Random) -> Catalog:
    """The catalogue with so many versions of each toolchain, and a composition of each; every copy has files of its own."""
    toolchains, compositions = dict(catalog.toolchains), dict(catalog.compositions)
    for composition in catalog.compositions.values():
        module = catalog.toolchain(composition.toolchain)
        for index in range(copies - 1):
            version = f"{chance.randrange(2, 99)}.{index}.{chance.randrange(99)}"
            manifest = module.manifest.model_copy(update={"version": version})
            text = module.files["toolchain.yaml"].decode().replace(f"version: {module.manifest.version}", f"version: {version}", 1)
            files = {**module.files, "toolchain.yaml": text.encode(), "NOTES.md": content_hash(module.files).encode() + version.encode()}
            toolchains[manifest.name, version] = Module(manifest, files)
            name = f"{composition.name[:24]}-{index}"
            pin = composition.toolchain.model_copy(update={"version": version})
            compositions[name] = composition.model_copy(update={"name": name, "toolchain": pin})
    return replace(catalog, toolchains=toolchains, compositions=compositions)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
