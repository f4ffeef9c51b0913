"""Time and memory of a command are those of everything that it started."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import PAGE, TICKS, cpu_seconds, measure, resident_bytes, tree
from bench.run import told_resources
from bench.samples import Sample

MIB = 2**20


def proc(folder: Path, children: dict[int, str]) -> Path:
    for pid, below in children.items():
        task = folder / str(pid) / "task" / str(pid)
        task.mkdir(parents=True)
        (task / "children").write_text(below)
    return folder


def test_a_tree_holds_the_children_of_children(tmp_path: Path):
    assert tree(1, proc(tmp_path, {1: "2 3 ", 2: "4 ", 3: "", 4: ""})) == [1, 2, 3, 4]


def test_a_process_that_ends_meanwhile_is_left_out(tmp_path: Path):
    assert tree(1, proc(tmp_path, {1: "2 "})) == [1, 2]
    assert resident_bytes(2, tmp_path) == 0
    assert cpu_seconds(2, tmp_path) == 0


def test_memory_is_the_second_field_in_pages(tmp_path: Path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "statm").write_text("9000 120 30 1 0 50 0\n")
    assert resident_bytes(7, tmp_path) == 120 * PAGE


def test_cpu_time_is_found_behind_a_name_with_blanks_and_brackets(tmp_path: Path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text(f"7 (a) b (c) S 1 1 1 0 -1 0 0 0 0 0 {2 * TICKS} {TICKS} 0 0 20 0 1 0 0 0 0\n")
    assert cpu_seconds(7, tmp_path) == 3


def test_the_peak_counts_a_grandchild(tmp_path: Path):
    child = "import time; data = bytearray(64 * 2**20); time.sleep(0.4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    found = measure([sys.executable, "-c", parent], tmp_path, {})
    assert found.code == 0
    assert found.peak > 64 * MIB


def test_a_failure_tells_the_line_with_the_error(tmp_path: Path):
    found = measure([sys.executable, "-c", "print('before'); print('error: no such stack'); raise SystemExit(3)"], tmp_path, {})
    assert Sample.of(found, 0.5).failure == "exit code 3: error: no such stack"


def test_the_engines_count_includes_what_is_unchanged():
    text = "Outputs:\n    3 created\n\nResources:\n    + 23 created\n    ~ 3 updated\n    26 changes. 252 unchanged\n\nDuration: 21s\n"
    assert told_resources(text) == 278
    assert told_resources("Resources:\n    + 255 to create\n") == 255
    assert told_resources("error: no") == 0
