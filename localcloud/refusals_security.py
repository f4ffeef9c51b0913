"""What EC2 refuses about security groups, network ACLs and instances. Codes: "Error codes for the Amazon EC2 API" (EC2 developer guide)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from localcloud.kinds.compute import INSTANCE
from localcloud.kinds.compute_facts import is_instance_type
from localcloud.kinds.forms import entry, listed, whole
from localcloud.kinds.model import Request, Resource, Value
from localcloud.kinds.security_groups import (
    EGRESS_RULE,
    INGRESS_RULE,
    NETWORK_ACL,
    NETWORK_ACL_ASSOCIATION,
    NETWORK_ACL_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
from localcloud.kinds.vpc import SUBNET, VPC
from localcloud.refusals import ALWAYS, CREATE, WRITES, row

_RULES: Final = (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
_PROTOCOLS: Final = {"-1": "-1", "all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_ACL_RULES: Final = 20
_SOURCES: Final = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId", "sourceSecurityGroupId")
_SOURCE_LISTS: Final = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
Permission: TypeAlias = "tuple[str, str, str, int, int, str]"  # group, way, protocol, from, to, source


def protocol(value: Value) -> str:
    """A protocol's name, however it was given; "-1" for all."""
    text = str(whole(value)) if isinstance(value, int | float) else str(value).lower()
    return _PROTOCOLS.get(text, text)


def permissions(token: str, rule: Mapping[str, Value]) -> Iterator[Permission]:
    """What one rule resource permits, one source at a time."""
    way = "ingress" if token == INGRESS_RULE else "egress" if token == EGRESS_RULE else str(rule.get("type"))
    name = protocol(rule.get("protocol", rule.get("ipProtocol")))
    low, high = (-1, -1) if name == "-1" else (whole(rule.get("fromPort"), -1), whole(rule.get("toPort"), -1))
    group = str(rule.get("securityGroupId"))
    sources = [str(rule[path]) for path in _SOURCES if rule.get(path)]
    sources += [str(each) for path in _SOURCE_LISTS for each in listed(rule.get(path))]
    sources += [group] if rule.get("self") is True else []
    for source in sources:
        yield group, way, name, low, high, source


def _doubled(request: Request) -> str | None:
    mine = set(permissions(request.kind.token, request.inputs))
    for token in _RULES:
        for other in request.world.all(token):
            if other.id == request.id and token == request.kind.token:
                continue
            for shared in mine & set(permissions(token, other.properties)):
                rule = f"peer: {shared[5]}, {shared[2].upper()}, from port: {shared[3]}, to port: {shared[4]}"
                return f'the specified rule "{rule}" already exists ({other.id})'
    return None


def _ports(request: Request) -> str | None:
    name = protocol(request.inputs.get("protocol", request.inputs.get("ipProtocol")))
    if name not in {"tcp", "udp"}:
        return None
    low, high = request.inputs.get("fromPort"), request.inputs.get("toPort")
    if low is None or high is None:
        return "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
    return f"Invalid TCP/UDP port range ({whole(low)}:{whole(high)})" if whole(low) > whole(high) else None


def _sources(request: Request) -> str | None:
    given = any(request.inputs.get(path) for path in (*_SOURCES, *_SOURCE_LISTS, "self"))
    return None if given else "give one of cidrBlocks, ipv6CidrBlocks, prefixListIds, self, sourceSecurityGroupId"


def _groups(request: Request) -> list[Resource]:
    named = [request.text(path) for path in ("securityGroupId", "referencedSecurityGroupId", "sourceSecurityGroupId")]
    return [group for each in named if each and (group := request.world.get(SECURITY_GROUP, each))]


def _other_network(request: Request) -> str | None:
    """Groups of two VPCs can't name each other (without peering, which the local cloud has not)."""
    networks = {group.text("vpcId") for group in _groups(request)}
    return "You have specified two resources that belong to different networks." if len(networks) > 1 else None


def _group_name(request: Request) -> str | None:
    name, description = request.text("name") or "", request.text("description") or ""
    if name.lower().startswith("sg-"):
        return f"Invalid group-name {name!r}: it can't start with sg-"
    allowed = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
    return next((f"Invalid characters or more than 255 in {text!r}" for text in (name, description) if not allowed.fullmatch(text)), None)


def _no_default_vpc(request: Request) -> str | None:
    return None if request.inputs.get("vpcId") else "No default VPC for this user: give vpcId"


def _acl_number(request: Request) -> str | None:
    number = request.number("ruleNumber")
    return f"ruleNumber {whole(number)} is not from 1 to 32766" if number is not None and not 1 <= number <= 32766 else None


def _acl_ports(request: Request) -> str | None:
    if protocol(request.inputs.get("protocol")) in {"tcp", "udp"} and (
        request.inputs.get("fromPort") is None or request.inputs.get("toPort") is None
    ):
        return "The request must contain the parameter PortRange.From and PortRange.To with TCP and UDP"
    return (
        None
        if request.inputs.get("cidrBlock") or request.inputs.get("ipv6CidrBlock")
        else "The request must contain the parameter cidrBlock or ipv6CidrBlock"
    )


def _acl_elsewhere(request: Request) -> str | None:
    acl, subnet = (
        request.world.get(NETWORK_ACL, request.text("networkAclId") or ""),
        request.world.get(SUBNET, request.text("subnetId") or ""),
    )
    if acl is None or subnet is None or acl.text("vpcId") == subnet.text("vpcId"):
        return None
    return f"network ACL {acl.id} and subnet {subnet.id} belong to different networks"


def _acl_inline(request: Request) -> str | None:
    """Two inline rules of one way can't have one number."""
    for way in ("ingress", "egress"):
        numbers = [whole(entry(rule).get("ruleNo")) for rule in request.items(f"{way}[*]")]
        if len(set(numbers)) < len(numbers):
            return f"{way}: two rules have one number"
    return None


def _acl_full(request: Request) -> str | None:
    """20 rules each way, unless the account's quota is raised (Amazon VPC User Guide, "Amazon VPC quotas", read 2026-11-21)."""
    full = next((way for way in ("ingress", "egress") if len(request.items(f"{way}[*]")) > _ACL_RULES), None)
    return f"{full}: you've reached the limit of {_ACL_RULES} rules that you can add to the network ACL" if full else None


def _unknown_protocol(request: Request) -> str | None:
    """A number up to 255 or a name that EC2 knows."""
    name = protocol(request.inputs.get("protocol", request.inputs.get("ipProtocol")))
    number = name.isdecimal() and int(name) <= 255
    return None if number or name in _PROTOCOLS.values() else f"Invalid value '{name}' for IP protocol. Unknown protocol."


def _image(request: Request) -> str | None:
    image = request.text("ami")
    if image is None and not request.inputs.get("launchTemplate"):
        return "The request must contain the parameter ImageId" if request.inputs.get("ami") is None else None
    return f'Invalid id: "{image}" (expecting "ami-...")' if image and not re.fullmatch(r"ami-[0-9a-f]{8}([0-9a-f]{9})?", image) else None


def _instance_type(request: Request) -> str | None:
    name = request.text("instanceType")
    return f"Invalid value '{name}' for InstanceType." if name and not is_instance_type(name) else None


def _instance_elsewhere(request: Request) -> str | None:
    subnet = request.world.get(SUBNET, request.text("subnetId") or "")
    wrong = [group.id for group in request.referred("vpcSecurityGroupIds[*]") if subnet and group.text("vpcId") != subnet.text("vpcId")]
    return f"Security group {wrong[0]} and subnet {subnet.id} belong to different networks." if subnet and wrong else None


def _hostnames(request: Request) -> str | None:
    without = request.flag("enableDnsHostnames") and request.inputs.get("enableDnsSupport") is False
    return "enableDnsHostnames can't be on while enableDnsSupport is off" if without else None


REFUSALS: Final = (
    row(VPC, "InvalidParameterCombination", "host names need DNS", _hostnames),
    row(SECURITY_GROUP, "InvalidParameterValue", "a group's name and description have EC2's characters", _group_name, ALWAYS, "name"),
    row(SECURITY_GROUP, "VPCIdNotSpecified", "there is no default VPC", _no_default_vpc, CREATE),
    row(_RULES, "InvalidPermission.Duplicate", "no rule twice", _doubled),
    row(_RULES, "InvalidParameterValue", "TCP and UDP rules have a port range", _ports),
    row(_RULES, "InvalidGroup.NotFound", "groups that name each other are in one VPC", _other_network),
    row(SECURITY_GROUP_RULE, "MissingParameter", "a rule has a source", _sources, CREATE),
    row(NETWORK_ACL_RULE, "InvalidParameterValue", "ACL rules are numbered from 1 to 32766", _acl_number, CREATE),
    row(NETWORK_ACL_RULE, "MissingParameter", "an ACL rule has ports and a range", _acl_ports, CREATE),
    row(NETWORK_ACL, "NetworkAclEntryAlreadyExists", "inline ACL rules have their own numbers", _acl_inline),
    row(NETWORK_ACL_ASSOCIATION, "InvalidParameterValue", "ACL and subnet are in one VPC", _acl_elsewhere, CREATE),
    row(NETWORK_ACL, "NetworkAclEntryLimitExceeded", "a network ACL has room for 20 rules each way", _acl_full),
    row(_RULES, "InvalidParameterValue", "EC2 knows the protocol", _unknown_protocol),
    row(INSTANCE, "InvalidAMIID.Malformed", "an instance has an image", _image, CREATE),
    row(INSTANCE, "InvalidParameterValue", "the instance type exists", _instance_type, WRITES),
    row(INSTANCE, "InvalidParameter", "an instance's groups are in its VPC", _instance_elsewhere),
)
