"""**Feature: coder-deployment-guide, Property 13: Toolchain Portability** (POL-13)"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.pack import PROPERTIES
from tests.policy.breaking import Broken, append, assert_caught, cases, edited, examples, forged, put
from tests.policy.judge import assert_named, run
from tests.policy.recorded import stack
from tests.policy.test_property_07_auto_stop import TEMPLATE, small
from tests.policy.world import DEPLOYED, PREVIEW

SCRIPT, VARIABLES, MANIFEST = "toolchain/bootstrap/install.sh", "toolchain/variables.tf", "toolchain/toolchain.yaml"
RESOURCE = 'resource "aws_instance" "x" {\n  ami = "ami-0123456789abcdef0"\n}'
BROKEN = [
    Broken("a resource", "resource aws_instance is declared", edited({VARIABLES: append(RESOURCE)})),
    Broken("a forged manifest over it", "resource aws_instance is declared", forged({VARIABLES: append(RESOURCE)})),
    Broken("a provider", "a block provider aws is declared", edited({VARIABLES: append('provider "aws" {\n}')})),
    Broken("a data source", "data aws_vpc is declared", edited({VARIABLES: append('data "aws_vpc" "x" {\n}')})),
    Broken("a subnet in a default", "subnet-", edited({VARIABLES: append('variable "s" {\n  default = "subnet-0123456789abcdef0"\n}')})),
    Broken("a role in a script", "arn:aws:", edited({SCRIPT: append("export R=arn:aws:iam::123456789012:role/x")})),
    Broken("a registry in a comment", "is an ECR registry", edited({SCRIPT: append("# 123456789012.dkr.ecr.us-east-1.amazonaws.com/x")})),
    Broken("a region in a comment of a script", "eu-central-1 is a region", edited({SCRIPT: append("# only in eu-central-1, so far")})),
    Broken("a forged manifest over that", "eu-central-1 is a region", forged({SCRIPT: append("true # only in eu-central-1.")})),
    Broken("a machine in a comment of Terraform", "m5.2xlarge is an instance", edited({VARIABLES: append("// as on m5.2xlarge")})),
    Broken("a range in a block comment", "10.20.0.0/16 is a range", edited({VARIABLES: append("/*\n reaches 10.20.0.0/16\n*/")})),
    Broken("a zone in a comment of the manifest", "us-east-1a is a region", edited({MANIFEST: append("# built in us-east-1a")})),
    Broken("a range of the new protocol", "fd00:a::/48", edited({SCRIPT: append("ip route add fd00:a::/48 dev eth0")})),
    Broken("a range in a script", "10.0.0.0/16", edited({SCRIPT: append("ip route add 10.0.0.0/16 dev eth0")})),
    Broken("a key of another trade in the manifest", "node_selector", edited({MANIFEST: append("node_selector: {a: b}")})),
    Broken(
        "a new file with an image id",
        "ami-0123456789abcdef0",
        edited({"toolchain/more.tf": lambda _: 'locals {\n  i = "ami-0123456789abcdef0"\n}\n'}),
    ),
    Broken("no manifest at all", "toolchain.yaml is missing", edited({MANIFEST: None})),
    Broken("a folder that is not there", "can't be read", put(TEMPLATE, "pod-swdev", "versions.0.directory", "composed/gone")),
    Broken("no active version", "exactly one is what people get", put(TEMPLATE, "pod-swdev", "versions.0.active", False)),
]


@cases(BROKEN)
def test_a_broken_fact_is_named(broken: Broken, mode: str) -> None:
    assert_caught(broken, mode, 13)


FORBIDDEN = {
    "subnet": "subnet-0a1b2c3d4e5f60718",
    "group": "sg-0a1b2c3d4e5f60718",
    "network": "vpc-0a1b2c3d4e5f60718",
    "image": "ami-0a1b2c3d4e5f60718",
    "role": "arn:aws:iam::123456789012:role/x",
    "range": "10.20.0.0/16",
    "region": "eu-central-1",
    "machine": "m5.2xlarge",
}
SAID = "subnetting of m5 is hard; see https://docs.aws.amazon.com/x, #5 or the us-east coast, since 1.2.3/4"


@pytest.mark.parametrize(("file", "comment"), [(SCRIPT, f"# {SAID}"), (VARIABLES, f"/* {SAID} */"), (MANIFEST, f"# {SAID}")])
def test_a_comment_may_speak_of_anything_else(file: str, comment: str) -> None:
    found = small(PREVIEW)
    edited({file: append(comment)}, None)(found)
    assert run(found, PREVIEW, number=13).violations(13) == []


HARMLESS = ["subnetting is hard", "amino acids", "sgml", "a vpcish name", "m5 is a motorway", "version 10.20"]
PLACES = {
    VARIABLES: 'variable "injected" {{\n  default = "{}"\n}}',
    SCRIPT: "export INJECTED='{}'",
    "toolchain/outputs.tf": 'output "injected" {{\n  value = "{}"\n}}',
}


@examples
@given(
    word=st.one_of(
        st.sampled_from(sorted(FORBIDDEN)).map(lambda key: (True, FORBIDDEN[key])), st.sampled_from(HARMLESS).map(lambda w: (False, w))
    ),
    place=st.sampled_from(sorted(PLACES)),
)
def test_a_toolchain_passes_iff_nothing_of_the_infrastructure_was_put_into_it(word: tuple[bool, str], place: str) -> None:
    """**Feature: coder-deployment-guide, Property 13: Toolchain Portability** The oracle is the injection's flag."""
    injected, text = word
    found = small(PREVIEW)
    edited({place: append(PLACES[place].format(text))})(found)
    assert (run(found, PREVIEW, number=13).violations(13) != []) == injected


def test_a_stack_without_templates_is_told_so() -> None:
    found = stack("prod", DEPLOYED)
    found.remove(*found.all(TEMPLATE))
    assert_named(run(found, DEPLOYED, number=13), 13, "the stack pushes no template", whole=True)


def test_a_template_that_cannot_be_read_hides_no_other() -> None:
    found = stack("prod", DEPLOYED)
    first, *_, last = sorted(found.all(TEMPLATE), key=lambda entry: entry.urn)
    edited({VARIABLES: append(RESOURCE)}, last.name)(found)
    first.put("versions.0.directory", "composed/gone")
    outcome = run(found, DEPLOYED, number=13)
    assert_named(outcome, 13, "can't be read")
    assert_named(outcome, 13, "resource aws_instance is declared")


def test_every_property_of_templates_waits_for_the_second_visit() -> None:
    first = run(stack("prod", PREVIEW, visit=1), PREVIEW)
    for found in PROPERTIES:
        if found.number in (3, 7, 10, 11, 13, 14, 15, 16, 17):
            assert "first visit" in first.not_applicable[found.name]
