"""When the provisioner key is to be renewed: an event on one date (PRV-07, OBS-13, T-60)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from plan.alerts import RUNBOOK, Severity, topic
from plan.rotation import on_date, reminded_on, rotated_on


def reminder(name: str, system: str, made_on: date, topics: Mapping[str, Input[str]], opts: ResourceOptions) -> aws.cloudwatch.EventRule:
    """A rule of EventBridge that fires once, 14 days before the key's 90 are over.

    coderd's keys have no end, and nothing in its audit log tells of one; so the day counts on which the key was made, which its name and
    this rule's tag carry. A date that has passed fires no more: the token of the same day has run out by then, and the next update says so.
    """
    rule = aws.cloudwatch.EventRule(
        name,
        name=f"coder-{system}-provisioner-key",
        description=f"The provisioner key of {made_on} is renewed by {rotated_on(made_on)} (OBS-13, PRV-07)",
        schedule_expression=on_date(reminded_on(made_on)),
        tags={"CreatedAt": made_on.isoformat()},
        opts=opts,
    )
    sentence = (
        f"Minor impact (medium, L1): the provisioner key and coderd's token of {made_on} are to be renewed by {rotated_on(made_on)}. "
        f"Response: 4 hours. OBS-13, PRV-07. Runbook: {RUNBOOK}#provisioner-key-rotation"
    )
    aws.cloudwatch.EventTarget(
        name, rule=rule.name, target_id="topic", arn=topics[topic(Severity.MEDIUM)], input=json.dumps(sentence), opts=opts
    )
    return rule
