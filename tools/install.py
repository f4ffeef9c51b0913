"""Make `.venv` from the hashed requirements: the standard library only, because nothing is installed when this runs.

Run by `tools/setup`, which finds a Python that is new enough. A stamp in `.venv` carries the hashes of what was installed: with nothing
changed this ends at once.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = "installed.json"
BUILD_LEFTOVERS = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")


class SetupError(Exception):
    """A step that failed; the text says what to do."""


def say(text: str) -> None:
    """Tell the operator, beside the output of the command that asked for the environment."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def wanted(root: Path, *, dev: bool) -> dict[str, str]:
    """What has to be installed: each part with the hash of what it is made from."""
    requirements = "requirements-dev.txt" if dev else "requirements.txt"
    parts = {requirements: _digest([root / requirements]), "project": _digest([root / "pyproject.toml", root / "requirements.in"])}
    sdk = root / "sdks" / "coderd"
    if (sdk / "pyproject.toml").exists() or (sdk / "setup.py").exists():
        parts["sdks/coderd"] = _digest(sorted(path for path in sdk.rglob("*") if _is_source(path.relative_to(sdk)) and path.is_file()))
    return parts


def missing(installed: Mapping[str, str], parts: Mapping[str, str]) -> list[str]:
    """The parts that are not installed as they now are, in order of installation."""
    order = ["requirements.txt", "requirements-dev.txt", "sdks/coderd", "project"]
    return [part for part in order if part in parts and installed.get(part) != parts[part]]


def _is_source(path: Path) -> bool:
    return not any(part in {"build", "__pycache__"} or part.endswith(".egg-info") for part in path.parts)


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def read_stamp(venv: Path) -> dict[str, str]:
    """What a former run installed; empty for a venv that was not finished, or whose Python is gone."""
    try:
        stamp: dict[str, str] = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if os.access(venv / "bin" / "python", os.X_OK) else {}


def write_stamp(venv: Path, stamp: Mapping[str, str]) -> None:
    """Replace the stamp at once, so that a reader never sees half of it."""
    new = venv / f"{STAMP}.{os.getpid()}"
    new.write_text(json.dumps(stamp, indent=2, sort_keys=True) + "\n")
    new.replace(venv / STAMP)


def _run(command: Sequence[str | Path], failure: str) -> None:
    """Run a quiet command; show what it wrote only if it fails."""
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        print(result.stdout, file=sys.stderr)
        raise SetupError(failure)


def make_venv(venv: Path) -> None:
    """Create the virtual environment with this Python, or keep the one whose Python still starts."""
    python = venv / "bin" / "python"
    if python.exists() and subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return
    say(f"Virtual environment .venv (Python {sys.version.split()[0]})")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    _run(
        [sys.executable, "-m", "venv", "--clear", venv],
        f"Python {version} could not make .venv. On Debian and Ubuntu: sudo apt-get install python{version}-venv; then run it again.",
    )


def install_requirements(venv: Path, requirements: Path, *options: str) -> None:
    """Install exactly what the file pins; a package whose hash differs is refused by pip. options: of pip's, beside."""
    count = sum(1 for line in requirements.read_text().splitlines() if "==" in line)
    say(f"{count} packages of {requirements.name}, each checked against its hash (half a minute)")
    _run(
        [venv / "bin" / "python", "-m", "pip", "install", "--no-input", "--no-compile", "--require-hashes", *options, "-r", requirements],
        f"pip could not install {requirements.name} (its words are above). Without a way to a package index, set pip's own settings "
        "(PIP_INDEX_URL or pip.conf); after a changed requirements file, run `make lock`.",
    )


def install_sdk(venv: Path, sdk: Path) -> None:
    """Install the generated coderd SDK: from a copy, because pip would leave its build folder in the work tree."""
    say("The generated coderd SDK (sdks/coderd)")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, sdk.name)
        shutil.copytree(sdk, copy, ignore=BUILD_LEFTOVERS)
        _run(
            [
                venv / "bin" / "python",
                "-m",
                "pip",
                "install",
                "--no-compile",
                "--no-deps",
                "--no-build-isolation",
                "--force-reinstall",
                copy,
            ],
            "sdks/coderd could not be installed (pip's words are above). It is generated: `make sdk` makes it again.",
        )


def install_project(venv: Path, root: Path) -> None:
    """Install this project as it lies here, so that `coder-eks` and its packages are found from every folder."""
    say("This project, editable: the command coder-eks")
    _run(
        [venv / "bin" / "python", "-m", "pip", "install", "--no-compile", "--no-deps", "--no-build-isolation", "--editable", root],
        "The project could not be installed (pip's words are above): every package named in pyproject.toml must be a folder of this clone.",
    )


def compile_packages(venv: Path) -> None:
    """Write the .pyc files once: where PYTHONDONTWRITEBYTECODE is set, running code never does, and each start would take seconds more."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    packages = next((venv / "lib").glob("python3.*/site-packages"))
    # Exit code 1 is no failure: some packages carry templates that are no Python.
    subprocess.run(
        [venv / "bin" / "python", "-m", "compileall", "-q", "-j", "0", packages], env=environment, capture_output=True, check=False
    )


@contextmanager
def _alone(root: Path) -> Generator[None]:
    """One setup at a time in a clone; the second waits and then finds everything done."""
    home = root / ".local"
    home.mkdir(exist_ok=True)
    with (home / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def setup(root: Path, *, dev: bool) -> None:
    """Install what is missing. Raises SetupError."""
    venv = root / ".venv"
    parts = wanted(root, dev=dev)
    if not missing(read_stamp(venv), parts):
        return
    with _alone(root):
        stamp = read_stamp(venv)
        todo = missing(stamp, parts)
        if not todo:
            return
        make_venv(venv)
        for part in todo:
            stamp.pop(part, None)
        write_stamp(venv, stamp)
        for part in todo:
            if part == "sdks/coderd":
                install_sdk(venv, root / part)
            elif part == "project":
                install_project(venv, root)
            else:
                install_requirements(venv, root / part)
            stamp[part] = parts[part]
        if "sdks/coderd" not in parts:
            say("sdks/coderd is missing, so the second visit (templates, provisioners) cannot run: `make sdk` generates it")
        compile_packages(venv)
        if dev:  # its requirements contain the program's
            stamp["requirements.txt"] = wanted(root, dev=False)["requirements.txt"]
        write_stamp(venv, stamp)


def setup_other(root: Path) -> None:
    """Make the `.venv` of a clone that nobody trusts yet without running anything of it: wheels only, and this clone's SDK.

    Raises SetupError, also where its requirements hold options: pip would let them win over these.
    """
    venv, requirements = root / ".venv", root / "requirements.txt"
    lines = (line.strip() for line in requirements.read_text().splitlines())
    if option := next((line for line in lines if line.startswith("-") and not line.startswith("--hash=")), None):
        raise SetupError(f"{requirements} holds an option of pip's, {option}; it may only pin packages")
    if venv.is_symlink() or venv.exists():
        raise SetupError(f"{venv} is there already, and nobody knows what it holds; remove it")
    make_venv(venv)
    install_requirements(venv, requirements, "--only-binary", ":all:")
    install_sdk(venv, ROOT / "sdks" / "coderd")


def main() -> int:
    """Return the exit code: 1 with a sentence when a step failed."""
    parser = argparse.ArgumentParser(description="Make .venv with everything that the commands need.")
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    parser.add_argument("--for", dest="other", metavar="FOLDER", type=Path, help="make the .venv of another clone, running nothing of it")
    arguments = parser.parse_args()
    try:
        if arguments.other:
            setup_other(arguments.other.resolve())
        else:
            setup(ROOT, dev=arguments.dev)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
