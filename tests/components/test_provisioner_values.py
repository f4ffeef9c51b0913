"""Values of the chart coder-provisioner, and its schedule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.coder_reference import UnknownCoderValueError
from components.coder_values import Placement
from components.provisioner_values import GRACE_SECONDS, ProvisionerFacts, check, hourly_until, scale_jobs, values
from plan.model import ProvisionerPlan

PLAN = ProvisionerPlan(
    replicas_peak=140,
    replicas_floor=2,
    up_cron="45 6 * * 1-5",
    down_cron="15 18 * * 1-5",
    time_zone="America/New_York",
    cpu="1",
    memory="1Gi",
    tags={"environment": "prod"},
)
FACTS = ProvisionerFacts(
    version="2.34.0",
    coder_url="http://coder.coder.svc:8080",
    plan=PLAN,
    placement=Placement(key="coder.com/node-group", group="coder-prov"),
    key_name="prod-1",
)


def test_a_provisioner_runs_on_its_own_nodes_only():
    """PRV-02, EKS-12."""
    coder = values(FACTS)["coder"]
    assert coder["nodeSelector"] == {"coder.com/node-group": "coder-prov"}
    assert coder["tolerations"] == [{"key": "coder.com/node-group", "operator": "Equal", "value": "coder-prov", "effect": "NoSchedule"}]


def test_a_provisioner_reaches_coderd_inside_the_cluster():
    """PRV-05, T-22."""
    assert {"name": "CODER_URL", "value": "http://coder.coder.svc:8080"} in values(FACTS)["coder"]["env"]


def test_a_provisioner_logs_in_with_a_key_and_no_shared_secret():
    """PRV-06: the chart takes a key's secret before a pre-shared one, and refuses tags beside a key."""
    daemon = values(FACTS)["provisionerDaemon"]
    assert (daemon["keySecretName"], daemon["keySecretKey"]) == ("coder-provisioner-key", "key")
    assert not {"pskSecretName", "tags"} & set(daemon)


def test_no_secret_stands_in_the_values():
    """Decision 4."""
    assert all("value" in entry and "KEY" not in entry["name"] for entry in values(FACTS)["coder"]["env"])


def test_a_pod_that_goes_has_time_for_the_longest_build():
    """PRV-15: an EC2 workspace with GPU takes up to five minutes."""
    assert values(FACTS)["provisionerDaemon"]["terminationGracePeriodSeconds"] == GRACE_SECONDS > 5 * 60


def test_requests_equal_limits():
    resources = values(FACTS)["coder"]["resources"]
    assert resources["requests"] == resources["limits"] == {"cpu": "1", "memory": "1Gi"}


def test_another_key_restarts_the_pods():
    """PRV-07: a key is read once."""
    assert values(FACTS)["coder"]["podAnnotations"] != values(replace(FACTS, key_name="prod-2"))["coder"]["podAnnotations"]


def test_metrics_are_exported():
    """PRV-16."""
    assert {"name": "CODER_PROMETHEUS_ENABLE", "value": "true"} in values(FACTS)["coder"]["env"]


@pytest.mark.parametrize("none", [{"replicas_floor": 0}, {"replicas_floor": 0, "replicas_peak": 0}])
def test_a_plan_without_a_provisioner_is_refused(none: dict[str, int]):
    """T-30, PRV-03."""
    with pytest.raises(ValueError, match="autostop and template imports are builds too"):
        values(replace(FACTS, plan=replace(PLAN, **none)))


def test_the_clock_never_sets_none():
    """PRV-04: at every moment of the schedule at least one provisioner is left."""
    assert {job.name: job.replicas for job in scale_jobs(PLAN)} == {"up": 140, "down": 2}


def test_up_is_said_again_each_hour_since_an_upgrade_puts_the_floor_back():
    assert {job.name: job.schedule for job in scale_jobs(PLAN)} == {"up": "45 6-17 * * 1-5", "down": "15 18 * * 1-5"}


def test_no_schedule_needs_no_jobs():
    assert scale_jobs(replace(PLAN, up_cron=None, down_cron=None)) == ()


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        ("45 6 * * 1-5", "15 18 * * 1-5", "45 6-17 * * 1-5"),
        ("0 7 * * *", "0 18 * * *", "0 7-17 * * *"),  # not at 18:00, where `down` is
        ("15 7 * * 1,3", "45 9 * * 1,3", "15 7-9 * * 1,3"),
        ("30 8 * * 1-5", "0 9 * * 1-5", "30 8 * * 1-5"),
    ],
)
def test_up_is_repeated_until_the_window_ends(up: str, down: str, expected: str):
    assert hourly_until(up, down) == expected


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"coder": {"replicas": 3}}, "coder.replicas is no value of the chart coder-provisioner"),
        ({"coder": {"toleration": []}}, "coder.toleration is no value of the chart coder-provisioner; did you mean coder.tolerations?"),
        ({"provisionerDaemon": {"keySecret": "x"}}, "provisionerDaemon.keySecret is no value of the chart coder-provisioner; did you mean"),
        ({"coder": {"env": [{"name": "CODER_URI", "value": ""}]}}, "CODER_URI is no variable of a provisioner; did you mean CODER_URL?"),
    ],
)
def test_what_the_chart_would_ignore_is_an_error(tree: dict[str, object], sentence: str):
    """Decision 4: an unknown key or variable is an error, not silence."""
    with pytest.raises(UnknownCoderValueError) as error:
        check(tree)
    assert sentence in str(error.value)


def test_no_autoscaler_ends_a_build():
    """T-83, PRV-15: neither the cluster autoscaler nor Karpenter."""
    annotations = values(FACTS)["coder"]["podAnnotations"]
    assert annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert annotations["karpenter.sh/do-not-disrupt"] == "true"
