"""Deployments that AWS is slow with: attempts with growing pauses on a fake clock, and who is told at the end (EKS-29, OBS-14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.deploy import Attempt, Deployment
from operations.failure import ExitCode, Failure
from operations.retries import Patience, persist

SLOW = Attempt(1, "aws:eks:Cluster: error: timeout while waiting for state to become 'ACTIVE' (last state: 'CREATING', timeout: 30m0s)\n")
WRONG = Attempt(
    1, "error: Pulumi.prod.yaml: coder-eks:regions.us-east-1.network.cidr: 8.0.0.0/8 is not a private range; timeout while waiting\n"
)
DONE = Attempt(0, "Resources: + 400 created\n")
TOPICS = {"critical": "arn:aws:sns:us-east-1:123456789012:coder-prod-critical"}


class World:
    """A clock that only pauses move, and what was said and told."""

    def __init__(self, *attempts: Attempt, topics: Mapping[str, object] = TOPICS) -> None:
        self.left = list(attempts)
        self.pauses: list[float] = []
        self.said: list[str] = []
        self.told: list[tuple[str, str, str]] = []
        self.topics = topics

    def deployment(self, **patience: int) -> Deployment:
        return Deployment(
            stack="prod",
            update=lambda: self.left.pop(0),
            topics=lambda: self.topics,
            tell=lambda topic_arn, subject, message: self.told.append((topic_arn, subject, message)),
            say=self.said.append,
            sleep=self.pauses.append,
            patience=Patience(**patience),
        )


def test_a_slow_cluster_is_tried_again_after_growing_pauses():
    """EKS-29."""
    world = World(SLOW, SLOW, DONE)
    world.deployment().run()

    assert world.pauses == [60, 120]
    assert world.said == ["attempt 2 of 4 in 60 s", "attempt 3 of 4 in 120 s"]
    assert not world.told


def test_a_first_success_waits_for_nothing():
    world = World(DONE)
    world.deployment().run()

    assert not world.pauses


def test_who_gives_up_tells_the_critical_topic():
    """OBS-14, EKS-29: failure of EKS after all attempts."""
    world = World(SLOW, SLOW, SLOW, SLOW)
    with pytest.raises(Failure) as caught:
        world.deployment().run()

    assert caught.value.code == ExitCode.UNREACHABLE
    assert world.pauses == [60, 120, 240]
    ((topic, subject, message),) = world.told
    assert (topic, subject) == (TOPICS["critical"], "Coder prod: deployment gave up")
    assert "timeout while waiting for state" in message
    assert "docs/runbooks/alerts.md#system-down" in message


def test_a_fault_of_the_stack_file_is_not_tried_again():
    world = World(WRONG)
    with pytest.raises(Failure) as caught:
        world.deployment().run()

    assert caught.value.code == ExitCode.REFUSED
    assert not world.pauses
    assert not world.told


def test_without_topics_it_says_that_nobody_was_told():
    world = World(SLOW, SLOW, topics={})
    with pytest.raises(Failure, match="nobody was told"):
        world.deployment(attempts=2).run()


@given(st.integers(1, 8), st.integers(1, 600), st.integers(1, 4), st.integers(600, 3600))
def test_pauses_grow_to_their_longest_and_there_is_one_fewer_than_attempts(attempts: int, first: int, factor: int, longest: int):
    patience = Patience(attempts=attempts, first=timedelta(seconds=first), factor=factor, longest=timedelta(seconds=longest))
    pauses = [pause.total_seconds() for pause in patience.pauses()]

    assert len(pauses) == attempts - 1
    assert pauses == sorted(pauses)
    assert all(pause <= longest for pause in pauses)


@given(st.integers(1, 8))
def test_it_is_tried_as_often_as_was_said(attempts: int):
    tried: list[int] = []

    def attempt() -> int:
        tried.append(1)
        return len(tried)

    assert persist(attempt, lambda _: True, Patience(attempts=attempts), lambda _: None, lambda _: None) == attempts
