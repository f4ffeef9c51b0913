"""Everything that is wrong with a stack file, at once: its settings, its plan, and the templates that it publishes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from composer.catalog import CATALOG, load_catalog
from composer.errors import CompositionError
from composer.publishing import PublicationError, publish, strangers
from plan import faults
from plan.make import make_plan
from plan.model import PlanError
from settings.load import SettingsError
from settings.model import Settings

_OF_TEMPLATES = ("templates", "workload")  # the sections that a composition is made of


def of_settings(error: SettingsError, today: date, catalog: Path = CATALOG) -> tuple[str, ...]:
    """What settings and plan say, and what is wrong with the templates beside: a sentence each, with the file."""
    told = faults.all_faults(error)
    if error.rest is None or any(key.split(".")[0] in _OF_TEMPLATES for key in error.left_out):
        return told
    return (*told, *_with_file(error.file, _of_templates(error.rest, catalog, today)))


def of_plan(error: PlanError, file: str, settings: Settings, today: date, catalog: Path = CATALOG) -> tuple[str, ...]:
    """The same where the settings stand, and the plan does not."""
    return tuple(_with_file(file, (*error.problems, *_of_templates(settings, catalog, today))))


def _of_templates(settings: Settings, folder: Path, today: date) -> tuple[str, ...]:
    """Without a plan, names only. Nothing of a catalogue that is wrong itself: that is told when the stack file is right."""
    try:
        catalog = load_catalog(folder)
    except CompositionError:
        return ()
    try:
        publish(catalog, settings, make_plan(settings), today)
    except PublicationError as error:
        return error.problems
    except PlanError:
        return tuple(strangers(catalog, settings))
    return ()


def _with_file(file: str, problems: Iterable[str]) -> Iterable[str]:
    return (f"{file}: {problem}" for problem in problems)
