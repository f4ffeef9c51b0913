"""The command line of `coder-eks templates`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from settings.templates import Channel

_EPILOG = """\
exit codes:
  0  done, nothing is wrong
  2  wrong arguments, or a stack file or catalogue with faults
  3  something is missing: a stack, a folder, git
  4  a registry or EC2 does not answer
  5  a registry or EC2 refuses
  6  a check found what must not be published
"""


def add_templates(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # pyright: ignore[reportPrivateUsage] argparse has no public name for it
    """`templates` with its own commands."""
    parser = commands.add_parser("templates", help="workspace templates: list, check, compose, verify, version", epilog=_EPILOG)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    inner = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, words: str, *names: str) -> argparse.ArgumentParser:
        made = inner.add_parser(name, help=words, description=words, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
        for each in names:
            made.add_argument(each)
        made.add_argument("--stack", metavar="NAME", default=os.environ.get("PULUMI_STACK"), help="stack; needed where there are several")
        made.add_argument(
            "--project", metavar="FOLDER", type=Path, default=Path(), help="folder with Pulumi.<stack>.yaml; default: this one"
        )
        made.add_argument("--catalog", metavar="FOLDER", type=Path, default=Path("catalog"), help="default: catalog")
        made.add_argument("--json", action="store_true", help="for programs")
        return made

    add("list", "every composition, and what the stack publishes of it").set_defaults(run=_run("list"))
    show = add("show", "one template: what it is made of, and what it offers", "name")
    show.set_defaults(run=_run("show"))
    add("check", "the gate: make and judge everything, hold versions against their tags").set_defaults(run=_run("check"))
    make = add("compose", "write a template's folder, as the stack would push it", "name")
    make.add_argument("--output", metavar="FOLDER", type=Path, default=Path("composed"), help="below which folder; default: composed")
    make.add_argument("--archive", metavar="FILE", type=Path, help="also as the archive that coderd takes")
    make.set_defaults(run=_run("compose"))
    differ = add("diff", "what another state of the catalogue, or a pushed template, has in place of today's", "name")
    differ.add_argument("--ref", metavar="REF", default="HEAD", help="commit, tag or branch of the catalogue; default: HEAD")
    differ.add_argument("--with", dest="other", metavar="PATH", type=Path, help="a template's folder or archive instead")
    differ.set_defaults(run=_run("diff"))
    verify = add("verify", "recompute what a pushed template claims to be made of", "path")
    verify.set_defaults(run=_run("verify"))
    bump = add("bump", "which version a module needs for what changed since its last tag", "module")
    bump.add_argument("--since", metavar="REF", help="compare with this instead of the module's last tag")
    bump.add_argument("--write", action="store_true", help="write the version into the manifest")
    bump.set_defaults(run=_run("bump"))
    solve = add("resolve", "write lock.yaml: digests, machine image ids, releases, channels")
    solve.add_argument("--region", metavar="REGION", action="append", help="of machine images; default: the stack's; may be repeated")
    solve.add_argument("--tags-only", action="store_true", help="releases and channels of the Git repository, no network")
    solve.set_defaults(run=_run("resolve"))
    for each in (make, show, differ):
        each.add_argument("--channel", type=Channel, choices=list(Channel), help="instead of the stack's")


def _run(name: str) -> Callable[[argparse.Namespace], int]:
    """One of templates_runs, imported when it runs: parsers of Terraform and scripts are of no use to other commands."""

    def run(arguments: argparse.Namespace) -> int:
        from operations import templates_runs

        return templates_runs.RUNS[name](arguments)

    return run
