"""The data sources of the coder/coderd provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from localcloud.coder_api import SCOPE, USER, organization
from localcloud.coderd_facts import LICENSE
from localcloud.kinds.model import Refused, Resource, Value
from localcloud.store import Record, Store

_ORGANIZATION: Final = "coderd:index/organization:Organization"
_LOOKUPS: Final = {  # data source → the resource that it finds
    "coderd:index/getGroup:getGroup": "coderd:index/group:Group",
    "coderd:index/getTemplate:getTemplate": "coderd:index/template:Template",
    "coderd:index/getUser:getUser": "coderd:index/user:User",
}
_SPELT_OTHERWISE: Final = {"allowUserAutoStart": "allowUserAutostart", "allowUserAutoStop": "allowUserAutostop"}  # of getTemplate only


def look_up(store: Store, token: str, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """Answer a data source.

    Raises:
        Refused: nothing fits, or it is not said what is looked for.
    """
    asked = {name: value for name, value in inputs.items() if value is not None}
    if token == "coderd:index/getOrganization:getOrganization":  # noqa: S105 - a type
        return _organization(store, asked)
    if token not in _LOOKUPS:
        raise Refused("Unsupported", f"the local cloud does not know the data source {token}")
    if not asked.keys() - {"organizationId"}:
        raise Refused("InvalidArgument", f"{token}: say what to look for, by id or name")
    if token.endswith(":getGroup") and not store.of(LICENSE):
        raise Refused("403", f"{token}: groups need a licence; make a coderd.License first and depend on it")
    if "name" in asked and not token.endswith(":getUser"):
        asked.setdefault("organizationId", organization(store))  # names are an organization's
    candidates = [record.resource for record in store.of(_LOOKUPS[token], SCOPE)]
    if token.endswith(":getUser"):
        candidates += [record.resource for record in store.of(USER)]
    found = next((each for each in candidates if all(_property(each, name) == value for name, value in asked.items())), None)
    if found is None:
        raise Refused("404", f"{token}: nothing has {', '.join(f'{name} {value!r}' for name, value in asked.items())}")
    properties = {
        _SPELT_OTHERWISE.get(name, name): value for name, value in found.properties.items() if name not in {"versions", "password"}
    }
    return {**properties, "id": found.id}


def named(store: Store, token: str, by: str, asked: str) -> Record | None:
    """What an import means that is no id: by "organization/name", by one property, or whatever it says where there is but one."""
    first, slash, name = asked.partition("/")
    for record in store.of(token, SCOPE):
        properties = record.resource.properties
        if by == "the only one":
            return record
        if by != "organization/name":
            if properties.get(by) == asked:
                return record
        elif slash and properties.get("name") == name and properties.get("organizationId") == _organization(store, {"name": first})["id"]:
            return record
    return None


def _organization(store: Store, asked: Mapping[str, Value]) -> dict[str, Value]:
    """The default one, which every deployment has, or one that a program made."""
    if len(asked) != 1:
        raise Refused("InvalidArgument", "getOrganization: give exactly one of id, name and isDefault")
    default = organization(store)
    first: dict[str, Value] = {"id": default, "name": "coder", "displayName": "Coder", "isDefault": True, "members": _members(store)}
    if asked.get("isDefault") is True or asked.get("id") == default or asked.get("name") == "coder":
        return {**first, "workspaceSharing": "everyone", "createdAt": 0, "updatedAt": 0}
    for record in store.of(_ORGANIZATION, SCOPE):
        if all(_property(record.resource, name) == value for name, value in asked.items()):
            return {
                **record.resource.properties,
                "id": record.resource.id,
                "isDefault": False,
                "members": [],
                "createdAt": 0,
                "updatedAt": 0,
            }
    raise Refused("404", f"getOrganization: no organization has {asked}")


def _members(store: Store) -> list[Value]:
    return [record.resource.id for record in store.of(USER)]


def _property(resource: Resource, name: str) -> Value:
    return resource.id if name == "id" else resource.properties.get(name)
