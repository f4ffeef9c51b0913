"""The policy pack, started by the engine: `pulumi preview --policy-pack policy`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

# Run from disk: the folder above this one holds the package, whatever the working directory and without an installation.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi_policy import EnforcementLevel, PolicyPack

from policy import one_reading
from policy.pack import NAME, POLICIES

gc.disable()  # the process lasts for one run of the engine: looking for garbage took a quarter of what the pack costs
one_reading.install()
PolicyPack(
    name=NAME,
    policies=list(POLICIES),
    enforcement_level=EnforcementLevel.MANDATORY,
    display_name="Correctness properties of the Coder deployment",
    description="Judges the resource graph of a Coder deployment on EKS: before a resource is made, at a preview, and in deployed state.",
    provider="AWS",
    tags=["coder", "eks", "correctness"],
)
