"""Rotation by date: 90 days, told 14 days before, with a clock that is the key's own day (PRV-07, OBS-13, T-60)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from localcloud.kinds.cron import schedule_fault
from plan.rotation import on_date, reminded_on, rotated_on


def test_a_key_of_november_is_told_in_february_and_goes_in_the_same_month():
    made = date(2026, 11, 21)

    assert (reminded_on(made), rotated_on(made)) == (date(2027, 2, 5), date(2027, 2, 19))
    assert on_date(reminded_on(made)) == "cron(0 13 5 2 ? 2027)"


@given(st.dates(date(2024, 1, 1), date(2090, 1, 1)))
def test_the_reminder_comes_two_weeks_before_the_end_on_any_day_of_any_year(made: date):
    assert rotated_on(made) - reminded_on(made) == timedelta(days=14)
    assert reminded_on(made) - made == timedelta(days=76)
    assert schedule_fault(on_date(reminded_on(made))) is None
