"""Preflight: who is asked, and what AWS offers where (PRE-03, PRE-11, PRE-12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from operations.preflight_surroundings import Answer, Surroundings
from settings.database import DatabaseEngine

# Zones where EKS puts no control plane, by zone id, since letters differ between accounts: Amazon EKS User Guide, "Subnet requirements for
# clusters" (awsdocs/amazon-eks-user-guide, network-reqs.adoc at 101184ecc138), read 2026-11-21.
ZONES_WITHOUT_EKS = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})


def credentials(around: Surroundings) -> Iterator[Answer]:
    """PRE-12: somebody is signed in, and to the account that the stack file names."""
    caller: Mapping[str, str] = around.client("sts", around.settings.primary_region).get_caller_identity()
    account, wanted = caller["Account"], around.settings.system.account_id
    if wanted is not None and account != wanted:
        yield Answer(False, f"signed in to account {account}, and system.account_id is {wanted}; sign in to that one, or change the key")
    else:
        named = "" if wanted else "; name it as system.account_id, so that no other one is taken by mistake"
        yield Answer(True, f"account {account}, as {caller['Arn']}{named}")


def zones(around: Surroundings) -> Iterator[Answer]:
    """PRE-11: every planned zone is there, and EKS puts a control plane into it."""
    for region, plan in around.plan.regions.items():
        described: list[Mapping[str, str]] = around.client("ec2", region).describe_availability_zones()["AvailabilityZones"]
        there = {zone["ZoneName"]: zone for zone in described if zone.get("ZoneType", "availability-zone") == "availability-zone"}
        fitting = [name for name, zone in sorted(there.items()) if _usable(zone)]
        key = f"regions.{region}.network.zone_names"
        instead = f"write {key}: [{', '.join(_closest(plan.network.zones, fitting))}]" if len(fitting) >= len(plan.network.zones) else None
        wrong = [sentence for zone in plan.network.zones if (sentence := _what_is_wrong(zone, there))]
        remedy = instead or f"{region} has {len(fitting)} zones that serve: take another region, or fewer zones"
        yield from (Answer(False, f"{sentence}; {remedy}") for sentence in wrong)
        if not wrong:
            yield Answer(True, ", ".join(f"{zone} ({there[zone]['ZoneId']})" for zone in plan.network.zones))


def _what_is_wrong(zone: str, there: Mapping[str, Mapping[str, str]]) -> str | None:
    if zone not in there:
        return f"{zone} is no zone of this account, which has {', '.join(sorted(there)) or 'none'}"
    identity, state = there[zone]["ZoneId"], there[zone]["State"]
    if identity in ZONES_WITHOUT_EKS:
        return f"{zone} is {identity} in this account, where EKS puts no control plane"
    return f"{zone} is {state}" if state != "available" else None


def _usable(zone: Mapping[str, str]) -> bool:
    return zone["State"] == "available" and zone["ZoneId"] not in ZONES_WITHOUT_EKS


def _closest(planned: tuple[str, ...], fitting: list[str]) -> list[str]:
    """As many zones that serve as are planned, with those that are planned already."""
    kept = [zone for zone in planned if zone in fitting]
    return sorted([*kept, *(zone for zone in fitting if zone not in kept)][: len(planned)])


def instance_types(around: Surroundings) -> Iterator[Answer]:
    """PRE-11: every node group's type is offered in each of its zones."""
    for region, plan in around.plan.regions.items():
        wanted = {(group.instance_type, zone): group.group for group in plan.node_groups for zone in group.zones}
        types = sorted({instance_type for instance_type, _ in wanted})
        pages = around.client("ec2", region).get_paginator("describe_instance_type_offerings")
        filters = [{"Name": "instance-type", "Values": types}]
        offered = {
            (offer["InstanceType"], offer["Location"])
            for page in pages.paginate(LocationType="availability-zone", Filters=filters)
            for offer in page["InstanceTypeOfferings"]
        }
        missing = sorted(set(wanted) - offered)
        for instance_type, zone in missing:
            others = sorted(place for kind, place in offered if kind == instance_type)
            there = f"it is in {', '.join(others)}" if others else f"{region} has none"
            yield Answer(
                False, f"{instance_type} of {wanted[instance_type, zone]} is not offered in {zone}: {there}; take another type or zone"
            )
        if not missing:
            yield Answer(True, f"{region} offers {', '.join(types)} in every planned zone")


def database_engine(around: Surroundings) -> Iterator[Answer]:
    """PRE-11: RDS offers the engine's version on the class of instances that the database has."""
    for region in around.plan.regions:
        database = around.settings.regions[region].database
        if database is None:
            continue
        engine, pinned = _ENGINES[database.engine]
        version, key = database.engine_version or getattr(around.settings.versions, pinned), f"versions.{pinned}"
        instance_class = around.plan.control.instance_class or "db.serverless"
        pages = around.client("rds", region).get_paginator("describe_orderable_db_instance_options")
        offers: list[Mapping[str, Any]] = [
            offer for page in pages.paginate(Engine=engine, DBInstanceClass=instance_class) for offer in page["OrderableDBInstanceOptions"]
        ]
        known = sorted({str(offer["EngineVersion"]) for offer in offers}, key=_numbers)
        if version in known:
            yield Answer(True, f"{region} offers {engine} {version} on {instance_class}")
            continue
        same = [other for other in known if other.split(".")[0] == version.split(".")[0]] or known
        told = f"it has {', '.join(same[-4:])}: change {key}" if known else f"it has none on {instance_class}: take another class"
        yield Answer(False, f"{region} does not offer {engine} {version} on {instance_class}; {told}")


_ENGINES = {  # AWS's word, and what pins its version
    DatabaseEngine.AURORA_POSTGRESQL: ("aurora-postgresql", "aurora_postgresql"),
    DatabaseEngine.POSTGRESQL: ("postgres", "postgresql"),
}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def kubernetes_versions(around: Surroundings) -> Iterator[Answer]:
    """PRE-11, T-57: EKS offers the Kubernetes version, and each add-on in its version for it."""
    for region in around.plan.regions:
        eks, wanted = around.client("eks", region), around.settings.regions[region].cluster.kubernetes_version
        offered = [version["clusterVersion"] for version in eks.describe_cluster_versions(includeAll=True)["clusterVersions"]]
        if wanted not in offered:
            told = f"EKS in {region} offers {', '.join(offered)}, not {wanted}"
            yield Answer(False, f"{told}; change regions.{region}.cluster.kubernetes_version")
            continue
        wrong = list(_add_ons(around, eks, region, wanted))
        yield from wrong
        if not wrong:
            yield Answer(True, f"EKS in {region} offers {wanted} and every add-on in its pinned version")


def _add_ons(around: Surroundings, eks: Any, region: str, kubernetes: str) -> Iterator[Answer]:  # noqa: ANN401 - see aws_client
    pinned = asdict(around.settings.versions.in_cluster(kubernetes))
    del pinned["autoscaler"]  # no add-on: its image comes from elsewhere
    for key, version in pinned.items():
        name = _ADD_ONS.get(key, key.replace("_", "-"))
        described = eks.describe_addon_versions(kubernetesVersion=kubernetes, addonName=name)["addons"]
        offered = [offer["addonVersion"] for addon in described for offer in addon["addonVersions"]]
        if version not in offered:
            newest = f"the newest is {offered[0]}" if offered else "it knows no such add-on"
            yield Answer(False, f"{region} does not offer {name} {version} for {kubernetes}; {newest}: change versions.add_ons.{key}")


_ADD_ONS = {"ebs_csi_driver": "aws-ebs-csi-driver", "pod_identity_agent": "eks-pod-identity-agent"}


def hosted_zone(around: Surroundings) -> Iterator[Answer]:
    """PRE-03: there is one public hosted zone of the base domain. Whether the registrar delegates to it, nobody here can say."""
    domain = around.settings.system.base_domain
    route53 = around.client("route53", around.settings.primary_region)
    listed: list[Mapping[str, Any]] = route53.list_hosted_zones_by_name(DNSName=domain)["HostedZones"]
    named = [zone for zone in listed if zone["Name"] == f"{domain}."]
    public = [zone for zone in named if not zone.get("Config", {}).get("PrivateZone", False)]
    if len(public) == 1:
        servers: list[str] = route53.get_hosted_zone(Id=public[0]["Id"])["DelegationSet"]["NameServers"]
        yield Answer(True, f"{domain} is a public hosted zone of this account")
        yield Answer(None, f"its delegation: the registrar must name {', '.join(sorted(servers))} (`dig +short NS {domain}`)")
    elif public:
        yield Answer(
            False, f"{domain} has {len(public)} public hosted zones in this account; delete all but the one that the registrar names"
        )
    else:
        what = "a private hosted zone only" if named else "no hosted zone"
        yield Answer(False, f"{domain} has {what} in this account; make a public one, and have the registrar delegate the domain to it")
