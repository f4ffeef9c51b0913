"""What judging a property found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from policy.graph import Node


@dataclass(frozen=True, order=True)
class Finding:
    """One sentence about one resource; without a URN it speaks of the whole stack."""

    urn: str
    message: str


@dataclass
class Verdict:
    """Violations, what could not be judged yet, and the resources that were judged.

    settled: resources that alone left something open, which the rest of the stack decided.
    rules: of a group of rules, how many resources each judged.
    postponed: why the whole property waits, such as the first visit. not_applicable: why the stack has no such thing.
    A verdict with neither violations nor anything open is green only when something was judged.
    """

    violations: list[Finding] = field(default_factory=list[Finding])
    open: list[Finding] = field(default_factory=list[Finding])
    judged: set[str] = field(default_factory=set[str])
    settled: set[str] = field(default_factory=set[str])
    rules: Counter[str] = field(default_factory=Counter[str])
    postponed: str | None = None
    not_applicable: str | None = None

    def wrong(self, node: Node | None, message: str) -> None:
        """This resource breaks the property."""
        self.violations.append(Finding(node.urn if node else "", f"{node.name}: {message}" if node else message))

    def undecided(self, node: Node, what: str) -> None:
        """This can't be known before the update."""
        self.open.append(Finding(node.urn, what))

    def settle(self, node: Node) -> None:
        """What this resource left open by itself is decided, one way or the other."""
        self.settled.add(node.urn)

    def saw(self, *nodes: Node) -> None:
        """These resources were judged."""
        self.judged.update(node.urn for node in nodes)

    def sorted_violations(self) -> list[Finding]:
        """Each once, in an order that does not change between runs."""
        return sorted(set(self.violations))

    def sorted_open(self) -> list[Finding]:
        """Each once, in an order that does not change between runs."""
        return sorted(set(self.open))
