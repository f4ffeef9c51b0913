"""One measured command: wall time, CPU time, and the peak of the memory of its whole process tree, read from /proc."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
INTERVAL_SECONDS = 0.05  # between two looks at the memory; a look at ten processes takes under a millisecond
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measurement:
    """A finished command. wall, cpu: seconds, cpu that of its process tree and of the local cloud. peak: bytes, its process tree's."""

    wall: float
    cpu: float
    cloud_cpu: float
    peak: int
    code: int
    output: str


def measure(command: Sequence[str], cwd: Path, environment: Mapping[str, str], cloud_pid: int | None = None) -> Measurement:
    """Run a command to its end, its output captured. cloud_pid: the local cloud, which is no child of the command."""
    before = cpu_seconds(cloud_pid) if cloud_pid else 0.0
    children = os.times()
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command), cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = _Peak(process.pid)
    peak.start()
    output = process.communicate()[0]
    wall = time.perf_counter() - started
    peak.stop()
    after = os.times()
    cpu = after.children_user + after.children_system - children.children_user - children.children_system
    cloud = cpu_seconds(cloud_pid) - before if cloud_pid else 0.0
    return Measurement(wall, cpu + cloud, cloud, peak.bytes, process.returncode, output)


class _Peak(threading.Thread):
    """Looks at a process tree until it is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._done = threading.Event()
        self.bytes = 0

    def run(self) -> None:
        while not self._done.wait(INTERVAL_SECONDS):
            self.bytes = max(self.bytes, sum(resident_bytes(pid) for pid in tree(self._pid)))

    def stop(self) -> None:
        """End the looking."""
        self._done.set()
        self.join()


def tree(pid: int, proc: Path = PROC) -> list[int]:
    """A process and everything that it and its children started; what ends meanwhile is left out."""
    found = [pid]
    for each in found:
        for task in _entries(proc / str(each) / "task"):
            found += [int(child) for child in _text(task / "children").split()]
    return found


def resident_bytes(pid: int, proc: Path = PROC) -> int:
    """The memory of a process that is in RAM; pages that processes share count for each. 0 for one that has ended."""
    fields = _text(proc / str(pid) / "statm").split()
    return int(fields[1]) * PAGE if len(fields) > 1 else 0


def cpu_seconds(pid: int, proc: Path = PROC) -> float:
    """The CPU time that a process has used, user and system. 0 for one that has ended."""
    fields = _text(proc / str(pid) / "stat").rpartition(")")[2].split()  # the name before it may hold blanks
    return (int(fields[11]) + int(fields[12])) / TICKS if len(fields) > 12 else 0.0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
