"""Faults on demand: the n-th create fails, or the process dies right after the n-th create reached the store."""

from __future__ import annotations

import os
from typing import Final

from localcloud.kinds.model import Refused
from localcloud.store import Store

_FACT: Final = "fault"


class Faults:
    """The one fault that is set, kept in the store: what follows a restart still knows it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def fail_create(self, nth: int) -> None:
        """The nth create from now on is refused, once."""
        self._store.set_fact(_FACT, {"fail": nth})

    def kill_at(self, nth: int) -> None:
        """The process dies after the nth create from now on, before it answers, once."""
        self._store.set_fact(_FACT, {"kill": nth})

    def clear(self) -> None:
        """No fault."""
        self._store.set_fact(_FACT, None)

    def before_create(self, urn: str) -> None:
        """Count down to the create that fails.

        Raises:
            Refused: it is this one.
        """
        if self._down("fail"):
            raise Refused("InternalError", f"the create that was asked to fail: {urn}")

    def after_create(self) -> None:
        """Count down to the death."""
        if self._down("kill"):
            os._exit(137)  # as by SIGKILL: nothing is flushed, nothing is answered

    def _down(self, kind: str) -> bool:
        with self._store.lock:
            fault = self._store.fact(_FACT)
            left = fault.get(kind) if isinstance(fault, dict) else None
            if not isinstance(left, int):
                return False
            self._store.set_fact(_FACT, {kind: left - 1} if left > 1 else None)
            return left == 1
