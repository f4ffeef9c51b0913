"""Names with a form of their own: hosts, regions, instance types, secrets, versions, time zones."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, NamedTuple
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, Strict, StrictStr

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(\.{_LABEL})+"


class Form(NamedTuple):
    """How a kind of name looks: a pattern, what it is called, and one that is right."""

    pattern: str
    what: str
    example: str

    def check(self, value: str) -> str:
        """The value itself; ValueError says what to write."""
        if not re.fullmatch(self.pattern, value):
            told = (value if value == value.strip() else f'"{value}"') or "an empty text"
            raise ValueError(f"{told} is no {self.what}; write one such as {self.example}")
        return value


def _formed(form: Form) -> tuple[object, ...]:
    return Strict(), Field(json_schema_extra={"pattern": f"^({form.pattern})$"}), AfterValidator(form.check)


def closest(word: str, known: list[str]) -> str | None:
    """The known word that was probably meant: a similar one, or one that begins alike."""
    begins_alike = (name for name in known if min(len(name), len(word)) > 2 and (name.startswith(word) or word.startswith(name)))
    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), None) or next(begins_alike, None)


def _host(what: str, prefix: str = "") -> Callable[[str], str]:
    def check(value: str) -> str:
        example = f"{'*.' if prefix else ''}coder.example.com"
        if "://" in value:
            raise ValueError(f"{value} is a URL; write the {what} alone, such as {example}")
        if not re.fullmatch(prefix + _HOST, value):
            raise ValueError(f"{value or 'an empty text'} is no {what}; write it in lower case, with no trailing dot, such as {example}")
        if len(value) > 253:
            raise ValueError(f"{value} has {len(value)} characters, DNS takes 253; write a shorter one")
        return value

    return check


def _zone(name: str) -> str:
    known = available_timezones()
    if name not in known:
        meant = closest(name, sorted(known))
        raise ValueError(f"{name} is no IANA time zone; " + (f"did you mean {meant}?" if meant else "write one such as America/New_York"))
    if re.match(r"(Etc/)?GMT[+-]\d", name) or ("/" not in name and name != "UTC"):
        # EKS-19: a fixed offset is an hour wrong for half of the year
        raise ValueError(f"{name} does not follow a place's clock changes; write a place such as America/New_York")
    return name


def _issuer(value: str) -> str:
    if not re.fullmatch(rf"https://{_HOST}(:\d+)?(/[^\s?#]*)?", value):
        raise ValueError(f"{value} is no OIDC issuer; write its https:// URL, with no query, such as https://idp.example.com")
    return value


_SECRET_SHAPES = {
    "a private key": r"-----BEGIN [A-Z ]+-----",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+",
    "an AWS access key": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitHub token": r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{15,}",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a Coder token": r"^[A-Za-z0-9]{10}-[A-Za-z0-9]{22}$",
    "a URL with a password": r"://[^/\s:@]+:[^/\s@]+@",
    "a key in base64": r"^[A-Za-z0-9+/]{43}=$",
}


def secret_kind(value: str) -> str | None:
    """What a text seems to be that has no place in a stack file, or None."""
    return next((kind for kind, shape in _SECRET_SHAPES.items() if re.search(shape, value)), None)


MANAGED_NAME = r"[A-Za-z0-9_+=.@-]+(/[A-Za-z0-9_+=.@-]+)+"


def _secret_name(value: str) -> str:
    if not re.fullmatch(MANAGED_NAME, value):
        raise ValueError("what stands here is no name in AWS Secrets Manager; write one with slashes, such as coder/prod/license")
    return value


Host = Annotated[str, Strict(), AfterValidator(_host("host name")), Field(json_schema_extra={"pattern": f"^{_HOST}$"})]
WildcardHost = Annotated[
    str, Strict(), AfterValidator(_host("wildcard host name", r"\*\.")), Field(json_schema_extra={"pattern": rf"^\*\.{_HOST}$"})
]
TimeZone = Annotated[str, Strict(), AfterValidator(_zone)]
IssuerUrl = Annotated[str, Strict(), AfterValidator(_issuer), Field(json_schema_extra={"format": "uri", "pattern": "^https://"})]

SystemName = Annotated[str, *_formed(Form(r"[a-z][a-z0-9]{1,15}", "name of a system", "prod"))]
RegionName = Annotated[str, *_formed(Form(r"[a-z]{2}(-[a-z]+)+-[1-9]", "AWS region", "us-east-1"))]
ZoneName = Annotated[str, *_formed(Form(r"[a-z]{2}(-[a-z]+)+-[1-9][a-z]", "availability zone", "us-east-1a"))]
AccountId = Annotated[str, *_formed(Form(r"\d{12}", "AWS account id, which has twelve digits in quotes", '"123456789012"'))]
InstanceType = Annotated[
    str, *_formed(Form(r"[a-z][a-z0-9-]+\.(metal|nano|micro|small|medium|(\d{0,3}x?large))", "instance type", "m5.2xlarge"))
]
DatabaseClass = Annotated[
    str, *_formed(Form(r"db\.[a-z][a-z0-9-]*\.(micro|small|medium|\d*x?large)", "class of RDS instances", "db.m7i.large"))
]
KubernetesVersion = Annotated[str, *_formed(Form(r"1\.\d{2}", "Kubernetes minor version", '"1.33", in quotes'))]
SemVer = Annotated[
    str, *_formed(Form(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?", "version", "1.2.3, in full and without a v"))
]
AddOnVersion = Annotated[str, *_formed(Form(r"v\d+\.\d+\.\d+-eksbuild\.\d+", "version of an EKS add-on", "v1.2.3-eksbuild.1"))]
ImageRelease = Annotated[str, *_formed(Form(r"v\d{8}", "release of an EKS image", "v20260714"))]
NatRelease = Annotated[str, *_formed(Form(r"\d+\.\d+\.\d+-\d{8}", "release of fck-nat's image", "1.4.0-20260701"))]
EngineVersion = Annotated[str, *_formed(Form(r"\d{2}\.\d+", "PostgreSQL version", '"16.8", in quotes'))]
SizeName = Annotated[str, *_formed(Form(r"[a-z][a-z0-9-]{0,30}[a-z0-9]", "name of a size", "sw-dev-small"))]
NodeGroupName = Annotated[str, *_formed(Form(r"[a-z][a-z0-9-]{0,38}[a-z0-9]", "name of a node group", "coder-ws"))]
TemplateName = Annotated[str, *_formed(Form(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", "name of a template", "pod-swdev"))]
OverridePath = Annotated[str, *_formed(Form(r"[a-z_]+(\.[a-z0-9_-]+)+", "path of an override", "capabilities.network-egress"))]
GroupName = Annotated[str, *_formed(Form(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,34}[A-Za-z0-9])?", "name of a Coder group", "developers"))]
ProviderId = Annotated[str, *_formed(Form(r"[a-z][a-z0-9-]{0,30}", "id of an external login", "primary-github"))]
# GitHub: letters, digits and single hyphens, at most 39; a team is written by its slug (GitHub's sign-up form, read 2026-11)
_GITHUB = r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}"
GitHubOrganization = Annotated[str, *_formed(Form(_GITHUB, "organisation on GitHub", "example-org"))]
GitHubTeam = Annotated[str, *_formed(Form(rf"{_GITHUB}/[a-z0-9_-]+", "team on GitHub", "example-org/platform"))]
TagValue = Annotated[str, *_formed(Form(r"[A-Za-z0-9_.:/=+@-]([A-Za-z0-9 _.:/=+@-]{0,254}[A-Za-z0-9_.:/=+@-])?", "tag value", "platform"))]
SecretName = Annotated[str, Strict(), AfterValidator(_secret_name), Field(json_schema_extra={"pattern": f"^({MANAGED_NAME})$"})]
# scope-token of RFC 6749, section 3.3
Scope = Annotated[str, *_formed(Form(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}", "OIDC scope", "profile"))]
ClaimName = Annotated[StrictStr, AfterValidator(Form(r"[A-Za-z0-9_.:/-]{1,128}", "name of a claim", "groups").check)]
