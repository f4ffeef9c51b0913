"""What ends a command: a sentence and an exit code, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a script can tell from the end of a command."""

    DONE = 0
    USAGE = 2  # arguments or stack file; argparse's own code
    MISSING = 3  # something that has to be there before: a stack, an output, a secret, credentials
    UNREACHABLE = 4  # coderd or AWS does not answer
    BLOCKED = 6  # the preflight found what would stop a deployment
    NOT_AS_PROMISED = 7  # the restore exercise found a fault
    VIOLATED = 8  # a policy is broken, or could not judge
    REFUSED = 5  # coderd or AWS says no


class Failure(Exception):  # noqa: N818 - it is the end of a command, not a mistake of the program
    """problems: a sentence each, with what to do about it."""

    code: ExitCode
    problems: tuple[str, ...]

    def __init__(self, code: ExitCode, problems: str | Iterable[str]) -> None:
        self.code = code
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))
