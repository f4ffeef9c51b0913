"""The recorded graph of each stack: type, name, inputs, what they come from. A change of the program shows as a diff of its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import unified_diff
from typing import Any

from operations.graph import normalised
from tools.install import ROOT

MOST_LINES = 200


def difference(stack: str, resources: Sequence[Mapping[str, Any]]) -> str:
    """What stands otherwise than recorded, as a diff; empty where nothing does."""
    recorded = (ROOT / "tests" / "golden" / f"{stack}.yaml").read_text().splitlines()
    lines = list(unified_diff(recorded, normalised(resources).splitlines(), "recorded", "now", n=1, lineterm=""))
    more = [f"… and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
    remedy = [f"If that is meant: make up STACK={stack} && make golden STACK={stack}, and commit the change."]
    return "\n".join(lines[:MOST_LINES] + more + remedy) if lines else ""
