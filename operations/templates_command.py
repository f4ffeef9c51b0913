"""The command line of `coder-eks templates`."""

from __future__ import annotations

import argparse
from pathlib import Path

from operations.command_line import Commands, Run, add_command, add_json
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


def add_templates(commands: Commands) -> None:
    """`templates` with its own commands."""
    parser = commands.add_parser("templates", help="workspace templates: list, check, compose, verify, version", epilog=_EPILOG)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    inner = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, words: str, *names: str) -> argparse.ArgumentParser:
        made = add_command(inner, name, _run(name), words=words, description=words, epilog=_EPILOG)
        for each in names:
            made.add_argument(each)
        made.add_argument("--catalog", metavar="FOLDER", type=Path, default=Path("catalog"), help="default: catalog")
        add_json(made)
        return made

    add("list", "every composition, and what the stack publishes of it")
    show = add("show", "one template: what it is made of, and what it offers", "name")
    add("check", "the gate: make and judge everything, hold versions against their tags")
    make = add("compose", "write a template's folder, as the stack would push it", "name")
    make.add_argument("--output", metavar="FOLDER", type=Path, default=Path("composed"), help="below which folder; default: composed")
    make.add_argument("--archive", metavar="FILE", type=Path, help="also as the archive that coderd takes")
    differ = add("diff", "what another state of the catalogue, or a pushed template, has in place of today's", "name")
    differ.add_argument("--ref", metavar="REF", default="HEAD", help="commit, tag or branch of the catalogue; default: HEAD")
    differ.add_argument("--with", dest="other", metavar="PATH", type=Path, help="a template's folder or archive instead")
    add("verify", "recompute what a pushed template claims to be made of", "path")
    bump = add("bump", "which version a module needs for what changed since its last tag", "module")
    bump.add_argument("--since", metavar="REF", help="compare with this instead of the module's last tag")
    bump.add_argument("--write", action="store_true", help="write the version into the manifest")
    solve = add("resolve", "write lock.yaml: digests, machine image ids, releases, channels")
    solve.add_argument(
        "--region",
        metavar="REGION",
        action="append",
        help="of machine images; default: those of the stack, or of every stack; may be repeated",
    )
    solve.add_argument("--tags-only", action="store_true", help="releases and channels of the Git repository, no network")
    for each in (make, show, differ):
        each.add_argument("--channel", type=Channel, choices=list(Channel), help="instead of the stack's")


def _run(name: str) -> Run:
    """One of templates_runs, imported when it runs: parsers of Terraform and scripts are of no use to other commands."""

    def run(arguments: argparse.Namespace) -> int:
        from operations import templates_runs

        return templates_runs.RUNS[name](arguments)

    return run
