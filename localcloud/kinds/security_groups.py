"""EC2: security groups and network ACLs.

Source: Terraform's AWS provider, internal/service/ec2/vpc_security_group*.go, vpc_network_acl*.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import constant, hashcode
from localcloud.kinds.model import AutoName, Kind, Reference, Request, Unique
from localcloud.kinds.vpc import IN_SUBNET, IN_VPC, SUBNET, VPC

SECURITY_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
SECURITY_GROUP_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE: Final = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
NETWORK_ACL: Final = "aws:ec2/networkAcl:NetworkAcl"
NETWORK_ACL_RULE: Final = "aws:ec2/networkAclRule:NetworkAclRule"
NETWORK_ACL_ASSOCIATION: Final = "aws:ec2/networkAclAssociation:NetworkAclAssociation"
_DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"

GROUP: Final = Reference(tokens=(SECURITY_GROUP,), missing="InvalidGroup.NotFound")
# A rule goes with its own group, and holds the group that it names as a source
_OWN_GROUP: Final = Reference(tokens=(SECURITY_GROUP,), missing="InvalidGroup.NotFound", blocks=None)
_ACL: Final = Reference(tokens=(NETWORK_ACL,), missing="InvalidNetworkAclID.NotFound", blocks=None)
_RULE_LISTS: Final = {f"{way}[*].securityGroups[*]": GROUP for way in ("ingress", "egress")}


def _default_group_id(request: Request) -> str:
    vpc = request.world.get(VPC, request.text("vpcId") or "")
    return vpc.text("defaultSecurityGroupId") if vpc else ""


def _rule_hash(request: Request) -> str:
    paths = ("securityGroupId", "type", "protocol", "fromPort", "toPort", "cidrBlocks", "sourceSecurityGroupId", "self", "prefixListIds")
    return f"sgrule-{hashcode(repr([request.inputs.get(path) for path in paths]))}"


def _acl_rule_hash(request: Request) -> str:
    paths = ("networkAclId", "ruleNumber", "egress", "protocol")
    return f"nacl-{hashcode('-'.join(str(request.inputs.get(path)) for path in paths))}"


def _rule(token: str) -> Kind:
    return Kind(
        token=token,
        id="sgr-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
        references={
            "securityGroupId": _OWN_GROUP,
            "referencedSecurityGroupId": Reference(tokens=(SECURITY_GROUP,), missing="InvalidGroup.NotFound", literal=r"\d{12}/sg-.*"),
        },
        force_new=("securityGroupId",),
        outputs={"securityGroupRuleId": "{id}"},
    )


KINDS: Final = (
    Kind(
        token=SECURITY_GROUP,
        id="sg-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:security-group/{id}",
        references={"vpcId": IN_VPC, **_RULE_LISTS},
        force_new=("description", "name", "namePrefix", "vpcId"),
        auto_name=AutoName(unless=("namePrefix",)),
        defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
        outputs={"ownerId": "{account}", "ingress": constant("ingress", []), "egress": constant("egress", [])},
        unique=(Unique(paths=("vpcId", "name"), code="InvalidGroup.Duplicate"),),
        never_read=("revokeRulesOnDelete",),
    ),
    Kind(
        token=SECURITY_GROUP_RULE,
        id=_rule_hash,
        no_arn=True,
        references={"securityGroupId": _OWN_GROUP, "sourceSecurityGroupId": GROUP},
        force_new=(
            "cidrBlocks",
            "fromPort",
            "ipv6CidrBlocks",
            "prefixListIds",
            "protocol",
            "securityGroupId",
            "self",
            "sourceSecurityGroupId",
            "toPort",
            "type",
        ),
        defaults={"self": False},
        outputs={"securityGroupRuleId": "sgr-{hex17}"},
        taggable=False,
    ),
    _rule(INGRESS_RULE),
    _rule(EGRESS_RULE),
    Kind(
        token=_DEFAULT_GROUP,
        id=_default_group_id,
        arn="arn:{partition}:ec2:{region}:{account}:security-group/{id}",
        references={"vpcId": IN_VPC, **_RULE_LISTS},
        force_new=("vpcId",),
        defaults={"revokeRulesOnDelete": False},
        outputs={
            "ownerId": "{account}",
            "name": "default",
            "namePrefix": "",
            "description": "default VPC security group",
            "ingress": constant("ingress", []),
            "egress": constant("egress", []),
        },
    ),
    Kind(
        token=NETWORK_ACL,
        id="acl-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:network-acl/{id}",
        references={"vpcId": IN_VPC, "subnetIds[*]": Reference(tokens=(SUBNET,), missing="InvalidSubnetID.NotFound", blocks=None)},
        force_new=("vpcId",),
        outputs={
            "ownerId": "{account}",
            "ingress": constant("ingress", []),
            "egress": constant("egress", []),
            "subnetIds": constant("subnetIds", []),
        },
    ),
    Kind(
        token=NETWORK_ACL_RULE,
        id=_acl_rule_hash,
        no_arn=True,
        references={"networkAclId": _ACL},
        force_new=(
            "cidrBlock",
            "egress",
            "fromPort",
            "icmpCode",
            "icmpType",
            "ipv6CidrBlock",
            "networkAclId",
            "protocol",
            "ruleAction",
            "ruleNumber",
            "toPort",
        ),
        defaults={"egress": False},
        unique=(Unique(paths=("networkAclId", "egress", "ruleNumber"), code="NetworkAclEntryAlreadyExists"),),
        taggable=False,
    ),
    Kind(
        token=NETWORK_ACL_ASSOCIATION,
        id="aclassoc-{hex17}",
        no_arn=True,
        references={
            "networkAclId": Reference(tokens=(NETWORK_ACL,), missing="InvalidNetworkAclID.NotFound"),
            "subnetId": Reference(tokens=IN_SUBNET.tokens, missing=IN_SUBNET.missing, blocks=None),
        },
        force_new=("networkAclId", "subnetId"),
        taggable=False,
    ),
)
