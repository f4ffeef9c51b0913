"""What every test starts from."""

from __future__ import annotations

import gc

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests import once
from tests.distribution import ByFile, rank

# Machines are shared and noisy: no test fails for its time, speed is shown by the benchmark.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")
# Recording a program makes much and drops little: with Python's own thresholds more than half of the time goes into looking for garbage.
gc.set_threshold(500_000, 10, 100)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        once.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        once.end()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item, config.rootpath))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False  # the order is that of the collection
    return ByFile(config, log)
