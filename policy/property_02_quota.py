"""**Feature: coder-deployment-guide, Property 2: Quota Pre-flight**

The stack fits into the account's quotas if and only if each need is at most limit minus usage (requirement 2a.4, POL-02, PRE-02, PRE-08).
Needs are counted in the graph. Limits are facts of the account, which no graph holds: they come from the report of `coder-eks preflight`
or from the config of this policy, never from the program. A limit that is not known is a failure, not a pass; so is a report that was made
for another stack file, or too long ago.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from pulumi_policy import Severity

from policy.crossguard import Property
from policy.quota_demand import ELASTIC_IPS, GATEWAYS, NAMES, VPCS, Demand, demands, limits_of
from policy.stack import Stack
from policy.templates import project
from policy.values import Props, Value, mapping, plain, text
from policy.variables import PREFLIGHT
from policy.verdict import Verdict

MOST_HOURS = 24  # from the preflight to the update that it is for
_SHARED = (ELASTIC_IPS, GATEWAYS, VPCS)  # of which others in an account have some; the preflight counts them


@dataclass(frozen=True)
class Shortfall:
    """A quota that does not suffice. available: limit minus usage; None where the limit is not known."""

    code: str
    need: float
    available: float | None

    def __str__(self) -> str:
        what = f"{self.code} ({NAMES.get(self.code, 'quota')})"
        if self.available is None:
            return f"{what}: needs {self.need:g}, and the limit is not known; run `coder-eks preflight` again"
        return f"{what}: needs {self.need:g} and has {self.available:g}; ask for {self.need - self.available:g} more"


def shortfalls(need: dict[str, float], limits: dict[str, float], usage: dict[str, float]) -> list[Shortfall]:
    """Every quota with need > limit - usage, in order of code; nothing where all suffice."""
    found: list[Shortfall] = []
    for code, needed in sorted(need.items()):
        available = limits[code] - usage.get(code, 0) if code in limits else None
        if needed > 0 and (available is None or needed > available):
            found.append(Shortfall(code, needed, available))
    return found


def relations(stack: Stack, settings: Props, verdict: Verdict) -> None:
    """Count each region's needs and hold them against its limits."""
    facts = stack.facts
    if facts is None:
        verdict.wrong(None, "the stack declares no environment, so nobody knows which regions it needs")
        return
    source, fault = _source(settings, stack.name)
    if fault:
        verdict.wrong(facts.node, fault)
        return
    if source is None:
        verdict.postponed = f"no preflight report: run `coder-eks preflight`, and name its report in {PREFLIGHT} or in this policy's config"
        return
    verdict.saw(facts.node)  # it says how many workspaces have volumes, and where
    for name in facts.deployed:
        counted = list(demands(stack.graph, name, len(facts.deployed) == 1, facts.volumes_gib(name)))
        limits, usage = _numbers(limits_of(source.get("limits"), name)), _numbers(limits_of(source.get("usage"), name))
        for demand in counted:
            for kind in demand.unread:
                verdict.wrong(facts.node, f"{name}: {kind}: vCPU or their quota can't be told by its name; use a type that can")
            if demand.need is None:
                verdict.undecided(facts.node, f"{name}: {NAMES[demand.code]}: an instance type or a size is unknown")
            else:
                verdict.saw(*demand.counted)
        _report(name, counted, limits, usage, stack, verdict)
        if source is not settings:
            for code in sorted({demand.code for demand in counted} & set(_SHARED) - usage.keys()):
                verdict.wrong(facts.node, f"{name}: {code} ({NAMES[code]}): what others use is not known; run `coder-eks preflight` again")


def _report(region: str, counted: list[Demand], limits: dict[str, float], usage: dict[str, float], stack: Stack, verdict: Verdict) -> None:
    because = {demand.code: demand.because for demand in counted}
    need = {demand.code: demand.need for demand in counted if demand.need is not None}
    for lack in shortfalls(need, limits, usage):
        node = stack.facts.node if stack.facts else None
        verdict.wrong(node, f"{region}: {lack} [{because[lack.code]}]")


def _source(settings: Props, stack: str) -> tuple[Props | None, str | None]:
    """Limits and usage, from the config, else from the report; a sentence where there is a report that can't be read."""
    if settings.get("limits") is not None:
        return settings, None
    path = text(settings.get("report")) or os.environ.get(PREFLIGHT)
    if not path:
        return None, None
    try:
        found = plain(cast("object", json.loads(Path(path).read_text(encoding="utf-8"))))
    except (OSError, json.JSONDecodeError) as error:
        return None, f"the preflight report {path} can't be read ({type(error).__name__}); run `coder-eks preflight` again"
    if not mapping(mapping(found).get("limits")):
        return None, f"the preflight report {path} holds no limits; run `coder-eks preflight` again"
    fault = outdated(mapping(found), stack, datetime.now(UTC))
    return mapping(found), f"the preflight report {path} {fault}; run `coder-eks preflight` again" if fault else None


def outdated(report: Props, stack: str, now: datetime) -> str | None:
    """Why a report says nothing of this stack as it now is; none where it does, or stands in for an account that there is not."""
    if report.get("stand_in") is True:
        return None
    try:
        age = now - datetime.fromisoformat(text(report.get("made")) or "")
    except (ValueError, TypeError):
        return "does not tell when it was made"
    if not timedelta(minutes=-5) <= age <= timedelta(hours=MOST_HOURS):
        return f"was made at {report.get('made')}, which is not within the last {MOST_HOURS} hours"
    file = project() / f"Pulumi.{stack}.yaml"
    try:
        content = file.read_bytes()
    except OSError:
        return f"can't be held against {file.name}, which can't be read"
    return None if report.get("stack_file") == hashlib.sha256(content).hexdigest() else f"was made for another {file.name} than this one"


def _numbers(found: dict[str, Value]) -> dict[str, float]:
    return {code: float(value) for code, value in found.items() if isinstance(value, int | float) and not isinstance(value, bool)}


_REGIONS: dict[str, object] = {
    "type": "object",
    "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}},
}
PROPERTY = Property(
    number=2,
    slug="quota",
    title="Quota Pre-flight",
    description="Everything that the stack can grow to fits into the account's quotas.",
    severity=Severity.HIGH,
    tags=("quota", "availability"),
    remediation="Ask AWS for the increase that the message names, or lower the figure in the stack file that it is made of.",
    url="https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html",
    relations=relations,
    settings={
        "limits": {**_REGIONS, "description": "Limits by region (`*`: all) and quota code, instead of the preflight's report."},
        "usage": {**_REGIONS, "description": "What the account uses beside this stack, by region and quota code."},
        "report": {"type": "string", "description": f"Path of the preflight's report, instead of the environment's {PREFLIGHT}."},
    },
)
