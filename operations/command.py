"""The command line of `coder-eks`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import cast

from rich.console import Console

from operations.failure import ExitCode, Failure
from operations.stack import Stack, find_stack
from operations.templates_command import add_templates
from policy.variables import PREFLIGHT

_EXIT_CODES = """\
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; every failure is a sentence on stderr."""
    parsed = _parser().parse_args(arguments)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return parsed.run(parsed)
    except Failure as failure:
        for problem in failure.problems:
            errors.print(problem, markup=False)
        return failure.code
    except KeyboardInterrupt:
        errors.print("interrupted; run it again, it goes on where it was", markup=False)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coder-eks",
        description="What an operator of Coder on EKS does beside `pulumi up`.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"coder-eks {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_bootstrap(commands)
    _add_capacity(commands)
    _add_cost(commands)
    _add_deploy(commands)
    _add_graph(commands)
    _add_load_times(commands)
    _add_preflight(commands)
    _add_policy(commands)
    _add_restore_test(commands)
    _add_values(commands)
    add_templates(commands)
    return parser


def _add_stack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", metavar="NAME", default=os.environ.get("PULUMI_STACK"), help="stack; needed where there are several")
    parser.add_argument("--project", metavar="FOLDER", type=Path, default=Path(), help="folder with Pulumi.<stack>.yaml; default: this one")


def _add_bootstrap(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] argparse has no public name for it
    parser = commands.add_parser(
        "bootstrap",
        help="make the first user and a token, between the first and the second `pulumi up`",
        description="Waits for coderd, makes its first user, and puts a token of 90 days into the secret coder/<system>/coderd-token. "
        "Run again it keeps a valid token and renews one with less than a third of its life left.",
        epilog="environment:\n  CODER_URL            where coderd is, instead of the stack's output; --url wins\n"
        "  CODER_SESSION_TOKEN  session of an owner, where password login is off\n\n" + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.add_argument("--url", metavar="URL", help="where coderd is, instead of the stack's output access_url")
    parser.add_argument("--wait", metavar="MINUTES", type=float, default=15, help="how long coderd may take to come up; default: 15")
    parser.set_defaults(run=_bootstrap)


def _add_capacity(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "capacity",
        help="what the stack holds, and what limits it",
        description="From the stack file alone: how many workspaces the declared nodes hold, what limits them, "
        "and what the other sizing would be.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=_capacity)


def _add_cost(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "cost",
        help="what a month costs at list prices",
        description="From the stack file alone: every line of the bill that follows from it, priced where a price with a source and a date "
        "is known for the region, and what Aurora's capacity costs beside what the demo document says.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    _add_form(parser)
    parser.set_defaults(run=_cost)


def _add_load_times(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "load-times",
        help="how long a first page takes, beside what the demo document says",
        description="From the stack file alone: the demo document's table of load times, and what holds with these settings and why.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    _add_form(parser)
    parser.set_defaults(run=_load_times)


def _add_form(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument("--markdown", action="store_true", help="as docs/demo.md has it")


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
        console = Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else _PIPE_WIDTH)
        cost.show(console, *tables)
    return ExitCode.DONE


def _add_graph(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "graph",
        help="what is deployed, as text to compare",
        description="From the stack's state: every resource with its inputs and what they come from, sorted, with names instead of ids, "
        "so that two deployments of the same declaration read the same.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.set_defaults(run=_graph)


def _graph(arguments: argparse.Namespace) -> int:
    from operations.graph import normalised

    sys.stdout.write(normalised(find_stack(arguments.stack, arguments.project).resources()))
    return ExitCode.DONE


def _add_preflight(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "preflight",
        help="what would stop a deployment, before anything is made",
        description="Asks the account, the network and the identity provider: credentials, quotas, zones, instance types, versions, hosted "
        "zone, secrets, login, and the way to the Kubernetes API. Reads only.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--report", metavar="FILE", type=Path, help=f"write the limits that Property 2 reads ({PREFLIGHT})")
    parser.set_defaults(run=_preflight)


def _add_policy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "policy",
        help="what the policies say of the deployed stack, and how much they judged",
        description="Exports the stack's state, lets the policy pack judge it, and shows each of the 17 properties with its verdict and "
        "the number of resources that it judged, then the baseline. On prod's second visit a property that judged nothing is a failure.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.add_argument("--file", metavar="STATE", type=Path, help="an exported state, instead of the stack's own")
    parser.add_argument("--preview", metavar=("EVENTS", "REPORT"), nargs=2, type=Path, help="what the pack said at a preview, instead")
    parser.add_argument("--config", metavar="FILE", type=Path, help="config of the policy pack: levels, settings, exceptions")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the verdicts as JUnit XML")
    parser.add_argument("--sarif", metavar="FILE", type=Path, help="write the findings as SARIF 2.1.0, for a pull request")
    parser.set_defaults(run=_policy)


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
        policy_reports.show(found, Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH))
    return ExitCode.DONE if found.passed else ExitCode.VIOLATED


def _add_values(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "values",
        help="the values of every Helm release, as files to review",
        description="From the stack's state: coder-values.yaml, coder-provisioner-values.yaml and those of other charts. What AWS hands "
        "out is named after the resource that it comes from, and a secret is [secret].",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=Path(), help="where the files go; default: this folder")
    parser.set_defaults(run=_values)


def _values(arguments: argparse.Namespace) -> int:
    from operations.values import values_files, write

    stack = find_stack(arguments.stack, arguments.project)
    files = values_files(stack.name, stack.resources())
    write(files, arguments.out)
    sys.stdout.write("".join(f"{arguments.out / name}\n" for name in files))
    return ExitCode.DONE


def _add_restore_test(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "restore-test",
        help="the monthly restore exercise: restore the newest snapshot, look at it, record the result, delete it",
        description="Makes a database of the newest snapshot of coderd's, in the database subnets and behind a security group that admits "
        "nobody, compares it, records the result in the Parameter Store as /coder/<system>/restore-test, and deletes it again.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.add_argument("--wait", metavar="MINUTES", type=float, default=120, help="how long the restore may take; default: 120")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=_restore_test)


def _restore_test(arguments: argparse.Namespace) -> int:
    # As for bootstrap: boto3
    from operations.restore_test import RestoreTest, Surroundings, as_json, aws_client, show

    stack = find_stack(arguments.stack, arguments.project)
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    around = Surroundings(say=lambda sentence: progress.print(sentence, markup=False), client=aws_client)
    result = RestoreTest(settings=stack.settings(), around=around, patience=timedelta(minutes=arguments.wait)).run()
    sys.stdout.write(as_json(result) + "\n" if arguments.json else show(result))
    return ExitCode.DONE if result.passed else ExitCode.NOT_AS_PROMISED


def _bootstrap(arguments: argparse.Namespace) -> int:
    # Only this command needs them, and boto3 takes longer to import than the other commands to run
    from operations.bootstrap import Bootstrap, Surroundings
    from operations.coder_api import CoderApi
    from operations.secret_store import SecretStore

    stack = find_stack(arguments.stack, arguments.project)
    settings = stack.settings()
    url = arguments.url or os.environ.get("CODER_URL") or _access_url(stack)
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    Bootstrap(
        settings=settings,
        stack=stack.name,
        api=CoderApi(url),
        store=SecretStore(settings.primary_region),
        around=Surroundings(say=lambda sentence: progress.print(sentence, markup=False)),
        session_token=os.environ.get("CODER_SESSION_TOKEN"),
        patience=timedelta(minutes=arguments.wait),
    ).run()
    return ExitCode.DONE


def _access_url(stack: Stack) -> str:
    url = stack.outputs().get("access_url")
    if not isinstance(url, str) or not url:
        problem = (
            f"stack {stack.name} has no output access_url; run `pulumi up --stack {stack.name}` first, or say where coderd is with --url"
        )
        raise Failure(ExitCode.MISSING, problem)
    return url


def _add_deploy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] as above
    parser = commands.add_parser(
        "deploy",
        help="`pulumi up`, again with growing pauses where AWS is slow or busy",
        description="Runs `pulumi up --yes`. Where it fails of something that may pass, such as a cluster that does not come up in time, "
        "it is run again after 1, 2, 4 … minutes; what was made stands. When it gives up, the critical topic of the stack is told.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_stack(parser)
    parser.add_argument("--attempts", metavar="NUMBER", type=int, default=4, help="how often at most; default: 4")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs="*", help="handed on to pulumi, behind --: -- --policy-pack policy")
    parser.set_defaults(run=_deploy)


def _deploy(arguments: argparse.Namespace) -> int:
    from operations.deploy import Deployment, publish, pulumi_up
    from operations.retries import Patience

    if arguments.attempts < 1:
        raise Failure(ExitCode.USAGE, f"--attempts {arguments.attempts} is none; write 1 or more")
    stack = find_stack(arguments.stack, arguments.project)
    region = stack.settings().primary_region
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    Deployment(
        stack=stack.name,
        update=lambda: pulumi_up(stack, tuple(arguments.arguments), sys.stdout.write),
        topics=lambda: _alert_topics(stack),
        tell=publish(region),
        say=lambda sentence: progress.print(sentence, markup=False),
        sleep=time.sleep,
        patience=Patience(attempts=arguments.attempts),
    ).run()
    return ExitCode.DONE


def _alert_topics(stack: Stack) -> Mapping[str, object]:
    """The topics that the stack has so far; a first deployment may have failed before there was one."""
    try:
        topics = stack.outputs().get("alert_topics")
    except Failure:
        return {}
    return cast("Mapping[str, object]", topics) if isinstance(topics, dict) else {}


def _capacity(arguments: argparse.Namespace) -> int:
    from operations.capacity import as_json, compare, show

    stack = find_stack(arguments.stack, arguments.project)
    comparison = compare(stack.name, stack.settings())
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(comparison), indent=2) + "\n")
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
        show(comparison, console)
    return ExitCode.DONE


def _preflight(arguments: argparse.Namespace) -> int:
    # As for bootstrap: boto3
    from operations.capacity import plan_of
    from operations.preflight import as_json, asked, passed, run, show
    from operations.preflight_quotas import report
    from operations.preflight_surroundings import Surroundings

    stack = find_stack(arguments.stack, arguments.project)
    settings = stack.settings()
    around = Surroundings(stack=stack.name, settings=settings, plan=plan_of(stack.name, settings))
    findings = run(around)
    if arguments.report and asked(findings, "quotas"):
        arguments.report.write_text(json.dumps(report(around), indent=1) + "\n", encoding="utf-8")
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(stack.name, findings), indent=2) + "\n")
    else:
        show(stack.name, findings, Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH))
    return ExitCode.DONE if passed(findings) else ExitCode.BLOCKED


def _version() -> str:
    try:
        return version("coder-eks")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
