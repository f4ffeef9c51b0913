"""What the operator reads after a run: tables on a terminal, the same in plain text in a pipe."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.events import CHANGES, OPERATIONS, Protected, Run, name_of
from tools.judgements import Judgement, Property, Violation

COLOURS = {
    Judgement.PASSED: "green",
    Judgement.VIOLATED: "bold red",
    Judgement.PARTLY: "yellow",
    Judgement.NOT_JUDGED: "yellow",
}
HEADINGS = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted", "same": "unchanged"}
STACK = "pulumi:pulumi:Stack"
TRACEBACK = "Program failed with an unhandled exception"
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")  # what every resource of a region beside the primary one is named after
# A pipe has no width; wide enough that no cell of ours is cut.
PIPE_WIDTH = 160


def console() -> Console:
    """Standard output, with colour only on a terminal."""
    terminal = Console(highlight=False, soft_wrap=True, emoji=False)  # `:secret:` in an ARN is no emoji
    if terminal.is_terminal:
        return terminal
    return Console(highlight=False, soft_wrap=True, emoji=False, width=PIPE_WIDTH, color_system=None)


def merge(runs: Sequence[Run]) -> dict[str, str]:
    """URN to what all runs together did to it: the strongest operation, and nothing that an earlier run made and a later one deleted."""
    merged: dict[str, str] = {}
    for run in runs:
        for urn, operation in run.operations.items():
            former = merged.get(urn, "same")
            merged[urn] = min(former, operation, key=OPERATIONS.index)
    return merged


def resources(runs: Sequence[Run]) -> Table:
    """How many resources of each kind were created, updated, replaced, deleted, left as they were."""
    types = {urn: token for run in runs for urn, token in run.types.items()}
    counts: Counter[tuple[str, str]] = Counter()
    for urn, operation in merge(runs).items():
        if types[urn] != STACK:
            counts[kind(types[urn]), operation] += 1
    columns = [operation for operation in OPERATIONS if any(found == operation for _, found in counts)]
    table = _table("Resources", "")
    for operation in columns:
        table.add_column(HEADINGS[operation], justify="right")
    for row in sorted({row for row, _ in counts}):
        table.add_row(row, *(str(counts[row, operation] or "") for operation in columns))
    table.add_section()
    table.add_row("all", *(str(sum(n for (_, found), n in counts.items() if found == operation)) for operation in columns))
    return table


def kind(token: str) -> str:
    """The part of a type token that names the service: `aws:ec2`, `kubernetes:apps`, `coder-eks:network`."""
    package, module, _ = [*token.split(":"), "", ""][:3]
    return f"{package}:{module.split('/')[0]}"


def outputs(values: Mapping[str, object]) -> Table:
    """The stack's outputs."""
    table = _table("Outputs", "", "")
    for name in sorted(values):
        value = values[name]
        table.add_row(name, Text(value if isinstance(value, str) else json.dumps(value, sort_keys=True), overflow="fold"))
    return table


def policies(properties: Sequence[Property], judged: Mapping[int, int]) -> Table:
    """Each property, what the pack said about it, and how many resources it judged: green means judged."""
    table = _table("Policies", "property", "", "", "judged", "")
    table.columns[3].justify = "right"
    for found in properties:
        verdict = Text(found.judgement, style=COLOURS[found.judgement])
        table.add_row(str(found.number), found.name, verdict, str(judged.get(found.number, "")), found.reason)
    return table


def failure(run: Run) -> list[str]:
    """Why a run failed, each reason with what to do about it."""
    lines: list[str] = []
    mandatory = [violation for violation in run.violations if violation.mandatory]
    if mandatory:
        lines.append(f"Stopped by the policy pack: {_count(mandatory)}. {_extent(run)}")
        lines += [_violation(violation) for violation in mandatory]
    lines += [_protected(found) for found in run.protected]
    protected = {found.urn for found in run.protected}
    if any(found.message.startswith(TRACEBACK) for found in run.failures):
        lines.append("The program failed; its traceback is above, and in the log.")
    lines += [
        _failure(found.urn, found.message) for found in run.failures if not (found.urn in protected or found.message.startswith(TRACEBACK))
    ]
    return lines


def changes(run: Run) -> str:
    """`3 created, 1 updated` for a line of text."""
    counts = Counter(run.operations[urn] for urn in run.operations if run.types[urn] != STACK)
    parts = [f"{counts[operation]} {HEADINGS[operation]}" for operation in CHANGES if counts[operation]]
    return ", ".join(parts) or f"nothing changed; {counts['same']} resources are as declared"


def _violation(violation: Violation) -> str:
    subject = f"Property {violation.number}" if violation.number else violation.policy
    return f"{subject}: {_resource(violation.urn)}: {_bare(violation)}"


def _bare(violation: Violation) -> str:
    """A message without the property and the resource that the pack puts before it: the line has them already."""
    message = violation.message
    for prefix in (f"property-{violation.number or 0:02}: ", f"{name_of(violation.urn)}: "):
        message = message.removeprefix(prefix)
    return message


def _protected(found: Protected) -> str:
    if found.deletes:
        what = "would be deleted: it is not declared any more"
    else:
        what = f"would be replaced, and its data lost: forced by {', '.join(found.forced_by) or 'its provider'}"
    remedy = "Undo that change; to let the data go, set coder-eks:system.data_protection: false."
    if found.deletes and (region := _REGION.search(name_of(found.urn))):
        remedy += (
            f" Where {region[0]} is a region beside the primary one, coder-eks:regions.{region[0]}.data_protection: false lets go what is "
            "its own: write that with deployed: true, update, then write deployed: false."
        )
    return f"{_resource(found.urn)} is protected and {what}. {remedy}"


def _failure(urn: str, message: str) -> str:
    return f"{_resource(urn)}: {message}" if _type(urn) not in {"", STACK} else message


def _resource(urn: str) -> str:
    return f"{name_of(urn)} ({_type(urn)})" if _type(urn) not in {"", STACK} else "the stack"


def _type(urn: str) -> str:
    """The type token in a URN, without its parents' tokens."""
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 3 else ""


def _extent(run: Run) -> str:
    return "Nothing was created or changed." if run.is_preview else "The update had begun: `make preview` shows what is left to do."


def _count(violations: Sequence[Violation]) -> str:
    return "one violation" if len(violations) == 1 else f"{len(violations)} violations"


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_header=any(columns) or title == "Resources"
    )
    for column in columns:
        table.add_column(column)
    return table
