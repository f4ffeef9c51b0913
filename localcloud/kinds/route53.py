"""Route 53: zones, records, health checks. Global: no region.

Source: Terraform's AWS provider, internal/service/route53/*.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import constant, hashcode
from localcloud.kinds.model import Kind, Reference, Request, Value
from localcloud.kinds.vpc import VPC

ZONE: Final = "aws:route53/zone:Zone"
RECORD: Final = "aws:route53/record:Record"
HEALTH_CHECK: Final = "aws:route53/healthCheck:HealthCheck"


def name_servers(zone_id: str) -> list[str]:
    """The four servers of a zone's delegation set, one in each top-level domain."""
    number = hashcode(zone_id) % 2000
    return [
        f"ns-{(number + step) % 2048}.awsdns-{(number + step) % 64:02d}.{top}"
        for step, top in ((0, "com"), (513, "net"), (1026, "org"), (1539, "co.uk"))
    ]


def _servers(request: Request) -> Value:
    return [*name_servers(request.id)]


def normal(name: str) -> str:
    """A name as Route 53 compares it: lower case, no last dot."""
    return name.lower().rstrip(".")


def full_name(request: Request) -> str:
    """The record's name with the zone's behind it, where the program left that out."""
    name = normal(request.text("name") or "")
    zone = request.world.get(ZONE, request.text("zoneId") or "")
    apex = normal(zone.text("name")) if zone else ""
    if not apex or name == apex or name.endswith(f".{apex}"):
        return name
    return f"{name}.{apex}" if name else apex


def _record_id(request: Request) -> str:
    """Zone, name as it was given, type and set."""
    parts = [request.text("zoneId"), normal(request.text("name") or ""), request.text("type"), request.text("setIdentifier")]
    return "_".join(part for part in parts if part)


KINDS: Final = (
    Kind(
        token=ZONE,
        id="Z{upper20}",
        arn="arn:{partition}:route53:::hostedzone/{id}",
        global_=True,
        references={"vpcs[*].vpcId": Reference(tokens=(VPC,), missing="InvalidVPCId", blocks=None, any_region=True)},
        force_new=("delegationSetId", "name"),
        defaults={"comment": "Managed by Pulumi", "forceDestroy": False},
        outputs={"zoneId": "{id}", "nameServers": _servers, "primaryNameServer": lambda request: name_servers(request.id)[0]},
        never_read=("forceDestroy",),
    ),
    Kind(
        token=RECORD,
        id=_record_id,
        no_arn=True,
        global_=True,
        references={
            "zoneId": Reference(tokens=(ZONE,), missing="NoSuchHostedZone", blocks="HostedZoneNotEmpty"),
            "healthCheckId": Reference(tokens=(HEALTH_CHECK,), missing="NoSuchHealthCheck", blocks=None),
        },
        force_new=("name", "zoneId"),
        outputs={"fqdn": full_name, "allowOverwrite": constant("allowOverwrite", False)},
        never_read=("allowOverwrite",),
        taggable=False,
    ),
    Kind(
        token=HEALTH_CHECK,
        id="{uuid}",
        arn="arn:{partition}:route53:::healthcheck/{id}",
        global_=True,
        references={},
        force_new=("measureLatency", "referenceName", "requestInterval", "routingControlArn", "type"),
        defaults={"disabled": False, "measureLatency": False},
        outputs={
            "enableSni": constant("enableSni", False),
            "failureThreshold": constant("failureThreshold", 3),
        },
    ),
)  # fmt: skip
