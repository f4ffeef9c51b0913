"""The versions of a Coder template, as provider coder/coderd 0.0.23 plans and makes them (template_resource.go at 896e3ba)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Final

from localcloud.coder_api import RELEASE, SCOPE
from localcloud.coderd_facts import KEY
from localcloud.helm import chart_of
from localcloud.kinds.model import EMPTY, UNKNOWN, Refused, Resource, Value, text_at, values_at
from localcloud.schema import Failure
from localcloud.store import Key, Origin, Record, Store
from localcloud.template_directory import NoTemplateError, directory_hash
from localcloud.templates import random_text

_MADE: Final = "local:coder:TemplateVersion"  # one that was ever pushed: Coder keeps them all, and their names

Version = Mapping[str, Value]


def versions_of(values: Mapping[str, Value]) -> list[Version]:
    """The versions of inputs or outputs."""
    return [each for each in values_at(values, "versions[*]") if isinstance(each, Mapping)]


def faults(inputs: Mapping[str, Value], *, new: bool) -> list[Failure]:
    """What is refused at preview."""
    versions = versions_of(inputs)
    given = inputs.get("versions")
    if given is UNKNOWN or (given is None and not new):
        return []
    failures: list[Failure] = []
    active = [each.get("active") for each in versions]
    if not versions:
        failures.append(Failure("versions", "versions: a template needs at least one version"))
    elif active.count(True) > 1 or (new and UNKNOWN not in active and True not in active):
        failures.append(Failure("versions", f"versions: exactly one version is active, not {active.count(True)}"))
    names = [each.get("name") for each in versions if isinstance(each.get("name"), str)]
    if len(set(names)) != len(names):
        failures.append(Failure("versions", "versions: two versions have the same name"))
    for index, version in enumerate(versions):
        directory = version.get("directory")
        try:
            _ = directory_hash(directory) if isinstance(directory, str) else ""
        except NoTemplateError as fault:
            failures.append(Failure(f"versions[{index}].directory", f"versions[{index}].directory: {fault}"))
    return failures


def planned(values: Mapping[str, Value], before: Mapping[str, Value]) -> list[Value]:
    """Versions with what the provider computes.

    A version whose folder has the content of an earlier one is that one, first by name, then in order; other variables make a new one,
    other tags of provisioners do not. Names are Coder's where the program gives none.

    Raises:
        Refused: the active version is no longer that, stays as it was, and no other is active.
    """
    wanted = [_hashed(version) for version in versions_of(values)]
    found = _matched(wanted, versions_of(before))
    plan: list[Value] = []
    for version, same in zip(wanted, found, strict=True):
        kept = same is not None and _variables(same) == _variables(version)
        made = {"id": same["id"], "name": same["name"]} if same is not None and kept else {"id": UNKNOWN, "name": UNKNOWN}
        plan.append({**version, "id": made["id"], "name": version.get("name") or made["name"]})
        if kept and same is not None and same.get("active") is True and version.get("active") is False and not _one_is_active(wanted):
            raise Refused(
                "Client Error",
                "Plan could not determine which version should be active: "
                "name one, or change what the version that was active has in its folder",
            )
    return plan


def settle(store: Store, template: Key, versions: list[Version]) -> list[Value]:
    """Versions after their imports: with ids and names.

    Raises:
        Refused: a new version, or a renamed one, takes the name of one that the template ever had.
    """
    settled: list[Value] = []
    taken = {record.resource.text("name"): record.resource.id for record in store.of(_MADE) if record.owner == template}
    for version in versions:
        made = {"id": str(uuid.uuid4()), "name": f"{random_text('lower', 8)}-{random_text('digits', 2)}"}
        whole = {name: made.get(name) if value is UNKNOWN else value for name, value in version.items()}
        name, identity = str(whole["name"]), str(whole["id"])
        if taken.get(name, identity) != identity:
            raise Refused(
                "409", f"A template version with name {name!r} already exists for this template; give the new content another name"
            )
        taken[name] = identity
        settled.append(whole)
    return settled


def remember(store: Store, template: Key, versions: list[Version]) -> None:
    """Keep the names and ids; they go with the template."""
    for version in versions:
        resource = Resource(_MADE, str(version["id"]), SCOPE, {}, {"name": version["name"]})
        store.put(Record(resource, Origin.CLOUD, template))


def require_provisioner(store: Store, name: Value, versions: list[Version]) -> None:
    """Somebody takes the import jobs of new versions.

    Raises:
        Refused: there is no provisioner, or none with the tags of a version.
    """
    there = list(_provisioners(store))
    if not there:
        problem = "no provisioner takes its import job: Coder has no built-in ones and none is deployed"
        raise Refused("Timeout", f"template {name}: {problem}")
    for version in versions:
        wanted = {str(tag.get("name")): tag.get("value") for tag in values_at(version, "provisionerTags[*]") if isinstance(tag, Mapping)}
        if version.get("id") is UNKNOWN and not any(_takes(tags, wanted) for tags in there):
            offered = "; ".join(sorted(str(dict(tags)) for tags in there))
            raise Refused("Timeout", f"template {name}: no provisioner takes an import job with tags {wanted}; there are: {offered}")


def _takes(tags: Mapping[str, Value], wanted: Mapping[str, Value]) -> bool:
    """coder/coder's provisioner_tagset_contains: an untagged job is for untagged provisioners, another for those with all its tags."""
    return tags.items() >= wanted.items() if wanted else not tags


def _provisioners(store: Store) -> Iterator[Mapping[str, Value]]:
    """The tags of those that run: of coderd's own, of releases of the chart coder-provisioner, which log in by a key or say tags."""
    keys = [record.resource.inputs.get("tags") for record in store.of(KEY)]
    by_key: list[Mapping[str, Value]] = [tags if isinstance(tags, Mapping) else EMPTY for tags in keys]
    for record in store.of(RELEASE):
        inputs = record.resource.inputs
        chart = chart_of(inputs)
        if chart and chart.name == "coder-provisioner":
            said = values_at(inputs, "values.provisionerDaemon.tags")
            yield from [tags for tags in said if isinstance(tags, Mapping)] or by_key or [EMPTY]
        elif chart and chart.name == "coder" and values_at(inputs, "values.coder.workspaceProxy") != [True]:  # a proxy builds nothing
            variables = [{"at": each} for each in values_at(inputs, "values.coder.env[*]")]
            daemons = [text_at(each, "at.value") for each in variables if text_at(each, "at.name") == "CODER_PROVISIONER_DAEMONS"]
            if daemons != ["0"]:
                yield EMPTY


def _hashed(version: Version) -> dict[str, Value]:
    directory = version.get("directory")
    digest = directory_hash(directory) if isinstance(directory, str) else UNKNOWN
    given = {name: value for name, value in version.items() if value is not None}
    return {"active": False, "message": "", **given, "directoryHash": digest}


def _matched(wanted: list[dict[str, Value]], before: list[Version]) -> list[Version | None]:
    """For each version the earlier one that has its content."""
    free = list(before)
    named = [_take(free, version, by_name=True) for version in wanted]
    return [same or _take(free, version, by_name=False) for same, version in zip(named, wanted, strict=True)]


def _take(free: list[Version], version: Version, *, by_name: bool) -> Version | None:
    for old in free:
        if old.get("directoryHash") == version["directoryHash"] and (not by_name or old.get("name") == version.get("name")):
            free.remove(old)
            return old
    return None


def _variables(version: Version) -> dict[str, Value]:
    return {str(each["name"]): each.get("value") for each in values_at(version, "tfVars[*]") if isinstance(each, Mapping)}


def _one_is_active(versions: list[dict[str, Value]]) -> bool:
    return any(version.get("active") is True for version in versions)
