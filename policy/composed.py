"""What the properties of templates share: every template's folder read and recomputed, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from policy.facts import FIRST_VISIT
from policy.stack import Stack
from policy.templates import Pushed
from policy.values import Props, text
from policy.verdict import Verdict

TODAY: dict[str, dict[str, object]] = {
    "today": {"type": "string", "description": "The day to judge by, as 2026-12-31, instead of the clock's, in UTC; permits end on a day."}
}


def today(settings: Props) -> date:
    """The day to judge by, in UTC."""
    given = text(settings.get("today"))
    return date.fromisoformat(given) if given else datetime.now(UTC).date()


def judge(stack: Stack, verdict: Verdict, faults: Callable[[Pushed], Iterator[str]]) -> None:
    """Ask about every template; one that can't be read is a violation, none at all on the second visit as well."""
    if not stack.pushed:
        if stack.visit == 1:
            verdict.postponed = FIRST_VISIT
        else:
            verdict.wrong(None, "the stack pushes no template, so there is nothing to hold to this property")
        return
    for template in stack.pushed:
        verdict.saw(template.node)
        if template.fault:
            verdict.wrong(template.node, template.fault)
            continue
        for fault in faults(template):
            verdict.wrong(template.node, fault)


def recomputed(number: int, further: Callable[[Pushed], Iterator[str]] | None = None) -> Callable[[Stack, Props, Verdict], None]:
    """A property that the composer's judge recomputes from the files alone; further: what to ask of a template where that finds nothing."""

    def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
        day = today(settings)

        def faults(template: Pushed) -> Iterator[str]:
            found = template.faults(day)[number]
            return iter(found) if found or further is None else further(template)

        judge(stack, verdict, faults)

    return relations
