"""What users see in Coder: groups, group sync, workspace templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pulumi_coderd as coderd
from pulumi import ComponentResource, Input, Resource, ResourceOptions

from composer.composing import Composed
from composer.publications import Lifecycle
from settings.coder import EVERYONE, Coder, Oidc
from settings.quantities import Day
from settings.templates import Templates as TemplateSettings
from settings.workload import Workload

_DAY_NAMES = dict(zip(Day, ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), strict=True))


@dataclass(frozen=True, kw_only=True)
class TemplatesArgs:
    """versions: what is published, by name, composed. licensed: the licence, which Premium features wait for.

    provisioner_tags: those of the provisioners, or no build would be taken. provisioners: what must run before a template is imported.
    composed: where template folders are written, relative to the program, as coderd's provider reads it, so that state names no machine's
    path.
    """

    settings: TemplateSettings
    versions: Mapping[str, Composed]
    workload: Workload
    coder: Coder
    licensed: Sequence[Resource]
    provisioner_tags: Mapping[str, str]
    organization_id: Input[str]
    coderd: coderd.Provider
    provisioners: Sequence[Resource] = field(default_factory=list[Resource])
    composed: Path = Path("composed")


class Templates(ComponentResource):
    """Groups with their quota, then templates with one active version each (CDR-17, CDR-19, CDR-33, TPL-30, TPL-36).

    A group's allowance is credits a member: each workspace costs one (catalogue), so it is the number of workspaces a person may have.
    Coder adds up the allowances of all groups that a person is in: one group has one, the others none.
    """

    def __init__(self, name: str, args: TemplatesArgs, opts: ResourceOptions | None = None) -> None:
        facts: dict[str, Input[object]] = {
            "templates": {template: _facts(template, version, args.settings) for template, version in args.versions.items()},
            "groups": group_names(args.settings, args.coder),
            "workspacesEach": args.workload.users.workspaces_each,
            "alwaysOn": sorted(set(args.settings.always_on) & set(args.versions)),
        }
        super().__init__("coder-eks:templates:Templates", name, dict(facts), opts)
        self._args = args
        self._licensed = ResourceOptions(parent=self, provider=args.coderd, depends_on=list(args.licensed))

        self.groups_by_name = {group: self._group(group) for group in group_names(args.settings, args.coder)}
        if args.coder.oidc is not None and args.coder.oidc.group_mapping:
            self._group_sync(name, args.coder.oidc)
        templates = {template: self._template(template, version) for template, version in args.versions.items()}
        self.register_outputs({**facts, "templateIds": {template: made.id for template, made in templates.items()}})

    def _group(self, group: str) -> coderd.Group:
        """Members are left to the identity provider's sync, or to owners where people log in by GitHub."""
        allows = group == self._args.coder.allowing_group
        return coderd.Group(
            group,
            name=group,
            organization_id=self._args.organization_id,
            quota_allowance=self._args.workload.users.workspaces_each if allows else 0,
            opts=self._licensed,
        )

    def _group_sync(self, name: str, oidc: Oidc) -> None:
        """Which groups of the identity provider are which of Coder's (CDR-13)."""
        mapping = {claim: [self.groups_by_name[group].id] for claim, group in sorted(oidc.group_mapping.items())}
        coderd.OrganizationGroupSync(
            name,
            organization_id=self._args.organization_id,
            field=oidc.group_field,
            auto_create_missing=False,
            mapping=mapping,
            opts=self._licensed,
        )

    def _group_id(self, group: str) -> Input[str]:
        """Coder's group of everybody has the id of its organisation (coderd/database, AllUsersGroup)."""
        return self._args.organization_id if group == EVERYONE else self.groups_by_name[group].id

    def _template(self, template: str, version: Composed) -> coderd.Template:
        settings, composition = self._args.settings, version.composition
        always_on = template in settings.always_on
        lifecycle = Lifecycle.model_validate({**composition.lifecycle.model_dump(), **settings.published[template].lifecycle})
        days = [_DAY_NAMES[day] for day in self._args.workload.peak.days]
        return coderd.Template(
            template,
            name=template,
            display_name=composition.display_name,
            description=composition.description,
            icon=composition.icon,
            organization_id=self._args.organization_id,
            # Run time: a limit for each start, and the quiet hour of coderd, at which every workspace stops, on each day (Property 7)
            default_ttl_ms=0 if always_on else milliseconds(settings.time_to_live),
            activity_bump_ms=milliseconds(lifecycle.activity_bump),
            auto_stop_requirement={"days_of_weeks": [] if always_on else sorted(_DAY_NAMES.values()), "weeks": 1},
            auto_start_permitted_days_of_weeks=sorted(_DAY_NAMES.values() if always_on else days),
            allow_user_auto_start=True,
            allow_user_auto_stop=always_on,  # nobody lengthens or switches off the limit
            # Unused workspaces
            failure_ttl_ms=milliseconds(lifecycle.failure_ttl),
            time_til_dormant_ms=milliseconds(lifecycle.dormant_after),
            time_til_dormant_autodelete_ms=milliseconds(lifecycle.delete_dormant_after),
            # Who and how: everything is set, since what is left out is not managed (Property 11)
            allow_user_cancel_workspace_jobs=False,  # a build that is cut short may leave a volume behind (TPL-49)
            require_active_version=True,
            max_port_share_level="owner",
            cors_behavior="simple",
            deprecation_message="",
            use_classic_parameter_flow=False,
            acl={
                "users": [],
                "groups": [{"id": self._group_id(group), "role": "use"} for group in sorted(settings.published[template].groups)],
            },
            versions=[
                {
                    "name": version.version_name,
                    "message": f"{version.provenance.toolchain} on {version.provenance.base}",
                    "directory": version.write(self._args.composed).as_posix(),
                    "active": True,
                    "provisioner_tags": [{"name": key, "value": value} for key, value in sorted(self._args.provisioner_tags.items())],
                }
            ],
            opts=ResourceOptions.merge(self._licensed, ResourceOptions(depends_on=list(self._args.provisioners))),
        )


def group_names(settings: TemplateSettings, coder: Coder) -> list[str]:
    """Every group that a template or the login names, sorted, but for Coder's own."""
    named = {group for published in settings.active.values() for group in published.groups} | set(coder.groups)
    return sorted(named - {EVERYONE})


def milliseconds(duration: timedelta) -> float:
    """As coderd's provider counts; 0 is never."""
    return duration / timedelta(milliseconds=1)


def _facts(name: str, version: Composed, settings: TemplateSettings) -> dict[str, object]:
    """What a policy may hold the template to: Properties 7, 9 to 11 and 14 to 17 are judged against these."""
    return {
        "version": version.version_name,
        "contentHash": version.content_hash,
        "sizes": list(settings.published[name].sizes),
        "groups": sorted(settings.published[name].groups),
        "provenance": version.provenance.model_dump(mode="json", exclude={"files"}),
    }
