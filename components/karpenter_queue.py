"""What happens to instances, as Karpenter hears of it: EventBridge rules into a queue (EKS-11).

Rules and queue as in website/content/en/v1.14/getting-started/getting-started-with-karpenter/cloudformation.yaml of
aws/karpenter-provider-aws at 1d92708, 2026-08-21 (release 1.14.1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi_aws as aws
from pulumi import Resource, ResourceOptions

from components.add_ons_access import Place
from components.iam import Statement, document

KEPT_SECONDS = 300  # a Spot instance ends two minutes after its warning: older news are of no use

EVENTS: Mapping[str, tuple[str, str]] = {
    "health": ("aws.health", "AWS Health Event"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
}


def interruption_queue(name: str, cluster_name: str, place: Place, opts: ResourceOptions) -> tuple[aws.sqs.Queue, list[Resource]]:
    """The queue, encrypted, and what fills it; only EventBridge by these rules, and SQS itself, may write to it, and only by TLS."""
    queue = aws.sqs.Queue(
        name,
        name=f"{cluster_name}-interruptions",
        message_retention_seconds=KEPT_SECONDS,
        sqs_managed_sse_enabled=True,
        opts=opts,
    )
    rules = {
        event: aws.cloudwatch.EventRule(
            f"{name}-{event}",
            description=f"{detail} of {cluster_name}, for Karpenter",
            event_pattern=json.dumps({"source": [source], "detail-type": [detail]}, sort_keys=True),
            opts=opts,
        )
        for event, (source, detail) in EVENTS.items()
    }
    policy = aws.sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=document(
            Statement(
                sid="Events",
                actions=["sqs:SendMessage"],
                resources=[queue.arn],
                principals={"Service": ["events.amazonaws.com"]},
                conditions={"ArnEquals": {"aws:SourceArn": [rule.arn for rule in rules.values()]}},
            ),
            Statement(
                sid="Queues",
                actions=["sqs:SendMessage"],
                resources=[queue.arn],
                principals={"Service": ["sqs.amazonaws.com"]},
                conditions={"StringEquals": {"aws:SourceAccount": place.account_id}},
            ),
            Statement(
                sid="TlsOnly",
                effect="Deny",
                actions=["sqs:*"],
                resources=[queue.arn],
                principals={"AWS": ["*"]},
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            ),
        ),
        opts=opts,
    )
    targets: list[Resource] = [
        aws.cloudwatch.EventTarget(f"{name}-{event}", rule=rule.name, arn=queue.arn, opts=opts) for event, rule in rules.items()
    ]
    return queue, [policy, *targets]
