"""What exists: in memory for speed, in SQLite so that the next process finds it."""

from __future__ import annotations

import hashlib
import json
import secrets as randomness
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from threading import RLock
from typing import Final, TypeAlias

from localcloud.kinds.model import Resource, Value
from localcloud.wire import Path as ValuePath

Key: TypeAlias = "tuple[str, str, str]"
"""Token, scope, id. A scope is a region, "" for what is global, or a cluster's ARN for Kubernetes objects."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS resources (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  token TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL,
  inputs TEXT NOT NULL, properties TEXT NOT NULL, secrets TEXT NOT NULL,
  origin TEXT NOT NULL, owner TEXT,
  UNIQUE (token, scope, id));
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


_HASHED: Final = "hashed:"
_SHORTEST: Final = 6  # characters; a shorter secret (a flag, a number) is hashed at its own path only
_SHORTEST_WITHIN: Final = 12  # characters; a shorter one (a user name, say) may be part of other words


class Origin(StrEnum):
    """Who made a resource."""

    PROGRAM = "program"
    CLOUD = "cloud"  # beside another, and gone with it: a VPC's default security group
    SEEDED = "seeded"  # a prerequisite: the parent zone, the operator's secrets
    LEFT = "left"  # what a delete leaves behind: a final snapshot


@dataclass(frozen=True)
class Record:
    """A stored resource. At the `secrets` paths of inputs and properties stands a hash, not the value."""

    resource: Resource
    origin: Origin = Origin.PROGRAM
    owner: Key | None = None
    secrets: frozenset[ValuePath] = frozenset()

    @property
    def key(self) -> Key:
        """How the store finds it."""
        return (self.resource.token, self.resource.region, self.resource.id)


@dataclass
class _Links:
    """Which resources refer to one, by which path and with which code they block its deletion."""

    incoming: dict[Key, set[tuple[Key, str, str | None]]] = field(default_factory=dict[Key, "set[tuple[Key, str, str | None]]"])
    outgoing: dict[Key, set[Key]] = field(default_factory=dict[Key, "set[Key]"])


class Store:
    """All resources and facts of one local cloud. `lock` spans a read and the write that depends on it."""

    def __init__(self, file: Path) -> None:
        self.lock = RLock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)
        self._records: dict[Key, Record] = {}
        self._by_token: dict[str, dict[Key, Record]] = {}
        self._owned: dict[Key, set[Key]] = {}
        self._links = _Links()
        for row in self._database.execute(
            "SELECT token, scope, id, inputs, properties, secrets, origin, owner FROM resources ORDER BY sequence"
        ):
            self._remember(_from_row(row))
        self._salt = bytes.fromhex(str(self.fact("salt") or self.set_fact("salt", randomness.token_hex(16))))

    def close(self) -> None:
        """Write what is left to write."""
        self._database.close()

    # resources

    def get(self, key: Key) -> Record | None:
        """One, or None."""
        return self._records.get(key)

    def of(self, token: str, scope: str | None = None) -> list[Record]:
        """All of a kind, in every scope or in one, oldest first."""
        return [record for record in list(self._by_token.get(token, {}).values()) if scope is None or record.resource.region == scope]

    def tokens(self, ending: str) -> list[str]:
        """The kinds that exist whose token ends so."""
        return sorted(token for token in list(self._by_token) if token.endswith(ending))

    def records(self) -> list[Record]:
        """All, oldest first."""
        return list(self._records.values())

    def put(self, record: Record, links: Iterable[tuple[Key, str, str | None]] = ()) -> Record:
        """Store one, new or changed, with the resources it refers to. Returns it as stored, its secrets hashed."""
        with self.lock:
            record = self._hashed(record)
            self._database.execute(
                "INSERT INTO resources (token, scope, id, inputs, properties, secrets, origin, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (token, scope, id) DO UPDATE SET inputs=excluded.inputs, properties=excluded.properties, "
                "secrets=excluded.secrets, origin=excluded.origin, owner=excluded.owner",
                _to_row(record),
            )
            self._remember(record)
            self.link(record.key, links)
            return record

    def remove(self, key: Key) -> None:
        """Forget one and what it owns: what the cloud made beside it, and, of a cluster, every object in it."""
        with self.lock:
            record = self._records.pop(key, None)
            if record is None:
                return
            self._by_token[key[0]].pop(key, None)
            self.link(key, ())
            self._links.incoming.pop(key, None)
            self._database.execute("DELETE FROM resources WHERE token=? AND scope=? AND id=?", key)
            for other in sorted(self._owned.pop(key, set())):
                self.remove(other)

    def link(self, source: Key, links: Iterable[tuple[Key, str, str | None]]) -> None:
        """Note what a resource refers to, instead of what it referred to before."""
        for target in self._links.outgoing.pop(source, set()):
            incoming = self._links.incoming.get(target, set())
            self._links.incoming[target] = {each for each in incoming if each[0] != source}
        for target, path, blocks in links:
            self._links.outgoing.setdefault(source, set()).add(target)
            self._links.incoming.setdefault(target, set()).add((source, path, blocks))

    def links_of(self, source: Key) -> list[tuple[Key, str, str | None]]:
        """What a resource refers to."""
        targets = sorted(self._links.outgoing.get(source, set()))
        return [
            (target, path, blocks)
            for target in targets
            for origin, path, blocks in self._links.incoming.get(target, set())
            if origin == source
        ]

    def referring(self, target: Key) -> list[tuple[Record, str, str | None]]:
        """Who refers to a resource: record, path, and the code with which that blocks its deletion."""
        with self.lock:
            found = sorted(self._links.incoming.get(target, set()), key=lambda link: (link[0], link[1]))
            return [(self._records[source], path, blocks) for source, path, blocks in found if source in self._records]

    # facts

    def fact(self, name: str) -> Value:
        """A stored fact, None where there is none."""
        with self.lock:
            row = self._database.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_fact(self, name: str, value: Value) -> Value:
        """Keep a fact; None forgets it."""
        with self.lock:
            if value is None:
                self._database.execute("DELETE FROM facts WHERE name=?", (name,))
            else:
                self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))
        return value

    def count(self, name: str) -> int:
        """Count one up and return it."""
        with self.lock:
            before = self.fact(name)
            now = (before if isinstance(before, int) else 0) + 1
            self.set_fact(name, now)
            return now

    def hash(self, value: Value) -> str:
        """What stands for a secret: it tells a change, not the value."""
        digest = hashlib.blake2b(json.dumps(value, sort_keys=True, default=str).encode(), key=self._salt, digest_size=16)
        return f"{_HASHED}{digest.hexdigest()}"

    def _hashed(self, record: Record) -> Record:
        """The record with hashes at its secret paths, and wherever else one of those texts stands (a name, a document made of it)."""
        if not record.secrets:
            return record
        resource = record.resource
        texts = {text for path in record.secrets for tree in (resource.inputs, resource.properties) for text in _texts(_at(tree, path))}
        hidden = {text: self.hash(text) for text in texts if len(text) >= _SHORTEST and not text.startswith(_HASHED)}
        inputs, properties = _without(resource.inputs, hidden), _without(resource.properties, hidden)
        for path in record.secrets:
            for tree in (inputs, properties):
                self._hash_at(tree, path)
        return replace(record, resource=replace(resource, inputs=inputs, properties=properties))

    def _hash_at(self, tree: Value, path: ValuePath) -> None:
        *above, last = path
        tree = _at(tree, tuple(above))
        found = _step(tree, last)
        if found is None or (isinstance(found, str) and found.startswith(_HASHED)):
            return
        if isinstance(tree, dict):
            tree[str(last)] = self.hash(found)
        elif isinstance(tree, list) and isinstance(last, int):
            tree[last] = self.hash(found)

    def _remember(self, record: Record) -> None:
        self._records[record.key] = record
        self._by_token.setdefault(record.key[0], {})[record.key] = record
        if record.owner:
            self._owned.setdefault(record.owner, set()).add(record.key)


def _step(tree: Value, step: str | int) -> Value:
    if isinstance(tree, Mapping):
        return tree.get(str(step))
    if isinstance(tree, list) and isinstance(step, int) and step < len(tree):
        return tree[step]
    return None


def _at(tree: Value, path: ValuePath) -> Value:
    for step in path:
        tree = _step(tree, step)
    return tree


def _texts(tree: Value) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for each in tree.values():
            yield from _texts(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from _texts(each)


def _without(tree: Mapping[str, Value], hidden: Mapping[str, str]) -> dict[str, Value]:
    """A copy in which hashes stand for hidden texts."""
    return {name: _replaced(each, hidden) for name, each in tree.items()}


def _replaced(tree: Value, hidden: Mapping[str, str]) -> Value:
    if isinstance(tree, str):
        for text, instead in hidden.items():
            if tree == text or len(text) >= _SHORTEST_WITHIN:
                tree = tree.replace(text, instead)
        return tree
    if isinstance(tree, Mapping):
        return _without(tree, hidden)
    if isinstance(tree, list | tuple):
        return [_replaced(each, hidden) for each in tree]
    return tree


def _to_row(record: Record) -> tuple[str | None, ...]:
    resource = record.resource
    secrets = json.dumps(sorted(map(list, record.secrets), key=str))
    owner = json.dumps(record.owner) if record.owner else None
    documents = (_dump(resource.inputs), _dump(resource.properties), secrets)
    return (resource.token, resource.region, resource.id, *documents, record.origin.value, owner)


def _from_row(row: tuple[str, ...]) -> Record:
    token, scope, resource_id, inputs, properties, secrets, origin, owner = row
    return Record(
        Resource(token, resource_id, scope, json.loads(inputs), json.loads(properties)),
        Origin(origin),
        tuple(json.loads(owner)) if owner else None,
        frozenset(tuple(path) for path in json.loads(secrets)),
    )


def _dump(tree: Mapping[str, Value]) -> str:
    """JSON of values whose maps may be read-only views."""
    return json.dumps(tree, default=dict)
