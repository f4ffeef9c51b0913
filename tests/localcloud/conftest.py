"""A local cloud for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localcloud.coder_site import coder, folder, site
from tests.localcloud.engine_side import Cloud, Instance

__all__ = ["coder", "folder", "site"]  # fixtures of tests about Coder


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """An empty one, served over gRPC."""
    served = Cloud(tmp_path)
    yield served
    served.close()


@pytest.fixture
def aws(cloud: Cloud) -> Instance:
    """Its aws provider in us-east-1."""
    return cloud.aws()
