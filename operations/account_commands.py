"""What asks or changes the account: `preflight`, `deploy`, `bootstrap`, `restore-test`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import cast

from operations.command_line import EXIT_CODES, Commands, add_command, add_json, console, say
from operations.failure import ExitCode, Failure
from operations.stack import Stack, find_stack
from policy.variables import PREFLIGHT


def add_preflight(commands: Commands) -> None:
    """`preflight`."""
    parser = add_command(
        commands,
        "preflight",
        _preflight,
        words="what would stop a deployment, before anything is made",
        description="Asks the account, the network and the identity provider: credentials, quotas, zones, instance types, versions, hosted "
        "zone, secrets, login, and the way to the Kubernetes API. Reads only.",
    )
    add_json(parser)
    parser.add_argument("--report", metavar="FILE", type=Path, help=f"write the limits that Property 2 reads ({PREFLIGHT})")


def add_deploy(commands: Commands) -> None:
    """`deploy`."""
    parser = add_command(
        commands,
        "deploy",
        _deploy,
        words="`pulumi up`, again with growing pauses where AWS is slow or busy",
        description="Runs `pulumi up --yes`. Where it fails of something that may pass, such as a cluster that does not come up in time, "
        "it is run again after 1, 2, 4 … minutes; what was made stands. When it gives up, the critical topic of the stack is told.",
    )
    parser.add_argument("--attempts", metavar="NUMBER", type=int, default=4, help="how often at most; default: 4")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs="*", help="handed on to pulumi, behind --: -- --policy-pack policy")


def add_bootstrap(commands: Commands) -> None:
    """`bootstrap`."""
    parser = add_command(
        commands,
        "bootstrap",
        _bootstrap,
        words="make the first user and a token, between the first and the second `pulumi up`",
        description="Waits for coderd, makes its first user, and puts a token of 90 days into the secret coder/<system>/coderd-token. "
        "Run again it keeps a valid token and renews one with less than a third of its life left.",
        epilog="environment:\n  CODER_URL            where coderd is, instead of the stack's output; --url wins\n"
        "  CODER_SESSION_TOKEN  session of an owner, where password login is off\n\n" + EXIT_CODES,
    )
    parser.add_argument("--url", metavar="URL", help="where coderd is, instead of the stack's output access_url")
    parser.add_argument("--wait", metavar="MINUTES", type=float, default=15, help="how long coderd may take to come up; default: 15")


def add_restore_test(commands: Commands) -> None:
    """`restore-test`."""
    parser = add_command(
        commands,
        "restore-test",
        _restore_test,
        words="the monthly restore exercise: restore the newest snapshot, look at it, record the result, delete it",
        description="Makes a database of the newest snapshot of coderd's, in the database subnets and behind a security group that admits "
        "nobody, compares it, records the result in the Parameter Store as /coder/<system>/restore-test, and deletes it again.",
    )
    parser.add_argument("--wait", metavar="MINUTES", type=float, default=120, help="how long the restore may take; default: 120")
    add_json(parser)


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
        arguments.report.write_text(json.dumps(report(around, stack.file), indent=1) + "\n", encoding="utf-8")
    if arguments.json:
        sys.stdout.write(json.dumps(as_json(stack.name, findings), indent=2) + "\n")
    else:
        show(stack.name, findings, console())
    return ExitCode.DONE if passed(findings) else ExitCode.BLOCKED


def _deploy(arguments: argparse.Namespace) -> int:
    from operations.deploy import Deployment, publish, pulumi_up
    from operations.retries import Patience

    if arguments.attempts < 1:
        raise Failure(ExitCode.USAGE, f"--attempts {arguments.attempts} is none; write 1 or more")
    stack = find_stack(arguments.stack, arguments.project)
    region = stack.settings().primary_region
    Deployment(
        stack=stack.name,
        update=lambda: pulumi_up(stack, tuple(arguments.arguments), sys.stdout.write),
        topics=lambda: _alert_topics(stack),
        tell=publish(region),
        say=say,
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


def _bootstrap(arguments: argparse.Namespace) -> int:
    # Only this command needs them, and boto3 takes longer to import than the other commands to run
    from operations.bootstrap import Bootstrap, Surroundings
    from operations.coder_api import CoderApi
    from operations.secret_store import SecretStore

    stack = find_stack(arguments.stack, arguments.project)
    settings = stack.settings()
    url = arguments.url or os.environ.get("CODER_URL") or _access_url(stack)
    Bootstrap(
        settings=settings,
        stack=stack.name,
        api=CoderApi(url),
        store=SecretStore(settings.primary_region),
        around=Surroundings(say=say),
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


def _restore_test(arguments: argparse.Namespace) -> int:
    # As for bootstrap: boto3
    from operations.restore_test import RestoreTest, Surroundings, as_json, aws_client, show

    stack = find_stack(arguments.stack, arguments.project)
    around = Surroundings(say=say, client=aws_client)
    result = RestoreTest(settings=stack.settings(), around=around, patience=timedelta(minutes=arguments.wait)).run()
    sys.stdout.write(as_json(result) + "\n" if arguments.json else show(result))
    return ExitCode.DONE if result.passed else ExitCode.NOT_AS_PROMISED
