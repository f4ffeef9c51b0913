"""coderd and its database, as declared or as Coder's published architecture asks for (T-32, T-71)."""

from __future__ import annotations

from plan.findings import Findings
from plan.model import ControlPlan
from plan.tiers import GIB_PER_ACU, ControlTier, tier_for
from settings.model import Settings
from settings.workload import Sizing


def validated(settings: Settings) -> bool:
    """Whether the plan takes the published architecture instead of the declared figures."""
    return settings.system.sizing is Sizing.VALIDATED


def tier(settings: Settings, findings: Findings) -> ControlTier | None:
    """What Coder's architecture asks for at the peak; None above the largest published one, which is said."""
    try:
        return tier_for(settings.workload.peak.workspaces)
    except ValueError as error:
        if validated(settings):
            findings.conflict("workload.peak.workspaces", f"{error}; write fewer, or set system.sizing to design")
        else:
            findings.warn(71, f"{error}: nobody has shown a control plane that serves {settings.workload.peak.workspaces}")
        return None


def control_plan(settings: Settings, findings: Findings) -> ControlPlan:
    """coderd's replicas and size, and the capacity of its database, which is in the primary region."""
    coder, acu = settings.coder, settings.primary_database.acu
    declared = ControlPlan(coder.replicas, str(coder.resources.cpu), str(coder.resources.memory), acu.min, acu.max)
    wanted = tier(settings, findings)
    if wanted is None:
        return declared
    if validated(settings):
        most = max(acu.max, wanted.database_acu)
        return ControlPlan(wanted.coderd_replicas, str(wanted.coderd_cpu), f"{wanted.coderd_memory_gib}Gi", acu.min, most)
    _compare(declared, wanted, settings.primary_region, findings)
    return declared


def _compare(declared: ControlPlan, wanted: ControlTier, region: str, findings: Findings) -> None:
    """Warn where the declared control plane is smaller than what Coder has tested."""
    if declared.total_cores < wanted.coderd_cpu * wanted.coderd_replicas:
        findings.warn(
            71,
            f"{declared.replicas} coderd of {declared.cpu} vCPU and {declared.memory} are to serve {wanted.workspaces} workspaces; "
            f"Coder's published architecture asks for {wanted.coderd_replicas} of {wanted.coderd_cpu} vCPU and "
            f"{wanted.coderd_memory_gib}Gi: expect slow answers at the peak, or set system.sizing to validated",
        )
    if declared.max_acu < wanted.database_acu:
        findings.warn(
            32,
            f"{region}: the database grows to {declared.max_acu:g} ACU, about {declared.max_acu * GIB_PER_ACU:g} GiB; "
            f"{wanted.workspaces} workspaces ask for {wanted.database_memory_gib} GiB, {wanted.database_acu:g} ACU: raise database.acu.max",
        )
