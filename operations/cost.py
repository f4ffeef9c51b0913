"""`coder-eks cost` and `coder-eks load-times`: what a month costs and how long a page takes, beside what the documents say of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from operations.capacity import plan_of
from plan.aurora_costs import aurora_costs
from plan.load_times import load_times
from settings.model import Settings

Rows = Sequence[Sequence[str]]
COST_HEAD = ("what", "quantity", "unit", "USD each", "USD a month")
AURORA_HEAD = ("Aurora capacity of each instance", "ACU", "the document says", "one instance", "writer and readers")
LOAD_HEAD = ("visit", "the document says", "here", "why")


def cost_json(stack: str, settings: Settings) -> str:
    """For programs."""
    cost = plan_of(stack, settings).monthly_cost
    told = {
        "stack": stack,
        "priced_on": cost.priced_on.isoformat(),
        "total_usd": cost.total_usd,
        "lines": [asdict(line) for line in cost.lines],
        "unpriced": cost.unpriced,
        "aurora": [asdict(row) for row in aurora_costs(settings)],
    }
    return json.dumps(told, indent=2)


def load_times_json(settings: Settings) -> str:
    """For programs; seconds."""
    return json.dumps([asdict(row) for row in load_times(settings)], indent=2)


def cost_rows(stack: str, settings: Settings) -> Rows:
    """One row a line of the bill, then the total of those with a price."""
    cost = plan_of(stack, settings).monthly_cost
    rows = [
        [line.item, f"{line.quantity:g}" if line.quantity else "", line.unit, _usd(line.unit_price), _usd(line.monthly_usd)]
        for line in cost.lines
    ]
    return [*rows, ["total of what has a price here", "", "", "", _usd(cost.total_usd)]]


def aurora_rows(settings: Settings) -> Rows:
    """T-33: the document's figures are ten times too low."""
    return [
        [
            row.what,
            f"{row.acu:g}",
            f"about {_usd(row.document_usd)}" if row.document_usd else "",
            _usd(row.instance_usd),
            _usd(row.cluster_usd),
        ]
        for row in aurora_costs(settings)
    ]


def load_rows(settings: Settings) -> Rows:
    """Requirements 1.3, with what T-34 and T-87 say of it."""
    return [[row.scenario, _seconds(row.document), _seconds(row.here), row.why] for row in load_times(settings)]


def show(console: Console, *tables: tuple[Sequence[str], Rows]) -> None:
    """Plain tables, numbers to the right."""
    for number, (head, rows) in enumerate(table for table in tables if table[1]):
        if number:
            console.print()
        drawn = Table(box=None, pad_edge=False, header_style="bold")
        for index, name in enumerate(head):
            drawn.add_column(name, justify="left" if index == 0 or name == "why" else "right", overflow="fold")
        for row in rows:
            drawn.add_row(*row)
        console.print(drawn)


def markdown(head: Sequence[str], rows: Rows) -> str:
    """The same as a table of a page."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _usd(amount: float | None) -> str:
    if amount is None:
        return "no price"
    return f"{amount:.4f}".rstrip("0") if 0 < amount < 1 else f"{amount:,.2f}"


def _seconds(span: tuple[float, float]) -> str:
    least, most = span
    return f"{least:g} to {most:g} s" if least else f"under {most:g} s"
