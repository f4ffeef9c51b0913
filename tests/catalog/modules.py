"""A module of the catalogue, evaluated without Terraform: its locals, its outputs, and the arguments of its resources."""

from __future__ import annotations

import hashlib
import json
import math
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import hcl2
import yaml

from tests.catalog.expressions import Unknown, evaluate, template

Address = tuple[str, str]  # resource or data source, name

_META = {"count", "depends_on", "lifecycle", "dynamic", "provider", "for_each"}


@cache
def parse(text: str) -> dict[str, Any]:
    """A file of Terraform's language; nobody changes what is returned."""
    return hcl2.loads(text)


class _Lazy(dict[str, Any]):
    """Values by name, each evaluated when it is first asked for."""

    def __init__(self, module: Module, sources: Mapping[str, Any]) -> None:
        super().__init__()
        self._module, self._sources = module, sources

    def __missing__(self, name: str) -> Any:
        if name not in self._sources:
            raise Unknown(f"local.{name}")
        self[name] = self._module.value(self._sources[name])
        return self[name]


class _Resources(dict[str, Any]):
    """Resources by type and name, as other resources refer to them: their arguments and what a test says is known of them."""

    def __init__(self, module: Module, kind: str, named: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        super().__init__()
        self._module, self._kind, self._named, self._known = module, kind, named, known

    def __missing__(self, name: str) -> Any:
        body = self._named[name]
        if "for_each" in body:
            self[name] = self._each(name, body)
            return self[name]
        made = [{**one, **self._known.get(name, {})} for one in self._module.instances(body)]
        self[name] = made if "count" in body else made[0]
        return self[name]

    def _each(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        known = self._known.get(name, {})
        return {key: {**made, **known.get(key, {})} for key, made in self._module.each(body).items()}


class Module:
    """folder: of the module. variables: those left out take their default. known: what the cloud would tell, by address."""

    def __init__(self, folder: Path, variables: Mapping[str, Any], known: Mapping[Address, Mapping[str, Any]] | None = None) -> None:
        self.folder = folder
        self.parsed = [parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.tf"))]
        self._declared = {_bare(name): body for block in self._blocks("variable") for name, body in block.items()}
        strange = set(variables) - set(self._declared)
        assert not strange, f"{folder.name} takes no {', '.join(sorted(strange))}"
        values = {
            name: self._value_of(name, variables) for name in self._declared if name in variables or "default" in self._declared[name]
        }
        sources = {key: value for block in self._blocks("locals") for key, value in _fields(block).items()}
        self.resources, self.data = self._named("resource"), self._named("data")
        told = known or {}
        by_type = {kind: {name: values for (k, name), values in told.items() if k == kind} for kind, _ in told}
        names = {kind: _Resources(self, kind, named, by_type.get(kind, {})) for kind, named in self.resources.items()}
        data = {kind: _Resources(self, kind, named, by_type.get(f"data.{kind}", {})) for kind, named in self.data.items()}
        self._names: dict[str, Any] = {"var": values, "local": _Lazy(self, sources), "data": data, "path": {"module": str(folder)}, **names}

    def _value_of(self, name: str, variables: Mapping[str, Any]) -> Any:
        return variables[name] if name in variables else self.value(self._declared[name]["default"], {})

    def _blocks(self, kind: str) -> Iterator[dict[str, Any]]:
        for parsed in self.parsed:
            yield from parsed.get(kind, ())

    def _named(self, kind: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for block in self._blocks(kind):
            for type_, named in block.items():
                for name, body in named.items():
                    found.setdefault(_bare(type_), {})[_bare(name)] = body
        return found

    def local(self, name: str) -> Any:
        """A local value."""
        return self._names["local"][name]

    def output(self, name: str) -> Any:
        """An output."""
        (body,) = [body for block in self._blocks("output") for key, body in block.items() if _bare(key) == name]
        return self.value(body["value"])

    def made(self, kind: str, name: str) -> list[dict[str, Any]]:
        """The instances of a resource, each as its arguments; nested blocks are lists."""
        return self.instances(self.resources[kind][name])

    def instances(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """As many as `count` says."""
        count = self.value(body["count"]) if "count" in body else 1
        return [self._body(body, {**self._names, "count": {"index": index}}) for index in range(int(count))]

    def each(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """One for each entry of `for_each`, by its key."""
        entries = self.value(body["for_each"])
        pairs = entries.items() if isinstance(entries, Mapping) else ((item, item) for item in entries)
        return {key: self._body(body, {**self._names, "each": {"key": key, "value": value}}) for key, value in pairs}

    def value(self, source: Any, names: Mapping[str, Any] | None = None) -> Any:
        """A parsed value, evaluated."""
        known = self._names if names is None else names
        functions = {**FUNCTIONS, "file": lambda path: Path(path).read_text(encoding="utf-8")}
        match source:
            case str() if source.startswith('"'):
                return template(source[1:-1], known, functions)
            case str() if source.startswith("${"):
                return evaluate(source[2:-1], known, functions)
            case [*items]:
                return [self.value(item, known) for item in items]
            case {**fields}:
                return {_bare(key): self.value(item, known) for key, item in _fields(fields).items()}
            case _:
                return source

    def _body(self, body: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, source in _fields(body).items():
            if key in _META:
                continue
            if isinstance(source, list) and source and isinstance(source[0], dict) and source[0].get("__is_block__"):
                found[_bare(key)] = [self._body(block, names) for block in source]
            else:
                found[_bare(key)] = self.value(source, names)
        for block in body.get("dynamic", ()):
            ((label, dynamic),) = _fields(block).items()
            name = _bare(label)
            each = self.value(dynamic["for_each"], names)
            entries = list(each.items()) if isinstance(each, Mapping) else list(enumerate(each))
            made = [self._body(dynamic["content"][0], {**names, name: {"key": key, "value": value}}) for key, value in entries]
            found[name] = [*found.get(name, []), *made]
        return found


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if not key.startswith("__")}


def _bare(name: str) -> str:
    return name.strip('"')


def _merge(*maps: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for one in maps for key, value in one.items()}


def _one(items: Sequence[Any]) -> Any:
    if len(items) > 1:
        raise ValueError(f"one() of {len(items)}")
    return items[0] if items else None


def _coalesce(*values: Any) -> Any:
    return next(value for value in values if value not in (None, ""))


def _cidrsubnet(block: str, bits: float, number: float) -> str:
    network = IPv4Network(block)
    size = network.prefixlen + int(bits)
    return str(IPv4Network((int(network.network_address) + int(number) * 2 ** (32 - size), size)))


FUNCTIONS: dict[str, Any] = {
    "abs": abs,
    "base64encode": lambda text: b64encode(text.encode()).decode(),
    "cidrsubnet": _cidrsubnet,
    "coalesce": _coalesce,
    "concat": lambda *lists: [item for one in lists for item in one],
    "contains": lambda items, item: item in items,
    "element": lambda items, index: items[int(index) % len(items)],
    "flatten": lambda lists: [item for one in lists for item in (one if isinstance(one, list) else [one])],
    "floor": math.floor,
    "join": lambda separator, items: separator.join(map(str, items)),
    "jsonencode": lambda value: json.dumps(value, separators=(",", ":"), sort_keys=True),
    "keys": sorted,
    "length": len,
    "lookup": lambda table, key, *default: table.get(key, *default),
    "max": max,
    "merge": _merge,
    "min": min,
    "one": _one,
    "parseint": int,
    "pow": pow,
    "range": lambda *bounds: list(range(*map(int, bounds))),
    "replace": lambda text, old, new: text.replace(old, new),
    "sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "slice": lambda items, start, end: items[int(start) : int(end)],
    "sort": sorted,
    "sum": sum,
    "split": lambda separator, text: text.split(separator),
    "substr": lambda text, start, length: text[int(start) :][: int(length)] if length != -1 else text[int(start) :],
    "title": lambda text: re.sub(r"\b[a-z]", lambda m: m[0].upper(), text),
    "toset": lambda items: sorted(set(items)),
    "tolist": list,
    "tomap": dict,
    "tonumber": lambda text: float(text) if "." in str(text) else int(text),
    "tostring": lambda value: None if value is None else str(value),
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "trimspace": str.strip,
    "upper": str.upper,
    "lower": str.lower,
    "values": lambda table: [table[key] for key in sorted(table)],
    "yamldecode": yaml.safe_load,
    "distinct": lambda items: [item for index, item in enumerate(items) if item not in items[:index]],
    "alltrue": all,
    "anytrue": any,
    "compact": lambda items: [item for item in items if item],
    "format": lambda text, *values: text % values,
    "nonsensitive": lambda value: value,
    "sensitive": lambda value: value,
}
