"""A queue's policy, and the access of nodes that Karpenter makes: each refusal with its pair."""

from __future__ import annotations

import pytest

from tests.localcloud.account import Account, allow
from tests.localcloud.minimal import MINIMAL
from tests.localcloud.pairs import Act, Pair, judge, made, rows, untested

ROWS = rows("refusals_queues")
_POLICY, _ENTRY, _SCOPE = (
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
)
_SERVICE = {"Service": "events.amazonaws.com"}


def _associated(type_: str) -> Act:
    def act(account: Account) -> object:
        account.make(_ENTRY, **{**MINIMAL[_ENTRY](account), "type": type_})
        policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
        return account.make(_SCOPE, **MINIMAL[_ENTRY](account), policyArn=policy, accessScope={"type": "cluster"})

    return act


PAIRS = {
    "a queue's policy is SQS's": Pair(
        made(_POLICY, policy=allow("sns:Publish", Principal=_SERVICE)), made(_POLICY, policy=allow("sqs:SendMessage", Principal=_SERVICE))
    ),
    "nodes have EKS's own groups": Pair(
        made(_ENTRY, type="EC2_LINUX", kubernetesGroups=["viewers"]), made(_ENTRY, type="STANDARD", kubernetesGroups=["viewers"])
    ),
    "nodes have no access policy": Pair(_associated("EC2_LINUX"), _associated("STANDARD")),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_row_refuses_what_aws_refuses_and_no_more(name, tmp_path, monkeypatch):
    judge(ROWS, name, PAIRS[name], tmp_path, monkeypatch)


def test_every_row_has_a_pair():
    assert untested(ROWS, PAIRS) == []
