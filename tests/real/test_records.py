"""What is written down of Coder's charts and server, against the charts and the server themselves, of 2.24.0."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from components.chart_keys import record
from components.coder_reference import CHART_VARIABLES, VARIABLES
from tools import chart_keys, real_parts


def _told(folder: Path, *command: str) -> set[str]:
    """The variables that a command's own help names."""
    coder = real_parts.executable(real_parts.CODERD, os.environ)
    done = subprocess.run([coder, *command, "--help"], capture_output=True, text=True, timeout=60, check=False, env={"HOME": str(folder)})
    return set(re.findall(r"\$(CODER_[A-Z0-9_]+)", done.stdout + done.stderr))


@pytest.mark.parametrize("chart", ["coder", "coder-provisioner"])
def test_the_record_of_a_chart_is_what_the_chart_says(chart: str):
    """Decision 4: every key of values.yaml, and beside them only what its templates read."""
    folder = real_parts.folder(real_parts.CODER_CHARTS, os.environ) / chart
    said = {key.removesuffix(".*") for key in chart_keys.keys(yaml.safe_load((folder / "values.yaml").read_text()))}
    beside = record(chart).known - said
    templates = "".join(file.read_text() for file in folder.rglob("*") if file.suffix in {".tpl", ".yaml"} and "templates" in file.parts)
    assert said <= record(chart).known
    assert [key for key in sorted(beside) if f".Values.{key}" not in templates] == []


def test_the_server_knows_every_variable_of_the_record(tmp_path: Path):
    """Decision 4: by its own help; KUBE_POD_IP is the chart's, to make the relay's URL of."""
    told = _told(tmp_path, "server")
    assert len(told) > 100
    assert sorted((VARIABLES | CHART_VARIABLES) - told) == ["KUBE_POD_IP"]
