"""One stack, one Coder deployment: settings, then the plan, then the resources."""

from __future__ import annotations

import pulumi

from components.chart_keys import UnknownChartValueError
from components.database_role import NoRootsError
from components.environment import Environment, EnvironmentArgs
from components.tags import environment_tags, tag_everything
from composer.errors import CompositionError
from composer.publishing import PublicationError
from plan import PlanError, make_plan
from plan.faults import all_faults
from settings.from_pulumi import load_from_pulumi
from settings.load import SettingsError


def main() -> None:
    """Declare the stack. Faults of the stack file are sentences for the operator, all at once, before anything is declared."""
    try:
        settings = load_from_pulumi()
        plan = make_plan(settings)
    except SettingsError as error:
        raise pulumi.RunError("\n".join(all_faults(error))) from None
    except PlanError as error:  # the plan knows keys and no file
        raise pulumi.RunError("\n".join(f"Pulumi.{pulumi.get_stack()}.yaml: {problem}" for problem in error.problems)) from None
    for warning in plan.warnings:
        pulumi.log.warn(warning)

    system = settings.system
    tag_everything(environment_tags(system=system.name, owner=system.owner, cost_center=system.cost_center))
    try:
        environment = Environment("coder", EnvironmentArgs(settings=settings, plan=plan))
    except PublicationError as error:  # nor does the composer know the file
        raise pulumi.RunError("\n".join(f"Pulumi.{pulumi.get_stack()}.yaml: {problem}" for problem in error.problems)) from None
    except (CompositionError, UnknownChartValueError) as error:
        raise pulumi.RunError("\n".join(error.problems)) from None
    except NoRootsError as error:
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml: {error}") from None

    for name, value in sorted(environment.summary.items()):
        pulumi.export(name, value)


main()
