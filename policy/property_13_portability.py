"""**Feature: coder-deployment-guide, Property 13: Toolchain Portability**

A toolchain says nothing about where it runs: no resource, no provider, no id, range, region, instance type or namespace, in whatever file
(requirements 11c.2 and 11g.1, POL-13, TPL-07). Judged on the files that are pushed, not on the catalogue's.
"""

from __future__ import annotations

from pulumi_policy import Severity

from policy import composed
from policy.crossguard import Property

PROPERTY = Property(
    number=13,
    slug="portability",
    title="Toolchain Portability",
    description="A toolchain says nothing about where it runs.",
    severity=Severity.MEDIUM,
    tags=("templates", "portability"),
    remediation="Ask for a capability in toolchain.yaml instead, and let the base know where; docs/templates/format.md has the list.",
    url="https://coder.com/docs/admin/templates",
    relations=composed.recomputed(13),
    settings=composed.TODAY,
)
