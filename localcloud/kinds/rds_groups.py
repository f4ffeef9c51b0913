"""RDS: subnet groups and parameter groups.

Source: Terraform's AWS provider, internal/service/rds/*_group.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.model import AutoName, Kind, Reference, Request, Unique, Value
from localcloud.kinds.vpc import SUBNET

SUBNET_GROUP: Final = "aws:rds/subnetGroup:SubnetGroup"
CLUSTER_PARAMETER_GROUP: Final = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
PARAMETER_GROUP: Final = "aws:rds/parameterGroup:ParameterGroup"

IN_SUBNET_GROUP: Final = Reference(
    tokens=(SUBNET_GROUP,), missing="DBSubnetGroupNotFoundFault", attribute="name", blocks="InvalidDBSubnetGroupStateFault"
)
WITH_PARAMETERS: Final = Reference(
    tokens=(PARAMETER_GROUP,),
    missing="DBParameterGroupNotFound",
    attribute="name",
    blocks="InvalidDBParameterGroupState",
    literal=r"default\..+",
)
WITH_CLUSTER_PARAMETERS: Final = Reference(
    tokens=(CLUSTER_PARAMETER_GROUP,), missing="DBClusterParameterGroupNotFound", attribute="name", blocks="InvalidDBParameterGroupState",
    literal=r"default\..+",
)  # fmt: skip


def _vpc(request: Request) -> Value:
    return next((each.text("vpcId") for each in request.referred("subnetIds[*]")), "")


def _parameter_group(token: str, resource: str) -> Kind:
    return Kind(
        token=token,
        id="{name}",
        arn="arn:{partition}:rds:{region}:{account}:" + resource + ":{name}",
        references={},
        force_new=("description", "family", "name", "namePrefix"),
        auto_name=AutoName(lower=True, unless=("namePrefix",)),
        defaults={"description": "Managed by Pulumi"},
        unique=(Unique(paths=("name",), code="DBParameterGroupAlreadyExists"),),
    )


KINDS: Final = (
    Kind(
        token=SUBNET_GROUP,
        id="{name}",
        arn="arn:{partition}:rds:{region}:{account}:subgrp:{name}",
        references={"subnetIds[*]": Reference(tokens=(SUBNET,), missing="InvalidSubnet", blocks=None)},  # its databases hold the subnets
        force_new=("name", "namePrefix"),
        auto_name=AutoName(lower=True, unless=("namePrefix",)),
        defaults={"description": "Managed by Pulumi"},
        outputs={
            "supportedNetworkTypes": ["IPV4"],
            "vpcId": _vpc,
        },
        unique=(Unique(paths=("name",), code="DBSubnetGroupAlreadyExists"),),
    ),
    _parameter_group(CLUSTER_PARAMETER_GROUP, "cluster-pg"),
    _parameter_group(PARAMETER_GROUP, "pg"),
)
