"""One stack, one Coder deployment: settings, then the plan, then the resources."""

from __future__ import annotations

from datetime import UTC, datetime

import pulumi

from components.chart_keys import UnknownChartValueError
from components.database_role import NoRootsError
from components.environment import Environment, EnvironmentArgs
from components.tags import environment_tags, tag_everything
from composer import faults
from composer.errors import CompositionError
from composer.publishing import PublicationError
from plan import PlanError, make_plan
from settings.from_pulumi import load_from_pulumi
from settings.load import SettingsError


def main() -> None:
    """Declare the stack. Faults of the stack file are sentences for the operator, all at once, before anything is declared."""
    file, today = f"Pulumi.{pulumi.get_stack()}.yaml", datetime.now(UTC).date()
    try:
        settings = load_from_pulumi()
    except SettingsError as error:
        raise pulumi.RunError("\n".join(faults.of_settings(error, today))) from None
    try:
        plan = make_plan(settings)
    except PlanError as error:
        raise pulumi.RunError("\n".join(faults.of_plan(error, file, settings, today))) from None
    for warning in plan.warnings:
        pulumi.log.warn(warning)

    system = settings.system
    tag_everything(environment_tags(system=system.name, owner=system.owner, cost_center=system.cost_center))
    try:
        environment = Environment("coder", EnvironmentArgs(settings=settings, plan=plan))
    except PublicationError as error:  # the composer knows keys and no file
        raise pulumi.RunError("\n".join(f"{file}: {problem}" for problem in error.problems)) from None
    except (CompositionError, UnknownChartValueError) as error:
        raise pulumi.RunError("\n".join(error.problems)) from None
    except NoRootsError as error:
        raise pulumi.RunError(f"{file}: {error}") from None

    for name, value in sorted(environment.summary.items()):
        pulumi.export(name, value)


main()
