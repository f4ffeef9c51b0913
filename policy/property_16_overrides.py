"""**Feature: coder-deployment-guide, Property 16: Override Validation**

A composition changes nothing of its base but the compute profile and optional capabilities, or what a permit names, with reason, approver
and an end that is not over (requirements 11c.9, 11g.2 and 11g.3, POL-16, TPL-24). What was overridden is not taken from the manifest:
the root module's inputs are held against those that follow from contract, toolchain and base.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pulumi_policy import Severity

from composer.hcl import is_terraform
from composer.provenance import ROOT
from policy import composed, helm, tokens, wiring
from policy.crossguard import Property
from policy.isolation import NAMESPACE
from policy.stack import Stack
from policy.templates import Pushed
from policy.values import Props, Unknown, Value
from policy.verdict import Verdict

MISSING = object()


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """The told overrides by the rule, and the untold ones by what the root module hands over."""
    day = composed.today(settings)
    accounts = _accounts(stack)

    def faults(template: Pushed) -> Iterator[str]:
        yield from template.faults(day)[16]
        told = wiring.overridden(template)
        for path, value in wiring.strayed(template):
            if told.get(path, MISSING) != value:
                shown = wiring.written(value)
                yield f"hands {path} = {shown} to its base, which no override tells of; drop it, or write the override and its permit"
        account = template.inputs.get("service_account")
        if account is not None and account not in accounts:
            yield f"hands service_account = {account} to its base, which is no ServiceAccount of {NAMESPACE} in this stack"
        yield from _beside(template)

    composed.judge(stack, verdict, faults)


def _accounts(stack: Stack) -> list[Value]:
    """The names that workspaces may run under."""
    places = (NAMESPACE, Unknown.UNKNOWN)
    found = [node for node in stack.graph.all(tokens.SERVICE_ACCOUNT) if helm.object_namespace(stack.graph, node) in places]
    return [node.get("metadata", "name") for node in found]


def _beside(template: Pushed) -> Iterator[str]:
    """What a composition holds besides toolchain, base and agent."""
    modules = cast("dict[str, object]", template.root.get("module") or {})
    for name in sorted(modules):
        if name not in ("base", "toolchain"):
            yield f"starts a module {name} beside toolchain and base; nothing else belongs into a composition"
    for name in sorted(template.root.get("data") or {}):
        if not name.startswith("coder_"):
            yield f"reads {name} beside its base; what a base needs the platform tells it"
    for path in sorted(template.files):
        if "/" not in path and path != ROOT and is_terraform(path):
            yield f"has {path} beside its root module; nothing else belongs into a composition"
    for name in sorted(template.root.get("resource") or {}):
        if name not in AGENT:
            yield f"declares {name} beside its base; resources belong to bases"


# What a root module declares by itself: the agent and what hangs on it (TPL-18, TPL-34).
AGENT = frozenset({"coder_agent", "coder_app", "coder_script", "coder_metadata", "coder_env"})

PROPERTY = Property(
    number=16,
    slug="overrides",
    title="Override Validation",
    description="A composition changes nothing of its base but what it may, or what a living permit names.",
    severity=Severity.HIGH,
    tags=("templates", "governance"),
    remediation="Drop the override, or add a permit with path, reason, approver and expires to the composition or the stack file.",
    url="https://coder.com/docs/admin/templates",
    relations=relations,
    settings=composed.TODAY,
)
