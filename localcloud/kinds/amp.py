"""Amazon Managed Service for Prometheus: workspaces, rules, the alert manager, managed collectors.

Source: Terraform's AWS provider, internal/service/amp at d5102ec2 (5.32, 2023-12-18); collectors (scrapers) came later: the service's API
model in botocore, in which UpdateScraper changes everything but the source.
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.kms import KEY
from localcloud.kinds.model import Kind, Reference, Unique
from localcloud.kinds.vpc import SUBNET

WORKSPACE: Final = "aws:amp/workspace:Workspace"
RULES: Final = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
ALERT_MANAGER: Final = "aws:amp/alertManagerDefinition:AlertManagerDefinition"
SCRAPER: Final = "aws:amp/scraper:Scraper"
_WORKSPACE: Final = Reference(tokens=(WORKSPACE,), missing="ResourceNotFoundException", blocks=None)
_ROLE: Final = (  # linked to the service
    "arn:{partition}:iam::{account}:role/aws-service-role/scraper.aps.amazonaws.com/AWSServiceRoleForAmazonPrometheusScraper"
)

KINDS: Final = (
    Kind(
        token=WORKSPACE,
        id="ws-{uuid}",
        arn="arn:{partition}:aps:{region}:{account}:workspace/{id}",
        references={
            "kmsKeyArn": Reference(tokens=(KEY,), missing="ValidationException", attribute="arn", blocks=None),
        },
        force_new=("kmsKeyArn",),
        outputs={"prometheusEndpoint": "https://aps-workspaces.{region}.amazonaws.com/workspaces/{id}/"},
    ),
    Kind(
        token=RULES,
        id="arn:{partition}:aps:{region}:{account}:rulegroupsnamespace/{workspaceId}/{name}",
        arn="{id}",
        references={"workspaceId": _WORKSPACE},
        force_new=("name", "workspaceId"),
        unique=(Unique(paths=("workspaceId", "name"), code="ConflictException"),),
    ),
    Kind(
        token=ALERT_MANAGER,
        id="{workspaceId}",
        no_arn=True,
        references={"workspaceId": _WORKSPACE},
        force_new=("workspaceId",),
        unique=(Unique(paths=("workspaceId",), code="ConflictException"),),
        taggable=False,
    ),
    Kind(
        token=SCRAPER,
        id="s-{uuid}",
        arn="arn:{partition}:aps:{region}:{account}:scraper/{id}",
        references={
            "destination.amp.workspaceArn": Reference(
                tokens=(WORKSPACE,), missing="ResourceNotFoundException", attribute="arn", blocks="ConflictException"
            ),
            "source.eks.clusterArn": Reference(
                tokens=("aws:eks/cluster:Cluster",), missing="ResourceNotFoundException", attribute="arn", blocks=None
            ),
            # its interfaces lie in the subnets, so that these can't go before it
            "source.eks.subnetIds[*]": Reference(tokens=(SUBNET,), missing="ValidationException"),
            "source.eks.securityGroupIds[*]": Reference(tokens=("aws:ec2/securityGroup:SecurityGroup",), missing="ValidationException"),
        },
        force_new=("source",),
        outputs={"roleArn": _ROLE},
    ),
)
