"""What Elastic Load Balancing and Auto Scaling refuse. Codes: errors of the two API references."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Final
from zoneinfo import available_timezones

from localcloud.kinds.acm import CERTIFICATE, unproven
from localcloud.kinds.autoscaling import GROUP, SCHEDULE
from localcloud.kinds.cron import fault as cron_fault
from localcloud.kinds.elb import LISTENER, LOAD_BALANCER, TARGET_GROUP, is_tls, subnets_of
from localcloud.kinds.elb_facts import TLS_POLICIES
from localcloud.kinds.forms import whole
from localcloud.kinds.model import Request, Resource
from localcloud.kinds.vpc import INTERNET_GATEWAY, SUBNET
from localcloud.refusals import CREATE, DELETE, row

_NETWORK: Final = ("TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP", "QUIC")
_APPLICATION: Final = ("HTTP", "HTTPS")
# protocol of a listener → protocols of the groups that it can forward to (NLB guide, "Target groups")
_FORWARDS: Final = {"TCP": ("TCP", "TCP_UDP"), "TLS": ("TCP", "TLS"), "UDP": ("UDP", "TCP_UDP"), "TCP_UDP": ("TCP_UDP",),
                    "HTTP": _APPLICATION,
                    "HTTPS": _APPLICATION}  # fmt: skip


def _subnets(request: Request) -> list[Resource]:
    return [subnet for each in subnets_of(request) if (subnet := request.world.get(SUBNET, each))]


def _is_application(request: Request) -> bool:
    return request.text("loadBalancerType") in (None, "application")


def _enough_subnets(request: Request) -> str | None:
    if not request.knows("subnets[*]", "subnetMappings[*]"):
        return None
    low = 2 if _is_application(request) else 1
    return (
        f"At least {'two subnets in two different Availability Zones' if low == 2 else 'one subnet'} must be specified"
        if len(subnets_of(request)) < low
        else None
    )


def _one_per_zone(request: Request) -> str | None:
    for one, other in combinations(_subnets(request), 2):
        if one.text("availabilityZone") == other.text("availabilityZone"):
            return f"A load balancer cannot be attached to multiple subnets in the same Availability Zone: {one.id}, {other.id}"
        if one.text("vpcId") != other.text("vpcId"):
            return f"The subnets {one.id} and {other.id} are in different VPCs"
    return None


def _groups_elsewhere(request: Request) -> str | None:
    subnets = _subnets(request)
    wrong = [group.id for group in request.referred("securityGroups[*]") if subnets and group.text("vpcId") != subnets[0].text("vpcId")]
    return f"One or more security groups are invalid: {', '.join(wrong)} is not in {subnets[0].text('vpcId')}" if wrong else None


def _no_gateway(request: Request) -> str | None:
    subnets = _subnets(request)
    vpc = subnets[0].text("vpcId") if subnets else ""
    attached = any(each.text("vpcId") == vpc for each in request.world.all(INTERNET_GATEWAY))
    return f"VPC {vpc} has no internet gateway" if vpc and not request.flag("internal") and not attached else None


def _balancer_protected(request: Request) -> str | None:
    return (
        f"Load balancer '{request.id}' cannot be deleted because deletion protection is enabled"
        if request.flag("enableDeletionProtection")
        else None
    )


def _group_shape(request: Request) -> str | None:
    if request.text("targetType") == "lambda":
        return None
    missing = [path for path in ("port", "protocol", "vpcId") if request.inputs.get(path) is None]
    return f"A {missing[0]} must be specified for a target group of type {request.text('targetType')}" if missing else None


def _group_health(request: Request) -> str | None:
    check, http = request.text("healthCheck.protocol"), request.text("protocol") in _APPLICATION
    if http and check == "TCP":
        return "Health check protocol TCP isn't supported for target groups with protocol HTTP or HTTPS"
    if check == "TCP" and (request.value("healthCheck.path") or request.value("healthCheck.matcher")):
        return "Health check path and matcher can't be given with the health check protocol TCP"
    interval, timeout = request.number("healthCheck.interval"), request.number("healthCheck.timeout")
    return "Health check timeout must be smaller than the interval" if interval and timeout and timeout >= interval and http else None


def _balancer_of(request: Request) -> Resource | None:
    return request.world.get(LOAD_BALANCER, request.text("loadBalancerArn") or "")


def _protocol(request: Request) -> str | None:
    balancer, protocol = _balancer_of(request), request.text("protocol")
    if balancer is None:
        return None
    allowed = _NETWORK if balancer.text("loadBalancerType") == "network" else _APPLICATION
    if protocol is None:
        return None if allowed is _APPLICATION else "A protocol must be specified for a listener of a network load balancer"
    return None if protocol in allowed else f"Protocol '{protocol}' must be one of {', '.join(allowed)}"


def _certificate(request: Request) -> str | None:
    if is_tls(request) and request.inputs.get("certificateArn") is None:
        return f"A certificate must be specified for {request.text('protocol')} listeners"
    plain = request.text("protocol") is not None and not is_tls(request)
    return (
        f"A certificate cannot be specified for {request.text('protocol')} listeners"
        if plain and request.inputs.get("certificateArn")
        else None
    )


def _not_issued(request: Request) -> str | None:
    certificate = request.world.find(CERTIFICATE, "arn", request.text("certificateArn") or "")
    missing = unproven(certificate, request.world) if certificate else []
    return (
        f"The certificate '{certificate.id}' is not issued yet: it waits for the record {missing[0]}" if certificate and missing else None
    )


def _tls_policy(request: Request) -> str | None:
    policy = request.text("sslPolicy")
    return f"SSL policy '{policy}' not found" if policy and policy not in TLS_POLICIES else None


def _policy_without_tls(request: Request) -> str | None:
    plain = request.text("protocol") is not None and not is_tls(request)
    return f"sslPolicy can't be given with {request.text('protocol')}" if plain and request.inputs.get("sslPolicy") else None


def _targets(request: Request) -> list[Resource]:
    named = [*request.texts("defaultActions[*].targetGroupArn"), *request.texts("defaultActions[*].forward.targetGroups[*].arn")]
    return [group for each in named if (group := request.world.get(TARGET_GROUP, each))]


def _target_protocol(request: Request) -> str | None:
    allowed = _FORWARDS.get(request.text("protocol") or "")
    for group in _targets(request):
        if allowed and group.text("protocol") not in allowed:
            wanted = f"a target group of {', '.join(allowed)}, not {group.text('protocol')}"
            return f"Listener protocol '{request.text('protocol')}' must be used with {wanted}"
    return None


def _target_elsewhere(request: Request) -> str | None:
    balancer = _balancer_of(request)
    wrong = [
        group.text("name")
        for group in _targets(request)
        if balancer and group.text("vpcId") and group.text("vpcId") != balancer.text("vpcId")
    ]
    return f"The target group {wrong[0]} is not in the VPC of the load balancer" if wrong else None


def _target_taken(request: Request) -> str | None:
    """A target group belongs to one load balancer."""
    mine = {group.id for group in _targets(request)}
    for other in request.world.all(LISTENER):
        theirs = {*other.texts("defaultActions[*].targetGroupArn"), *other.texts("defaultActions[*].forward.targetGroups[*].arn")}
        if other.text("loadBalancerArn") != request.text("loadBalancerArn") and (shared := sorted(mine & theirs)):
            return f"The following target groups cannot be associated with more than one load balancer: {shared[0]}"
    return None


def _action(request: Request) -> str | None:
    for item in request.items("defaultActions[*]"):
        if item.get("type") == "forward" and not (item.get("targetGroupArn") or item.get("forward")):
            return "A target group must be specified for a forward action"
    return "A listener has one default action at least" if request.inputs.get("defaultActions") == [] else None


def _sizes(request: Request) -> str | None:
    """Sizes of a schedule or a group; -1 leaves one alone."""
    low, high, wanted = (
        value if value is not None and value >= 0 else None
        for value in (request.number(name) for name in ("minSize", "maxSize", "desiredCapacity"))
    )
    if low is not None and high is not None and low > high:
        return f"Given max size {whole(high)} is smaller than the given min size {whole(low)}"
    if wanted is not None and low is not None and wanted < low:
        return f"Desired capacity:{whole(wanted)} must be between the specified min size:{whole(low)} and max size"
    return (
        f"Desired capacity:{whole(wanted)} must be between min size and the specified max size:{whole(high)}"
        if wanted is not None and high is not None and wanted > high
        else None
    )


def _schedule_empty(request: Request) -> str | None:
    sizes = [request.inputs.get(name) for name in ("minSize", "maxSize", "desiredCapacity")]
    if all(size in (None, -1) for size in sizes):
        return "At least one of minSize, maxSize, desiredCapacity must be specified"
    return (
        None if request.inputs.get("recurrence") or request.inputs.get("startTime") else "Either Recurrence or StartTime must be specified"
    )


def _recurrence(request: Request) -> str | None:
    text = request.text("recurrence")
    wrong = cron_fault(text) if text else None
    return f"Given recurrence string: {text} is invalid: {wrong}" if wrong else None


def _time_zone(request: Request) -> str | None:
    zone = request.text("timeZone")
    return f"Invalid timezone. Must be a canonical IANA name: {zone}" if zone and zone not in available_timezones() else None


def _times(request: Request) -> str | None:
    for path in ("startTime", "endTime"):
        text = request.text(path)
        if text and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
            return f"{path} {text} is not YYYY-MM-DDThh:mm:ssZ"
    return None


_BAD: Final = "ValidationError"
REFUSALS: Final = (
    row(LOAD_BALANCER, _BAD, "a balancer has subnets", _enough_subnets, CREATE),
    row(LOAD_BALANCER, "InvalidConfigurationRequest", "one subnet in a zone, all in one VPC", _one_per_zone),
    row(LOAD_BALANCER, "InvalidSecurityGroup", "a balancer's groups are in its VPC", _groups_elsewhere),
    row(LOAD_BALANCER, "InvalidSubnet", "a public balancer's VPC has an internet gateway", _no_gateway, CREATE),
    row(LOAD_BALANCER, "OperationNotPermitted", "a protected balancer stays", _balancer_protected, DELETE),
    row(TARGET_GROUP, _BAD, "a target group has port, protocol and VPC", _group_shape, CREATE),
    row(TARGET_GROUP, _BAD, "a health check fits its protocol", _group_health),
    row(LISTENER, _BAD, "a listener has a protocol of its balancer", _protocol),
    row(LISTENER, _BAD, "TLS has a certificate, the rest none", _certificate),
    row(LISTENER, "UnsupportedCertificate", "the certificate is issued", _not_issued),
    row(LISTENER, "SSLPolicyNotFound", "the TLS policy exists", _tls_policy),
    row(LISTENER, _BAD, "a TLS policy is for TLS", _policy_without_tls),
    row(LISTENER, _BAD, "the group's protocol fits the listener's", _target_protocol),
    row(LISTENER, _BAD, "the target group is in the balancer's VPC", _target_elsewhere),
    row(LISTENER, "TargetGroupAssociationLimit", "a target group has one balancer", _target_taken),
    row(LISTENER, _BAD, "a listener does something", _action),
    row((SCHEDULE, GROUP), _BAD, "minimum, desired and maximum are in order", _sizes),
    row(SCHEDULE, _BAD, "a schedule says what and when", _schedule_empty),
    row(SCHEDULE, _BAD, "the recurrence is a cron expression", _recurrence),
    row(SCHEDULE, _BAD, "the time zone exists", _time_zone),
    row(SCHEDULE, _BAD, "times have their form", _times),
)
