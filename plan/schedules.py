"""When capacity rises and falls: cron in the clock of a place, right through both changes of its clock (EKS-17 to EKS-20)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from plan.model import SchedulePlan
from settings.cluster import Schedule
from settings.quantities import Day

_CRON_DAYS = {day: number for number, day in enumerate(Day, start=1)}  # Monday is 1; Sunday, 7 here, is cron's 0


def cron(moment: time, days: tuple[Day, ...]) -> str:
    """`45 6 * * 1-5`: five fields, in local time."""
    return f"{moment.minute} {moment.hour} * * {_days_field(days)}"


def _days_field(days: tuple[Day, ...]) -> str:
    if len(days) == len(Day):
        return "*"
    numbers = sorted(_CRON_DAYS[day] % 7 for day in days)
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


def schedule_plan(schedule: Schedule | None, time_zone: str) -> SchedulePlan | None:
    """The schedule as cron; None without one."""
    if schedule is None:
        return None
    return SchedulePlan(time_zone, cron(schedule.up, schedule.days), cron(schedule.down, schedule.days))


@dataclass(frozen=True)
class Window:
    """Hours of a week in which capacity stands, in the clock of a place."""

    up: time
    down: time
    days: tuple[Day, ...]
    time_zone: str

    @classmethod
    def of(cls, schedule: Schedule, time_zone: str) -> Window:
        """The window of a cluster's schedule."""
        return cls(schedule.up, schedule.down, schedule.days, time_zone)

    def contains(self, instant: datetime) -> bool:
        """Whether capacity stands at that instant, which carries a zone of its own; the start is in, the end is not."""
        local = instant.astimezone(ZoneInfo(self.time_zone))
        return any(start <= instant < end for start, end in self._spans(local.date()))

    def capacity(self, instant: datetime, peak: int, floor: int) -> int:
        """What the clock guarantees at that instant: the peak's capacity or the floor (EKS-17)."""
        return peak if self.contains(instant) else floor

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if tuple(Day)[day.weekday()] in self.days:
            yield _instant(day, self.up, self.time_zone), _instant(day, self.down, self.time_zone)

    @property
    def share_of_week(self) -> float:
        """The part of an average week in which capacity stands."""
        open_minutes = (self.down.hour - self.up.hour) * 60 + self.down.minute - self.up.minute
        return len(self.days) * open_minutes / (7 * 24 * 60)


def _instant(day: date, moment: time, time_zone: str) -> datetime:
    """When a clock there shows that time: the first of two, and a time that the clock skips as if it had not yet jumped."""
    return datetime.combine(day, moment, ZoneInfo(time_zone)).astimezone(UTC)
