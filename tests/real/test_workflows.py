"""The workflows, read by actionlint: its syntax, expressions, contexts and events (CIC-01)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools.install import ROOT
from tools.real_parts import ACTIONLINT, executable

pytestmark = pytest.mark.real
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def lint(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [executable(ACTIONLINT, os.environ), "-no-color", "-shellcheck=", "-pyflakes=", *files]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_actionlint_finds_nothing():
    done = lint(*WORKFLOWS)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("written", "broken", "complaint"),
    [
        ("steps.head.outcome", "steps.haed.outcome", 'property "haed" is not defined'),
        ("needs: review", "needs: reviews", 'needs job "reviews" which does not exist'),
        ("cancel-in-progress: true", "cancel-in-progres: true", "unexpected key"),
        ("pull_request_target:", "pull_request_targets:", "unknown Webhook event"),
    ],
)
def test_actionlint_would_have_found_it(written: str, broken: str, complaint: str, tmp_path: Path):
    text = (ROOT / ".github" / "workflows" / "preview.yml").read_text()
    assert written in text
    (tmp_path / "preview.yml").write_text(text.replace(written, broken))
    done = lint(tmp_path / "preview.yml")
    assert done.returncode == 1
    assert complaint in done.stdout
