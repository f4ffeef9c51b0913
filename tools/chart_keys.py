"""The keys of a chart's values.yaml, one a line, for components/chart_records: `python -m tools.chart_keys values.yaml`.

Keys that stand in comments or in templates only are added by hand, below a comment that says where they were read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

# What charts hand to Kubernetes as it is, even where values.yaml has a default for it
OPEN = frozenset(
    {
        *("affinity", "annotations", "deploymentAnnotations", "env", "extraArgs", "extraEnv", "extraLabels", "labels", "livenessProbe"),
        *("nodeSelector", "podAnnotations", "podLabels", "podSecurityContext", "readinessProbe", "resources", "securityContext"),
        *("startupProbe", "strategy", "updateStrategy"),
    }
)


def keys(tree: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every key below `path`, in the file's order; `.*` behind what the chart hands on, or has no type for."""
    for name, value in tree.items():
        here = f"{path}{name}"
        if isinstance(value, dict) and value and name not in OPEN:
            yield from keys(cast("Mapping[str, Any]", value), f"{here}.")
        elif value is None or value == {} or (name in OPEN and not isinstance(value, list)):
            yield f"{here}.*"
        else:
            yield here


def main() -> int:
    """Print the keys of the named file."""
    if len(sys.argv) != 2:
        print("usage: python -m tools.chart_keys VALUES.yaml", file=sys.stderr)
        return 2
    print("\n".join(keys(yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8")))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
