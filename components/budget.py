"""The budget of an environment (OBS-25)."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from components.tags import ENVIRONMENT
from plan.alerts import Severity, topic


def budget(name: str, system: str, monthly_usd: int, topics: Mapping[str, Input[str]], opts: ResourceOptions) -> aws.budgets.Budget:
    """What carries the environment's tag may cost so much a month: told when the forecast passes it (low), and when the bill does (medium).

    AWS counts a tag from when it has been activated as a cost allocation tag in the billing console, once for the account.
    """

    def told(kind: str, percent: int, severity: Severity) -> aws.budgets.BudgetNotificationArgsDict:
        return {
            "comparison_operator": "GREATER_THAN",
            "notification_type": kind,
            "threshold": percent,
            "threshold_type": "PERCENTAGE",
            "subscriber_sns_topic_arns": [topics[topic(severity)]],
        }

    return aws.budgets.Budget(
        name,
        name=f"coder-{system}",
        budget_type="COST",
        limit_amount=str(monthly_usd),
        limit_unit="USD",
        time_unit="MONTHLY",
        cost_filters=[{"name": "TagKeyValue", "values": [f"user:{ENVIRONMENT}${system}"]}],
        notifications=[told("FORECASTED", 100, Severity.LOW), told("ACTUAL", 100, Severity.MEDIUM)],
        opts=opts,
    )
