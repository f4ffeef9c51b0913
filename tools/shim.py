"""`pulumi` inside the local environment: refresh the copy of the stack's file, tell the real CLI to use it, become the real CLI.

Every pulumi option can be given by a variable PULUMI_OPTION_…, which commands without that option do not look at: so this needs no
table of which subcommand takes `--config-file`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # started by path, from any folder

from tools.folders import CLI, stack_files
from tools.install import SetupError


def stack_of(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The stack that a command speaks of: `--stack prod`, `--stack=prod`, `-s prod`, `-sprod`, else the environment's."""
    for argument, following in zip(arguments, [*arguments[1:], None], strict=True):
        if argument == "--":
            break
        if argument in {"--stack", "-s"}:
            return following
        if argument.startswith("--stack="):
            return argument.removeprefix("--stack=")
        if argument.startswith("-s") and not argument.startswith("--"):
            return argument.removeprefix("-s").removeprefix("=")
    return environment.get("PULUMI_STACK")


def become(executable: str, arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replace this process: signals, terminal and exit code are then the command's own."""
    os.execve(executable, list(arguments), dict(environment))  # noqa: S606 - no shell is wanted


def main(arguments: Sequence[str]) -> int:
    """Become the CLI; return only if there is none."""
    environment = dict(os.environ)
    stack = stack_of(arguments, environment)
    files = stack_files(environment)
    try:
        # A stack without a file is for the CLI to judge; a caller that gives a file of its own knows why.
        if stack and files.original(stack).exists() and not any(argument.startswith("--config-file") for argument in arguments):
            environment["PULUMI_OPTION_CONFIG_FILE"] = str(files.refresh(stack))
    except SetupError as error:
        print(f"pulumi: {error}", file=sys.stderr)
        return 1
    if CLI not in environment:
        print("pulumi: this one works in the local environment only: ./local pulumi …", file=sys.stderr)
        return 1
    return become(environment[CLI], [environment[CLI], *arguments], environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
