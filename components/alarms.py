"""The alarms of one region: what the plan lists, on the things that the deployment made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from plan.alerts import Alarm, Metric, Notice

Things = Mapping[str, Input[str]]
"""What a dimension is filled with: the plan's key (`load_balancer`, `nodes:coder-ws-a`) to a name or id that AWS gave."""


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """alarms, notices: of the region. topics: ARNs by name, of this region.

    elsewhere: topics of the other regions that metrics live in, with the AWS provider that makes alarms there.
    """

    system: str
    region: str
    alarms: Sequence[Alarm]
    notices: Sequence[Notice]
    things: Things
    topics: Mapping[str, Input[str]]
    elsewhere: Mapping[str, tuple[aws.Provider, Mapping[str, Input[str]]]]


class Alarms(ComponentResource):
    """CloudWatch alarms and rules for events (OBS-01, OBS-10 to OBS-12, OBS-16, OBS-17, OBS-26): each tells a topic, in ALARM and in OK.

    Raises KeyError for an alarm on something that was not made: an alarm without data would look green.
    """

    def __init__(self, name: str, args: AlarmsArgs, opts: ResourceOptions | None = None) -> None:
        facts = {
            "region": args.region,
            "alarms": {alarm.name: alarm.topic for alarm in args.alarms},
            "notices": {notice.name: notice.severity.value for notice in args.notices},
        }
        super().__init__("coder-eks:alarms:Alarms", name, dict(facts), opts)
        for alarm in args.alarms:
            self._alarm(name, alarm, args)
        for notice in args.notices:
            self._notice(name, notice, args)
        self.register_outputs(facts)

    def _alarm(self, name: str, alarm: Alarm, args: AlarmsArgs) -> None:
        opts, topics = ResourceOptions(parent=self), args.topics
        if alarm.region and alarm.region != args.region:
            provider, topics = args.elsewhere[alarm.region]
            opts = ResourceOptions(parent=self, provider=provider)
        told = [topics[alarm.topic]]
        away = f"{args.region}-" if alarm.region and alarm.region != args.region else ""  # several regions' checks meet there
        one = alarm.metrics[0] if not alarm.expression else None
        aws.cloudwatch.MetricAlarm(
            f"{name}-{alarm.name}",
            name=f"coder-{args.system}-{away}{alarm.name}",
            alarm_description=alarm.description,
            namespace=one.namespace if one else None,
            metric_name=one.name if one else None,
            statistic=one.statistic if one else None,
            dimensions=_dimensions(one, args.things) if one else None,
            period=alarm.period if one else None,
            metric_queries=None if one else _queries(alarm, args.things),
            comparison_operator=alarm.compare.value,
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.periods,  # all of them: failures in a row
            treat_missing_data=alarm.missing.value,
            alarm_actions=told,
            ok_actions=told,
            opts=opts,
        )

    def _notice(self, name: str, notice: Notice, args: AlarmsArgs) -> None:
        """A rule of EventBridge for the things of this deployment, and none of the account's others."""
        names = [thing for key, thing in sorted(args.things.items()) if key.split(":")[0] == notice.subject]
        if not names:
            raise KeyError(f"{notice.name}: there is no {notice.subject}")
        detail = dict(_object(notice.pattern.get("detail")))
        detail["AutoScalingGroupName" if notice.subject == "nodes" else "SourceIdentifier"] = names
        rule = aws.cloudwatch.EventRule(
            f"{name}-{notice.name}",
            name=f"coder-{args.system}-{notice.name}",
            description=f"{notice.what} ({', '.join(notice.requirements)})",
            event_pattern=Output.json_dumps({**notice.pattern, "detail": detail}),
            opts=ResourceOptions(parent=self),
        )
        aws.cloudwatch.EventTarget(
            f"{name}-{notice.name}",
            rule=rule.name,
            target_id="topic",
            arn=args.topics[notice.severity.value],
            input_transformer={
                "input_paths": {"time": "$.time", "region": "$.region", "kind": "$.detail-type"},
                # a text in quotes: EventBridge hands SNS the template as it stands
                "input_template": json.dumps(f"{notice.description} Event: <kind> in <region> at <time>."),
            },
            opts=ResourceOptions(parent=self),
        )


def _object(value: object) -> Mapping[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _dimensions(metric: Metric, things: Things) -> dict[str, Input[str]]:
    return {**{name: things[key] for name, key in metric.dimensions.items()}, **metric.literals}


def _queries(alarm: Alarm, things: Things) -> Sequence[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    """The expression, whose value is judged, and the metrics in it."""
    queries: list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict] = [
        {
            "id": metric.id,
            "return_data": False,
            "metric": {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "stat": metric.statistic,
                "period": alarm.period,
                "dimensions": _dimensions(metric, things),
            },
        }
        for metric in alarm.metrics
    ]
    return [{"id": "judged", "expression": alarm.expression, "label": alarm.name, "return_data": True}, *queries]
