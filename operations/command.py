"""The command line of `coder-eks`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from operations.account_commands import add_bootstrap, add_deploy, add_preflight, add_restore_test
from operations.command_line import EXIT_CODES, say
from operations.declared_commands import add_capacity, add_cost, add_load_times
from operations.deployed_commands import add_graph, add_policy, add_values
from operations.failure import Failure
from operations.templates_command import add_templates

_ADDERS = (  # in the order of the help
    *(add_bootstrap, add_capacity, add_cost, add_deploy, add_graph, add_load_times),
    *(add_preflight, add_policy, add_restore_test, add_values, add_templates),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; every failure is a sentence on stderr."""
    parsed = _parser().parse_args(arguments)
    try:
        return parsed.run(parsed)
    except Failure as failure:
        for problem in failure.problems:
            say(problem)
        return failure.code
    except KeyboardInterrupt:
        say("interrupted; run it again, it goes on where it was")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coder-eks",
        description="What an operator of Coder on EKS does beside `pulumi up`.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"coder-eks {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in _ADDERS:
        add(commands)
    return parser


def _version() -> str:
    try:
        return version("coder-eks")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
