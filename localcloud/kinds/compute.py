"""EC2: launch templates and instances.

Source: Terraform's AWS provider, internal/service/ec2/ec2_launch_template.go, ec2_instance.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import address_in, constant, given, private_name, public_address, public_name, whole
from localcloud.kinds.iam import INSTANCE_PROFILE
from localcloud.kinds.model import AutoName, Kind, Reference, Request, Unique, Value
from localcloud.kinds.security_groups import GROUP
from localcloud.kinds.vpc import IN_SUBNET, SUBNET

LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE: Final = "aws:ec2/instance:Instance"

# Any of these makes a new version; the name, the tags and the choice of the default version do not
_VERSIONED: Final = (
    "blockDeviceMappings", "capacityReservationSpecification", "cpuOptions", "creditSpecification", "description", "disableApiStop",
    "disableApiTermination", "ebsOptimized", "enclaveOptions", "hibernationOptions", "iamInstanceProfile", "imageId",
    "instanceInitiatedShutdownBehavior", "instanceMarketOptions", "instanceRequirements", "instanceType", "kernelId", "keyName",
    "licenseSpecifications", "maintenanceOptions", "metadataOptions", "monitoring", "networkInterfaces", "networkPerformanceOptions",
    "placement", "privateDnsNameOptions", "ramDiskId", "secondaryInterfaces", "securityGroupNames", "tagSpecifications", "userData",
    "vpcSecurityGroupIds",
)  # fmt: skip


def _latest(request: Request) -> Value:
    """The number of the newest version: 1, and one more with each change."""
    if request.old is None:
        return 1
    latest = whole(request.old.properties.get("latestVersion"), 1)
    return latest + 1 if any(request.changed(path) for path in _VERSIONED) else latest


def _default_version(request: Request) -> Value:
    if request.flag("updateDefaultVersion"):
        return _latest(request)
    return whole(request.old.properties.get("defaultVersion"), 1) if request.old else 1


def _subnet_property(request: Request, name: str) -> str:
    subnet = request.world.get(SUBNET, request.text("subnetId") or "")
    return subnet.text(name) if subnet else ""


def _private_ip(request: Request) -> Value:
    return address_in(_subnet_property(request, "cidrBlock"))


def _public_ip(request: Request) -> Value:
    """One where the instance asks for it, or its subnet gives it to all."""
    asked = request.inputs.get("associatePublicIpAddress")
    subnet = request.world.get(SUBNET, request.text("subnetId") or "")
    if asked is True or (asked is None and subnet is not None and subnet.properties.get("mapPublicIpOnLaunch") is True):
        return public_address(
            each.text("publicIp") for each in (*request.world.everywhere(INSTANCE), *request.world.everywhere("aws:ec2/eip:Eip"))
        )
    return ""


def _public_dns(request: Request) -> Value:
    address = request.text("publicIp")
    return public_name(address, request.region) if address else ""


KINDS: Final = (
    Kind(
        token=LAUNCH_TEMPLATE,
        id="lt-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:launch-template/{id}",
        references={},  # AWS looks at what a template names when it launches from it: see the refusals of node groups
        force_new=("name", "namePrefix"),
        auto_name=AutoName(max_length=125, unless=("namePrefix",)),
        outputs={"latestVersion": _latest, "defaultVersion": given("defaultVersion", _default_version)},
        again={"latestVersion": _VERSIONED, "defaultVersion": ("defaultVersion", "updateDefaultVersion", *_VERSIONED)},
        never_read=("updateDefaultVersion",),
        unique=(Unique(paths=("name",), code="InvalidLaunchTemplateName.AlreadyExistsException"),),
    ),
    Kind(
        token=INSTANCE,
        id="i-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:instance/{id}",
        references={
            "subnetId": IN_SUBNET,
            "vpcSecurityGroupIds[*]": GROUP,
            "iamInstanceProfile": Reference(tokens=(INSTANCE_PROFILE,), missing="InvalidParameterValue", attribute="name", also=("arn",),
                                            blocks=None),
            "keyName": Reference(tokens=("aws:ec2/keyPair:KeyPair",), missing="InvalidKeyPair.NotFound", blocks=None),
            "launchTemplate.id": Reference(tokens=(LAUNCH_TEMPLATE,), missing="InvalidLaunchTemplateId.NotFound", blocks=None),
            "launchTemplate.name": Reference(
                tokens=(LAUNCH_TEMPLATE,), missing="InvalidLaunchTemplateName.NotFoundException", attribute="name", blocks=None
            ),
        },
        force_new=(
            "ami", "associatePublicIpAddress", "availabilityZone", "cpuOptions", "ebsBlockDevices", "ebsOptimized",
            "enclaveOptions.enabled", "ephemeralBlockDevices",
            "hibernation", "hostId", "instanceMarketOptions", "ipv6AddressCount", "ipv6Addresses", "keyName", "launchTemplate.id",
            "launchTemplate.name", "networkInterfaces", "placementGroup", "placementPartitionNumber", "privateDnsNameOptions", "privateIp",
            "rootBlockDevice.encrypted", "rootBlockDevice.kmsKeyId", "securityGroups", "subnetId", "tenancy",
        ),
        defaults={"getPasswordData": False, "sourceDestCheck": True, "userDataReplaceOnChange": False},
        outputs={
            "instanceState": "running",
            "primaryNetworkInterfaceId": "eni-{hex17}",
            "availabilityZone": given("availabilityZone", lambda request: _subnet_property(request, "availabilityZone")),
            "privateIp": given("privateIp", _private_ip),
            "privateDns": lambda request: private_name(request.text("privateIp") or "", request.region),
            "publicIp": _public_ip,
            "publicDns": _public_dns,
            "tenancy": constant("tenancy", "default"),
            "vpcSecurityGroupIds": constant("vpcSecurityGroupIds", []),
            **dict.fromkeys(("instanceLifecycle", "outpostArn", "passwordData", "spotInstanceRequestId"), ""),
        },
        never_read=("getPasswordData", "userDataReplaceOnChange", "volumeTags", "forceDestroy"),
    ),
)  # fmt: skip
