"""The benchmarks start as `make bench` starts them: bench is no installed package, so from the project's folder."""

from __future__ import annotations

import shlex
import subprocess

from tools.install import ROOT


def test_each_command_of_make_bench_starts() -> None:
    planned = subprocess.run(["make", "--dry-run", "bench"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    commands = [line for line in planned.splitlines() if " -m bench" in line]
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run([*shlex.split(command), "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "usage:" in done.stdout
