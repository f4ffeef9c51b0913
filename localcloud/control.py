"""The control of the local cloud: what exists, what changes behind the engine's back, faults, prerequisites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from localcloud.faults import Faults
from localcloud.kinds.model import Refused, Resource, Value
from localcloud.secrets_manager import seed_secret
from localcloud.store import Origin, Record, Store
from localcloud.templates import random_text


def answer_control(store: Store, faults: Faults, what: str, body: Mapping[str, Value]) -> Value:
    """Do what is asked.

    Raises:
        Refused: there is nothing of that type and id, or no such command.
    """
    match what:
        case "inventory":
            return inventory(store)
        case "change":
            return {"did": _change(store, body)}
        case "delete":
            record = _find(store, body)
            store.remove(record.key)
            return {"did": f"deleted {record.resource.token} {record.resource.id}"}
        case "fault":
            return {"did": _fault(faults, body)}
        case "seed":
            return {"did": seed(store, body)}
        case "health":
            return {"ok": True}
        case _:
            raise Refused("Unknown", f"the local cloud has no command {what!r}")


def inventory(store: Store) -> Value:
    """What exists, by who made it; what the cloud made beside a resource is part of that one and not listed."""
    titles = {Origin.PROGRAM: "resources", Origin.SEEDED: "prerequisites", Origin.LEFT: "left"}
    found: dict[str, list[Value]] = {title: [] for title in titles.values()}
    for record in store.records():
        resource = record.resource
        if record.origin in titles:
            found[titles[record.origin]].append({"type": resource.token, "id": resource.id, "scope": resource.region})
    return found


def seed(store: Store, wanted: Mapping[str, Value]) -> str:
    """Make hosted zones and secrets that do not exist yet; a value that exists is kept."""
    made: list[str] = []
    zones, secrets = wanted.get("hosted_zones"), wanted.get("secrets")
    region = wanted.get("region", "us-east-1")
    for name in zones if isinstance(zones, list) else []:
        if isinstance(name, str) and not any(each.resource.properties.get("name") == name for each in store.of("aws:route53/zone:Zone")):
            zone_id = f"Z{random_text('upper', 20)}"
            arn = f"arn:aws:route53:::hostedzone/{zone_id}"
            servers: list[Value] = [f"ns-{number}.awsdns-{number % 64:02}.{end}" for number, end in _NAME_SERVERS]
            properties: dict[str, Value] = {
                "name": name,
                "zoneId": zone_id,
                "arn": arn,
                "nameServers": servers,
                "primaryNameServer": servers[0],
            }
            store.put(Record(Resource("aws:route53/zone:Zone", zone_id, "", {"name": name}, properties), Origin.SEEDED))
            made.append(name)
    for name, value in secrets.items() if isinstance(secrets, Mapping) else ():
        if isinstance(value, str) and seed_secret(store, str(region), name, value):
            made.append(name)
    return f"made {', '.join(made)}" if made else "all of it exists"


_NAME_SERVERS = ((512, "net"), (1024, "org"), (1536, "co.uk"), (0, "com"))  # the form of Route 53's delegation sets


def _change(store: Store, body: Mapping[str, Value]) -> str:
    record = _find(store, body)
    name, value = str(body["property"]), body["value"]
    resource = record.resource
    top, *below = name.split(".")
    changed = replace(
        resource,
        inputs=_with(resource.inputs, [top, *below], value) if top in resource.inputs else resource.inputs,
        properties=_with(resource.properties, [top, *below], value),
    )
    store.put(replace(record, resource=changed), store.links_of(record.key))
    return f"changed {name} of {resource.token} {resource.id}"


def _with(tree: Mapping[str, Value], path: list[str], value: Value) -> dict[str, Value]:
    name, *below = path
    found = tree.get(name)
    return {**tree, name: _with(found if isinstance(found, Mapping) else {}, below, value) if below else value}


def _find(store: Store, body: Mapping[str, Value]) -> Record:
    token, resource_id = body.get("type"), body.get("id")
    for record in store.of(str(token)):
        if record.resource.id == resource_id:
            return record
    raise Refused("NotFound", f"there is no {token} {resource_id}; `inventory` lists what exists")


def _fault(faults: Faults, body: Mapping[str, Value]) -> str:
    fail, kill = body.get("fail"), body.get("kill")
    if isinstance(fail, int):
        faults.fail_create(fail)
        return f"create number {fail} from now on fails"
    if isinstance(kill, int):
        faults.kill_at(kill)
        return f"the process dies after create number {kill} from now on"
    faults.clear()
    return "no fault"
