"""A changed value in the stack file changes what follows from it, and nothing else. (One of the second visit is changed in test_life.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.prod import logical
from tests.engine.terminal import Terminal

pytestmark = pytest.mark.engine

Changes = set[tuple[str, str, str]]


@pytest.mark.parametrize(
    ("key", "value", "follows"),
    [
        (
            "regions.us-east-1.database.acu.max",
            64,
            {
                ("update", "aws:rds/cluster:Cluster", "database"),
                ("update", "coder-eks:database:Database", "database"),
                # what watches that it is not used up
                ("update", "aws:cloudwatch/metricAlarm:MetricAlarm", "us-east-1-database-near-maximum"),
                ("update", "aws:cloudwatch/metricAlarm:MetricAlarm", "us-east-1-database-near-maximum-l2"),
                ("update", "aws:cloudwatch/dashboard:Dashboard", "dashboards-scale-test"),
                ("update", "aws:cloudwatch/dashboard:Dashboard", "dashboards-service"),
            },
        ),
        (
            "regions.us-east-1.network.flow_log_retention_days",
            120,
            {
                ("update", "aws:cloudwatch/logGroup:LogGroup", "us-east-1-flow-logs"),
                ("update", "coder-eks:network:Network", "us-east-1"),
            },
        ),
    ],
)
def test_what_follows_from_one_value(standing: Terminal, tmp_path: Path, key: str, value: int, follows: Changes):
    said, run = standing.with_file(tmp_path, {key: value}).engine("preview")
    assert said.code == 0, said.text
    assert logical(run.operations) == follows
