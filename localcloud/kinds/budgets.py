"""AWS Budgets: global, no region.

Source: Terraform's AWS provider, internal/service/budgets/budget.go at d5102ec2 (5.32, 2023-12-18).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from localcloud.kinds.forms import constant, given
from localcloud.kinds.messaging import TOPIC
from localcloud.kinds.model import ACCOUNT, AutoName, Kind, Reference, Request, Unique, Value

BUDGET: Final = "aws:budgets/budget:Budget"
_COSTS: Final = {
    **dict.fromkeys(
        ("includeCredit", "includeDiscount", "includeOtherSubscription", "includeRecurring", "includeRefund", "includeSubscription"), True
    ),
    **dict.fromkeys(("includeSupport", "includeTax", "includeUpfront"), True),
    **dict.fromkeys(("useAmortized", "useBlended"), False),
}


def _first_of_month(_request: Request) -> Value:
    """Where a budget names no start, AWS takes the current period's."""
    return datetime.now(tz=UTC).strftime("%Y-%m-01_00:00")


KINDS: Final = (
    Kind(
        token=BUDGET,
        id="{account}:{name}",
        arn="arn:{partition}:budgets::{account}:budget/{name}",
        global_=True,
        references={
            "notifications[*].subscriberSnsTopicArns[*]": Reference(
                tokens=(TOPIC,), missing="InvalidParameterException", attribute="arn", blocks=None, any_region=True
            )
        },
        force_new=("accountId", "name", "namePrefix"),
        auto_name=AutoName(max_length=100, unless=("namePrefix",)),
        defaults={"timePeriodEnd": "2087-06-15_00:00"},
        outputs={
            "accountId": constant("accountId", ACCOUNT),
            "costTypes": constant("costTypes", _COSTS),
            "costFilters": constant("costFilters", []),
            "timePeriodStart": given("timePeriodStart", _first_of_month),
        },
        unique=(Unique(paths=("name",), code="DuplicateRecordException"),),
    ),
)
