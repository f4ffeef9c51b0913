"""Secrets Manager's JSON protocol, over the same secrets that the aws provider sees."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from localcloud.kinds.forms import now
from localcloud.kinds.model import ACCOUNT, PARTITION, Refused, Resource, Value
from localcloud.store import Origin, Record, Store
from localcloud.templates import random_text

SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
VERSION: Final = "aws:secretsmanager/secretVersion:SecretVersion"
_CURRENT: Final = "AWSCURRENT"


def answer_secrets_manager(store: Store, target: str, body: Mapping[str, Value], region: str) -> Value:
    """Answer one call.

    Raises:
        Refused: with Secrets Manager's own codes.
    """
    service, _, operation = target.partition(".")
    if service != "secretsmanager" or operation not in _OPERATIONS:
        raise Refused(
            "UnknownOperationException",
            f"the local cloud does not answer {target}; it speaks {', '.join(sorted(_OPERATIONS))} of secretsmanager",
        )
    with store.lock:
        return _OPERATIONS[operation](store, region, body)


def seed_secret(store: Store, region: str, name: str, value: str) -> bool:
    """Make a secret with a value, as an operator does before the first visit; False where it has one already."""
    with store.lock:
        record = find_secret(store, region, name)
        if record is None:
            record = _make(store, region, name, Origin.SEEDED)
        elif _current(store, record):
            return False
        _put(store, record, value)
        return True


def _create(store: Store, region: str, body: Mapping[str, Value]) -> Value:
    name = _text(body, "Name")
    if find_secret(store, region, name):
        raise Refused("ResourceExistsException", f"The operation failed because the secret {name} already exists.")
    record = _make(store, region, name, Origin.SEEDED)
    answer = _names(record)
    if isinstance(body.get("SecretString"), str):
        answer["VersionId"] = _put(store, record, _text(body, "SecretString"))
    return answer


def _put_value(store: Store, region: str, body: Mapping[str, Value]) -> Value:
    record = _asked(store, region, body)
    version = _put(store, record, _text(body, "SecretString"))
    return {**_names(record), "VersionId": version, "VersionStages": [_CURRENT]}


def _get_value(store: Store, region: str, body: Mapping[str, Value]) -> Value:
    record = _asked(store, region, body)
    version = _current(store, record)
    if version is None:
        message = f"Secrets Manager can't find the specified secret value for staging label: {_CURRENT}"
        raise Refused("ResourceNotFoundException", message)
    properties = version.resource.properties
    found = {"VersionId": properties["versionId"], "VersionStages": properties["versionStages"], "CreatedDate": _now(store, record)}
    return {**_names(record), **found, "SecretString": properties["secretString"]}


def _describe(store: Store, region: str, body: Mapping[str, Value]) -> Value:
    return _description(store, _asked(store, region, body))


def _list(store: Store, region: str, body: Mapping[str, Value]) -> Value:
    filters = body.get("Filters")
    wanted: list[str] = []
    for each in filters if isinstance(filters, list) else []:
        values = each.get("Values") if isinstance(each, Mapping) and each.get("Key") == "name" else None
        wanted += [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
    records = [record for record in store.of(SECRET, region) if not wanted or record.resource.text("name").startswith(tuple(wanted))]
    return {"SecretList": [_description(store, record) for record in records]}


def _delete(store: Store, region: str, body: Mapping[str, Value]) -> Value:
    record = _asked(store, region, body)
    store.remove(record.key)
    return {**_names(record), "DeletionDate": time.time()}


_OPERATIONS: Final = {
    "CreateSecret": _create,
    "PutSecretValue": _put_value,
    "GetSecretValue": _get_value,
    "DescribeSecret": _describe,
    "ListSecrets": _list,
    "DeleteSecret": _delete,
}


def _make(store: Store, region: str, name: str, origin: Origin) -> Record:
    arn = f"arn:{PARTITION}:secretsmanager:{region}:{ACCOUNT}:secret:{name}-{random_text('alnum', 6)}"
    properties: dict[str, Value] = {"name": name, "arn": arn, "region": region, "createdDate": time.time()}
    return store.put(Record(Resource(SECRET, arn, region, {"name": name}, properties), origin))


def _put(store: Store, secret: Record, value: str) -> str:
    """A new current version; the one before becomes the previous. It belongs to the secret and goes with it."""
    arn, region = secret.resource.id, secret.resource.region
    for record in _versions(store, secret):
        before = record.resource
        stages: list[Value] = ["AWSPREVIOUS"] if _CURRENT in _stages(record) else []
        store.put(replace(record, resource=replace(before, properties={**before.properties, "versionStages": stages})))
    version = str(uuid.uuid4())
    properties: dict[str, Value] = {"secretId": arn, "arn": arn, "secretString": value, "versionId": version, "versionStages": [_CURRENT]}
    facts: dict[str, Value] = {**properties, "region": region, "createdDate": now()}
    resource = Resource(VERSION, f"{arn}|{version}", region, {"secretId": arn}, facts)
    store.put(Record(resource, Origin.CLOUD, secret.key))
    return version


def _versions(store: Store, secret: Record) -> list[Record]:
    names = {secret.resource.id, secret.resource.text("name")}
    return [record for record in store.of(VERSION, secret.resource.region) if record.resource.properties.get("secretId") in names]


def _stages(version: Record) -> list[Value]:
    stages = version.resource.properties.get("versionStages")
    return list(stages) if isinstance(stages, list) else []


def _current(store: Store, secret: Record) -> Record | None:
    return next((record for record in reversed(_versions(store, secret)) if _CURRENT in _stages(record)), None)


def current_value(store: Store, secret: Record) -> str | None:
    """The current value; None where there is none that the local cloud knows (RDS keeps its own)."""
    version = _current(store, secret)
    return version.resource.text("secretString") or None if version else None


def find_secret(store: Store, region: str, name: str) -> Record | None:
    """A secret by its name or ARN, whole or without the six random characters."""
    for record in store.of(SECRET, region):
        if name in (record.resource.id, record.resource.text("name"), record.resource.id.rpartition("-")[0]):
            return record
    return None


def _asked(store: Store, region: str, body: Mapping[str, Value]) -> Record:
    record = find_secret(store, region, _text(body, "SecretId"))
    if record is None:
        raise Refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return record


def _text(body: Mapping[str, Value], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("InvalidParameterException", f"{name} is missing")
    return value


def _names(record: Record) -> dict[str, Value]:
    return {"ARN": record.resource.id, "Name": record.resource.text("name")}


def _description(store: Store, record: Record) -> dict[str, Value]:
    versions: dict[str, Value] = {each.resource.text("versionId"): _stages(each) for each in _versions(store, record)}
    return {**_names(record), "CreatedDate": _now(store, record), "VersionIdsToStages": versions, "SecretVersionsToStages": versions}


def _now(store: Store, record: Record) -> Value:
    del store
    return record.resource.properties.get("createdDate") or time.time()
