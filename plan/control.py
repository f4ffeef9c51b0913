"""coderd and its database, as declared or as Coder's published architecture asks for (T-32, T-71)."""

from __future__ import annotations

from plan.findings import Findings
from plan.instances import INSTANCE_TYPES, find, unknown
from plan.model import ControlPlan
from plan.tiers import GIB_PER_ACU, ControlTier, tier_for
from settings.database import Database
from settings.model import Settings
from settings.workload import Sizing

CLASS_PREFIX = "db."  # what follows in an RDS class is the EC2 instance type (Amazon RDS User Guide, "DB instance class types")


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
    coder, database, region = settings.coder, settings.primary_database, settings.primary_region
    acu, instance_class = database.acu, _instance_class(database, region, findings)
    compute = (coder.replicas, str(coder.resources.cpu), str(coder.resources.memory))
    declared = ControlPlan(*compute, acu and acu.min, acu and acu.max, instance_class)
    wanted = tier(settings, findings)
    if wanted is None:
        return declared
    if validated(settings):
        compute = (wanted.coderd_replicas, str(wanted.coderd_cpu), f"{wanted.coderd_memory_gib}Gi")
        if acu:
            return ControlPlan(*compute, acu.min, max(acu.max, wanted.database_acu))
        return ControlPlan(*compute, None, None, instance_class and _large_enough(instance_class, wanted))
    _compare(declared, wanted, region, findings)
    return declared


def _instance_class(database: Database, region: str, findings: Findings) -> str | None:
    """The declared class, where the table of instance types knows its type."""
    name = database.instance_class
    if name is not None and find(name.removeprefix(CLASS_PREFIX)) is None:
        key = f"regions.{region}.database.instance_class"
        findings.conflict(key, unknown(name.removeprefix(CLASS_PREFIX)), weighs=key)
    return name


def _large_enough(instance_class: str, wanted: ControlTier) -> str:
    """The smallest class of the same family with the architecture's cores and memory (GB there, nearest power of two here)."""
    family = instance_class.removeprefix(CLASS_PREFIX).split(".")[0]
    fitting = [
        instance
        for instance in INSTANCE_TYPES.values()
        if instance.name.startswith(f"{family}.")
        and instance.vcpus >= wanted.database_vcpus
        and instance.memory_gib >= wanted.database_memory_gib
    ]
    return CLASS_PREFIX + min(fitting, key=lambda instance: instance.vcpus).name if fitting else instance_class


def _compare(declared: ControlPlan, wanted: ControlTier, region: str, findings: Findings) -> None:
    """Warn where the declared control plane is smaller than what Coder has tested."""
    if declared.total_cores < wanted.coderd_cpu * wanted.coderd_replicas:
        findings.warn(
            71,
            f"{declared.replicas} coderd of {declared.cpu} vCPU and {declared.memory} are to serve {wanted.workspaces} workspaces; "
            f"Coder's published architecture asks for {wanted.coderd_replicas} of {wanted.coderd_cpu} vCPU and "
            f"{wanted.coderd_memory_gib}Gi: expect slow answers at the peak, or set system.sizing to validated",
        )
    if declared.max_acu is not None and declared.max_acu < wanted.database_acu:
        findings.warn(
            32,
            f"{region}: the database grows to {declared.max_acu:g} ACU, about {declared.max_acu * GIB_PER_ACU:g} GiB; "
            f"{wanted.workspaces} workspaces ask for {wanted.database_memory_gib} GiB, {wanted.database_acu:g} ACU: raise database.acu.max",
        )
    instance = find(declared.instance_class.removeprefix(CLASS_PREFIX)) if declared.instance_class else None
    if instance and (instance.vcpus < wanted.database_vcpus or instance.memory_gib < wanted.database_memory_gib):
        findings.warn(
            32,
            f"{region}: the database is a {declared.instance_class} with {instance.vcpus} vCPU and {instance.memory_gib} GiB; "
            f"{wanted.workspaces} workspaces ask for {wanted.database_vcpus} vCPU and {wanted.database_memory_gib} GiB, "
            f"{_large_enough(declared.instance_class or '', wanted)}: raise database.instance_class",
        )
