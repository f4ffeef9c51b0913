"""What the real parts' tests share. Everything here is `real`; a part that is missing is an error, never a skip."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real import api_server as kubernetes
from tests.real.api_server import ApiServer
from tests.real.visits import Visits
from tools import real_parts


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    """prod on a local cloud of its own."""
    made = Visits(tmp_path_factory.mktemp("visits"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server with the definitions of the custom resources that prod uses."""
    folder = tmp_path_factory.mktemp("kubernetes")
    server, store = (real_parts.executable(part, os.environ) for part in (real_parts.KUBE_APISERVER, real_parts.ETCD))
    with kubernetes.api_server(server, store, folder) as api:
        parts = (real_parts.EXTERNAL_SECRETS, real_parts.KARPENTER)
        for definition in kubernetes.definitions(*(real_parts.folder(part, os.environ) for part in parts)):
            api.define(definition)
        yield api
