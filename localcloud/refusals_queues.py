"""What SQS refuses in a queue's policy, and EKS in the access of nodes that it does not make itself."""

from __future__ import annotations

import re
from typing import Final

from localcloud.kinds.eks import ACCESS_ENTRY, ACCESS_POLICY
from localcloud.kinds.messaging import QUEUE_POLICY
from localcloud.kinds.model import Request
from localcloud.kinds.policies import PolicyType, fault, statements, texts
from localcloud.refusals import row

_NODE_TYPES: Final = ("EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX")  # EKS API reference, CreateAccessEntry, type


def _queue_policy(request: Request) -> str | None:
    """Well formed, with somebody who may, and actions of SQS (SQS API reference, SetQueueAttributes, Policy)."""
    text = request.text("policy") or ""
    if wrong := fault(text, PolicyType.RESOURCE):
        return f"Invalid value for the parameter Policy: {wrong}"
    foreign = [action for each in statements(text) for action in texts(each.get("Action")) if not re.match(r"(?i)sqs:", action)]
    return "Invalid value for the parameter Policy." if foreign else None


def _groups_of_nodes(request: Request) -> str | None:
    """A node's groups are EKS's own (EKS User Guide, "Access entries")."""
    if request.text("type") not in _NODE_TYPES or not request.texts("kubernetesGroups[*]"):
        return None
    return f"kubernetesGroups can't be set for access entries of type {request.text('type')}"


def _policy_of_nodes(request: Request) -> str | None:
    """Access policies are for people and programs (EKS User Guide, "Access policies")."""
    entries = request.world.all(ACCESS_ENTRY)
    cluster, principal = request.text("clusterName"), request.text("principalArn")
    found = (each for each in entries if (each.text("clusterName"), each.text("principalArn")) == (cluster, principal))
    entry = next(found, None)
    if entry is None or entry.text("type") not in _NODE_TYPES:
        return None
    return f"Access policies can't be associated with an access entry of type {entry.text('type')}"


REFUSALS: Final = (
    row(QUEUE_POLICY, "InvalidAttributeValue", "a queue's policy is SQS's", _queue_policy),
    row(ACCESS_ENTRY, "InvalidRequestException", "nodes have EKS's own groups", _groups_of_nodes),
    row(ACCESS_POLICY, "InvalidRequestException", "nodes have no access policy", _policy_of_nodes),
)
