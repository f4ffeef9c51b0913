"""The benchmarks start as `make bench` starts them: bench is no installed package, so from the project's folder."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from tools.install import ROOT


def commands() -> list[str]:
    planned = subprocess.run(["make", "--dry-run", "bench"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [line for line in planned.splitlines() if " -m bench" in line]


def test_there_are_two() -> None:
    assert len(commands()) == 2


@pytest.mark.parametrize("command", commands())
def test_it_starts(command: str) -> None:
    done = subprocess.run([*shlex.split(command), "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
