"""The Git repository of a catalogue: tags, branches, and the files of a module at a commit (TPL-19, TPL-26)."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from composer.archive import unpack
from composer.channels import is_release, released, taken
from operations.failure import ExitCode, Failure
from settings.templates import Channel

_SECONDS = 60


@dataclass(frozen=True)
class Repository:
    """root: of the work tree. catalog: its folder below, with `/` at its end, or empty."""

    root: Path
    catalog: str

    def tags(self) -> dict[str, str]:
        """Tags to the commits that they mean."""
        lines = self._git("for-each-ref", "--format=%(refname:short) %(objectname) %(*objectname)", "refs/tags").decode().splitlines()
        return {parts[0]: parts[-1] for parts in map(str.split, lines)}

    def releases(self) -> dict[str, dict[str, str]]:
        """Module to version to tag."""
        return released(self.tags())

    def released_before_today(self) -> list[str]:
        """The tags of releases in the history of what is checked out."""
        releases = {tag for tag in self.tags() if is_release(tag)}
        return sorted(releases & set(self._git("tag", "--merged", "HEAD").decode().split())) if releases else []

    def channel(self, channel: Channel, versions: dict[str, str]) -> str | None:
        """The version that a channel takes of a module whose versions have these tags."""
        return taken(channel, versions, self._reachable(channel.value))

    def commit(self, reference: str) -> str:
        """What a branch, tag or commit means; Failure where it means nothing."""
        return (
            self._git("rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}", said=f"{reference} is nothing in {self.root}")
            .decode()
            .strip()
        )

    def files(self, reference: str, folder: str = "") -> dict[str, bytes]:
        """The files of a folder of the catalogue at a commit; empty where there is none."""
        below = f"{self.catalog}{folder}".rstrip("/")
        if below and not self._git("ls-tree", reference, below):
            return {}
        inside = unpack(self._git("archive", "--format=tar", reference, *([below] if below else [])))
        return {path.removeprefix(f"{below}/" if below else ""): content for path, content in inside.items()}

    def _reachable(self, branch: str) -> set[str] | None:
        """The tags that a branch contains, here or at its origin; None: there is no such branch."""
        for name in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
            if self._git("for-each-ref", name):
                return set(self._git("tag", "--merged", name).decode().split())
        return None

    def _git(self, *arguments: str, said: str = "") -> bytes:
        return _run(self.root, *arguments, said=said)


def repository(catalog: Path) -> Repository | None:
    """The repository that a catalogue is in; None: it is in none, or there is no git."""
    try:
        root = Path(_run(catalog, "rev-parse", "--show-toplevel").decode().strip())
        prefix = _run(catalog, "rev-parse", "--show-prefix").decode().strip()
    except Failure:
        return None
    return Repository(root, prefix)


def _run(folder: Path, *arguments: str, said: str = "") -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        raise Failure(ExitCode.MISSING, "git is not on PATH; install it, versions and channels are its tags and branches") from None
    except subprocess.TimeoutExpired:
        raise Failure(ExitCode.UNREACHABLE, f"git {arguments[0]} has not ended within {_SECONDS} seconds") from None
    if done.returncode:
        raise Failure(ExitCode.MISSING, said or f"git {arguments[0]}: {' '.join(done.stderr.decode(errors='replace').split())}")
    return done.stdout
