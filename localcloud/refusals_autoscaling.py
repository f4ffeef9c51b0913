"""What EC2 refuses of network interfaces, and Auto Scaling of groups. Codes: errors of the two API references."""

from __future__ import annotations

from typing import Final

from localcloud.kinds.autoscaling import GROUP
from localcloud.kinds.model import Request
from localcloud.kinds.vpc import NETWORK_INTERFACE, SUBNET
from localcloud.refusals import CREATE, WRITES, row

_LAUNCHES: Final = ("launchConfiguration", "launchTemplate", "mixedInstancesPolicy")


def _other_network(request: Request) -> str | None:
    subnet = request.world.get(SUBNET, request.text("subnetId") or "")
    foreign = [group.id for group in request.referred("securityGroups[*]") if subnet and group.text("vpcId") != subnet.text("vpcId")]
    return f"You have specified two resources that belong to different networks: {', '.join(foreign)}" if foreign else None


def _sizes(request: Request) -> str | None:
    least, most = request.number("minSize"), request.number("maxSize")
    desired = request.number("desiredCapacity")
    if least is not None and most is not None and least > most:
        return f"Max bound, {most:g}, must be greater than or equal to min bound, {least:g}"
    if desired is not None and least is not None and most is not None and not least <= desired <= most:
        return f"Desired capacity:{desired:g} must be between the specified min size:{least:g} and max size:{most:g}"
    return None


def _launch(request: Request) -> str | None:
    given = [path for path in _LAUNCHES if request.inputs.get(path)]
    return None if len(given) == 1 else f"exactly one of {', '.join(_LAUNCHES)} is asked for, not {' and '.join(given) or 'none'}"


def _place(request: Request) -> str | None:
    somewhere = request.inputs.get("vpcZoneIdentifiers") or request.inputs.get("availabilityZones")
    return None if somewhere else "At least one Availability Zone or VPC Subnet is required."


REFUSALS: Final = (
    row(NETWORK_INTERFACE, "InvalidParameterValue", "an interface's groups are in its VPC", _other_network, WRITES),
    row(GROUP, "ValidationError", "sizes are in order", _sizes, WRITES),
    row(GROUP, "ValidationError", "a group launches from one thing", _launch, CREATE),
    row(GROUP, "ValidationError", "a group is somewhere", _place, CREATE),
)
