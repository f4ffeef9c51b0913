"""Whole environments, recorded: prod with a change to its stack file, on either visit."""

from __future__ import annotations

import functools

from components.environment import Environment, EnvironmentArgs
from plan import make_plan
from tests.components.graph import Graph
from tests.components.recorder import record
from tests.plan.stacks import prod

TOKEN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:coder/prod/coderd-token-AbCdEf"
MADE = "2026-11-21T23:30:00Z"
CALLS = {
    "aws:secretsmanager/getSecrets:getSecrets": {"arns": [TOKEN], "names": ["coder/prod/coderd-token"]},
    "aws:secretsmanager/getSecretVersions:getSecretVersions": {
        "versions": [
            {"versionId": "1", "createdTime": "2026-08-01T10:00:00Z", "lastAccessedDate": "", "versionStages": ["AWSPREVIOUS"]},
            {"versionId": "2", "createdTime": MADE, "lastAccessedDate": "", "versionStages": ["AWSCURRENT"]},
        ]
    },
    "aws:secretsmanager/getSecretVersion:getSecretVersion": {"secretString": "https://pager.example.com/v1"},
    "coderd:index/getOrganization:getOrganization": {"id": "c0de0000-0000-4000-8000-000000000001"},
}
OUTPUTS = {
    "aws:lb/loadBalancer:LoadBalancer": {"arnSuffix": "net/coder/50dc6c495c0c9188"},
    "aws:lb/targetGroup:TargetGroup": {"arnSuffix": "targetgroup/coder/73e2d6bc24d8a067"},
    "aws:amp/workspace:Workspace": {"prometheusEndpoint": "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/"},
}


@functools.cache
def environment(change: str = "", visit: int = 2) -> Graph:
    """Prod with a change, recorded once; it takes some seconds."""
    settings = prod(change)
    calls = CALLS if visit > 1 else {}
    graph = record(lambda: Environment("coder", EnvironmentArgs(settings=settings, plan=make_plan(settings))), calls=calls, outputs=OUTPUTS)
    assert not graph.warnings
    assert not [fault for fault in graph.faults if not fault.startswith("pulumi:providers:")]  # whose inputs go over the wire as JSON text
    return graph
