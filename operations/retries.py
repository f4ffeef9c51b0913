"""Trying again with growing pauses: pure but for the clock that it is given (EKS-29)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """attempts: at most, the first one included. first: the pause after it; each further one is `factor` times that, at most `longest`."""

    attempts: int = 4
    first: timedelta = timedelta(minutes=1)
    factor: int = 2
    longest: timedelta = timedelta(minutes=15)

    def pauses(self) -> Iterator[timedelta]:
        """One between each two attempts."""
        pause = self.first
        for _ in range(self.attempts - 1):
            yield min(pause, self.longest)
            pause *= self.factor


def persist(
    attempt: Callable[[], Result],
    worth_another: Callable[[Result], bool],
    patience: Patience,
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> Result:
    """The first result that is not worth another attempt, or the last one. Says before each pause how long it is."""
    result = attempt()
    for number, pause in enumerate(patience.pauses(), start=2):
        if not worth_another(result):
            return result
        say(f"attempt {number} of {patience.attempts} in {int(pause.total_seconds())} s")
        sleep(pause.total_seconds())
        result = attempt()
    return result
