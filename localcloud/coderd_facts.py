"""The resources of the coder/coderd provider 0.0.23: defaults, replacements, checks.

Read in the provider's v0.0.23 (896e3ba) and tried on the bridged provider: names of 32 characters, UUIDs, one active version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from localcloud.kinds.model import UNKNOWN, Value, values_at

_MISSING_ID: Final = "missing ID"  # the bridge's literal for resources without a text id
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, kw_only=True)
class CoderKind:
    """A resource of Coder.

    id: "uuid" or a literal. force_new: always; force_new_if_set: only while the program sets it. copies: output → input it defaults to.
    premium: whether a licence is needed, by the inputs. uuids, names: paths that are checked. unique: inputs that no two share.
    """

    id: str = "uuid"
    auto_named: bool = True
    force_new: tuple[str, ...] = ()
    force_new_if_set: tuple[str, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict[str, Value])
    copies: Mapping[str, str] = field(default_factory=dict[str, str])
    uuids: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    outputs: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    premium: Callable[[Mapping[str, Value]], bool] = lambda _inputs: False
    unique: tuple[str, ...] = ()


def _template_is_premium(inputs: Mapping[str, Value]) -> bool:
    """Scheduling, access control and port sharing need a licence, where they differ from what every deployment does."""
    days = inputs.get("autoStartPermittedDaysOfWeeks")
    return (
        any(inputs.get(name) for name in ("failureTtlMs", "timeTilDormantMs", "timeTilDormantAutodeleteMs", "requireActiveVersion", "acl"))
        or any(inputs.get(name) is False for name in ("allowUserAutoStart", "allowUserAutoStop"))
        or bool(values_at(inputs, "autoStopRequirement.daysOfWeeks[*]"))
        or (isinstance(days, list) and set(map(str, days)) != set(_DAYS))
        or str(inputs.get("maxPortShareLevel") or "public").lower() != "public"
    )


_NAME: Final = re.compile(r"(?!(new|create)\Z)(?=.{1,32}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z")
_GROUP_NAME: Final = re.compile(r"(?!(new|create)\Z)(?=.{1,36}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z")
_DISPLAY: Final = re.compile(r"(\S(.{0,62}\S)?)?\Z", re.DOTALL)
_REAL: Final = re.compile(r"(\S(.{0,126}\S)?)?\Z", re.DOTALL)
_VERSION: Final = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9]+([_.-][A-Za-z0-9]+)*\Z")
_DESCRIPTION: Final = re.compile(r".{0,127}\Z", re.DOTALL)
NAME_RULES: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "name": (_NAME, "1 to 32 letters and digits in groups joined by single hyphens, not `new` or `create`"),
    "group": (_GROUP_NAME, "1 to 36 letters and digits in groups joined by single hyphens"),
    "display": (_DISPLAY, "at most 64 characters, without a space at either end"),
    "real": (_REAL, "at most 128 characters, without a space at either end"),
    "version": (_VERSION, "at most 64 letters and digits in groups joined by one `_`, `.` or `-`"),
    "description": (_DESCRIPTION, "at most 127 characters"),
    "filled": (re.compile(r".+", re.DOTALL), "not empty"),
}

TEMPLATE: Final = "coderd:index/template:Template"
LICENSE: Final = "coderd:index/license:License"
_ORGANIZATION: Final = {"organizationId": ""}  # "": the provider's default organization

CODER_KINDS: Final[Mapping[str, CoderKind]] = {
    TEMPLATE: CoderKind(
        force_new_if_set=("organizationId",),
        defaults={
            **_ORGANIZATION,
            "description": "",
            "icon": "",
            "defaultTtlMs": 0,
            "activityBumpMs": 3600000,
            "autoStopRequirement": {"daysOfWeeks": [], "weeks": 1},
            "autoStartPermittedDaysOfWeeks": list(_DAYS),
            "allowUserCancelWorkspaceJobs": True,
            "allowUserAutoStart": True,
            "allowUserAutoStop": True,
            "failureTtlMs": 0,
            "timeTilDormantMs": 0,
            "timeTilDormantAutodeleteMs": 0,
            "requireActiveVersion": False,
            "maxPortShareLevel": "public",
            "corsBehavior": "simple",
            "deprecationMessage": "",
            "useClassicParameterFlow": False,
        },
        copies={"displayName": "name"},
        uuids=("organizationId",),
        names={"name": "name", "displayName": "display", "description": "description", "versions[*].name": "version"},
        premium=_template_is_premium,
        unique=("organizationId", "name"),
    ),
    "coderd:index/user:User": CoderKind(
        force_new_if_set=("email", "isServiceAccount", "loginType"),
        defaults={"loginType": "none", "suspended": False, "isServiceAccount": False},
        names={"username": "name", "name": "real"},
        secrets=("password",),
        unique=("username",),
    ),
    "coderd:index/group:Group": CoderKind(
        force_new_if_set=("organizationId",),
        defaults={**_ORGANIZATION, "displayName": "", "avatarUrl": "", "quotaAllowance": 0},
        uuids=("organizationId", "members[*]"),
        names={"name": "group", "displayName": "display"},
        premium=lambda _inputs: True,
        unique=("organizationId", "name"),
    ),
    "coderd:index/organization:Organization": CoderKind(
        defaults={"description": "", "icon": "", "workspaceSharing": "everyone"},
        copies={"displayName": "name"},
        names={"name": "name", "displayName": "display"},
        premium=lambda _inputs: True,
        unique=("name",),
    ),
    "coderd:index/organizationGroupSync:OrganizationGroupSync": CoderKind(
        id=_MISSING_ID,
        auto_named=False,
        force_new=("organizationId",),
        defaults={"autoCreateMissing": False},
        uuids=("organizationId", "mapping.*[*]"),
        names={"field": "filled", "regexFilter": "filled"},
        premium=lambda _inputs: True,
        unique=("organizationId",),
    ),
    "coderd:index/organizationSyncSettings:OrganizationSyncSettings": CoderKind(
        id=_MISSING_ID, auto_named=False, uuids=("mapping.*[*]",), names={"field": "filled"}, premium=lambda _inputs: True
    ),
    "coderd:index/provisionerKey:ProvisionerKey": CoderKind(
        id=_MISSING_ID,
        force_new=("name", "organizationId", "tags"),
        uuids=("organizationId",),
        outputs=("key",),
        secrets=("key",),
        premium=lambda _inputs: True,
        unique=("organizationId", "name"),
    ),
    LICENSE: CoderKind(
        id=_MISSING_ID,
        auto_named=False,
        force_new=("license",),
        names={"license": "filled"},
        outputs=("licenseId", "expiresAt"),
        secrets=("license",),
    ),
    "coderd:index/workspaceProxy:WorkspaceProxy": CoderKind(
        copies={"displayName": "name"}, outputs=("sessionToken",), secrets=("sessionToken",), premium=lambda _inputs: True, unique=("name",)
    ),
}


def rule_faults(kind: CoderKind, inputs: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Paths and sentences of what the provider's validators refuse at preview."""
    found: list[tuple[str, str]] = []
    for path, rule in kind.names.items():
        pattern, words = NAME_RULES[rule]
        found += [
            (path, f"{path}: {value!r} does not fit; write {words}")
            for value in values_at(inputs, path)
            if isinstance(value, str) and not pattern.match(value)
        ]
    for path in kind.uuids:
        found += [
            (path, f"{path}: {value!r} is no UUID") for value in values_at(inputs, path) if isinstance(value, str) and not is_uuid(value)
        ]
    for path in ("autoStartPermittedDaysOfWeeks[*]", "autoStopRequirement.daysOfWeeks[*]"):
        found += [
            (path, f"{path}: {value!r} is no day; write lower-case English names such as monday")
            for value in values_at(inputs, path)
            if value is not UNKNOWN and value not in _DAYS
        ]
    return found


_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID."""
    return _UUID.match(text) is not None
