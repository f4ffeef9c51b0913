"""The `coder` section: the deployment, its login, and the names of its secrets."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from settings.names import (
    ClaimName,
    GitHubOrganization,
    GitHubTeam,
    GroupName,
    Host,
    IssuerUrl,
    ProviderId,
    Scope,
    SecretName,
    WildcardHost,
)
from settings.section import Fault, Section
from settings.workload import Compute, Flag

EVERYONE = "Everyone"  # Coder's built-in group of an organisation
GITHUB_URL = "https://github.com"


class TlsPolicy(StrEnum):
    """Load balancer policies with TLS 1.2 or newer and only GCM with ECDHE (CDR-21, T-29)."""

    RES_2021_06 = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"  # TLS 1.2 and 1.3, restricted suites
    RES_PQ_2025_09 = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"  # the same with post-quantum key exchange
    RES_FIPS_PQ_2025_09 = "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09"  # the same from a FIPS module


class SiteRole(StrEnum):
    """Coder's built-in site roles that an IdP group may carry; everybody is a member (CDR-15)."""

    OWNER = "owner"  # everything but workspace contents (CDR-14): two or three people
    USER_ADMIN = "user-admin"  # people and groups
    TEMPLATE_ADMIN = "template-admin"  # templates
    AUDITOR = "auditor"  # reads the audit log


class ExternalAuthType(StrEnum):
    """Git hosts that Coder knows by id and secret alone."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET_CLOUD = "bitbucket-cloud"


class Oidc(Section):
    """Login by an identity provider, which asks for a second factor (CDR-10)."""

    issuer: IssuerUrl = Field(description="https:// URL of the identity provider.", examples=["https://idp.example.com"])
    email_domains: tuple[Host, ...] = Field(min_length=1, description="Domains whose people may log in.", examples=["[example.com]"])
    scopes: tuple[Scope, ...] = Field(default=("openid", "profile", "email"), description="What is asked of the identity provider.")
    group_field: ClaimName = Field(description="Claim with the groups of a person.", examples=["groups"])
    group_mapping: dict[str, GroupName] = Field(default_factory=dict, description="Identity provider's group to Coder group (CDR-13).")
    role_field: ClaimName = Field(description="Claim with the groups that carry roles.", examples=["groups"])
    role_mapping: dict[str, tuple[SiteRole, ...]] = Field(default_factory=dict, description="Identity provider's group to site roles.")

    def faults(self) -> Iterable[Fault]:
        """OIDC without openid is none; who makes users does not make templates."""
        for scope in (scope for scope in ("openid", "email") if scope not in self.scopes):
            yield Fault(("scopes",), f"{scope} is missing; without it nobody can log in: add it")
        for group, roles in self.role_mapping.items():
            if {SiteRole.USER_ADMIN, SiteRole.TEMPLATE_ADMIN} <= set(roles):
                yield Fault(("role_mapping", group), "user-admin and template-admin are never the same people; give them to two groups")


class GitHub(Section):
    """Login by GitHub (CDR-11): for members of organisations, never for everybody who has an account there.

    GitHub tells coderd no groups, so that Coder's groups can't follow it: they are named here, and an owner puts people into them.
    """

    allow_organizations: tuple[GitHubOrganization, ...] = Field(
        min_length=1, description="Organisations on GitHub whose members may log in.", examples=["[example-org]"]
    )
    allow_teams: tuple[GitHubTeam, ...] = Field(
        default=(), description="Of those, only members of these teams; none: all members.", examples=["[example-org/platform]"]
    )
    allow_signups: Flag = Field(default=True, description="Whether a first login makes an account; off: an owner does.", examples=[True])
    groups: tuple[GroupName, ...] = Field(default=(), description="Coder groups that owners put people into.", examples=["[developers]"])

    def faults(self) -> Iterable[Fault]:
        """A team is one of an organisation that may log in at all."""
        for index, team in enumerate(self.allow_teams):
            if (organization := team.partition("/")[0]) not in self.allow_organizations:
                yield Fault(
                    ("allow_teams", index),
                    f"{team} is a team of {organization}, whose members may not log in; add {organization} to allow_organizations",
                )
        for index, group in enumerate(self.groups):
            if group in self.groups[:index] or group == EVERYONE:
                yield Fault(("groups", index), f"{group} is there already; remove it")


class ProvisionerNamespace(StrEnum):
    """Where provisioners run (PRV-01, T-53)."""

    OWN = "coder-prov"  # prod, reference: a workspace shares nothing with what builds it
    WORKSPACES = "coder-ws"  # demo's document: in the workspaces' namespace


class ExternalAuth(Section):
    """A Git host that workspaces use on a user's behalf (CDR-12)."""

    id: ProviderId = Field(description="Name of the login, which templates refer to.", examples=["primary-github"])
    type: ExternalAuthType = Field(description="Which Git host.", examples=["github"])


class SecretNames(Section):
    """Names in Secrets Manager; the operator makes the secrets, no value ever stands in a file (CDR-41)."""

    license: SecretName = Field(description="Coder licence.", examples=["coder/prod/license"])
    oidc: SecretName | None = Field(
        default=None, description="JSON with client_id and client_secret, for coder.oidc.", examples=["coder/prod/oidc"]
    )
    github: SecretName | None = Field(
        default=None, description="JSON with client_id and client_secret, for coder.github.", examples=["coder/demo/github"]
    )
    external_auth: SecretName = Field(description="JSON with <id>_client_id, <id>_client_secret.", examples=["coder/prod/external-auth"])
    encryption_keys: SecretName = Field(
        description="Comma-separated base64 keys of database fields, the newest first.", examples=["coder/prod/database-encryption-keys"]
    )

    def faults(self) -> Iterable[Fault]:
        """Each secret has a name of its own."""
        names: dict[str, str] = {}
        for key in type(self).model_fields:
            name: str | None = getattr(self, key)
            if name is None:
                continue
            if name in names:
                yield Fault((key,), f"{name} is the name of {names[name]} already; write another")
            names.setdefault(name, key)

    @property
    def given(self) -> list[str]:
        """Every name that is given, sorted."""
        given: list[str | None] = [getattr(self, key) for key in type(self).model_fields]
        return sorted(name for name in given if name is not None)


class Coder(Section):
    """The Coder deployment."""

    replicas: int = Field(
        strict=True, ge=1, le=9, description="coderd pods, constant; Coder asks for fewer than 10 (CDR-02).", examples=[3]
    )
    resources: Compute = Field(
        description="CPU and memory of one coderd; requests equal limits (CDR-39).", examples=["{ cpu: 4, memory: 12Gi }"]
    )
    access_host: Host = Field(description="Host of the dashboard and API.", examples=["coder.example.com"])
    wildcard_host: WildcardHost = Field(description="Hosts of workspace apps, in quotes.", examples=['"*.coder.example.com"'])
    static_ips: Flag = Field(default=False, description="An Elastic IP per zone on the load balancer (T-18).", examples=[False])
    tls_policy: TlsPolicy = Field(description="Load balancer's TLS policy (T-29).", examples=["ELBSecurityPolicy-TLS13-1-2-Res-2021-06"])
    oidc: Oidc | None = Field(default=None, description="Login by an identity provider; this or github.")
    github: GitHub | None = Field(default=None, description="Login by GitHub; this or oidc.")
    quota_group: GroupName | None = Field(
        default=None,
        description="Of several groups the one that everybody with workspaces is in: it alone carries workload.users.workspaces_each.",
        examples=["developers"],
    )
    provisioner_namespace: ProvisionerNamespace = Field(
        default=ProvisionerNamespace.OWN, description="Namespace of the provisioners (T-53).", examples=["coder-prov"]
    )
    external_auth: tuple[ExternalAuth, ...] = Field(
        min_length=1, description="Git hosts, at least one (CDR-12).", examples=["[{ id: primary-github, type: github }]"]
    )
    telemetry: Flag = Field(description="Whether Coder, the vendor, gets usage data (OBS-24).", examples=[False])
    session_hours: int = Field(strict=True, ge=1, le=24, description="Hours after which an idle session ends.", examples=[8])
    secrets: SecretNames = Field(description="Names of secrets in Secrets Manager.")

    @property
    def groups(self) -> tuple[str, ...]:
        """Coder groups that somebody may be in beside everybody's: filled by the identity provider, or by an owner."""
        declared = self.github.groups if self.github else tuple(self.oidc.group_mapping.values()) if self.oidc else ()
        return tuple(sorted(set(declared)))

    @property
    def allowing_group(self) -> str | None:
        """The one group whose members may have workspaces (CDR-17): Coder adds up what all groups of a person allow."""
        return self.quota_group or next(iter(self.groups), None)

    @property
    def login_url(self) -> str:
        """Where coderd asks who somebody is."""
        return self.oidc.issuer if self.oidc else GITHUB_URL

    @property
    def login_callback(self) -> str:
        """The one address that the login must be registered with: whatever host people came by, they come back to this (T-65)."""
        return f"https://{self.access_host}/api/v2/users/{'oidc' if self.oidc else 'oauth2/github'}/callback"

    def _login_faults(self) -> Iterable[Fault]:
        """One way in, with its own secret (CDR-10, CDR-11)."""
        if self.oidc is None and self.github is None:
            yield Fault((), "nobody can log in; add oidc, or github")
        if self.oidc is not None and self.github is not None:
            yield Fault(("github",), "there is oidc too; remove one of them")
        for key, declared, name in (("oidc", self.oidc, self.secrets.oidc), ("github", self.github, self.secrets.github)):
            if declared is not None and name is None:
                yield Fault(("secrets", key), f"the name of its secret is missing; write one such as coder/prod/{key}")
            if declared is None and name is not None:
                yield Fault(("secrets", key), f"nothing reads {name}, as there is no coder.{key}; remove it")

    def _quota_faults(self) -> Iterable[Fault]:
        """A person in two groups that both allow workspaces may have twice as many."""
        groups = ", ".join(self.groups)
        if self.quota_group is None and len(self.groups) > 1:
            problem = f"Coder adds up what all groups of a person allow, and there are {groups}"
            yield Fault(("quota_group",), f"{problem}; write the one that everybody with workspaces is in")
        elif self.quota_group is not None and groups and self.quota_group not in self.groups:
            yield Fault(("quota_group",), f"nobody is put into {self.quota_group}; write one of {groups}")

    def faults(self) -> Iterable[Fault]:
        """One login; certificates cover both hosts, and each external login has an id of its own (DNS-04)."""
        yield from self._login_faults()
        yield from self._quota_faults()
        # ACM: the common name of a certificate has at most 64 characters (AWS Certificate Manager User Guide, read 2026-11)
        if len(self.access_host) > 64:
            yield Fault(
                ("access_host",),
                f"{self.access_host} has {len(self.access_host)} characters; a certificate's first name takes 64: write a shorter one",
            )
        ids = [auth.id for auth in self.external_auth]
        for index, auth in enumerate(self.external_auth):
            if auth.id in ids[:index]:
                yield Fault(("external_auth", index, "id"), f"{auth.id} is the id of another login already; write another")
