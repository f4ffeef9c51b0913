"""EC2 Auto Scaling: groups, scheduled actions, tags.

Source: Terraform's AWS provider, internal/service/autoscaling/*.go at d5102ec2 (5.32, 2023-12-18). Sizes that a
schedule leaves alone read -1.
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import constant, given
from localcloud.kinds.model import AutoName, Kind, Reference, Unique
from localcloud.kinds.vpc import SUBNET

GROUP: Final = "aws:autoscaling/group:Group"
SCHEDULE: Final = "aws:autoscaling/schedule:Schedule"
TAG: Final = "aws:autoscaling/tag:Tag"
_LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_OF_GROUP: Final = Reference(tokens=(GROUP,), missing="ValidationError", attribute="name", blocks=None)

KINDS: Final = (
    Kind(
        token=GROUP,
        id="{name}",
        arn="arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
        references={
            "vpcZoneIdentifiers[*]": Reference(tokens=(SUBNET,), missing="ValidationError"),
            "launchTemplate.id": Reference(tokens=(_LAUNCH_TEMPLATE,), missing="ValidationError", blocks=None),
            "launchTemplate.name": Reference(tokens=(_LAUNCH_TEMPLATE,), missing="ValidationError", attribute="name", blocks=None),
        },
        force_new=("initialLifecycleHooks", "name", "namePrefix"),
        auto_name=AutoName(unless=("namePrefix",)),
        defaults={
            "forceDelete": False,
            "healthCheckGracePeriod": 300,
            "metricsGranularity": "1Minute",
            "protectFromScaleIn": False,
            "waitForCapacityTimeout": "10m",
        },
        outputs={
            "desiredCapacity": given("desiredCapacity", lambda request: request.inputs.get("minSize")),
            "healthCheckType": constant("healthCheckType", "EC2"),
            "defaultCooldown": constant("defaultCooldown", 300),
            "predictedCapacity": 0,
            "warmPoolSize": 0,
        },
        never_read=("forceDelete", "forceDeleteWarmPool", "waitForCapacityTimeout", "waitForElbCapacity"),
        unique=(Unique(paths=("name",), code="AlreadyExists"),),
        taggable=False,  # its tags are a list of objects
    ),
    Kind(
        token=SCHEDULE,
        id="{scheduledActionName}",
        within="autoscalingGroupName",
        arn="arn:{partition}:autoscaling:{region}:{account}:scheduledUpdateGroupAction:{uuid}:"
        "autoScalingGroupName/{autoscalingGroupName}:scheduledActionName/{scheduledActionName}",
        references={"autoscalingGroupName": _OF_GROUP},
        force_new=("autoscalingGroupName", "scheduledActionName"),
        outputs={
            **{size: constant(size, -1) for size in ("desiredCapacity", "maxSize", "minSize")},
            **{text: constant(text, "") for text in ("endTime", "recurrence", "startTime", "timeZone")},
        },
        taggable=False,
    ),
    Kind(
        token=TAG,
        id="{autoscalingGroupName},{tag.key}",
        no_arn=True,
        references={"autoscalingGroupName": _OF_GROUP},
        force_new=("autoscalingGroupName", "tag.key"),
        taggable=False,
    ),
)
