"""Processes of one run share what is dear to make; runs share nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import once


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of its own, beside the one that this test is in."""
    monkeypatch.setattr(once, "_FOLDER", "CODER_EKS_TESTS_SHARE_OF_A_TEST")


@pytest.mark.usefixtures("run")
def test_the_first_who_asks_makes_it():
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"dear"

    once.begin()
    try:
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(once.once, "thing", make) for _ in range(8)]
            assert [each.result() for each in asked] == [b"dear"] * 8
        assert once.once("other", make) == b"dear"
        assert len(made) == 2
    finally:
        folder = Path(os.environ["CODER_EKS_TESTS_SHARE_OF_A_TEST"])
        once.end()
    assert not folder.exists()
    assert once.once("thing", lambda: b"new") == b"new"


@pytest.mark.usefixtures("run")
def test_what_fails_is_not_kept():
    def fail() -> bytes:
        raise ValueError("no")

    once.begin()
    try:
        with pytest.raises(ValueError, match="no"):
            once.once("thing", fail)
        assert once.once("thing", lambda: b"made") == b"made"
    finally:
        once.end()
