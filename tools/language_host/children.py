"""Processes that the language host starts: the program and the policy packs. Each ends with the call that started it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

GRACE_SECONDS = 1.0  # between asking a child to end and ending it; the engine gives the whole host 5 s


@dataclass
class Children:
    """Every child that still runs. Each leads a process group of its own, so that what it started ends with it."""

    _running: set[subprocess.Popen[bytes]] = field(default_factory=set[subprocess.Popen[bytes]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, command: Sequence[str], directory: str, environment: Mapping[str, str], *, piped: bool) -> subprocess.Popen[bytes]:
        """Start `command`; with `piped`, its output is read by the caller, else it goes to the host's own, where the engine reads it."""
        stream = subprocess.PIPE if piped else None
        child = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            process_group=0,
        )
        with self._lock:
            self._running.add(child)
        return child

    def wait(self, child: subprocess.Popen[bytes]) -> int:
        """Wait for a child's end and return its exit code."""
        code = child.wait()
        with self._lock:
            self._running.discard(child)
        return code

    def end(self, child: subprocess.Popen[bytes]) -> None:
        """End a child and what it started: SIGTERM, then SIGKILL for what ignores it."""
        if child.poll() is not None:
            return
        _signal_group(child, signal.SIGTERM)
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            _signal_group(child, signal.SIGKILL)

    def end_all(self) -> None:
        """End every child at once."""
        with self._lock:
            running = list(self._running)
        for child in running:
            if child.poll() is None:
                _signal_group(child, signal.SIGTERM)
        for child in running:
            self.end(child)


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
