"""What RDS refuses about subnet groups and parameter groups. Codes: errors of the Amazon RDS API reference."""

from __future__ import annotations

from typing import Final

from localcloud.kinds.model import Request
from localcloud.kinds.rds_facts import VERSIONS
from localcloud.kinds.rds_groups import CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP, SUBNET_GROUP
from localcloud.refusals import CREATE, row

# "DB parameter group" families that exist for the engines of rds_facts
_FAMILIES: Final = frozenset(f"{engine}{version}" for engine, versions in VERSIONS.items() for version in versions if version.isdigit())
# PostgreSQL's own: parameters that take effect at a restart (pg_settings.context = postmaster)
_STATIC: Final = frozenset(
    {
        "shared_preload_libraries",
        "max_connections",
        "shared_buffers",
        "wal_buffers",
        "max_worker_processes",
        "rds.logical_replication",
        "track_activity_query_size",
        "autovacuum_max_workers",
        "superuser_reserved_connections",
    }
)


def _subnet_zones(request: Request) -> str | None:
    zones = {subnet.text("availabilityZone") for subnet in request.referred("subnetIds[*]")}
    covered = f"Current AZ coverage: {', '.join(sorted(zones)) or 'none'}"
    return (
        None
        if len(zones) > 1
        else f"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. {covered}. Add subnets for at least 2 AZs."
    )


def _subnet_vpcs(request: Request) -> str | None:
    networks = sorted({subnet.text("vpcId") for subnet in request.referred("subnetIds[*]")})
    return f"The DB subnet group's subnets are in several VPCs: {', '.join(networks)}" if len(networks) > 1 else None


def _family(request: Request) -> str | None:
    family = request.text("family")
    known = family is None or family in _FAMILIES or family.startswith(("aurora-mysql", "mysql", "mariadb"))
    return None if known else f"ParameterGroupFamily {family} is not a valid parameter group family"


def _static_parameters(request: Request) -> str | None:
    for item in request.items("parameters[*]"):
        if item.get("name") in _STATIC and item.get("applyMethod", "immediate") == "immediate":
            return f"cannot use immediate apply method for static parameter {item.get('name')}"
    return None


def _parameter_twice(request: Request) -> str | None:
    names = [str(item.get("name")) for item in request.items("parameters[*]")]
    return f"parameters: {next(name for name in names if names.count(name) > 1)} is given twice" if len(set(names)) < len(names) else None


_GROUPS: Final = (CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP)
REFUSALS: Final = (
    row(SUBNET_GROUP, "DBSubnetGroupDoesNotCoverEnoughAZs", "a subnet group covers two zones", _subnet_zones),
    row(SUBNET_GROUP, "InvalidSubnet", "a subnet group is in one VPC", _subnet_vpcs),
    row(_GROUPS, "InvalidParameterValue", "the family exists", _family, CREATE),
    row(_GROUPS, "InvalidParameterCombination", "static parameters wait for a restart", _static_parameters),
    row(_GROUPS, "InvalidParameterValue", "no parameter twice", _parameter_twice),
)
