"""Who is told: a topic for each severity and level, in each region that has alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, InvokeOptions, Output, Resource, ResourceOptions

from components import iam
from plan.alerts import ROUTES, TOPICS, Level, topic
from settings.observability import Contacts

# Who may publish, and so use the key. EventBridge's statements carry no condition. In a key's policy aws:SourceAccount, aws:SourceArn and
# aws:SourceOrgID are "not supported for EventBridge-to-encrypted topics" (Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys
# and costs"), and a topic's takes none either (Amazon EventBridge User Guide, "Amazon SNS permissions" and troubleshooting; read 2026-11).
ALARMS, EVENTS, BUDGETS, PROMETHEUS = "cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com", "aps.amazonaws.com"
PUBLISHERS = (PROMETHEUS, BUDGETS, ALARMS)
USE = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, kw_only=True)
class TopicsArgs:
    """system: begins their names. subscribed: whether people are told here; a second region's topics tell the same people."""

    system: str
    contacts: Contacts
    data_protection: bool = False


class Topics(ComponentResource):
    """One encrypted topic for each severity and level of escalation, with its subscriptions (OBS-06 to OBS-09, OBS-26).

    Only CloudWatch, Budgets, Managed Prometheus and EventBridge of this account publish. An e-mail address is asked by AWS whether it
    agrees. A contact that is a secret's name is the https URL of a paging service; the secret's value never stands in a file.
    An alarm and its topic are of one region, AWS asks that.
    """

    arns: dict[str, Output[str]]
    """By name, `critical-l2`."""
    key_arn: Output[str]

    def __init__(self, name: str, args: TopicsArgs, opts: ResourceOptions | None = None) -> None:
        facts = {"topics": list(TOPICS), "contacts": {level.value: len(_contacts(args.contacts, level)) for level in Level}}
        super().__init__("coder-eks:alerting:Topics", name, dict(facts), opts)
        self._child = ResourceOptions(parent=self)
        self._caller = InvokeOptions(parent=self)
        account_id = aws.get_caller_identity_output(opts=self._caller).account_id
        partition = aws.get_partition_output(opts=self._caller).partition

        key = aws.kms.Key(
            name,
            description=f"Alarms of {args.system}",
            enable_key_rotation=True,
            deletion_window_in_days=7,  # nothing is kept: a message lost with its key is told again by the next alarm
            policy=iam.key_policy(account_id, partition, *_publishers(USE, ["*"], account_id)),
            opts=self._child,
        )
        self.key_arn = key.arn
        self.arns = {}
        for route in ROUTES.values():
            for level in route.escalation:
                self._topic(name, topic(route.severity, level), level, args, key, account_id)
        self.register_outputs({**facts, "arns": self.arns})

    def _topic(self, name: str, kind: str, level: Level, args: TopicsArgs, key: aws.kms.Key, account_id: Input[str]) -> None:
        made = aws.sns.Topic(
            f"{name}-{kind}",
            name=f"coder-{args.system}-{kind}",
            display_name=f"Coder {args.system} {kind}",
            kms_master_key_id=key.arn,
            opts=self._child,
        )
        policy = aws.sns.TopicPolicy(
            f"{name}-{kind}", arn=made.arn, policy=iam.document(*_publishers(["sns:Publish"], [made.arn], account_id)), opts=self._child
        )
        for index, contact in enumerate(_contacts(args.contacts, level)):
            self._subscription(f"{name}-{kind}-{index}", made, contact)
        # Whoever names the topic waits for its policy: an alarm that fires before is lost
        self.arns[kind] = Output.all(made.arn, policy.id).apply(lambda known: str(known[0]))

    def _subscription(self, name: str, made: aws.sns.Topic, contact: str) -> None:
        if "@" in contact and "/" not in contact:
            aws.sns.TopicSubscription(name, topic=made.arn, protocol="email", endpoint=contact, opts=self._child)
            return
        url = aws.secretsmanager.get_secret_version_output(secret_id=contact, opts=self._caller).secret_string
        aws.sns.TopicSubscription(name, topic=made.arn, protocol="https", endpoint=Output.secret(url), opts=self._child)


def _contacts(contacts: Contacts, level: Level) -> Sequence[str]:
    return {Level.L1: contacts.l1, Level.L2: contacts.l2, Level.L3: contacts.l3}[level]


def _publishers(actions: Sequence[str], resources: Sequence[Input[str]], account_id: Input[str]) -> list[iam.Statement]:
    """The services that tell of something here, for this account only."""
    return [
        iam.Statement(
            sid="Alarms",
            actions=actions,
            resources=resources,
            principals={"Service": sorted(PUBLISHERS)},
            conditions={"StringEquals": {"aws:SourceAccount": account_id}},
        ),
        iam.Statement(sid="Events", actions=actions, resources=resources, principals={"Service": [EVENTS]}),
    ]


def routing_table(arns: Mapping[str, Input[str]]) -> Output[str]:
    """The routing table as JSON, for whoever forwards messages: severity to response time and to levels, each with its topic."""
    table = {
        route.severity.value: {
            "meaning": route.meaning,
            "response": route.response,
            "escalation": [
                {"level": level.value, "afterMinutes": int(after.total_seconds() // 60), "topic": arns[topic(route.severity, level)]}
                for level, after in route.escalation.items()
            ],
        }
        for route in ROUTES.values()
    }
    return Output.json_dumps(table)


def routing_parameter(name: str, system: str, arns: Mapping[str, Input[str]], opts: ResourceOptions) -> Resource:
    """The routing table where programs find it."""
    return aws.ssm.Parameter(
        name,
        name=f"/coder/{system}/alert-routing",
        type="String",
        description=f"Who is told of alarms of {system}, and when: severity, response, levels, topics",
        value=routing_table(arns),
        opts=opts,
    )
