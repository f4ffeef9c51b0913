"""EC2: VPC endpoints and flow logs.

Source: Terraform's AWS provider, internal/service/ec2/vpc_endpoint.go, vpc_flow_log.go at d5102ec2 (5.32, 2023-12-18). Names of services:
"AWS services that integrate with AWS PrivateLink" and "Gateway endpoints" of the PrivateLink guide (read 2026).
"""

from __future__ import annotations

import json
from typing import Final

from localcloud.kinds.forms import HEX, LOWER, UPPER, characters, constant, given
from localcloud.kinds.model import Kind, Reference, Request, Value
from localcloud.kinds.security_groups import GROUP
from localcloud.kinds.vpc import IN_SUBNET, IN_VPC, NAT_GATEWAY, ROUTE_TABLE, SUBNET, VPC

ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"
GATEWAY_SERVICES: Final = ("dynamodb", "s3")
# What this project's kind of system asks for, with the neighbours of each; a name outside the list is refused as unknown
INTERFACE_SERVICES: Final = (
    "access-analyzer", "acm", "application-autoscaling", "athena", "autoscaling", "backup", "bedrock", "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-runtime", "cloudformation", "cloudtrail", "codeartifact.api", "codeartifact.repositories", "codecommit", "config", "dynamodb",
    "ebs",
    "ec2", "ec2messages", "ecr.api", "ecr.dkr", "ecs", "eks", "eks-auth", "elasticfilesystem", "elasticloadbalancing", "events",
    "execute-api",
    "fsx", "git-codecommit", "glue", "guardduty-data", "imagebuilder", "inspector2", "kms", "lambda", "logs", "monitoring", "rds",
    "rds-data",
    "s3", "sagemaker.api", "sagemaker.runtime", "secretsmanager", "servicecatalog", "sns", "sqs", "ssm", "ssmmessages", "states",
    "sts", "synthetics", "tagging", "transfer", "xray",
)  # fmt: skip
_ANYONE: Final = json.dumps({"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}], "Version": "2008-10-17"})
_FIELDS: Final = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)  # the default format, version 2 of the record (VPC guide, "Flow log records")


def _is_interface(request: Request) -> bool:
    return request.text("vpcEndpointType") == "Interface"


def _interfaces(request: Request) -> Value:
    return [f"eni-{characters(HEX, 17)}" for _ in request.texts("subnetIds[*]")] if _is_interface(request) else []


def _dns_entries(request: Request) -> Value:
    """The endpoint's own name; with private DNS the service's name answers, too."""
    if not _is_interface(request):
        return []
    service = (request.text("serviceName") or "").removeprefix(f"com.amazonaws.{request.region}.")
    host = ".".join(reversed(service.split(".")))
    own = f"{request.id}-{characters(LOWER, 8)}.{host}.{request.region}.vpce.amazonaws.com"
    entries: list[Value] = [{"dnsName": own, "hostedZoneId": f"Z{characters(UPPER, 13)}"}]
    if request.flag("privateDnsEnabled"):
        entries.append({"dnsName": f"{host}.{request.region}.amazonaws.com", "hostedZoneId": f"Z{characters(UPPER, 20)}"})
    return entries


def _prefix_list(request: Request) -> Value:
    return "" if _is_interface(request) else f"pl-{characters(HEX, 8)}"


KINDS: Final = (
    Kind(
        token=ENDPOINT,
        id="vpce-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}",
        references={
            "vpcId": IN_VPC,
            "subnetIds[*]": IN_SUBNET,
            "securityGroupIds[*]": GROUP,
            "routeTableIds[*]": Reference(tokens=(ROUTE_TABLE,), missing="InvalidRouteTableId.NotFound", blocks=None),
        },
        force_new=("resourceConfigurationArn", "serviceName", "serviceNetworkArn", "serviceRegion", "vpcEndpointType", "vpcId"),
        defaults={"privateDnsEnabled": False, "vpcEndpointType": "Gateway"},
        outputs={
            "state": "available",
            "ownerId": "{account}",
            "requesterManaged": False,
            "networkInterfaceIds": _interfaces,
            "dnsEntries": _dns_entries,
            "prefixListId": _prefix_list,
            "cidrBlocks": [],
            "policy": constant("policy", _ANYONE),
            "ipAddressType": given("ipAddressType", lambda request: "ipv4" if _is_interface(request) else ""),
            "serviceRegion": given("serviceRegion", lambda request: request.region),
            "subnetIds": constant("subnetIds", []),
            "securityGroupIds": constant("securityGroupIds", []),
            "routeTableIds": constant("routeTableIds", []),
        },
        again={"networkInterfaceIds": ("subnetIds",), "dnsEntries": ("privateDnsEnabled",)},
        never_read=("autoAccept",),
    ),
    Kind(
        token=FLOW_LOG,
        id="fl-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}",
        references={
            "vpcId": Reference(tokens=(VPC,), missing="InvalidVpcId.NotFound", blocks=None),
            "subnetId": Reference(tokens=(SUBNET,), missing="InvalidSubnetId.NotFound", blocks=None),
            "regionalNatGatewayId": Reference(tokens=(NAT_GATEWAY,), missing="NatGatewayNotFound", blocks=None),
            "logDestination": Reference(
                tokens=("aws:cloudwatch/logGroup:LogGroup", "aws:s3/bucket:Bucket"),
                missing="LogDestinationNotFoundException", attribute="arn", blocks=None, literal=r"arn:aws:(firehose:.*|s3:::[^/]+/.+)",
            ),
            "iamRoleArn": Reference(tokens=("aws:iam/role:Role",), missing="InvalidParameterValue", attribute="arn", blocks=None),
        },
        force_new=("deliverCrossAccountRole", "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType",
                   "logFormat",
                   "maxAggregationInterval", "regionalNatGatewayId", "subnetId", "trafficType", "transitGatewayAttachmentId",
                   "transitGatewayId", "vpcId"),
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        outputs={"logFormat": constant("logFormat", _FIELDS)},
    ),
)  # fmt: skip
