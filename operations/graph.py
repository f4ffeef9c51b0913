"""`coder-eks graph`: a deployed stack as text that a reviewer can compare: what there is, of what, and what hangs on what.

Whatever differs from one deployment of the same declaration to the next is named instead of printed: ids, ARNs and addresses that AWS hands
out become the resource that they belong to, `<aws:ec2/vpc:Vpc us-east-1>`; random endings of names become `*`; secrets become `[secret]`.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, cast

import yaml

SECRET_KEY = "4dabf18193072939515e22adb298388d"  # noqa: S105 - how Pulumi's wire format marks a special value, resource.SigKey
ASSETS = {"c44067f5952c0a294b673a41bacd8c17": "asset", "0def7320c3a5731c473e5ecbe6d01bc7": "archive"}
# What AWS hands out or Pulumi made up has a run of hex digits, an account number or a random word in it; shorter ones are no names.
SHORTEST_IDENTITY = 10
_MADE_UP = re.compile(r"[0-9a-f]{7,}|\d{12}|[0-9a-z]{12,}", re.IGNORECASE)
# What is asked for and is no resource of the stack: a hosted zone, an organisation of coderd.
_LOOKED_UP = re.compile(r"\bZ[0-9A-Z]{12,}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_RANDOM_ENDING = re.compile(r"-[0-9a-f]{7,8}$")
_INTERNAL = re.compile(r"^__|^(?:tags|tagsAll)$")  # tags: one transformation puts the same on everything (tests/components/test_tags.py)

# A day, as a date or without dashes, and a schedule for one: what is reckoned from the deployment's day lies after it, pins before.
_DAY = re.compile(r"(?<!\d)(20\d\d)(-?)(\d\d)\2(\d\d)(?!\d)|cron\(\S+ \S+ (\d+) (\d+) \? (20\d\d)\)")

Resource = Mapping[str, Any]


def normalised(resources: Sequence[Resource]) -> str:
    """The graph of an exported state, in YAML, a resource a block, sorted by type and name. Of the same declaration the same text."""
    since = _deployed_on(resources)
    kept = [each for each in resources if not each["type"].startswith(("pulumi:providers:", "pulumi:pulumi:"))]
    names = {each["urn"]: _name(each["urn"]) for each in resources}
    known = dict(_identities(kept))
    blocks = {names[each["urn"]]: _block(each, names, known) for each in kept}
    return "".join(_without_days(_dump(name, blocks[name]), since) for name in sorted(blocks))


def _deployed_on(resources: Sequence[Resource]) -> date | None:
    """The day before the oldest resource was made: days of a deployment that began near midnight are its own too."""
    made = sorted(str(each["created"])[:10] for each in resources if each.get("created"))
    return date.fromisoformat(made[0]) - timedelta(days=1) if made else None


def _without_days(text: str, since: date | None) -> str:
    """Days that were reckoned from the deployment's, such as the end of a key, become `<day>`."""

    def read(found: re.Match[str]) -> str:
        year, month, day = (found[1], found[3], found[4]) if found[1] else (found[7], found[6], found[5])
        try:
            return "<day>" if since and date(int(year), int(month), int(day)) >= since else found[0]
        except ValueError:  # no day: a number that looks like one
            return found[0]

    return _DAY.sub(read, text)


def _dump(name: str, block: Mapping[str, object]) -> str:
    return yaml.safe_dump({name: block}, sort_keys=True, width=140, allow_unicode=True, default_flow_style=None)


def _name(urn: str) -> str:
    """`aws:ec2/vpc:Vpc us-east-1`: type and logical name."""
    kind, name = urn.split("::")[2:4]
    return f"{kind.rpartition('$')[2]} {name}"


def _identities(resources: Sequence[Resource]) -> Iterator[tuple[str, str]]:
    """What AWS hands out or Pulumi made up, by the resource that it belongs to: whose id it is, or else who has it first."""
    seen: set[str] = set()
    custom = [each for each in resources if each.get("custom")]
    ids = [(each, str(each.get("id", ""))) for each in custom]
    outputs = [(each, value) for each in custom for value in _strings(each.get("outputs"))]
    own = {each["urn"]: set(_strings(each.get("inputs"))) for each in custom}
    for each, value in (*ids, *outputs):
        short = len(value) < SHORTEST_IDENTITY and not each["type"].startswith("random:")
        if short or value in seen or value[:1] in "{[" or "\n" in value or re.fullmatch(r"\d*", value):
            continue
        logical = each["urn"].rpartition("::")[2]
        if _RANDOM_ENDING.sub("", value) == logical and value != logical:
            seen.add(value)
            yield value, f"{logical}-*"
        elif value not in own[each["urn"]] and _MADE_UP.search(value):
            seen.add(value)
            yield value, f"<{_name(each['urn'])}>"
            if value.startswith("https://"):  # an issuer stands in trust policies without its scheme
                yield value.removeprefix("https://"), f"<{_name(each['urn'])}>"


def _strings(value: object) -> Iterator[str]:
    """Every string in a property, in the order of its keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _strings(item)
    elif isinstance(value, dict):
        for _, item in sorted(cast("dict[str, object]", value).items()):
            yield from _strings(item)


def _block(resource: Resource, names: Mapping[str, str], known: Mapping[str, str]) -> dict[str, object]:
    """One resource: where it belongs, what protects it, what it is made from, and what its properties come from."""
    inputs = cast("Mapping[str, object]", resource.get("inputs") or {})
    links = cast("Mapping[str, list[str] | None]", resource.get("propertyDependencies") or {})
    dependencies = cast("list[str]", resource.get("dependencies") or [])
    parts = re.compile("|".join(re.escape(value) for value in sorted(known, key=len, reverse=True))) if known else None
    logical = resource["urn"].rpartition("::")[2]

    def read(value: object) -> object:
        if isinstance(value, str):
            return _text(value, logical, known, parts)
        if isinstance(value, list):
            return [read(item) for item in cast("list[object]", value)]
        if isinstance(value, dict):
            return _mapping(cast("dict[str, object]", value), read)
        return value

    block = {
        "parent": names.get(resource.get("parent", ""), ""),
        "protect": resource.get("protect"),
        "inputs": {key: read(value) for key, value in inputs.items() if not _INTERNAL.match(key)},
        "from": {key: sorted(names[urn] for urn in urns if urn in names) for key, urns in sorted(links.items()) if urns},
        "after": sorted({names[urn] for urn in dependencies if urn in names} - _linked(links, names)),
    }
    return {key: value for key, value in block.items() if value not in (None, "", {}, [], False)}


def _linked(links: Mapping[str, list[str] | None], names: Mapping[str, str]) -> set[str]:
    return {names[urn] for urns in links.values() for urn in urns or [] if urn in names}


def _text(value: str, logical: str, known: Mapping[str, str], parts: re.Pattern[str] | None) -> object:
    """A string without what AWS handed out; a policy document or other JSON as what it says."""
    if value[:1] in "{[":
        try:
            return _text_of(json.loads(value), logical, known, parts)
        except ValueError:
            pass
    script = _script(value)
    if script is not None:
        return _named(script, known, parts)
    if value != logical and _RANDOM_ENDING.sub("", value) == logical:
        return f"{logical}-*"
    return _named(value, known, parts)


def _script(value: str) -> str | None:
    """What a machine runs at its first start, which AWS takes in base64; None for any other string."""
    if not value.startswith("IyE"):  # `#!`
        return None
    try:
        return b64decode(value, validate=True).decode()
    except ValueError:
        return None


def _named(value: str, known: Mapping[str, str], parts: re.Pattern[str] | None) -> str:
    return _LOOKED_UP.sub("<looked up>", parts.sub(lambda found: known[found[0]], value) if parts else value)


def _text_of(value: object, logical: str, known: Mapping[str, str], parts: re.Pattern[str] | None) -> object:
    if isinstance(value, str):
        return _named(value, known, parts)
    if isinstance(value, list):
        return [_text_of(item, logical, known, parts) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {_named(key, known, parts): _text_of(item, logical, known, parts) for key, item in cast("dict[str, object]", value).items()}
    return value


def _mapping(value: Mapping[str, object], read: Callable[[object], object]) -> object:
    """A mapping, or what Pulumi writes as one: a secret, an asset, an archive."""
    signature = value.get(SECRET_KEY)
    if signature is None:
        return {key: read(item) for key, item in value.items()}
    kind = ASSETS.get(str(signature))
    return f"[{kind}]" if kind else "[secret]"
