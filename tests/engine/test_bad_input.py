"""A wrong stack file ends `make up` with one sentence for each fault, all at once; state and cloud are as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.terminal import REMOVED, Terminal, edited

pytestmark = pytest.mark.engine

NETWORK, DATABASE = "regions.us-east-1.network", "regions.us-east-1.database"


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        pytest.param(
            {
                "netwrk": {},
                "system.owner": REMOVED,
                "workload.timezone": "Mars/Olympus",
                f"{NETWORK}.cidr": "8.8.0.0/16",
                f"{DATABASE}.readers": -1,
                "coder.replica": 3,
            },
            [
                "coder-eks:netwrk: is no section; the sections are coder-eks:system, coder-eks:workload, coder-eks:regions, ",
                "coder-eks:system.owner: is missing; write owner: platform",
                "coder-eks:workload.timezone: Mars/Olympus is no IANA time zone; write one such as America/New_York",
                f"coder-eks:{NETWORK}.cidr: 8.8.0.0/16 is not a private range; use one inside 10.0.0.0/8, ",
                f"coder-eks:{DATABASE}.readers: -1 is too small; write at least 0",
                "coder-eks:coder.replica: is no key of this section; did you mean replicas?",
            ],
            id="values and keys",
        ),
        pytest.param(
            {"coder": REMOVED, "system": "prod", "templates": REMOVED, f"{DATABASE}.readers": -1},
            [
                "coder-eks:coder: is missing; add the section",
                "coder-eks:templates: is missing; add the section",
                "coder-eks:system: prod stands where keys and values belong; write a mapping",
                f"coder-eks:{DATABASE}.readers: -1 is too small; write at least 0",
            ],
            id="whole sections, which the engine's own check of Pulumi.yaml does not speak of first",
        ),
        pytest.param(
            {
                f"{NETWORK}.tiers.workspace": ["10.0.0.0/20", "10.0.160.0/20", "10.0.176.0/20"],
                f"{NETWORK}.tiers.database": ["10.1.0.0/21", "10.0.216.0/21", "10.0.224.0/21"],
            },
            [
                f"coder-eks:{NETWORK}.tiers.workspace[0]: 10.0.0.0/20 overlaps 10.0.0.0/20 of tiers.public[0]; use 10.0.144.0/20 instead",
                f"coder-eks:{NETWORK}.tiers.database[0]: 10.1.0.0/21 is not inside the VPC, 10.0.0.0/16; use 10.0.144.0/21 instead",
            ],
            id="conflicts of the plan",
        ),
    ],
)
def test_every_fault_is_told_and_nothing_is_made(empty: Terminal, tmp_path: Path, changes: dict[str, object], sentences: list[str]):
    said = empty.with_file(tmp_path, changes).make("up")
    lines = said.out.splitlines()
    for sentence in sentences:
        assert any(line.startswith(f"Pulumi.prod.yaml: {sentence}") for line in lines), (sentence, said.text)
    assert len({line for line in lines if line.startswith("Pulumi.prod.yaml: ")}) == len(sentences)
    _refused(empty, said.code, said.text)


def test_a_file_that_is_no_yaml_is_told_with_its_line(empty: Terminal, tmp_path: Path):
    file = edited(tmp_path, {}) / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("  coder-eks:coder:", "  coder-eks:coder: {"))
    said = Terminal(empty.home, tmp_path).make("up")
    assert "Pulumi.prod.yaml: is no YAML" in said.err
    assert "line " in said.err
    _refused(empty, said.code, said.text)


def test_a_stack_without_a_file_is_told_with_those_that_have_one(empty: Terminal):
    said = empty.make("up", "STACK=nowhere")
    assert "Pulumi.nowhere.yaml does not exist; the stacks here are: prod" in said.err
    _refused(empty, said.code, said.text)


def _refused(terminal: Terminal, code: int, text: str) -> None:
    assert code != 0
    assert "Traceback" not in text
    assert not terminal.resources()
    assert not terminal.inventory()
