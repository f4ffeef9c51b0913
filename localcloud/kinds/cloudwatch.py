"""CloudWatch and EventBridge: log groups, alarms, dashboards, rules, targets.

Source: Terraform's AWS provider, internal/service/{logs,cloudwatch,events} at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from typing import Final

from localcloud.kinds.forms import constant, given
from localcloud.kinds.iam import role_by_arn
from localcloud.kinds.kms import KEY
from localcloud.kinds.model import AutoName, Kind, Reference, Request, Unique, Value

LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
METRIC_ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
EVENT_RULE: Final = "aws:cloudwatch/eventRule:EventRule"
DASHBOARD: Final = "aws:cloudwatch/dashboard:Dashboard"
EVENT_TARGET: Final = "aws:cloudwatch/eventTarget:EventTarget"
# logs/group.go, validation.IntInSlice; 0: for ever
RETENTION_DAYS: Final = (0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def _rule_id(request: Request) -> str:
    """The rule's name, behind the bus's where it is not the default one."""
    bus = request.text("eventBusName") or "default"
    return str(request.text("name")) if bus == "default" else f"{bus}/{request.text('name')}"


def _target_id(request: Request) -> str:
    return f"{request.text('rule')}-{request.text('targetId') or request.logical_name}"


def _enabled(request: Request) -> Value:
    return "DISABLED" if request.inputs.get("isEnabled") is False else "ENABLED"


KINDS: Final = (
    Kind(
        token=LOG_GROUP,
        id="{name}",
        arn="arn:{partition}:logs:{region}:{account}:log-group:{name}",
        references={"kmsKeyId": Reference(tokens=(KEY,), missing="InvalidParameterException", attribute="arn", blocks=None)},
        force_new=("logGroupClass", "name", "namePrefix"),
        auto_name=AutoName(max_length=512, unless=("namePrefix",)),
        defaults={"retentionInDays": 0, "skipDestroy": False},
        outputs={
            "logGroupClass": constant("logGroupClass", "STANDARD"),
            "deletionProtectionEnabled": constant("deletionProtectionEnabled", False),
        },
        never_read=("skipDestroy",),
        unique=(Unique(paths=("name",), code="ResourceAlreadyExistsException", message="The specified log group already exists: {key}"),),
    ),
    Kind(
        token=METRIC_ALARM,
        id="{name}",
        arn="arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
        references={},
        force_new=("name",),
        auto_name=AutoName(),
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        outputs={"evaluateLowSampleCountPercentiles": constant("evaluateLowSampleCountPercentiles", "")},
    ),
    Kind(
        token=DASHBOARD,
        id="{dashboardName}",
        no_arn=True,  # it has one, under another name
        references={},
        force_new=("dashboardName",),
        outputs={"dashboardArn": "arn:{partition}:cloudwatch::{account}:dashboard/{dashboardName}"},
        taggable=False,
    ),
    Kind(
        token=EVENT_RULE,
        id=_rule_id,
        arn="arn:{partition}:events:{region}:{account}:rule/{id}",
        references={"roleArn": role_by_arn("ValidationException")},
        force_new=("eventBusName", "name", "namePrefix"),
        auto_name=AutoName(max_length=64, unless=("namePrefix",)),
        defaults={"eventBusName": "default", "forceDestroy": False},
        outputs={"state": given("state", _enabled)},
        never_read=("forceDestroy",),
    ),
    Kind(
        token=EVENT_TARGET,
        id=_target_id,
        no_arn=True,
        references={
            "rule": Reference(
                tokens=(EVENT_RULE,), missing="ResourceNotFoundException", attribute="name", also=("id",), blocks="ValidationException"
            ),
            "roleArn": role_by_arn("ValidationException"),
        },
        force_new=("eventBusName", "rule", "targetId"),
        defaults={"eventBusName": "default", "forceDestroy": False},
        outputs={"targetId": given("targetId", lambda request: request.logical_name)},
        never_read=("forceDestroy",),
        taggable=False,
    ),
)
