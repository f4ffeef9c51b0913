"""A stack before the judge: its graph, what it declares, and which system's law applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pulumi_policy import PolicyResource

from policy.facts import Facts, TemplateFacts, declared, declared_templates
from policy.graph import Graph
from policy.systems import SYSTEMS, SystemNeed, need_of
from policy.templates import Pushed, pushed
from policy.values import Props

ROOT = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Stack:
    """A graph and what follows from it, worked out when first asked."""

    graph: Graph

    @cached_property
    def facts(self) -> Facts | None:
        """What its Environment declares."""
        return declared(self.graph)

    @property
    def name(self) -> str:
        """As the engine knows it, by which its file is called."""
        return self.graph.nodes[0].urn.split("::", maxsplit=1)[0].rpartition(":")[2] if self.graph.nodes else ""

    @property
    def system(self) -> str | None:
        """The system: by the stack's name where that is one, so that prod can't call itself demo; else as declared."""
        if self.name in SYSTEMS:
            return self.name
        return self.facts.system if self.facts else None

    @property
    def workspace_groups(self) -> set[str]:
        """The node groups and pools that it declares for workspaces."""
        return {name for region in (self.facts.regions.values() if self.facts else ()) for name in region.workspace_groups}

    @cached_property
    def templates(self) -> TemplateFacts | None:
        """What its Templates component declares."""
        return declared_templates(self.graph)

    @cached_property
    def pushed(self) -> list[Pushed]:
        """The templates that it pushes, read once for all properties."""
        return pushed(self.graph)

    @property
    def visit(self) -> int:
        """1 before there is a token of coderd, 2 from then on; 2 where nothing is declared."""
        return self.facts.visit if self.facts else 2

    @property
    def urn(self) -> str | None:
        """What a finding about the whole stack is pinned to: `pulumi policy analyze` of CLI 3.250 panics on one that names no resource."""
        roots = [*self.graph.all(ROOT), *self.graph.nodes]
        return roots[0].urn if roots else None

    @property
    def empty(self) -> bool:
        """Whether it has nothing but itself and providers."""
        return all(node.type.startswith(("pulumi:pulumi:", "pulumi:providers:")) for node in self.graph.nodes)

    def need(self, settings: Props) -> SystemNeed | None:
        """The law for this stack under that pack config."""
        return need_of(self.system, settings)


class Reading(list[PolicyResource]):
    """The resources of one reading. Every policy receives the same one, so that the stack is worked out once."""

    @cached_property
    def stack(self) -> Stack:
        """The stack of these resources."""
        return Stack(Graph.of(self))


def stack_of(resources: Sequence[PolicyResource]) -> Stack:
    """The stack of what a policy receives: a list of the SDK's own is read anew."""
    return resources.stack if isinstance(resources, Reading) else Stack(Graph.of(resources))
