"""How many provisioners: each runs one build, so slots decide how long a queue takes (PRV-10, T-19)."""

from __future__ import annotations

from datetime import timedelta

from plan.model import ProvisionerPlan, SchedulePlan
from settings.workload import Workload

REPLICAS_FLOOR = 2  # autostop is a build too, so there is never none (T-30); two, so that a node can go
TARGET_BUILDS, TARGET = 1000, timedelta(seconds=120)  # 1000 operations at once, a pod workspace in 2 minutes: acceptance in prod-design.md
BUILD = timedelta(seconds=60)  # one pod workspace, requirements 4.2


def slots_for(builds: int, within: timedelta, each: timedelta = BUILD) -> int:
    """Provisioners that finish so many builds, all asked for at once, within that time; ValueError where one build takes longer."""
    waves = within // each
    if not waves:
        raise ValueError(f"one build takes {each}, longer than {within}")
    return -(-builds // waves)


def last_finishes(builds: int, slots: int, each: timedelta = BUILD) -> timedelta:
    """When the last of so many builds ends, counted from when all are asked for."""
    return -(-builds // slots) * each


def provisioner_plan(peak: int, schedule: SchedulePlan | None, workload: Workload, system: str) -> ProvisionerPlan:
    """Replicas at the peak and outside it; without a schedule always the peak's."""
    peak = max(peak, REPLICAS_FLOOR)
    return ProvisionerPlan(
        replicas_peak=peak,
        replicas_floor=REPLICAS_FLOOR if schedule else peak,
        up_cron=schedule.up_cron if schedule else None,
        down_cron=schedule.down_cron if schedule else None,
        time_zone=workload.timezone,
        cpu=str(workload.provisioner.cpu),
        memory=str(workload.provisioner.memory),
        tags={"environment": system},
    )
