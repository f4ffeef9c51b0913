"""The resources of the coder/coderd provider 0.0.23: defaults, replacements, checks.

Read in the provider's v0.0.23 (896e3ba) and tried on the bridged provider: names of 32 characters, UUIDs, one active version.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from localcloud.kinds.model import EMPTY, UNKNOWN, Value, values_at
from localcloud.templates import random_text

_MISSING_ID: Final = "missing ID"  # the bridge's literal for resources without a text id
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, kw_only=True)
class CoderKind:
    """A resource of Coder.

    id: "uuid" or a literal. force_new: always; force_new_if_set: only while the program sets it. copies: output → input it defaults to.
    kept: as defaults, but the server's, so that a preview does not tell them and a later update leaves them. premium: whether a licence is
    needed, by the inputs. uuids, names, choices, loose_choices (in any case), whole (least and most), expressions, matches: paths that are
    checked. combined: what inputs say together, at preview; of_create: at the create. computed: outputs that
    follow from inputs. unique: inputs that no two share; single: there is
    one. since: the first version of Coder. imports: by what beside the id; None: not at all. write_only: never among the outputs.
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
    kept: Mapping[str, Value] = field(default_factory=dict[str, Value])
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    loose_choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    whole: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    expressions: tuple[str, ...] = ()
    combined: Callable[[Mapping[str, Value]], Iterable[tuple[str, str]]] = lambda _inputs: ()
    computed: Callable[[Mapping[str, Value]], Mapping[str, Value]] = lambda _inputs: EMPTY
    of_create: Callable[[Mapping[str, Value]], str | None] = lambda _inputs: None
    single: bool = False
    since: str = ""
    imports: str | None = ""
    write_only: tuple[str, ...] = ()


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


def _user_faults(inputs: Mapping[str, Value]) -> Iterable[tuple[str, str]]:
    """A service account has no way to log in, anybody else has an address."""
    service, email, password = (inputs.get(name) for name in ("isServiceAccount", "email", "password"))
    if service is UNKNOWN:
        return
    if service:
        if email and email is not UNKNOWN:
            yield "email", "email: a service account has none; leave it out"
        if password is not None:
            yield "password", "password: a service account has none; leave it out"
        if inputs.get("loginType") not in (None, UNKNOWN, "none"):
            yield "loginType", "loginType: a service account can't log in; write none"
    elif not email:
        yield "email", "email: it is missing; only a service account has none"


def _password_fault(inputs: Mapping[str, Value]) -> str | None:
    by_password = inputs.get("loginType") == "password"
    if by_password and inputs.get("password") is None:
        return "Password is required when login_type is 'password'"
    if not by_password and inputs.get("password") is not None:
        return "Password is only allowed when login_type is 'password'"
    return None


TEMPLATE: Final = "coderd:index/template:Template"
LICENSE: Final = "coderd:index/license:License"
KEY: Final = "coderd:index/provisionerKey:ProvisionerKey"
_YEAR_SECONDS: Final = 31536000
INT32: Final = (-(2**31), 2**31 - 1)
INT64: Final = (-(2**63), 2**63 - 1)
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
            "deprecationMessage": "",
        },
        kept={"maxPortShareLevel": "", "corsBehavior": "simple", "useClassicParameterFlow": False},  # "": by the licence
        copies={"displayName": "name"},
        uuids=("organizationId",),
        names={"name": "name", "displayName": "display", "description": "description", "versions[*].name": "version"},
        loose_choices={"maxPortShareLevel": ("owner", "authenticated", "organization", "public"), "corsBehavior": ("simple", "passthru")},
        choices={
            "acl.users[*].role": ("use", "admin"),
            "acl.groups[*].role": ("use", "admin"),
            "autoStopRequirement.daysOfWeeks[*]": _DAYS,
            "autoStartPermittedDaysOfWeeks[*]": _DAYS,
        },
        whole={
            "defaultTtlMs": INT64,
            "activityBumpMs": INT64,
            "failureTtlMs": INT64,
            "timeTilDormantMs": INT64,
            "timeTilDormantAutodeleteMs": INT64,
            "autoStopRequirement.weeks": INT64,
        },
        premium=_template_is_premium,
        unique=("organizationId", "name"),
        imports="organization/name",
    ),
    "coderd:index/user:User": CoderKind(
        force_new_if_set=("email", "isServiceAccount", "loginType"),
        defaults={"loginType": "none", "suspended": False, "isServiceAccount": False},
        kept={"email": ""},
        names={"username": "name", "name": "real"},
        choices={"roles[*]": ("owner", "template-admin", "user-admin", "auditor"), "loginType": ("none", "password", "github", "oidc")},
        combined=_user_faults,
        of_create=_password_fault,
        secrets=("password",),
        unique=("username",),
        imports="username",
    ),
    "coderd:index/group:Group": CoderKind(
        force_new_if_set=("organizationId",),
        defaults={**_ORGANIZATION, "displayName": "", "avatarUrl": "", "quotaAllowance": 0},
        uuids=("organizationId", "members[*]"),
        names={"name": "group", "displayName": "display"},
        whole={"quotaAllowance": INT32},
        premium=lambda _inputs: True,
        unique=("organizationId", "name"),
        imports="organization/name",
    ),
    "coderd:index/organization:Organization": CoderKind(
        defaults={"description": "", "icon": ""},
        copies={"displayName": "name"},
        kept={"workspaceSharing": "everyone"},
        uuids=("groupSync.mapping.*[*]",),
        names={
            "name": "name",
            "displayName": "display",
            "groupSync.field": "filled",
            "groupSync.regexFilter": "filled",
            "roleSync.field": "filled",
        },
        expressions=("groupSync.regexFilter",),
        choices={"workspaceSharing": ("everyone", "none")},
        premium=lambda _inputs: True,
        unique=("name",),
        since="2.16.0",
        imports="name",
    ),
    "coderd:index/organizationGroupSync:OrganizationGroupSync": CoderKind(
        id=_MISSING_ID,
        auto_named=False,
        force_new=("organizationId",),
        defaults={"autoCreateMissing": False},
        uuids=("organizationId", "mapping.*[*]"),
        names={"field": "filled", "regexFilter": "filled"},
        expressions=("regexFilter",),
        premium=lambda _inputs: True,
        unique=("organizationId",),
        since="2.16.0",
        imports="organizationId",
    ),
    "coderd:index/organizationSyncSettings:OrganizationSyncSettings": CoderKind(
        id=_MISSING_ID,
        auto_named=False,
        uuids=("mapping.*[*]",),
        names={"field": "filled"},
        premium=lambda _inputs: True,
        single=True,
        since="2.19.0",
        imports=None,
    ),
    KEY: CoderKind(
        id=_MISSING_ID,
        force_new=("name", "organizationId", "tags"),
        uuids=("organizationId",),
        outputs=("key",),
        secrets=("key",),
        premium=lambda _inputs: True,
        unique=("organizationId", "name"),
        imports=None,
    ),
    LICENSE: CoderKind(
        id=_MISSING_ID,
        auto_named=False,
        force_new=("license",),
        names={"license": "filled"},
        outputs=("licenseId", "expiresAt"),
        secrets=("license",),
        imports=None,
    ),
    "coderd:index/workspaceProxy:WorkspaceProxy": CoderKind(
        copies={"displayName": "name"},
        outputs=("sessionToken",),
        secrets=("sessionToken",),
        premium=lambda _inputs: True,
        unique=("name",),
        imports=None,
    ),
}


def made_up(kind: CoderKind, provider: Value) -> dict[str, Value]:
    """What Coder makes up: keys, tokens, numbers, times. provider: the type of an AI provider that is referred to."""
    now = int(datetime.now(UTC).timestamp())
    made: dict[str, Value] = {
        "key": random_text("alnum", 43),  # coder/coder: provisionerkey.New, 43 characters
        "sessionToken": f"{uuid.uuid4()}:{random_text('alnum', 64)}",
        "licenseId": 1,
        "expiresAt": 1767225600 + _YEAR_SECONDS,  # a year after the last second of 2025
        "apiKeyMasked": "",
        "createdAt": now,
        "updatedAt": now,
        "providerType": provider,
    }
    return {name: made[name] for name in kind.outputs}
