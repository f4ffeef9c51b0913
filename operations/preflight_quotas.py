"""Preflight: the account's own limits against the most that the stack can ask for (PRE-02, PRE-06, PRE-08, PRE-09, Property 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations.preflight_surroundings import Answer, Surroundings
from plan.quotas import ELASTIC_IPS, INTERNET_GATEWAYS, VPCS, shortfalls


def quotas(around: Surroundings) -> Iterator[Answer]:
    """One answer for each quota that is short or that AWS does not tell; passes where every one suffices, and only there."""
    for region, plan in around.plan.regions.items():
        limits, others = _limits(around, region), _usage(around, region)
        unread = [quota for quota in plan.quotas if quota.code not in limits]
        for quota in unread:
            yield Answer(
                False, f"{region}: AWS does not tell the limit of {quota.code} {quota.name}; may you ask servicequotas:GetServiceQuota?"
            )
        short = shortfalls([quota for quota in plan.quotas if quota.code in limits], limits, others)
        yield from (Answer(False, f"{region}: {quota}") for quota in short)
        if not unread and not short:
            yield Answer(True, f"{region}: all {len(plan.quotas)} quotas suffice")


def report(around: Surroundings, file: Path) -> dict[str, Any]:
    """Limits, and what the account uses beside this stack, by region and quota code: what Property 2 reads (CODER_EKS_PREFLIGHT).

    file: the stack file. Its hash and the time stand in the report, which is good for that file and a day.
    """
    regions = sorted(around.plan.regions)
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "stack_file": hashlib.sha256(file.read_bytes()).hexdigest(),
        "limits": {region: _limits(around, region) for region in regions},
        "usage": {region: _usage(around, region) for region in regions},
    }


def _limits(around: Surroundings, region: str) -> dict[str, float]:
    """Of every quota that the stack counts against; one that AWS does not tell is left out, which is no pass."""
    asked = ((quota.code, _limit(around, region, quota.service, quota.code)) for quota in around.plan.regions[region].quotas)
    return {code: limit for code, limit in asked if limit is not None}


def _usage(around: Surroundings, region: str) -> dict[str, float]:
    system = around.settings.system.name
    return {code: float(_others(ask(around.client("ec2", region)), system)) for code, ask in _SHARED.items()}


def _limit(around: Surroundings, region: str, service: str, code: str) -> float | None:
    """The account's limit, or AWS's default where the account never asked; None where AWS tells neither."""
    client = around.client("service-quotas", region)
    for ask in (client.get_service_quota, client.get_aws_default_service_quota):
        try:
            return float(ask(ServiceCode=service, QuotaCode=code)["Quota"]["Value"])
        except client.exceptions.NoSuchResourceException:
            continue
    return None


def _others(found: list[Mapping[str, Any]], system: str) -> int:
    """What of the account's is not this stack's, by the tags that it puts on everything."""
    return sum({"Key": "Environment", "Value": system} not in item.get("Tags", []) for item in found)


# What other things of an account count against, and how they are asked for
_SHARED: Mapping[str, Callable[[Any], list[Mapping[str, Any]]]] = {
    VPCS.code: lambda ec2: ec2.describe_vpcs()["Vpcs"],
    ELASTIC_IPS.code: lambda ec2: ec2.describe_addresses()["Addresses"],
    INTERNET_GATEWAYS.code: lambda ec2: ec2.describe_internet_gateways()["InternetGateways"],
}
