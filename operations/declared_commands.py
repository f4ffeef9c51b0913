"""What a stack file alone tells: `capacity`, `cost`, `load-times`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from operations.command_line import Commands, add_command, add_json, console
from operations.failure import ExitCode
from operations.stack import find_stack


def add_capacity(commands: Commands) -> None:
    """`capacity`."""
    parser = add_command(
        commands,
        "capacity",
        _capacity,
        words="what the stack holds, and what limits it",
        description="From the stack file alone: how many workspaces the declared nodes hold, what limits them, "
        "and what the other sizing would be.",
    )
    add_json(parser)


def add_cost(commands: Commands) -> None:
    """`cost`."""
    parser = add_command(
        commands,
        "cost",
        _cost,
        words="what a month costs at list prices",
        description="From the stack file alone: every line of the bill that follows from it, priced where a price with a source and a date "
        "is known for the region, and what Aurora's capacity costs beside what the demo document says.",
    )
    _add_form(parser)


def add_load_times(commands: Commands) -> None:
    """`load-times`."""
    parser = add_command(
        commands,
        "load-times",
        _load_times,
        words="how long a first page takes, beside what the demo document says",
        description="From the stack file alone: the demo document's table of load times, and what holds with these settings and why.",
    )
    _add_form(parser)


def _add_form(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="as docs/demo.md has it")


def _capacity(arguments: argparse.Namespace) -> int:
    from operations.capacity import as_json, compare, show

    stack = find_stack(arguments.stack, arguments.project)
    comparison = compare(stack.name, stack.settings())
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(comparison), indent=2) + "\n")
    else:
        show(comparison, console())
    return ExitCode.DONE


def _cost(arguments: argparse.Namespace) -> int:
    from operations import cost

    stack = find_stack(arguments.stack, arguments.project)
    settings = stack.settings()
    if arguments.json:
        print(cost.cost_json(stack.name, settings))
        return ExitCode.DONE
    lines, aurora = (cost.COST_HEAD, cost.cost_rows(stack.name, settings)), (cost.AURORA_HEAD, cost.aurora_rows(settings))
    return _shown(arguments, lines, aurora)


def _load_times(arguments: argparse.Namespace) -> int:
    from operations import cost

    settings = find_stack(arguments.stack, arguments.project).settings()
    if arguments.json:
        print(cost.load_times_json(settings))
        return ExitCode.DONE
    return _shown(arguments, (cost.LOAD_HEAD, cost.load_rows(settings)))


def _shown(arguments: argparse.Namespace, *tables: tuple[Sequence[str], Sequence[Sequence[str]]]) -> int:
    from operations import cost

    if arguments.markdown:
        print("\n\n".join(cost.markdown(*table) for table in tables if table[1]))
    else:
        cost.show(console(soft_wrap=True), *tables)
    return ExitCode.DONE
