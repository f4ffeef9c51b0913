"""What EKS refuses. Codes: errors of the Amazon EKS API reference; health issues of add-ons and node groups: AddonIssue, Issue there."""

from __future__ import annotations

from typing import Final

from localcloud.kinds.eks import ACCESS_ENTRY, ACCESS_POLICY, CLUSTER
from localcloud.kinds.eks_facts import ACCESS_POLICIES, KUBERNETES
from localcloud.kinds.eks_lookups import cluster_of, minor, trusts
from localcloud.kinds.forms import entry, first, network
from localcloud.kinds.model import Request, Resource
from localcloud.kinds.vpc import SUBNET, VPC
from localcloud.refusals import CREATE, DELETE, UPDATE, row

_WITHOUT_EKS: Final = ("use1-az3", "usw1-az2", "cac1-az3")  # EKS user guide, "VPC and subnet requirements": no control plane there


def _subnets(request: Request, path: str) -> list[Resource]:
    return request.referred(path)


def _two_zones(request: Request) -> str | None:
    found = {subnet.text("availabilityZone") for subnet in _subnets(request, "vpcConfig.subnetIds[*]")}
    return None if len(found) > 1 else "Subnets specified must be in at least two different AZs"


def _same_zones(request: Request) -> str | None:
    """The zones that a cluster began with (aws/containers-roadmap#2258, open in 2026)."""
    before = {
        zone
        for subnet_id in (request.old.texts("vpcConfig.subnetIds[*]") if request.old else [])
        if (subnet := request.world.get(SUBNET, subnet_id)) and (zone := subnet.text("availabilityZone"))
    }
    after = {subnet.text("availabilityZone") for subnet in _subnets(request, "vpcConfig.subnetIds[*]")}
    if not before or not after or before == after:
        return None
    given = f"Provided subnets belong to the AZs '{','.join(sorted(after))}'"
    return f"{given}. But they should belong to the exact set of AZs '{','.join(sorted(before))}' in which the cluster was created."


def _one_vpc(request: Request) -> str | None:
    subnets = {subnet.text("vpcId") for subnet in _subnets(request, "vpcConfig.subnetIds[*]")}
    groups = {group.text("vpcId") for group in request.referred("vpcConfig.securityGroupIds[*]")}
    if len(subnets) > 1:
        return f"Subnets specified must belong to the same VPC: {', '.join(sorted(subnets))}"
    return None if groups <= subnets else "Security group(s) are not in the same VPC as the subnets"


def _zone_without_eks(request: Request) -> str | None:
    wrong = [subnet for subnet in _subnets(request, "vpcConfig.subnetIds[*]") if subnet.text("availabilityZoneId") in _WITHOUT_EKS]
    return (
        f"Cannot create cluster because {wrong[0].text('availabilityZone')}, the targeted availability zone, does not support EKS"
        if wrong
        else None
    )


def _version(request: Request) -> str | None:
    version = request.text("version")
    return f"unsupported Kubernetes version {version}; EKS has {', '.join(KUBERNETES)}" if version and version not in KUBERNETES else None


def _version_step(request: Request) -> str | None:
    old, new = request.old.text("version") if request.old else "", request.text("version")
    if not old or not new or minor(new) - minor(old) in (0, 1):
        return None
    return f"Unsupported Kubernetes minor version update from {old} to {new}"


def _unreachable(request: Request) -> str | None:
    config = entry(request.inputs.get("vpcConfig"))
    closed = config.get("endpointPublicAccess") is False and config.get("endpointPrivateAccess") is not True
    return "Private and public endpoint access cannot be false" if closed else None


def _service_range(request: Request) -> str | None:
    mine = network(request.text("kubernetesNetworkConfig.serviceIpv4Cidr") or "")
    subnet = first(_subnets(request, "vpcConfig.subnetIds[*]"))
    vpc = request.world.get(VPC, subnet.text("vpcId")) if subnet else None
    theirs = network(vpc.text("cidrBlock")) if vpc else None
    if mine is None:
        return None
    if not mine.is_private or not 12 <= mine.prefixlen <= 24:
        return f"The specified Service CIDR {mine} is not a private range from /12 to /24"
    return f"The specified Service CIDR {mine} overlaps the VPC's {theirs}" if theirs and mine.overlaps(theirs) else None


def _access_mode(request: Request) -> str | None:
    order = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
    old, new = (
        request.old.text("accessConfig.authenticationMode") if request.old else "",
        request.text("accessConfig.authenticationMode") or "",
    )
    back = old in order and new in order and order.index(new) < order.index(old)
    return f"Unsupported authentication mode update from {old} to {new}" if back else None


def _protected(request: Request) -> str | None:
    return "Cannot delete the cluster while deletion protection is enabled" if request.flag("deletionProtection") else None


def _no_access_api(request: Request) -> str | None:
    cluster = cluster_of(request)
    closed = cluster is not None and cluster.text("accessConfig.authenticationMode") == "CONFIG_MAP"
    return (
        "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation." if closed else None
    )


def _node_entry(request: Request) -> str | None:
    given = request.text("type") not in (None, "STANDARD") and bool(
        request.inputs.get("kubernetesGroups") or request.inputs.get("userName")
    )
    return f"kubernetesGroups and userName can't be given with the type {request.text('type')}" if given else None


def _access_policy(request: Request) -> str | None:
    policy = request.text("policyArn")
    return f"The policyArn {policy} does not exist" if policy and policy not in ACCESS_POLICIES else None


def _access_scope(request: Request) -> str | None:
    named, scope = bool(request.texts("accessScope.namespaces[*]")), request.text("accessScope.type")
    if scope == "namespace" and not named:
        return "accessScope: a scope of type namespace names namespaces"
    return "accessScope: a scope of type cluster names no namespaces" if scope == "cluster" and named else None


def _entry_in_cluster(request: Request) -> str | None:
    found = [each for each in request.world.all(ACCESS_ENTRY) if each.text("principalArn") == request.text("principalArn")]
    here = any(each.text("clusterName") == request.text("clusterName") for each in found)
    return (
        None
        if here
        else f"The specified principalArn could not be found: the cluster {request.text('clusterName')} has no access entry for it"
    )


_BAD: Final = "InvalidParameterException"
REFUSALS: Final = (
    row(CLUSTER, _BAD, "a cluster is in two zones", _two_zones),
    row(CLUSTER, _BAD, "a cluster stays in its zones", _same_zones, UPDATE),
    row(CLUSTER, _BAD, "a cluster is in one VPC", _one_vpc),
    row(CLUSTER, "UnsupportedAvailabilityZoneException", "the zone has EKS", _zone_without_eks, CREATE),
    row(CLUSTER, _BAD, "EKS has the Kubernetes version", _version),
    row(CLUSTER, _BAD, "Kubernetes goes up one minor version at a time", _version_step, UPDATE),
    row(CLUSTER, _BAD, "the API server can be reached", _unreachable),
    row(CLUSTER, _BAD, "the service range is private and beside the VPC", _service_range, CREATE),
    row(CLUSTER, _BAD, "EKS may assume the cluster's role", lambda request: trusts("eks.amazonaws.com", "roleArn", request), CREATE),
    row(CLUSTER, _BAD, "the access mode goes towards API only", _access_mode, UPDATE),
    row(CLUSTER, "InvalidRequestException", "a protected cluster stays", _protected, DELETE),
    row((ACCESS_ENTRY, ACCESS_POLICY), "InvalidRequestException", "access entries need the API mode", _no_access_api, CREATE),
    row(ACCESS_ENTRY, _BAD, "an entry of nodes names no groups", _node_entry),
    row(ACCESS_POLICY, _BAD, "EKS has the access policy", _access_policy, CREATE),
    row(ACCESS_POLICY, _BAD, "a scope names its namespaces", _access_scope, CREATE),
    row(ACCESS_POLICY, "ResourceNotFoundException", "a policy goes to an access entry of its cluster", _entry_in_cluster, CREATE),
)
