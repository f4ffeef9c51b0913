"""A goal is a ratio of medians; it says whether it is met, and nothing where a side failed."""

from __future__ import annotations

import pytest

from bench.goals import goals
from bench.report import goal_rows, markdown, rows
from bench.samples import Case, Pack, Phase, Program, Sample, Samples


def sample(wall: float, failure: str = "") -> Sample:
    return Sample(wall=wall, cpu=wall / 2, cloud_cpu=0.1, peak=300 * 2**20, load=1.0, failure=failure)


def measured(*cases: tuple[Case, list[float]]) -> Samples:
    samples = Samples()
    for case, walls in cases:
        for wall in walls:
            samples.add(case, sample(wall))
    return samples


def case(program: Program, copies: int = 1, phase: Phase = Phase.FIRST_PREVIEW, pack: Pack = Pack.NONE) -> Case:
    return Case(phase, 250 * copies, copies, program, pack)


@pytest.mark.parametrize(("walls", "met"), [([9.0, 2.9, 3.0], True), ([3.1, 3.2, 2.0], False)])
def test_the_median_of_a_preview_is_held_against_one_and_a_half_floors(walls, met):
    (goal,) = goals(measured((case(Program.PROD), walls), (case(Program.FLOOR), [2.0, 2.0, 7.0])))
    assert (goal.limit, goal.met) == (1.5, met)


def test_an_update_may_take_a_fifth_more_than_the_floor():
    (goal,) = goals(measured((case(Program.PROD, phase=Phase.UP), [13.0]), (case(Program.FLOOR, phase=Phase.UP), [10.0])))
    assert (goal.ratio, goal.limit, goal.met) == (1.3, 1.2, False)


def test_policies_are_held_against_an_empty_pack_not_against_none():
    samples = measured(
        (case(Program.PROD), [1.0]), (case(Program.PROD, pack=Pack.EMPTY), [4.0]), (case(Program.PROD, pack=Pack.REAL), [4.3])
    )
    (goal,) = goals(samples)
    assert goal.ratio == pytest.approx(1.075)
    assert goal.met


@pytest.mark.parametrize(("walls", "met"), [((3.0, 4.0, 6.0), True), ((3.0, 4.0, 7.0), False)])
def test_a_preview_that_bends_upwards_is_not_linear(walls, met):
    samples = measured(*((case(Program.PROD, copies), [wall]) for copies, wall in zip((1, 2, 4), walls, strict=True)))
    (goal,) = goals(samples)
    assert goal.name.endswith("linear in the resources")
    assert goal.met is met


def test_a_judge_that_is_quadratic_is_found_out():
    samples = measured(*((Case(Phase.ANALYZE, n, n, Program.PROD, Pack.REAL), [1 + (n / 500) ** 2]) for n in (250, 1000, 4000)))
    (goal,) = goals(samples)
    assert not goal.met


def test_what_failed_is_no_measurement():
    samples = measured((case(Program.FLOOR), [2.0]))
    samples.add(case(Program.PROD), sample(0.5, "exit code 1: error: no"))
    assert goals(samples) == []
    assert samples.failures() == ["first preview of prod at 1x, policies: none: exit code 1: error: no"]


def test_the_tables_name_the_ratio_to_the_floor_and_the_verdict():
    samples = measured((case(Program.PROD), [3.0]), (case(Program.FLOOR), [2.0]))
    prod, floor = rows(samples)
    assert prod[2] == "prod"
    assert prod[8] == "1.50"
    assert floor[8] == ""
    assert [row[-1] for row in goal_rows(goals(samples))] == ["met"]
    assert "| first preview | 250 | prod | none | 3.00 | 1.50 | 0.10 | 300 | 1.50 | 1 |" in markdown(samples, goals(samples), [])
