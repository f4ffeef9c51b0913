"""Cron expressions: the five fields of Unix (Auto Scaling) and the six of EventBridge and Backup. A fault is a sentence.

Source: "Scheduled scaling" of the Auto Scaling guide; "Cron expressions" of the EventBridge guide (read 2026).
"""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MINUTE, _HOUR, _DAY, _MONTH = ("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12)
_UNIX: Final = (_MINUTE, _HOUR, _DAY, _MONTH, ("day of week", 0, 7))
_EVENTS: Final = (_MINUTE, _HOUR, _DAY, _MONTH, ("day of week", 1, 7), ("year", 1970, 2199))
_RATE: Final = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)")


def fault(expression: str) -> str | None:
    """What is wrong with five fields of Unix cron; None where nothing is."""
    return _fields_fault(expression.split(), _UNIX, _WEEKDAYS, 0)


def schedule_fault(expression: str) -> str | None:
    """What is wrong with `cron(…)` or `rate(…)` of EventBridge and Backup; None where nothing is."""
    if expression.startswith("rate("):
        return None if _RATE.fullmatch(expression) else "a rate is rate(1 minute|hour|day) or rate(n minutes|hours|days)"
    inside = re.fullmatch(r"cron\((.*)\)", expression)
    if not inside:
        return "it is neither cron(…) nor rate(…)"
    fields = inside[1].split()
    if len(fields) == len(_EVENTS) and (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of day of month and day of week is ?"
    return _fields_fault([("*" if field == "?" else field) for field in fields], _EVENTS, _WEEKDAYS, 1)


def _fields_fault(fields: list[str], ranges: tuple[tuple[str, int, int], ...], weekdays: tuple[str, ...], first_day: int) -> str | None:
    if len(fields) != len(ranges):
        return f"it has {len(fields)} fields, not {len(ranges)}"
    for field, (name, low, high) in zip(fields, ranges, strict=True):
        words: dict[str, int] = {month: number for number, month in enumerate(_MONTHS, 1)} if name == "month" else {}
        words = {day: index + first_day for index, day in enumerate(weekdays)} if name == "day of week" else words
        for part in field.split(","):
            if not _part_is_good(part, low, high, words, special=first_day == 1):
                return f"{name} {field!r} is not from {low} to {high}"
    return None


def _part_is_good(part: str, low: int, high: int, words: dict[str, int], *, special: bool) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if span == "*" or (special and re.fullmatch(r"L|LW|\d+W|\d+L|\d+#[1-5]|[A-Z]{3}#[1-5]", span)):
        return True
    ends = [words.get(end.upper(), int(end) if end.isdigit() else -1) for end in span.split("-")]
    return 1 <= len(ends) <= 2 and all(low <= end <= high for end in ends) and ends == sorted(ends)
