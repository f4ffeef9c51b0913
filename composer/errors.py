"""What a person is told when a catalogue or a composition is wrong."""

from __future__ import annotations

from collections.abc import Iterable


class CompositionError(Exception):
    """Everything that is wrong, one sentence each: which file or composition, what about it, what to do."""

    problems: tuple[str, ...]

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
