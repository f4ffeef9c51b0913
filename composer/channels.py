"""Which version of a module a channel takes, from the tags and branches of its repository (TPL-26)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from semver import Version

from settings.templates import Channel

CONTRACT = "contract"  # its tags have majors only: contract/v1.0
_TAG = re.compile(r"(?P<module>[a-z][a-z0-9.-]*)/v(?P<version>\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)")

_CONTRACT_TAG = re.compile(rf"{CONTRACT}/v[1-9]\d*\.0")


def tag_of(name: str, version: str) -> str:
    """The tag that releases a version of a module, or of the contract."""
    return f"{name}/v{version}"


def is_release(tag: str) -> bool:
    """Whether a tag releases anything."""
    return bool(_CONTRACT_TAG.fullmatch(tag) or released([tag]))


def released(tags: Iterable[str]) -> dict[str, dict[str, str]]:
    """Module to version to tag, of tags such as `swdev-toolchain/v1.2.0`; others are nobody's."""
    found: dict[str, dict[str, str]] = {}
    for tag in sorted(tags):
        if (match := _TAG.fullmatch(tag)) and Version.is_valid(match["version"]):
            found.setdefault(match["module"], {})[match["version"]] = tag
    return found


def taken(channel: Channel, versions: Mapping[str, str], reachable: Collection[str] | None) -> str | None:
    """The version of a module that a channel takes; versions: to their tags. reachable: tags of the channel's branch, None: it has none.

    stable: the highest that is no pre-release. beta: the highest of all. pinned: none, the composition says it.
    """
    if channel is Channel.PINNED:
        return None
    candidates = [version for version, tag in versions.items() if reachable is None or tag in reachable]
    if channel is Channel.STABLE:
        candidates = [version for version in candidates if not Version.parse(version).prerelease]
    return max(candidates, key=Version.parse, default=None)
