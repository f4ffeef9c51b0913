"""What CloudWatch, SNS, CloudTrail, Prometheus, Budgets and Parameter Store refuse beside their forms. Codes: their API references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

import yaml

from localcloud.kinds.amp import ALERT_MANAGER, RULES, SCRAPER
from localcloud.kinds.budgets import BUDGET
from localcloud.kinds.cloudtrail import TRAIL
from localcloud.kinds.cloudwatch import DASHBOARD, METRIC_ALARM
from localcloud.kinds.forms import entry, listed, parsed
from localcloud.kinds.messaging import TOPIC, TOPIC_POLICY
from localcloud.kinds.model import Request, Value
from localcloud.kinds.policies import PolicyType, fault, principals, statements, texts
from localcloud.kinds.s3 import BUCKET
from localcloud.kinds.ssm import PARAMETER
from localcloud.refusals import row

_BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
_DAY, _WEEK, _HOUR = 86400, 604800, 3600
_WIDGETS: Final = ("alarm", "custom", "explorer", "log", "metric", "text")
_PARAMETER_SIZE: Final = 4096  # characters of a Standard parameter


def _periods(request: Request) -> Iterator[float]:
    yield request.number("period") or 0
    for query in request.items("metricQueries[*]"):
        period = entry(query.get("metric")).get("period") or query.get("period")
        yield float(period) if isinstance(period, int | float) else 0


def _too_long(request: Request) -> str | None:
    """A day with periods under an hour, a week with longer ones (PutMetricAlarm, Period)."""
    span, count = max(_periods(request)), request.number("evaluationPeriods") or 0
    most = _DAY if span < _HOUR else _WEEK
    if span * count <= most:
        return None
    return f"Metrics cannot be checked across more than {most // _DAY} day(s) (EvaluationPeriods * Period must be <= {most})"


def _elsewhere(request: Request) -> str | None:
    """An action is in the alarm's own region."""
    for path in ("alarmActions[*]", "okActions[*]", "insufficientDataActions[*]"):
        for action in request.texts(path):
            region = action.split(":")[3] if action.count(":") >= 5 else ""
            if region and region != request.region:
                return f"Invalid region {region} specified. Only {request.region} is supported."
    return None


def _one_series(request: Request) -> str | None:
    """Of an alarm's queries one returns data, and every expression names ids that are there."""
    queries = request.items("metricQueries[*]")
    if not queries:
        return None
    returning = [query for query in queries if query.get("returnData") is True]
    if len(returning) != 1:
        return f"Exactly one element of the metrics list should return data; {len(returning)} do"
    ids = {str(query.get("id")) for query in queries}
    named = {word for query in queries for word in re.findall(r"\b[a-z]\w*\b", str(query.get("expression") or ""))}
    unknown = sorted(named - ids)
    return f"Unrecognized metric ids in an expression: {', '.join(unknown)}" if unknown else None


def _dashboard(request: Request) -> str | None:
    """A body of widgets, each of a type and at most 24 wide; a metric widget names its region and its metrics."""
    body = parsed(request.text("dashboardBody"))
    if not isinstance(body, dict):
        return "The field DashboardBody must be a valid JSON object"
    widgets = [entry(widget) for widget in listed(body.get("widgets"))]
    if not widgets:
        return "The dashboard body is invalid, there are 1 validation errors: should have required property 'widgets'"
    wrong = next((wrong for widget in widgets for wrong in _widget_faults(widget)), None)
    return f"The dashboard body is invalid, there are 1 validation errors: {wrong}" if wrong else None


def _widget_faults(widget: Mapping[str, Value]) -> Iterator[str]:
    kind, properties = widget.get("type"), entry(widget.get("properties"))
    if kind not in _WIDGETS:
        yield f"type {kind!r} should be one of {', '.join(_WIDGETS)}"
    x, width = widget.get("x", 0), widget.get("width", 6)
    if isinstance(x, int | float) and isinstance(width, int | float) and x + width > 24:
        yield "x and width should be <= 24"
    if kind == "metric" and not (properties.get("metrics") or entry(properties.get("annotations")).get("alarms")):
        yield "should have required property 'metrics'"
    if kind == "metric" and not properties.get("region"):
        yield "should have required property 'region'"
    if kind == "text" and not isinstance(properties.get("markdown"), str):
        yield "should have required property 'markdown'"


def _topic_name(request: Request) -> str | None:
    name = (request.text("name") or "").removesuffix(".fifo")
    return None if re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name) else f"Invalid parameter: Topic Name {name!r}"


def _topic_policy(request: Request) -> str | None:
    """A policy of SNS: well formed, and its actions are SNS's."""
    text = request.text("policy") or ""
    wrong = fault(text, PolicyType.RESOURCE)
    if wrong:
        return f"Invalid parameter: Policy Error: {wrong}"
    foreign = [action for each in statements(text) for action in texts(each.get("Action")) if not re.match(r"(?i)sns:", action)]
    return "Invalid parameter: Policy statement action out of service scope!" if foreign else None


def _bucket_refuses(request: Request) -> str | None:
    """The bucket's policy lets CloudTrail look at its ACL and write."""
    name = request.text("s3BucketName") or ""
    bucket = next((each for each in request.world.everywhere(BUCKET) if each.id == name), None)
    policies = [each.text("policy") for each in request.world.everywhere(_BUCKET_POLICY) if each.text("bucket") == name]
    policy = next(iter(policies), bucket.text("policy") if bucket else "")
    allowed = {
        action
        for each in statements(policy)
        if each.get("Effect") == "Allow" and "cloudtrail.amazonaws.com" in texts(entry(each.get("Principal")).get("Service"))
        for action in texts(each.get("Action"))
    }
    return None if {"s3:GetBucketAcl", "s3:PutObject"} <= allowed else f"Incorrect S3 bucket policy is detected for bucket: {name}"


def _key_refuses(request: Request) -> str | None:
    key = next(iter(request.referred("kmsKeyId")), None)
    allowed = key is None or "cloudtrail.amazonaws.com" in principals(key.text("policy"), "Service")
    return None if allowed else "Insufficient permissions to access S3 bucket or KMS key"


def _trail_name(request: Request) -> str | None:
    name = request.text("name") or ""
    good = re.fullmatch(r"(?!.*[._-]{2})[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]", name)
    return None if good else f"Trail name {name!r} is not 3 to 128 of letters, digits and single . _ - inside"


def _logs_of_trail(request: Request) -> str | None:
    group, role = request.text("cloudWatchLogsGroupArn"), request.text("cloudWatchLogsRoleArn")
    if group and not group.endswith(":*"):
        return f"The CloudWatch Logs log group ARN {group} must end in :*"
    return "You must specify a role ARN as well as a log group" if group and not role else None


def _read(text: Value) -> Mapping[str, Value]:
    """The YAML in a text, where it is an object; {} for anything else."""
    try:
        return entry(cast("Value", yaml.safe_load(text))) if isinstance(text, str) else {}
    except yaml.YAMLError:
        return {}


def _rule_file(request: Request) -> str | None:
    groups = [entry(group) for group in listed(_read(request.text("data")).get("groups"))]
    if not groups:
        return "error unmarshalling rules: there are no groups"
    names = [str(group.get("name")) for group in groups]
    if len(set(names)) < len(names):
        return "error validating rules: groupname is repeated in the same file"
    unnamed = [
        rule for group in groups for rule in map(entry, listed(group.get("rules"))) if bool(rule.get("alert")) == bool(rule.get("record"))
    ]
    return "error validating rules: one of record and alert must be set" if unnamed else None


def _alert_manager(request: Request) -> str | None:
    """The service's own envelope, a route, and every receiver that it names."""
    config = _read(_read(request.text("definition")).get("alertmanager_config"))
    route, receivers = entry(config.get("route")), [entry(each) for each in listed(config.get("receivers"))]
    if not route or not receivers:
        return "error validating Alertmanager config: alertmanager_config has no route or no receivers"
    known = {str(each.get("name")) for each in receivers}
    asked = {str(route.get("receiver")), *(str(entry(each).get("receiver")) for each in listed(route.get("routes")))}
    missing = sorted(asked - known)
    return f"error validating Alertmanager config: undefined receiver {', '.join(missing)}" if missing else None


def _scrape(request: Request) -> str | None:
    jobs = [entry(job).get("job_name") for job in listed(_read(request.text("scrapeConfiguration")).get("scrape_configs"))]
    return None if jobs and all(jobs) else "The scrape configuration has no scrape_configs, or one without a job_name"


def _zones_of_scraper(request: Request) -> str | None:
    return None if len(set(request.texts("source.eks.subnetIds[*]"))) >= 2 else "A scraper needs subnets in at least two Availability Zones"


def _budget(request: Request) -> str | None:
    amount = request.text("limitAmount")
    if amount is not None and not re.fullmatch(r"\d+(\.\d+)?", amount):
        return f"Budget limit {amount!r} is no amount"
    told = request.items("notifications[*]")
    seen = [tuple(str(item.get(key)) for key in ("notificationType", "comparisonOperator", "threshold")) for item in told]
    if len(set(seen)) < len(seen):
        return "The notification is duplicated"
    silent = [item for item in told if not item.get("subscriberSnsTopicArns") and not item.get("subscriberEmailAddresses")]
    return "A notification has at least one subscriber" if silent else None


def _parameter(request: Request) -> str | None:
    name, value = request.text("name") or "", request.text("value") or ""
    if re.match(r"/?(aws|ssm)", name, re.IGNORECASE) or not re.fullmatch(r"[A-Za-z0-9_./-]+", name):
        return f'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive), and holds letters, digits and _./- only: {name}'
    if "/" in name and not name.startswith("/"):
        return "Parameter name must be a fully qualified name: it begins with a slash"
    small = request.text("tier") in (None, "Standard") and len(value) > _PARAMETER_SIZE
    return f"Standard tier parameters support a maximum parameter value of {_PARAMETER_SIZE} characters." if small else None


REFUSALS: Final = (
    row(METRIC_ALARM, "ValidationError", "an alarm looks back for a day, or a week", _too_long),
    row(METRIC_ALARM, "ValidationError", "an alarm acts in its own region", _elsewhere),
    row(METRIC_ALARM, "ValidationError", "an alarm has one series", _one_series),
    row(DASHBOARD, "InvalidParameterInput", "a dashboard has widgets", _dashboard),
    row(TOPIC, "InvalidParameter", "topics have short names", _topic_name),
    row(TOPIC_POLICY, "InvalidParameter", "a topic's policy is SNS's", _topic_policy),
    row(TRAIL, "InsufficientS3BucketPolicyException", "a trail's bucket lets it write", _bucket_refuses),
    row(TRAIL, "InsufficientEncryptionPolicyException", "a trail may use its key", _key_refuses),
    row(TRAIL, "InvalidTrailNameException", "trails have names", _trail_name),
    row(TRAIL, "InvalidCloudWatchLogsLogGroupArnException", "a trail's logs have a role", _logs_of_trail),
    row(RULES, "ValidationException", "rules come in groups", _rule_file),
    row(ALERT_MANAGER, "ValidationException", "receivers are there", _alert_manager),
    row(SCRAPER, "ValidationException", "a scraper has jobs", _scrape),
    row(SCRAPER, "ValidationException", "a scraper is in two zones", _zones_of_scraper),
    row(BUDGET, "InvalidParameterException", "a budget tells somebody of an amount", _budget),
    row(PARAMETER, "ValidationException", "parameters have a path and a size", _parameter),
)
