"""What the commands of `coder-eks` share: how one is added, its arguments and exit codes, where it writes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from rich.console import Console

EXIT_CODES = """\
exit codes:
  0  done
  2  wrong arguments, or a stack file or catalogue with faults
  3  something is missing: the stack, a secret, AWS credentials
  4  coderd or AWS does not answer
  5  coderd or AWS refuses
  6  the preflight or a check found what would stop a deployment
  7  the restore exercise found a fault
  8  a policy is broken, or has judged nothing
"""
_PIPE_WIDTH = 160  # columns; a pipe has no width of its own, and lines that break in the middle can't be searched

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # pyright: ignore[reportPrivateUsage] argparse has no public name for it
Run: TypeAlias = Callable[[argparse.Namespace], int]


def add_command(
    commands: Commands, name: str, run: Run, *, words: str, description: str, epilog: str = EXIT_CODES
) -> argparse.ArgumentParser:
    """A command about one stack: its parser, for arguments of its own. words: for the list of commands."""
    parser = commands.add_parser(
        name, help=words, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", metavar="NAME", default=os.environ.get("PULUMI_STACK"), help="stack; needed where there are several")
    parser.add_argument("--project", metavar="FOLDER", type=Path, default=Path(), help="folder with Pulumi.<stack>.yaml; default: this one")
    parser.set_defaults(run=run)
    return parser


def add_json(parser: argparse._ActionsContainer) -> None:  # pyright: ignore[reportPrivateUsage] parsers and groups of arguments have no public base
    """`--json`, alone or in a group."""
    parser.add_argument("--json", action="store_true", help="for programs")


def console(*, soft_wrap: bool = False, width: int = _PIPE_WIDTH) -> Console:
    """For tables on stdout. soft_wrap: in a pipe lines are as long as they are. width: of a pipe, in columns."""
    terminal = sys.stdout.isatty()
    return Console(highlight=False, soft_wrap=soft_wrap and not terminal, width=None if terminal else width)


def say(sentence: str) -> None:
    """Progress and problems, on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(sentence, markup=False)
