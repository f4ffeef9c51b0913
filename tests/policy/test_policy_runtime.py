"""The pack in the real policy runtime: `pulumi policy analyze` over an exported state (POL-18).

Each run starts the CLI and the pack, which costs more than judging. So a state carries one broken fact of each of several properties: every
property has to name its own, as it does when the fact is broken alone (that is tested without the process around it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.policy import (
    test_property_01_infrastructure,
    test_property_02_quota,
    test_property_03_workspace_isolation,
    test_property_04_static_control_plane,
    test_property_05_backup_rpo,
    test_property_06_external_provisioners,
    test_property_07_auto_stop,
    test_property_08_https,
    test_property_09_admin_access,
    test_property_10_tshirt_sizes,
    test_property_11_declarative,
    test_property_12_dns,
    test_property_13_portability,
    test_property_14_contract,
    test_property_15_provenance,
    test_property_16_overrides,
    test_property_17_semver,
)
from tests.policy.breaking import Broken
from tests.policy.engine import analyze, exported, local_environment
from tests.policy.graphs import Shape, prod_like
from tests.policy.mutants import Mutant
from tests.policy.recorded import stack
from tests.policy.world import DEPLOYED
from tools.environment import Environment

pytestmark = pytest.mark.engine

# By number: a few of each property's broken facts, which do not hide each other; those of one place share a state.
DESCRIBED: dict[int, tuple[list[Mutant], tuple[str, ...]]] = {
    1: (test_property_01_infrastructure.MUTANTS, ("a subnet too few", "a load balancer in two zones")),
    4: (test_property_04_static_control_plane.MUTANTS, ("autoscaling/v2:HorizontalPodAutoscaler", "a discovery tag on coderd's nodes")),
    5: (test_property_05_backup_rpo.MUTANTS, ("retention that AWS does not have", "no deletion protection")),
    6: (test_property_06_external_provisioners.MUTANTS, ("the variable is not set", "a port that the Service has not")),
    8: (test_property_08_https.MUTANTS, ("plain HTTP beside it", "the database")),
    12: (test_property_12_dns.MUTANTS, ("no record of the wildcard", "no wildcard host")),
}
RECORDED: dict[int, tuple[list[Broken], tuple[str, ...]]] = {
    2: (test_property_02_quota.BROKEN, ("nodes for training", "gateways in one zone")),
    3: (test_property_03_workspace_isolation.BROKEN, ("the CNI enforces nothing", "a policy lets everybody in")),
    7: (test_property_07_auto_stop.BROKEN, ("a second template without a stop", "no day to start on")),
    9: (test_property_09_admin_access.BROKEN, ("a later duplicate wins", "a role with exec")),
    10: (test_property_10_tshirt_sizes.BROKEN, ("large nodes that are only called so", "pods on the nodes of coderd")),
    11: (test_property_11_declarative.BROKEN, ("a template that looks away", "a group declared twice")),
    13: (test_property_13_portability.BROKEN, ("a role in a script", "a forged manifest over it")),
    14: (test_property_14_contract.BROKEN, ("a base without what is required", "a forged manifest over it")),
    15: (test_property_15_provenance.BROKEN, ("a file changed afterwards", "other files than declared, all forged")),
    16: (test_property_16_overrides.BROKEN, ("another identity", "a forged manifest over it")),
    17: (test_property_17_semver.BROKEN, ("a version that the name does not say", "the same base with other files")),
}


def place_of(number: int, case: Broken | Mutant) -> tuple[str, int]:
    """The state that carries a broken fact."""
    kind = "described" if number in DESCRIBED else "recorded"
    return kind, {**DESCRIBED, **RECORDED}[number][1].index(case.name)


def chosen() -> Iterator[tuple[int, Broken | Mutant]]:
    for number, (cases, names) in sorted({**DESCRIBED, **RECORDED}.items()):
        for name in names:
            (case,) = [case for case in cases if case.name == name]
            yield number, case


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with local_environment(tmp_path_factory.mktemp("policy")) as started:
        yield started


Judged = tuple[int, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def judged(local: Environment, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Judged]:
    """What the runtime says of a state, asked once."""
    known: dict[tuple[str, int], Judged] = {}

    def ask(kind: str, index: int) -> Judged:
        if (kind, index) not in known:
            cases = [case for number, case in chosen() if place_of(number, case) == (kind, index)]
            built, recording = prod_like(), stack("prod", DEPLOYED)
            for case in cases:
                case.apply(built) if isinstance(case, Mutant) else case.apply(recording)
            state = exported(built.world) if kind == "described" else recording.exported()
            known[kind, index] = analyze(local, state, tmp_path_factory.mktemp("state"))
        return known[kind, index]

    return ask


def test_a_deployed_prod_is_green(local: Environment, tmp_path: Path) -> None:
    code, events = analyze(local, stack("prod", DEPLOYED).exported(), tmp_path)
    assert events == []
    assert code == 0


@pytest.mark.parametrize(
    ("number", "case"), [pytest.param(number, case, id=f"property-{number:02}-{case.name}".replace(" ", "-")) for number, case in chosen()]
)
def test_a_mutated_export_is_caught_by_its_property(judged: Callable[[str, int], Judged], number: int, case: Broken | Mutant) -> None:
    code, events = judged(*place_of(number, case))
    own = [event for event in events if event["policyName"].startswith(f"property-{number:02}-")]
    assert code != 0
    assert any(case.reason in event["message"] and event["enforcementLevel"] == "mandatory" for event in own), own or events


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
