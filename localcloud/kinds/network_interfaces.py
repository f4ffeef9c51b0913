"""EC2: network interfaces of one's own, which outlive the instance that they are attached to.

Source: Terraform's AWS provider, internal/service/ec2/vpc_network_interface.go at d5102ec2 (5.32, 2023-12-18); error codes: "Error codes
for the Amazon EC2 API" of the EC2 developer guide.
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import address_in, constant, given, private_name
from localcloud.kinds.model import Kind, Request, Value
from localcloud.kinds.security_groups import GROUP
from localcloud.kinds.vpc import IN_SUBNET, NETWORK_INTERFACE, SUBNET

_MAC: Final = "02:{0}:{1}:{2}:{3}:{4}"


def _subnet(request: Request, name: str) -> str:
    subnet = request.world.get(SUBNET, request.text("subnetId") or "")
    return subnet.text(name) if subnet else ""


def _private_ip(request: Request) -> Value:
    return address_in(_subnet(request, "cidrBlock"))


def _mac(request: Request) -> Value:
    digits = request.id.removeprefix("eni-")
    return _MAC.format(*(digits[index : index + 2] for index in range(0, 10, 2)))


KINDS: Final = (
    Kind(
        token=NETWORK_INTERFACE,
        id="eni-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:network-interface/{id}",
        references={"subnetId": IN_SUBNET, "securityGroups[*]": GROUP},
        force_new=("interfaceType", "subnetId"),
        defaults={"privateIpListEnabled": False, "ipv6AddressListEnabled": False, "sourceDestCheck": True},
        outputs={
            "ownerId": "{account}",
            "privateIp": given("privateIp", _private_ip),
            "privateIps": given("privateIps", lambda request: [request.value("privateIp")]),
            "privateIpLists": given("privateIpLists", lambda request: [request.value("privateIp")]),
            "privateDnsName": lambda request: private_name(request.text("privateIp") or "", request.region),
            "macAddress": _mac,
            "interfaceType": constant("interfaceType", "interface"),
            "securityGroups": constant("securityGroups", []),
            "attachments": constant("attachments", []),
            "outpostArn": "",
            **{count: constant(count, 0) for count in ("privateIpsCount", "ipv4PrefixCount", "ipv6AddressCount", "ipv6PrefixCount")},
            **{items: constant(items, []) for items in ("ipv4Prefixes", "ipv6Addresses", "ipv6AddressLists", "ipv6Prefixes")},
        },
        never_read=("privateIpListEnabled", "ipv6AddressListEnabled"),
    ),
)
