"""Elastic Load Balancing: balancers, target groups, listeners.

Source: Terraform's AWS provider, internal/service/elbv2/*.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.acm import CERTIFICATE
from localcloud.kinds.elb_facts import APPLICATION_ZONES, NETWORK_ZONES
from localcloud.kinds.forms import HEX, arn, characters, constant, given, whole
from localcloud.kinds.model import AutoName, Kind, Reference, Request, Unique, Value
from localcloud.kinds.security_groups import SECURITY_GROUP
from localcloud.kinds.vpc import EIP, SUBNET, VPC

LOAD_BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
TARGET_GROUP: Final = "aws:lb/targetGroup:TargetGroup"
LISTENER: Final = "aws:lb/listener:Listener"
DEFAULT_TLS_POLICY: Final = "ELBSecurityPolicy-2016-08"  # what the API gives a TLS listener that names none
_KINDS_OF: Final = {"application": "app", "network": "net", "gateway": "gwy"}
_SUBNET: Final = Reference(tokens=(SUBNET,), missing="SubnetNotFound")


def _kind_of(request: Request) -> str:
    return request.text("loadBalancerType") or "application"


def _balancer_arn(request: Request) -> str:
    return arn(
        "elasticloadbalancing", request.region, f"loadbalancer/{_KINDS_OF[_kind_of(request)]}/{request.text('name')}/{characters(HEX, 16)}"
    )


def _dns_name(request: Request) -> Value:
    """NLB: <name>-<its id>.elb.<region>…; ALB: [internal-]<name>-<digits>.<region>.elb…"""
    if _kind_of(request) == "network":
        return f"{request.text('name')}-{request.id.rpartition('/')[2]}.elb.{request.region}.amazonaws.com"
    internal = "internal-" if request.flag("internal") else ""
    return f"{internal}{request.text('name')}-{characters('0123456789', 10)}.{request.region}.elb.amazonaws.com"


def _zone(request: Request) -> Value:
    return (NETWORK_ZONES if _kind_of(request) == "network" else APPLICATION_ZONES).get(request.region, "")


def subnets_of(request: Request) -> list[str]:
    """The subnets that a balancer asks for, by either way of asking."""
    return [*request.texts("subnets[*]"), *request.texts("subnetMappings[*].subnetId")]


def _vpc(request: Request) -> Value:
    return next((subnet.text("vpcId") for each in subnets_of(request) if (subnet := request.world.get(SUBNET, each))), "")


def _subnets_removed(request: Request) -> bool:
    """An NLB can be given further subnets, not fewer."""
    old, new = request.old_inputs.get("subnets"), request.inputs.get("subnets")
    return _kind_of(request) == "network" and isinstance(old, list) and isinstance(new, list) and not {*map(str, old)} <= {*map(str, new)}


def _groups_appear_or_vanish(request: Request) -> bool:
    """An NLB without security groups stays without, one with them keeps at least one."""
    return _kind_of(request) == "network" and bool(request.old_inputs.get("securityGroups")) != bool(request.inputs.get("securityGroups"))


def _is_network(request: Request) -> bool:
    return _kind_of(request) == "network"


def _group_arn(request: Request) -> str:
    return arn("elasticloadbalancing", request.region, f"targetgroup/{request.text('name')}/{characters(HEX, 16)}")


def _listener_arn(request: Request) -> str:
    balancer = (request.text("loadBalancerArn") or "").partition(":loadbalancer/")[2]
    return arn("elasticloadbalancing", request.region, f"listener/{balancer}/{characters(HEX, 16)}")


def is_tls(request: Request) -> bool:
    """Whether the listener ends TLS."""
    return request.text("protocol") in {"TLS", "HTTPS"}


def _health_check(request: Request) -> Value:
    """The check of a target group that names none: HTTP for HTTP, else TCP."""
    http = (request.text("protocol") or "").startswith("HTTP")
    common: dict[str, Value] = {"enabled": True, "port": "traffic-port", "interval": 30, "unhealthyThreshold": 3 if not http else 2}
    if http:
        return {**common, "protocol": "HTTP", "path": "/", "matcher": "200", "timeout": 5, "healthyThreshold": 5}
    return {**common, "protocol": "TCP", "path": "", "matcher": "", "timeout": 10, "healthyThreshold": 3}


KINDS: Final = (
    Kind(
        token=LOAD_BALANCER,
        id=_balancer_arn,
        arn="{id}",
        references={
            "subnets[*]": _SUBNET,
            "subnetMappings[*].subnetId": _SUBNET,
            "subnetMappings[*].allocationId": Reference(tokens=(EIP,), missing="AllocationIdNotFound", blocks="InvalidIPAddress.InUse"),
            "securityGroups[*]": Reference(tokens=(SECURITY_GROUP,), missing="InvalidSecurityGroup"),
        },
        force_new=("customerOwnedIpv4Pool", "internal", "loadBalancerType", "name", "namePrefix"),
        force_new_when={"subnets": _subnets_removed, "securityGroups": _groups_appear_or_vanish, "subnetMappings": _is_network},
        auto_name=AutoName(max_length=32, unless=("namePrefix",)),
        defaults={
            "clientKeepAlive": 3600, "desyncMitigationMode": "defensive", "dnsRecordClientRoutingPolicy": "any_availability_zone",
            "dropInvalidHeaderFields": False, "enableCrossZoneLoadBalancing": False, "enableDeletionProtection": False, "enableHttp2": True,
            "enableTlsVersionAndCipherSuiteHeaders": False, "enableWafFailOpen": False, "enableXffClientPort": False, "idleTimeout": 60,
            "loadBalancerType": "application", "preserveHostHeader": False, "xffHeaderProcessingMode": "append",
        },
        outputs={
            "arnSuffix": lambda request: request.id.partition(":loadbalancer/")[2],
            "dnsName": _dns_name,
            "zoneId": _zone,
            "vpcId": _vpc,
            "internal": constant("internal", False),
            "ipAddressType": constant("ipAddressType", "ipv4"),
            "securityGroups": constant("securityGroups", []),
            "subnets": given("subnets", lambda request: [*subnets_of(request)]),
            "subnetMappings": given("subnetMappings", lambda request: [{"subnetId": each} for each in subnets_of(request)]),
        },
        again={"subnetMappings": ("subnets",)},
        unique=(Unique(paths=("name",), code="DuplicateLoadBalancerName"),),
    ),
    Kind(
        token=TARGET_GROUP,
        id=_group_arn,
        arn="{id}",
        references={"vpcId": Reference(tokens=(VPC,), missing="ValidationError", blocks=None)},
        force_new=("ipAddressType", "name", "namePrefix", "port", "protocol", "protocolVersion", "targetType", "vpcId"),
        auto_name=AutoName(max_length=32, unless=("namePrefix",)),
        defaults={"deregistrationDelay": 300, "lambdaMultiValueHeadersEnabled": False, "proxyProtocolV2": False, "slowStart": 0,
                  "targetType": "instance"},
        outputs={
            "arnSuffix": lambda request: request.id.rpartition(":")[2],
            "loadBalancerArns": [],
            "healthCheck": given("healthCheck", _health_check),
            "ipAddressType": constant("ipAddressType", "ipv4"),
            "loadBalancingCrossZoneEnabled": constant("loadBalancingCrossZoneEnabled", "use_load_balancer_configuration"),
            # NLB guide, "Client IP preservation": on for instances, off for addresses behind TCP and TLS
            "preserveClientIp": given("preserveClientIp", lambda request: str(request.text("targetType") == "instance").lower()),
            "protocolVersion": given("protocolVersion",
                                     lambda request: "HTTP1" if (request.text("protocol") or "").startswith("HTTP") else ""),
        },
        unique=(Unique(paths=("name",), code="DuplicateTargetGroupName"),),
    ),
    Kind(
        token=LISTENER,
        id=_listener_arn,
        arn="{id}",
        references={
            "loadBalancerArn": Reference(tokens=(LOAD_BALANCER,), missing="LoadBalancerNotFound", blocks=None),
            "certificateArn": Reference(tokens=(CERTIFICATE,), missing="CertificateNotFound", attribute="arn",
                                        blocks="ResourceInUseException",
                                        literal=r"arn:aws:iam::\d{12}:server-certificate/.+"),
            **{
                path: Reference(tokens=(TARGET_GROUP,), missing="TargetGroupNotFound", blocks="ResourceInUse")
                for path in ("defaultActions[*].targetGroupArn", "defaultActions[*].forward.targetGroups[*].arn")
            },
        },
        force_new=("loadBalancerArn",),
        outputs={
            "protocol": given("protocol",
                              lambda request: "HTTP" if ":loadbalancer/app/" in (request.text("loadBalancerArn") or "") else ""),
            "sslPolicy": given("sslPolicy", lambda request: DEFAULT_TLS_POLICY if is_tls(request) else ""),
            "tcpIdleTimeoutSeconds": given("tcpIdleTimeoutSeconds", lambda request: 350 if request.text("protocol") == "TCP" else 0),
            "port": given("port", lambda request: whole(request.inputs.get("port"))),
        },
        unique=(Unique(paths=("loadBalancerArn", "port"), code="DuplicateListener"),),
    ),
)  # fmt: skip
