"""The bases' Terraform is held to the recorded schema of the two providers that can't be had here; the record to its source."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest
import yaml

from composer.catalog import load_catalog
from tests.catalog.modules import parse

CATALOG = Path(__file__).parents[2] / "catalog"
RECORD: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "providers.yaml").read_text())
KINDS = {**RECORD["aws"], **RECORD["kubernetes"]}
META = {"count", "depends_on", "for_each", "lifecycle", "provider"}  # Terraform's own


def bodies() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """File, kind and body of every resource and data source of the bases, but Coder's: its provider is real in tests/real."""
    for path in sorted(CATALOG.glob("bases/*/*.tf")):
        parsed = parse(path.read_text(encoding="utf-8"))
        for section, prefix in (("resource", ""), ("data", "data.")):
            for block in parsed.get(section, ()):
                for kind, named in block.items():
                    for name, body in named.items():
                        if not kind.strip('"').startswith("coder_"):
                            yield f"{path.parent.name}/{path.name} {name}", prefix + kind.strip('"'), body


def faults(where: str, body: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    """Every argument or block that the record does not have."""
    arguments, blocks = set(record.get("arguments", ())), record.get("blocks", {})
    nested = [(key, block) for key, value in body.items() if _is_block(value) for block in value if key != "dynamic"]
    for dynamic in body.get("dynamic", ()):
        nested += [(key, block["content"][0]) for key, block in dynamic.items() if not key.startswith("__")]
    for key, value in body.items():
        if not key.startswith("__") and key not in META | arguments | {"dynamic"} and not _is_block(value):
            yield f"{where}: {key} is no argument"
    for key, block in nested:
        name = key.strip('"')
        if name in META:
            continue
        if name not in blocks:
            yield f"{where}: {name} is no block"
        else:
            yield from faults(f"{where}.{name}", block, blocks[name])


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and bool(value[0].get("__is_block__"))


def test_every_resource_uses_what_the_record_has():
    """TPL-08 to TPL-12."""
    found = list(bodies())
    assert len(found) > 20
    assert [kind for _, kind, _ in found if kind not in KINDS] == []
    assert [fault for where, kind, body in found for fault in faults(where, body, KINDS[kind])] == []


@pytest.mark.parametrize(("old", "new"), [("ami ", "amy "), ("metadata_options {", "metadata_opts {"), ("http_tokens ", "http_token ")])
def test_a_wrong_name_is_found(old: str, new: str):
    source = (CATALOG / "bases/ec2-linux/main.tf").read_text()
    (block,) = [b for b in parse(source.replace(old, new, 1))["resource"] if '"aws_instance"' in b]
    assert list(faults("x", block['"aws_instance"']['"workspace"'], KINDS["aws_instance"])) != []


def test_the_record_has_nothing_that_nobody_uses():
    assert set(KINDS) == {kind for _, kind, _ in bodies()}


def _parameters(path: str) -> dict[str, str]:
    """Names that a class or function of the AWS SDK takes, with their types as text."""
    module, name = path.split(".")
    made = getattr(getattr(aws, module), name)
    signature = inspect.signature(made._internal_init if inspect.isclass(made) else made)
    return {parameter.name: str(parameter.annotation) for parameter in signature.parameters.values()}


def _unknown(where: str, record: Mapping[str, Any], parameters: Mapping[str, str], module: str) -> Iterator[str]:
    for name in record.get("arguments", ()):
        if not {name, f"{name}s"} & set(parameters):
            yield f"{where}.{name}"
    for name, nested in record.get("blocks", {}).items():
        spelt = next((one for one in (name, f"{name}s", f"{name[:-1]}ies") if one in parameters), None)
        inside = re.search(r"'(\w+?)(?:Args|ArgsDict)'", parameters[spelt]) if spelt else None
        if inside is None:
            yield f"{where}.{name}"
            continue
        arguments = getattr(getattr(aws, module), f"{inside[1]}Args")
        signature = inspect.signature(arguments.__init__)
        yield from _unknown(f"{where}.{name}", nested, {p.name: str(p.annotation) for p in signature.parameters.values()}, module)


@pytest.mark.parametrize("kind", sorted(RECORD["aws"]))
def test_the_record_of_aws_is_what_the_sdk_knows(kind: str):
    record = RECORD["aws"][kind]
    assert list(_unknown(kind, record, _parameters(record["sdk"]), record["sdk"].split(".")[0])) == []


def test_bases_pin_one_version_of_each_provider():
    """TPL-19."""
    versions = {(name, p.version) for module in load_catalog(CATALOG).bases.values() for name, p in module.manifest.providers.items()}
    assert len(versions) == len({name for name, _ in versions})
