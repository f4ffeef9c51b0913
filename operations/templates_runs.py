"""What each command of `coder-eks templates` does and prints."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from composer.archive import pack
from composer.catalog import AnyModule, Catalog
from composer.channels import CONTRACT, tag_of
from composer.composing import Composed
from operations import releases, templates
from operations.artifacts import RealArtifacts
from operations.catalog_git import repository
from operations.command_line import console
from operations.failure import ExitCode, Failure
from operations.resolving import resolve, text
from operations.stack import Stack, find_stack
from operations.stack_names import stack_files
from settings.names import closest

_HOW_TO_RELEASE = "once it is merged, release it: git tag -a {0} -m {0} && git push origin {0} && coder-eks templates resolve --tags-only"
_PIPE_WIDTH = 200  # columns; its table is wider than those of other commands


def _list(arguments: argparse.Namespace) -> int:
    rows = templates.rows(_catalog(arguments), _stack(arguments).settings(), _today())
    if arguments.json:
        return _print_json([asdict(row) for row in rows])
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("template", "toolchain", "base", "channel", "version", "published sizes", "groups"):
        table.add_column(name)
    for row in rows:
        sizes, groups = ", ".join(row.sizes) or "-", ", ".join(row.groups) or "-"
        table.add_row(*map(Text, (row.name, row.toolchain, row.base, row.channel, row.version, sizes, groups)))
    _console().print(table)
    return ExitCode.DONE


def _show(arguments: argparse.Namespace) -> int:
    made = _composed(arguments)
    told = made.provenance.model_dump(mode="json", exclude={"files"})
    about = {"version": made.version_name, "files": len(made.files), "archive_bytes": len(pack(made.files)), **told}
    if arguments.json:
        return _print_json(about)
    for key, value in (
        ("template", made.composition.name),
        ("version", made.version_name),
        *made.provenance.metadata.items(),
        ("sizes", ", ".join(made.provenance.sizes)),
        ("overrides", json.dumps(made.provenance.overrides)),
        ("permits", ", ".join(f"{permit.path} until {permit.expires}" for permit in made.provenance.permits) or "none"),
        ("archive", f"{len(pack(made.files)):,} bytes, {len(made.files)} files"),
    ):
        _console().print(f"{key:18}{value}", markup=False)
    return ExitCode.DONE


def _check(arguments: argparse.Namespace) -> int:
    catalog, stacks = _catalog(arguments), _stacks(arguments)
    where = repository(arguments.catalog)
    problems = templates.check(catalog, stacks, where, _today())
    rego = templates.rego(arguments.catalog)
    problems += rego or []
    note = "" if rego is not None else "; the Rego tests were not run, there is no opa on PATH"
    untagged = releases.untagged(catalog, where) if where else []
    if arguments.json:
        held = {"problems": problems, "compositions": sorted(catalog.compositions), "rego": rego is not None}
        _print_json({**held, "untagged": untagged})
        return ExitCode.BLOCKED if problems else ExitCode.DONE
    if problems:
        raise Failure(ExitCode.BLOCKED, problems)
    held = f"{len(catalog.compositions)} compositions, {len(releases.modules(catalog))} modules, {len(stacks)} stack files"
    _console().print(f"{held}: nothing is wrong{note}", markup=False)
    if untagged:
        _console().print(f"not released, so that channels take what is pinned: {', '.join(untagged)}", markup=False)
        _console().print(_HOW_TO_RELEASE.format("TAG"), markup=False)
    return ExitCode.DONE


def _compose(arguments: argparse.Namespace) -> int:
    made = _composed(arguments)
    folder = made.write(arguments.output)
    if arguments.archive:
        arguments.archive.write_bytes(pack(made.files))
    if arguments.json:
        return _print_json({"folder": str(folder), "version": made.version_name, "content_hash": made.content_hash})
    _console().print(f"{folder}  version {made.version_name}", markup=False)
    return ExitCode.DONE


def _diff(arguments: argparse.Namespace) -> int:
    today = _composed(arguments).files
    if arguments.other:
        old = dict(templates.pushed(arguments.other))
    else:
        with tempfile.TemporaryDirectory() as folder:
            then = templates.at(repository(arguments.catalog), arguments.ref, Path(folder))
            old = dict(templates.composed(then, _stack(arguments).settings(), arguments.name, _today(), arguments.channel).files)
    lines = list(templates.difference(old, today))
    if arguments.json:
        changed = sorted(path for path in {*old, *today} if old.get(path) != today.get(path))
        return _print_json({"changed": changed})
    sys.stdout.writelines(line if line.endswith("\n") else f"{line}\n" for line in lines)
    if not lines:
        _console().print(f"{arguments.name}: nothing differs", markup=False)
    return ExitCode.DONE


def _verify(arguments: argparse.Namespace) -> int:
    path = Path(arguments.path)
    problems = templates.verify(templates.pushed(path), _today())
    if arguments.json:
        _print_json({"problems": problems})
        return ExitCode.BLOCKED if problems else ExitCode.DONE
    if problems:
        raise Failure(ExitCode.BLOCKED, [f"{path}: {problem}" for problem in problems])
    _console().print(f"{path} is what its manifest says: every file, artifact, version and permit", markup=False)
    return ExitCode.DONE


def _bump(arguments: argparse.Namespace) -> int:
    step = _step(arguments)
    is_right = step.is_right
    if arguments.write and not is_right:
        if step.name == CONTRACT:
            problem = f"write the change as a file of its own, contract/{step.wanted}.yaml, and leave that of {step.before} as it was"
            raise Failure(ExitCode.USAGE, f"bases and toolchains keep the contract that they name: {problem}")
        templates.write_version(arguments.catalog, _module(arguments), step.wanted)
        is_right = True
    if arguments.json:
        told = [{"bump": change.bump.name.lower(), "what": change.what} for change in step.changes]
        needs = {"module": step.name, "before": step.before, "needs": step.needs.name.lower(), "version": step.wanted}
        _print_json({**needs, "tag": tag_of(step.name, step.wanted), "changes": told})
    else:
        for change in step.changes:
            _console().print(f"{change.bump.name.lower():6}{change.what}", markup=False)
        _console().print(f"{step.name} {step.before} -> {step.wanted} ({step.needs.name.lower()})", markup=False)
        if step.wanted != step.before:
            _console().print(_HOW_TO_RELEASE.format(tag_of(step.name, step.wanted)), markup=False)
    if not is_right:
        remedy = "" if step.name == CONTRACT else ", or run it again with --write"
        raise Failure(ExitCode.BLOCKED, f"{step.name} has version {step.written}; write {step.wanted}{remedy}")
    return ExitCode.DONE


def _step(arguments: argparse.Namespace) -> releases.Step:
    """Since the last tag or a reference; Failure where there is nothing to compare with."""
    where = repository(arguments.catalog)
    if arguments.module == CONTRACT:
        contracts = _catalog(arguments).contracts.values()
        latest = max(contracts, key=lambda contract: contract.major)
        version, step = latest.version, where and releases.contract_step(latest, where, arguments.since)
    else:
        module = _module(arguments)
        version, step = module.manifest.version, where and releases.module_step(module, where, arguments.since)
    if step is None:
        tag = tag_of(arguments.module, version)
        nowhere = f"at {arguments.since}" if arguments.since else f"with a tag; its first release is {tag}, made with `git tag -a {tag}`"
        raise Failure(ExitCode.MISSING, f"{arguments.module} is nowhere {nowhere}: there is nothing to compare with")
    return step


def _module(arguments: argparse.Namespace) -> AnyModule:
    found = {module.manifest.name: module for module in releases.modules(_catalog(arguments))}
    if arguments.module in found:
        return found[arguments.module]
    meant = closest(arguments.module, sorted(found))
    remedy = f"did you mean {meant}?" if meant else f"there is: {', '.join(sorted(found))}, {CONTRACT}"
    raise Failure(ExitCode.USAGE, f"{arguments.module} is no module of the catalogue; {remedy}")


def _resolve(arguments: argparse.Namespace) -> int:
    catalog = _catalog(arguments)
    stacks = [] if arguments.tags_only or arguments.region else _stacks(arguments)
    regions = arguments.region or sorted({region for stack in stacks for region in stack.settings().regions})
    asked = None if arguments.tags_only else RealArtifacts()
    lock, problems, code = resolve(catalog, arguments.catalog, repository(arguments.catalog), asked, regions, _today())
    file = arguments.catalog / "lock.yaml"
    file.write_text(text(lock), encoding="utf-8")
    counts = {"images": len(lock.images), "machine_images": len(lock.machine_images), "releases": sum(map(len, lock.releases.values()))}
    if arguments.json:
        _print_json({**counts, "problems": problems})
    else:
        _console().print(f"{file}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()), markup=False)
    if problems:
        raise Failure(code, [*problems, f"{file} keeps what it had of these"])
    return ExitCode.DONE


def _composed(arguments: argparse.Namespace) -> Composed:
    return templates.composed(_catalog(arguments), _stack(arguments).settings(), arguments.name, _today(), arguments.channel)


def _catalog(arguments: argparse.Namespace) -> Catalog:
    return templates.catalogue(arguments.catalog)


def _stack(arguments: argparse.Namespace) -> Stack:
    return find_stack(arguments.stack, arguments.project)


def _stacks(arguments: argparse.Namespace) -> list[Stack]:
    """The one that is named, or every one of the project."""
    names = [arguments.stack] if arguments.stack else list(stack_files(arguments.project))
    if not names:
        raise Failure(ExitCode.MISSING, f"{arguments.project} has no Pulumi.<stack>.yaml; say where with --project")
    return [find_stack(name, arguments.project) for name in names]


def _today() -> date:
    return datetime.now(UTC).date()


def _console() -> Console:
    return console(soft_wrap=True, width=_PIPE_WIDTH)


def _print_json(told: object) -> int:
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return ExitCode.DONE


RUNS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "check": _check,
    "compose": _compose,
    "diff": _diff,
    "verify": _verify,
    "bump": _bump,
    "resolve": _resolve,
}
