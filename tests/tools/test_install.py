"""The environment that the commands make for themselves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.install import ROOT, SetupError, missing, read_stamp, setup, setup_other, wanted, write_stamp


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements.in", "pyproject.toml"):
        (tmp_path / name).write_text(f"# {name}\n")
    sdk = tmp_path / "sdks" / "coderd"
    sdk.mkdir(parents=True)
    (sdk / "pyproject.toml").write_text("[project]\n")
    (sdk / "module.py").write_text("A = 1\n")
    return tmp_path


def test_everything_is_missing_at_first_and_nothing_once_it_is_stamped(clone: Path):
    parts = wanted(clone, dev=False)
    assert missing({}, parts) == ["requirements.txt", "sdks/coderd", "project"]
    assert missing(parts, parts) == []


@pytest.mark.parametrize(
    ("file", "part"),
    [("requirements.txt", "requirements.txt"), ("sdks/coderd/module.py", "sdks/coderd"), ("pyproject.toml", "project")],
)
def test_only_what_changed_is_installed_again(clone: Path, file: str, part: str):
    stamp = wanted(clone, dev=False)
    (clone / file).write_text("changed\n")
    assert missing(stamp, wanted(clone, dev=False)) == [part]


def test_the_tests_need_their_own_requirements_beside(clone: Path):
    assert missing(wanted(clone, dev=False), wanted(clone, dev=True)) == ["requirements-dev.txt"]


def test_what_pip_leaves_in_the_sdks_folder_is_no_change(clone: Path):
    stamp = wanted(clone, dev=False)
    (clone / "sdks" / "coderd" / "build").mkdir()
    (clone / "sdks" / "coderd" / "build" / "module.py").write_text("")
    assert missing(stamp, wanted(clone, dev=False)) == []


def test_a_clone_without_the_generated_sdk_can_be_set_up(clone: Path):
    shutil.rmtree(clone / "sdks")
    assert "sdks/coderd" not in wanted(clone, dev=False)


def test_a_venv_whose_python_is_gone_counts_as_not_installed(clone: Path):
    venv = clone / ".venv"
    venv.mkdir()
    write_stamp(venv, wanted(clone, dev=False))
    assert read_stamp(venv) == {}


def test_with_nothing_changed_nothing_runs(clone: Path, monkeypatch: pytest.MonkeyPatch):
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").touch(mode=0o755)
    write_stamp(clone / ".venv", wanted(clone, dev=False))
    monkeypatch.setattr(subprocess, "run", lambda *_arguments, **_options: pytest.fail("something was run"))
    setup(clone, dev=False)


def test_a_step_that_fails_is_a_sentence_and_what_stood_before_is_not_stamped(clone: Path, monkeypatch: pytest.MonkeyPatch):
    (clone / "requirements.txt").write_text("no-such-package==1 --hash=sha256:00\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SetupError, match="pip could not install"):
        setup(clone, dev=False)
    assert missing(read_stamp(clone / ".venv"), wanted(clone, dev=False)) == ["requirements.txt", "sdks/coderd", "project"]


@pytest.mark.parametrize("option", ["--no-binary :all:", "  -e ./mine", "--extra-index-url https://example.com"])
def test_a_clone_that_nobody_trusts_yet_gives_pip_no_options(clone: Path, option: str):
    """CIC-02: the judge of a pull request makes its .venv and runs nothing of it."""
    (clone / "requirements.txt").write_text(f"a==1 \\\n    --hash=sha256:00\n{option}\n")
    with pytest.raises(SetupError, match="may only pin packages"):
        setup_other(clone)


def test_a_clone_that_nobody_trusts_yet_brings_no_venv(clone: Path):
    (clone / ".venv").symlink_to(clone / "gone")
    with pytest.raises(SetupError, match="remove it"):
        setup_other(clone)


def test_of_a_clone_that_nobody_trusts_yet_nothing_is_built(clone: Path, monkeypatch: pytest.MonkeyPatch):
    commands: list[list[str]] = []
    monkeypatch.setattr("tools.install._run", lambda command, _failure: commands.append([str(part) for part in command]))
    setup_other(clone)
    _, packages, sdk = commands
    assert ["--only-binary", ":all:", "-r", str(clone / "requirements.txt")] == packages[-4:]
    assert str(clone / "sdks") not in " ".join(sdk)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone's tools/setup with a PATH that has no Python."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup", tmp_path / "tools" / "setup")
    (tmp_path / "tools" / "install.py").write_text("print('installed')\n")
    (tmp_path / "bin").mkdir()
    for name in ("dirname", "cat"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def run_setup(clone: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", clone / "tools" / "setup"], env={"PATH": str(clone / "bin")}, capture_output=True, text=True, check=False
    )


def test_an_old_python_is_a_sentence_that_says_what_to_install(bare: Path):
    old = bare / "bin" / "python3"
    old.write_text("#!/bin/sh\necho 3.9.2\nexit 1\n")
    old.chmod(0o755)
    result = run_setup(bare)
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed; python3 is 3.9.2; install one" in result.stderr
    assert "apt-get install python3" in result.stderr


def test_no_python_at_all_is_a_sentence(bare: Path):
    result = run_setup(bare)
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed; no python3 is on PATH" in result.stderr


def test_a_newer_python_beside_an_old_python3_is_found(bare: Path):
    old = bare / "bin" / "python3"
    old.write_text("#!/bin/sh\necho 3.9.2\nexit 1\n")
    old.chmod(0o755)
    (bare / "bin" / "python3.12").symlink_to(ROOT / ".venv" / "bin" / "python")
    result = run_setup(bare)
    assert (result.returncode, result.stdout) == (0, "installed\n")
