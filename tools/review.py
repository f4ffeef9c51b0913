"""What a reviewer reads in a pull request: what a stack's preview would change, what both packs say, what it costs more.

Markdown on standard output, from the event logs of two previews of the same program: one judged by the pull request's own policies, one by
those of the branch it goes to, so that a pull request can't wave itself through by weakening a policy (CIC-02).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tools import events, report
from tools.events import Run, name_of
from tools.judgements import Judgement, Property

SIGNS = {
    Judgement.PASSED: "passed",
    Judgement.VIOLATED: "**violated**",
    Judgement.PARTLY: "partly judged",
    Judgement.NOT_JUDGED: "not judged",
}
MOST_ROWS = 40  # a comment is read, not searched: the workflow's own log has every line


@dataclass(frozen=True)
class Cost:
    """USD a month, in all and by item."""

    total: float
    items: Mapping[str, float]


def read_cost(text: str) -> Cost:
    """What `coder-eks cost --json` printed."""
    found = cast("dict[str, object]", json.loads(text))
    items: dict[str, float] = {}
    for line in cast("list[dict[str, object]]", found["lines"]):
        item = str(line["item"])
        items[item] = items.get(item, 0.0) + float(cast("float", line["monthly_usd"]))
    return Cost(float(cast("float", found["total_usd"])), items)


def review(stack: str, head: Run, base: Run, cost: Cost, base_cost: Cost) -> str:
    """The whole comment of one stack."""
    parts = [
        f"## {stack}: {_verdict(head, base)}",
        f"{report.changes(head)}.",
        *_losses(head),
        *_policies(head, base),
        *_money(cost, base_cost),
    ]
    return "\n\n".join(parts) + "\n"


def accepted(head: Run, base: Run) -> bool:
    """Whether both packs let the change through and both previews came to their end."""
    return head.succeeded and base.succeeded and not [each for run in (head, base) for each in run.violations if each.mandatory]


def _verdict(head: Run, base: Run) -> str:
    if accepted(head, base):
        return "may be merged"
    if head.failures and not head.violations:
        return "the preview failed"
    return "stopped by the policies"


def _losses(run: Run) -> Iterator[str]:
    """What the change replaces or deletes: the lines that a reviewer must not miss."""
    ending = sorted((operation, urn) for urn, operation in run.operations.items() if operation in {"replace", "delete"})
    if ending:
        rows = [f"| {operation} | `{run.types[urn]}` | {_cell(name_of(urn))} |" for operation, urn in ending]
        yield "### Replaced or deleted\n\n" + _table(("", "type", "name"), rows)
    if run.protected:
        yield "\n".join(f"- **{_cell(name_of(each.urn))} is protected** and would lose its data" for each in run.protected)


def _policies(head: Run, base: Run) -> Iterator[str]:
    """Both packs side by side, then every violation."""
    ours, theirs = ({each.number: each for each in run.properties} for run in (head, base))
    numbers = sorted(ours.keys() | theirs.keys())
    names = {number: (ours.get(number) or theirs[number]).name for number in numbers}
    rows = [f"| {number} | {names[number]} | {_sign(ours.get(number))} | {_sign(theirs.get(number))} |" for number in numbers]
    yield "### Policies\n\n" + _table(("property", "", "this pull request's pack", "the base branch's pack"), rows)
    found = sorted({(each.policy, name_of(each.urn), each.message) for run in (head, base) for each in run.violations})
    if found:
        yield _table(("policy", "resource", "finding"), [f"| {_cell(a)} | {_cell(b)} | {_cell(c)} |" for a, b, c in found])


def _sign(found: Property | None) -> str:
    return SIGNS[found.judgement] if found else "no such property"


def _money(cost: Cost, base: Cost) -> Iterator[str]:
    """The difference in USD a month, by item where it differs."""
    difference = cost.total - base.total
    heading = f"### Cost\n\n{cost.total:,.0f} USD a month, {difference:+,.0f}"
    changed = [item for item in sorted(cost.items.keys() | base.items.keys()) if abs(_change(item, cost, base)) >= 0.005]
    if not changed:
        yield f"{heading}: nothing that the price table knows changes."
        return
    rows = [
        f"| {_cell(item)} | {base.items.get(item, 0.0):,.2f} | {cost.items.get(item, 0.0):,.2f} | {_change(item, cost, base):+,.2f} |"
        for item in changed
    ]
    yield f"{heading}.\n\n" + _table(("item", "before", "after", "difference"), rows)


def _change(item: str, cost: Cost, base: Cost) -> float:
    return cost.items.get(item, 0.0) - base.items.get(item, 0.0)


def _table(columns: Sequence[str], rows: Sequence[str]) -> str:
    head = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    left = [f"\n… and {len(rows) - MOST_ROWS} more; the workflow's log has them."] if len(rows) > MOST_ROWS else []
    return "\n".join([*head, *rows[:MOST_ROWS], *left])


def _cell(text: str) -> str:
    """Text inside a table: no pipe, no line break, no HTML and no mention of a person, whatever a resource is called."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("@", "@\u200b")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comment; exit code 1 when the change must not be merged."""
    parser = argparse.ArgumentParser(prog="python -m tools.review", description="A pull request's change of one stack, for its reviewer.")
    parser.add_argument("--stack", required=True)
    for name, meaning in (
        ("--events", "event log of the preview judged by the pull request's policies"),
        ("--base-events", "event log of the preview judged by the base branch's policies"),
        ("--cost", "what `coder-eks cost --json` says of the pull request"),
        ("--base-cost", "what it says of the base branch"),
    ):
        parser.add_argument(name, type=Path, required=True, metavar="FILE", help=meaning)
    parsed = parser.parse_args(arguments)
    head, base = events.read(parsed.events), events.read(parsed.base_events)
    print(review(parsed.stack, head, base, read_cost(parsed.cost.read_text()), read_cost(parsed.base_cost.read_text())), end="")
    return 0 if accepted(head, base) else 1


if __name__ == "__main__":
    sys.exit(main())
