"""What was judged, in numbers, for whoever asks: green means judged.

CrossGuard tells violations and nothing of what passed. Where the environment names a file in CODER_EKS_POLICY_REPORT, the last stack
policy of each reading writes there what each property said and how many resources it judged.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from policy import baseline
from policy.crossguard import Property
from policy.stack import Stack
from policy.variables import REPORT
from policy.verdict import Verdict


def write(stack: Stack, verdicts: dict[str, Verdict], properties: tuple[Property, ...]) -> None:
    """Write the report where somebody asked for it."""
    place = os.environ.get(REPORT)
    if not place:
        return
    rules = verdicts.get(baseline.NAME, Verdict())
    counts = {rule.id: rules.rules[rule.id] for rule in baseline.RULES}
    content = {
        "system": stack.system,
        "visit": stack.visit,
        "resources": len(stack.graph.nodes),
        "properties": [_property(found, verdicts.get(found.id)) for found in properties],
        "baseline": {
            "rules": counts,
            "judged": sum(counts.values()),
            "violations": len(rules.violations),
        },
    }
    Path(place).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _property(found: Property, verdict: Verdict | None) -> dict[str, object]:
    said: dict[str, object] = {"number": found.number, "name": found.name, "title": found.title, "remediation": found.remediation}
    if verdict is None:
        return {**said, "judged": 0, "open": 0, "reason": "its policy did not run: its level is disabled"}
    reason = verdict.not_applicable or verdict.postponed or ""
    return {**said, "judged": len(verdict.judged), "open": len(set(verdict.open)), "reason": reason}
