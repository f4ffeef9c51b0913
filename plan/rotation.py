"""Rotation of what coderd gives out: its token for Pulumi and the provisioner key, both made on one day (PRV-07, T-60)."""

from __future__ import annotations

from datetime import date, timedelta

PERIOD = timedelta(days=90)  # requirements section 5: provisioner keys (12f) and service tokens (12d)
AHEAD = timedelta(days=14)  # prod-design.md, Runtime Errors
HOUR_UTC = 13  # within working hours from California to Berlin


def rotated_on(made_on: date) -> date:
    """The last day of a key that was made on that day."""
    return made_on + PERIOD


def reminded_on(made_on: date) -> date:
    """When somebody is told."""
    return rotated_on(made_on) - AHEAD


def on_date(day: date) -> str:
    """EventBridge's schedule for one day, in UTC."""
    return f"cron(0 {HOUR_UTC} {day.day} {day.month} ? {day.year})"
