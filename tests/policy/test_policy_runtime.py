"""The pack in the real policy runtime: `pulumi policy analyze` over an exported state (POL-18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policy import (
    test_property_01_infrastructure,
    test_property_04_static_control_plane,
    test_property_05_backup_rpo,
    test_property_06_external_provisioners,
    test_property_08_https,
    test_property_12_dns,
)
from tests.policy.engine import analyze, exported, local_environment
from tests.policy.graphs import Shape, prod_like
from tests.policy.mutants import Mutant
from tests.policy.recorded import stack
from tests.policy.world import DEPLOYED
from tools.environment import Environment

pytestmark = pytest.mark.engine

MODULES = {
    1: test_property_01_infrastructure,
    4: test_property_04_static_control_plane,
    5: test_property_05_backup_rpo,
    6: test_property_06_external_provisioners,
    8: test_property_08_https,
    12: test_property_12_dns,
}
# each run starts the CLI and the pack: a few of each property's mutants here, all of them without the process around
SAMPLE = [
    pytest.param(number, mutant, id=f"property-{number:02}-{mutant.name}".replace(" ", "-"))
    for number, module in MODULES.items()
    for mutant in [mutant for mutant in module.MUTANTS if DEPLOYED in mutant.modes][1::20]
]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with local_environment(tmp_path_factory.mktemp("policy")) as started:
        yield started


def test_a_deployed_prod_is_green(local: Environment, tmp_path: Path) -> None:
    code, events = analyze(local, stack("prod", DEPLOYED).exported(), tmp_path)
    assert events == []
    assert code == 0


@pytest.mark.parametrize(("number", "mutant"), SAMPLE)
def test_a_mutated_export_is_caught_by_its_property(local: Environment, tmp_path: Path, number: int, mutant: Mutant) -> None:
    built = prod_like(mutant.shape)
    mutant.apply(built)
    code, events = analyze(local, exported(built.world), tmp_path)
    found = [event["message"] for event in events if event["policyName"].startswith(f"property-{number:02}-")]
    assert code != 0
    assert any(mutant.reason in message for message in found), events


def test_the_first_visit_leaves_its_line_in_the_events(local: Environment, tmp_path: Path) -> None:
    code, events = analyze(local, stack("prod", DEPLOYED, visit=1).exported(), tmp_path)
    assert code == 0
    assert {event["enforcementLevel"] for event in events} == {"advisory"}
    waiting = [event["message"] for event in events]
    assert any("\nproperty-06 not judged: first visit" in message for message in waiting)
    assert all(" not judged: first visit" in message for message in waiting)


def test_pack_config_overrides_the_table(local: Environment, tmp_path: Path) -> None:
    shape = Shape(zones=2, nat="single-gateway", retention=7)
    names = [f"property-{name}" for name in ("01-infrastructure", "01-infrastructure-inputs", "05-backup-rpo", "05-backup-rpo-inputs")]
    _, events = analyze(local, exported(prod_like(shape).world), tmp_path, dict.fromkeys(names, shape.need()))
    assert not [event for event in events if event["policyName"] in names]


def test_pack_config_that_the_schema_refuses_is_a_sentence(local: Environment, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Additional property zoness is not allowed"):
        analyze(local, exported(prod_like().world), tmp_path, {"property-01-infrastructure": {"need": {"zoness": 2}}})
