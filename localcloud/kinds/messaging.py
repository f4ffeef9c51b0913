"""SNS and SQS.

Source: Terraform's AWS provider, internal/service/{sns,sqs} at d5102ec2 (5.32, 2023-12-18); defaults of queues: SQS API
reference, CreateQueue.
"""

from __future__ import annotations

import json
from typing import Final

from localcloud.kinds.forms import arn, constant, given
from localcloud.kinds.iam import role_by_arn
from localcloud.kinds.kms import key_by
from localcloud.kinds.model import ACCOUNT, AutoName, Kind, Reference, Request, Unique, Value

TOPIC: Final = "aws:sns/topic:Topic"
TOPIC_POLICY: Final = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION: Final = "aws:sns/topicSubscription:TopicSubscription"
QUEUE: Final = "aws:sqs/queue:Queue"
QUEUE_POLICY: Final = "aws:sqs/queuePolicy:QueuePolicy"
CONFIRMED_AT_ONCE: Final = ("application", "firehose", "lambda", "sms", "sqs")
PROTOCOLS: Final = (*CONFIRMED_AT_ONCE, "email", "email-json", "http", "https")


def _topic_policy(request: Request) -> Value:
    """The owner's account may do all with a topic that names no policy."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": arn("sns", request.region, str(request.text("name"))),
        "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


def _pending(request: Request) -> Value:
    return request.text("protocol") not in CONFIRMED_AT_ONCE


KINDS: Final = (
    Kind(
        token=TOPIC,
        id="arn:{partition}:sns:{region}:{account}:{name}",
        arn="{id}",
        references={"kmsMasterKeyId": key_by("InvalidParameter")},
        force_new=("fifoTopic", "name", "namePrefix"),
        auto_name=AutoName(max_length=256, unless=("namePrefix",)),
        defaults={"contentBasedDeduplication": False, "fifoTopic": False},
        outputs={
            "owner": "{account}",
            "policy": given("policy", _topic_policy),
            "signatureVersion": constant("signatureVersion", 0),
            "tracingConfig": constant("tracingConfig", ""),
        },
    ),
    Kind(
        token=TOPIC_POLICY,
        id="{arn}",
        arn=lambda request: str(request.text("arn")),
        references={"arn": Reference(tokens=(TOPIC,), missing="NotFound", attribute="arn", blocks=None)},
        force_new=("arn",),
        outputs={"owner": "{account}"},
        taggable=False,
    ),
    Kind(
        token=SUBSCRIPTION,
        id="{topic}:{uuid}",
        arn="{id}",
        references={
            "topic": Reference(tokens=(TOPIC,), missing="NotFound", attribute="arn", blocks=None),
            "subscriptionRoleArn": role_by_arn("InvalidParameter"),
        },
        force_new=("endpoint", "protocol", "topic"),
        defaults={"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False},
        outputs={
            "ownerId": "{account}",
            "pendingConfirmation": _pending,
            "confirmationWasAuthenticated": lambda request: not _pending(request),
            "filterPolicyScope": constant("filterPolicyScope", ""),
        },
        never_read=("confirmationTimeoutInMinutes", "endpointAutoConfirms"),
        taggable=False,
    ),
    Kind(
        token=QUEUE,
        id="https://sqs.{region}.amazonaws.com/{account}/{name}",
        arn="arn:{partition}:sqs:{region}:{account}:{name}",
        references={"kmsMasterKeyId": key_by("KmsNotFound")},
        force_new=("fifoQueue", "name", "namePrefix"),
        auto_name=AutoName(max_length=80, unless=("namePrefix",)),
        defaults={
            "contentBasedDeduplication": False,
            "delaySeconds": 0,
            "fifoQueue": False,
            "maxMessageSize": 262144,
            "messageRetentionSeconds": 345600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        outputs={
            "url": "{id}",
            "kmsDataKeyReusePeriodSeconds": constant("kmsDataKeyReusePeriodSeconds", 300),
            "sqsManagedSseEnabled": given("sqsManagedSseEnabled", lambda request: not request.text("kmsMasterKeyId")),
        },
        unique=(Unique(paths=("name",), code="QueueNameExists"),),
    ),
    Kind(
        token=QUEUE_POLICY,
        id="{queueUrl}",
        no_arn=True,
        references={"queueUrl": Reference(tokens=(QUEUE,), missing="QueueDoesNotExist", blocks=None)},
        force_new=("queueUrl",),
        taggable=False,
    ),
)
