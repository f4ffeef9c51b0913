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


def of_settings(error: SettingsError, today: date, catalog: Path = CATALOG) -> tuple[str, ...]:
    """What settings and plan say, and what is wrong with the templates beside: a sentence each, with the file."""
    told = faults.all_faults(error)
    wrong = [key.split(".") for key in error.left_out]
    if error.rest is None or any(path[0] == "templates" for path in wrong):
        return told
    # a size or a region that is wrong itself is another one in the rest, and what a template lacks there is no fault of the file
    names_only = any(path[0] == "workload" or len(path) < 3 for path in wrong)
    return (*told, *_with_file(error.file, _of_templates(error.rest, catalog, today, names_only=names_only)))


def of_plan(error: PlanError, file: str, settings: Settings, today: date, catalog: Path = CATALOG) -> tuple[str, ...]:
    """The same where the settings stand, and the plan does not."""
    return tuple(_with_file(file, (*error.problems, *_of_templates(settings, catalog, today, names_only=True))))


def _of_templates(settings: Settings, folder: Path, today: date, *, names_only: bool = False) -> tuple[str, ...]:
    """Without a plan, names only. Nothing of a catalogue that is wrong itself: that is told when the stack file is right."""
    try:
        catalog = load_catalog(folder)
    except CompositionError:
        return ()
    if names_only:
        return tuple(strangers(catalog, settings))
    try:
        publish(catalog, settings, make_plan(settings), today)
    except PublicationError as error:
        return error.problems
    except PlanError:
        return tuple(strangers(catalog, settings))
    return ()


def _with_file(file: str, problems: Iterable[str]) -> Iterable[str]:
    return (f"{file}: {problem}" for problem in problems)
