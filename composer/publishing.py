"""What a stack file publishes, composed for its deployment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from composer.catalog import Catalog
from composer.composing import Composed, Deployment, compose, composition_of
from composer.errors import CompositionError
from composer.publications import Permit
from composer.rendering import Instance
from plan.model import Plan
from plan.templates import template_facts
from settings.model import Settings
from settings.templates import Channel, On, Published


class PublicationError(CompositionError):
    """Templates that a stack file publishes and that can't be made: each problem begins with its key there."""


def publish(catalog: Catalog, settings: Settings, plan: Plan, today: date) -> dict[str, Composed]:
    """Every published template by name, in order; PublicationError with the faults of all."""
    composed: dict[str, Composed] = {}
    problems: list[str] = []
    for name, published in settings.templates.active.items():
        key = _key(name)
        try:
            composed[name] = compose(catalog, name, deployment(settings, plan, name, today), published.sizes)
        except CompositionError as error:
            problems += [f"{key}: {problem.removeprefix(f'{name}: ')}" for problem in error.problems]
        else:
            problems += [f"{key}.runs_on: {problem}" for problem in _misplaced(published, catalog, composed[name])]
    if problems:
        raise PublicationError(problems)
    return composed


def strangers(catalog: Catalog, settings: Settings) -> Iterator[str]:
    """Published names that are no composition's: what can be told without a plan."""
    for name in settings.templates.active:
        try:
            composition_of(catalog, name)
        except CompositionError as error:
            yield from (f"{_key(name)}: {problem}" for problem in error.problems)


def _key(name: str) -> str:
    return f"coder-eks:templates.published.{name}"


def deployment(settings: Settings, plan: Plan, template: str, today: date, channel: Channel | None = None) -> Deployment:
    """What a stack tells the composer of one template. channel: another than the stack file's."""
    facts = template_facts(settings, plan, settings.primary_region)
    permits = [each for each in settings.templates.permits if each.template == template]
    return Deployment(
        sizes=settings.workload.sizes,
        instance=Instance(coder_url=facts.coder_url, access_url=facts.access_url, region=facts.region, platform=facts.platform),
        channel=channel or settings.templates.channel,
        permits=[Permit.model_validate(permit.model_dump(exclude={"template"})) for permit in permits],
        today=today,
    )


def _misplaced(published: Published, catalog: Catalog, version: Composed) -> Iterator[str]:
    """The stack file says what workspaces are, since limits and capacity follow from it; the base has to agree."""
    source = version.provenance.base
    on = On.EC2 if catalog.bases[source.name, source.version].manifest.machines else On.PODS
    if on is not published.runs_on:
        yield f"its workspaces are {on}, the stack file says {published.runs_on}; write {on}"
