"""Capacity by the clock of America/New_York, against an oracle that walks by quarters of an hour over both changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from plan.schedules import Window, cron
from settings.quantities import Day
from tests.plan.stacks import prod, region_of

NEW_YORK = "America/New_York"
WORK_DAYS = (Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI)
WINDOW = Window(time(6, 45), time(18, 15), WORK_DAYS, NEW_YORK)
EXAMPLES = hypothesis_settings(max_examples=200, deadline=None)
# The clock of New York changes on 8 March and 1 November 2026, both Sundays
SPRING, AUTUMN = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def matches(expression: str, local: datetime) -> bool:
    """The oracle: whether a cron expression names this minute of a clock on a wall."""
    minute, hour, _, _, days = expression.split()
    named: set[int] = set()
    for part in range(7) if days == "*" else days.split(","):
        first, _, last = str(part).partition("-")
        named.update(range(int(first), int(last or first) + 1))
    return local.minute == int(minute) and local.hour == int(hour) and local.isoweekday() % 7 in named


def walked(window: Window, start: datetime, hours: int) -> list[tuple[datetime, bool]]:
    """Each quarter of an hour from `start`, and whether capacity stands, by following the cron expressions for a week before it."""
    up, down = cron(window.up, window.days), cron(window.down, window.days)
    zone, standing, seen = ZoneInfo(window.time_zone), False, []
    for quarter in range(-7 * 24 * 4, hours * 4):
        instant = start + timedelta(minutes=15 * quarter)
        local = instant.astimezone(zone)
        standing = matches(up, local) or (standing and not matches(down, local))
        if quarter >= 0:
            seen.append((instant, standing))
    return seen


@pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_capacity_follows_the_clock_through_its_changes(change: datetime):
    """EKS-17, EKS-19: five days around both changes, every quarter of an hour."""
    for instant, standing in walked(WINDOW, change - timedelta(days=2), 5 * 24):
        assert WINDOW.contains(instant) is standing, instant


@hypothesis_settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([SPRING, AUTUMN]),
    # from 03:00 on: what the clock shows twice or never has no one answer
    st.lists(st.integers(3 * 4, 24 * 4 - 1), min_size=2, max_size=2, unique=True).map(sorted),
    st.sets(st.sampled_from(list(Day)), min_size=1),
)
def test_any_window_follows_the_clock_through_its_changes(change: datetime, quarters: list[int], days: set[Day]):
    """EKS-17, EKS-19: the days of both changes, for windows on any days."""
    up, down = (time(quarter // 4, quarter % 4 * 15) for quarter in quarters)
    window = Window(up, down, tuple(day for day in Day if day in days), NEW_YORK)

    for instant, standing in walked(window, change - timedelta(hours=6), 36):
        assert window.contains(instant) is standing, instant


@pytest.mark.parametrize(
    ("day", "utc"),
    [((2026, 3, 6), "11:45"), ((2026, 3, 9), "10:45"), ((2026, 10, 30), "10:45"), ((2026, 11, 2), "11:45")],
    ids=["Friday before spring", "Monday after it", "Friday before autumn", "Monday after it"],
)
def test_a_fixed_offset_would_be_an_hour_wrong(day: tuple[int, int, int], utc: str):
    """EKS-19: 06:45 in New York is another time in UTC after the clock changed."""
    hour, minute = map(int, utc.split(":"))
    start = datetime(*day, hour, minute, tzinfo=UTC)

    assert WINDOW.contains(start)
    assert not WINDOW.contains(start - timedelta(minutes=1))
    assert WINDOW.contains(start + timedelta(hours=11, minutes=29))
    assert not WINDOW.contains(start + timedelta(hours=11, minutes=30))


YEARS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001 the zone is drawn apart


@EXAMPLES
@given(YEARS, st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "UTC"]))
def test_the_peak_has_its_capacity_at_every_instant(naive: datetime, seen_from: str):
    """EKS-17: whatever zone an instant is written in, capacity stands in all of the peak and 15 minutes before it."""
    instant = naive.replace(tzinfo=ZoneInfo(seen_from))
    local = instant.astimezone(ZoneInfo(NEW_YORK))
    in_peak = local.weekday() < 5 and time(6, 45) <= local.time() < time(18)

    if in_peak:
        assert WINDOW.capacity(instant, 3000, 300) == 3000
    if local.weekday() > 4 or not time(6, 45) <= local.time() < time(18, 15):
        assert WINDOW.capacity(instant, 3000, 300) == 300


@EXAMPLES
@given(
    st.tuples(st.times(), st.times()).filter(
        lambda pair: pair[0].replace(second=0, microsecond=0) < pair[1].replace(second=0, microsecond=0)
    ),
    st.sets(st.sampled_from(list(Day)), min_size=1),
)
def test_cron_names_exactly_the_days_and_the_minute(pair: tuple[time, time], days: set[Day]):
    """Every minute of a week matches or not as the window's start does."""
    moment = pair[0].replace(second=0, microsecond=0, fold=0)
    ordered = tuple(day for day in Day if day in days)
    expression = cron(moment, ordered)

    for offset, day in enumerate(Day):
        local = datetime.combine(date(2026, 6, 1) + timedelta(days=offset), moment)  # 1 June 2026 is a Monday
        assert matches(expression, local) is (day in days)
        assert not matches(expression, local + timedelta(minutes=1))


def test_share_of_week_is_what_a_walk_over_a_week_counts():
    """The cost of a month rests on it."""
    week = walked(WINDOW, datetime(2026, 6, 1, tzinfo=UTC), 7 * 24)

    assert WINDOW.share_of_week == pytest.approx(sum(standing for _, standing in week) / len(week))


def test_prods_schedule_is_local_time_with_its_zone():
    """EKS-17 to EKS-19, T-59."""
    region = region_of()

    assert region.schedule is not None
    assert (region.schedule.up_cron, region.schedule.down_cron, region.schedule.time_zone) == ("45 6 * * 1-5", "15 18 * * 1-5", NEW_YORK)
    for group in region.node_groups:
        for action in group.scheduled:
            assert action.time_zone == NEW_YORK


@pytest.mark.parametrize(
    ("days", "field"),
    [
        (tuple(Day), "*"),
        ((Day.SAT, Day.SUN), "0,6"),
        ((Day.MON, Day.WED), "1,3"),
        ((Day.SUN,), "0"),
        ((Day.THU, Day.FRI, Day.SAT, Day.SUN), "0,4-6"),
    ],
)
def test_days_as_cron_writes_them(days: tuple[Day, ...], field: str):
    assert cron(time(6, 45), days) == f"45 6 * * {field}"


def test_down_never_evicts():
    """T-83, EKS-20: the clock lowers the minimum and leaves the number of nodes to the autoscaler."""
    for group in region_of().node_groups:
        for action in group.scheduled:
            assert (action.max_size, action.desired) == (None, None)
        assert [action.name for action in group.scheduled] in ([], ["up", "down"])


def test_provisioners_are_never_without_one_at_any_instant():
    """PRV-04, T-30, Property 6."""
    plan, schedule = region_of().provisioners, prod().regions["us-east-1"].cluster.schedule
    assert schedule is not None
    window = Window.of(schedule, plan.time_zone)
    year = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(0, 365 * 24, 3)]
    replicas = [window.capacity(instant, plan.replicas_peak, plan.replicas_floor) for instant in year]

    assert min(replicas) == 2
    assert max(replicas) == 140
    assert sum(before != after for before, after in pairwise(replicas)) > 500
