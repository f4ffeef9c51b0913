"""The graph of reference, whole, as its stack file or a change of it declares it: what its table and its upgrades are held against."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

from components.environment import Environment, EnvironmentArgs
from plan import Plan, make_plan
from settings.load import load
from settings.model import Settings
from settings.stack_file import read_config
from tests.components.graph import Graph
from tests.components.recorder import record
from tests.settings.cases import PREFIX, merged

FILE = Path(__file__).parents[2] / "Pulumi.reference.yaml"
TOKEN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:coder/reference/coderd-token-AbCdEf"
CALLS = {
    "aws:secretsmanager/getSecrets:getSecrets": {"arns": [TOKEN], "names": ["coder/reference/coderd-token"]},
    "aws:secretsmanager/getSecretVersions:getSecretVersions": {
        "versions": [{"versionId": "1", "createdTime": "2026-11-21T16:00:00Z", "lastAccessedDate": "", "versionStages": ["AWSCURRENT"]}]
    },
    "aws:secretsmanager/getSecretVersion:getSecretVersion": {"secretString": "token"},
    "coderd:index/getOrganization:getOrganization": {"id": "c0de0000-0000-4000-8000-000000000001"},
}
LIFE = {
    "random:index/randomId:RandomId": {"hex": "0a1b2c3d"},
    "random:index/randomPassword:RandomPassword": {"result": "correct-horse-battery-staple-xyz"},
}


def reference(change: str = "") -> Settings:
    """The stack file with a change, written as in it but without the `coder-eks:` prefix; lists replace lists."""
    parsed: dict[str, Any] = yaml.safe_load(change) or {}
    return load(merged(read_config(FILE), {PREFIX + key: value for key, value in parsed.items()}), FILE.name)


def plan_of(change: str = "") -> Plan:
    """The plan of reference with a change."""
    return make_plan(reference(change))


@functools.cache
def graph_of(change: str = "") -> Graph:
    """Both visits' resources of reference with a change, recorded once: a recording takes seconds."""
    settings = reference(change)
    plan = make_plan(settings)
    return record(lambda: Environment("coder", EnvironmentArgs(settings=settings, plan=plan)), calls=CALLS, outputs=LIFE)
