"""**Feature: coder-deployment-guide, Property 14: Contract Satisfaction**

A toolchain and a base are pushed together if and only if both are of the contract's major and the base gives all that the toolchain
requires (requirements 11c.10 and 11d.1, POL-14, TPL-21). Recomputed from the manifests that are pushed, and held against what the root
module really hands over: each input of the contract, and the chosen way of each capability.
"""

from __future__ import annotations

from pulumi_policy import Severity

from policy import composed, wiring
from policy.crossguard import Property

PROPERTY = Property(
    number=14,
    slug="contract",
    title="Contract Satisfaction",
    description="Every base gives what its toolchain requires, and is given what the contract says.",
    severity=Severity.HIGH,
    tags=("templates", "contract"),
    remediation="Compose the toolchain with a base that has the capability, and push what the composer makes of them.",
    url="https://coder.com/docs/admin/templates",
    relations=composed.recomputed(14, wiring.unwired),
    settings=composed.TODAY,
)
