"""What a stack's state tells: `graph`, `policy`, `values`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from operations.command_line import Commands, add_command, add_json, console
from operations.failure import ExitCode
from operations.stack import find_stack


def add_graph(commands: Commands) -> None:
    """`graph`."""
    add_command(
        commands,
        "graph",
        _graph,
        words="what is deployed, as text to compare",
        description="From the stack's state: every resource with its inputs and what they come from, sorted, with names instead of ids, "
        "so that two deployments of the same declaration read the same.",
    )


def add_policy(commands: Commands) -> None:
    """`policy`."""
    parser = add_command(
        commands,
        "policy",
        _policy,
        words="what the policies say of the deployed stack, and how much they judged",
        description="Exports the stack's state, lets the policy pack judge it, and shows each of the 17 properties with its verdict and "
        "the number of resources that it judged, then the baseline. On prod's second visit a property that judged nothing is a failure.",
    )
    parser.add_argument("--file", metavar="STATE", type=Path, help="an exported state, instead of the stack's own")
    parser.add_argument("--preview", metavar=("EVENTS", "REPORT"), nargs=2, type=Path, help="what the pack said at a preview, instead")
    parser.add_argument("--config", metavar="FILE", type=Path, help="config of the policy pack: levels, settings, exceptions")
    add_json(parser)
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the verdicts as JUnit XML")
    parser.add_argument("--sarif", metavar="FILE", type=Path, help="write the findings as SARIF 2.1.0, for a pull request")


def add_values(commands: Commands) -> None:
    """`values`."""
    parser = add_command(
        commands,
        "values",
        _values,
        words="the values of every Helm release, as files to review",
        description="From the stack's state: coder-values.yaml, coder-provisioner-values.yaml and those of other charts. What AWS hands "
        "out is named after the resource that it comes from, and a secret is [secret].",
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=Path(), help="where the files go; default: this folder")


def _graph(arguments: argparse.Namespace) -> int:
    from operations.graph import normalised

    sys.stdout.write(normalised(find_stack(arguments.stack, arguments.project).resources()))
    return ExitCode.DONE


def _policy(arguments: argparse.Namespace) -> int:
    from operations import policy_check, policy_reports

    stack = find_stack(arguments.stack, arguments.project)
    if arguments.preview:
        found = policy_check.previewed(stack, *arguments.preview)
    else:
        found = policy_check.check(stack, state=arguments.file, config=arguments.config)
    if arguments.junit:
        arguments.junit.write_text(policy_reports.junit(found), encoding="utf-8")
    if arguments.sarif:
        arguments.sarif.write_text(policy_reports.sarif(found), encoding="utf-8")
    if arguments.json:
        sys.stdout.write(json.dumps(policy_reports.as_json(found), indent=2) + "\n")
    else:
        policy_reports.show(found, console())
    return ExitCode.DONE if found.passed else ExitCode.VIOLATED


def _values(arguments: argparse.Namespace) -> int:
    from operations.values import values_files, write

    stack = find_stack(arguments.stack, arguments.project)
    files = values_files(stack.name, stack.resources())
    write(files, arguments.out)
    sys.stdout.write("".join(f"{arguments.out / name}\n" for name in files))
    return ExitCode.DONE
