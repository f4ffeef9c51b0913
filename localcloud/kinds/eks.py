"""EKS: clusters, node groups, add-ons, access.

Source: Terraform's AWS provider, internal/service/eks: cluster.go, node_group.go, addon.go, pod_identity_association.go at d5102ec2 (5.32,
2023-12-18), access_entry.go at 01f43111; `accessConfig` and `bootstrapSelfManagedAddons` as the SDK of pulumi-aws 7.51.1 documents them.
Names of cluster security groups and Auto Scaling groups: EKS user guide ("eks-cluster-sg-<cluster>-<digits>", "eks-<node group>-<uuid>").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from localcloud.kinds.autoscaling import GROUP as SCALING_GROUP
from localcloud.kinds.compute import LAUNCH_TEMPLATE
from localcloud.kinds.eks_facts import CERTIFICATE, DEFAULT_KUBERNETES, default_addon_version
from localcloud.kinds.forms import arn, characters, constant, entry, first, given, moment, uuid, whole
from localcloud.kinds.iam import role_by_arn
from localcloud.kinds.kms import KEY
from localcloud.kinds.model import AutoName, Kind, Made, Reference, Request, Unique, Value
from localcloud.kinds.security_groups import SECURITY_GROUP
from localcloud.kinds.vpc import SUBNET

CLUSTER: Final = "aws:eks/cluster:Cluster"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
ADDON: Final = "aws:eks/addon:Addon"
ACCESS_ENTRY: Final = "aws:eks/accessEntry:AccessEntry"
ACCESS_POLICY: Final = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY: Final = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

_GROUP_DESCRIPTION: Final = (
    "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads."
)
_ROLE: Final = role_by_arn("InvalidParameterException")
_SUBNET: Final = Reference(tokens=(SUBNET,), missing="InvalidParameterException")
_GROUP: Final = Reference(tokens=(SECURITY_GROUP,), missing="InvalidParameterException")
# EKS takes add-ons, access entries and pod identities away with their cluster, but no node groups
_IN_CLUSTER: Final = Reference(tokens=(CLUSTER,), missing="ResourceNotFoundException", blocks=None)
_NODES_OF: Final = Reference(tokens=(CLUSTER,), missing="ResourceNotFoundException", blocks="ResourceInUseException")


def _vpc(request: Request) -> Value:
    subnets = request.referred("vpcConfig.subnetIds[*]")
    return subnets[0].text("vpcId") if subnets else ""


def _public_cidrs(request: Request) -> Value:
    """Everybody may come where the endpoint is public and nobody else is named."""
    return [] if request.value("vpcConfig.endpointPublicAccess") is False else ["0.0.0.0/0"]


def _cluster_group(request: Request) -> list[Made]:
    """The security group that EKS makes for the control plane and managed nodes."""
    group = request.text("vpcConfig.clusterSecurityGroupId") or ""
    name = f"eks-cluster-sg-{request.text('name')}-{characters('0123456789', 9)}"
    properties: dict[str, Value] = {
        "name": name,
        "vpcId": request.text("vpcConfig.vpcId"),
        "arn": arn("ec2", request.region, f"security-group/{group}"),
        "description": _GROUP_DESCRIPTION,
        "tags": {"Name": name, f"kubernetes.io/cluster/{request.text('name')}": "owned", "aws:eks:cluster-name": request.text("name")},
    }
    return [Made(token=SECURITY_GROUP, id=group, properties=properties)]


def _endpoint(request: Request) -> Value:
    return f"https://{characters('0123456789ABCDEF', 32)}.gr7.{request.region}.eks.amazonaws.com"


def _identities(request: Request) -> Value:
    """The OIDC issuer has the same id as the endpoint."""
    cluster_id = (request.text("endpoint") or "").removeprefix("https://").split(".")[0]
    return [{"oidcs": [{"issuer": f"https://oidc.eks.{request.region}.amazonaws.com/id/{cluster_id}"}]}]


def _removed(request: Request) -> bool:
    """Encryption can be turned on later, never off."""
    return bool(request.old_inputs.get("encryptionConfig")) and not request.inputs.get("encryptionConfig")


def _template(attribute: str) -> Callable[[Request], Value]:
    """The launch template's id or name, whichever was not given."""

    def compute(request: Request) -> Value:
        asked = (request.text("launchTemplate.id"), request.text("launchTemplate.name"))
        found = first(each for each in request.world.all(LAUNCH_TEMPLATE) if each.id in asked or each.text("name") in asked)
        return None if found is None else found.id if attribute == "id" else found.text(attribute)

    return compute


def _resources(request: Request) -> Value:
    """A node group's Auto Scaling group: its name stays for life."""
    if request.old:
        return request.old.properties.get("resources")
    name = f"eks-{request.text('nodeGroupName')}-{uuid()}"
    return [{"autoscalingGroups": [{"name": name}], "remoteAccessSecurityGroupId": ""}]


def _scaling_group(request: Request) -> list[Made]:
    """The Auto Scaling group behind a node group, which schedules and tags can name."""
    sizes = entry(request.inputs.get("scalingConfig"))
    name = str(request.value("resources[*].autoscalingGroups[*].name"))
    subnets = request.texts("subnetIds[*]")
    properties: dict[str, Value] = {
        "name": name, "minSize": whole(sizes.get("minSize")), "maxSize": whole(sizes.get("maxSize")),
        "desiredCapacity": whole(sizes.get("desiredSize")), "vpcZoneIdentifiers": [*subnets],
        "arn": arn("autoscaling", request.region, f"autoScalingGroup:{uuid()}:autoScalingGroupName/{name}"),
        "tags": [{"key": "eks:cluster-name", "value": request.text("clusterName"), "propagateAtLaunch": True}],
    }  # fmt: skip
    return [Made(token=SCALING_GROUP, id=name, properties=properties)]


def _has_template(request: Request) -> bool:
    return bool(entry(request.inputs.get("launchTemplate")))


def _cluster_version(request: Request) -> Value:
    cluster = request.world.get(CLUSTER, request.text("clusterName") or "")
    return cluster.text("version") if cluster else ""


def _addon_version(request: Request) -> Value:
    return default_addon_version(request.text("addonName") or "", str(_cluster_version(request)))


def _entry_arn(request: Request) -> Value:
    kind, _, name = (request.text("principalArn") or "").partition(":role/")
    account = kind.split(":")[4] if kind.count(":") >= 4 else ""
    return arn("eks", request.region, f"access-entry/{request.text('clusterName')}/role/{account}/{name}/{uuid()}")


def _user_name(request: Request) -> Value:
    principal = request.text("principalArn") or ""
    if ":role/" not in principal:
        return principal
    session = "{{EC2PrivateDNSName}}" if (request.text("type") or "").startswith("EC2") else "{{SessionName}}"
    if session == "{{EC2PrivateDNSName}}":
        return f"system:node:{session}"
    return f"{principal.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/{session}"


KINDS: Final = (
    Kind(
        token=CLUSTER,
        id="{name}",
        arn="arn:{partition}:eks:{region}:{account}:cluster/{name}",
        references={
            "roleArn": _ROLE,
            "vpcConfig.subnetIds[*]": _SUBNET,
            "vpcConfig.securityGroupIds[*]": _GROUP,
            "encryptionConfig.provider.keyArn": Reference(tokens=(KEY,), missing="InvalidParameterException", attribute="arn", blocks=None),
        },
        force_new=(
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
            "bootstrapSelfManagedAddons",
            "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr",
            "name",
            "outpostConfig",
            "roleArn",
        ),
        auto_name=AutoName(max_length=100),
        defaults={"bootstrapSelfManagedAddons": True},
        outputs={
            "version": constant("version", DEFAULT_KUBERNETES),
            "vpcConfig.clusterSecurityGroupId": "sg-{hex17}",
            "vpcConfig.vpcId": _vpc,
            "vpcConfig.publicAccessCidrs": _public_cidrs,
            "endpoint": _endpoint,
            "identities": _identities,
            "certificateAuthority": {"data": CERTIFICATE},
            "kubernetesNetworkConfig": constant("kubernetesNetworkConfig", {}),
            "kubernetesNetworkConfig.ipFamily": "ipv4",
            "kubernetesNetworkConfig.serviceIpv4Cidr": "172.20.0.0/16",  # what EKS takes where the VPC is inside 10.0.0.0/8
            "accessConfig": constant("accessConfig", {}),
            "accessConfig.authenticationMode": "CONFIG_MAP",
            "accessConfig.bootstrapClusterCreatorAdminPermissions": True,
            "upgradePolicy": constant("upgradePolicy", {"supportType": "EXTENDED"}),
            "deletionProtection": constant("deletionProtection", False),
            "platformVersion": "eks.1",
            "status": "ACTIVE",
            "createdAt": moment,
            "clusterId": "",
        },
        again={"platformVersion": ("version",), "vpcConfig.publicAccessCidrs": ("vpcConfig.endpointPublicAccess",)},
        force_new_when={"encryptionConfig": _removed},
        never_read=("bootstrapSelfManagedAddons", "defaultAddonsToRemoves", "forceUpdateVersion"),
        unique=(Unique(paths=("name",), code="ResourceInUseException", message="Cluster already exists with name: {key}"),),
        makes=_cluster_group,
    ),
    Kind(
        token=NODE_GROUP,
        id="{clusterName}:{nodeGroupName}",
        arn="arn:{partition}:eks:{region}:{account}:nodegroup/{clusterName}/{nodeGroupName}/{uuid}",
        references={
            "clusterName": _NODES_OF,
            "nodeRoleArn": _ROLE,
            "subnetIds[*]": _SUBNET,
            "launchTemplate.id": Reference(tokens=(LAUNCH_TEMPLATE,), missing="InvalidParameterException", blocks=None),
            "launchTemplate.name": Reference(tokens=(LAUNCH_TEMPLATE,), missing="InvalidParameterException", attribute="name", blocks=None),
        },
        force_new=(
            "amiType",
            "capacityType",
            "clusterName",
            "diskSize",
            "instanceTypes",
            "launchTemplate.id",
            "launchTemplate.name",
            "nodeGroupName",
            "nodeGroupNamePrefix",
            "nodeRoleArn",
            "remoteAccess",
            "subnetIds",
        ),
        auto_name=AutoName(property="nodeGroupName", max_length=63, unless=("nodeGroupNamePrefix",)),
        outputs={
            "resources": _resources,
            "status": "ACTIVE",
            "version": given("version", _cluster_version),
            "releaseVersion": given("releaseVersion", lambda request: f"{request.text('version')}.0-20260101"),
            "amiType": constant("amiType", "AL2023_x86_64_STANDARD"),
            "capacityType": constant("capacityType", "ON_DEMAND"),
            "diskSize": given("diskSize", lambda request: 0 if _has_template(request) else 20),
            "instanceTypes": given("instanceTypes", lambda request: [] if _has_template(request) else ["t3.medium"]),
            "launchTemplate.id": _template("id"),
            "launchTemplate.name": _template("name"),
            "updateConfig": constant("updateConfig", {"maxUnavailable": 1}),
        },
        again={"releaseVersion": ("version", "launchTemplate")},
        never_read=("forceUpdateVersion",),
        unique=(Unique(paths=("clusterName", "nodeGroupName"), code="ResourceInUseException"),),
        makes=_scaling_group,
    ),
    Kind(
        token=ADDON,
        id="{clusterName}:{addonName}",
        arn="arn:{partition}:eks:{region}:{account}:addon/{clusterName}/{addonName}/{uuid}",
        references={"clusterName": _IN_CLUSTER, "serviceAccountRoleArn": _ROLE, "podIdentityAssociations[*].roleArn": _ROLE},
        force_new=("addonName", "clusterName"),
        outputs={
            "addonVersion": given("addonVersion", _addon_version),
            "configurationValues": constant("configurationValues", ""),
            "createdAt": moment,
            "modifiedAt": moment,
        },
        again={"modifiedAt": ("*",)},
        never_read=("preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"),
        unique=(Unique(paths=("clusterName", "addonName"), code="ResourceInUseException", message="Addon already exists."),),
    ),
    Kind(
        token=ACCESS_ENTRY,
        id="{clusterName}:{principalArn}",
        no_arn=True,
        references={
            "clusterName": _IN_CLUSTER,
            "principalArn": Reference(
                tokens=_ROLE.tokens,
                missing="InvalidParameterException",
                attribute="arn",
                blocks=None,
                literal=r"arn:aws:iam::\d{12}:(root|user/.+|role/aws-service-role/.*)",
            ),
        },
        force_new=("clusterName", "principalArn", "type"),
        defaults={"type": "STANDARD"},
        outputs={
            "accessEntryArn": _entry_arn,
            "userName": given("userName", _user_name),
            "kubernetesGroups": constant("kubernetesGroups", []),
            "createdAt": moment,
            "modifiedAt": moment,
        },
        again={"modifiedAt": ("*",)},
        unique=(Unique(paths=("clusterName", "principalArn"), code="ResourceInUseException"),),
    ),
    Kind(
        token=ACCESS_POLICY,
        id="{clusterName}#{principalArn}#{policyArn}",
        no_arn=True,
        references={
            "clusterName": _IN_CLUSTER,
            "principalArn": Reference(tokens=(ACCESS_ENTRY,), missing="ResourceNotFoundException", attribute="principalArn", blocks=None),
        },
        force_new=("accessScope", "clusterName", "policyArn", "principalArn"),
        outputs={"associatedAt": moment, "modifiedAt": moment},
        taggable=False,
    ),
    Kind(
        token=POD_IDENTITY,
        id="a-{alnum17}",
        no_arn=True,
        references={
            "clusterName": _IN_CLUSTER,
            "roleArn": role_by_arn("ResourceNotFoundException"),
            "targetRoleArn": role_by_arn("ResourceNotFoundException"),
        },
        force_new=("clusterName", "namespace", "serviceAccount"),
        outputs={
            "associationId": "{id}",
            "externalId": "{uuid}",
            "disableSessionTags": constant("disableSessionTags", False),
            "associationArn": "arn:{partition}:eks:{region}:{account}:podidentityassociation/{clusterName}/{id}",
        },
        unique=(Unique(paths=("clusterName", "namespace", "serviceAccount"), code="ResourceInUseException"),),
    ),
)
