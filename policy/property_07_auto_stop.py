"""**Feature: coder-deployment-guide, Property 7: Auto-Stop**

Every template stops its workspaces and lets them start by themselves, except those that the environment names as always on (requirement
5.9, POL-07, TPL-30, T-61). What a template leaves out is not managed, so nobody knows what it is: that is a violation as well.
"""

from __future__ import annotations

from pulumi_policy import Severity

from policy import tokens
from policy.crossguard import Property
from policy.facts import FIRST_VISIT
from policy.graph import Node
from policy.stack import Stack
from policy.values import Props, Unknown, integer, sequence, text
from policy.verdict import Verdict

MANAGED = ("defaultTtlMs", "autoStopRequirement", "autoStartPermittedDaysOfWeeks", "allowUserAutoStart", "allowUserAutoStop")
DAYS = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
TTL, PERMITTED = "defaultTtlMs", "autoStartPermittedDaysOfWeeks"


def stops(template: Node) -> bool | None:
    """Whether a limit ends each run and nobody but a requirement's day or the user's own stop is needed; None while that is unknown."""
    ttl, days, by_user = template.get(TTL), template.get("autoStopRequirement", "daysOfWeeks"), template.get("allowUserAutoStop")
    if any(isinstance(value, Unknown) for value in (ttl, days, by_user)):
        return None
    return (integer(ttl) or 0) > 0 and (bool(sequence(days)) or by_user is True)


def _template(node: Node, settings: Props, verdict: Verdict) -> None:
    del settings
    missing = [key for key in MANAGED if node.get(key) is None]
    if missing:
        verdict.wrong(node, f"leaves {', '.join(missing)} out, so that nobody manages them; set each")
    ttl = node.get(TTL)
    if isinstance(ttl, int | float) and (isinstance(ttl, bool) or ttl < 0 or ttl != int(ttl)):
        verdict.wrong(node, f"has {TTL} {ttl}; write whole milliseconds")
    permitted, started = node.get(PERMITTED), node.get("allowUserAutoStart")
    if isinstance(permitted, list) and not any(day in DAYS for day in permitted):
        verdict.wrong(node, "permits auto-start on no day; permit the days of work")
    if started is not None and not isinstance(started, Unknown) and started is not True:
        verdict.wrong(node, "does not allow auto-start; set allow_user_auto_start to true")
    for key in MANAGED:
        if isinstance(node.get(key), Unknown):
            verdict.undecided(node, f"its {key} is unknown")


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Whoever is not named as always on stops; whoever is named exists, and is an exception among others (T-61)."""
    templates = stack.graph.all(tokens.TEMPLATE)
    declared = stack.templates
    if not templates and stack.visit == 1:
        verdict.postponed = FIRST_VISIT
        return
    verdict.saw(*templates)
    allowed = {name for item in sequence(settings.get("alwaysOn")) if (name := text(item))}
    always_on = set(declared.always_on) if declared else set[str]()
    if settings.get("alwaysOn") is not None:
        for name in sorted(always_on - allowed):
            verdict.wrong(declared.node if declared else None, f"names {name} as always on; the config of this policy does not")
        always_on &= allowed
    names = {text(node.get("name")) for node in templates}
    if settings.get("alwaysOn") is None and names and names <= always_on:
        verdict.wrong(
            declared.node if declared else None, "names every template as always on, so that nothing stops; leave out those that can"
        )
    for name in sorted(always_on - names):
        verdict.wrong(
            declared.node if declared else None, f"names {name} as always on, and there is no such template; remove it from always_on"
        )
    for node in templates:
        if text(node.get("name")) not in always_on and stops(node) is False:
            verdict.wrong(
                node,
                "never stops its workspaces: set a default_ttl_ms above 0 and days of auto_stop_requirement, or name it under always_on",
            )


PROPERTY = Property(
    number=7,
    slug="auto-stop",
    title="Auto-Stop",
    description="Every template stops its workspaces and lets them start by themselves, but those that are named as always on.",
    severity=Severity.MEDIUM,
    tags=("templates", "cost"),
    remediation="Set templates.time_to_live in the stack file; name a template that must run around the clock under templates.always_on.",
    url="https://coder.com/docs/user-guides/workspace-scheduling",
    relations=relations,
    resources={tokens.TEMPLATE: _template},
    settings={
        "alwaysOn": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The only templates that may be always on, whatever the stack says; without it those of its list, if not all.",
        }
    },
)
