"""What the services of alarms, trails, Prometheus and budgets refuse: each row with a refused input and a near one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.kinds.model import Refused
from tests.localcloud.account import Account, allow
from tests.localcloud.minimal import MINIMAL, dashboard, trail_bucket
from tests.localcloud.pairs import Act, Pair, judge, made, rows, untested

_ALARM, _DASHBOARD, _TOPIC = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/dashboard:Dashboard", "aws:sns/topic:Topic"
_TOPIC_POLICY, _TRAIL, _BUDGET = "aws:sns/topicPolicy:TopicPolicy", "aws:cloudtrail/trail:Trail", "aws:budgets/budget:Budget"
_RULES, _MANAGER = "aws:amp/ruleGroupNamespace:RuleGroupNamespace", "aws:amp/alertManagerDefinition:AlertManagerDefinition"
_SCRAPER, _PARAMETER = "aws:amp/scraper:Scraper", "aws:ssm/parameter:Parameter"
ROWS = rows("refusals_observability")
_SERVICE = {"Service": "cloudwatch.amazonaws.com"}


def _queries(expression: str, *returning: str) -> Act:
    """An alarm on an expression over two metrics; `returning`: the ids that return data."""
    stat = {"namespace": "AWS/AutoScaling", "period": 60, "stat": "Maximum"}
    queries: list[dict[str, Any]] = [
        {"id": "wanted", "metric": {**stat, "metricName": "GroupDesiredCapacity"}},
        {"id": "there", "metric": {**stat, "metricName": "GroupInServiceInstances"}},
        {"id": "missing", "expression": expression},
    ]
    marked = [{**query, "returnData": query["id"] in returning} for query in queries]
    simple = dict.fromkeys(("metricName", "namespace", "period", "statistic"))
    return made(_ALARM, metricQueries=marked, **simple)


def _trail_key(policy: str | None) -> Act:
    inputs = {} if policy is None else {"policy": policy}
    return made(_TRAIL, kmsKeyId=lambda account: account.make("aws:kms/key:Key", **inputs)["arn"])


_FOR_TRAIL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "kms:GenerateDataKey*", "Resource": "*"},
        ],
    }
)
_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:trail"


def _notified(*thresholds: int, told: bool = True) -> Act:
    notification = {"comparisonOperator": "GREATER_THAN", "notificationType": "ACTUAL", "thresholdType": "PERCENTAGE"}
    who = {"subscriberEmailAddresses": ["on-call@example.com"]} if told else {}
    return made(_BUDGET, notifications=[{**notification, "threshold": threshold, **who} for threshold in thresholds])


def _subnets(count: int) -> Act:
    def source(account: Any) -> dict[str, Any]:
        eks = MINIMAL[_SCRAPER](account)["source"]["eks"]
        return {"eks": {**eks, "subnetIds": eks["subnetIds"][:count]}}

    return made(_SCRAPER, source=source)


PAIRS = {
    "an alarm looks back for a day, or a week": Pair(made(_ALARM, evaluationPeriods=1441), made(_ALARM, evaluationPeriods=1440)),
    "an alarm acts in its own region": Pair(
        made(_ALARM, alarmActions=["arn:aws:sns:us-west-2:123456789012:critical"]),
        made(_ALARM, alarmActions=["arn:aws:sns:us-east-1:123456789012:critical"]),
    ),
    "an alarm has one series": Pair(_queries("wanted - there", "missing", "there"), _queries("wanted - there", "missing")),
    "a dashboard has widgets": Pair(made(_DASHBOARD, dashboardBody='{"widgets": []}'), made(_DASHBOARD, dashboardBody=dashboard(width=24))),
    "topics have short names": Pair(made(_TOPIC, name="coder critical"), made(_TOPIC, name="coder-critical")),
    "a topic's policy is SNS's": Pair(
        made(_TOPIC_POLICY, policy=allow("sqs:SendMessage", Principal=_SERVICE)),
        made(_TOPIC_POLICY, policy=allow("sns:Publish", Principal=_SERVICE)),
    ),
    "a trail's bucket lets it write": Pair(
        made(_TRAIL, s3BucketName=lambda account: trail_bucket(account, ("s3:PutObject",))), made(_TRAIL, s3BucketName=trail_bucket)
    ),
    "a trail may use its key": Pair(_trail_key(None), _trail_key(_FOR_TRAIL)),
    "trails have names": Pair(made(_TRAIL, name="coder--prod"), made(_TRAIL, name="coder-prod")),
    "a trail's logs have a role": Pair(
        made(_TRAIL, cloudWatchLogsGroupArn=_GROUP, cloudWatchLogsRoleArn=lambda account: account.role["arn"]),
        made(_TRAIL, cloudWatchLogsGroupArn=f"{_GROUP}:*", cloudWatchLogsRoleArn=lambda account: account.role["arn"]),
    ),
    "rules come in groups": Pair(
        made(_RULES, data="groups: [{name: coder, rules: [{expr: up == 0}]}]"),
        made(_RULES, data="groups: [{name: coder, rules: [{record: up:zero, expr: up == 0}]}]"),
    ),
    "receivers are there": Pair(
        made(_MANAGER, definition="alertmanager_config: |\n  {route: {receiver: pager}, receivers: [{name: sns}]}\n"),
        made(_MANAGER, definition="alertmanager_config: |\n  {route: {receiver: pager}, receivers: [{name: pager}]}\n"),
    ),
    "a scraper has jobs": Pair(
        made(_SCRAPER, scrapeConfiguration="scrape_configs: [{}]"), made(_SCRAPER, scrapeConfiguration="scrape_configs: [{job_name: a}]")
    ),
    "a scraper is in two zones": Pair(_subnets(1), _subnets(2)),
    "a budget tells somebody of an amount": Pair(_notified(100, told=False), _notified(80, 100)),
    "parameters have a path and a size": Pair(
        made(_PARAMETER, value="a" * 4097), made(_PARAMETER, value="a" * 4096)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_aws_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []


_METRIC: dict[str, Any] = {"region": "us-east-1", "metrics": [["AWS/RDS", "CPUUtilization"]]}
FURTHER: list[tuple[str, dict[str, Any]]] = [
    (_ALARM, {"period": 86400, "evaluationPeriods": 8}),
    (_DASHBOARD, {"dashboardBody": "{"}),
    (_DASHBOARD, {"dashboardBody": dashboard(type="graph")}),
    (_DASHBOARD, {"dashboardBody": dashboard(x=20)}),
    (_DASHBOARD, {"dashboardBody": dashboard(properties={**_METRIC, "metrics": []})}),
    (_DASHBOARD, {"dashboardBody": dashboard(properties={**_METRIC, "region": ""})}),
    (_DASHBOARD, {"dashboardBody": dashboard(type="text", properties={})}),
    (_TRAIL, {"name": "ab"}),
    (_TRAIL, {"cloudWatchLogsGroupArn": f"{_GROUP}:*"}),
    (_RULES, {"data": "groups: ["}),
    (_RULES, {"data": "groups: [{name: a}, {name: a}]"}),
    (_MANAGER, {"definition": "route: {}"}),
    (_BUDGET, {"limitAmount": "much"}),
    (_PARAMETER, {"name": "/aws/coder"}),
    (_PARAMETER, {"name": "coder/prod"}),
]


@pytest.mark.parametrize(("token", "inputs"), FURTHER)
def test_what_else_is_refused(token, inputs, tmp_path):
    account = Account(tmp_path)
    merged = {**MINIMAL[token](account), **inputs}
    codes = {row.code for row in ROWS if token in row.tokens}

    assert account.refusal(token, **merged) in codes


def test_a_week_is_looked_back_on_with_periods_of_a_day(tmp_path):
    assert made(_ALARM, period=86400, evaluationPeriods=7)(Account(tmp_path))


def test_expressions_name_metrics_that_are_there(tmp_path):
    with pytest.raises(Refused, match="needed"):
        _queries("needed - there", "missing")(Account(tmp_path))
