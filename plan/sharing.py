"""Who is let in from another region, where a coderd there is on the primary region's database (DB-23, T-36)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from plan.findings import Findings
from plan.model import NetworkPlan
from settings.model import Settings
from settings.network import Tier


def with_sharing(settings: Settings, networks: Mapping[str, NetworkPlan], findings: Findings) -> dict[str, NetworkPlan]:
    """The networks, those of regions that share the database with whom they let in; warns of what sharing costs.

    Replicas on one database relay to each other by their pods' addresses (enterprise/replicasync of Coder v2.24.0), so that each side
    lets the other's control nodes in, and the primary region lets them reach the database.
    """
    found, primary = dict(networks), settings.primary_region
    for name in settings.sharing_regions:
        found[name] = replace(found[name], relay_cidrs=_control(found[primary]))
        there = _control(found[name])
        here = found[primary]
        found[primary] = replace(here, relay_cidrs=(*here.relay_cidrs, *there), database_client_cidrs=(*here.database_client_cidrs, *there))
        findings.warn(
            36,
            f"{name}: coderd there asks the database in {primary} with every query, and Coder is made for one that answers within "
            f"milliseconds: expect slow pages for whoever is near {name}, and an outage there whenever {primary} or the link to it fails; "
            "serves: proxy needs neither",
        )
    return found


def _control(network: NetworkPlan) -> tuple[str, ...]:
    return tuple(subnet.cidr for subnet in network.tier(Tier.CONTROL.value).subnets)
