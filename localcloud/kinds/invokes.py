"""Data sources of AWS: the account, the region, zones, names, images, versions. Results as Terraform's AWS provider gives them.

Faults are the provider's own: what it reports when a lookup finds nothing, or more than one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from localcloud.kinds.eks import CLUSTER
from localcloud.kinds.eks_facts import ADDONS, KUBERNETES, default_addon_version
from localcloud.kinds.forms import entry, listed
from localcloud.kinds.lookups import filters, given, texts
from localcloud.kinds.model import ACCOUNT, PARTITION, Invoke, InvokeRequest, Refused, Resource, Value
from localcloud.kinds.route53 import RECORD, ZONE, name_servers, normal
from localcloud.kinds.vpc import ROUTE, ROUTE_TABLE, ROUTE_TABLE_ASSOCIATION, SUBNET
from localcloud.kinds.zones import REGIONS, zone_id, zones


def caller_identity(_request: InvokeRequest) -> Mapping[str, Value]:
    """Who calls: an operator's role."""
    session = f"arn:{PARTITION}:sts::{ACCOUNT}:assumed-role/local/session"
    return {"accountId": ACCOUNT, "arn": session, "id": ACCOUNT, "userId": "AROALOCALLOCALLOCAL12:session"}


def partition(_request: InvokeRequest) -> Mapping[str, Value]:
    """The standard partition."""
    return {"dnsSuffix": "amazonaws.com", "id": PARTITION, "partition": PARTITION, "reverseDnsPrefix": "com.amazonaws"}


def region(request: InvokeRequest) -> Mapping[str, Value]:
    """The region asked for, or the provider's.

    Raises:
        Refused: there is no such region.
    """
    name = request.text("region") or request.text("name") or request.region
    if name not in REGIONS:
        raise Refused("InvalidParameterValue", f"no matching EC2 Region found: {name}")
    return {"description": name, "endpoint": f"ec2.{name}.amazonaws.com", "id": name, "name": name, "region": name}


def availability_zones(request: InvokeRequest) -> Mapping[str, Value]:
    """The zones of the region, by name. All of them are available, and none has to be opted into.

    Raises:
        Refused: none is left.
    """
    wanted = filters(request)
    excluded = {*texts(request, "excludeNames"), *texts(request, "excludeZoneIds")}
    names = [name for name in zones(request.region) if not excluded & {name, zone_id(name)}]
    names = [name for name in names if name in wanted.get("zone-name", names) and zone_id(name) in wanted.get("zone-id", [zone_id(name)])]
    optional = wanted.get("opt-in-status", ["opt-in-not-required"])
    if not names or "opt-in-not-required" not in optional or request.text("state") not in (None, "available"):
        raise Refused("InvalidParameterValue", f"no matching Availability Zones found in {request.region}")
    ids: list[Value] = [zone_id(name) for name in names]
    return given(request, id=request.region, names=[*names], zoneIds=ids, groupNames=[request.region])


def zone(request: InvokeRequest) -> Mapping[str, Value]:
    """A hosted zone by its id or its name.

    Raises:
        Refused: none matches, or more than one.
    """
    found = [each for each in request.world.everywhere(ZONE) if _is_asked_zone(request, each)]
    if not found:
        raise Refused("NoMatching", f"no matching Route 53 Hosted Zone found: {request.text('zoneId') or request.text('name')}")
    if len(found) > 1:
        raise Refused(
            "TooManyResults",
            f"multiple Route 53 Hosted Zones matched; use additional constraints to reduce matches to one: {request.text('name')}",
        )
    one = found[0]
    records = sum(each.text("zoneId") == one.id for each in request.world.everywhere(RECORD))
    servers: list[Value] = [*(one.texts("nameServers[*]") or name_servers(one.id))]
    # the zone's own name servers and start of authority are two records more
    return {
        **request.inputs, "arn": one.text("arn") or f"arn:{PARTITION}:route53:::hostedzone/{one.id}", "callerReference": one.id,
        "comment": one.text("comment"), "id": one.id, "name": normal(one.text("name")), "nameServers": servers,
        "primaryNameServer": servers[0],
        "privateZone": bool(listed(one.properties.get("vpcs"))), "resourceRecordSetCount": records + 2,
        "tags": one.properties.get("tags", {}),
        "vpcId": "", "zoneId": one.id, "linkedServiceDescription": "", "linkedServicePrincipal": "", "enableAcceleratedRecovery": False,
    }  # fmt: skip


def _is_asked_zone(request: InvokeRequest, candidate: Resource) -> bool:
    if request.text("zoneId"):
        return candidate.id == request.text("zoneId")
    private = request.inputs.get("privateZone") is True
    tags = entry(request.inputs.get("tags"))
    mine = entry(candidate.properties.get("tags"))
    same = (
        normal(candidate.text("name")) == normal(request.text("name") or "") and bool(listed(candidate.properties.get("vpcs"))) == private
    )
    return same and all(mine.get(key) == value for key, value in tags.items())


def addon_version(request: InvokeRequest) -> Mapping[str, Value]:
    """A published version of an add-on for a Kubernetes version.

    Raises:
        Refused: EKS has no such add-on or Kubernetes version.
    """
    name, kubernetes = request.text("addonName") or "", request.text("kubernetesVersion") or ""
    if name not in ADDONS or kubernetes not in KUBERNETES:
        raise Refused("InvalidParameterException", f"Addon {name} specified is not supported in {kubernetes} kubernetes version")
    return given(request, id=name, version=default_addon_version(name, kubernetes))


def _cluster(request: InvokeRequest) -> Resource:
    name = request.text("name") or ""
    found = request.world.get(CLUSTER, name)
    if found is None:
        raise Refused("ResourceNotFoundException", f"No cluster found for name: {name}.")
    return found


def cluster(request: InvokeRequest) -> Mapping[str, Value]:
    """An EKS cluster; objects of the resource are lists of one here."""
    found = _cluster(request).properties
    lists = {"accessConfigs": "accessConfig", "certificateAuthorities": "certificateAuthority",
             "kubernetesNetworkConfigs": "kubernetesNetworkConfig",
             "upgradePolicies": "upgradePolicy"}  # fmt: skip
    plain = ("arn", "clusterId", "createdAt", "deletionProtection", "enabledClusterLogTypes", "endpoint", "identities", "platformVersion",
             "roleArn",
             "status", "version", "vpcConfig")  # fmt: skip
    wrapped: dict[str, Value] = {name: [found[source]] if source in found else [] for name, source in lists.items()}
    return given(request, id=request.text("name"), tags=found.get("tags", {}), **wrapped, **{name: found.get(name) for name in plain})


def cluster_auth(request: InvokeRequest) -> Mapping[str, Value]:
    """A token for the cluster's API: the local cloud's API servers take any."""
    name = _cluster(request).id
    signed = (
        base64.urlsafe_b64encode(f"https://sts.{request.region}.amazonaws.com/?local&x-k8s-aws-id={name}".encode()).decode().rstrip("=")
    )
    return given(request, id=name, token=f"k8s-aws-v1.{signed}")


def route_table(request: InvokeRequest) -> Mapping[str, Value]:
    """A route table by its id, its subnet, or as the main one of a VPC.

    Raises:
        Refused: nothing matches.
    """
    associations = request.world.all(ROUTE_TABLE_ASSOCIATION)
    asked = request.text("routeTableId") or next(
        (each.text("routeTableId") for each in associations if each.text("subnetId") == request.text("subnetId")), None
    )
    subnet = request.world.get(SUBNET, request.text("subnetId") or "")
    vpc_id = subnet.text("vpcId") if subnet else request.text("vpcId")
    vpc = request.world.get("aws:ec2/vpc:Vpc", vpc_id or "")
    # a subnet without an association of its own uses the VPC's main table
    found = request.world.get(ROUTE_TABLE, asked or (vpc.text("mainRouteTableId") if vpc else ""))
    if found is None:
        raise Refused("NoMatching", "query returned no results. Please change your search criteria and try again")
    fields = {
        "cidrBlock": "destinationCidrBlock",
        "gatewayId": "gatewayId",
        "natGatewayId": "natGatewayId",
        "vpcEndpointId": "vpcEndpointId",
    }
    blank: dict[str, Value] = dict.fromkeys(
        ("carrierGatewayId", "coreNetworkArn", "egressOnlyGatewayId", "instanceId", "ipv6CidrBlock", "localGatewayId", "networkInterfaceId",
         "destinationPrefixListId", "transitGatewayId", "vpcPeeringConnectionId"), "",
    )  # fmt: skip
    own = [{field: entry(each).get(field, "") for field in fields} for each in listed(found.properties.get("routes"))]
    own += [
        {field: each.text(path) for field, path in fields.items()}
        for each in request.world.all(ROUTE)
        if each.text("routeTableId") == found.id
    ]
    linked: list[Value] = [
        {
            "main": False,
            "routeTableAssociationId": each.id,
            "routeTableId": found.id,
            "subnetId": each.text("subnetId"),
            "gatewayId": each.text("gatewayId"),
        }
        for each in associations
        if each.text("routeTableId") == found.id
    ]
    return given(
        request, id=found.id, routeTableId=found.id, arn=found.text("arn"), ownerId=ACCOUNT, vpcId=found.text("vpcId"), associations=linked,
        routes=[{**blank, **route} for route in own], tags=found.properties.get("tags", {}), subnetId=request.text("subnetId") or "",
        gatewayId="",
        filters=request.inputs.get("filters", []),
    )  # fmt: skip


def _token(module: str, name: str) -> str:
    return f"aws:{module}/{name}:{name}"


INVOKES: Final[Mapping[str, Invoke]] = {
    _token("index", "getCallerIdentity"): caller_identity,
    _token("index", "getPartition"): partition,
    _token("index", "getRegion"): region,
    _token("index", "getAvailabilityZones"): availability_zones,
    _token("route53", "getZone"): zone,
    _token("eks", "getAddonVersion"): addon_version,
    _token("eks", "getCluster"): cluster,
    _token("eks", "getClusterAuth"): cluster_auth,
    _token("ec2", "getRouteTable"): route_table,
}
