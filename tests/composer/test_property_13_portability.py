"""**Feature: coder-deployment-guide, Property 13: Toolchain Template Portability**

Toolchain trees are put together by a grammar, with nothing or one forbidden thing at a random place; whether one was put in is the oracle.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer import portability

CATALOG = Path(__file__).parents[2] / "catalog"
MANIFEST = b"""name: tools
version: 1.0.0
contract: "1.0"
description: Tools for work in subnets, regions and namespaces
image: enterprise-base
toolchain: { languages: [{ name: go, version: "1.23.12" }], tools: [{ name: kubectl, version: "1.33.13" }] }
capabilities: { required: [persistent-home] }
compute: { profiles: [small], default: small }
"""

# Text that is nobody's infrastructure, however much it speaks of it
HARMLESS = [
    "subnetting for beginners",
    "an ami is a machine image",
    "security groups (sg-rules) are the base's",
    "sg-1",
    "node selectors and tolerations",
    "see https://go.dev/dl/",
    "127.0.0.1",
    "10.0.0.1",
    "3.12.14+20260929",
    "the vpc- prefix",
    "arn: a name",
]
PROSE = ["faster in us-east-1 than elsewhere", "m5.large is an instance type, says the docs"]  # in no comment, though
WORDS, TOLD = st.sampled_from(HARMLESS), st.sampled_from([*HARMLESS, *PROSE])
NAMES = st.sampled_from(["mirror", "sdk_url", "shell", "node_version", "proxy", "editor", "install_dir"])

# What a value may never be, each in a form that stands alone
VALUES = [
    "ami-0123456789abcdef0",
    "subnet-0a1b2c3d",
    "sg-00112233445566778",
    "vpc-deadbeef",
    "arn:aws:iam::123456789012:role/workspace",
    "arn:aws:s3:::bucket-of-ours",
    "us-east-1",
    "eu-central-1b",
    "us-gov-west-1",
    "m5.2xlarge",
    "g4dn.xlarge",
    "p4d.24xlarge",
    "10.0.0.0/16",
    "169.254.169.254",
    "http://169.254.169.254/latest/meta-data/",
    "https://ec2.us-east-1.amazonaws.com",
    "https://coder.coder.svc.cluster.local:8080",
    "postgresql://db.abc.us-east-1.rds.amazonaws.com/x",
    "123456789012",
]
CONCRETE = VALUES[:6]  # told in prose as well
KEYS = ["nodeSelector", "tolerations", "affinity", "storageClassName", "namespace", "subnet_id", "security_group_ids", "availability_zone"]


@dataclass(frozen=True)
class Place:
    """Where a forbidden value is put: a file, and its content with the value."""

    path: str
    content: Callable[[str], str]


VALUE_PLACES = [
    Place("variables.tf", lambda value: f'variable "mirror" {{\n  default = "{value}"\n}}\n'),
    Place("nested.tf", lambda value: f'locals {{\n  a = {{ b = [{{ c = "{value}" }}] }}\n}}\n'),
    Place("expression.tf", lambda value: f'output "x" {{\n  value = format("%s", "{value}")\n}}\n'),
    Place("heredoc.tf", lambda value: f"locals {{\n  a = <<-EOT\n    {value}\n  EOT\n}}\n"),
    Place("more.tf.json", lambda value: json.dumps({"locals": {"a": [{"b": value}]}})),
    Place("bootstrap/install.sh", lambda value: f"#!/bin/bash\ncurl --fail {value}\n"),
    Place("bootstrap/quoted.sh", lambda value: f"#!/bin/bash\nexport PLACE='{value}'\n"),
    Place("bootstrap/double.sh", lambda value: f'#!/bin/bash\nif true; then tool --at="{value}"; fi\n'),
    Place("bootstrap/here.sh", lambda value: f"#!/bin/sh\ncat >x <<EOF\n{value}\nEOF\n"),
    Place("bootstrap/noname", lambda value: f"#!/usr/bin/env bash\nfor one in a {value}; do echo $one; done\n"),
    Place("bootstrap/setup.ps1", lambda value: f"$place = '{value}'\n"),
    Place("bootstrap/more.ps1", lambda value: f'Invoke-Tool -At "{value}"\n'),
    Place("bootstrap/devcontainer.json", lambda value: '{\n  // a comment\n  "env": ["' + value + '",],\n}\n'),
    Place("build/Dockerfile", lambda value: f"FROM ubuntu\nENV PLACE={value}\nRUN true\n"),
    Place("build/values.yaml", lambda value: f"a:\n  - b: '{value}'\n"),
    Place("build/settings.toml", lambda value: f'place = "{value}"\n'),
]
COMMENT_PLACES = [
    Place("commented.tf", lambda value: f"# made for {value} once\nlocals {{}}\n"),
    Place("block.tf", lambda value: f"/* made\n for {value}, once */\nlocals {{}}\n"),
    Place("bootstrap/commented.sh", lambda value: f"#!/bin/bash\ntrue # made for {value}, once\n"),
    Place("bootstrap/commented.ps1", lambda value: f"<# made for {value} once #>\n"),
    Place("build/commented.yaml", lambda value: f"a: b # made for {value}.\n"),
]
PROSE_PLACES = [
    Place("README.md", lambda value: f"It was made for {value} once.\n"),
    Place("described.tf", lambda value: f'variable "x" {{\n  description = "As {value} has it."\n  default = ""\n}}\n'),
]
KEY_PLACES = [
    Place("build/pod.yaml", lambda key: f"spec:\n  template:\n    {key}: x\n"),
    Place("build/pod.json", lambda key: json.dumps({"spec": [{key: {"a": "b"}}]})),
    Place("asked.tf", lambda key: f'variable "{key}" {{\n  default = ""\n}}\n'),
    Place("bootstrap/apply.sh", lambda key: f"#!/bin/bash\nkubectl apply -f - <<'EOF'\nspec:\n  {key}: x\nEOF\n"),
    Place("bootstrap/set.sh", lambda key: f"#!/bin/bash\n{key}=x\n"),
]
BLOCKS = [
    'resource "aws_instance" "x" {}',
    'data "aws_subnets" "x" {}',
    'resource "kubernetes_pod_v1" "x" {}',
    'provider "aws" {}',
    'module "infra" {\n  source = "./infra"\n}',
    'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}',
    "locals {\n  zone = data.aws_availability_zones.all.names\n}",
]


@st.composite
def toolchains(draw: st.DrawFn) -> dict[str, bytes]:
    """A portable toolchain, with prose and comments that speak of infrastructure."""
    variables = "".join(
        f'# {draw(WORDS)}\nvariable "{name}" {{\n  description = "{draw(TOLD)}"\n  default     = ""\n}}\n'
        for name in draw(st.lists(NAMES, unique=True))
    )
    commands = "\n".join(draw(st.lists(WORDS.map(lambda words: f'echo "{words}" # {words}'), max_size=4)))
    files = {
        "toolchain.yaml": MANIFEST,
        "variables.tf": variables.encode(),
        "bootstrap/install.sh": f"#!/bin/bash\n# {draw(WORDS)}\ncat <<EOF\n{draw(TOLD)} {draw(TOLD)}\nEOF\n{commands}\n".encode(),
        "bootstrap/setup.ps1": f"# {draw(WORDS)}\nWrite-Output '{draw(WORDS)} and more'\n".encode(),
        "build/Dockerfile": f"# {draw(WORDS)}\nFROM ubuntu\nRUN echo '{draw(WORDS)} and more'\n".encode(),
        "README.md": f"{draw(TOLD)}\n\n{draw(TOLD)}\n".encode(),
    }
    kept = draw(st.sets(st.sampled_from(sorted(files))))
    return {path: content for path, content in files.items() if path in {*kept, "toolchain.yaml"}}


injections = st.one_of(
    st.tuples(st.sampled_from(VALUE_PLACES), st.sampled_from(VALUES)),
    st.tuples(st.sampled_from(COMMENT_PLACES), st.sampled_from(VALUES)),
    st.tuples(st.sampled_from(PROSE_PLACES), st.sampled_from(CONCRETE)),
    st.tuples(st.sampled_from(KEY_PLACES), st.sampled_from(KEYS)),
    st.tuples(st.just(Place("more.tf", lambda block: block + "\n")), st.sampled_from(BLOCKS)),
)


@settings(max_examples=200, deadline=None)
@given(toolchains(), st.none() | injections)
def test_a_toolchain_is_portable_exactly_when_nothing_was_put_in(files: dict[str, bytes], injection: tuple[Place, str] | None):
    """Property 13, both ways: no alarm without a reason."""
    if injection is not None:
        place, forbidden = injection
        files = {**files, place.path: place.content(forbidden).encode()}
    found = portability.faults(files)
    assert bool(found) == (injection is not None), (injection, found)


@pytest.mark.parametrize("place", [*VALUE_PLACES, *COMMENT_PLACES], ids=lambda place: place.path)
@pytest.mark.parametrize("value", VALUES)
def test_every_forbidden_value_is_found_in_every_place(place: Place, value: str):
    """The mutants, all of them: file and value are named."""
    found = portability.faults({"toolchain.yaml": MANIFEST, place.path: place.content(value).encode()})
    assert found
    assert all(sentence.startswith(place.path) for sentence in found)


@pytest.mark.parametrize("place", VALUE_PLACES, ids=lambda place: place.path)
def test_the_places_alone_raise_no_alarm(place: Place):
    assert portability.faults({"toolchain.yaml": MANIFEST, place.path: place.content("plain").encode()}) == []


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_a_cloud_is_found(block: str):
    """TPL-07."""
    assert portability.faults({"toolchain.yaml": MANIFEST, "main.tf": block.encode()})


@pytest.mark.parametrize("words", [*HARMLESS, *PROSE])
def test_prose_raises_no_alarm(words: str):
    files = {
        "toolchain.yaml": MANIFEST,
        "notes.md": f"{words}\n".encode(),
        "a.sh": f"#!/bin/sh\ncat <<EOF\nHow it works: {words}, mostly.\nEOF\n".encode(),
    }
    assert portability.faults(files) == []


@pytest.mark.parametrize("words", HARMLESS)
def test_comments_raise_no_alarm(words: str):
    files = {
        "toolchain.yaml": MANIFEST,
        "a.sh": f"#!/bin/sh\n# {words}\n".encode(),
        "a.tf": f"# {words}\n/* {words} */\n".encode(),
        "a.yaml": f"# {words}\na: b\n".encode(),
    }
    assert portability.faults(files) == []


def test_a_manifest_with_a_key_of_its_own_is_not_portable():
    """keys(toolchain.yaml) are the schema's."""
    (sentence,) = portability.faults({"toolchain.yaml": MANIFEST + b"subnets: [a]\n"})
    assert sentence.startswith("toolchain.yaml: subnets: is no key of this section; its keys are")


def test_what_nobody_can_read_is_told():
    assert "this is no text" in portability.faults({"toolchain.yaml": MANIFEST, "bootstrap/tool": b"\x7fELF\xff\xfe"})[0]
    assert (
        "main.tf: this is no Terraform: line 1, column 9; nobody can see what is in it"
        in portability.faults({"toolchain.yaml": MANIFEST, "main.tf": b"locals {"})[0]
    )
    assert portability.faults({}) == ["toolchain.yaml is missing; a toolchain says what it is there"]


def test_the_toolchains_that_ship_are_portable(tmp_path: Path):
    for folder in sorted(path for path in (CATALOG / "toolchains").iterdir() if path.is_dir()):
        assert portability.faults(portability.read(folder)) == []
        assert portability.portable(folder)
    shutil.copytree(CATALOG / "toolchains/swdev", tmp_path / "swdev")
    (tmp_path / "swdev/main.tf").write_text('resource "aws_instance" "x" {}\n')
    assert not portability.portable(tmp_path / "swdev")
