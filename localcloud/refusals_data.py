"""What KMS, Secrets Manager, Backup, S3, CloudWatch Logs, SNS, SQS and EventBridge refuse. Codes: errors of their API references."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from localcloud.kinds.backup import PLAN, RECOVERY_POINT, SELECTION, VAULT, VAULT_POLICY
from localcloud.kinds.cloudwatch import EVENT_RULE, LOG_GROUP, METRIC_ALARM
from localcloud.kinds.cron import schedule_fault
from localcloud.kinds.forms import parsed
from localcloud.kinds.kms import KEY
from localcloud.kinds.messaging import QUEUE, SUBSCRIPTION, TOPIC
from localcloud.kinds.model import Request
from localcloud.kinds.policies import PolicyType, fault, statements, texts
from localcloud.kinds.s3 import BUCKET, LIFECYCLE
from localcloud.kinds.secretsmanager import PENDING, SECRET, SECRET_POLICY, SECRET_VERSION
from localcloud.refusals import CHECK, CREATE, DELETE, row

_SECRET_SIZE: Final = 65536  # bytes, Secrets Manager quotas
_COLD_DAYS: Final = 90  # a backup in cold storage stays there for at least that long
_POLICY_KINDS: Final = (KEY, SECRET_POLICY, VAULT_POLICY, TOPIC, QUEUE, "aws:s3/bucketPolicy:BucketPolicy")


def _resource_policy(request: Request) -> str | None:
    text = request.text("policy")
    return fault(text, PolicyType.RESOURCE) if text else None


def _invalid_json(request: Request) -> str | None:
    text = request.text("policy")
    return '"policy" contains an invalid JSON policy' if text and not isinstance(parsed(text), dict) else None


def _lockout(request: Request) -> str | None:
    """A key policy must let somebody change it: the account, or a principal with kms:PutKeyPolicy."""
    text = request.text("policy")
    if not text or request.flag("bypassPolicyLockoutSafetyCheck"):
        return None
    allowed = [statement for statement in statements(text) if statement.get("Effect") == "Allow"]
    actions = {action for statement in allowed for action in texts(statement.get("Action"))}
    may_change = actions & {"*", "kms:*", "kms:Put*", "kms:PutKeyPolicy"}
    return None if may_change else "The new key policy will not allow you to update the key policy in the future."


def _rotation(request: Request) -> str | None:
    special = request.text("customerMasterKeySpec") not in (None, "SYMMETRIC_DEFAULT") and request.flag("enableKeyRotation")
    return "Automatic rotation is for symmetric encryption keys only" if special else None


def _waiting(request: Request) -> str | None:
    name = request.text("name")
    found = next((each for each in request.world.all(PENDING) if each.text("name") == name), None)
    return f"You can't create this secret because a secret with this name ({name}) is already scheduled for deletion." if found else None


def _secret_size(request: Request) -> str | None:
    length = max((len((request.text(path) or "").encode()) for path in ("secretString", "secretBinary", "secretStringWo")), default=0)
    return f"A secret value is at most {_SECRET_SIZE} bytes; this one has {length}" if length > _SECRET_SIZE else None


def _recovery_points(request: Request) -> str | None:
    held = [point for point in request.world.all(RECOVERY_POINT) if point.text("backupVaultName") == request.id]
    return (
        f"Backup vault cannot be deleted because it contains {len(held)} recovery point(s)."
        if held and not request.flag("forceDestroy")
        else None
    )


def _lifecycle(request: Request) -> str | None:
    """Cold storage for 90 days at least, of a rule and of its copies."""
    for path in ("rules[*].lifecycle", "rules[*].copyActions[*].lifecycle"):
        for item in request.items(path):
            cold, delete = item.get("coldStorageAfter"), item.get("deleteAfter")
            if isinstance(cold, int | float) and isinstance(delete, int | float) and cold > 0 and delete < cold + _COLD_DAYS:
                least = f"DeleteAfterDays cannot be less than {_COLD_DAYS} days apart from MoveToColdStorageAfterDays"
                return f"Error in some rules due to : Invalid lifecycle. {least}"
            if isinstance(delete, int | float) and delete < 1:
                return "Error in some rules due to : Invalid lifecycle. DeleteAfterDays is at least 1"
    return None


def _rule_schedule(request: Request) -> str | None:
    for text in request.texts("rules[*].schedule"):
        wrong = schedule_fault(text) if text.startswith("cron(") else "it is not cron(…)"
        if wrong:
            return f"Error in rule due to : Invalid schedule expression {text!r}: {wrong}"
    return None


def _continuous(request: Request) -> str | None:
    """A continuous backup is kept for up to 35 days, and is not moved to cold storage."""
    for item in request.items("rules[*]"):
        lifecycle = item.get("lifecycle")
        days = lifecycle.get("deleteAfter") if isinstance(lifecycle, dict) else None
        if item.get("enableContinuousBackup") is True and not (isinstance(days, int | float) and 1 <= days <= 35):
            return "Error in rule due to : a continuous backup has a lifecycle of 1 to 35 days"
    return None


def _windows(request: Request) -> str | None:
    for item in request.items("rules[*]"):
        start, end = item.get("startWindow", 60), item.get("completionWindow", 180)
        if isinstance(start, int | float) and isinstance(end, int | float) and (start < 60 or end < start + 60):
            return "Error in rule due to : the start window is at least 60 minutes, the completion window 60 more"
    return None


def _rule_names(request: Request) -> str | None:
    names = [str(item.get("ruleName")) for item in request.items("rules[*]")]
    return "Error in some rules due to : Duplicate rule names" if len(set(names)) < len(names) else None


def _nothing_selected(request: Request) -> str | None:
    given = any(request.inputs.get(path) for path in ("resources", "selectionTags", "conditions", "notResources"))
    return None if given else "A selection names resources, tags or conditions"


def _bucket_name(request: Request) -> str | None:
    name = request.text("bucket")
    if not name:
        return None
    try:
        IPv4Address(name)
    except AddressValueError:
        pass
    else:
        return f"The specified bucket is not valid: {name} is an address"
    good = re.fullmatch(
        r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)", name
    )
    return None if good else f"The specified bucket is not valid: {name!r} is not 3 to 63 of lower case letters, digits, hyphens and dots"


def _bucket_rules(request: Request) -> str | None:
    names = [str(item.get("id")) for item in request.items("rules[*]")]
    if len(set(names)) < len(names):
        return "Rule ID must be unique. Found same ID for more than one rule"
    return next(
        (
            f"status {item.get('status')!r} is neither Enabled nor Disabled"
            for item in request.items("rules[*]")
            if item.get("status") not in ("Enabled", "Disabled")
        ),
        None,
    )


def _alarm(request: Request) -> str | None:
    simple, metrics = request.inputs.get("metricName"), request.inputs.get("metricQueries")
    if not simple and not metrics and not request.inputs.get("evaluationCriteria"):
        return "An alarm has a metricName or metricQueries"
    if simple and not (request.inputs.get("namespace") and request.inputs.get("period")):
        return "An alarm on a metric has a namespace and a period"
    period = request.number("period")
    if period is not None and period not in (10, 20, 30) and period % 60:
        return f"period {period:g} is not 10, 20, 30 or a multiple of 60 seconds"
    points, periods = request.number("datapointsToAlarm"), request.number("evaluationPeriods")
    return "datapointsToAlarm is greater than evaluationPeriods" if points and periods and points > periods else None


def _endpoint(request: Request) -> str | None:
    protocol, endpoint = request.text("protocol"), request.text("endpoint")
    forms = {"email": r"[^@\s]+@[^@\s]+\.[^@\s]+", "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+", "https": r"https://.+", "http": r"http://.+",
             "sqs": r"arn:aws[a-z-]*:sqs:.+", "lambda": r"arn:aws[a-z-]*:lambda:.+", "sms": r"\+\d{6,15}"}  # fmt: skip
    pattern = forms.get(protocol or "")
    return (
        f"Invalid parameter: {endpoint!r} is no endpoint of protocol {protocol}"
        if pattern and endpoint and not re.fullmatch(pattern, endpoint)
        else None
    )


def _fifo_name(request: Request) -> str | None:
    name = request.text("name") or ""
    fifo = request.flag("fifoTopic") or request.flag("fifoQueue")
    if fifo != name.endswith(".fifo") and not request.inputs.get("namePrefix"):
        return f"Invalid parameter: the name of a FIFO topic or queue, and only such a name, ends in .fifo: {name}"
    length = 80 if request.kind.token == QUEUE else 256
    return (
        None if re.fullmatch(r"[A-Za-z0-9_-]+(\.fifo)?", name or "x") and len(name) <= length else f"Invalid parameter: the name {name!r}"
    )


def _event_rule(request: Request) -> str | None:
    schedule, pattern = request.text("scheduleExpression"), request.text("eventPattern")
    if schedule and (wrong := schedule_fault(schedule)):
        return f"Parameter ScheduleExpression is not valid: {wrong}"
    if pattern and not isinstance(parsed(pattern), dict):
        return "Event pattern is not valid. Reason: it is no JSON object"
    return (
        None
        if request.inputs.get("scheduleExpression") or request.inputs.get("eventPattern")
        else "Parameter(s) EventPattern or ScheduleExpression must be specified."
    )


def _protected_logs(request: Request) -> str | None:
    return "The log group is protected from deletion" if request.flag("deletionProtectionEnabled") else None


def _log_key(request: Request) -> str | None:
    """CloudWatch Logs must be allowed to use the key: its policy names the service."""
    key = next(iter(request.referred("kmsKeyId")), None)
    allowed = key is None or "logs." in key.text("policy")
    return None if allowed else f"The specified KMS key does not exist or is not allowed to be used with log group '{request.text('name')}'"


REFUSALS: Final = (
    row(_POLICY_KINDS, "MalformedPolicyDocument", "a policy is JSON", _invalid_json, CHECK),
    row(KEY, "MalformedPolicyDocumentException", "a key policy says who may do what", _resource_policy),
    row(KEY, "MalformedPolicyDocumentException", "a key policy lets itself be changed", _lockout),
    row(KEY, "UnsupportedOperationException", "symmetric keys rotate", _rotation),
    row(SECRET, "InvalidRequestException", "the name of a deleted secret waits", _waiting, CREATE),
    row((SECRET, SECRET_POLICY), "MalformedPolicyDocumentException", "a secret's policy says who may do what", _resource_policy),
    row(SECRET_VERSION, "InvalidParameterException", "a secret has a largest size", _secret_size),
    row(VAULT, "InvalidRequestException", "a vault with recovery points stays", _recovery_points, DELETE),
    row(VAULT_POLICY, "InvalidParameterValueException", "a vault's policy says who may do what", _resource_policy),
    row(PLAN, "InvalidParameterValueException", "cold backups stay for 90 days", _lifecycle),
    row(PLAN, "InvalidParameterValueException", "a rule's schedule is cron", _rule_schedule),
    row(PLAN, "InvalidParameterValueException", "continuous backups are kept for 35 days at most", _continuous),
    row(PLAN, "InvalidParameterValueException", "windows are long enough", _windows),
    row(PLAN, "InvalidParameterValueException", "rules have their own names", _rule_names),
    row(SELECTION, "InvalidParameterValueException", "a selection selects", _nothing_selected, CREATE),
    row(BUCKET, "InvalidBucketName", "buckets have names of hosts", _bucket_name, CREATE),
    row("aws:s3/bucketPolicy:BucketPolicy", "MalformedPolicy", "a bucket's policy says who may do what", _resource_policy),
    row(
        LIFECYCLE,
        "InvalidArgument",
        "lifecycle rules have their own ids",
        _bucket_rules,
    ),
    row(LOG_GROUP, "ValidationException", "a protected log group stays", _protected_logs, DELETE),
    row(LOG_GROUP, "AccessDeniedException", "logs may use their key", _log_key),
    row(METRIC_ALARM, "ValidationError", "an alarm watches something", _alarm),
    row(SUBSCRIPTION, "InvalidParameter", "the endpoint fits the protocol", _endpoint, CREATE),
    row((TOPIC, QUEUE), "InvalidParameterValue", "FIFO names end in .fifo", _fifo_name, CREATE),
    row((TOPIC, QUEUE), "InvalidAttributeValue", "a policy says who may do what", _resource_policy),
    row(EVENT_RULE, "ValidationException", "a rule has a pattern or a schedule", _event_rule),
)
