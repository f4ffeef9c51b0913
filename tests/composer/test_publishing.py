"""What a stack file publishes and can't be made is told with its key there, all of it at once."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path

import pytest

from composer.catalog import Catalog, load_catalog
from composer.publishing import PublicationError, publish
from plan.make import make_plan
from settings.load import load_file
from settings.model import Settings

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 21)
KEY = "coder-eks:templates.published."


@functools.cache
def catalog() -> Catalog:
    return load_catalog(ROOT / "catalog")


def prod(**published: dict[str, object]) -> Settings:
    """Prod's, which publishes pod-swdev alone, once for each name and with these changes."""
    whole = load_file(ROOT / "Pulumi.prod.yaml")
    one = whole.templates.published["pod-swdev"]
    named = {name.replace("_", "-"): one.model_copy(update=changes) for name, changes in published.items()}
    return whole.model_copy(update={"templates": whole.templates.model_copy(update={"published": named})})


def told(settings: Settings) -> tuple[str, ...]:
    with pytest.raises(PublicationError) as caught:
        publish(catalog(), settings, make_plan(settings), TODAY)
    return caught.value.problems


@pytest.mark.parametrize("stack", ["prod", "demo", "reference"])
def test_what_the_stacks_publish_is_made(stack: str):
    settings = load_file(ROOT / f"Pulumi.{stack}.yaml")
    assert list(publish(catalog(), settings, make_plan(settings), TODAY)) == sorted(settings.templates.active)


def test_a_wrong_name_is_told_with_its_key_and_the_right_one():
    name = "pod-swdevv is no composition of the catalogue; did you mean pod-swdev?"
    assert told(prod(pod_swdev={}, pod_swdevv={})) == (f"{KEY}pod-swdevv: {name}",)


def test_all_faults_of_all_templates_are_told_at_once():
    found = told(prod(pod_swdev={"sizes": ("data-sci-large",)}, pod_swdevs={}, ec2_swdev={"sizes": ("sw-dev-small",)}))
    assert [problem.split(": ")[0] for problem in found] == [f"{KEY}ec2-swdev.runs_on", f"{KEY}pod-swdev", f"{KEY}pod-swdevs"]
    assert found[0].endswith(": its workspaces are ec2, the stack file says pods; write ec2")
    assert "size data-sci-large is published, but no profile of swdev" in found[1]
